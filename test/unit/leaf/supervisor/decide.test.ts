import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide, initialState, type LeafSituation } from '../../../../agent/leaf/supervisor/decide.ts';

const limits = { confirm_ms: 60_000, watchdog_ms: 300_000 };
const calm = {
  joined: false,
  reached: true,
  open: true,
  running: true,
  refused: false,
  asked: 'new',
  onFallback: false,
  proven: false,
} as const;

/** How long the leaf had something to join before each action of the last life, in ms. */
const limitsUsed: number[] = [];
/** When they came, in seconds. */
const actedAt: number[] = [];

type Seen = Partial<Omit<LeafSituation, 'now_ms'>>;

/** Lives through `minutes` second by second; the settings in use follow the actions. Gives `second action` lines. */
function live(minutes: number, seen: (second: number, onFallback: boolean) => Seen, over = limits): string[] {
  let state = initialState(0);
  let onFallback = false;
  const done: string[] = [];
  limitsUsed.length = 0;
  actedAt.length = 0;
  for (let second = 0; second <= minutes * 60; second++) {
    const facts = { ...calm, onFallback, ...seen(second, onFallback), now_ms: second * 1000 };
    const next = decide(state, facts, over);
    state = next.state;
    if (next.step === undefined) continue;
    const { action, after_ms } = next.step;
    limitsUsed.push(after_ms);
    actedAt.push(second);
    if (action !== 'restart') onFallback = action === 'roll_back';
    done.push(`${second} ${action}`);
  }
  return done;
}

test('settings that do not join give way to the last good ones, which stay once they have joined', () => {
  const done = live(600, (_, onFallback) => ({ fallback: 'old', joined: onFallback }));
  assert.deepEqual(done, ['60 roll_back']);
});

test('when neither joins they take turns, each longer than the one before, up to 15 minutes', () => {
  const done = live(75, () => ({ fallback: 'old' }));
  const minutes = done.map((line) => Number(line.split(' ')[0]) / 60);
  assert.deepEqual(minutes, [1, 2, 4, 8, 16, 31, 46, 61]);
  assert.equal(done[1], '120 return');
});

test('a hub that nobody reaches is waited for: the settings are not to blame', () => {
  assert.deepEqual(
    live(120, () => ({ fallback: 'old', reached: false, open: false })),
    [],
  );
  const late = live(60, (second, on) => ({ fallback: 'old', reached: second > 1800, joined: on }));
  assert.deepEqual(late, ['1860 roll_back']);
});

test('no time counts in which no server runs, as for 5 s after each end, or in which it was not asked yet', () => {
  for (const confirm_s of [1, 2, 5, 6]) {
    const done = live(
      20,
      (second, onFallback) => {
        const isUp = second - (actedAt.at(-1) ?? -Infinity) > 5;
        return { fallback: 'old', running: isUp, joined: onFallback && isUp };
      },
      { ...limits, confirm_ms: confirm_s * 1000 },
    );
    assert.deepEqual(done, [`${confirm_s} roll_back`], `confirm_s ${confirm_s}`);
  }
  const watched = live(
    1,
    (second) => ({ proven: true, running: second - (actedAt.at(-1) ?? -Infinity) > 5 }),
    { ...limits, watchdog_ms: 3000 },
  );
  assert.deepEqual(
    watched,
    ['3 restart', '14 restart', '31 restart', '60 restart'],
    'by the watchdog as well',
  );
});

test('settings that have joined once are never rolled back', () => {
  assert.deepEqual(
    live(4, () => ({ fallback: 'old', proven: true, refused: true })),
    [],
  );
});

test('confirm_s 0 and no last good settings mean no roll-back', () => {
  assert.deepEqual(
    live(4, () => ({})),
    [],
  );
  assert.deepEqual(
    live(4, () => ({ fallback: 'old' }), { ...limits, confirm_ms: 0 }),
    [],
  );
});

test('other settings start a trial of their own', () => {
  const done = live(3, (second) => ({ fallback: 'old', asked: second < 50 ? 'new' : 'newer' }));
  assert.deepEqual(done, ['110 roll_back', '170 return']);
});

test('a leaf that stays unjoined before an open door is restarted, ever more seldom', () => {
  const done = live(140, () => ({ proven: true }));
  assert.deepEqual(
    done.map((line) => Number(line.split(' ')[0]) / 60),
    [5, 15, 35, 75, 135],
  );
  assert.ok(done.every((line) => line.endsWith('restart')));
  assert.deepEqual(
    limitsUsed.map((ms) => ms / 60_000),
    [5, 10, 20, 40, 60],
    'an hour at most',
  );
});

test('a restart is no cure for a closed door or a refusal', () => {
  assert.deepEqual(
    live(60, () => ({ proven: true, open: false })),
    [],
  );
  assert.deepEqual(
    live(60, () => ({ proven: true, refused: true })),
    [],
  );
  assert.deepEqual(
    live(60, () => ({ proven: true }), { ...limits, watchdog_ms: 0 }),
    [],
  );
});

test('a good join resets the watchdog, a short one does not', () => {
  const up = (from: number, to: number) => (second: number) => ({
    proven: true,
    joined: second >= from && second < to,
  });
  assert.deepEqual(live(12, up(310, 400)), ['300 restart', '699 restart']);
  assert.deepEqual(live(14, up(310, 320)), ['300 restart']);
});
