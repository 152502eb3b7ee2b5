/** The clocks of this machine: CLOCK_MONOTONIC since the start of the process in µs, and CLOCK_REALTIME in whole ms. */
export const machineClocks = {
  mono_us: (): number => performance.now() * 1000,
  dateNow_ms: Date.now,
} as const;
