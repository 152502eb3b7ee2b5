// One-way times between two units, and from a laptop, over paths that are slow in one direction. All clocks here are
// the same one, so that the truth is known: the delay that the path has, and nothing in the other direction.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { watchOwnClock } from '../../agent/clock/ownclock.ts';
import { defaultsOf } from '../../agent/config/options.ts';
import { measureFleet } from '../../agent/hub/measure/part.ts';
import { logTo } from '../../agent/lib/log.ts';
import { systemTicker } from '../../agent/lib/ticker.ts';
import { openLink } from '../../agent/nats/link.ts';
import type { PeerRtt, RttMetric } from '../../agent/wire/reports.ts';
import { chronyd, chronyPair } from '../kit/clock/chrony.ts';
import { type NetnsEnd, netnsPair, noNetns } from '../kit/net/netns.ts';
import { slowPath } from '../kit/net/slowpath.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { daemon, eventually, tempDir } from '../kit/process/daemon.ts';
import { natsServers, need, runtime } from '../kit/process/tools.ts';
import { bundle, type Hub, operator, startHub, startUnit } from '../kit/unit/site.ts';

const run = promisify(execFile);
const server = natsServers().newest ?? need('nats-server');
const owner = newOwner();

/** From the far unit to the hub; the other direction is fast. */
const slow_us = 60_000;
/** What a busy machine may add to a round trip that says how long the path takes; one to which it adds more is asked again. */
const fast_us = 40_000;

let hub: Hub;
let chrony_port: number;
/** The latest of each metric. */
const records = new Map<string, string>();
const peersOf = (unit: string): readonly PeerRtt[] =>
  (JSON.parse(records.get(`ops.metric.rtt.${unit}`) ?? '{"peers":[]}') as RttMetric).peers;

before(async () => {
  const dir = tempDir(owner, 'oneway');
  hub = await startHub(owner, dir, server);
  hub.nc.subscribe('ops.metric.*.*', {
    callback: (_error, message) => void records.set(message.subject, message.string()),
  });
  const { client } = await chronyPair(owner, [], { steering: true });
  chrony_port = client.cmdport;
  const slowPort = await slowPath(owner, hub.leafPort, { there: () => slow_us / 1000, back: () => 0 });
  for (const [unit, peer, hubPort] of [
    ['demo-01', 'demo-02', hub.leafPort],
    ['demo-02', 'demo-01', slowPort],
  ] as const) {
    const own = join(dir, unit);
    mkdirSync(own);
    const time = [`option chrony_port '${client.cmdport}'`, `list ptp_socket '${own}/no-ptp4l'`];
    const more = `config probe\n\toption unit '${peer}'\n\toption interval_s '1'\n`;
    await startUnit(owner, { dir: own, unit, server, hubPort, time, more, interval_s: 1, traffic: 'lan' });
  }
});
after(() => owner.end());

/** A way and what it must be: the truth lies within the interval that is claimed. */
function assertWithin(shown: number | undefined, error_us: number | undefined, least: number, most: number) {
  assert.ok(shown !== undefined && error_us !== undefined);
  assert.ok(
    shown + error_us >= least && shown - error_us <= most,
    `${shown} ±${error_us}: ${least} to ${most}`,
  );
  // and since all clocks are one here, the figure itself is right too
  assert.ok(shown >= least - 2000 && shown <= most, `${shown} is not ${least} to ${most}`);
}

describe('one-way times', () => {
  for (const [unit, slow] of [
    ['demo-01', 'back'],
    ['demo-02', 'forward'],
  ] as const) {
    test(`${unit} finds the slow direction of its peer to be ${slow}`, async () => {
      const peer = await eventually(
        'one-way times',
        () => {
          const [seen] = peersOf(unit);
          // just started, the chronyds are sure of tenths of a second only; and a busy machine adds to some round trips
          const isQuick = (seen?.rtt_us ?? Infinity) <= slow_us + fast_us;
          return isQuick && (seen?.one_way_error_us ?? Infinity) < 100_000 && seen;
        },
        60_000,
      ).catch((error: Error) => {
        const seen = [...records].map(([subject, text]) => `${subject} ${text}`);
        throw new Error(`${error.message}\n${seen.join('\n')}`);
      });
      const { forward_us, back_us, one_way_error_us, rtt_us = 0 }: PeerRtt = peer;
      assert.ok(one_way_error_us !== undefined && one_way_error_us > 0);
      const [far, near] = slow === 'back' ? [back_us, forward_us] : [forward_us, back_us];
      assertWithin(far, one_way_error_us, slow_us, slow_us + fast_us);
      assertWithin(near, one_way_error_us, 0, fast_us);
      const sum_us = (forward_us ?? 0) + (back_us ?? 0);
      assert.ok(sum_us <= rtt_us + 5000, `${sum_us} of ${rtt_us}`);
      assert.equal(peer.clock_source, 'ntp');
      assert.equal(peer.clocks_contradict, undefined);
    });
  }
});

