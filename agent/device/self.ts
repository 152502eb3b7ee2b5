import { performance } from 'node:perf_hooks';
import { namesIn } from '../lib/files.ts';
import { shared, shareMs } from '../lib/shared.ts';

/** What the agent itself costs the device. */
export interface SelfFacts {
  /** CPU time since the start, user and system. */
  readonly cpu_ms: number;
  /** Share of one core since the reading before. */
  readonly cpu_percent?: number;
  /** How often one of its threads has gone to sleep since the start, to be woken later; left out where that is not counted. */
  readonly wakeups?: number;
  /** The same since the reading before, each second. */
  readonly wakeups_per_s?: number;
  readonly rss_bytes: number;
  readonly heap_used_bytes: number;
  /** Child processes started since the start; steady state adds none but `ss`, each five minutes. */
  readonly children_started: number;
  readonly open_files?: number;
  /** Share of the time since the reading before in which the event loop was busy; not known under Bun. */
  readonly loop_busy_percent?: number;
}

export interface SelfProbe {
  /** Readings within half a second are one. Never rejects. */
  read(): Promise<SelfFacts>;
}

export interface SelfDeps {
  now_ms(): number;
  childrenStarted(): number;
}

/** A probe of this process. It keeps no timer: event loop utilisation is counted by libuv anyway (Bun says 0 and 0). */
export function selfProbe(deps: SelfDeps): SelfProbe {
  let before: { at_ms: number; cpu_ms: number; wakeups: number } | undefined;
  let loop = performance.eventLoopUtilization();
  let memory = process.memoryUsage();

  const readAll = async (): Promise<SelfFacts> => {
    const at_ms = deps.now_ms();
    const used = process.cpuUsage();
    const cpu_ms = Math.round((used.user + used.system) / 1000);
    const passed = before === undefined ? 0 : at_ms - before.at_ms;
    const cpu_percent = before && passed > 0 ? ((cpu_ms - before.cpu_ms) / passed) * 100 : undefined;
    const { voluntaryContextSwitches: wakeups } = process.resourceUsage(); // of all threads
    const perSecond = before && passed > 0 ? ((wakeups - before.wakeups) / passed) * 1000 : undefined;
    before = { at_ms, cpu_ms, wakeups };

    const loopNow = performance.eventLoopUtilization();
    const busy = performance.eventLoopUtilization(loopNow, loop);
    const counted = busy.idle + busy.active > 0;
    loop = loopNow;

    const files = namesIn('/proc/self/fd').length;
    try {
      memory = process.memoryUsage();
    } catch {
      // it opens a file, and there may be none left: the last figures stand
    }
    const { rss, heapUsed } = memory;
    return {
      cpu_ms,
      ...(cpu_percent === undefined ? {} : { cpu_percent: Math.round(cpu_percent * 100) / 100 }),
      ...(wakeups > 0 && { wakeups }),
      ...(wakeups > 0 && perSecond !== undefined && { wakeups_per_s: Math.round(perSecond * 10) / 10 }),
      rss_bytes: rss,
      heap_used_bytes: heapUsed,
      children_started: deps.childrenStarted(),
      ...(files > 0 && { open_files: files - 1 }), // one was open to list them
      ...(counted ? { loop_busy_percent: Math.round(busy.utilization * 1000) / 10 } : {}),
    };
  };

  return { read: shared(readAll, deps.now_ms, shareMs) };
}
