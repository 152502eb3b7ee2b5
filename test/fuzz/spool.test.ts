import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Gap, RecordPriority } from '../../agent/records/record.ts';
import type { SpoolStats } from '../../agent/records/stats.ts';
import { holdsAsync } from '../kit/fuzz/fuzz.ts';
import { type Left, moods, spoolHub } from '../kit/hub/spoolhub.ts';
import { seededRandom } from '../kit/lib/random.ts';

const priorities: readonly RecordPriority[] = ['metric', 'metric', 'log', 'event'];

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      put: fc.integer({ min: 1, max: 12 }),
      subject: fc.nat(3),
      size: fc.constantFrom(5, 5, 300, 3000),
    }),
  },
  { weight: 5, arbitrary: fc.record({ pass: fc.constantFrom(0, 1, 50, 900, 3000, 12_000, 60_000) }) },
  { weight: 4, arbitrary: fc.record({ mood: fc.constantFrom(...moods) }) },
  { weight: 1, arbitrary: fc.record({ mood: fc.constant('stored' as const) }) },
  { weight: 1, arbitrary: fc.record({ up: fc.constantFrom(true, false, undefined) }) },
  { weight: 2, arbitrary: fc.record({ connect: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      hub: fc.boolean(),
      window: fc.integer({ min: 1, max: 20 }),
      memory_bytes: fc.constantFrom(500, 5000, 100_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ step: fc.integer({ min: -1e9, max: 1e9 }), provenFor: fc.nat(20_000) }),
  },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

const total = ({ metric, log, event }: SpoolStats['dropped']): number => metric + log + event;

/** The first time each record left, by subject. */
function firstLeft(all: readonly Left[]): Map<string, Left[]> {
  const seen = new Set<string>();
  const bySubject = new Map<string, Left[]>();
  for (const one of all) {
    if (seen.has(one.id)) continue;
    seen.add(one.id);
    bySubject.set(one.subject, [...(bySubject.get(one.subject) ?? []), one]);
  }
  return bySubject;
}

const seqOf = (id: string): number => Number(id.split('-').at(-1));
const assertRising = (records: readonly Left[], what: string): void => {
  const seqs = records.map(({ id }) => seqOf(id));
  assert.deepEqual(
    seqs,
    seqs.toSorted((a, b) => a - b),
    what,
  );
};

function model(hubConfigured: boolean) {
  const limits = { window: 4, memory_bytes: 5000, hub: hubConfigured };
  const site = spoolHub(limits);
  const { spool, ticker, hub, requested, published, stored, gaps } = site;
  const puts = new Map<string, { readonly n: number; readonly subject: string; readonly offline: boolean }>();
  const [left, askedInVain]: [Left[], string[]] = [[], []];
  const unexpected = new Set<string>(); // ids that were published while no hub was there to have them
  let [n, before] = [0, spool.stats()];
  hub.onRequest = (one) => {
    if (!limits.hub) askedInVain.push(one.id);
  };

  /** What holds at any moment. */
  const check = (): void => {
    for (const one of published) if (!left.includes(one) && !limits.hub) unexpected.add(one.id);
    for (const one of [...requested.splice(0), ...published]) if (!left.includes(one)) left.push(one);
    assert.deepEqual(askedInVain, [], 'asked for an acknowledgement without a hub');
    const stats = spool.stats();
    const { pending, bytes, duplicates, dropped } = stats;
    const say = JSON.stringify(stats);
    assert.equal(
      stats.stored + stats.published + total(dropped) + pending,
      puts.size + gaps.length,
      `lost or twice: ${say}`,
    );
    assert.ok(pending >= 0 && bytes >= 0 && (pending === 0) === (bytes === 0), say);
    assert.ok(
      duplicates <= stats.stored && stats.stored >= before.stored && stats.published >= before.published,
      say,
    );
    assert.ok(total(dropped) >= total(before.dropped) && (stats.oldest_age_s ?? 0) >= 0, say);
    assert.ok(pending > 0 || stats.oldest_age_s === undefined, say);
    assert.ok(stats.stored <= stored.size, `more was acknowledged than the hub has: ${say}`);
    before = stats;
  };

  return {
    ...site,
    check,
    async act(one: Action): Promise<void> {
      if ('put' in one)
        for (let i = 0; i < one.put; i++) {
          n += 1;
          const subject = `s${one.subject}`;
          const offline = spool.stats().state === 'offline';
          const priority = priorities[one.subject] ?? 'metric';
          const id = spool.put({
            subject,
            priority,
            body: { n, ts: 1e12, fill: 'x'.repeat(one.size) },
            headers: { H: ['1'] },
          });
          assert.ok(!puts.has(id), `${id} twice`);
          puts.set(id, { n, subject, offline });
        }
      else if ('pass' in one) await ticker.pass(one.pass);
      else if ('mood' in one) hub.mood = one.mood;
      else if ('up' in one) {
        hub.up = one.up;
        spool.kick();
      } else if ('connect' in one) site.connect(one.connect);
      else if ('step' in one)
        spool.correctTimes({ provenUntil_ms: ticker.now_ms() - one.provenFor, by_ms: one.step });
      else {
        Object.assign(limits, one);
        spool.configure({ ...limits });
        assert.ok(spool.stats().budget_bytes === one.memory_bytes);
      }
      check();
    },
    /** All is well again for long enough; then nothing may wait. */
    async recover(): Promise<void> {
      Object.assign(hub, { up: true, mood: 'stored' });
      site.connect(false); // what was asked and never answered is given up
      site.connect(true);
      check();
      Object.assign(limits, { hub: true, memory_bytes: 1e6 });
      spool.configure({ ...limits });
      for (let i = 0; i < 4; i++) {
        spool.put({ subject: 's0', priority: 'metric', body: {} });
        n += 1;
        puts.set(`u1-b-${puts.size + gaps.length + 1}`, { n, subject: 's0', offline: false });
        await ticker.pass(310_000);
      }
      const { pending, bytes } = spool.stats();
      assert.deepEqual(
        { pending, bytes },
        { pending: 0, bytes: 0 },
        'nothing waits and nothing is counted for it',
      );
      assert.equal(await spool.drained(1), true);
      spool.stop();
    },
    /** What became of every record. */
    judge(): void {
      const everLeft = new Set(left.map(({ id }) => id));
      const { dropped } = spool.stats();
      const gone = [...puts.keys()].filter((id) => !everLeft.has(id));
      assert.ok(gone.length <= total(dropped), `${gone.length} never left, ${total(dropped)} were given up`);
      const reports = new Map(
        left.flatMap(({ id, body }) => ('gap' in body ? [[id, body['gap'] as Gap]] : [])),
      );
      const told = [...reports].reduce(
        (sum, [id, { count }]) => sum + (stored.has(id) || unexpected.has(id) ? count : 0),
        0,
      );
      const missing = [...puts.keys(), ...reports.keys()].filter(
        (id) => !stored.has(id) && !unexpected.has(id),
      );
      const most = total(dropped) + spool.stats().published;
      assert.ok(
        missing.length <= told && told <= most,
        `${missing.length} are missing, ${told} were told, ${most} given up or published`,
      );
      for (const one of left) {
        const put = puts.get(one.id);
        if (put === undefined) assert.ok('gap' in one.body, one.id);
        else if ('n' in one.body)
          assert.deepEqual([one.subject, one.body['n']], [put.subject, put.n], 'an id is one record');
      }
      for (const [subject, records] of firstLeft(left)) {
        assertRising(
          records.filter(({ backfill }) => !backfill),
          `live records of ${subject}`,
        );
        assertRising(
          records.filter(({ id }) => puts.get(id)?.offline),
          `records of ${subject} from an outage`,
        );
      }
    },
  };
}

holdsAsync(
  'whatever happens to hub, link and config, no record is lost uncounted, sent under another id or out of order',
  fc.tuple(fc.boolean(), fc.array(action, { minLength: 1, maxLength: 40 }), fc.nat()),
  async ([hubConfigured, actions, random]) => {
    const real = Math.random; // of the pauses between probes: the same for the same example
    Math.random = seededRandom(random);
    try {
      const site = model(hubConfigured);
      for (const one of actions) await site.act(one);
      await site.recover();
      site.check();
      site.judge();
    } finally {
      Math.random = real;
    }
  },
  150,
);
