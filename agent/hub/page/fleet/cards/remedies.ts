// A cause in a sentence for people, and what can be done about it. Pure.
import { reasons } from '../../../../clock/verdict/reasons.ts';
import { prettySpan, prettyText } from '../../../../lib/format.ts';
import { type Html, html } from '../../../../web/html.ts';
import type { FleetCause } from '../../../fleet/causes.ts';
import { type FleetClock, type FleetUnit, hasEnded, type Measured } from '../../../fleet/model.ts';
import { clockLine } from '../../look/clocks.ts';
import { capital, count, counted, unitPath } from '../../look/marks.ts';
import type { FleetSums } from '../sums.ts';
import { aheadBy, clockBound_ns, listed, measuredHalf_us, places, plusMinus, spanNs } from '../words.ts';

/** What is said of a cause. */
export interface CauseWords {
  readonly text: string;
  readonly remedy: Html;
}

type Say = (cause: FleetCause, sums: FleetSums) => CauseWords;

const first = ({ units }: FleetCause): FleetUnit => units[0] as FleetUnit;
const isOne = ({ units }: FleetCause): boolean => units.length === 1;
const more = ({ unit }: FleetUnit): Html => html` <a href="${unitPath(unit)}">More</a>`;

/** What the table of reasons advises for a clock; nothing where it knows nothing better than to wait. */
function adviceOf({ reason }: FleetClock): string | undefined {
  if (reason === undefined || !Object.hasOwn(reasons, reason)) return undefined;
  const { advice } = reasons[reason as keyof typeof reasons];
  return advice.startsWith('Nothing') ? undefined : advice;
}

/** The greatest of their bounds, if there is any. */
function widest({ units }: FleetCause): number | undefined {
  const bounds = units.flatMap(({ clock }) => (clock && clockBound_ns(clock)) ?? []);
  return bounds.length === 0 ? undefined : bounds.reduce((a, b) => Math.max(a, b));
}

/** The claim and the measurement, where the newest one alone shows that they do not meet; else what was shown before. */
function contradictionOf(measured: Measured): string {
  const { offset_us, claimed_us, against, beyond_us = 0 } = measured;
  const half_us = measuredHalf_us(measured);
  const of = against === 'grandmaster' ? ' of its grandmaster' : '';
  if (claimed_us !== undefined && Math.abs(offset_us) > half_us + claimed_us)
    return `it claims ${plusMinus(claimed_us * 1000)}${of}, the hub measures it ${aheadBy(offset_us)}, ${plusMinus(half_us * 1000)}`;
  return `it was measured at least ${aheadBy(beyond_us)} of what it claims`;
}

/** Who else follows the same: what tells whether source or unit is to be looked at. */
function suspectOf(cause: FleetCause, { sources }: FleetSums): string {
  const { shared } = cause;
  if (shared === undefined) return 'What it follows is not known: see its time sources.';
  const group = sources.find(({ name }) => name === shared);
  const others = (group?.units.length ?? 0) - cause.units.length;
  const what = group?.kind === 'ntp_server' ? 'NTP server' : 'grandmaster';
  if (others > 0)
    return `${counted(others, 'other unit follows', 'other units follow')} ${what} ${shared} and ${others === 1 ? 'does' : 'do'} not contradict: see the path and the time daemons of this one.`;
  const them = isOne(cause) ? 'It follows' : 'They follow';
  return what === 'grandmaster'
    ? `${them} grandmaster ${shared}, and nobody else does. Look for a second PTP master on the network.`
    : `${them} NTP server ${shared}, and nobody else does. Compare it with another server.`;
}

const contradicts: Say = (cause, sums) => {
  const { measured } = first(cause);
  const text = isOne(cause)
    ? `Clock is not where it says it is: ${measured === undefined ? 'see its page' : contradictionOf(measured)}.`
    : `${count(cause.units.length)} clocks are not where they say they are; all follow ${cause.shared}.`;
  return {
    text,
    remedy: html`${suspectOf(cause, sums)} Do not trust its timestamps until then. <a href="#claim">How this was measured</a>`,
  };
};

const limit: Say = (cause) => {
  const { clock } = first(cause);
  const bound_ns = widest(cause);
  const isUnbounded = cause.units.some((unit) => unit.clock && clockBound_ns(unit.clock) === undefined);
  const [one, many] =
    bound_ns === undefined || isUnbounded
      ? ['Nothing bounds how far off the clock may be', 'clocks may be off by anything']
      : [`Clock may be off by ${spanNs(bound_ns)}`, `clocks may be off by up to ${spanNs(bound_ns)}`];
  const text = isOne(cause)
    ? `${one}, its limit is ${spanNs(clock?.limit_ns ?? 0)}${clock === undefined ? '' : ` (${clockLine(clock)})`}.`
    : `${count(cause.units.length)} ${many}, more than their limits${cause.shared === undefined ? '' : `; all follow ${cause.shared}`}.`;
  const advice =
    (clock && adviceOf(clock)) ??
    'Give it a nearer or better time source, or a wider limit if it needs no better time.';
  return { text, remedy: html`${advice}${more(first(cause))}` };
};

