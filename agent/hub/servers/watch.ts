// Watches the hub: asks its servers as often as somebody looks, and next to never while nobody does.
import { messageOf } from '../../lib/errors.ts';
import { within } from '../../lib/ticker.ts';
import { rawText } from './answers.ts';
import { askServersOf, type Heard, type HubQuestion, hubQuestions } from './ask.ts';
import { eventSubjects, newEventBook, parseConnectionEvent } from './events.ts';
import { newIdentities } from './identities.ts';
import type { HubEvent, HubView } from './model.ts';
import { newRates } from './rates.ts';
import { dropSights, type HubSights, hubViewOf, isGone } from './seen.ts';
import { type HubWatchDeps, type Taking, takeListedStreams, taking } from './taking.ts';
import { newUsualRtts } from './usual.ts';

interface Question {
  readonly subject: string;
  body(isLooked: boolean): object;
  /** How often, while somebody looks, and while nobody does; missing: then not at all. */
  readonly looked_ms: number;
  readonly unlooked_ms?: number;
}

const ping = (name: string): string => `$SYS.REQ.SERVER.PING.${name}`;
const questions: Readonly<Record<HubQuestion, Question>> = {
  servers: { subject: ping('VARZ'), body: () => ({}), looked_ms: 2000, unlooked_ms: 10_000 },
  health: { subject: ping('HEALTHZ'), body: () => ({}), looked_ms: 5000, unlooked_ms: 30_000 },
  routes: { subject: ping('ROUTEZ'), body: () => ({}), looked_ms: 10_000 },
  // while nobody looks only to know what round trip is usual
  links: { subject: ping('LEAFZ'), body: () => ({}), looked_ms: 5000, unlooked_ms: 300_000 },
  accounts: { subject: '$SYS.REQ.ACCOUNT.PING.STATZ', body: () => ({}), looked_ms: 2000 },
  streams: {
    subject: ping('JSZ'),
    body: (isLooked) => ({ accounts: true, streams: true, config: true, consumer: isLooked }),
    looked_ms: 5000,
    unlooked_ms: 60_000,
  },
  connections: {
    subject: ping('CONNZ'),
    body: () => ({ sort: 'pending', limit: 10 }), // without logins: a server reads those of all
    looked_ms: 5000,
  },
};

/** Answers of a question have at most so many bytes a second on average: 3 MB of 10,000 links come every half minute. */
const most_bytes_per_s = 100_000;
/** For so long after the last look it is asked as for one who looks. */
const looking_ms = 30_000;
/** From one search for servers that are not known yet to the next. */
const search_ms = 60_000;
/** Events whose text is read in a second; others are only counted. */
const mostEvents_per_s = 200;

/** A hub that is watched. */
export interface HubWatch {
  /** How it is now. Whoever calls it looks: for half a minute it is asked more often. */
  look(): HubView;
  /** The same; the first who looks after a while waits up to `patience_ms` for answers, and sees nothing of minutes ago. */
  lookAnew(patience_ms: number): Promise<HubView>;
  /** The same without looking: for alerts and the exporter. */
  view(): HubView;
  /** The last answers to a question as JSON, one for each server, without logins and keys. */
  raw(question: HubQuestion): readonly { readonly server: string; readonly json: string }[];
  stop(): void;
}

interface Asking {
  begun_ms: number;
  bytes: number;
  isAsking: boolean;
}

interface Watching extends Taking {
  readonly asking: Map<HubQuestion, Asking>;
  readonly texts: Map<HubQuestion, Map<string, string>>;
  looked_ms: number;
  searched_ms: number;
  second: { at_ms: number; events: number };
  isStopped: boolean;
}

const newSeen = (expected: readonly string[], since_ms: number): HubSights => ({
  expected,
  since_ms,
  servers: new Map(),
  health: new Map(),
  routes: new Map(),
  links: new Map(),
  accounts: new Map(),
  account_traffic: new Map(),
  jetstream: new Map(),
  slow: new Map(),
  histories: new Map(),
  events: newEventBook(),
  lags: new Map(),
  cluster: undefined,
  trouble: 'it has not been asked yet',
  connected: false,
});

/** Servers that are there, as far as is known; all that answer while they are searched. */
function countOf(watching: Watching, question: HubQuestion): number {
  const { seen, deps } = watching;
  const there = [...seen.servers.values()].filter((one) => !isGone(one)).length;
  const now_ms = deps.ticker.now_ms();
  if (question !== 'servers') return Math.max(1, there);
  if (there === seen.expected.length && there > 0) return there;
  if (there > 0 && now_ms - watching.searched_ms < search_ms) return there;
  watching.searched_ms = now_ms;
  return Number.POSITIVE_INFINITY;
}

/** Notes why nothing is known of the servers; `why` is undefined where they answer. */
function noteTrouble({ seen, deps: { sys } }: Watching, why: string | undefined): void {
  const { connected, lastError } = sys.state();
  seen.connected = connected;
  seen.trouble = connected ? why : `there is no connection: ${lastError?.text ?? 'it has not answered yet'}`;
}

function keepText(watching: Watching, question: HubQuestion, heard: readonly Heard[]): void {
  const texts = watching.texts.get(question) ?? new Map<string, string>();
  for (const { server, text } of heard) texts.set(server, text);
  const { servers } = watching.seen;
  for (const server of texts.keys()) if (servers.size > 0 && !servers.has(server)) texts.delete(server);
  watching.texts.set(question, texts);
}

