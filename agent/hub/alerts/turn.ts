// What a server of a hub tells of its alerts. All of them watch, one tells: the others tell of nothing but the end of what they
// have told themselves, which nobody else may know of. Pure but for the turn that it keeps.
import type { Alert, AlertKey, Notice } from './alert.ts';

/** Whether it is this server's turn, and what it owes those who are told. */
export interface Turn {
  isMine: boolean;
  /** What fired as the turn came: whether anybody was told of it is not known. */
  readonly again: Set<AlertKey>;
  /** What was over while it was another's turn, who may have been gone by then; monotonic ms. */
  ended: readonly { readonly at_ms: number; readonly notice: Notice }[];
}

/** The turn of one that comes to it, or not, later. */
export const newTurn = (isMine: boolean): Turn => ({ isMine, again: new Set(), ended: [] });

/** Longer than anybody is waited for who does not tell any more. */
const endedKept_ms = 200_000;

/** The turn begins: all that fires is told again, for twice is better than not at all; or it ends. */
export function setTurn(turn: Turn, isMine: boolean, firing: readonly Alert[]): void {
  if (turn.isMine === isMine) return;
  turn.isMine = isMine;
  turn.again.clear();
  if (isMine) for (const { key } of firing) turn.again.add(key);
}

/** What was owed, and can be told now: the ends that another may have left untold, and what still fires. */
function owed(turn: Turn, now_ms: number, firing: readonly Alert[], isSure: (alert: Alert) => boolean) {
  const keys = new Set(firing.map(({ key }) => key));
  const ends = turn.ended.map(({ notice }) => notice).filter(({ alert }) => !keys.has(alert.key));
  turn.ended = [];
  const again: Notice[] = [];
  for (const alert of firing) {
    if (!turn.again.has(alert.key) || !isSure(alert)) continue;
    turn.again.delete(alert.key);
    again.push({ event: 'fired', at_ms: now_ms, alert });
  }
  return { ends, again };
}

/**
 * Of what came of a look, what is to be told from here. `own`: what was told from here and is not over. `isSure`: it has been seen
 * to hold still; what the state of an earlier turn says is not known to be so.
 */
export function tellable(
  turn: Turn,
  own: Set<AlertKey>,
  notices: readonly Notice[],
  now: { readonly mono_ms: number; readonly wall_ms: number },
  firing: () => readonly Alert[],
  isSure: (alert: Alert) => boolean,
): Notice[] {
  let told: readonly Notice[] = notices;
  if (turn.isMine) {
    for (const { alert } of notices) turn.again.delete(alert.key);
    if (turn.again.size + turn.ended.length > 0) {
      const { ends, again } = owed(turn, now.wall_ms, firing(), isSure);
      told = [...ends, ...notices, ...again];
    }
  } else {
    told = notices.filter(({ event, alert }) => event === 'resolved' && own.has(alert.key));
    const ended = notices.filter((notice) => notice.event === 'resolved' && !told.includes(notice));
    turn.ended = [
      ...turn.ended.filter(({ at_ms }) => now.mono_ms - at_ms < endedKept_ms),
      ...ended.map((notice) => ({ at_ms: now.mono_ms, notice })),
    ];
  }
  for (const { event, alert } of told) own[event === 'fired' ? 'add' : 'delete'](alert.key);
  return [...told];
}
