import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ClockChange,
  type ClockState,
  changesBetween,
  clockStateOf,
  sameClockState,
} from '../../../agent/clock/changes.ts';
import type { ChronyFacts, PtpFacts } from '../../../agent/clock/facts.ts';
import type { Verdict } from '../../../agent/clock/types.ts';
import { absent, fresh, type Reading, stale } from '../../../agent/lib/reading.ts';
import { chronyFacts, chronySource, ptpFacts, ptpPort } from '../../kit/clock/evidence.ts';

const verdict = (changes: Partial<Verdict> = {}): Verdict => ({
  source: 'ptp',
  quality: 'locked',
  since_ms: 0,
  bound: { terms: [] },
  reasons: [],
  evidence: '',
  ...changes,
});

interface Moment {
  readonly verdict?: Verdict;
  readonly ptp?: Reading<PtpFacts>;
  readonly ntp?: Reading<ChronyFacts>;
}

/** Shows one moment after the other; gives what changed at each. */
function shown(...moments: readonly Moment[]): ClockChange[][] {
  let view: ClockState | undefined;
  return moments.map(({ verdict: judged = verdict(), ptp = absent('not_yet'), ntp = absent('not_yet') }) => {
    const seen = clockStateOf(judged, ptp, ntp, view);
    const changes = view === undefined ? [] : changesBetween(view, seen);
    view = seen;
    return changes;
  });
}

const last = (...moments: readonly Moment[]): ClockChange[] => shown(...moments).at(-1) ?? [];
const events = (changes: readonly ClockChange[]): string[] => changes.map(({ event }) => event);

const slave = fresh(ptpFacts(0), 0);
const inState = (portState: 'LISTENING' | 'UNCALIBRATED' | 'MASTER' | 'FAULTY'): Reading<PtpFacts> =>
  fresh(ptpFacts(0, 0, { portState }), 0);
const parentOf = (gm: string) => ({
  parentPortIdentity: `${gm}-1`,
  grandmasterIdentity: gm,
  gmClockClass: 6,
  gmClockAccuracy: 0x21,
});
const followed = 'c6fbd5.fffe.c2ee14';
const port = '46c098.fffe.57f671-1';

test('a start is no storm: what is seen for the first time has not changed', () => {
  const start = { verdict: verdict({ source: 'unsynced', quality: 'freerun' }) };
  const first = { ptp: slave, ntp: fresh(chronyFacts(0), 0) };
  assert.deepEqual(events(last(start, first)), ['clock']);
  assert.deepEqual(last({ ptp: absent('not_yet') }, { ptp: absent('no_socket') }), []);
});

test('a change of the verdict has what was and what is', () => {
  const held = verdict({ source: 'unsynced', quality: 'tracking', holdover: { since_ms: 1, source: 'ptp' } });
  assert.deepEqual(last({ ptp: slave }, { ptp: slave, verdict: held }), [
    {
      event: 'clock',
      before: { source: 'ptp', quality: 'locked', holdover: false },
      after: { source: 'unsynced', quality: 'tracking', holdover: true },
    },
  ]);
  assert.deepEqual(last({ verdict: held }, { verdict: { ...held, since_ms: 99, evidence: 'other' } }), []);
});

test('another grandmaster, its port and the way to it are told', () => {
  const other = ptpFacts(0, 0, {}, { parent: parentOf('aaaaaa.fffe.bbbbbb') });
  const far = { ...other, current: { stepsRemoved: 2, meanPathDelay_ns: 0 } };
  assert.deepEqual(last({ ptp: slave }, { ptp: fresh(far, 0) }), [
    { event: 'grandmaster', before: followed, after: 'aaaaaa.fffe.bbbbbb' },
    { event: 'parent', before: `${followed}-1`, after: 'aaaaaa.fffe.bbbbbb-1' },
    { event: 'steps_removed', before: 1, after: 2 },
  ]);
});

test('a grandmaster that is lost is none, whatever it left behind', () => {
  for (const lost of [inState('LISTENING'), inState('FAULTY'), inState('MASTER')]) {
    const changes = last({ ptp: slave }, { ptp: lost });
    assert.deepEqual(events(changes), ['grandmaster', 'parent', 'steps_removed', 'port_state']);
    assert.deepEqual(changes[0], { event: 'grandmaster', before: followed, after: 'none' });
  }
  const back = last({ ptp: slave }, { ptp: inState('LISTENING') }, { ptp: slave });
  assert.deepEqual(back[0], { event: 'grandmaster', before: 'none', after: followed });
});