async function ask(watching: Watching, question: HubQuestion, isLooked: boolean): Promise<void> {
  const { seen, deps } = watching;
  const state = watching.asking.get(question) ?? { begun_ms: 0, bytes: 0, isAsking: false };
  watching.asking.set(question, state);
  Object.assign(state, { begun_ms: deps.ticker.now_ms(), isAsking: true });
  try {
    const { subject, body } = questions[question];
    const by = { link: deps.sys, ticker: deps.ticker };
    if (question === 'streams' && seen.servers.size === 0) return await takeListedStreams(watching);
    const { heard, bytes, why } = await askServersOf(
      by,
      subject,
      body(isLooked),
      countOf(watching, question),
    );
    if (watching.isStopped) return;
    state.bytes = bytes;
    keepText(watching, question, heard);
    if (question === 'servers') noteTrouble(watching, why);
    if (heard.length > 0 || question === 'servers') await taking[question](watching, heard);
  } catch (error) {
    seen.trouble = messageOf(error); // a fault of ours is seen, not silent
  } finally {
    state.isAsking = false;
  }
}

/** Asks what it is time for, and resolves once that is answered, or never will be; as long as no server has answered, only for servers, and the accounts for their streams. */
function tick(watching: Watching): Promise<unknown> {
  const asked: Promise<void>[] = [];
  const { seen, deps } = watching;
  const now_ms = deps.ticker.now_ms();
  const isLooked = now_ms - watching.looked_ms < looking_ms;
  const isUnseen = seen.servers.size === 0;
  for (const question of isUnseen ? (['servers', 'streams'] as const) : hubQuestions) {
    const { looked_ms, unlooked_ms } = questions[question];
    const every_ms = isLooked ? looked_ms : unlooked_ms;
    const state = watching.asking.get(question);
    if (every_ms === undefined) {
      dropSights(seen, question);
      watching.texts.delete(question);
    }
    const mayAsk =
      !isUnseen || question === 'servers' || (seen.connected && !watching.asking.get('servers')?.isAsking);
    if (every_ms === undefined || state?.isAsking || !mayAsk) continue;
    const pause_ms = Math.max(every_ms, ((state?.bytes ?? 0) / most_bytes_per_s) * 1000);
    if (state === undefined || now_ms - state.begun_ms >= pause_ms - 500)
      asked.push(ask(watching, question, isLooked));
  }
  return Promise.all(asked);
}

/** Whether the text of one more event is read in this second. */
function mayRead({ second, deps }: Watching): boolean {
  const now_ms = deps.ticker.now_ms();
  if (now_ms - second.at_ms >= 1000) Object.assign(second, { at_ms: now_ms, events: 0 });
  second.events += 1;
  return second.events <= mostEvents_per_s;
}

function happened(watching: Watching, what: HubEvent['what'], data: Uint8Array): void {
  const { seen, deps, identities } = watching;
  const now_ms = deps.wall_ms();
  if (!mayRead(watching)) {
    seen.events.count(what, now_ms);
    return;
  }
  const found = parseConnectionEvent(what, new TextDecoder().decode(data), now_ms);
  if (found === undefined) return;
  seen.events.count(what, found.event.at_ms);
  seen.events.add(found.event);
  identities.noted(found);
  const { server, kind } = found.event;
  const links = what === 'left' && kind === 'leaf' ? seen.links.get(server) : undefined;
  if (links !== undefined)
    seen.links.set(
      server,
      links.filter(({ id }) => id !== found.id),
    );
}

/** A server that says that it stops is gone at once. */
function stopping({ seen }: Watching, subject: string): void {
  const id = subject.split('.')[2];
  for (const one of seen.servers.values()) if (one.facts.id === id) one.isStopping = true;
}

/** Watches the hub of those links from now on. `expected`: the servers that it should have, where that is known. */
export function watchHub(deps: HubWatchDeps, expected: readonly string[] = []): HubWatch {
  const watching: Watching = {
    deps,
    seen: newSeen(expected, deps.wall_ms()),
    rates: newRates(),
    usual: newUsualRtts(),
    identities: newIdentities(),
    waiting: new Map(),
    asking: new Map(),
    texts: new Map(),
    looked_ms: Number.NEGATIVE_INFINITY,
    searched_ms: Number.NEGATIVE_INFINITY,
    second: { at_ms: 0, events: 0 },
    isStopped: false,
  };
  const ends = [
    deps.ticker.every(1000, () => void tick(watching)),
    deps.sys.onChange(({ connected }) => {
      if (connected) watching.asking.clear();
      else noteTrouble(watching, undefined);
    }),
    deps.sys.subscribe('$SYS.SERVER.*.SHUTDOWN', ({ subject }) => stopping(watching, subject)),
    ...Object.entries(eventSubjects).map(([what, subject]) =>
      deps.sys.subscribe(subject, ({ data }) => happened(watching, what as HubEvent['what'], data)),
    ),
  ];
  void tick(watching);
  const now = () => ({ mono_ms: deps.ticker.now_ms(), wall_ms: deps.wall_ms() });
  const view = (): HubView => hubViewOf(watching.seen, now());
  const beginLook = (): Promise<unknown> => {
    const { mono_ms } = now();
    const wasLooked = mono_ms - watching.looked_ms < looking_ms;
    watching.looked_ms = mono_ms;
    return wasLooked ? Promise.resolve() : tick(watching);
  };
  return {
    view,
    look() {
      void beginLook();
      return view();
    },
    async lookAnew(patience_ms) {
      await within(deps.ticker, patience_ms, beginLook());
      return view();
    },
    raw: (question) =>
      [...(watching.texts.get(question) ?? [])].map(([server, text]) => ({ server, json: rawText(text) })),
    stop() {
      watching.isStopped = true;
      for (const end of ends) end();
    },
  };
}
