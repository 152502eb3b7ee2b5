/** The part of a NATS connection that is used; connections of @nats-io/transport-node and @nats-io/nats-core have it. */
export interface Requester {
  request(subject: string, payload: string, opts: { timeout: number }): Promise<{ readonly data: Uint8Array }>;
}

/** One exchange with a unit. `at_us` and the offset refer to the monotonic clock. */
export interface Exchange {
  readonly offset_us: number;
  readonly error_us: number;
  readonly bound_us: number | undefined;
  readonly rtt_us: number;
  readonly at_us: number;
  readonly source: 'ptp' | 'ntp' | 'unsynced';
  readonly quality: 'locked' | 'tracking' | 'acquiring' | 'freerun';
  readonly utc_offset_s: number | undefined;
}

export interface ClockStatus {
  readonly now_us: number | undefined;
  readonly error_us: number | undefined;
  readonly unit_error_us: number | undefined;
  readonly age_s: number | undefined;
  readonly rtt_us: number | undefined;
  readonly source: Exchange['source'] | undefined;
  readonly quality: Exchange['quality'] | undefined;
  readonly utc_offset_s: number | undefined;
  readonly trouble: string | undefined;
}

export interface ClockOptions {
  readonly every_s?: number;
  readonly exchanges?: number;
  readonly timeout_ms?: number;
  readonly drift_ppm?: number;
  readonly onChange?: (status: ClockStatus) => void;
  /** Other clocks than performance.now (in us) and Date.now, for tests. */
  readonly mono?: () => number;
  readonly wall_ms?: () => number;
}

export interface UnitClock {
  now_us(): number | undefined;
  error_us(): number | undefined;
  unit_error_us(): number | undefined;
  status(): ClockStatus;
  stop(): void;
}

/** Asks the unit for its time once. */
export function exchange(
  nc: Requester,
  unit: string,
  opts?: { readonly mono?: () => number; readonly resolution?: number; readonly timeout_ms?: number },
): Promise<Exchange>;

/** Keeps a clock from the time of `unit` until `stop()`. */
export function keepClock(nc: Requester, unit: string, options?: ClockOptions): UnitClock;
