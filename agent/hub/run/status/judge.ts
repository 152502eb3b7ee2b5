// How a hub is, of what was found of it. Pure.
import type { CertFacts } from '../../../device/certs.ts';
import { formatUtc } from '../../../lib/format.ts';
import { isObject } from '../../../lib/parse.ts';
import { unboundWords } from '../../book/roster.ts';
import type { UpState } from '../runfiles.ts';
import type { StreamFigures } from './figures.ts';

/** A server of the hub that answers. */
export interface ServerFigures {
  readonly name: string;
  readonly version: string;
  readonly uptime: string;
  /** Leaf nodes, that is units, and other connections. */
  readonly leafs: number;
  readonly clients: number;
  readonly memory_bytes: number;
}

/** A stream of the hub, or why it is not known. */
export type StreamSeen = { readonly account: string; readonly name: string } & (
  | ({
      /** What of it is not as asked for, in words, and what to call where it is to be so all the same. */
      readonly differs: readonly { readonly text: string; readonly command?: string }[];
      /** It takes nothing more once it is full, instead of dropping the oldest. */
      readonly refuses: boolean;
    } & StreamFigures)
  | { readonly why: string }
);

/** All that was found. */
export interface HubSeen {
  readonly server: string;
  readonly dir: string;
  /** The process of `up`, and what that says; undefined where none runs. */
  readonly up: { readonly pid: number | undefined; readonly state: UpState | undefined } | undefined;
  /** The process of nats-server with the hub's config. */
  readonly server_pid: number | undefined;
  /** What the disk of the streams has left; undefined where that cannot be known. */
  readonly free_bytes?: number | undefined;
  /** Why the server is not well. */
  readonly fault: string | undefined;
  readonly servers: readonly ServerFigures[];
  /** All that there should be; empty where there is but one. */
  readonly cluster: readonly string[];
  readonly echo: { readonly rtt_ms: number } | { readonly why: string } | undefined;
  readonly streams: readonly StreamSeen[];
  /** Units that are heard of though stream BOUND has no record of them; undefined where that is not known. */
  readonly unbound?: readonly string[] | undefined;
  readonly certificates: readonly CertFacts[];
}

export type HubHealth = 'healthy' | 'degraded' | 'critical' | 'down';

/** Something that is wrong. */
export interface HubProblem {
  readonly weight: Exclude<HubHealth, 'healthy'>;
  readonly text: string;
}

const count = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** A server of an answer to VARZ; undefined where it is none. */
export function serverFigures(answer: Readonly<Record<string, unknown>>): ServerFigures | undefined {
  const { data } = answer;
  if (!isObject(data) || typeof data['server_name'] !== 'string') return undefined;
  return {
    name: data['server_name'],
    version: String(data['version']),
    uptime: String(data['uptime']),
    leafs: count(data['leafnodes']),
    clients: count(data['connections']),
    memory_bytes: count(data['mem']),
  };
}

/** Days before its end from which a certificate is told. */
const certificateDays = 14;
/** How full a stream may be that then refuses. */
const mostFull = 0.9;

function certificateProblem(cert: CertFacts): HubProblem | undefined {
  if ('error' in cert) return { weight: 'critical', text: `${cert.file}: ${cert.error}` };
  const { file, days_left } = cert;
  if (days_left < 0) return { weight: 'critical', text: `${file} has expired: no unit can join` };
  if (days_left > certificateDays) return undefined;
  return { weight: 'degraded', text: `${file} expires in ${days_left} days` };
}

function streamProblem(one: StreamSeen): HubProblem | undefined {
  const what = `stream ${one.name} of ${one.account.toUpperCase()}`;
  if ('why' in one) return { weight: 'critical', text: `${what}: ${one.why}` };
  if (!one.refuses || one.max_bytes === undefined || one.bytes < one.max_bytes * mostFull) return undefined;
  return { weight: 'degraded', text: `${what} is nearly full and then takes nothing more` };
}

/** Streams are stored by a majority. */
function clusterProblem(absent: readonly string[], of: number): HubProblem {
  const text = `of the cluster ${absent.join(' and ')} ${absent.length > 1 ? 'do' : 'does'} not answer`;
  return absent.length * 2 < of
    ? { weight: 'degraded', text }
    : { weight: 'critical', text: `${text}: the rest is no majority, and nothing is stored` };
}

/** A problem where there is a text of it. */
const told = (weight: HubProblem['weight'], text: string | false | undefined): HubProblem[] =>
  text ? [{ weight, text }] : [];

function runProblems({ up, server_pid, dir }: HubSeen): HubProblem[] {
  if (up === undefined && server_pid === undefined) return told('down', `the hub of ${dir} does not run`);
  if (up === undefined)
    return told('degraded', "nats-server runs, but no 'nunect-hub up' that keeps it running");
  const { phase, why, restart_needed, part_problems = {}, unstored } = up.state ?? {};
  return [
    ...told('critical', (phase === 'waiting' || phase === 'restarting') && `not ready: ${why}`),
    ...told(
      'critical',
      unstored &&
        `not stored at ${formatUtc(unstored.at_ms)}: ${unstored.why}; make room, then restart the hub`,
    ),
    ...told('degraded', restart_needed),
    ...Object.values(part_problems).flatMap((text) => told('degraded', text)),
  ];
}

/** Streams grow by blocks of up to 8 MiB. */
const leastFree = 16 * 2 ** 20;

/** What is wrong, the worst first. */
export function hubProblems(seen: HubSeen): HubProblem[] {
  const { cluster, servers, echo, fault, streams, certificates, dir } = seen;
  const { unbound = [], free_bytes = leastFree } = seen;
  const absent = cluster.filter((name) => !servers.some((one) => one.name === name));
  const whenAsked: HubProblem[] = [
    ...told('critical', free_bytes < leastFree && `the disk of ${dir} is full`),
    ...told('critical', fault),
    ...told(
      'critical',
      fault === undefined && echo !== undefined && 'why' in echo && `its own echo: ${echo.why}`,
    ),
    ...(servers.length > 0 && absent.length > 0 ? [clusterProblem(absent, cluster.length)] : []),
    ...streams.flatMap((one) => streamProblem(one) ?? []),
    ...(unbound.length > 0 ? [{ weight: 'degraded' as const, text: unboundWords(unbound) }] : []),
  ];
  const run = runProblems(seen);
  const isDown = run.some(({ weight }) => weight === 'down');
  const all = [
    ...run,
    ...(isDown ? [] : whenAsked),
    ...certificates.flatMap((c) => certificateProblem(c) ?? []),
  ];
  return all.toSorted((a, b) => weights.indexOf(b.weight) - weights.indexOf(a.weight));
}

const weights = ['healthy', 'degraded', 'critical', 'down'] as const;

/** The state as the worst of what is wrong. */
export const hubHealth = (problems: readonly HubProblem[]): HubHealth => problems[0]?.weight ?? 'healthy';
