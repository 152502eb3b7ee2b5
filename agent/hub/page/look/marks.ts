// Small pieces that several pages of the hub are made of. Pure.
import { type Html, html } from '../../../web/html.ts';
import type { Tone } from '../../../web/pieces.ts';
import type { State } from '../../fleet/model.ts';

/** Words of states, as people read them. */
export const stateWords: Readonly<Record<State, string>> = {
  critical: 'critical',
  offline: 'offline',
  degraded: 'degraded',
  unknown: 'unknown',
  healthy: 'healthy',
  away: 'away',
  stopped: 'stopped',
  invited: 'not set up',
};

/** How bad each is. */
export const stateTones: Readonly<Record<State, Tone>> = {
  critical: 'bad',
  offline: 'bad',
  degraded: 'warn',
  unknown: 'warn',
  healthy: 'good',
  away: 'mild',
  stopped: 'mild',
  invited: 'mild',
};

/** A state as shape, colour and word; the shape alone would say nothing to those who do not see it. */
export const stateMark = (state: State, words = stateWords[state]): Html =>
  html`<span class="s st-${state}">${words}</span>`;

/** `/units/ID`, for any id. */
export const unitPath = (unit: string): string => `/units/${encodeURIComponent(unit)}`;

export const unitLink = (unit: string): Html => html`<a href="${unitPath(unit)}">${unit}</a>`;

/** What a unit is for, below its name: tenant and role. */
export const placeOf = ({ tenant, role }: { readonly tenant?: string; readonly role?: string }): string =>
  [tenant, role].filter(Boolean).join(' · ');

/** A bar that is filled to that share, 0 to 1; what is beyond is full. Its figure stands beside it. */
export const bar = (share: number, tone: 'plain' | 'warn' | 'bad' = 'plain'): Html =>
  html`<svg class="bar ${tone}" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect width="${Math.round(Math.max(0, Math.min(1, share)) * 100)}" height="8"/></svg>`;

/** `1,203`. */
export const count = (number: number): string => Math.round(number).toLocaleString('en-US');

/** `1 unit`, `1,203 units`. */
export const counted = (number: number, one: string, many = `${one}s`): string =>
  `${count(number)} ${number === 1 ? one : many}`;

/** A sentence of a unit begins as sentences do. */
export const capital = (text: string): string =>
  text.replace(/^[a-z](?=[a-z]*(\s|$))/, (letter) => letter.toUpperCase());
