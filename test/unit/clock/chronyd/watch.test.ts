import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { OpenUdp } from '../../../../agent/clock/chronyd/udp.ts';
import { watchChronyd } from '../../../../agent/clock/chronyd/watch.ts';
import type { Spawn } from '../../../../agent/lib/child.ts';
import { fakePmc } from '../../../kit/clock/fakepmc.ts';
import { type FakeTicker, fakeTicker } from '../../../kit/lib/faketicker.ts';

/** What a fake chronyd makes of a request: a datagram, an errno, or silence. */
type Answer = (request: Buffer) => Buffer | string | undefined;

const replyNumbers: Readonly<Record<number, number>> = { 14: 2, 15: 3, 33: 5 };

/** The header of a reply, with a body of zeros that `fill` may change. */
function reply(request: Buffer, status = 0, fill: (body: Buffer) => void = () => {}): Buffer {
  const bytes = Buffer.alloc(Math.max(request.length, 48));
  bytes[0] = 6;
  bytes[1] = 2;
  request.copy(bytes, 4, 4, 6);
  bytes.writeUInt16BE(replyNumbers[request.readUInt16BE(4)] ?? 0, 6);
  bytes.writeUInt16BE(status, 8);
  request.copy(bytes, 16, 8, 12);
  fill(bytes.subarray(28));
  return bytes;
}

/** A chronyd with `count` sources 10.0.0.0, 10.0.0.1 and so on. */
const healthy =
  (count = 1): Answer =>
  (request) => {
    const command = request.readUInt16BE(4);
    const index = request.readUInt32BE(20);
    return reply(request, 0, (body) => {
      if (command === 14) body.writeUInt32BE(count, 0);
      if (command === 15) body.writeUInt32BE(0x0a000000 + index, 0);
      if (command === 15) body.writeUInt16BE(1, 16);
    });
  };

/** A chronyd whose only source is asked each 64 s. */
const slowSource: Answer = (request) => {
  const said = healthy()(request) as Buffer;
  if (request.readUInt16BE(4) === 15) {
    said.writeInt16BE(6, 28 + 20); // poll
    said.writeUInt16BE(0o377, 28 + 30); // reach
  }
  return said;
};

function watch(
  t: TestContext,
  initial: Answer,
  opts: { spawn?: Spawn; there?: string[]; poll_s?: number } = {},
) {
  const base = fakeTicker();
  /** Of each time limit whether it may slip. */
  const slips: boolean[] = [];
  const ticker: FakeTicker = {
    ...base,
    after(delayMs, fn, maySlip) {
      if (maySlip !== undefined) slips.push(maySlip);
      return base.after(delayMs, fn);
    },
  };
  const daemon = { answer: initial, requests: [] as Buffer[], opened: 0, unreachable: false };
  const open: OpenUdp = async () => {
    if (daemon.unreachable) throw Object.assign(new Error('no route'), { code: 'ENETUNREACH' });
    daemon.opened += 1;
    let hear = (_bytes: Uint8Array): void => {};
    let fail = (_errno: string): void => {};
    return {
      send(bytes) {
        const request = Buffer.from(bytes);
        daemon.requests.push(request);
        const said = daemon.answer(request);
        if (typeof said === 'string') setImmediate(() => fail(said));
        else if (said !== undefined) hear(said);
      },
      listen(onData, onError) {
        hear = onData;
        fail = onError;
      },
      close() {},
    };
  };
  const none: Spawn = () => {
    throw new Error('no process may be started');
  };
  const there = opts.there ?? [];
  const stopper = new AbortController();
  const watched = watchChronyd(
    {
      open,
      spawn: opts.spawn ?? none,
      isUsable: (path) => there.includes(path),
      ticker,
      random: Math.random,
    },
    {
      chrony_host: 'h',
      chrony_port: 323,
      chronyc: 'chronyc',
      poll_s: opts.poll_s ?? 1,
      signs: { sockets: ['/chronyd.sock'], pidFiles: ['/chronyd.pid'] },
    },
    stopper.signal,
  );
  t.after(() => watched.stop());
  return { ...watched, ticker, daemon, there, stopper, slips };
}

const why = (watched: { read(): ReturnType<ReturnType<typeof watch>['read']> }): string => {
  const reading = watched.read();
  return reading.kind === 'absent' ? reading.why : reading.kind;
};

test('requests carry sequence numbers that nobody can guess', async (t) => {
  const { daemon, ticker } = watch(t, healthy());
  await ticker.pass(10_000);
  const numbers = daemon.requests.map((request) => request.readUInt32BE(8));
  assert.ok(numbers.length >= 30);
  assert.equal(new Set(numbers).size, numbers.length);
  assert.equal(daemon.opened, 1, 'one socket for all');
});

