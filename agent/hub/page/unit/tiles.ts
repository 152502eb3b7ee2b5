// The four figures of a unit that people look for first. Of one that is silent none is of now. Pure.
import { prettyMoment, prettyNs, prettySpan } from '../../../lib/format.ts';
import { type Html, html } from '../../../web/html.ts';
import type { Tone } from '../../../web/pieces.ts';
import type { FleetClock, FleetUnit, Measured } from '../../fleet/model.ts';
import { clockLine } from '../look/clocks.ts';
import { bar, count } from '../look/marks.ts';
import { boundOfUnit, isSilent, type UnitPageData } from './data.ts';

interface Tile {
  readonly id: string;
  readonly name: string;
  readonly figure: string;
  readonly tone?: Tone | undefined;
  readonly more: readonly (string | undefined)[];
  readonly share?: number | undefined;
}

const tile = ({ id, name, figure, tone, more, share }: Tile): Html =>
  html`<section class="card" id="tile-${id}"><h3>${name}</h3><div class="big ${tone ?? 'plain'}">${figure}</div><p>${more.filter(Boolean).join(' · ')}${share === undefined ? html`` : bar(share, share > 1 ? 'bad' : share > 0.8 ? 'warn' : 'plain')}</p></section>`;

const notKnown = '–';
const lasting = (since_ms: number | undefined, at_ms: number): string | undefined =>
  since_ms === undefined ? undefined : `for ${prettySpan((at_ms - since_ms) / 1000)}`;

/** Whom it follows now: a unit also names a grandmaster that it sees and does not follow. */
const followed = ({ source, holdover, grandmaster, ntp_server }: FleetClock): string | undefined =>
  holdover === true ? undefined : { ptp: grandmaster, ntp: ntp_server }[source];

function clockTile({ unit, at_ms }: UnitPageData): Tile {
  const { clock } = unit;
  const of = { id: 'clock', name: 'Clock' };
  if (isSilent(unit)) return { ...of, figure: notKnown, more: ['not known while it is silent'] };
  if (clock === undefined) return { ...of, figure: notKnown, more: ['it tells nothing of its clock'] };
  const bound = boundOfUnit(unit);
  const { share, limit_ns, source } = clock;
  const tone = source === 'unsynced' || (share ?? 0) > 1 ? 'bad' : clock.holdover ? 'warn' : undefined;
  return {
    ...of,
    figure:
      bound === undefined ? 'not bounded' : `±\u00a0${prettyNs(bound.ns)}${bound.isRelative ? ' vs GM' : ''}`,
    tone: clock.limit_is_set || tone !== 'bad' || source === 'unsynced' ? tone : 'warn',
    share,
    more: [
      [clockLine(clock), lasting(clock.since_ms, at_ms)].filter(Boolean).join(' '),
      followed(clock),
      `limit ${prettyNs(limit_ns)}${clock.limit_is_set ? '' : ', the usual one'}`,
    ],
  };
}

const verdictWords: Readonly<Record<Measured['verdict'], string>> = {
  holds: 'its claim holds',
  contradicts: 'its claim does not hold',
  unjudged: 'tells nothing of its claim',
};

/** `+ 31 ms`, with a space behind the sign as in ± . */
const signed = (ns: number): string => `${ns < 0 ? '−' : '+'}\u00a0${prettyNs(Math.abs(ns))}`;

function measuredTile({ unit, at_ms }: UnitPageData): Tile {
  const { measured } = unit;
  const of = { id: 'measured', name: 'Measured by the hub' };
  if (measured === undefined)
    return {
      ...of,
      figure: notKnown,
      more: [isSilent(unit) ? 'not known while it is silent' : 'not measured yet'],
    };
  const { offset_us, path_us, verdict, why, at_ms: then_ms, own_bound_us } = measured;
  const error_us = path_us + (own_bound_us ?? 0);
  const isOld = isSilent(unit);
  return {
    ...of,
    figure: isOld ? notKnown : signed(offset_us * 1000),
    tone: !isOld && verdict === 'contradicts' ? 'bad' : undefined,
    more: isOld
      ? [
          `last ${signed(offset_us * 1000)} ±\u00a0${prettyNs(error_us * 1000)}, ${prettyMoment(then_ms, at_ms)}`,
        ]
      : [
          `±\u00a0${prettyNs(error_us * 1000)} by ${own_bound_us === undefined ? 'the path' : 'path and own clock'}`,
          verdictWords[verdict],
          verdict === 'unjudged' ? why : undefined,
          `${prettySpan((at_ms - then_ms) / 1000)} ago`,
        ],
  };
}

function hubTile({ unit, at_ms, leaf }: UnitPageData): Tile {
  const { link } = unit;
  const of = { id: 'hub', name: 'Hub' };
  if (isSilent(unit) || link === undefined)
    return { ...of, figure: notKnown, more: [isSilent(unit) ? 'not heard' : 'it tells nothing of its link'] };
  const rtt_us = link.hub_rtt_us ?? link.app_rtt_us;
  const to = leaf?.server === undefined ? '' : ` to ${leaf.server}`;
  return {
    ...of,
    figure: rtt_us === undefined ? notKnown : prettyNs(rtt_us * 1000),
    tone: link.up === false ? 'bad' : undefined,
    more: [
      rtt_us === undefined
        ? 'no round trip known'
        : link.hub_rtt_us === undefined
          ? 'round trip of its agent'
          : 'round trip',
      link.up === false ? 'not linked' : `linked ${lasting(link.since_ms, at_ms) ?? ''}${to}`.trim(),
    ],
  };
}

function waitingTile({ unit }: UnitPageData): Tile {
  const { backlog, capacity_s, dropped } = unit.link ?? {};
  const of = { id: 'waiting', name: 'Records waiting' };
  if (isSilent(unit)) return { ...of, figure: notKnown, more: ['not known while it is silent'] };
  return {
    ...of,
    figure: backlog === undefined ? notKnown : count(backlog),
    tone: dropped ? 'bad' : undefined,
    more: [
      backlog === undefined ? 'not told' : undefined,
      capacity_s === undefined ? undefined : `room for ${prettySpan(capacity_s)}`,
      dropped === undefined
        ? undefined
        : dropped === 0
          ? 'none lost'
          : `${count(dropped)} lost since its start`,
    ],
  };
}

/** Round trip and records that wait, as of now; missing where they are not known. */
export function figuresNow({ link, ...unit }: FleetUnit): { rtt?: string; backlog?: string } {
  if (isSilent({ link, ...unit } as FleetUnit) || link === undefined) return {};
  const { hub_rtt_us, backlog } = link;
  return {
    ...(hub_rtt_us === undefined ? {} : { rtt: prettyNs(hub_rtt_us * 1000) }),
    ...(backlog === undefined ? {} : { backlog: count(backlog) }),
  };
}

/** The tiles. */
export const unitTiles = (data: UnitPageData): Html =>
  html`<div class="tiles">${[clockTile, measuredTile, hubTile, waitingTile].map((make) => tile(make(data)))}</div>`;
