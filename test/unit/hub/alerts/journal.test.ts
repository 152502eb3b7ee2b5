import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  delivered,
  newJournal,
  noneDropped,
  owesNothing,
  queueNotices,
  useOutputs,
  waitingFor,
} from '../../../../agent/hub/alerts/journal.ts';
import { offlineNotice } from '../../../kit/hub/notices.ts';
import { seededRandom } from '../../../kit/lib/random.ts';

const named = (...names: string[]) => names.map((name) => ({ name, target: '' }));

function journalFor(...names: string[]) {
  const journal = newJournal('j');
  useOutputs(journal, named(...names));
  return journal;
}
const seqs = (journal: ReturnType<typeof newJournal>, output: string): number[] =>
  waitingFor(journal, output).map(({ seq }) => seq);

test('each output has its own place in one queue; what all have is forgotten', () => {
  const journal = journalFor('a', 'b');
  queueNotices(journal, [offlineNotice('u1'), offlineNotice('u2'), offlineNotice('u3')], 10);
  delivered(journal, 'a', 2, noneDropped, 5);
  assert.deepEqual([seqs(journal, 'a'), seqs(journal, 'b')], [[3], [1, 2, 3]]);
  delivered(journal, 'b', 1, noneDropped, 5);
  assert.equal(journal.entries.length, 2);
  delivered(journal, 'b', 3, noneDropped, 5);
  delivered(journal, 'a', 3, noneDropped, 6);
  assert.deepEqual([journal.entries, journal.cursors['a']?.last_ms], [[], 6]);
});

test('an output that is new begins with what comes; one that is gone holds nothing up', () => {
  const journal = journalFor('a');
  queueNotices(journal, [offlineNotice('u1')], 10);
  useOutputs(journal, named('a', 'b'));
  queueNotices(journal, [offlineNotice('u2')], 10);
  assert.deepEqual([seqs(journal, 'a'), seqs(journal, 'b')], [[1, 2], [2]]);
  useOutputs(journal, named('b'));
  assert.deepEqual(
    journal.entries.map(({ seq }) => seq),
    [2],
  );
  useOutputs(journal, []);
  queueNotices(journal, [offlineNotice('u3')], 10);
  assert.deepEqual(journal.entries, []);
});

test('what is for one output alone waits for no other, and one that is new or goes elsewhere is owed what fires', () => {
  const journal = newJournal('j');
  const cursor = (name: string) => journal.cursors[name];
  useOutputs(journal, named('a', 'b'));
  assert.deepEqual([cursor('a')?.owes, cursor('b')?.owes], [true, true]);
  owesNothing(journal, 'a');
  queueNotices(journal, [offlineNotice('u1')], 10);
  queueNotices(journal, [offlineNotice('u2')], 10, 'b');
  assert.deepEqual([seqs(journal, 'a'), seqs(journal, 'b')], [[1], [1, 2]]);
  delivered(journal, 'a', 1, noneDropped, 5);
  delivered(journal, 'b', 1, noneDropped, 5);
  assert.deepEqual(
    journal.entries.map(({ id }) => id),
    ['j-2'],
  );
  useOutputs(journal, [
    { name: 'a', target: '' },
    { name: 'b', target: 'elsewhere' },
  ]);
  assert.deepEqual([cursor('a')?.owes, cursor('b')?.owes], [undefined, true]);
  assert.deepEqual(seqs(journal, 'b'), [2], 'what waits goes to the other receiver');
  delivered(journal, 'b', 2, noneDropped, 6);
  assert.deepEqual([journal.entries, cursor('b')?.owes], [[], true]);
});

test('a full queue drops what a later one makes old, else the oldest, and says to whom', () => {
  const journal = journalFor('a', 'b');
  queueNotices(journal, [offlineNotice('u1'), offlineNotice('u2')], 3);
  delivered(journal, 'b', 1, noneDropped, 5);
  queueNotices(journal, [offlineNotice('u2', 'resolved'), offlineNotice('u3')], 3);
  assert.deepEqual(seqs(journal, 'a'), [1, 3, 4]);
  assert.deepEqual(journal.cursors['a']?.dropped, { count: 1, keys: ['offline:u2'] });
  assert.deepEqual(journal.cursors['b']?.dropped, { count: 1, keys: ['offline:u2'] });
  queueNotices(journal, [offlineNotice('u4')], 3);
  assert.deepEqual(seqs(journal, 'a'), [3, 4, 5]);
  assert.equal(journal.cursors['a']?.dropped.count, 2);
  assert.equal(journal.cursors['b']?.dropped.count, 1); // b had the first
});

test('what is dropped while an output is told of earlier ones is told later', () => {
  const journal = journalFor('a');
  queueNotices(journal, [offlineNotice('u1'), offlineNotice('u2')], 1);
  const told = journal.cursors['a']?.dropped ?? noneDropped;
  assert.equal(told.count, 1);
  queueNotices(journal, [offlineNotice('u3')], 1);
  delivered(journal, 'a', 2, told, 5);
  assert.deepEqual(journal.cursors['a']?.dropped, { count: 1, keys: ['offline:u2'] });
});

test('whatever happens: delivered or told of as dropped, in order, each once', () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = seededRandom(seed);
    const journal = journalFor('a', 'b', 'c');
    const got: Record<string, number[]> = { a: [], b: [], c: [] };
    const droppedOf: Record<string, number> = { a: 0, b: 0, c: 0 };
    let made = 0;
    for (let step = 0; step < 400; step += 1) {
      if (random() < 0.6) {
        queueNotices(journal, [offlineNotice(`u${Math.floor(random() * 8)}`)], 12);
        made += 1;
      }
      const name = 'abc'[Math.floor(random() * 3)] ?? 'a';
      const [first] = waitingFor(journal, name);
      if (first === undefined || (name === 'c' && step < 300)) continue;
      const { dropped } = journal.cursors[name] ?? { dropped: noneDropped };
      got[name]?.push(first.seq);
      droppedOf[name] = (droppedOf[name] ?? 0) + dropped.count;
      delivered(journal, name, first.seq, dropped, step);
      assert.ok(journal.entries.length <= 12);
    }
    for (const name of 'abc') {
      const list = got[name] ?? [];
      assert.deepEqual(
        list,
        [...new Set(list)].toSorted((a, b) => a - b),
        `seed ${seed}`,
      );
      const open = waitingFor(journal, name).length + (journal.cursors[name]?.dropped.count ?? 0);
      assert.equal(list.length + (droppedOf[name] ?? 0) + open, made, `seed ${seed} ${name}`);
    }
  }
});
