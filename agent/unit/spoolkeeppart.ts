import { bootId } from '../lib/bootid.ts';
import type { SpoolRecord } from '../nats/spool.ts';
import { subjectsOf } from '../nats/subjects.ts';
import type { Ground, PlanOf } from './parts.ts';
import { type Found, keepSpool } from './spoolkeep.ts';

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

const startRecord = (
  found: Found,
  of: {
    readonly unit: string;
    readonly role: string;
    readonly boot: string;
    readonly file: string | undefined;
  },
  wall_us: number,
): SpoolRecord => {
  const { before, restored, broken } = found;
  const { unit, role, boot } = of;
  return {
    subject: subjectsOf(unit, role).status,
    worth: 'event',
    body: {
      ts: Math.floor(wall_us / 1000),
      unit_id: unit,
      role,
      event: 'start',
      before: before && {
        boot: before.boot,
        ended: before.ended,
        last_seq: before.last_seq,
        wall_ms: Math.floor(before.wall_ms),
      },
      after: { boot, restored, broken },
      evidence: sayBefore(found, of.file),
    },
  };
};

/** What waits outlives the agent, where the config names a file for it. */
export function spoolKeepPart({ ticker, wall, console, boot }: Ground): PlanOf<'spoolKeep'>['spoolKeep'] {
  return {
    needs: ['spool'],
    inputs: ({ config: { spool } }) => [spool.snapshot_file, spool.snapshot_s],
    adapt: (keep, { config: { spool } }) =>
      keep.configure({ file: spool.snapshot_file, every_s: spool.snapshot_s }),
    start({ config: { agent, spool } }, parts) {
      const { unit, role } = agent;
      const file = spool.snapshot_file;
      return keepSpool(
        {
          spool: parts.spool,
          ticker,
          log: console.log.part('spool'),
          wall_ms: () => wall.now_us() / 1000,
          started: (found) =>
            void parts.spool.put(startRecord(found, { unit, role, boot, file }, wall.now_us())),
        },
        { unit, boot, kernel_boot: bootId() },
        { file, every_s: spool.snapshot_s },
      );
    },
  };
}
