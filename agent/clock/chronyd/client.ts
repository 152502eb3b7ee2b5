// Asks chronyd over UDP for all that the facts hold.
import { reasonOf } from '../../lib/errors.ts';
import type { Ticker } from '../../lib/ticker.ts';
import type { ProbeFailure } from '../../lib/watch.ts';
import type { ChronyFacts, ChronySource } from '../facts.ts';
import {
  type CmdmonCommand,
  decodeCount,
  decodeReply,
  decodeSource,
  decodeTracking,
  encodeRequest,
  statusNoSuchSource,
  statusUnauthorised,
} from './protocol.ts';
import type { OpenUdp, UdpLink } from './udp.ts';

/** Facts, or why there are none. */
export type Asked = { readonly value: ChronyFacts } | { readonly failure: ProbeFailure };

/** What came of a request: the body of the reply, the status of a refusal, or why nothing came. */
export type CmdmonOutcome =
  | { readonly kind: 'body'; readonly body: DataView }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'failure'; readonly failure: ProbeFailure };

/** Asks one chronyd. */
export interface CmdmonClient {
  ask(command: CmdmonCommand, index?: number): Promise<CmdmonOutcome>;
  /** Requests that were not answered in time, retries counted. */
  timeouts(): number;
  close(): void;
}

const answerMs = 200;
const attempts = 2;
/** More sources than any sane chronyd has; those beyond are left out, the selected one of them too. */
const mostSources = 64;

const failureOf = (errno: string): ProbeFailure =>
  errno === 'ECONNREFUSED'
    ? { why: 'refused' }
    : { why: errno === 'EACCES' || errno === 'EPERM' ? 'no_permission' : 'no_reply', detail: errno };

interface ClientDeps {
  readonly open: OpenUdp;
  readonly ticker: Ticker;
  /** Gives [0, 1): sequence numbers are drawn from it, so that nobody off the path can forge a reply. */
  readonly random: () => number;
}

/** A request that waits for its answer. */
interface Pending {
  /** Whether the datagram was its answer. */
  take(bytes: Uint8Array): boolean;
  fail(errno: string): void;
}

/** What the client remembers. */
interface Client extends ClientDeps {
  readonly host: string;
  readonly port: number;
  link?: UdpLink | undefined;
  /** The requests that are not answered yet. */
  readonly pending: Set<Pending>;
  timeouts: number;
  /** The last request was not answered: of the next it is known at once that it is not, not with what is due then. */
  isSuspect: boolean;
  closed: boolean;
}

function closeLink(client: Client): void {
  client.link?.close();
  client.link = undefined;
}

function failAll({ pending }: Client, errno: string): void {
  for (const one of [...pending]) one.fail(errno);
}

async function connect(client: Client): Promise<UdpLink | ProbeFailure> {
  if (client.link !== undefined) return client.link;
  if (client.closed) return { why: 'disabled' };
  try {
    const link = await client.open(client.host, client.port);
    link.listen(
      (bytes) => void [...client.pending].some((one) => one.take(bytes)), // else it is late, or not for us
      (errno) => failAll(client, errno),
    );
    client.link = link;
    if (client.closed) closeLink(client);
    return link;
  } catch (error) {
    return failureOf(reasonOf(error));
  }
}

function askOnce(
  client: Client,
  link: UdpLink,
  command: CmdmonCommand,
  index: number,
  attempt: number,
): Promise<CmdmonOutcome> {
  const seq = Math.floor(client.random() * 2 ** 32);
  return new Promise((resolve) => {
    const finish = (outcome: CmdmonOutcome): void => {
      cancel();
      client.pending.delete(request);
      resolve(outcome);
    };
    const late = (): void => {
      client.timeouts += 1;
      client.isSuspect = true;
      const detail = `${client.host} port ${client.port}`;
      finish({ kind: 'failure', failure: { why: 'no_reply', detail } });
    };
    const cancel = client.ticker.after(answerMs, late, !client.isSuspect);
    const request: Pending = {
      take(bytes) {
        const reply = decodeReply(command, seq, bytes);
        if (reply === undefined) return false;
        client.isSuspect = false;
        finish(reply.ok ? { kind: 'body', body: reply.body } : { kind: 'status', status: reply.status });
        return true;
      },
      fail: (errno) => finish({ kind: 'failure', failure: failureOf(errno) }),
    };
    client.pending.add(request);
    link.send(encodeRequest(command, seq, index, attempt));
  });
}

async function ask(client: Client, command: CmdmonCommand, index: number): Promise<CmdmonOutcome> {
  let outcome: CmdmonOutcome | undefined;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const link = await connect(client);
    if (!('send' in link)) return { kind: 'failure', failure: link };
    outcome = await askOnce(client, link, command, index, attempt);
    if (outcome.kind !== 'failure' || outcome.failure.why !== 'no_reply') return outcome;
  }
  closeLink(client); // the name may stand for another address by now
  return outcome ?? { kind: 'failure', failure: { why: 'no_reply' } };
}

/** A client that opens its socket when it is asked first. */
export function cmdmonClient(deps: ClientDeps, host: string, port: number): CmdmonClient {
  const client: Client = {
    ...deps,
    host,
    port,
    pending: new Set(),
    timeouts: 0,
    isSuspect: false,
    closed: false,
  };
  return {
    ask: (command, index = 0) => ask(client, command, index),
    timeouts: () => client.timeouts,
    close() {
      client.closed = true;
      failAll(client, 'closed');
      closeLink(client);
    },
  };
}

/** What an outcome without a body means to one who only reads. */
function failed(command: CmdmonCommand, outcome: Exclude<CmdmonOutcome, { kind: 'body' }>): Asked {
  if (outcome.kind === 'failure') return { failure: outcome.failure };
  return outcome.status === statusUnauthorised
    ? { failure: { why: 'unauthorised', detail: `not authorised: ${command}` } }
    : garbled(`${command}: status ${outcome.status}`);
}

const garbled = (detail: string): { readonly failure: ProbeFailure } => ({
  failure: { why: 'garbled', detail },
});

/**
 * Asks for all that the facts hold: two datagrams and one for each source. `expected` sources are asked for along with
 * their count, so that the answers come together. Gives up when the first is not answered.
 */
export async function askChronyd(client: CmdmonClient, expected = 0): Promise<Asked> {
  const asked = await client.ask('tracking');
  if (asked.kind !== 'body') return failed('tracking', asked);
  const tracking = decodeTracking(asked.body);
  if (!tracking.ok) return garbled(tracking.why);

  const askSources = (from: number, to: number): Promise<CmdmonOutcome[]> =>
    Promise.all(
      Array.from({ length: Math.max(0, to - from) }, (_, at) => client.ask('source_data', from + at)),
    );
  const [count, known] = await Promise.all([client.ask('n_sources'), askSources(0, expected)]);
  if (count.kind !== 'body') return failed('n_sources', count);
  const total = Math.min(decodeCount(count.body), mostSources);
  const sources: ChronySource[] = [];
  for (const data of [...known.slice(0, total), ...(await askSources(expected, total))]) {
    if (data.kind === 'status' && data.status === statusNoSuchSource) continue; // it went away meanwhile
    if (data.kind !== 'body') return failed('source_data', data);
    const source = decodeSource(data.body);
    if (!source.ok) return garbled(source.why);
    sources.push(source.value);
  }
  return { value: { via: 'udp', tracking: tracking.value, sources } };
}
