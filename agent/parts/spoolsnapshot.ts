import { bootId } from '../device/bootid.ts';
import { messageOf } from '../lib/errors.ts';
import { known } from '../lib/known.ts';
import type { PreviousRun, SnapshotKeeper, SnapshotOptions } from '../records/snapshot.ts';
import { statusRecord } from '../status/events.ts';
import type { StatusChange } from '../wire/reports.ts';
import { part } from './part.ts';
import { spoolPart } from './spool.ts';

/** What is known about the end of the previous run, in words. */
function previousInWords({ header, broken }: PreviousRun, file: string | undefined): string {
  const lost = broken > 0 ? `; ${broken} records in the snapshot could not be read` : '';
  if (header !== undefined)
    return header.ended === 'stop'
      ? `the previous run ended with a stop at its record ${header.last_seq}${lost}`
      : `the previous run ended without a stop: what it made after its record ${header.last_seq} may be missing${lost}`;
  const why = file === undefined ? 'spool.snapshot_file is not set' : `none was found in ${file}`;
  return broken > 0
    ? `nothing is known about the previous run${lost}`
    : `no snapshot of the previous run is left: ${why}`;
}

/** The event that this run began, with what is known about the one before. */
const startEvent = (previous: PreviousRun, boot: string, file: string | undefined): StatusChange => {
  const { header, restored, broken } = previous;
  return {
    event: 'start',
    ...known({
      before: header && {
        boot: header.boot,
        ended: header.ended,
        last_seq: header.last_seq,
        wall_ms: Math.floor(header.wall_ms),
      },
    }),
    after: { boot, restored, broken },
    evidence: previousInWords(previous, file),
  };
};

type Load = (opts: SnapshotOptions, started: (previous: PreviousRun) => void) => Promise<SnapshotKeeper>;

/** Keeps them where the config names a file for it: the code for that is loaded only then. */
async function keepWhereNamed(
  load: Load,
  opts: SnapshotOptions,
  started: (previous: PreviousRun) => void,
): Promise<SnapshotKeeper> {
  let keeper: SnapshotKeeper | undefined;
  let trouble: string | undefined;
  let lastChange = Promise.resolve();
  if (opts.file === undefined) started({ restored: 0, broken: 0 });
  else keeper = await load(opts, started);
  const change = async (next: SnapshotOptions): Promise<void> => {
    trouble = undefined;
    try {
      if (next.file !== undefined) keeper ??= await load({ ...next, file: undefined }, () => {}); // the start has been told
      keeper?.configure(next);
    } catch (error) {
      trouble = `the snapshot of waiting records, ${next.file}: ${messageOf(error)}`;
    }
  };
  return {
    trouble: () => trouble ?? keeper?.trouble(),
    configure(next) {
      lastChange = lastChange.then(() => change(next));
    },
    async stop() {
      await lastChange;
      await keeper?.stop();
    },
  };
}

/** Keeps waiting records over restarts. */
export const spoolSnapshotPart = part({
  name: 'spoolSnapshot',
  needs: { spool: spoolPart },
  inputs: ({ config: { spool } }) => [spool.snapshot_file, spool.snapshot_s],
  start({ config: { agent, ...config } }, { spool, ticker, wall, log, boot }) {
    const { unit, role } = agent;
    const file = config.spool.snapshot_file;
    const wall_ms = (): number => wall.now_us() / 1000;
    return keepWhereNamed(
      async (opts, started) =>
        (await import('../records/snapshot.ts')).keepSnapshot(
          { spool, ticker, log: log.part('spool'), wall_ms, started },
          { unit, boot, kernel_boot: bootId() },
          opts,
        ),
      { file, every_s: config.spool.snapshot_s },
      (previous) => void spool.put(statusRecord({ unit, role }, wall_ms(), startEvent(previous, boot, file))),
    );
  },
  adapt: (keep, { config: { spool } }) =>
    keep.configure({ file: spool.snapshot_file, every_s: spool.snapshot_s }),
});
