// Asks chronyd over UDP, one request at a time, for all that the facts hold.
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

/** Asks one chronyd, one request at a time. */
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

/** What the client remembers. */
interface Client extends ClientDeps {
  readonly host: string;
  readonly port: number;
  link?: UdpLink | undefined;
  /** Who awaits the next datagram, or error, of the link. */
  onData: (bytes: Uint8Array) => void;
  onError: (errno: string) => void;
  timeouts: number;
  closed: boolean;
}

function closeLink(client: Client): void {
  client.link?.close();
  client.link = undefined;
}

async function connect(client: Client): Promise<UdpLink | ProbeFailure> {
  if (client.link !== undefined) return client.link;
  if (client.closed) return { why: 'disabled' };
  try {
    const link = await client.open(client.host, client.port);
    link.listen(
      (bytes) => client.onData(bytes),
      (errno) => client.onError(errno),
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
      client.onData = () => {};
      client.onError = () => {};
      resolve(outcome);
    };
    const cancel = client.ticker.after(answerMs, () => {
      client.timeouts += 1;
      const detail = `${client.host} port ${client.port}`;
      finish({ kind: 'failure', failure: { why: 'no_reply', detail } });
    });
    client.onData = (bytes) => {
      const reply = decodeReply(command, seq, bytes);
      if (reply === undefined) return; // late, or not for us
      finish(reply.ok ? { kind: 'body', body: reply.body } : { kind: 'status', status: reply.status });
    };
    client.onError = (errno) => finish({ kind: 'failure', failure: failureOf(errno) });
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
    onData: () => {},
    onError: () => {},
    timeouts: 0,
    closed: false,
  };
  return {
    ask: (command, index = 0) => ask(client, command, index),
    timeouts: () => client.timeouts,
    close() {
      client.closed = true;
      client.onError('closed');
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

/** Asks for all that the facts hold: two datagrams and one for each source. Gives up at the first failure. */
export async function askChronyd(client: CmdmonClient): Promise<Asked> {
  const asked = await client.ask('tracking');
  if (asked.kind !== 'body') return failed('tracking', asked);
  const tracking = decodeTracking(asked.body);
  if (!tracking.ok) return garbled(tracking.why);

  const count = await client.ask('n_sources');
  if (count.kind !== 'body') return failed('n_sources', count);
  const sources: ChronySource[] = [];
  for (let index = 0; index < Math.min(decodeCount(count.body), mostSources); index++) {
    const data = await client.ask('source_data', index);
    if (data.kind === 'status' && data.status === statusNoSuchSource) continue; // it went away meanwhile
    if (data.kind !== 'body') return failed('source_data', data);
    const source = decodeSource(data.body);
    if (!source.ok) return garbled(source.why);
    sources.push(source.value);
  }
  return { value: { via: 'udp', tracking: tracking.value, sources } };
}
