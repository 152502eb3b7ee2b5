// Routers that ask a hub to be enrolled, and issuers that answer them, without the processes of either.
import { randomBytes } from 'node:crypto';
import { type NatsConnection, nkeys } from '@nats-io/transport-node';
import { formatCreds } from '../../../agent/config/formats/creds.ts';
import { verifyNkey } from '../../../agent/enrol/ask.ts';
import { type Book, openBook } from '../../../agent/hub/book/book.ts';
import { tokenOf } from '../../../agent/hub/enrol/answers.ts';
import { type Issuer, type IssuerDeps, startIssuer } from '../../../agent/hub/enrol/issuer.ts';
import { orderToken, type TokenWish } from '../../../agent/hub/enrol/orders.ts';
import { type LogEntry, logTo } from '../../../agent/lib/log.ts';
import { systemTicker } from '../../../agent/lib/ticker.ts';
import {
  type EnrolAnswer,
  type EnrolRequest,
  type EnrolToken,
  enrolSubjects,
  parseEnrolAnswer,
  parseEnrolToken,
  sealed,
} from '../../../agent/wire/enrol.ts';
import { inboxPrefixOf } from '../../../agent/wire/subjects.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { eventually } from '../process/daemon.ts';
import type { IssuingHub } from './issuinghub.ts';
import { seedOf } from './jwt.ts';

type Pair = ReturnType<typeof nkeys.createUser>;

/** The links of an issuer, to all servers or to those. */
export const issuerLinks = (
  owner: Cleanup,
  hub: IssuingHub,
  servers?: readonly string[],
): IssuerDeps['links'] => ({
  ENROL: hub.link(owner, 'hub-enrol', servers),
  FLEET: hub.link(owner, 'hub-fleet', servers),
  book: hub.link(owner, 'hub-book', servers),
});

/** An issuer with links of its own, and what it has logged. */
export function issuerOn(
  owner: Cleanup,
  hub: IssuingHub,
  more: Partial<IssuerDeps> = {},
): Issuer & { readonly logged: LogEntry[] } {
  const logged: LogEntry[] = [];
  const issuer = startIssuer({
    ticker: systemTicker(),
    log: logTo((entry) => logged.push(entry)),
    now_ms: Date.now,
    links: issuerLinks(owner, hub),
    hub: () => hub.issuer,
    ...more,
  });
  owner.after(() => issuer.stop());
  return { ...issuer, logged };
}

/** The book as a command of an operator has it. */
export async function bookOn(owner: Cleanup, hub: IssuingHub): Promise<Book> {
  const link = hub.link(owner, 'hub-book');
  await eventually('the link is up', () => link.state().connected);
  const book = openBook(link);
  await book.catchUp();
  return book;
}

/** Makes a token as an operator does. */
export async function newToken(
  book: Book,
  hub: IssuingHub,
  wish: Partial<TokenWish> = {},
): Promise<EnrolToken> {
  await book.catchUp();
  const user = nkeys.createUser();
  const id = randomBytes(6).toString('hex');
  const whole = { id, login: user.getPublicKey(), uses: 1, life_ms: 86_400_000, auto: true, replace: false };
  const made = orderToken(book.bindings(), { ...whole, ...wish }, Date.now());
  if (!made.ok) throw new Error(made.why);
  if (!(await book.append(made.value))) return newToken(book, hub, wish);
  const token = parseEnrolToken(tokenOf(made.value, seedOf(user), hub.issuer));
  if (!token.ok) throw new Error(token.why);
  return token.value;
}

/** A connection with the login of a token. */
export const withToken = (hub: IssuingHub, token: EnrolToken): Promise<NatsConnection> =>
  hub.client(formatCreds(token), inboxPrefixOf(token.id));

/** A router: its key, and what it asks with. */
export interface TestRouter {
  readonly pair: Pair;
  readonly key: string;
  request(more?: Partial<EnrolRequest>): EnrolRequest;
  /** Sends a request on a subject and waits until the stream has it. */
  send(nc: NatsConnection, by: string, request: EnrolRequest, signer?: Pair): Promise<void>;
  /** Sends a request and waits for the answer to it. */
  ask(nc: NatsConnection, by: string, more?: Partial<EnrolRequest>): Promise<EnrolAnswer>;
  /** The creds of an answer that admits it. */
  creds(answer: EnrolAnswer, which?: 'jwt' | 'renew_jwt'): string;
}

export function testRouter(hub: IssuingHub, machine: string, pair: Pair = nkeys.createUser()): TestRouter {
  const key = pair.getPublicKey();
  const router: TestRouter = {
    pair,
    key,
    request: (more) => ({
      v: 1,
      key,
      hardware: machine,
      nonce: randomBytes(12).toString('base64url'),
      ...more,
    }),
    async send(nc, by, request, signer = pair) {
      await nc.request(enrolSubjects.request(by), sealed(request, signer), { timeout: 5000 });
    },
    async ask(nc, by, more) {
      const request = router.request(more);
      const [answer] = await askAll(hub, nc, by, [{ router, request }], enrolSubjects.answer(key));
      if (answer === undefined) throw new Error('no answer came');
      return answer;
    },
    creds(answer, which = 'jwt') {
      if (answer.state !== 'accepted') throw new Error(JSON.stringify(answer));
      return formatCreds({ jwt: answer[which], seed: seedOf(pair) });
    },
  };
  return router;
}

/** Sends requests of many routers at once over one login, and waits for all answers. */
export async function askAll(
  hub: IssuingHub,
  nc: NatsConnection,
  by: string,
  asked: readonly { readonly router: TestRouter; readonly request: EnrolRequest }[],
  subject = enrolSubjects.answer('*'),
): Promise<EnrolAnswer[]> {
  const answers = new Map<string, EnrolAnswer>();
  const messages = nc.subscribe(subject);
  const all = (async () => {
    for await (const message of messages) {
      for (const { request } of asked) {
        if (message.subject !== enrolSubjects.answer(request.key)) continue;
        const { key, nonce } = request;
        const to = { hub: hub.issuer.file.publicKeys.answers, key, nonce };
        const answer = parseEnrolAnswer(message.string(), to, verifyNkey);
        if (answer.ok) answers.set(nonce, answer.value);
      }
      if (answers.size === asked.length) return;
    }
    throw new Error(`${answers.size} of ${asked.length} answers came`);
  })();
  try {
    await nc.flush();
    await Promise.all([all, ...asked.map(({ router, request }) => router.send(nc, by, request))]);
    return asked.flatMap(({ request }) => answers.get(request.nonce) ?? []);
  } finally {
    messages.unsubscribe();
    all.catch(() => {}); // told already
  }
}
