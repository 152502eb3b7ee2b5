import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChronyFacts, PtpFacts } from '../../../agent/clock/facts.ts';
import { type FactSource, keepTime } from '../../../agent/clock/timekeeper.ts';
import { absent, fresh, type Reading } from '../../../agent/lib/reading.ts';
import { clockSettings, ptpFacts } from '../../kit/clock/evidence.ts';
import { fakeTicker } from '../../kit/lib/faketicker.ts';
import { fakeWall } from '../../kit/unit/unitfakes.ts';

/** A daemon whose state a test sets. */
function daemon<T>(first: Reading<T>): FactSource<T> & {
  reading: Reading<T>;
  hastened: number;
  hasten(): void;
  turn(): void;
  heard: number;
} {
  const listeners = new Set<() => void>();
  return {
    reading: first,
    read() {
      return this.reading;
    },
    onChange(fn) {
      listeners.add(fn);
      return () => listeners.delete(fn);
    },
    look: async () => {},
    hastened: 0,
    hasten() {
      this.hastened += 1;
    },
    turn() {
      for (const fn of listeners) fn();
    },
    get heard() {
      return listeners.size;
    },
  };
}

function keeping() {
  const ticker = fakeTicker();
  const ptp = daemon<PtpFacts>(absent('not_installed'));
  const ntp = daemon<ChronyFacts>(absent('not_installed'));
  const judged: number[] = []; // when the evidence was gathered
  const disciplines = () => {
    judged.push(ticker.now_ms());
    return {};
  };
  const keeper = keepTime(
    { ptp, ntp, disciplines, wall: fakeWall(ticker), ticker },
    clockSettings({ poll_s: 1 }),
  );
  const told: string[] = [];
  const end = keeper.onChange(({ event }) => told.push(event));
  /** Lets ptp4l be a slave that gets a Sync each second. */
  const follow = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds; i++) {
      ptp.reading = fresh(ptpFacts(ticker.now_ms()), ticker.now_ms());
      await ticker.pass(1000);
    }
  };
  return { ticker, ptp, ntp, keeper, told, end, follow, judged };
}

test('who asks along with each poll has the clock judged no oftener', async () => {
  const { ticker, keeper, judged } = keeping();
  await ticker.pass(500);
  judged.length = 0;
  for (let i = 0; i < 10; i++) {
    await ticker.pass(490);
    keeper.verdict(); // first, by chance, and 10 ms before the poll
    await ticker.pass(510);
  }
  assert.equal(judged.length, 10);
});

test('a change of the clock has chronyd asked at each poll, and nothing else does', async () => {
  const { ntp, ptp, ticker, follow } = keeping();
  await follow(30);
  const locked = ntp.hastened;
  assert.ok(locked > 0);
  await follow(30);
  assert.equal(ntp.hastened, locked);
  ptp.reading = absent('no_socket');
  ptp.turn();
  await ticker.pass(0);
  assert.ok(ntp.hastened > locked);
});

test('the clock is judged at each poll, and each change is told once', async () => {
  const { keeper, told, follow } = keeping();
  assert.equal(keeper.verdict().quality, 'freerun');
  await follow(30);
  assert.equal(keeper.verdict().source, 'ptp');
  assert.equal(keeper.verdict().quality, 'locked');
  const clocks = told.filter((event) => event === 'clock').length;
  assert.ok(clocks >= 1);
  await follow(30);
  assert.equal(told.filter((event) => event === 'clock').length, clocks);
});

test('that a port changed its state cannot wait for the next poll', async () => {
  const { ticker, ptp, told, follow } = keeping();
  await follow(30);
  told.length = 0;
  ptp.reading = fresh(ptpFacts(ticker.now_ms(), -350, { portState: 'LISTENING' }), ticker.now_ms());
  ptp.turn();
  assert.ok(told.includes('port_state'), told.join());
});

test('that Syncs stay away cannot wait for the next poll, nor that they are back', async () => {
  const { ticker, ptp, keeper, follow } = keeping();
  await follow(30);
  const last_ms = ticker.now_ms();
  const answer = (sync_ms: number): void => {
    ptp.reading = fresh(ptpFacts(sync_ms), ticker.now_ms());
    ptp.turn();
  };
  answer(last_ms);
  await ticker.pass(2950);
  answer(last_ms);
  assert.equal(keeper.verdict().quality, 'locked');
  await ticker.pass(100);
  answer(last_ms);
  assert.deepEqual([keeper.verdict().source, keeper.verdict().reasons[0]], ['unsynced', 'ptp_stale_sync']);
  answer(ticker.now_ms());
  assert.equal(keeper.verdict().source, 'ptp');
});

test('a fresh measurement is no change to tell, but whoever asks is told by it', async () => {
  const { ticker, ptp, keeper, told, follow } = keeping();
  await follow(30);
  told.length = 0;
  ptp.reading = fresh(ptpFacts(ticker.now_ms(), -340), ticker.now_ms());
  ptp.turn();
  assert.deepEqual(told, []);
  assert.equal(keeper.verdict().offset_ns, -340);
});

test('the bound of the moment grows between two polls and has the wall clock in it', async () => {
  const { ticker, keeper, follow } = keeping();
  await follow(30);
  const { absolute_ns = 0 } = keeper.verdict().bound;
  const { error_bound_ns: at = 0 } = keeper.summary();
  assert.ok(at >= absolute_ns, `${at} and ${absolute_ns}`);
  assert.ok(keeper.verdict().bound.terms.some(({ name, ns }) => name === 'clock_reading' && ns >= 1000));
  await ticker.pass(900);
  assert.ok((keeper.summary().error_bound_ns ?? 0) > at);
});

test('whom ptp4l followed last is known as soon as it follows nobody', async () => {
  const { ticker, ptp, keeper, follow } = keeping();
  await ticker.pass(5000);
  assert.equal(keeper.wasSteered(), false, 'to be judged is not to be steered');
  await follow(30);
  assert.equal(keeper.lostMaster(), undefined);
  assert.equal(keeper.wasSteered(), true);
  assert.equal(keeper.followsPtp(), true);
  const lost_ms = ticker.now_ms();
  const answer = (portState: 'SLAVE' | 'LISTENING'): void => {
    ptp.reading = fresh({ ...ptpFacts(lost_ms, 0, { portState }), ingressSeen_ms: lost_ms }, ticker.now_ms());
    ptp.turn();
  };
  answer('SLAVE');
  await ticker.pass(4000);
  answer('SLAVE'); // which it stays until Announces are missed, too
  assert.equal(keeper.followsPtp(), false);
  assert.equal(keeper.lostMaster()?.at_ms, lost_ms);
  answer('LISTENING');
  await ticker.pass(50_000);
  const lost = keeper.lostMaster();
  assert.equal(lost?.gmIdentity, 'c6fbd5.fffe.c2ee14');
  assert.equal(lost.at_ms, lost_ms);
  ptp.reading = absent('no_socket');
  assert.equal(keeper.lostMaster()?.at_ms, lost.at_ms);
  assert.equal(keeper.wasSteered(), true);
});

test('without a bound the summary has none', () => {
  assert.deepEqual(keeping().keeper.summary(), { source: 'unsynced', quality: 'freerun' });
});

test('whoever has ended its listening is told no more, and after a stop nothing is judged', async () => {
  const { ticker, ptp, keeper, told, end, follow } = keeping();
  end();
  await follow(30);
  assert.deepEqual(told, []);
  await keeper.stop();
  const last = keeper.verdict();
  assert.equal(ptp.heard, 0);
  await ticker.pass(60_000);
  assert.equal(keeper.verdict(), last);
});
