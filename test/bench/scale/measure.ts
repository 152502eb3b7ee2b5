// One run: so many units at one hub, what all processes used in a time without change, and how all come back at once.
import { execFileSync } from 'node:child_process';
import type { Traffic } from '../../../agent/config/traffic.ts';
import { hubPaths } from '../../../agent/hub/kit/hubdir.ts';
import { jetstream } from '../../kit/hub/fleet.ts';
import { type Cleanup, newOwner } from '../../kit/process/cleanup.ts';
import { costOf } from '../../kit/process/cost.ts';
import { median } from '../figures.ts';
import { pause } from '../section.ts';
import {
  type HubSite,
  type Joined,
  joined,
  type Looked,
  lookAt,
  type SpeakingUnits,
  startHubSite,
  startPageProgram,
  startUnits,
} from './site.ts';

export interface RunOptions {
  readonly count: number;
  readonly traffic: Traffic;
  readonly isCluster: boolean;
  readonly isIsolated: boolean;
  readonly by: Joined;
  readonly hasPage: boolean;
  /** How long is measured. */
  readonly seconds: number;
  /** So long it may take until all are in. */
  readonly most_s: number;
  /** And so long until all are back after a restart: then the row says how many are. */
  readonly back_s: number;
  say(text: string): void;
}

/** What a process used: share of one core, and its memory at most. */
interface Used {
  readonly cpu_percent: number;
  readonly resident_mb: number;
  readonly anonymous_mb: number;
}

/** The row of a run. */
export type Row = Readonly<Record<string, string | number>>;

/** Watches processes once a second. */
async function use(pids: readonly number[], seconds: number): Promise<Used[]> {
  const before = pids.map(costOf);
  const most = before.map(({ rss, anonymous }) => ({ rss, anonymous }));
  const begun = performance.now();
  while (performance.now() - begun < seconds * 1000) {
    await pause(1);
    for (const [at, pid] of pids.entries()) {
      const { rss, anonymous } = costOf(pid);
      const one = most[at];
      if (one !== undefined && rss > one.rss) Object.assign(one, { rss, anonymous });
    }
  }
  const took_ms = performance.now() - begun;
  return pids.map((pid, at) => ({
    cpu_percent: ((costOf(pid).threadMs - (before[at]?.threadMs ?? 0)) / took_ms) * 100,
    resident_mb: (most[at]?.rss ?? 0) / 2 ** 20,
    anonymous_mb: (most[at]?.anonymous ?? 0) / 2 ** 20,
  }));
}

/** What the stream holds, and what it and the roster take on the disk of each server. */
async function storedBy({ nc, kit }: HubSite) {
  const info = await jetstream(nc, 'STREAM.INFO.NUNECT');
  const state = info.state as { messages: number; bytes?: number } | undefined;
  const disk = kit.dirs.map((dir) =>
    Number(execFileSync('du', ['-sb', hubPaths(dir).store], { encoding: 'utf8' }).split('\t')[0]),
  );
  return {
    at_ms: performance.now(),
    messages: state?.messages ?? 0,
    bytes: state?.bytes ?? 0,
    disk: disk[0] ?? 0,
  };
}

const rounded = (value: number): number => Number(value.toPrecision(3));

const lookedAt = (name: string, { took_ms, bytes, failed }: Looked): Row => ({
  ...(failed === 0 ? {} : { [`${name}_failed`]: failed }),
  [`${name}_ms`]: rounded(median(took_ms)),
  [`${name}_worst_ms`]: rounded(Math.max(...took_ms)),
  [`${name}_bytes`]: Math.max(...bytes),
});

/** Starts the page, and lets somebody look at it and something read its metrics. */
async function watchPage(owner: Cleanup, site: HubSite) {
  const page = await startPageProgram(owner, site);
  return {
    pid: page.pid,
    now: lookAt(owner, `${page.url}/now/`, 2),
    metrics: lookAt(owner, `${page.url}/metrics`, 15),
  };
}

