// Who comes, leaves and is refused, as the servers tell it at once. Pure.

import { wholeNumber } from '../../leaf/watch/reports.ts';
import { known } from '../../lib/known.ts';
import { parseObject } from '../../lib/parse.ts';
import { momentIn } from '../asks/api.ts';
import { objectIn } from '../fleet/record/values.ts';
import { connectionKind, parseLoginName, plainName, whoIs } from './answers.ts';
import type { HubEvent, MinuteCount } from './model.ts';

/** The subjects on which servers tell it. A refusal is told twice from 2.12 on. */
export const eventSubjects = {
  came: '$SYS.ACCOUNT.*.CONNECT',
  left: '$SYS.ACCOUNT.*.DISCONNECT',
  refused: '$SYS.SERVER.*.CLIENT.AUTH.ERR',
} as const;

/** An event with the connection that it is about. */
export interface ConnectionEvent {
  readonly event: HubEvent;
  readonly server_id: string;
  readonly id: number;
  readonly login?: string;
  readonly start_ms?: number;
}

const refusal = 'Authentication Failure';

/** An event; undefined where it cannot be understood, or is told as a refusal besides. */
export function parseConnectionEvent(
  what: HubEvent['what'],
  text: string,
  now_ms: number,
): ConnectionEvent | undefined {
  const found = parseObject(text);
  if (!found.ok) return undefined;
  const [by, client] = [objectIn(found.value['server']), objectIn(found.value['client'])];
  const [server_id, id] = [plainName(by['id']), wholeNumber(client['id'])];
  const reason = plainName(found.value['reason']);
  if (server_id === undefined || id === undefined) return undefined;
  if (what === 'left' && reason === refusal) return undefined;
  const isRefused = what === 'refused';
  const [name, address, kind] = [
    plainName(client['name']),
    plainName(client['host']),
    connectionKind(client['kind'], client['client_type']),
  ];
  // of one that is refused nothing is proved
  const login = isRefused ? undefined : parseLoginName(client['jwt']);
  const event: HubEvent = {
    at_ms: Math.min(now_ms, momentIn(found.value['timestamp']) ?? now_ms),
    what,
    kind,
    who: isRefused ? (address ?? 'somebody') : whoIs({ kind, ...known({ login, name, address }) }),
    server: plainName(by['name']) ?? server_id,
    times: 1,
    ...known({
      account: isRefused ? undefined : (plainName(client['name_tag']) ?? plainName(client['acc'])),
      address,
      reason: what === 'came' ? undefined : reason,
    }),
  };
  return { event, server_id, id, ...known({ login, start_ms: momentIn(client['start']) }) };
}

const minute_ms = 60_000;
const mostMinutes = 60;
const mostEvents = 300;
const mostSlow = 50;
const mostAway = 20_000;
const day_ms = 86_400_000;

/** What happened, as far as it is kept. */
export interface EventBook {
  /** Counts what happened, also where nobody looks what it was. */
  count(what: HubEvent['what'], at_ms: number): void;
  add(event: HubEvent): void;
  /** The newest first. */
  events(): readonly HubEvent[];
  /** Connections that were cut off since they read too slowly, the newest first. */
  slow(now_ms: number): readonly HubEvent[];
  /** Always sixty, the oldest first. */
  minutes(now_ms: number): readonly MinuteCount[];
}

type Counts = { -readonly [K in keyof MinuteCount]: MinuteCount[K] };

/** Who it is, also with another connection. */
const keyOf = ({ kind, account, who }: HubEvent): string => `${kind} ${account} ${who}`;

/** Whether a refusal goes on. */
const isSame = (a: HubEvent | undefined, b: HubEvent): a is HubEvent =>
  a?.what === 'refused' && b.what === 'refused' && a.address === b.address && b.at_ms - a.at_ms < minute_ms;

export function newEventBook(): EventBook {
  const events: HubEvent[] = [];
  const slow: HubEvent[] = [];
  const minutes = new Map<number, Counts>();
  const gone = new Map<string, number>();

  function keep(list: HubEvent[], event: HubEvent, most: number): void {
    list.unshift(event);
    if (list.length > most) list.pop();
  }

  function awayOf(event: HubEvent): number | undefined {
    const who = keyOf(event);
    const left_ms = gone.get(who);
    gone.delete(who);
    if (event.what === 'left') {
      gone.set(who, event.at_ms);
      for (const oldest of gone.size > mostAway ? [...gone.keys()].slice(0, 1) : []) gone.delete(oldest);
    }
    return event.what !== 'came' || left_ms === undefined
      ? undefined
      : Math.max(0, (event.at_ms - left_ms) / 1000);
  }

  return {
    count(what, at_ms) {
      const minute = Math.floor(at_ms / minute_ms) * minute_ms;
      const there = minutes.get(minute) ?? { at_ms: minute, came: 0, left: 0, refused: 0 };
      there[what] += 1;
      minutes.set(minute, there);
      if (minutes.size > 2 * mostMinutes) minutes.delete(Math.min(...minutes.keys()));
    },
    add(event) {
      const same = events.findIndex((one) => isSame(one, event));
      const [before] = same < 0 || event.what !== 'refused' ? [] : events.splice(same, 1);
      const away_s = event.what === 'refused' ? undefined : awayOf(event);
      const whole = { ...event, times: event.times + (before?.times ?? 0), ...known({ away_s }) };
      keep(events, whole, mostEvents);
      if (event.reason?.startsWith('Slow Consumer')) keep(slow, whole, mostSlow);
    },
    events: () => events,
    slow: (now_ms) => slow.filter(({ at_ms }) => now_ms - at_ms < day_ms),
    minutes(now_ms) {
      const last = Math.floor(now_ms / minute_ms) * minute_ms;
      return Array.from({ length: mostMinutes }, (_, at) => {
        const at_ms = last - (mostMinutes - 1 - at) * minute_ms;
        return minutes.get(at_ms) ?? { at_ms, came: 0, left: 0, refused: 0 };
      });
    },
  };
}
