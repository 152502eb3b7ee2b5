// A unit at which everything is broken at random, and the books of what came of it.

import type { StatusSnapshot } from '../../agent/status/snapshot.ts';
import { readStream, type StoredRecord } from '../kit/hub/storedids.ts';
import { seededRandom } from '../kit/lib/random.ts';
import type { Cleanup } from '../kit/process/cleanup.ts';
import { eventually } from '../kit/process/daemon.ts';
import type { HeapFigures } from '../kit/process/instrument.ts';
import type { Action, Scene, Thing } from './action.ts';
import { crowds } from './crowds.ts';
import { kills } from './kills.ts';
import { type Ledger, makeLedger } from './ledger.ts';
import { paths } from './paths.ts';
import { openPlace, type Place, unit } from './place.ts';
import { settings } from './settings.ts';
import { streams } from './streams.ts';
import { type Vitals, watchVitals } from './vitals.ts';

export interface ChaosOptions {
  readonly server: string;
  readonly seed: number;
  /** How long things are broken, in s; setting up, calming down and counting come on top. */
  readonly seconds: number;
  /** Length of the two calm times in which memory is measured, in s. */
  readonly calm_s: number;
  /** Longest for which anything is held broken, in s. */
  readonly held_s: number;
  readonly ptp: boolean;
  /** Told what is done, line by line. */
  log(line: string): void;
  /** Told what was started, for who wants to keep its files. */
  opened?(place: Place): void;
}

/** What is left of the agent when it is quiet. */
export interface Calm extends Vitals {
  readonly heap: HeapFigures;
}