test('a clock that is its own parent follows nobody', () => {
  const own = ptpFacts(0, 0, { portState: 'UNCALIBRATED' }, { parent: parentOf('46c098.fffe.57f671') });
  assert.deepEqual(events(last({ ptp: inState('LISTENING') }, { ptp: fresh(own, 0) })), ['port_state']);
});

test('each port tells its states, one that came or went too', () => {
  assert.deepEqual(last({ ptp: inState('UNCALIBRATED') }, { ptp: slave }), [
    {
      event: 'port_state',
      before: { port, portState: 'UNCALIBRATED' },
      after: { port, portState: 'SLAVE' },
      evidence: `port ${port} went from UNCALIBRATED to SLAVE`,
    },
  ]);
  const second = ptpPort({ portIdentity: '46c098.fffe.57f671-2', portState: 'MASTER' });
  const two = fresh(ptpFacts(0, 0, {}, { ports: [ptpPort(), second] }), 0);
  const [came] = last({ ptp: slave }, { ptp: two });
  assert.deepEqual(came?.before, { port: second.portIdentity, portState: 'none' });
  const [went] = last({ ptp: two }, { ptp: slave });
  assert.deepEqual(went?.after, { port: second.portIdentity, portState: 'none' });
});

test('a daemon that falls silent is one event, and nothing else is said to have changed', () => {
  const silent = stale(ptpFacts(0), 0, 'no reply for 4 s');
  assert.deepEqual(last({ ptp: slave }, { ptp: silent }), [
    {
      event: 'ptp4l',
      before: 'fresh',
      after: 'stale',
      evidence: 'ptp4l has not answered lately: no reply for 4 s',
    },
  ]);
  assert.deepEqual(last({ ptp: slave }, { ptp: silent }, { ptp: absent('no_socket') }), [
    {
      event: 'ptp4l',
      before: 'stale',
      after: 'absent: no_socket',
      evidence: 'ptp4l: no management socket',
    },
  ]);
  const older = stale(ptpFacts(0), 0, 'no reply for 5 s');
  assert.deepEqual(last({ ptp: slave }, { ptp: silent }, { ptp: older }), []);
});

test('what changed while a daemon was silent is told once it speaks again', () => {
  const other = ptpFacts(0, 0, {}, { parent: parentOf('aaaaaa.fffe.bbbbbb') });
  const back = last({ ptp: slave }, { ptp: absent('no_reply') }, { ptp: fresh(other, 0) });
  assert.deepEqual(events(back), ['grandmaster', 'parent', 'ptp4l']);
  assert.equal(back.at(-1)?.evidence, 'ptp4l answers');
});

test('a data set that has not come yet is not a loss', () => {
  const { parent: _parent, current: _current, ...bare } = ptpFacts(0);
  assert.deepEqual(last({ ptp: slave }, { ptp: fresh(bare, 0) }), []);
});

test('the selected source of chronyd: another one, none, and one again', () => {
  const from = (...sources: ChronyFacts['sources'][number][]) => fresh(chronyFacts(0, {}, sources), 0);
  const a = from(chronySource());
  const b = from(chronySource({ state: 'unusable' }), chronySource({ name: '192.0.2.2' }));
  const nobody = from(chronySource({ state: 'unusable' }));
  assert.deepEqual(last({ ntp: a }, { ntp: b }), [
    { event: 'ntp_source', before: '192.0.2.1', after: '192.0.2.2' },
  ]);
  assert.deepEqual(last({ ntp: b }, { ntp: nobody }), [
    { event: 'ntp_source', before: '192.0.2.2', after: 'none' },
  ]);
  assert.deepEqual(last({ ntp: nobody }, { ntp: a }), [
    { event: 'ntp_source', before: 'none', after: '192.0.2.1' },
  ]);
  assert.deepEqual(events(last({ ntp: a }, { ntp: absent('refused') })), ['chronyd']);
});

test('measurements alone are the same view; a first sight is not, though it is no event', () => {
  const at = (ptp: Reading<PtpFacts>, before?: ClockState): ClockState =>
    clockStateOf(verdict(), ptp, absent('not_yet'), before);
  const view = at(slave);
  assert.ok(sameClockState(view, at(fresh(ptpFacts(9000, 77), 9000), view)));
  const silent = at(stale(ptpFacts(0), 0, '4 s'), view);
  assert.ok(sameClockState(silent, at(stale(ptpFacts(0), 0, '5 s'), silent)));
  assert.ok(!sameClockState(view, silent));
  const unseen = at(absent('not_yet'));
  assert.ok(!sameClockState(unseen, at(slave, unseen)));
  assert.deepEqual(changesBetween(unseen, at(slave, unseen)), []);
});
