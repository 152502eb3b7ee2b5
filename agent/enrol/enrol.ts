import { randomBytes } from 'node:crypto';
import { isImplausible } from '../clock/trust.ts';
import type { EnrolledHub } from '../config/enrolled.ts';
import { formatCreds } from '../config/formats/creds.ts';
import { reasonOf } from '../lib/errors.ts';
import { known } from '../lib/known.ts';
import type { Log } from '../lib/log.ts';
import type { Ticker } from '../lib/ticker.ts';
import { type LinkDeps, openLink } from '../nats/link.ts';
import type { LinkError } from '../nats/linkerror.ts';
import type { LinkOptions } from '../nats/session.ts';
import type { EnrolRefusal, EnrolToken } from '../wire/enrol.ts';
import { inboxPrefixOf } from '../wire/subjects.ts';
import { type AskState, askHub, verifyNkey } from './ask.ts';
import type { EnrolFolder } from './folder.ts';
import { findCa } from './hubca.ts';
import { type AboutDevice, type Asker, enrolledBy, questionOf } from './request.ts';
import { isSecureUrl, usableUrls, type Way, wayTo } from './way.ts';

/** What an enrolment is waiting for. */
export type EnrolState =
  | AskState
  /** The clock shows a date at which no certificate is valid. */
  | { readonly step: 'time'; readonly shows_ms: number };

/** What came of an enrolment or a renewal. */
export type EnrolOutcome =
  /** `isOther`: nats-server has to have another config. */
  | { readonly state: 'enrolled'; readonly hub: EnrolledHub; readonly isOther: boolean }
  | { readonly state: 'refused'; readonly code: EnrolRefusal | 'answer_unfit'; readonly why: string };

/** What enrols. */
export interface EnrolDeps {
  readonly folder: EnrolFolder;
  readonly about: AboutDevice;
  readonly ticker: Ticker;
  readonly log: Log;
  wall_ms(): number;
  random(): number;
  /** The text of an error of the connection. */
  readonly textOf?: (error: LinkError) => string;
}

type Tell = (state: EnrolState) => void;
const look_ms = 1000;
const probeLimit_ms = 8000;
/** Between two looks for the CA of a hub that cannot be reached. */
const pause = { first_ms: 1000, longest_ms: 30_000, growth: 1.5 } as const;

const later = (ticker: Ticker, ms: number): Promise<void> =>
  new Promise((resolve) => ticker.after(ms, resolve));

/** Waits until certificates can be judged by the clock: the link to the hub could not come up before either. */
async function plausibleTime({ ticker, wall_ms }: EnrolDeps, tell: Tell, signal: AbortSignal): Promise<void> {
  while (isImplausible(wall_ms())) {
    tell({ step: 'time', shows_ms: wall_ms() });
    await later(ticker, look_ms);
    signal.throwIfAborted();
  }
}

const tokenOver = 'the token has ended';
const noUrl = 'none of its addresses can be used: they must begin with tls://, nats:// or wss://';

/** The CA of a token's pin, as soon as one of the hub's addresses shows it. */
async function pinnedCa(
  urls: readonly string[],
  pin: string,
  { ticker }: EnrolDeps,
  tell: Tell,
  signal: AbortSignal,
): Promise<string> {
  for (let wait_ms: number = pause.first_ms; ; wait_ms = Math.min(pause.longest_ms, wait_ms * pause.growth)) {
    for (const url of urls) {
      try {
        return await findCa(url, pin, probeLimit_ms);
      } catch (error) {
        tell({ step: 'connecting', why: `${url}: ${reasonOf(error)}` });
      }
      signal.throwIfAborted();
    }
    await later(ticker, wait_ms);
    signal.throwIfAborted();
  }
}

/** How to reach whoever answers, and what to ask. */
interface Login {
  readonly options: Pick<LinkOptions, 'creds' | 'inboxPrefix'>;
  readonly way: Way;
  readonly asker: Omit<Asker, 'key' | 'nonce'>;
  /** Id of the token that is kept with the answer. */
  readonly token: string;
  readonly pin?: string;
  /** End of the login, Unix seconds, where the clock of this device can tell. */
  readonly until_s?: number;
}

/** In the words of nats-server. */
const isRefusal = (text: string): boolean => /authorization|authentication/i.test(text);

