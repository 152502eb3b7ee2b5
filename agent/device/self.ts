import { readdir } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { shared, shareMs } from '../lib/shared.ts';

/** What the agent itself costs the device. */
export interface SelfFacts {
  /** CPU time since the start, user and system. */
  readonly cpu_ms: number;
  /** Share of one core since the reading before. */
  readonly cpu_percent?: number;
  readonly rss_bytes: number;
  readonly heap_used_bytes: number;
  /** Child processes started since the start; steady state adds none. */
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
  let before: { at_ms: number; cpu_ms: number } | undefined;
  let loop = performance.eventLoopUtilization();
  let memory = process.memoryUsage();

  const readAll = async (): Promise<SelfFacts> => {
    const at_ms = deps.now_ms();
    const used = process.cpuUsage();
    const cpu_ms = Math.round((used.user + used.system) / 1000);
    const passed = before === undefined ? 0 : at_ms - before.at_ms;
    const cpu_percent = before && passed > 0 ? ((cpu_ms - before.cpu_ms) / passed) * 100 : undefined;
    before = { at_ms, cpu_ms };

    const loopNow = performance.eventLoopUtilization();
    const busy = performance.eventLoopUtilization(loopNow, loop);
    const counted = busy.idle + busy.active > 0;
    loop = loopNow;

    const files = await readdir('/proc/self/fd').catch(() => undefined);
    try {
      memory = process.memoryUsage();
    } catch {
      // it opens a file, and there may be none left: the last figures stand
    }
    const { rss, heapUsed } = memory;
    return {
      cpu_ms,
      ...(cpu_percent === undefined ? {} : { cpu_percent: Math.round(cpu_percent * 100) / 100 }),
      rss_bytes: rss,
      heap_used_bytes: heapUsed,
      children_started: deps.childrenStarted(),
      ...(files === undefined ? {} : { open_files: files.length - 1 }), // one was open to list them
      ...(counted ? { loop_busy_percent: Math.round(busy.utilization * 1000) / 10 } : {}),
    };
  };

  return { read: shared(readAll, deps.now_ms, shareMs) };
}