test('a poll takes two datagrams and one for each source, and at most 64 sources are asked for', async (t) => {
  const few = watch(t, healthy(4));
  await few.ticker.pass(10);
  assert.equal(few.daemon.requests.length, 6);
  const watched = watch(t, healthy(70));
  await watched.ticker.pass(10);
  const reading = watched.read();
  assert.ok(reading.kind === 'fresh');
  assert.equal(reading.value.sources.length, 64);
  assert.deepEqual(
    reading.value.sources.slice(0, 2).map(({ name }) => name),
    ['10.0.0.0', '10.0.0.1'],
  );
});

test('a chronyd that has fewer sources now is believed at once', async (t) => {
  const watched = watch(t, healthy(3));
  await watched.ticker.pass(10);
  watched.daemon.answer = healthy(1);
  await watched.look();
  const reading = watched.read();
  assert.ok(reading.kind === 'fresh');
  assert.equal(reading.value.sources.length, 1);
});

test('once an answer stays away, what else does is known at once', async (t) => {
  const watched = watch(t, healthy());
  await watched.ticker.pass(1000);
  assert.ok(watched.slips.length > 0 && watched.slips.every(Boolean));
  watched.daemon.answer = () => undefined;
  await watched.ticker.pass(5000);
  assert.equal(watched.slips.at(-1), false);
  watched.daemon.answer = healthy();
  await watched.ticker.pass(5000);
  assert.equal(watched.slips.at(-1), true);
});

test('a source that goes away between two questions is left out', async (t) => {
  const good = healthy(3);
  const watched = watch(t, (request) => {
    const [command, index] = [request.readUInt16BE(4), request.readUInt32BE(20)];
    if (command === 15 && index === 1) return reply(request, 4);
    return good(request);
  });
  await watched.ticker.pass(10);
  const reading = watched.read();
  assert.ok(reading.kind === 'fresh');
  assert.deepEqual(
    reading.value.sources.map(({ name }) => name),
    ['10.0.0.0', '10.0.0.2'],
  );
});

test('a lost datagram is asked for once more, and a late or forged one is not taken', async (t) => {
  let lost = 0;
  const watched = watch(t, (request) => {
    if (request.readUInt16BE(6) > 0) return healthy()(request);
    lost += 1;
    const forged = healthy()(request) as Buffer;
    forged.writeUInt32BE(1, 16);
    return lost % 2 === 1 ? forged : healthy()(request);
  });
  await watched.ticker.pass(1900);
  assert.equal(why(watched), 'fresh');
  assert.ok(watched.stats().timeouts >= 2);
});

test('a hung chronyd makes the facts stale, then absent, and comes back', async (t) => {
  const watched = watch(t, healthy());
  await watched.ticker.pass(10);
  const seen: string[] = [];
  const cancel = watched.onChange(() => seen.push(why(watched)));
  watched.daemon.answer = () => undefined;
  await watched.ticker.pass(2500);
  assert.equal(why(watched), 'fresh');
  await watched.ticker.pass(1500);
  assert.equal(why(watched), 'stale');
  await watched.ticker.pass(8000);
  assert.equal(why(watched), 'no_reply');
  assert.deepEqual(seen, ['stale', 'no_reply'], 'each is told once');
  watched.daemon.answer = healthy();
  await watched.ticker.pass(1500);
  assert.equal(why(watched), 'fresh');
  cancel();
});

test('while nothing changes it is asked less often, and what it still tells is fresh', async (t) => {
  const watched = watch(t, slowSource);
  await watched.ticker.pass(30_000);
  const before = watched.stats().polls;
  const seen: string[] = [];
  watched.onChange(() => seen.push(why(watched)));
  await watched.ticker.pass(60_000);
  const polls = watched.stats().polls - before;
  assert.ok(polls >= 10 && polls <= 13, `${polls} polls in a minute`);
  assert.deepEqual(new Set(seen), new Set(['fresh']), 'it never goes stale');
  await Promise.all([watched.look(), watched.ticker.pass(10)]);
  assert.equal(watched.stats().polls, before + polls + 1, 'but at once when somebody wants to know');
});

test('one that hangs meanwhile is missed 3 polls after the pause at the latest, and asked each poll from then on', async (t) => {
  const watched = watch(t, slowSource);
  await watched.ticker.pass(30_000);
  for (let at = 0; at < 20; at++) {
    await watched.ticker.pass(1000);
    watched.daemon.answer = () => undefined;
    let passed_ms = 0;
    while (why(watched) === 'fresh') {
      await watched.ticker.pass(100);
      passed_ms += 100;
    }
    assert.ok(passed_ms <= 8000, `${passed_ms} ms`);
    watched.daemon.answer = slowSource;
    await watched.ticker.pass(2000);
    assert.equal(why(watched), 'fresh');
    await watched.ticker.pass(25_000 + at * 300);
  }
});

test('a socket or pid file that comes or goes has it asked at once', async (t) => {
  const { spawn } = fakePmc(() => undefined, 'ENOENT'); // there is no chronyc
  const watched = watch(t, () => 'ECONNREFUSED', { spawn });
  await watched.ticker.pass(30_000);
  const before = watched.stats().polls;
  await watched.ticker.pass(60_000);
  assert.ok(watched.stats().polls - before <= 13, 'one that is not there is not asked each second');
  watched.there.push('/chronyd.pid');
  await watched.ticker.pass(7300); // it is not ready at once
  watched.daemon.answer = healthy();
  await watched.ticker.pass(1100);
  assert.equal(why(watched), 'fresh');
});

