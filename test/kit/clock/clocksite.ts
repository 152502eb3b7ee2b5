import { readOrUndefined } from '../../../agent/lib/files.ts';
import type { ClockStatus, StatusSnapshot } from '../../../agent/status/snapshot.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { childrenOf, cpuMsOf } from '../process/cost.ts';
import { eventually, tempDir } from '../process/daemon.ts';
import { need } from '../process/tools.ts';
import { type Hub, type RunningUnit, startUnit } from '../unit/site.ts';
import { linuxptp } from './ptp.ts';

/** Something that the unit told, as it came to the hub. */
export interface Told {
  /** When it came, by performance.now(). */
  readonly at_ms: number;
  /** The same as Unix ms. */
  readonly wall_ms: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The words of a verdict in one string: `ptp locked`, `unsynced tracking holdover`. */
type Verdict = string;

/** A unit whose clock is watched, heard at the hub. */
export interface ClockSite extends RunningUnit {
  /** Events of `ops.status`, in the order of their coming. */
  readonly events: readonly Told[];
  /** Records of `ops.metric.time`. */
  readonly metrics: readonly Told[];
  /** Waits for an event at the hub that came at `from_ms` or later. */
  event(
    what: string,
    from_ms: number,
    wanted: (body: Told['body']) => boolean,
    timeoutMs?: number,
  ): Promise<Told>;
  /** Waits for the event at the hub by which the verdict became this one, at `from_ms` or later. */
  becomes(verdict: Verdict, from_ms: number, timeoutMs?: number): Promise<Told>;
  /** The verdicts that were told from then on. */
  timeline(from_ms: number): Verdict[];
  /** What its status server says of the clock. */
  clock(): Promise<ClockStatus>;
  /** Waits until its status server gives this reason, and gives the sentence with it. */
  reason(code: string, timeoutMs?: number): Promise<string>;
  /** The pmc that it runs; undefined when there is none. */
  pmc(): number | undefined;
  /** CPU time in ms that agent and pmc have used. */
  cpu_ms(): number;
}

const wordOf = (after: unknown): Verdict => {
  const { source, quality, holdover } = after as { source: string; quality: string; holdover?: boolean };
  return `${source} ${quality}${holdover === true ? ' holdover' : ''}`;
};

/** Starts a unit of the example hub that looks at its clock each second, at least when that changes, and sees no other processes. */
export async function clockSite(
  owner: Cleanup,
  hub: Hub,
  opts: {
    readonly unit: 'demo-01' | 'demo-02';
    readonly server: string;
    readonly time: readonly string[];
    readonly interval_s?: number;
  },
): Promise<ClockSite> {
  const { unit } = opts;
  const events: Told[] = [];
  const metrics: Told[] = [];
  const hear = (subject: string, into: Told[]): void => {
    hub.nc.subscribe(subject, {
      callback: (_error, message) =>
        void into.push({ at_ms: performance.now(), wall_ms: Date.now(), body: message.json() }),
    });
  };
  hear(`ops.status.*.${unit}`, events);
  hear(`ops.metric.time.${unit}`, metrics);
  await hub.nc.flush();
  const site = await startUnit(owner, {
    dir: tempDir(owner, unit),
    unit,
    server: opts.server,
    hubPort: hub.leafPort,
    interval_s: opts.interval_s ?? 1,
    alone: true,
    time: [`option pmc '${linuxptp('pmc')}'`, `option chronyc '${need('chronyc')}'`, ...opts.time],
  });
  const event: ClockSite['event'] = (what, from_ms, wanted, timeoutMs = 15_000) =>
    eventually(
      `${unit}: ${what}`,
      () => events.find(({ at_ms, body }) => at_ms >= from_ms && wanted(body)),
      timeoutMs,
    ).catch((error: Error) => {
      const told = events.filter(({ at_ms }) => at_ms >= from_ms);
      const lines = told.map(
        ({ at_ms, body }) => `${Math.round(at_ms - from_ms)} ms ${JSON.stringify(body)}`,
      );
      throw new Error([error.message, ...lines].join('\n'));
    });
  const clock = async (): Promise<ClockStatus> => {
    const { clock: status } = (await site.status()) as unknown as StatusSnapshot;
    if (status === undefined) throw new Error(`${unit} says nothing of its clock`);
    return status;
  };
  const pmc = (): number | undefined =>
    childrenOf(site.agent().pid).find((pid) => readOrUndefined(`/proc/${pid}/comm`)?.trim() === 'pmc'); // it may just have ended
  return {
    ...site,
    events,
    metrics,
    event,
    becomes: (verdict, from_ms, timeoutMs) =>
      event(
        `became ${verdict}`,
        from_ms,
        ({ event: name, after }) => name === 'clock' && wordOf(after) === verdict,
        timeoutMs,
      ),
    timeline: (from_ms) =>
      events.flatMap(({ at_ms, body }) =>
        at_ms >= from_ms && body['event'] === 'clock' ? [wordOf(body['after'])] : [],
      ),
    clock,
    reason: (code, timeoutMs) =>
      eventually(
        `${unit}: reason ${code}`,
        async () => {
          const { reasons, evidence } = await clock();
          return reasons.includes(code) && evidence;
        },
        timeoutMs,
        100,
      ).catch(async (error: Error) => {
        throw new Error(`${error.message}\n${JSON.stringify(await clock())}`);
      }),
    pmc,
    cpu_ms: () => [site.agent().pid, pmc()].reduce<number>((sum, pid) => sum + (pid ? cpuMsOf(pid) : 0), 0),
  };
}
