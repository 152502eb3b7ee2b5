/** The one reader of systeminformation that is used: it reads /proc/meminfo and starts no process. */
declare module 'systeminformation/lib/memory.js' {
  export function mem(): Promise<{ readonly total: number; readonly available: number }>;
}
