// What a page shows of the alerts.
import { known } from '../../lib/known.ts';
import type { Alert, Condition, Notice } from './alert.ts';
import { type Journal, waitingFor } from './journal.ts';
import type { OutputState } from './outputs/sender.ts';

/** The alerts at a moment. */
export interface AlertsView {
  /** What fires, and the outputs that have not got it yet. The oldest first. */
  readonly firing: readonly { readonly alert: Alert; readonly waiting: readonly string[] }[];
  /** The last notices, the newest first. */
  readonly recent: readonly Notice[];
  /** When they were started, Unix ms: of before that there are none. */
  readonly began_ms: number;
  readonly outputs: readonly (OutputState & {
    /** When it got something last, Unix ms. */
    readonly last_ms?: number;
    /** Of what it will never get, and was not told yet. */
    readonly dropped: number;
  })[];
  /** The units can be seen; else nothing is said of them. */
  readonly sees: boolean;
  /** What of the hub cannot be seen, though there is a link to it: nobody is alerted of that. */
  readonly unwatched: readonly Condition[];
  /** The last sign of life, Unix ms. */
  readonly beat_ms?: number;
  /** Why a restart would repeat or lose alerts. */
  readonly problem?: string;
}

/** What is not shown as it is. */
interface Shown extends Omit<AlertsView, 'firing' | 'outputs' | 'beat_ms' | 'problem'> {
  readonly firing: readonly Alert[];
  readonly states: readonly OutputState[];
  readonly beat_ms: number | undefined;
  readonly problem: string | undefined;
}

/** Puts together what is shown. */
export function alertsViewOf(
  journal: Journal,
  { firing, states, beat_ms, problem, ...rest }: Shown,
): AlertsView {
  const waiting = states.map(
    ({ name }) => [name, new Set(waitingFor(journal, name).map(({ alert }) => alert.key))] as const,
  );
  return {
    ...rest,
    firing: firing.map((alert) => ({
      alert,
      waiting: waiting.filter(([, keys]) => keys.has(alert.key)).map(([name]) => name),
    })),
    outputs: states.map((state) => {
      const cursor = journal.cursors[state.name];
      return { ...state, dropped: cursor?.dropped.count ?? 0, ...known({ last_ms: cursor?.last_ms }) };
    }),
    ...known({ beat_ms, problem }),
  };
}
