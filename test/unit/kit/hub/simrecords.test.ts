// Units that are not there say what real ones may say: by the schemas of the wire contract, and by its table of slim forms.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { documented } from '../../../../build/recordfields.ts';
import { schemaName } from '../../../../build/schemas.ts';
import {
  eventRecord,
  fullRecords,
  lastRecord,
  type SimRecord,
  type SimRun,
  slimRecords,
  usualState,
} from '../../../kit/hub/simrecords.ts';
import { recordComplaints } from '../../../kit/lib/schema.ts';

const run = (): SimRun => ({
  ...{ unit: 'sim-00001', boot: 'abcd1234', started_ms: 1e12, clock_ms: 1e12, link_ms: 1e12 },
  ...{ sequence: 1, n: 0 },
});
const now_ms = 1e12 + 60_000;

/** Name of the schema, such as `metric.time`. */
const kindOf = ({ subject }: SimRecord): string =>
  subject
    .replace(/^ops\./, '')
    .replace(/^(status)\.\w+/, '$1')
    .replace(/\.sim-\d+$/, '');

const complaints = (record: SimRecord): readonly string[] => {
  const complain = recordComplaints.get(kindOf(record));
  assert.ok(complain, record.subject);
  return complain(JSON.parse(record.body));
};

/** With what a slim one lacks: the schema is that of both, and asks for the heads of a full one. */
const lackOf = (kind: string, body: object): string[] => {
  const slim = documented.find((one) => schemaName(one) === kind)?.slim;
  assert.ok(slim, kind);
  const names = Object.keys(body);
  return [
    ...slim.always.filter((name) => !names.includes(name)).map((name) => `lacks ${name}`),
    ...names.filter((name) => ![...slim.always, ...slim.perhaps].includes(name)).map((name) => `has ${name}`),
  ];
};

describe('records of a unit that is not there', () => {
  for (const index of [0, 1, 2]) {
    const state = { ...usualState(index), hub_up: true };
    const usual = state.clock;
    const states = {
      usual: state,
      holdover: {
        ...state,
        clock: { ...usual, source: 'unsynced', quality: 'tracking', holdover: true } as const,
      },
      free: {
        ...state,
        clock: {
          source: 'unsynced',
          quality: 'freerun',
          reasons: ['no_daemon'],
          evidence: 'none',
          off_us: 0,
        } as const,
      },
    };
    for (const [name, one] of Object.entries(states)) {
      test(`are by the schemas: unit ${index}, ${name}`, () => {
        const all = [
          ...fullRecords(run(), one, now_ms, true),
          ...fullRecords(run(), one, now_ms, false),
          ...slimRecords(run(), one, now_ms, 1, true),
          lastRecord(run(), one, now_ms),
          eventRecord(run(), one, now_ms, { event: 'clock', before: {}, after: {}, evidence: 'x' }),
        ];
        for (const record of all) assert.deepEqual(complaints(record), [], record.subject);
        for (const { subject, body } of slimRecords(run(), one, now_ms, 1, false))
          assert.deepEqual(lackOf(kindOf({ subject } as SimRecord), JSON.parse(body)), [], subject);
      });
    }
  }

  test('have ids that count, where the hub is to acknowledge them, and none where not', () => {
    const one = run();
    const ids = [
      ...fullRecords(one, usualState(1), now_ms, true),
      ...slimRecords(one, usualState(1), now_ms, 1, true),
    ].map(({ headers, isAsked }) => [headers['Nats-Msg-Id']?.[0], isAsked]);
    const asked = [1, 2, 3, 4, 5, 6].map((n) => [`sim-00001-abcd1234-${n}`, true]);
    assert.deepEqual(ids, [...asked, [undefined, false], [undefined, false]]);
  });

  test('are slim by the profile: by satellite only heartbeats are, and lan knows none', () => {
    const kinds = (traffic: 'standard' | 'satellite') =>
      slimRecords(run(), { ...usualState(1), traffic }, now_ms, 1, false).map(kindOf);
    assert.deepEqual(kinds('standard'), ['heartbeat', 'metric.rtt', 'metric.time']);
    assert.deepEqual(kinds('satellite'), ['heartbeat']);
  });
});
