import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPublisher } from '../../../agent/status/publisher.ts';
import type { UnitState } from '../../../agent/status/unitstate.ts';
import { subjectsOf } from '../../../agent/wire/subjects.ts';
import { epoch_s } from '../../kit/clock/evidence.ts';
import { fakeTicker } from '../../kit/lib/faketicker.ts';
import { agentFileOf, fakeWall, recordingSpool, unitStateOf } from '../../kit/unit/unitfakes.ts';

const subjects = subjectsOf('demo-01', 'leaf');

interface Changes {
  readonly boot_delay_s?: number;
  look?(): Promise<UnitState>;
  firstTried?(): Promise<void>;
}

function publishing(changes: Changes = {}) {
  const ticker = fakeTicker();
  const spool = recordingSpool();
  const { look = async () => unitStateOf(), firstTried = async () => {}, boot_delay_s = 0 } = changes;
  const options = {
    name: { unit: 'demo-01', tenant: 'fire', version: 'v' },
    subjects,
    interval_s: 5,
    boot_delay_s,
    time: agentFileOf("config time 'time'\n list ntp_server 'a'\n list ntp_server 'b'").config.time,
  };
  const start = () =>
    startPublisher({ spool, ticker, wall: fakeWall(ticker), firstTried, look, random: () => 0.5 }, options);
  return { ticker, spool, start, options };
}
const sequences = (spool: ReturnType<typeof recordingSpool>): unknown[] =>
  spool.on(subjects.heartbeat).map(({ sequence }) => sequence);

test('each interval has one heartbeat and one of each metric, all with the same number and time', async () => {
  const { ticker, spool, start } = publishing();
  start();
  await ticker.pass(5001);
  assert.deepEqual(sequences(spool), [1, 2]);
  for (const kind of ['rtt', 'time', 'nats', 'system'] as const) {
    const bodies = spool.on(subjects.metric[kind]);
    assert.deepEqual(
      bodies.map(({ seq }) => seq),
      [1, 2],
      kind,
    );
    assert.deepEqual(
      bodies.map(({ ts }) => ts),
      spool.on(subjects.heartbeat).map(({ ts }) => ts),
      kind,
    );
  }
  assert.equal(spool.on(subjects.heartbeat)[0]?.['ts'], epoch_s * 1000 + 1000);
});

test('nothing is published before the hub was tried, and then at once and once; a stop does not wait for it', async () => {
  let tried = (): void => {};
  const firstTried = () => new Promise<void>((resolve) => (tried = resolve));
  const { ticker, spool, start } = publishing({ firstTried });
  const publisher = start();
  await ticker.pass(12_000);
  assert.deepEqual(sequences(spool), []);
  tried();
  await ticker.pass(1);
  assert.deepEqual(sequences(spool), [1]);
  publisher.stop();
  const early = publishing({ firstTried });
  const ending = early.start();
  await early.ticker.pass(1);
  await ending.publishLast();
  assert.deepEqual(sequences(early.spool), [1], 'its last heartbeat');
  tried();
  await early.ticker.pass(10_000);
  assert.deepEqual(sequences(early.spool), [1]);
});

test('a reload before the first look does not make two of it', async () => {
  const waiting: (() => void)[] = [];
  const firstTried = () => new Promise<void>((resolve) => void waiting.push(resolve));
  const { ticker, spool, start, options } = publishing({ firstTried });
  const publisher = start();
  await ticker.pass(1);
  publisher.configure(options);
  for (const tried of waiting) tried();
  await ticker.pass(1);
  assert.deepEqual(sequences(spool), [1]);
});

test('another boot delay counts from the moment at which it is set', async () => {
  const { ticker, spool, start, options } = publishing({ boot_delay_s: 600 });
  const publisher = start();
  await ticker.pass(1000);
  publisher.configure({ ...options, boot_delay_s: 0 });
  await ticker.pass(1);
  assert.deepEqual(sequences(spool), [1]);
});