/** Asks over a connection of its own, and keeps what is answered. */
async function askAs(login: Login, deps: EnrolDeps, tell: Tell, signal: AbortSignal): Promise<EnrolOutcome> {
  const { ticker, random, log, textOf } = deps;
  const ending = new AbortController();
  const linkDeps: LinkDeps = { ticker, random, log: log.part('enrol'), ...(textOf && { textOf }) };
  const both = AbortSignal.any([signal, ending.signal]);
  const { way, options } = login;
  const { servers, tls } = way;
  const link = openLink(linkDeps, { servers, ...known({ tls }), ...options, name: 'nunect enrol' }, both);
  let endLook = (): void => {};
  const ended = new Promise<EnrolOutcome>((resolve) => {
    endLook = ticker.every(look_ms, () => {
      const { connected, lastError } = link.state();
      if (connected || !lastError) return;
      tell({ step: 'connecting', why: way.trouble() ?? textOf?.(lastError) ?? lastError.text });
      const isOver = deps.wall_ms() > (login.until_s ?? Infinity) * 1000;
      if (isOver && isRefusal(lastError.text))
        resolve({ state: 'refused', code: 'token_expired', why: tokenOver });
    });
  });
  try {
    return await Promise.race([askOver(link, login, deps, tell, both), ended]);
  } finally {
    endLook();
    ending.abort();
    await link.stop();
    way.stop();
  }
}

/** Asks over a connection that is there, and keeps what is answered. */
async function askOver(
  link: ReturnType<typeof openLink>,
  { asker, token, pin }: Omit<Login, 'options' | 'way'>,
  deps: EnrolDeps,
  tell: Tell,
  signal: AbortSignal,
): Promise<EnrolOutcome> {
  const { folder, about } = deps;
  const nonce = randomBytes(16).toString('base64url');
  const question = questionOf({ ...asker, key: folder.key(), nonce }, about, verifyNkey);
  const answer = await askHub({ ...deps, link }, question, tell, signal);
  if (answer.state === 'refused') return { state: 'refused', code: answer.code, why: answer.why };
  const found = enrolledBy(answer, { token, hub: asker.hub, ...(pin !== undefined && { pin }) });
  if (!found.ok) return { state: 'refused', code: 'answer_unfit', why: found.why };
  return { state: 'enrolled', hub: found.value, isOther: folder.keep(found.value) };
}

/** Enrols with a token; killed and begun again it asks with the same key. Rejects when `signal` ends it. */
export async function enrolWith(
  token: EnrolToken,
  deps: EnrolDeps,
  tell: Tell,
  signal: AbortSignal,
): Promise<EnrolOutcome> {
  deps.folder.key(); // before anything is asked: where it cannot be kept, nobody is asked
  const { id, ca: pin } = token;
  const urls = usableUrls(token.urls, pin !== undefined);
  if (urls.length === 0) return { state: 'refused', code: 'answer_unfit', why: noUrl };
  if (pin !== undefined || urls.some(isSecureUrl)) await plausibleTime(deps, tell, signal);
  const ca = pin === undefined ? undefined : await pinnedCa(urls, pin, deps, tell, signal);
  const login: Login = {
    way: await wayTo(urls, ca),
    options: { creds: formatCreds(token), inboxPrefix: inboxPrefixOf(id) },
    asker: { token: id, by: id, hub: token.hub },
    token: id,
    until_s: token.until_s,
    ...known({ pin }),
  };
  return askAs(login, deps, tell, signal);
}

/** A hub that has lost its records is told which unit this is, also where no config says it. */
const as = ({ unit }: EnrolledHub, deps: EnrolDeps): EnrolDeps => ({
  ...deps,
  about: { unit, ...deps.about },
});

/** What a device asks as that is enrolled. */
const renewer = ({ token, hub, key }: EnrolledHub): Omit<Login, 'options' | 'way'> => ({
  asker: { by: key, hub },
  token,
});

/** Asks for a new JWT over the connection of the unit. */
export const renewOver = (
  link: ReturnType<typeof openLink>,
  hub: EnrolledHub,
  deps: EnrolDeps,
  tell: Tell,
  signal: AbortSignal,
): Promise<EnrolOutcome> => askOver(link, renewer(hub), as(hub, deps), tell, signal);

/** Asks for a new JWT with the login for nothing else, as the hub lets in nobody whose JWT has run out. */
export async function renewApart(
  hub: EnrolledHub,
  deps: EnrolDeps,
  tell: Tell,
  signal: AbortSignal,
): Promise<EnrolOutcome> {
  await plausibleTime(deps, tell, signal);
  const { ca, key } = hub;
  const way = await wayTo(usableUrls(hub.urls, ca !== undefined), ca);
  const options = { creds: deps.folder.key().creds(hub.renew_jwt), inboxPrefix: inboxPrefixOf(key) };
  return askAs({ ...renewer(hub), way, options }, as(hub, deps), tell, signal);
}
