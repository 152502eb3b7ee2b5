// A hub and units whose clocks are simulated, so that their true error is known and is not zero, joined by paths with delays
// of their own in each direction. Nothing here is computed by the code that is tested: delays and errors are what is given.
import type { WallClock } from '../../../agent/clock/wallclock.ts';
import type { HubClock } from '../../../agent/hub/measure/claim.ts';
import type { MeasureDeps, MeasuredUnit } from '../../../agent/hub/measure/measure.ts';
import type { Handler } from '../../../agent/nats/incoming.ts';
import { type FakeTicker, fakeTicker } from '../lib/faketicker.ts';

/** A unit of the world. All errors are its clock minus the truth, in µs. */
export interface WorldUnit {
  readonly unit: string;
  /** What it is off by; it may drift. */
  error_us: number;
  drift_ppm: number;
  /** What it claims; missing: nothing. */
  bound_us?: number | undefined;
  rel_us?: number | undefined;
  grandmaster?: string | undefined;
  ntp_server?: string | undefined;
  source?: 'ptp' | 'ntp' | 'unsynced';
  interval_s?: number;
  /** Of its agent. */
  restarts: number;
  state: MeasuredUnit['state'];
  /** What the ways take, asked anew each time, in ms. */
  there_ms(): number;
  back_ms(): number;
  /** How long it takes to answer, in ms. */
  service_ms(): number;
  /** Nobody listens on its subject. */
  isDeaf?: boolean;
  /** Its clock tells whole ms only. */
  coarse?: boolean;
  /** What becomes of an answer: each entry is one that arrives, `after_ms` the real one would. */
  answers?(honest: Uint8Array): readonly { readonly after_ms: number; readonly data: Uint8Array }[];
}

/** The world; what the hub believes of its own clock may be changed. */
export interface ClockWorld {
  readonly ticker: FakeTicker;
  readonly units: Map<string, WorldUnit>;
  /** The hub's clock minus the truth. */
  hubError_us: number;
  hubDrift_ppm: number;
  hub: HubClock;
  /** Questions so far, with the time of each by the ticker. */
  readonly asked: { readonly unit: string; readonly at_ms: number; readonly reply: string }[];
  /** Sets the hub's clock, which it finds out when it looks. */
  stepHub(by_us: number): void;
  /** The hub sleeps: its monotonic clock stands, its wall clock goes on. */
  sleepHub(ms: number): void;
  /** The deps of `measureClocks`. */
  readonly deps: MeasureDeps;
  /** Delivers a message that nobody of the world has sent. */
  inject(subject: string, data: Uint8Array): void;
  linkUp: boolean;
}

const epoch_us = 1_764_000_000_000_000;
const encoder = new TextEncoder();

/** What a unit answers when its clock shows these. */
export const answerOf = (t2_us: number, t3_us: number, claims: object): Uint8Array =>
  encoder.encode(JSON.stringify({ t2_us, t3_us, ...claims }));

/** A wall clock that is off by what the world says, and finds a step when it is checked. */
function worldWall(now_us: () => number, stepped: { by_us: number }): WallClock {
  const listeners = new Set<(step_us: number) => void>();
  return {
    now_us: () => Math.round(now_us()),
    error_us: () => 1,
    toWall_us: () => 0,
    check() {
      const step_us = stepped.by_us;
      stepped.by_us = 0;
      if (step_us === 0) return {};
      for (const listener of listeners) listener(step_us);
      return { step_us };
    },
    onStep(fn) {
      listeners.add(fn);
      return () => listeners.delete(fn);
    },
  };
}

/** Makes a world without units. `random` gives [0, 1). */
export function clockWorld(random: () => number): ClockWorld {
  const ticker = fakeTicker();
  const stepped = { by_us: 0 };
  let slept_ms = 0;
  let handler: Handler = () => {};
  let tokens = 0;
  const units = new Map<string, WorldUnit>();
  const true_us = (): number => epoch_us + (ticker.now_ms() + slept_ms) * 1000;
  const gone_us = (): number => true_us() - epoch_us;
  const deliver = (subject: string, data: Uint8Array): void =>
    void handler({ subject, data, size: () => data.length });

  function ask(unit: WorldUnit, reply: string): void {
    const clock_us = (): number => {
      const shown = true_us() + unit.error_us + gone_us() * unit.drift_ppm * 1e-6;
      return unit.coarse === true ? Math.floor(shown / 1000) * 1000 : Math.round(shown);
    };
    ticker.after(unit.there_ms(), () => {
      const t2_us = clock_us();
      ticker.after(unit.service_ms(), () => {
        const t3_us = clock_us();
        const ns = (us: number | undefined): number | undefined => us && Math.ceil(us * 1000);
        const honest = answerOf(t2_us, t3_us, {
          source: unit.source ?? (unit.grandmaster === undefined ? 'ntp' : 'ptp'),
          quality: 'locked',
          error_bound_ns: ns(unit.bound_us),
          error_rel_ns: ns(unit.rel_us),
        });
        const back_ms = unit.back_ms();
        for (const { after_ms, data } of unit.answers?.(honest) ?? [{ after_ms: 0, data: honest }])
          ticker.after(Math.max(0, back_ms + after_ms), () => deliver(reply, data));
      });
    });
  }

  const world: ClockWorld = {
    ticker,
    units,
    hubError_us: 0,
    hubDrift_ppm: 0,
    hub: { source: 'ntp', quality: 'locked' },
    asked: [],
    linkUp: true,
    stepHub(by_us) {
      world.hubError_us += by_us;
      stepped.by_us += by_us;
    },
    sleepHub(ms) {
      slept_ms += ms;
      stepped.by_us += ms * 1000;
    },
    inject: deliver,
    deps: {
      ticker,
      wall: worldWall(() => true_us() + world.hubError_us + gone_us() * world.hubDrift_ppm * 1e-6, stepped),
      random,
      clock: () => world.hub,
      token() {
        tokens += 1;
        return `t${tokens}`;
      },
      units: () =>
        [...units.values()].map(
          ({ unit, restarts, state, interval_s = 5, grandmaster, ntp_server, source = 'ntp' }) => ({
            unit,
            kind: 'unit',
            state,
            interval_s,
            restarts,
            clock: {
              source: grandmaster === undefined ? source : 'ptp',
              limit_ns: 1e6,
              ...(grandmaster === undefined ? {} : { grandmaster }),
              ...(ntp_server === undefined ? {} : { ntp_server }),
            },
          }),
        ),
      link: {
        publish(subject, _payload, { reply = '' } = {}) {
          if (!world.linkUp) return false;
          const unit = units.get(subject.slice('ops.time.sync.'.length));
          if (unit === undefined || unit.isDeaf === true)
            ticker.after(1, () => deliver(reply, new Uint8Array()));
          else {
            world.asked.push({ unit: unit.unit, at_ms: ticker.now_ms(), reply });
            ask(unit, reply);
          }
          return true;
        },
        subscribe(_subject, fn) {
          handler = fn;
          return () => {
            handler = () => {};
          };
        },
      },
    },
  };
  return world;
}

/** A unit that is as good as its claim, on a path without delay, unless said otherwise. */
export const worldUnit = (unit: string, more: Partial<WorldUnit> = {}): WorldUnit => ({
  unit,
  error_us: 0,
  drift_ppm: 0,
  restarts: 0,
  state: 'healthy',
  there_ms: () => 0.1,
  back_ms: () => 0.1,
  service_ms: () => 0.2,
  ...more,
});
