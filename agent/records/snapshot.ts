import { rename, rm } from 'node:fs/promises';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Ticker } from '../lib/ticker.ts';
import type { WaitingRecords } from './contents.ts';
import { checkReplaceable, readOwnLines, replaceFile } from './ownfile.ts';
import {
  readSnapshot,
  type SnapshotContent,
  type SnapshotHeader,
  snapshotText,
  withTimesOfThisBoot,
} from './snapshottext.ts';
import type { Spool } from './spool.ts';

/** What the snapshot of the previous run had in it. */
export interface PreviousRun {
  /** Missing when no snapshot was left, or its first line is broken. */
  readonly header?: SnapshotHeader;
  /** Records that were restored, and those that could not be read. */
  readonly restored: number;
  readonly broken: number;
}

export interface SnapshotDeps {
  readonly spool: Pick<Spool, 'waiting' | 'untold' | 'restore' | 'stats'>;
  readonly ticker: Ticker;
  readonly log: Log;
  /** Unix ms. */
  wall_ms(): number;
  /** Called once, after the snapshot was looked for. */
  started(previous: PreviousRun): void;
}

export interface SnapshotOptions {
  /** No snapshot is kept without it. */
  readonly file: string | undefined;
  readonly every_s: number;
}

/** Whose records they are, of which run of the agent, and of which boot of the machine. */
export type SnapshotOwner = Pick<SnapshotHeader, 'unit' | 'boot' | 'kernel_boot'>;

/** Keeps waiting records in a file over restarts. */
export interface SnapshotKeeper {
  /** Why the snapshot cannot be kept, with the file and the error; undefined when it can. */
  trouble(): string | undefined;
  configure(opts: SnapshotOptions): void;
  /** Writes the records that wait and the gap that is not reported yet, if there are any. */
  stop(): Promise<void>;
}

interface KeeperState {
  readonly deps: SnapshotDeps;
  readonly owner: SnapshotOwner;
  opts: SnapshotOptions;
  trouble: string | undefined;
  /** The mark of what is in the file; empty when there is none. */
  written: string;
  /** Monotonic ms: all records in the file were put before. */
  written_ms: number;
  /** How many the gap in the file tells of. */
  writtenGap: number;
  /** Monotonic ms of the next write in an outage. */
  due_ms: number;
  /** The last job on the file. */
  lastJob: Promise<void>;
}

const lookEvery_ms = 5000;
/** Records that wait for less than this are only on their way. */
const outageFrom_s = 30;

/** Changes when the waiting records do (they are added only at the end, and otherwise become fewer) or the gap. */
const markOf = ({ records, gap }: WaitingRecords, ended: string): string =>
  [ended, gap?.count ?? 0, records.length, records.at(-1)?.id, records[0]?.shift_ms ?? 0].join(' ');

/** Does one job at a time; a job that fails is the trouble until another succeeds. */
function run(s: KeeperState, file: string, job: () => Promise<void>): Promise<void> {
  s.lastJob = s.lastJob.then(job).then(
    () => {
      s.trouble = undefined;
    },
    (error: unknown) => {
      s.trouble = `the snapshot of waiting records, ${file}: ${messageOf(error)}`;
    },
  );
  return s.lastJob;
}

async function moveAside(s: KeeperState, file: string, { header }: SnapshotContent): Promise<void> {
  await rename(file, `${file}.other`);
  const whose = header === undefined ? 'no snapshot of this unit' : `of unit ${header.unit}`;
  s.deps.log.warn('the snapshot file was not a snapshot of this unit; renamed', {
    file: `${file}.other`,
    whose,
  });
}

async function restore(s: KeeperState, file: string): Promise<PreviousRun> {
  const nothing = { restored: 0, broken: 0 };
  const { owner } = s;
  const lines = await readOwnLines(file);
  if (lines === undefined || lines.length === 0) return nothing;
  const content = readSnapshot(lines, owner.unit);
  const { header, records, broken } = content;
  if (records.length === 0 && header?.unit !== owner.unit) {
    await moveAside(s, file, content);
    return nothing;
  }
  const mono_ms = s.deps.ticker.now_ms();
  s.deps.spool.restore(
    withTimesOfThisBoot(content, { kernel_boot: owner.kernel_boot, mono_ms }),
    header?.gap,
  );
  s.written = 'by an earlier run';
  s.written_ms = mono_ms;
  return { restored: records.length, broken, ...(header === undefined ? {} : { header }) };
}

