import type { StatusSnapshot } from '../../../agent/status/snapshot.ts';
import { eventually } from '../process/daemon.ts';
import type { RunningUnit } from './site.ts';

/** Waits until the status of a unit is as it should be, and gives it; else what it is and what the agent said is told. */
export async function until(
  one: Pick<RunningUnit, 'status' | 'agent'>,
  what: string,
  is: (now: StatusSnapshot) => unknown,
  limit_ms = 60_000,
): Promise<StatusSnapshot> {
  let last: StatusSnapshot | undefined;
  return eventually(
    what,
    async () => {
      const now = (await one.status().catch(() => undefined)) as unknown as StatusSnapshot | undefined;
      last = now ?? last;
      return now !== undefined && is(now) ? now : undefined;
    },
    limit_ms,
    100,
  ).catch((error: Error) => {
    const { status, problems, spool } = last ?? {};
    const said = one.agent().output().slice(-2000);
    throw new Error(`${error.message}: ${JSON.stringify({ status, problems, spool })}\n${said}`);
  });
}
