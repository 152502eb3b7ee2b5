import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import type { AgentFile } from '../config/agentfile.ts';
import { trafficProfileOf } from '../config/traffic.ts';
import type { Log } from '../lib/log.ts';
import { runtime } from '../lib/version.ts';
import type { SpoolLimits } from './contents.ts';

/** What bounds the memory of this process, in bytes. */
interface MemoryLimits {
  /** Of node's heap, beyond which it crashes; Infinity under Bun. */
  readonly heap: number;
  /** Of the device, or of the control group that the process is in. */
  readonly device: number;
}

/** Heap that the agent needs for itself. */
const own_bytes = 16 * 1024 * 1024;

/** As node and the kernel give them. */
function memoryLimits(): MemoryLimits {
  const group = process.constrainedMemory() ?? 0; // 0 or an astronomical number where there is no limit
  return {
    // Bun has no such limit; what it gives for one is ten times its peak so far
    heap: runtime.bun === undefined ? getHeapStatistics().heap_size_limit : Infinity,
    device: Math.min(totalmem(), group > 0 ? group : Infinity),
  };
}

/**
 * Bytes of memory for waiting records: what was asked for, but no more than a third of the heap that is free and half of
 * the device. More would end in a crash, and lose all that waits, just when the outage is long.
 */
export function spoolBudget(asked_bytes: number, log: Log, limits = memoryLimits()): number {
  const most = Math.max(1024 * 1024, Math.floor(Math.min((limits.heap - own_bytes) / 3, limits.device / 2)));
  if (asked_bytes <= most) return asked_bytes;
  log.warn('spool.memory_kb is more than this device allows', {
    asked_kb: Math.floor(asked_bytes / 1024),
    given_kb: Math.floor(most / 1024),
  });
  return most;
}

/**
 * Whether records are for a hub: one that the config names, or one that the unit has yet to be enrolled with, if it has the id
 * already by which that knows it then.
 */
export const isForHub = ({ config: { hub, leaf }, enrol }: AgentFile): boolean =>
  hub.url.length > 0 || (leaf.mode !== 'external' && enrol?.token !== undefined && enrol.unit !== undefined);

/** The limits of the spool by the config and by what the device has. */
export const spoolOptions = (file: AgentFile, log: Log): SpoolLimits => {
  const { agent, leaf, spool } = file.config;
  return {
    memory_bytes: spoolBudget(spool.memory_kb * 1024, log),
    window: spool.window,
    hub: isForHub(file),
    isDirect: leaf.mode === 'off',
    retry_ms: trafficProfileOf(agent.traffic).retry_s * 1000,
  };
};