test('a heartbeat carries the figures of the unit as headers', async () => {
  const { ticker, spool, start } = publishing();
  start();
  await ticker.pass(1);
  const { headers = {} } = spool.records.find(({ subject }) => subject === subjects.heartbeat) ?? {};
  assert.deepEqual(headers['X-CPU-Load'], ['12%']);
  assert.deepEqual(headers['X-Memory-Usage'], ['25%']);
  assert.deepEqual(headers['X-Native-RTT'], ['170µs']);
  assert.deepEqual(headers['X-Tenant'], ['fire']);
  assert.deepEqual(headers['X-Clock-Error-Bound'], ['180']);
});

test('what is not known has neither header nor field', async () => {
  const state = unitStateOf();
  const { hub_rtt_us: _, ...nats } = state.nats;
  const bare = { ...state, nats, rtt: { peers: [] }, system: {} as UnitState['system'] };
  const { ticker, spool, start } = publishing({ look: async () => bare });
  start();
  await ticker.pass(1);
  const { headers = {} } = spool.records.find(({ subject }) => subject === subjects.heartbeat) ?? {};
  for (const name of ['X-CPU-Load', 'X-Memory-Usage', 'X-Native-RTT', 'X-App-RTT'])
    assert.ok(!(name in headers), name);
  assert.ok(!('hub_rtt_us' in (spool.on(subjects.metric.rtt)[0] ?? {})));
});

test('how the time is meant to be kept is published once at the start', async () => {
  const { ticker, spool, start } = publishing();
  start();
  await ticker.pass(20_000);
  assert.deepEqual(spool.on(subjects.timeConfig), [
    { unit_id: 'demo-01', mode: 'auto', ntp_servers: 'a,b', ptp_domain: 0 },
  ]);
});

test('nothing is published before the delay after boot has passed', async () => {
  const { ticker, spool, start } = publishing({ boot_delay_s: 60 });
  start();
  await ticker.pass(29_900);
  assert.equal(spool.records.length, 0);
  await ticker.pass(200);
  assert.deepEqual(sequences(spool), [1]);
});

test('other options are published at once, and the count of heartbeats goes on', async () => {
  const { ticker, spool, start, options } = publishing({ boot_delay_s: 60 });
  const publisher = start();
  await ticker.pass(35_001);
  publisher.configure({ ...options, interval_s: 2, time: { ...options.time, ptp_domain: 7 } });
  await ticker.pass(1);
  assert.deepEqual(sequences(spool), [1, 2, 3], 'without a delay, which is for boots');
  assert.equal(spool.on(subjects.timeConfig).at(-1)?.['ptp_domain'], 7);
  await ticker.pass(2100);
  assert.deepEqual(sequences(spool), [1, 2, 3, 4]);
  assert.equal(spool.on(subjects.heartbeat).at(-1)?.['interval_s'], 2);
});

test('options that change before the first heartbeat do not bring it forward', async () => {
  const { ticker, spool, start, options } = publishing({ boot_delay_s: 60 });
  start().configure({ ...options, interval_s: 2 });
  await ticker.pass(29_900);
  assert.deepEqual(sequences(spool), []);
  await ticker.pass(200);
  assert.equal(spool.on(subjects.heartbeat)[0]?.['interval_s'], 2);
});

test('a look that is under way when the publisher is stopped publishes nothing', async () => {
  let answer = (_state: UnitState): void => {};
  const look = (): Promise<UnitState> => new Promise((resolve) => (answer = resolve));
  const { ticker, spool, start } = publishing({ look });
  const publisher = start();
  await ticker.pass(1);
  publisher.stop();
  answer(unitStateOf());
  await ticker.pass(20_000);
  assert.deepEqual(sequences(spool), []);
});

test('the last heartbeat before a stop says so, and nothing follows it', async () => {
  const { ticker, spool, start } = publishing();
  const publisher = start();
  await ticker.pass(1);
  const before = spool.records.length;
  await publisher.publishLast();
  await publisher.publishLast();
  await ticker.pass(20_000);
  assert.equal(spool.records.length, before + 1);
  const last = spool.on(subjects.heartbeat).at(-1);
  assert.equal(last?.['stopping'], true);
  assert.equal(last?.['sequence'], 2);
});