async function runWith(owner: Cleanup, options: RunOptions): Promise<Row> {
  const { count, traffic, seconds, most_s, say } = options;
  const site = await startHubSite(owner, options);
  const empty = site.servers().map(({ pid }) => costOf(pid).rss / 2 ** 20);
  const units = await startUnits(owner, site, options);
  const join_s = await joined(units, count, most_s);
  const cpuOf = () => site.servers().map(({ pid }) => costOf(pid).threadMs / 1000);
  say(`${count} joined in ${join_s.toFixed(1)} s, CPU of servers ${cpuOf().map((s) => s.toFixed(1))} s`);
  const join_cpu_s = cpuOf().reduce((sum, s) => sum + s, 0);
  const page = options.hasPage ? await watchPage(owner, site) : undefined;
  await pause(20); // past the first full sets, and past what is held for the first seconds of a link
  const [from, spokenFrom] = [await storedBy(site), await units.counts()];
  const pids = [
    ...site.servers().map(({ pid }) => pid),
    units.pid,
    ...(page === undefined ? [] : [page.pid]),
  ];
  const used = await use(pids, seconds);
  const [to, spokenTo] = [await storedBy(site), await units.counts()];
  const took_s = (to.at_ms - from.at_ms) / 1000;
  const rate = (a: number, b: number): number => rounded((b - a) / took_s);
  const servers = used.slice(0, site.servers().length);
  const [unitsUsed, pageUsed] = used.slice(servers.length);
  const perDay = 86_400 / took_s / count / 1e6;
  const stream_bytes_s = (to.bytes - from.bytes) / took_s;
  return {
    ...{
      units: count,
      traffic,
      servers: servers.length,
      join_s: rounded(join_s),
      join_cpu_s: rounded(join_cpu_s),
    },
    server_cpu: servers.map((one) => one.cpu_percent.toFixed(1)).join(' '),
    server_mb: servers.map((one) => one.resident_mb.toFixed(0)).join(' '),
    empty_mb: empty.map((mb) => mb.toFixed(0)).join(' '),
    units_cpu: rounded(unitsUsed?.cpu_percent ?? 0),
    ...(page === undefined || pageUsed === undefined
      ? {}
      : {
          ...{ page_cpu: rounded(pageUsed.cpu_percent), page_mb: rounded(pageUsed.resident_mb) },
          ...{ page_anonymous_mb: rounded(pageUsed.anonymous_mb) },
          ...lookedAt('now', page.now),
          ...lookedAt('metrics', page.metrics),
        }),
    records_s: rate(from.messages, to.messages),
    stream_bytes_s: rounded(stream_bytes_s),
    disk_bytes_s: rate(from.disk, to.disk),
    days: rounded(site.kit.hub.kept.bytes / stream_bytes_s / 86_400),
    up_mb_day: rounded((spokenTo.to_hub_bytes - spokenFrom.to_hub_bytes) * perDay),
    down_mb_day: rounded((spokenTo.from_hub_bytes - spokenFrom.from_hub_bytes) * perDay),
    interest_lines: spokenTo.interest_lines,
    interest_kb_unit: rounded(spokenTo.interest_bytes / count / 1000),
    failures: spokenTo.failures,
    ...(options.by !== 'leafs' ? {} : await comeBack(site, units, options)),
  };
}

/** All servers end and begin again: time until the last unit is in, what that took, and how much memory. */
async function comeBack(
  site: HubSite,
  units: SpeakingUnits,
  { count, back_s: most_s, say }: RunOptions,
): Promise<Row> {
  const before = await units.counts();
  await site.restart();
  const pids = site.servers().map(({ pid }) => pid);
  let most_mb = 0;
  const timer = setInterval(() => {
    most_mb = Math.max(most_mb, ...pids.map((pid) => costOf(pid).rss / 2 ** 20));
  }, 500);
  try {
    const back_s = await joined(units, count, most_s).catch(() => Number.NaN);
    const after = await units.counts();
    const cpu_s = pids.reduce((sum, pid) => sum + costOf(pid).threadMs / 1000, 0);
    say(`${after.joined} of ${count} back in ${back_s.toFixed(1)} s`);
    return {
      back_joined: after.joined,
      ...{
        back_s: Number.isNaN(back_s) ? `over ${most_s}` : rounded(back_s),
        back_cpu_s: rounded(cpu_s),
        back_most_mb: rounded(most_mb),
      },
      back_failures: after.failures - before.failures,
      back_interest_kb_unit: rounded((after.interest_bytes - before.interest_bytes) / count / 1000),
    };
  } finally {
    clearInterval(timer);
  }
}

/** Runs it, and ends all that it started. */
export async function measureRun(options: RunOptions): Promise<Row> {
  const owner = newOwner();
  return runWith(owner, options).finally(() => owner.end());
}
