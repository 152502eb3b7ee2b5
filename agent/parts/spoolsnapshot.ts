import { bootId } from '../device/bootid.ts';
import { known } from '../lib/known.ts';
import { keepSnapshot, type PreviousRun } from '../records/snapshot.ts';
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

/** Keeps waiting records over restarts, where the config names a file for it. */
export const spoolSnapshotPart = part({
  name: 'spoolSnapshot',
  needs: { spool: spoolPart },
  inputs: ({ config: { spool } }) => [spool.snapshot_file, spool.snapshot_s],
  start({ config: { agent, ...config } }, { spool, ticker, wall, log, boot }) {
    const { unit, role } = agent;
    const file = config.spool.snapshot_file;
    const wall_ms = (): number => wall.now_us() / 1000;
    return keepSnapshot(
      {
        spool,
        ticker,
        log: log.part('spool'),
        wall_ms,
        started: (previous) =>
          void spool.put(statusRecord({ unit, role }, wall_ms(), startEvent(previous, boot, file))),
      },
      { unit, boot, kernel_boot: bootId() },
      { file, every_s: config.spool.snapshot_s },
    );
  },
  adapt: (keep, { config: { spool } }) =>
    keep.configure({ file: spool.snapshot_file, every_s: spool.snapshot_s }),
});
