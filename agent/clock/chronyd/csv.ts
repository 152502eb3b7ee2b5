// chronyc -c: one line of comma-separated values per report (chrony client.c). Seconds unless said.

import type { ParseResult } from '../../lib/parse.ts';
import type { ChronyFacts, ChronySource, ChronySourceState, ChronyTracking } from '../facts.ts';
import { textReader } from '../textreader.ts';
import { plausibleSource, plausibleTracking } from './protocol.ts';

const leaps = {
  Normal: 'normal',
  'Insert second': 'insert',
  'Delete second': 'delete',
  'Not synchronised': 'unsynchronised',
} as const;
const modes = { '^': 'server', '=': 'peer', '#': 'refclock' } as const;
const states: Readonly<Record<string, ChronySourceState>> = {
  '*': 'selected',
  '+': 'combined',
  '-': 'not_combined',
  '?': 'unusable',
  x: 'falseticker',
  '~': 'too_variable',
};

/** How many columns each report has, which tells them apart in the output of several. */
const columns = { tracking: 14, sources: 10 } as const;

const never = '4294967295';

function split(report: keyof typeof columns, line: string): readonly string[] {
  const cells = line.split(',');
  return cells.length === columns[report] ? cells : [];
}

/** A line of `chronyc -c tracking`. */
export function parseTracking(line: string): ParseResult<ChronyTracking> {
  const [refid, name, stratum, refTime, system, last, , freq, resid, skew, delay, dispersion, update, leap] =
    split('tracking', line);
  const read = textReader();
  const facts: ChronyTracking = {
    refid: read.word('refid', refid),
    ...(name === undefined || name === '' ? {} : { name: read.word('name', name) }),
    stratum: read.int('stratum', stratum, 0, 65535),
    leap: read.oneOf<ChronyTracking['leap']>('leap status', leap, leaps, 'unsynchronised'),
    ref_time_s: read.number('ref time', refTime),
    system_time_s: read.number('system time', system),
    last_offset_s: read.number('last offset', last),
    freq_ppm: read.number('frequency', freq),
    resid_freq_ppm: read.number('residual freq', resid),
    skew_ppm: read.number('skew', skew),
    root_delay_s: read.number('root delay', delay),
    root_dispersion_s: read.number('root dispersion', dispersion),
    update_interval_s: read.number('update interval', update),
  };
  return plausibleTracking(read.result(facts));
}

/** A line of `chronyc -c sources -a`. */
export function parseSource(line: string): ParseResult<ChronySource> {
  const [mode, state, name, stratum, poll, reach, lastRx, adjusted, , margin] = split('sources', line);
  const read = textReader();
  const source: ChronySource = {
    mode: read.oneOf<ChronySource['mode']>('mode', mode, modes, 'server'),
    state: read.oneOf('state', state, states, 'unusable'),
    name: read.word('name', name),
    resolved: name?.startsWith('ID#') !== true,
    stratum: read.int('stratum', stratum, 0, 65535),
    poll: read.int('poll', poll),
    reach: read.inBase('reach', reach, 8),
    ...(lastRx === never ? {} : { last_rx_s: read.int('last rx', lastRx) }),
    offset_s: read.number('adjusted offset', adjusted),
    error_margin_s: read.number('error margin', margin),
  };
  return plausibleSource(read.result(source));
}

/** `501 Not authorised`, `506 Cannot talk to daemon`: chronyc says so on stdout, among the reports. */
const refusal = /^(\d{3}) (.*)$/;

/** Why chronyc gave no facts; `code` is its own number when it gave one, 501 meaning "not authorised". */
export type ChronycResult =
  | { readonly ok: true; readonly value: ChronyFacts }
  | { readonly ok: false; readonly why: string; readonly code?: number };

/** The output of `chronyc -c -n -m tracking 'sources -a'`. */
export function parseChronyc(stdout: string): ChronycResult {
  const lines = stdout.split('\n').filter((line) => line !== '');
  const [, code, text = ''] = lines.map((line) => refusal.exec(line)).find((hit) => hit !== null) ?? [];
  const of = (report: keyof typeof columns): string[] =>
    lines.filter((line) => line.split(',').length === columns[report]);

  const tracking = parseTracking(of('tracking')[0] ?? '');
  // Without its sources a tracking report cannot be judged, so a refusal of either is one of all.
  if (code !== undefined && (!tracking.ok || of('sources').length === 0)) {
    return { ok: false, why: text, code: Number(code) };
  }
  if (!tracking.ok) return { ok: false, why: `tracking: ${tracking.why}` };

  const sources: ChronySource[] = [];
  for (const line of of('sources')) {
    const source = parseSource(line);
    if (!source.ok) return { ok: false, why: `sources: ${source.why}` };
    sources.push(source.value);
  }
  return { ok: true, value: { via: 'chronyc', tracking: tracking.value, sources } };
}
