// What a key does to the view. Pure.
import { orders } from './sorting.ts';

/** The view as the operator has turned it. */
export interface ViewState {
  readonly order: string;
  readonly shows: 'table' | 'unit' | 'keys';
  /** Id of the unit that is chosen. */
  readonly selected?: string | undefined;
  /** The first unit of this page, where it ends, and the first of the next. */
  readonly from: number;
  readonly end: number;
  readonly next: number;
}

const quits: readonly string[] = ['q', 'Q', '\x03', '\x04']; // q, Ctrl-C, Ctrl-D
const steps: Readonly<Record<string, number>> = {
  '\x1b[A': -1,
  '\x1bOA': -1,
  k: -1,
  '\x1b[B': 1,
  '\x1bOB': 1,
  j: 1,
};

/** Chooses the unit that is so many below, and turns the page to it. */
function step(state: ViewState, by: number, ids: readonly string[]): ViewState {
  const before = state.selected === undefined ? -1 : ids.indexOf(state.selected);
  const at = before < 0 ? state.from : Math.max(0, Math.min(ids.length - 1, before + by));
  const isShown = at >= state.from && at < state.end;
  return { ...state, selected: ids[at], from: isShown ? state.from : at }; // units have one line or two
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with one
const oneKey = /\x1b[[O][\d;]*[A-Za-z~]|[\s\S]/g;

/** The keys of one reading: a slow terminal brings several at once. */
export const keysIn = (text: string): readonly string[] => text.match(oneKey) ?? [];

/** The view after a key; undefined where it ends. `ids`: the units of the table, in their order. */
export function pressed(state: ViewState, key: string, ids: readonly string[]): ViewState | undefined {
  if (quits.includes(key)) return undefined;
  if (key === '?') return { ...state, shows: state.shows === 'keys' ? 'table' : 'keys' };
  if (state.shows !== 'table') return { ...state, shows: 'table' };
  const by = steps[key];
  if (by !== undefined) return step(state, by, ids);
  if (key === '\r' || key === '\n')
    return state.selected !== undefined && ids.includes(state.selected)
      ? { ...state, shows: 'unit' }
      : step(state, 1, ids);
  if (key === '\x1b') return { ...state, selected: undefined, from: 0 };
  if (key === ' ') return { ...state, from: state.next };
  if (key === 's')
    return {
      ...state,
      from: 0,
      order: orders[(orders.indexOf(state.order) + 1) % orders.length] ?? state.order,
    };
  return { ...state, from: 0 };
}
