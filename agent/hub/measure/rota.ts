// Whose turn it is to be asked: spread over time, and no unit more often than its link allows. Pure but for its memory.
import { trafficProfiles } from '../../config/traffic.ts';
import type { FleetUnit } from '../fleet/model.ts';

/** What of a unit decides when it is asked. */
export type TurnUnit = Pick<FleetUnit, 'unit' | 'kind' | 'state' | 'interval_s'>;

/** From one exchange with a unit to the next at least. */
export const pace_ms = { usual: 600_000, satellite: 3_600_000 } as const;
/** Later by up to so large a share: units that came together drift apart. */
const spread = 0.1;
/** At the start a few units are not spread over as long as many. */
const apart_ms = 200;
/** So many in one go, when many units come back together. */
const mostAtOnce = 50;

export interface Rota {
  /** Takes the units of now; those that are not among them are forgotten. */
  enlist(units: readonly TurnUnit[], now_ms: number): void;
  /** It is its turn now. */
  soon(unit: string, now_ms: number): void;
  /** Those whose turn it is; each has had it then. */
  due(now_ms: number): string[];
}

/** States in which a unit is there: of one that is gone, or never came, nobody answers. */
const heardStates: readonly string[] = ['critical', 'degraded', 'healthy', 'unknown'];

/** An app answers no time requests. */
const isAskable = ({ kind, state }: TurnUnit): boolean => kind === 'unit' && heardStates.includes(state);

interface Turn {
  pace_ms: number;
  due_ms: number;
  isAskable: boolean;
}

/** `scale` shortens all paces, for tests with real units; `random` gives [0, 1). */
export function newRota(random: () => number, scale = 1): Rota {
  const turns = new Map<string, Turn>();
  const nextOf = (turn: Turn, now_ms: number): number => now_ms + turn.pace_ms * (1 + spread * random());
  return {
    enlist(units, now_ms) {
      const present = new Set(units.map(({ unit }) => unit));
      for (const unit of turns.keys()) if (!present.has(unit)) turns.delete(unit);
      const within_ms = scale * Math.min(pace_ms.usual, units.length * apart_ms);
      for (const unit of units) {
        const known = turns.get(unit.unit);
        const { interval_s } = unit; // not known of one that was not heard
        const isSatellite = (interval_s ?? 0) >= trafficProfiles.satellite.interval_s;
        const usual_ms = scale * (isSatellite ? pace_ms.satellite : pace_ms.usual);
        const pace = interval_s === undefined ? (known?.pace_ms ?? usual_ms) : usual_ms;
        const turn = known ?? { pace_ms: pace, due_ms: now_ms + random() * within_ms, isAskable: true };
        if (pace > turn.pace_ms) turn.due_ms += pace - turn.pace_ms; // its interval was not known before
        turn.pace_ms = pace;
        turn.isAskable = isAskable(unit);
        turns.set(unit.unit, turn);
      }
    },
    soon(unit, now_ms) {
      const turn = turns.get(unit);
      if (turn !== undefined) turn.due_ms = Math.min(turn.due_ms, now_ms);
    },
    due(now_ms) {
      const due = [...turns].filter(([, turn]) => turn.isAskable && turn.due_ms <= now_ms);
      const first = due.sort(([, a], [, b]) => a.due_ms - b.due_ms).slice(0, mostAtOnce);
      for (const [, turn] of first) turn.due_ms = nextOf(turn, now_ms);
      return first.map(([unit]) => unit);
    },
  };
}