describe('a hub that measures the clocks of its units', () => {
  test('finds which way is slow when it asks, and that their claims hold; and what that costs', async (test) => {
    const ended = new AbortController();
    const ticker = systemTicker();
    const options = { ...operator, servers: [hub.url], name: 'measure', inboxPrefix: '_INBOX' };
    const link = openLink({ ticker, log: logTo(() => {}) }, options, ended.signal);
    owner.after(async () => {
      await link.stop();
      ended.abort();
    });
    await eventually('a link that measures', () => link.state().connected);
    const own = watchOwnClock(ticker, { ...defaultsOf('time'), chrony_port });
    owner.after(() => own.stop());
    const units = ['demo-01', 'demo-02'] as const;
    const measuring = measureFleet(
      {
        link,
        ticker,
        own,
        units: () =>
          units.map((unit) => ({ unit, kind: 'unit', state: 'healthy', restarts: 0, interval_s: 1 })),
      },
      ended.signal,
    );
    // just started, the chronyds are sure of tenths of a second only
    await eventually('a good clock', () => (own.keeper.summary().error_bound_ns ?? Infinity) < 50e6, 60_000);
    const before = link.counters();
    let exchanges = 0;
    for (const [unit, slow] of [
      ['demo-01', 0],
      ['demo-02', slow_us],
    ] as const) {
      const told = await eventually('a quick exchange', async () => {
        const answers = await measuring.ask(unit);
        exchanges += answers.asked;
        return (answers.rtt_us?.min ?? 0) < slow + fast_us && answers;
      });
      assert.deepEqual([told.asked, told.answered, told.source], [8, 8, 'ntp']);
      const { min = 0, max = 0 } = told.rtt_us ?? {};
      assert.ok(min >= slow && max >= min, JSON.stringify(told));
      assertWithin(told.back_us, told.one_way_error_us, slow, slow + fast_us);
      assertWithin(told.forward_us, told.one_way_error_us, 0, fast_us);
      assert.ok(Math.abs(told.offset_us ?? Infinity) <= (told.path_us ?? 0), JSON.stringify(told)); // one clock: 0
    }
    const { in_bytes, out_bytes } = link.counters();
    const each = (in_bytes - before.in_bytes + out_bytes - before.out_bytes) / exchanges;
    test.diagnostic(`${each} bytes for an exchange`);
    assert.ok(each < 260, `${each} bytes for an exchange`);
    for (const unit of units) {
      const { runs, verdict, reason } = await eventually(`${unit} measured`, () => measuring.measured(unit));
      // a claim of some µs is more than a path of 60 ms can tell
      assert.deepEqual(
        [runs, verdict === 'holds' || reason === 'too_wide'],
        [0, true],
        `${verdict} ${reason}`,
      );
    }
  });
});

const quickestOf = (samples: readonly { rtt_us?: number }[]): number =>
  Math.min(...samples.map(({ rtt_us = 0 }) => rtt_us));

describe('nunect echo from another machine', { skip: noNetns() ?? false }, () => {
  let at: NetnsEnd;
  const env = { ...process.env, NATS_USER: operator.user, NATS_PASSWORD: operator.password };
  const echo = async (...args: string[]): Promise<string> => {
    const [ip = 'ip', ...exec] = at.exec;
    const command = [...exec, runtime(), bundle, 'echo', ...args];
    return (await run(ip, command, { env, timeout: 60_000 })).stdout;
  };

  before(async () => {
    const pair = netnsPair(owner);
    at = pair[0];
    const file = join(tempDir(owner, 'bridge'), 'hub.sock');
    const there = slow_us / 2000;
    await slowPath(owner, Number(new URL(hub.url).port), { there: () => there, back: () => 0 }, file);
    // TCP ends at a namespace, socket files do not
    const script = `require('net').createServer((near) => {
      const far = require('net').connect('${file}');
      for (const one of [near, far]) one.on('error', () => {});
      near.setNoDelay(true).pipe(far).pipe(near);
    }).listen(4222, '127.0.0.1', () => console.log('listening'))`;
    const [ip = 'ip', ...exec] = at.exec;
    const bridge = daemon(owner, ip, [...exec, process.execPath, '-e', script]);
    await eventually('the bridge', () => bridge.output().includes('listening'));
  });

  test('without a clock daemon here there are no one-way times, and it says why', async () => {
    const output = await echo('demo-02', '-c', '2', '-i', '0.1');
    assert.match(output, /2 answered/);
    assert.doesNotMatch(output, /there=/);
    assert.match(output, /^no one-way times: the clock of this machine is not known to be synchronised$/m);
  });

  test('with one, each is within its error, in --json too', async () => {
    const source = await chronyd(owner, {
      exec: at.exec,
      steering: true,
      serve: true,
      lines: ['local stratum 2'],
    });
    await chronyd(owner, {
      exec: at.exec,
      steering: true,
      cmdport: 323,
      lines: [`server 127.0.0.1 port ${source.ntpPort} minpoll 0 maxpoll 0 iburst`],
    });
    const samples = await eventually(
      'one-way times',
      async () => {
        const lines = (await echo('demo-02', '-c', '5', '-i', '0.3', '--json')).trim().split('\n');
        const parsed = lines.map((line) => JSON.parse(line) as { seen?: PeerRtt; rtt_us?: number });
        const told = parsed.filter(({ seen }) => seen?.forward_us !== undefined);
        return told.length >= 3 && quickestOf(told) <= 1.5 * slow_us + fast_us && told;
      },
      60_000,
    );
    // a busy machine adds to some of them; the quickest tells how long the path itself takes
    const quickest = quickestOf(samples);
    for (const { seen, rtt_us = 0 } of samples) {
      const most = rtt_us === quickest ? fast_us : rtt_us;
      assertWithin(seen?.forward_us, seen?.one_way_error_us, slow_us / 2, slow_us / 2 + most);
      assertWithin(seen?.back_us, seen?.one_way_error_us, slow_us, slow_us + most);
      assert.ok(rtt_us >= 1.5 * slow_us - 2000);
    }
    const text = await echo('demo-02', '-c', '3', '-i', '0.3');
    assert.match(text, /there=[\d.]+ ms back=[\d.]+ ms ±[\d.]+ (ms|µs) clock=ntp\/\w+ ±/);
  });
});