const holdover: Say = (cause) => {
  const bound_ns = widest(cause);
  const { clock } = first(cause);
  const lost = cause.shared ?? clock?.ntp_server;
  const name = clock?.grandmaster === lost ? 'Grandmaster' : 'NTP server';
  const begin = lost === undefined ? 'The source of the time is gone' : `${name} ${lost} is gone`;
  const now =
    bound_ns === undefined
      ? 'with nothing that bounds their error'
      : `now ${plusMinus(bound_ns)}${isOne(cause) ? '' : ' at most'}`;
  const text = `${begin}; ${isOne(cause) ? 'the clock runs' : `${count(cause.units.length)} clocks run`} on without it, ${now}.`;
  const limits = new Set(cause.units.map((unit) => unit.clock?.limit_ns));
  const allowed =
    limits.size === 1 && clock?.limit_is_set === true ? ` Allowed are ${plusMinus(clock.limit_ns)}.` : '';
  return {
    text,
    remedy: html`${allowed.trim()} The bound grows until the source is back, which ends this by itself.${more(first(cause))}`,
  };
};

const offline: Say = (cause) => {
  const [one] = cause.units as readonly [FleetUnit];
  if (!isOne(cause)) {
    const shared = places(cause.units);
    const of = shared.length === 1 && shared[0] !== '' ? `, all ${shared[0]}` : '';
    return {
      text: `${count(cause.units.length)} units fell silent together${of}.`,
      remedy: html`Look first for what they share: power, uplink, network.`,
    };
  }
  const [last] = one.problems;
  const revokes = one.enrolment === undefined ? '' : '; that also revokes its login';
  return {
    text: last === undefined ? 'Silent.' : `Silent. Its last words: ${prettyText(last)}`,
    remedy: html`See its power and its uplink, then <code>nunect doctor</code> on it. Gone for good? <a href="${unitPath(one.unit)}/forget">Forget the unit</a>${revokes}.`,
  };
};

const day_s = 86_400;

const expired: Say = (cause) => {
  const one = first(cause);
  const ended = one.expires.filter(hasEnded);
  const words = ended.map(({ what, days_left }) => `${what} ended ${prettySpan(-days_left * day_s)} ago`);
  return {
    text: `${capital(listed(words))}.`,
    remedy: html`Renew it: once its link breaks the unit cannot join again.${more(one)}`,
  };
};

const two_speak: Say = (cause) => ({
  text: 'Two agents speak under this id. What is shown of it is of the one heard last.',
  remedy: html`Find the second device, often a copy of the first, and give it an id of its own: <code>nunect-hub token</code> lets it in.${more(first(cause))}`,
});

/** What its records say of its queue. */
function waiting({ link }: FleetUnit): string {
  const { backlog = 0, capacity_s } = link ?? {};
  if (backlog === 0) return '';
  const room = capacity_s === undefined ? '' : `; there is room for ${prettySpan(capacity_s)}`;
  return `${counted(backlog, 'record waits', 'records wait')}${room}. `;
}

const isUnsteady = (clock: FleetClock | undefined): clock is FleetClock =>
  clock !== undefined && (clock.quality === 'freerun' || clock.quality === 'acquiring');

const problem: Say = (cause) => {
  const one = first(cause);
  const { problems, state, clock } = one;
  const [gravest] = problems;
  if (gravest === undefined)
    return one.unheard
      ? {
          text: 'Not heard since the hub was away, or since this page began to look.',
          remedy: html`Three of its intervals tell whether it is there.${more(one)}`,
        }
      : state === 'unknown'
        ? {
            text: 'Heard, but no record says how it is.',
            remedy: html`Agents of other kinds and old versions may not say it.${more(one)}`,
          }
        : {
            text: 'No record that has come here says why.',
            remedy: html`<code>nunect doctor</code> on it says what is wrong.${more(one)}`,
          };
  const said = capital(prettyText(gravest));
  const text = isOne(cause) || cause.text === gravest ? said : `${said}, and the like of others`;
  const advice = isUnsteady(clock) ? adviceOf(clock) : undefined;
  return {
    text,
    remedy: html`${isOne(cause) ? waiting(one) : ''}${advice === undefined ? '' : `${advice} `}<code>nunect doctor</code> on ${isOne(cause) ? 'it' : 'one of them'} says what mends it.${more(one)}`,
  };
};

const sayings: Readonly<Record<FleetCause['kind'], Say>> = {
  ...{ contradicts, limit, holdover, offline, expired, two_speak, problem },
};

/** A cause in a sentence, and what can be done. */
export const causeWords = (cause: FleetCause, sums: FleetSums): CauseWords =>
  sayings[cause.kind](cause, sums);