test('refused, unauthorised, garbled and unreachable are told apart, and each heals', async (t) => {
  const watched = watch(t, () => 'ECONNREFUSED');
  assert.equal(why(watched), 'not_yet');
  const becomes = async (answer: Answer): Promise<string> => {
    watched.daemon.answer = answer;
    await watched.ticker.pass(1500);
    return why(watched);
  };
  assert.equal(await becomes(() => 'ECONNREFUSED'), 'refused');
  assert.equal(await becomes(healthy()), 'fresh');
  assert.equal(await becomes((request) => reply(request, 2)), 'unauthorised');
  const sourcesShut: Answer = (request) =>
    request.readUInt16BE(4) === 15 ? reply(request, 2) : healthy()(request);
  assert.equal(await becomes(sourcesShut), 'unauthorised', 'tracking alone cannot be judged');
  assert.equal(await becomes((request) => reply(request, 18)), 'garbled');
  const reading = watched.read();
  assert.equal(reading.kind === 'absent' && reading.detail, 'tracking: status 18');
  const badLeap: Answer = (request) => reply(request, 0, (body) => body.writeUInt16BE(9, 26));
  assert.equal(await becomes(badLeap), 'garbled');
  assert.equal(await becomes(() => 'EPERM'), 'no_permission');
  assert.equal(await becomes(healthy()), 'fresh');
  assert.equal(watched.stats().started, 0);
});

test('no route is no reply, and is tried again', async (t) => {
  const watched = watch(t, () => undefined);
  watched.daemon.unreachable = true;
  await watched.ticker.pass(3000);
  assert.equal(why(watched), 'no_reply');
  watched.daemon.unreachable = false;
  watched.daemon.answer = healthy();
  await watched.ticker.pass(1500);
  assert.equal(why(watched), 'fresh');
});

const csv =
  '7F000001,127.0.0.1,3,1795218653.7,0.00002,0.00002,0.00001,-0.2,0.0,0.8,0.004,0.002,1.0,Normal\n^,*,127.0.0.1,2,0,377,2,-0.000024090,-0.000002349,0.004065234\n';

/** A chronyc that prints `text` and ends. */
const chronycPrints = (text: () => string): { spawn: Spawn; starts: (readonly string[])[] } => {
  const starts: (readonly string[])[] = [];
  return {
    starts,
    spawn(command, args) {
      starts.push(args);
      const fake = fakePmc(() => undefined);
      const child = fake.spawn(command, args);
      fake.push(text());
      return child;
    },
  };
};

test('chronyc stands in while UDP is refused, at a tenth of the pace, and no longer', async (t) => {
  const chronyc = chronycPrints(() => csv);
  const watched = watch(t, () => 'ECONNREFUSED', { spawn: chronyc.spawn, there: ['/chronyd.sock'] });
  await watched.ticker.pass(500);
  const reading = watched.read();
  assert.ok(reading.kind === 'fresh' && reading.value.via === 'chronyc');
  assert.equal(
    chronyc.starts[0]?.join(' '),
    '-c -n -h /chronyd.sock -m timeout 200 retries 0 tracking sources -a',
  );
  await watched.ticker.pass(60_000);
  assert.equal(why(watched), 'fresh');
  assert.ok(watched.stats().started >= 5 && watched.stats().started <= 7);
  const { started } = watched.stats();
  watched.daemon.answer = healthy();
  await watched.ticker.pass(60_000);
  const later = watched.read();
  assert.ok(later.kind === 'fresh' && later.value.via === 'udp');
  assert.equal(watched.stats().started, started);
});

test('a chronyc that knows nothing is asked ever more seldom', async (t) => {
  const chronyc = chronycPrints(() => '506 Cannot talk to daemon\n');
  const watched = watch(t, () => 'ECONNREFUSED', { spawn: chronyc.spawn, there: ['/chronyd.pid'] });
  await watched.ticker.pass(3_600_000);
  assert.equal(why(watched), 'refused');
  assert.ok(!chronyc.starts[0]?.includes('-h'), 'by pid file alone chronyc must find its way itself');
  assert.ok(watched.stats().started >= 6 && watched.stats().started <= 13, `${watched.stats().started}`);
});

test('without a sign of chronyd no process is started', async (t) => {
  const watched = watch(t, () => 'ECONNREFUSED');
  await watched.ticker.pass(600_000);
  assert.equal(why(watched), 'refused');
  assert.equal(watched.stats().started, 0);
});

test('it stops by the signal and asks no more', async (t) => {
  const watched = watch(t, () => undefined);
  await watched.ticker.pass(50);
  watched.stopper.abort();
  await watched.ticker.pass(10_000);
  assert.equal(watched.daemon.requests.length, 1);
});
