import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planStream } from '../../../../../agent/hub/run/streams/plan.ts';

const day_ns = 86_400e9;
const config = {
  subjects: ['ops.heartbeat.>', 'ops.log.>'],
  storage: 'file',
  discard: 'old',
  max_age: 30 * day_ns,
  max_bytes: 4_000_000,
  max_msgs: -1,
  deny_purge: true,
  num_replicas: 1,
  sources: [{ name: 'A', subject_transforms: [{ src: 'a.*', dest: 'b.*' }] }],
};
/** As a server gives it back: what is none it leaves out or has as 0, and it adds of its own. */
const asStored = {
  ...config,
  subjects: config.subjects.toReversed(),
  max_msgs: -1,
  max_msg_size: -1,
  consumer_limits: {},
  sources: [{ name: 'A', subject_transforms: [{ src: 'a.*', dest: 'b.*' }], opt_start_seq: 1 }],
};
const wanted = (change: object) => ({ name: 'NUNECT', config: { ...config, ...change } });
const there = (messages: number, change: object = {}) => ({ messages, config: { ...asStored, ...change } });

describe('a stream that is there', () => {
  it('is left alone where it is as wanted', () => {
    const plan = planStream(
      wanted({ mirror: undefined, max_age: 30 * day_ns, compression: 'none' }),
      there(5),
    );
    assert.deepEqual(plan, { mended: [], kept: [] });
  });

  it('has what it lacks added, and keeps what nobody asked about', () => {
    const { update, mended, kept } = planStream(
      wanted({ max_bytes: 8_000_000, max_age: 0, subjects: [...config.subjects, 'ops.status.>'] }),
      there(5, { metadata: { owner: 'x' }, max_age: 30 * day_ns }),
    );
    assert.deepEqual(mended.map(({ field }) => field).toSorted(), ['max_age', 'max_bytes', 'subjects']);
    assert.deepEqual(kept, []);
    assert.deepEqual(update?.['metadata'], { owner: 'x' });
    assert.equal(update?.['max_bytes'], 8_000_000);
    assert.deepEqual(update?.['subjects'], ['ops.log.>', 'ops.heartbeat.>', 'ops.status.>']);
  });

  for (const [field, has, wants] of [
    ['max_bytes', 4_000_000, 3_999_999],
    ['max_bytes', -1, 4_000_000],
    ['max_age', 0, day_ns],
    ['max_age', 30 * day_ns, 7 * day_ns],
    ['max_msgs', -1, 1000],
    ['max_msgs_per_subject', undefined, 1],
    ['num_replicas', 3, 1],
  ] as const) {
    it(`does not shrink while it holds records: ${field} ${has} -> ${wants}`, () => {
      const plan = planStream(wanted({ [field]: wants }), there(1, { [field]: has }));
      assert.deepEqual(plan, { mended: [], kept: [{ field, has, wants, why: 'loses' }] });
    });

    it(`shrinks while it is empty: ${field} ${has} -> ${wants}`, () => {
      const { update, kept } = planStream(wanted({ [field]: wants }), there(0, { [field]: has }));
      assert.equal(update?.[field], wants);
      assert.deepEqual(kept, []);
    });
  }

  it('is not asked for what nats-server changes for no stream', () => {
    const plan = planStream(wanted({ storage: 'memory', deny_purge: false }), there(0));
    assert.deepEqual(
      plan.kept.map(({ field, why }) => [field, why]),
      [
        ['storage', 'fixed'],
        ['deny_purge', 'fixed'],
      ],
    );
    assert.equal(plan.update, undefined);
  });

  it('keeps subjects that somebody added, also while others are added', () => {
    const subjects = [...config.subjects, 'own.>'];
    const same = planStream(wanted({}), there(1, { subjects }));
    assert.deepEqual(
      same.kept.map(({ why }) => why),
      ['more'],
    );
    const more = planStream(wanted({ subjects: [...config.subjects, 'ops.x'] }), there(1, { subjects }));
    assert.deepEqual(more.update?.['subjects'], [...subjects, 'ops.x']);
  });

  it('mends one thing where another stays', () => {
    const { update, mended, kept } = planStream(wanted({ max_bytes: 1, max_age: 60 * day_ns }), there(1));
    assert.equal(update?.['max_bytes'], config.max_bytes);
    assert.equal(update?.['max_age'], 60 * day_ns);
    assert.deepEqual([mended.length, kept.length], [1, 1]);
  });
});
