// What a process under strain is judged by: its memory, its CPU time, its answers, its heartbeats.
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { headerNames, headerReader } from '../../../agent/wire/headers.ts';
import { memoryOf } from './cost.ts';
import { type Daemon, eventually } from './daemon.ts';
import { projectRoot } from './tools.ts';

const MB = 1e6;

/** Node's flags for devices of little memory, as the launcher has them. */
export const smallFlags: readonly string[] =
  /^\tset -- (--.*) "\$program"/m
    .exec(readFileSync(join(projectRoot, 'openwrt/nunect/launcher'), 'utf8'))?.[1]
    ?.split(' ') ?? [];

const collector = `process.on('SIGUSR2', () => { gc(); console.error('heap_used ' + process.memoryUsage().heapUsed); });`;
/** Flags with which `collected_mb` can ask a process. */
export const collectFlags: readonly string[] = [
  '--expose-gc',
  `--import=data:text/javascript,${encodeURIComponent(collector)}`,
];

/** What a process holds on V8's heap when all garbage is collected, in MB. */
export async function collected_mb(process_: Daemon): Promise<number> {
  const told = (): string[] => [...process_.output().matchAll(/^heap_used (\d+)$/gm)].map(([, n = '']) => n);
  const before = told().length;
  process_.kill('SIGUSR2');
  return eventually('a collection', () => told()[before] !== undefined && Number(told()[before]) / MB);
}

/** Resident memory of a process in MB (10^6 bytes). */
export function rss_mb(pid: number): number {
  try {
    return memoryOf(pid).rss / MB;
  } catch {
    return Number.NaN; // it has ended
  }
}

/** CPU time of a process so far, user and system, in ms. */
export { cpuMsOf as cpu_ms } from './cost.ts';

/** How many times longer work takes here while others use the machine: 1 where nobody does. It looks for a second. */
export async function slowdown(): Promise<number> {
  const looks = 20;
  let others = 0;
  for (let at = 0; at < looks; at++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const [, running = 1] = / (\d+)\/\d+ /.exec(readFileSync('/proc/loadavg', 'utf8')) ?? [];
    others += (Number(running) - 1) / looks; // but for this process
  }
  return 1 + others / availableParallelism();
}

/** How many files a process has open. */
export const openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** The highest resident memory until `stop`, which gives it in MB. */
export function watchMemory(pid: number): { stop(): number } {
  let peak = rss_mb(pid);
  const look = (): void => {
    peak = Math.max(peak, rss_mb(pid) || 0); // gone already: what was seen counts
  };
  const timer = setInterval(look, 50).unref();
  return {
    stop() {
      clearInterval(timer);
      look();
      return peak;
    },
  };
}

/** A client that asks for an echo every 20 ms, each with a second to be answered. */
export function quietClient(nc: NatsConnection, subject: string): { stop(): Promise<EchoTimes> } {
  const times: number[] = [];
  let lost = 0;
  let going = true;
  const round = async (): Promise<void> => {
    while (going) {
      const begun = performance.now();
      await nc.request(subject, 'quiet', { timeout: 1000 }).then(
        () => times.push(performance.now() - begun),
        () => {
          lost += 1;
        },
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const over = round();
  return {
    async stop() {
      going = false;
      await over;
      const sorted = times.toSorted((a, b) => a - b);
      const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
      return { count: times.length, lost, p50_ms: at(0.5), p99_ms: at(0.99) };
    },
  };
}

/** What a quiet client saw; the loss is not in the percentiles. */
export interface EchoTimes {
  readonly count: number;
  readonly lost: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

/** Heartbeats as they were made: the sequence number and Unix ms of each, by sequence. */
export interface Beat {
  readonly sequence: number;
  readonly ts: number;
}

/** The heartbeats among messages, each once, in the order of their sequence. */
export function beatsOf(messages: readonly Msg[]): Beat[] {
  const all = new Map<number, Beat>();
  for (const message of messages) {
    if (!message.subject.startsWith('ops.heartbeat.')) continue;
    const read = headerReader(message.headers); // a slim one has its time there only
    const [sequence, ts] = [headerNames.sequence, headerNames.timestamp].map((name) => Number(read(name)));
    all.set(sequence as number, { sequence: sequence as number, ts: ts as number });
  }
  return [...all.values()].sort((a, b) => a.sequence - b.sequence);
}

/** The longest time between two heartbeats in ms, and the sequence numbers that are missing between the first and the last. */
export function gapsOf(beats: readonly Beat[]): { longest_ms: number; missing: number[] } {
  const missing: number[] = [];
  let longest_ms = 0;
  for (const [at, beat] of beats.entries()) {
    const before = beats[at - 1];
    if (before === undefined) continue;
    longest_ms = Math.max(longest_ms, beat.ts - before.ts);
    for (let seq = before.sequence + 1; seq < beat.sequence; seq++) missing.push(seq);
  }
  return { longest_ms, missing };
}
