import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Traffic, trafficProfileOf } from '../../../agent/config/traffic.ts';
import { startPublisher } from '../../../agent/status/publisher.ts';
import type { UnitState } from '../../../agent/status/unitstate.ts';
import type { MinutesMetric } from '../../../agent/wire/reports.ts';
import { subjectsOf } from '../../../agent/wire/subjects.ts';
import { epoch_s } from '../../kit/clock/evidence.ts';
import { fakeTicker } from '../../kit/lib/faketicker.ts';
import { agentFileOf, fakeWall, findingLike, recordingSpool, unitStateOf } from '../../kit/unit/unitfakes.ts';

const subjects = subjectsOf('demo-01', 'leaf');

interface Changes {
  readonly traffic?: Traffic;
  readonly boot_delay_s?: number;
  look?(): Promise<UnitState>;
  firstTried?(): Promise<void>;
}

function publishing(changes: Changes = {}) {
  const ticker = fakeTicker();
  const spool = recordingSpool();
  const {
    look = async () => unitStateOf(),
    firstTried = async () => {},
    boot_delay_s = 0,
    traffic = 'lan',
  } = changes;
  const options = {
    name: { unit: 'demo-01', tenant: 'fire', version: 'v' },
    subjects,
    interval_s: trafficProfileOf(traffic).interval_s,
    traffic: trafficProfileOf(traffic),
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
  const bare = {
    ...state,
    nats,
    rtt: { peers: [] },
    system: { temperatures: [], storage: [], interfaces: [] },
  };
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

/** What a unit of that profile sends while `state` is how it is. */
function sending(traffic: Traffic) {
  const of: { state: UnitState } = { state: unitStateOf() };
  const all = publishing({ traffic, look: async () => of.state });
  const publisher = all.start();
  const full = () => all.spool.on(subjects.heartbeat);
  const slim = (subject: string = subjects.heartbeat) =>
    all.spool.slim.filter((one) => one.subject === subject);
  return { ...all, of, publisher, full, slim };
}
const sequenceOf = ({ headers = {} }: { headers?: Readonly<Record<string, string[]>> }): number =>
  Number(headers['X-Sequence']?.[0]);
const degraded = (): UnitState =>
  unitStateOf({ health: { status: 'degraded', findings: [findingLike({ key: 'clock' })] } });

test('standard: slim records each 5 s, a full set each two minutes, and each number comes once', async () => {
  const { ticker, full, slim, spool } = sending('standard');
  await ticker.pass(600_001);
  assert.deepEqual(
    full().map(({ sequence }) => sequence),
    [1, 25, 49, 73, 97, 121],
  );
  const numbers = [...full().map(({ sequence }) => Number(sequence)), ...slim().map(sequenceOf)];
  assert.deepEqual(
    numbers.sort((a, b) => a - b),
    Array.from({ length: 121 }, (_, at) => at + 1),
  );
  for (const kind of ['rtt', 'time'] as const) {
    assert.equal(slim(subjects.metric[kind]).length, slim().length, kind);
    assert.equal(spool.on(subjects.metric[kind]).length, full().length, kind);
  }
  assert.equal(spool.slim.length, 3 * slim().length, 'nothing else is slim');
  assert.ok(spool.slim.every(({ keeps }) => keeps));
  assert.deepEqual(
    spool.slim.filter(({ asks }) => asks).map((one) => [one.subject, sequenceOf(one) % 24]),
    Array.from({ length: 15 }, (_, at) => [subjects.heartbeat, [7, 13, 19][at % 3]]),
    'each half a minute, where no full set is due',
  );
});

test('wan: the same at 15 s, and slim records of an outage are not kept', async () => {
  const { ticker, full, slim, spool } = sending('wan');
  await ticker.pass(600_001);
  assert.equal(full().length, 6);
  assert.equal(slim().length, 35);
  assert.ok(spool.slim.every(({ keeps }) => !keeps));
  assert.equal(full()[0]?.['interval_s'], 15);
});

test('satellite: heartbeats each minute, all else each hour, and the minutes each quarter of an hour', async () => {
  const { ticker, full, slim, spool } = sending('satellite');
  await ticker.pass(7_200_000 - 1);
  assert.equal(full().length, 2);
  assert.equal(slim().length + full().length, 120);
  assert.equal(spool.slim.length, slim().length, 'heartbeats only');
  const minutes = spool.on(subjects.metric.minutes) as unknown as MinutesMetric[];
  assert.equal(minutes.length, 7);
  const begins = minutes.flatMap(({ since_ms, rows }) =>
    rows.map(([at_s]) => since_ms + Number(at_s) * 1000),
  );
  assert.equal(begins.length, 105);
  assert.ok(
    begins.every((at, n) => n === 0 || at - (begins[n - 1] ?? 0) === 60_000),
    'each minute once',
  );
});

test('a change of health or clock is told in full at once, and then as seldom as before', async () => {
  for (const traffic of ['standard', 'wan', 'satellite'] as const) {
    const { ticker, full, of, publisher } = sending(traffic);
    await ticker.pass(20_000);
    of.state = degraded();
    publisher.changed();
    await ticker.pass(300);
    assert.equal(full().length, 2, traffic);
    assert.equal(full().at(-1)?.['status'], 'degraded');
    await ticker.pass(30_000);
    assert.equal(full().length, 2, traffic);
    of.state = unitStateOf();
    await ticker.pass(15_001); // nobody said so: the next look sees it
    assert.equal(full().length, 3, traffic);
  }
});

test('a slim heartbeat names the full one that still holds, and none while that one is not sent yet', async () => {
  const { ticker, full, slim, of } = sending('standard');
  await ticker.pass(10_001);
  assert.deepEqual(
    slim().map(({ body }) => body),
    [2, 3].map(() => ({ status: 'healthy', interval_s: 5, full: 1 })),
  );
  for (let n = 0; n < 48; n++) {
    of.state = n % 2 === 0 ? degraded() : unitStateOf();
    await ticker.pass(5000);
  }
  const last = slim().at(-1);
  assert.ok(last !== undefined && !('full' in last.body), 'the last change is not told yet');
  assert.ok(full().length <= 24, `${full().length} full sets in four minutes of 48 changes`);
  await ticker.pass(60_000);
  const { full: named } = { full: 0, ...slim().at(-1)?.body };
  assert.equal(named, full().at(-1)?.['sequence']);
});

test('a clock that flaps all day costs a satellite link a full set in ten minutes', async () => {
  const { ticker, full, of, publisher } = sending('satellite');
  for (let n = 0; n < 6 * 3600; n += 20) {
    of.state = (n / 20) % 2 === 0 ? degraded() : unitStateOf();
    publisher.changed();
    await ticker.pass(20_000);
  }
  assert.ok(full().length >= 36 && full().length <= 50, `${full().length}`);
});

test('a clock that flaps brings no slim records before their time', async () => {
  for (const traffic of ['standard', 'wan', 'satellite'] as const) {
    const { ticker, full, slim, of, publisher, spool } = sending(traffic);
    const { interval_s } = trafficProfileOf(traffic);
    for (let n = 0; n < 600; n += 4) {
      of.state = (n / 4) % 2 === 0 ? degraded() : unitStateOf();
      publisher.changed();
      await ticker.pass(4000);
    }
    const most = 600 / interval_s;
    assert.ok(slim().length <= most, `${traffic}: ${slim().length} heartbeats, of ${most} intervals`);
    assert.ok(full().length + slim().length >= most, `${full().length} and ${slim().length}`);
    assert.ok(spool.slim.length > 0);
  }
});

test('static facts are in the first set, once a day, when they change and when the hub is new', async () => {
  const { ticker, spool, of } = sending('standard');
  const withFacts = (): number[] =>
    spool
      .on(subjects.metric.system)
      .flatMap(({ seq, host }) => ('board' in (host as object) ? [Number(seq)] : []));
  await ticker.pass(240_001);
  assert.deepEqual(withFacts(), [1]);
  const [first, second] = spool.on(subjects.metric.system).map(({ host }) => host as UnitState['system']);
  assert.deepEqual(first?.storage[0], { path: '/', total_bytes: 100, available_bytes: 30, used_percent: 70 });
  assert.deepEqual(second?.storage[0], { path: '/', available_bytes: 30, used_percent: 70 });

  const { nats } = of.state;
  of.state = { ...of.state, nats: { ...nats, hub_up: false }, hub_changes: 4 };
  await ticker.pass(30_000);
  assert.deepEqual(withFacts(), [1], 'nobody is there to take them');
  of.state = { ...of.state, nats, hub_changes: 5 };
  await ticker.pass(5001);
  assert.equal(withFacts().length, 2, 'whoever is there now may know nothing');
  of.state = { ...of.state, hub_changes: 7 }; // so short that no look saw it
  await ticker.pass(5001);
  assert.equal(withFacts().length, 3);
  of.state = { ...of.state, system: { ...of.state.system, firmware: { name: 'OpenWrt', version: '25.12' } } };
  await ticker.pass(5001);
  assert.equal(withFacts().length, 4, 'they changed');
  await ticker.pass(86_400_000);
  assert.equal(withFacts().length, 5);
});

test('another profile holds at once: all is told, and the minutes so far go out', async () => {
  const { ticker, full, spool, publisher, options } = sending('satellite');
  await ticker.pass(300_001);
  const before = full().length;
  publisher.configure({ ...options, interval_s: 5, traffic: trafficProfileOf('standard') });
  await ticker.pass(1);
  assert.equal(full().length, before + 1);
  assert.equal(full().at(-1)?.['interval_s'], 5);
  const minutes = spool.on(subjects.metric.minutes) as unknown as MinutesMetric[];
  assert.deepEqual(
    minutes.map(({ rows }) => rows.length),
    [6],
  );
  await ticker.pass(1_800_000);
  assert.equal(spool.on(subjects.metric.minutes).length, 1);
});

test('a stop publishes the open minutes after the last heartbeat, which is a full one', async () => {
  const { ticker, spool, publisher } = sending('satellite');
  await ticker.pass(120_001);
  await publisher.publishLast();
  const [heartbeat, minutes] = spool.records.slice(-2);
  assert.deepEqual([heartbeat?.subject, minutes?.subject], [subjects.heartbeat, subjects.metric.minutes]);
  assert.equal(spool.on(subjects.heartbeat).at(-1)?.['stopping'], true);
  assert.deepEqual(
    (spool.on(subjects.metric.minutes) as unknown as MinutesMetric[]).map(({ rows }) => rows.length),
    [3],
  );
});