export interface ChaosResult {
  readonly ledger: Ledger;
  /** The same process, before and after the second half. */
  readonly begin: Calm;
  readonly end: Calm;
  /** How often each action was done. */
  readonly done: ReadonlyMap<string, number>;
  readonly runs: number;
  readonly oddities: readonly string[];
  /** A locked clock told while its daemon was dead or stood still for longer than it takes to notice. */
  readonly lockedInVain: readonly string[];
  /** How often it was seen locked, and how often a daemon was silent for so long. */
  readonly locks: number;
  readonly silences: number;
  /** What the agent counted as acknowledged between the two calm times, and how many the stream got. */
  readonly acknowledged: number;
  readonly arrived: number;
  /** What it published in that time without an acknowledgement: nobody told it whether that is stored. */
  readonly published: number;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const actions: readonly Action[] = [...kills, ...paths, ...streams, ...settings, ...crowds];
/** After a daemon fell silent its source may be told as locked for that long. */
const noticed_ms = 10_000;

/** Breaks and mends until `until_ms`, several things at once, each by itself only once at a time. */
async function breakThings(
  scene: Scene,
  chosen: readonly Action[],
  until_ms: number,
  opts: ChaosOptions,
  random: () => number,
  done: Map<string, number>,
): Promise<void> {
  const busy = new Set<Thing>();
  const going = new Set<Promise<void>>();
  let failure: unknown;
  const start = (action: Action): void => {
    const own = seededRandom(Math.floor(random() * 2 ** 31));
    const [least_s, most_s] = action.held_s;
    const hold_s = Math.min(least_s + own() * (most_s - least_s), Math.max(least_s, opts.held_s));
    done.set(action.name, (done.get(action.name) ?? 0) + 1);
    scene.note(`${action.name}, ${hold_s.toFixed(1)} s`);
    for (const thing of action.things) busy.add(thing);
    const work = action
      .run(scene, () => pause(hold_s * 1000), own)
      .catch((error: unknown) => {
        failure ??= new Error(`${action.name}: ${error}`, { cause: error });
      })
      .finally(() => {
        for (const thing of action.things) busy.delete(thing);
        going.delete(work);
      });
    going.add(work);
  };
  while (performance.now() < until_ms && failure === undefined) {
    const free = chosen.filter(
      (action) => action.things.every((thing) => !busy.has(thing)) && (action.can?.(scene) ?? true),
    );
    const lots = free.flatMap((action) => Array.from({ length: action.weight ?? 1 }, () => action));
    const action = lots[Math.floor(random() * lots.length)];
    if (action !== undefined && going.size < 4) start(action);
    await pause(100 + random() * 2000);
  }
  await Promise.all(going);
  if (failure !== undefined) throw failure;
}

/** Waits until the unit is as if nothing had been, but for records dropped: that it tells until its next start. */
async function healed(scene: Scene): Promise<void> {
  const begun = performance.now();
  let last = 'no answer';
  await eventually(
    'the unit has recovered',
    async () => {
      const now = await scene.status().catch(() => undefined);
      last = JSON.stringify({ problems: now?.problems, spool: now?.spool, link: now?.link });
      const isStored = now?.spool?.state === 'stored' && now.spool.records <= 2;
      const wrong = now?.troubles.filter(({ weight, key }) => weight !== 'note' && key !== 'records dropped');
      return isStored && now?.link.hub_up === true && wrong?.length === 0;
    },
    120_000,
    200,
  ).catch((error: Error) => {
    throw new Error(`${error.message}: ${last}`);
  });
  scene.note(`recovered after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
}

async function calm(scene: Scene, seconds: number): Promise<Calm> {
  await pause(6000); // connections that nobody uses any more are ended after 5 s
  await scene.instrument.collect(scene.watch.run().pid);
  const vitals = await scene.watch.median(seconds);
  return { ...vitals, heap: await scene.instrument.collect(scene.watch.run().pid) };
}

/** A status that is being made now: one is shown for up to a second. */
async function freshStatus(scene: Scene): Promise<StatusSnapshot> {
  const { uptime_s } = await scene.status();
  return eventually(
    'another status',
    async () => {
      const now = await scene.status();
      return now.uptime_s !== uptime_s && now;
    },
    15_000,
    20,
  );
}

/**
 * What the agent counts as acknowledged, and what the stream has at the same moment, when nothing is on its way. Slim records,
 * which nobody acknowledges, have no id.
 */
async function counted(scene: Scene): Promise<Pick<ChaosResult, 'acknowledged' | 'arrived' | 'published'>> {
  return eventually('a moment without waiting records', async () => {
    const { spool } = await freshStatus(scene);
    const all = [...scene.archive.flat(), ...(await readStream(scene.hub.nc, 'NUNECT'))];
    const arrived = all.filter(({ id }) => id !== '').length;
    return spool?.records === 0 && { acknowledged: spool.stored, published: spool.published, arrived };
  });
}

/** The unit's records. One that waited for its answer when its stream was deleted may be in the next one, too. */
function ofAllStreams(each: readonly (readonly StoredRecord[])[]): readonly StoredRecord[] {
  const before = new Set<string>();
  return each.flatMap((records) => {
    const found = records.filter(({ id }) => id.startsWith(`${unit}-`) && !before.has(id));
    for (const { id } of found) before.add(id);
    return found;
  });
}

/** Locks that were told of a source that was silent for long. */
const vainLocks = ({ dark, watch }: Scene): string[] =>
  dark.flatMap(({ source, from_ms, until_ms }) =>
    watch.locks
      .filter(
        (lock) => lock.source === source && lock.from_ms > from_ms + noticed_ms && lock.until_ms < until_ms,
      )
      .map(
        (lock) =>
          `${source} still locked ${Math.round(lock.from_ms - from_ms)} ms after its daemon stopped answering`,
      ),
  );

/** Runs it. Rejects when the unit does not get well again; what it did wrong besides is in the result. */
export async function chaos(owner: Cleanup, opts: ChaosOptions): Promise<ChaosResult> {
  const random = seededRandom(opts.seed);
  const begun = performance.now();
  const note = (text: string): void =>
    opts.log(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${text}`);
  const place = await openPlace(owner, opts.server, { ptp: opts.ptp, random });
  opts.opened?.(place);
  const watch = watchVitals(place);
  owner.after(() => watch.stop());
  const scene: Scene = {
    ...place,
    watch,
    endedAt_ms: new Map(),
    dark: [],
    changes: new Set(),
    archive: [],
    note,
  };
  watch.begun();
  await healed(scene);
  const done = new Map<string, number>();
  const spread = (chosen: readonly Action[], share: number): Promise<void> =>
    breakThings(scene, chosen, performance.now() + opts.seconds * share * 1000, opts, random, done);

  await spread(actions, 0.45);
  await healed(scene);
  for (const crowd of crowds) await crowd.run(scene, () => pause(500), random); // what a start grows by is no leak
  const begin = await calm(scene, opts.calm_s);
  const before = await counted(scene);

  await spread(
    actions.filter(({ endsAgent }) => endsAgent !== true),
    0.55,
  );
  await healed(scene);
  const end = await calm(scene, opts.calm_s);
  const after = await counted(scene);

  const records = ofAllStreams([...scene.archive, await readStream(place.hub.nc, 'NUNECT')]);
  watch.stop();
  return {
    ledger: makeLedger(records, watch.runs, scene.endedAt_ms),
    begin,
    end,
    done,
    runs: watch.runs.length,
    oddities: [...watch.oddities],
    lockedInVain: vainLocks(scene),
    locks: watch.locks.length,
    silences: scene.dark.filter(({ from_ms, until_ms }) => until_ms - from_ms > noticed_ms).length,
    acknowledged: after.acknowledged - before.acknowledged,
    arrived: after.arrived - before.arrived,
    published: after.published - before.published,
  };
}