function logPrevious(log: Log, file: string, { header, restored, broken }: PreviousRun): void {
  if (restored > 0) log.info('restored records of the previous run', { file, records: restored });
  if (broken > 0) log.warn('records in the snapshot could not be read', { file, records: broken });
  if (header?.ended !== 'running') return;
  log.warn(
    'the previous run ended without a stop: records that it made after its last snapshot may be missing',
    { boot: header.boot, last_seq: header.last_seq, at: new Date(header.wall_ms).toISOString() },
  );
}

/** Restores what is in the file and checks that it can be written. */
async function open(s: KeeperState, file: string): Promise<PreviousRun> {
  let previous: PreviousRun = { restored: 0, broken: 0 };
  await run(s, file, async () => {
    previous = await restore(s, file);
    await checkReplaceable(file);
  });
  logPrevious(s.deps.log, file, previous);
  return previous;
}

async function write(s: KeeperState, file: string, ended: SnapshotHeader['ended']): Promise<void> {
  const { ticker, spool, wall_ms } = s.deps;
  const mono_ms = ticker.now_ms();
  const waiting = spool.waiting();
  const mark = markOf(waiting, ended);
  if (mark === s.written) return;
  const header = { ...s.owner, ended, mono_ms, wall_ms: wall_ms() };
  await replaceFile(file, snapshotText(header, waiting));
  s.written = mark;
  s.written_ms = mono_ms;
  s.writtenGap = waiting.gap?.count ?? 0;
}

async function remove(s: KeeperState, file: string): Promise<void> {
  if (s.written !== '') await rm(file, { force: true });
  s.written = '';
  s.writtenGap = 0;
}

/**
 * Removes the file when none of its records waits any more and nothing is untold; writes it when that is due in an outage or
 * while something is untold, and at once when its gap was told: the next run must not tell it again.
 */
function look(s: KeeperState): void {
  const { file, every_s } = s.opts;
  if (file === undefined) return;
  const { spool, ticker } = s.deps;
  const now_ms = ticker.now_ms();
  const isDue = now_ms >= s.due_ms;
  if (isDue) s.due_ms = now_ms + every_s * 1000;
  const age_s = spool.stats().oldest_age_s ?? -1;
  const untold = spool.untold();
  if (s.written !== '' && untold === 0 && age_s * 1000 < now_ms - s.written_ms)
    void run(s, file, () => remove(s, file));
  else if (untold < s.writtenGap || (isDue && (untold > 0 || age_s >= outageFrom_s)))
    void run(s, file, () => write(s, file, 'running'));
  else if (isDue) void run(s, file, () => checkReplaceable(file));
}

async function begin(s: KeeperState, file: string): Promise<void> {
  const previous = await open(s, file);
  s.deps.started(previous);
  // from now on the file is of this run: if it is killed, the next run must not take it for the file of the one before
  if (previous.restored > 0 || previous.header?.gap !== undefined)
    await run(s, file, () => write(s, file, 'running'));
}

function configure(s: KeeperState, opts: SnapshotOptions): void {
  const before = s.opts.file;
  s.opts = opts;
  s.due_ms = Math.min(s.due_ms, s.deps.ticker.now_ms() + opts.every_s * 1000);
  if (opts.file === before) return;
  if (before !== undefined) void run(s, before, () => remove(s, before));
  s.trouble = undefined;
  if (opts.file !== undefined) void open(s, opts.file);
}

async function stop(s: KeeperState): Promise<void> {
  const { file } = s.opts;
  if (file === undefined) return;
  const isEmpty = (): boolean => {
    const { records, gap } = s.deps.spool.waiting();
    return records.length === 0 && gap === undefined;
  };
  await run(s, file, () => (isEmpty() ? remove(s, file) : write(s, file, 'stop')));
  if (s.trouble !== undefined) s.deps.log.error('waiting records are lost at this stop', { why: s.trouble });
}

/**
 * Restores the records of an earlier run, and writes those that wait at the stop and, in an outage, every `every_s`.
 * When nothing waits any more the file is removed. A file that is not a snapshot of this unit is moved to
 * `<file>.other`, in place of one that is there already.
 */
export function keepSnapshot(
  deps: SnapshotDeps,
  owner: SnapshotOwner,
  opts: SnapshotOptions,
): SnapshotKeeper {
  const s: KeeperState = {
    deps,
    owner,
    opts,
    trouble: undefined,
    written: '',
    written_ms: 0,
    writtenGap: 0,
    due_ms: deps.ticker.now_ms() + opts.every_s * 1000,
    lastJob: Promise.resolve(),
  };
  if (opts.file === undefined) deps.started({ restored: 0, broken: 0 });
  else void begin(s, opts.file);
  const cancel = deps.ticker.every(lookEvery_ms, () => look(s));
  return {
    trouble: () => s.trouble,
    configure: (changed) => configure(s, changed),
    async stop() {
      cancel();
      await stop(s);
    },
  };
}
