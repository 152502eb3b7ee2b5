import { rename, rm } from 'node:fs/promises';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Ticker } from '../lib/ticker.ts';
import { checkReplaceable, readOwnLines, replaceFile } from './ownfile.ts';
import { readSpoolText, type SpoolContent, type SpoolHeader, settle, spoolText } from './snapshottext.ts';
import type { Spool, Waiting } from './spool.ts';

/** What a start found of the run before. */
export interface Found {
  /** Missing when no snapshot was left, or its first line is broken. */
  readonly before?: SpoolHeader;
  /** Records that were taken back, and those that could not be read. */
  readonly restored: number;
  readonly broken: number;
}

export interface SpoolKeepDeps {
  readonly spool: Pick<Spool, 'waiting' | 'restore' | 'stats'>;
  readonly ticker: Ticker;
  readonly log: Log;
  /** Unix ms. */
  wall_ms(): number;
  /** Told once, when the snapshot has been looked for. */
  started(found: Found): void;
}

export interface SpoolKeepOptions {
  readonly file: string | undefined;
  readonly every_s: number;
}

/** Whose records they are, of which run of the agent, and of which boot of the machine. */
export type SpoolOwner = Pick<SpoolHeader, 'unit' | 'boot' | 'kernel_boot'>;

/** Keeps what waits in a file, over restarts. */
export interface SpoolKeep {
  /** What keeps it from that, with the file and the error; undefined when nothing does. */
  trouble(): string | undefined;
  configure(opts: SpoolKeepOptions): void;
  /** Writes what waits, if anything does. */
  stop(): Promise<void>;
}

const lookEvery_ms = 5000;
/** What waits for less is only on its way. */
const outageFrom_s = 30;

/** Changes when what waits does: records come only at the end, and where they do not, fewer are left. */
const markOf = ({ records }: Waiting, ended: string): string =>
  [ended, records.length, records.at(-1)?.id, records[0]?.shift_ms ?? 0].join(' ');

/**
 * Takes back what an earlier run left, and writes what waits at the stop and, during an outage, every `every_s`.
 * When nothing waits any more the file is removed. A file that is not a snapshot of this unit is moved to
 * `<file>.other`, in place of one that is there already.
 */
export function keepSpool(deps: SpoolKeepDeps, owner: SpoolOwner, first: SpoolKeepOptions): SpoolKeep {
  const { spool, ticker, log } = deps;
  let opts = first;
  let trouble: string | undefined;
  let written = ''; // the mark of what is in the file; '' when there is none
  let written_ms = 0; // all that is in it was put before
  let due_ms = ticker.now_ms() + opts.every_s * 1000;

  /** One thing at a time; whatever fails is the trouble until something succeeds. */
  let work: Promise<unknown> = Promise.resolve();
  function next(file: string, doing: () => Promise<void>): Promise<void> {
    const done = work.then(doing).then(
      () => {
        trouble = undefined;
      },
      (error: unknown) => {
        trouble = `the snapshot of waiting records, ${file}: ${messageOf(error)}`;
      },
    );
    work = done;
    return done;
  }

  async function moveAside(file: string, { header }: SpoolContent): Promise<void> {
    await rename(file, `${file}.other`);
    const whose = header === undefined ? 'no snapshot of this unit' : `of unit ${header.unit}`;
    log.warn('the file for the snapshot was something else: it is kept aside', {
      file: `${file}.other`,
      whose,
    });
  }

  function sayFound(file: string, { before, restored, broken }: Found): void {
    if (restored > 0) log.info('records of the run before are back', { file, records: restored });
    if (broken > 0) log.warn('records in the snapshot could not be read', { file, records: broken });
    if (before?.ended === 'running')
      log.warn(
        'the run before ended without a stop: records that it made after its last snapshot may be missing',
        {
          boot: before.boot,
          last_seq: before.last_seq,
          at: new Date(before.wall_ms).toISOString(),
        },
      );
  }

  async function take(file: string): Promise<Found> {
    const lines = await readOwnLines(file);
    if (lines === undefined || lines.length === 0) return { restored: 0, broken: 0 };
    const content = readSpoolText(lines, owner.unit);
    const { header, records, broken } = content;
    if (records.length === 0 && header?.unit !== owner.unit) {
      await moveAside(file, content);
      return { restored: 0, broken: 0 };
    }
    const now = { kernel_boot: owner.kernel_boot, mono_ms: ticker.now_ms() };
    spool.restore(settle(content, now), header?.gap);
    written = 'by an earlier run';
    written_ms = now.mono_ms;
    return { restored: records.length, broken, ...(header === undefined ? {} : { before: header }) };
  }

  async function open(file: string): Promise<Found> {
    let found: Found = { restored: 0, broken: 0 };
    await next(file, async () => {
      found = await take(file);
      await checkReplaceable(file);
    });
    sayFound(file, found);
    return found;
  }

  async function write(file: string, ended: SpoolHeader['ended']): Promise<void> {
    const at_ms = ticker.now_ms();
    const waiting = spool.waiting();
    const mark = markOf(waiting, ended);
    if (mark === written) return;
    const header = { ...owner, ended, mono_ms: at_ms, wall_ms: deps.wall_ms() };
    await replaceFile(file, spoolText(header, waiting));
    written = mark;
    written_ms = at_ms;
  }

  async function drop(file: string): Promise<void> {
    if (written !== '') await rm(file, { force: true });
    written = '';
  }

  function look(): void {
    const { file, every_s } = opts;
    if (file === undefined) return;
    const now_ms = ticker.now_ms();
    const isDue = now_ms >= due_ms;
    if (isDue) due_ms = now_ms + every_s * 1000;
    const age_s = spool.stats().oldest_age_s ?? -1;
    const isOutage = age_s >= outageFrom_s;
    if (written !== '' && age_s * 1000 < now_ms - written_ms) void next(file, () => drop(file));
    else if (isDue) void next(file, () => (isOutage ? write(file, 'running') : checkReplaceable(file)));
  }

  async function begin(file: string): Promise<void> {
    const found = await open(file);
    deps.started(found);
    // from now on the file is of this run: should it be killed, the next one is not to take it for the one before
    if (found.restored > 0) await next(file, () => write(file, 'running'));
  }

  const { file: firstFile } = opts;
  if (firstFile === undefined) deps.started({ restored: 0, broken: 0 });
  else void begin(firstFile);
  const cancel = ticker.every(lookEvery_ms, look);

  return {
    trouble: () => trouble,
    configure(changed) {
      const before = opts.file;
      opts = changed;
      due_ms = Math.min(due_ms, ticker.now_ms() + changed.every_s * 1000);
      if (changed.file === before) return;
      if (before !== undefined) void next(before, () => drop(before));
      trouble = undefined;
      if (changed.file !== undefined) void open(changed.file);
    },
    async stop() {
      cancel();
      const { file } = opts;
      if (file === undefined) return;
      const isEmpty = (): boolean => spool.stats().pending === 0;
      await next(file, () => (isEmpty() ? drop(file) : write(file, 'stop')));
      if (trouble !== undefined) log.error('what waits is lost with this stop', { why: trouble });
    },
  };
}
