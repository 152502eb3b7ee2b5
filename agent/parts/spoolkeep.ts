import { bootId } from '../device/bootid.ts';
import { known } from '../lib/known.ts';
import { type Found, keepSpool } from '../records/snapshot.ts';
import { statusRecord } from '../status/events.ts';
import type { StatusChange } from '../wire/reports.ts';
import { part } from './part.ts';
import { spoolPart } from './spool.ts';

/** What is said of the run before; nothing is made up where nothing is known. */
function sayBefore({ before, broken }: Found, file: string | undefined): string {
  const lost = broken > 0 ? `; ${broken} records in the snapshot could not be read` : '';
  if (before !== undefined)
    return before.ended === 'stop'
      ? `the run before ended with a stop at its record ${before.last_seq}${lost}`
      : `the run before ended without a stop: what it made after its record ${before.last_seq} may be missing${lost}`;
  const why = file === undefined ? 'spool.snapshot_file is not set' : `there is none in ${file}`;
  return broken > 0
    ? `of the run before nothing is known${lost}`
    : `of the run before no snapshot is left: ${why}`;
}

/** That this run began, and what is known of the one before. */
const startOf = (found: Found, boot: string, file: string | undefined): StatusChange => {
  const { before, restored, broken } = found;
  return {
    event: 'start',
    ...known({
      before: before && {
        boot: before.boot,
        ended: before.ended,
        last_seq: before.last_seq,
        wall_ms: Math.floor(before.wall_ms),
      },
    }),
    after: { boot, restored, broken },
    evidence: sayBefore(found, file),
  };
};

/** What waits outlives the agent, where the config names a file for it. */
export const spoolKeepPart = part({
  name: 'spoolKeep',
  needs: { spool: spoolPart },
  inputs: ({ config: { spool } }) => [spool.snapshot_file, spool.snapshot_s],
  start({ config: { agent, ...config } }, { spool, ticker, wall, log, boot }) {
    const { unit, role } = agent;
    const file = config.spool.snapshot_file;
    const wall_ms = (): number => wall.now_us() / 1000;
    return keepSpool(
      {
        spool,
        ticker,
        log: log.part('spool'),
        wall_ms,
        started: (found) =>
          void spool.put(statusRecord({ unit, role }, wall_ms(), startOf(found, boot, file))),
      },
      { unit, boot, kernel_boot: bootId() },
      { file, every_s: config.spool.snapshot_s },
    );
  },
  adapt: (keep, { config: { spool } }) =>
    keep.configure({ file: spool.snapshot_file, every_s: spool.snapshot_s }),
});
