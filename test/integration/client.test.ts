// The clock of nunect-client against agent/answers/timesync.ts on a real nats-server: in Node, over websockets, and in a
// browser, with the examples of config/clients.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { answerTimeSync } from '../../agent/answers/timesync.ts';
import { logTo } from '../../agent/lib/log.ts';
import { systemTicker } from '../../agent/lib/ticker.ts';
import { openLink } from '../../agent/nats/link.ts';
import { subjectsOf } from '../../agent/wire/subjects.ts';
import * as client from '../../config/clients/nunect-client/src/index.ts';
import { browserNats, type InstalledClient, installClient } from '../kit/client/installed.ts';
import { natsFleet } from '../kit/hub/nats.ts';
import { type PathDelays, slowPath } from '../kit/net/slowpath.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { daemon, eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, need, projectRoot, tool } from '../kit/process/tools.ts';

const run = promisify(execFile);
const clients = join(projectRoot, 'config/clients');
const server = natsServers().newest ?? need('nats-server');
const owner = newOwner();

/** What the tests take for true time: days away from this machine's, so that nothing can be right by chance. */
const mono_us = (): number => performance.now() * 1000;
const away_us = 5 * 86_400e6 + 123_456;
const true_us = (): number => performance.timeOrigin * 1000 + mono_us() + away_us;

/** The unit's clock wanders about true time, and stays just within the bound that it states. */
const bound_us = 1000;
const wandering_us = (): number => true_us() + 0.99 * bound_us * Math.sin(mono_us() / 1e5);

let installed: InstalledClient;
let port: number;
let websocket: number;

before(async () => {
  installed = installClient(owner);
  websocket = await reservePort();
  const fleet = natsFleet(server);
  owner.after(() => fleet.stop());
  const nats = await fleet.server(
    'one',
    `websocket { listen: "127.0.0.1:${websocket}", no_tls: true }
authorization { users: [ { user: unit, password: unit }, { user: app, password: app, permissions: {
  publish: "ops.time.sync.*", subscribe: "_INBOX.>" } } ] }`,
  );
  await nats.start();
  port = nats.port;
  const ended = new AbortController();
  const link = openLink(
    { ticker: systemTicker(), log: logTo(() => {}) },
    { servers: [nats.url], name: 'unit', inboxPrefix: '_INBOX_unit', user: 'unit', password: 'unit' },
    ended.signal,
  );
  owner.after(async () => {
    ended.abort();
    await link.stop();
  });
  for (const [unit, now_us, error_bound_ns] of [
    ['wandering', wandering_us, bound_us * 1000],
    ['plain', true_us, undefined],
  ] as const) {
    const bound = error_bound_ns === undefined ? {} : { error_bound_ns };
    answerTimeSync(
      {
        link,
        now_us,
        clock: () => ({ source: 'ntp', quality: 'locked', ...bound }),
        utcOffset_s: () => undefined,
      },
      { subject: subjectsOf(unit, 'leaf').timeSync, replySubjects: ['_INBOX.>'] },
    );
  }
  await eventually('connected', () => link.state().connected);
});
after(() => owner.end());

async function connected(delays?: PathDelays): Promise<NatsConnection> {
  const at = delays === undefined ? port : await slowPath(owner, port, delays);
  const nc = await connect({ servers: `nats://127.0.0.1:${at}`, user: 'app', pass: 'app' });
  owner.after(() => nc.close());
  return nc;
}

const rate = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(share * (values.length - 1))] ?? NaN;
const us = (value: number): string => `${Math.round(value)} us`;

/** How far a clock is from the truth, whatever pause comes between reading one and the other. */
function wrongBy(clock_us: () => number): number {
  const before = clock_us();
  const truth = true_us();
  const after = clock_us();
  return Math.max(0, before - truth, truth - after);
}

const fast = (): number => 0;
const paths: Readonly<Record<string, { readonly delays?: PathDelays; readonly count: number }>> = {
  direct: { count: 500 },
  'slow there': { delays: { there: () => 15, back: fast }, count: 200 },
  'slow back': { delays: { there: fast, back: () => 15 }, count: 200 },
  'jittery both ways': {
    delays: { there: () => 20 * Math.random() ** 3, back: () => 20 * Math.random() ** 3 },
    count: 300,
  },
};

describe('in Node', () => {
  for (const [name, { delays, count }] of Object.entries(paths)) {
    test(`${name}: each of ${count} exchanges is within the error that it claims`, async (t) => {
      const nc = await connected(delays);
      const wrong: number[] = [];
      const claimed: number[] = [];
      for (let i = 0; i < count; i++) {
        const got = await client.exchange(nc, 'wandering', { timeout_ms: 10_000 });
        const wrong_us = wrongBy(() => mono_us() + got.offset_us);
        const claim_us = got.error_us + (got.bound_us ?? NaN);
        assert.ok(wrong_us <= claim_us, `${wrong_us} us wrong, ${claim_us} claimed, rtt ${got.rtt_us}`);
        wrong.push(wrong_us);
        claimed.push(claim_us);
      }
      const shown = (values: number[]) => `p50 ${us(rate(values, 0.5))} max ${us(rate(values, 1))}`;
      t.diagnostic(`wrong ${shown(wrong)}; claimed ${shown(claimed)}`);
    });
  }

  test('a kept clock is right at every look through a jittery path, though its machine is set back and forth', async (t) => {
    const jitter = () => 30 * Math.random() ** 4;
    const nc = await connected({ there: jitter, back: jitter });
    let set_ms = 0;
    const clock = client.keepClock(nc, 'wandering', { every_s: 0.2, wall_ms: () => Date.now() + set_ms });
    owner.after(() => clock.stop());
    await eventually('a time', () => clock.now_us());
    const claimed: number[] = [];
    let worst_us = 0;
    for (let looks = 0; looks < 300; looks++) {
      if (looks % 100 === 50) set_ms += looks % 200 === 50 ? -7_200_000 : 3_600_000;
      const error_us = clock.error_us() ?? NaN;
      const wrong_us = wrongBy(() => clock.now_us() ?? NaN);
      assert.ok(wrong_us <= error_us, `look ${looks}: ${wrong_us} us wrong, ${error_us} claimed`);
      worst_us = Math.max(worst_us, wrong_us);
      claimed.push(error_us);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.ok(rate(claimed, 0.5) < 15_000);
    t.diagnostic(`worst ${us(worst_us)} wrong; claimed p50 ${us(rate(claimed, 0.5))}`);
  });

  test('a unit that states no bound gives its time, and no claim on true time', async () => {
    const clock = client.keepClock(await connected(), 'plain');
    owner.after(() => clock.stop());
    await eventually('a time', () => clock.now_us());
    assert.equal(clock.error_us(), undefined);
    const wrong_us = wrongBy(() => clock.now_us() ?? NaN);
    assert.ok(wrong_us <= (clock.unit_error_us() ?? NaN));
  });

  test('node.mjs shows the time of the unit', async () => {
    const env = { ...process.env, NATS_USER: 'app', NATS_PASSWORD: 'app' };
    const args = [join(installed.dir, 'node.mjs'), 'wandering', `nats://127.0.0.1:${port}`];
    const shower = daemon(owner, process.execPath, args, { env });
    const line = /^(\S+Z) {2}within (\d+) us {2}ntp\/locked/m;
    const [, shown = '', claimed] = await eventually('a time', () => line.exec(shower.output()) ?? undefined);
    const true_ms = true_us() / 1000;
    await shower.end('SIGTERM');
    assert.ok(Number(claimed) < 100_000, shower.output());
    assert.ok(Math.abs(Date.parse(shown) - true_ms) < 10_000);
  });
});

describe('over websockets', () => {
  test("Node's own websocket carries it too", async () => {
    const script = `
      import { wsconnect } from '${browserNats(installed.dir)}';
      import { exchange } from '${installed.library}';
      const nc = await wsconnect({ servers: 'ws://127.0.0.1:${websocket}', user: 'app', pass: 'app' });
      // the wall clock minus that of this process lies between two bounds that each look makes closer
      let [low_us, high_us] = [-Infinity, Infinity];
      const look = () => {
        const before_us = performance.now() * 1000;
        const wall_us = Date.now() * 1000;
        const behind_us = performance.now() * 1000;
        low_us = Math.max(low_us, wall_us - behind_us);
        high_us = Math.min(high_us, wall_us + 1000 - before_us);
      };
      for (const end = performance.now() + 50; performance.now() < end; ) look();
      const seen = [];
      for (let i = 0; i < 50; i++) {
        const got = await exchange(nc, 'wandering');
        const said_us = got.offset_us - ${away_us};
        seen.push([Math.max(0, low_us - said_us, said_us - high_us), got.error_us + got.bound_us]);
      }
      console.log(JSON.stringify(seen));
      await nc.close();`;
    const args = ['--experimental-websocket', '--no-warnings', '--input-type=module', '-e', script];
    const { stdout } = await run(process.execPath, args, { timeout: 20_000 });
    const seen = JSON.parse(stdout) as [number, number][];
    assert.equal(seen.length, 50);
    for (const [wrong_us, claimed_us] of seen) assert.ok(wrong_us <= claimed_us, `${wrong_us} ${claimed_us}`);
  });

  test('the page shows the time in a browser', {
    skip: tool('chromium') ? false : 'no chromium',
  }, async () => {
    const files: Readonly<Record<string, readonly [string, string]>> = {
      '/': [join(clients, 'browser.html'), 'text/html'],
      '/nunect-client.js': [installed.library, 'text/javascript'],
      '/nats-core.js': [browserNats(installed.dir), 'text/javascript'],
    };
    const web = createServer((request, response) => {
      const [file, type] = files[new URL(request.url ?? '/', 'http://x').pathname] ?? [];
      if (request.url === '/wait') return void setTimeout(() => response.writeHead(204).end(), 3000);
      if (file === undefined || type === undefined) return void response.writeHead(404).end();
      // the page is dumped once it has loaded; a picture that takes its time gives it that time
      const more = type === 'text/html' ? '<img src="/wait">' : '';
      response.writeHead(200, { 'content-type': type }).end(readFileSync(file, 'utf8') + more);
    });
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    owner.after(() => web.close());
    const address = web.address();
    const at = typeof address === 'object' && address !== null ? address.port : 0;
    const query = new URLSearchParams({
      server: `ws://127.0.0.1:${websocket}`,
      unit: 'wandering',
      user: 'app',
      pass: 'app',
    });
    const profile = tempDir(owner, 'chromium');
    const { stdout, stderr } = await run(
      need('chromium'),
      [
        ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'],
        ...[
          `--user-data-dir=${profile}`,
          '--disable-background-networking',
          '--dump-dom',
          '--enable-logging=stderr',
        ],
        `http://127.0.0.1:${at}/?${query}`,
      ],
      { timeout: 60_000 },
    );
    assert.match(stdout, /within \d+ µs of true time; the unit's clock: ntp locked/, stderr);
    const shown = /<output id="time">([\d:.]+)</.exec(stdout)?.[1] ?? '';
    const day_ms = Date.parse(`1970-01-01T${shown}Z`);
    const apart_ms = Math.abs(((true_us() / 1000) % 86_400_000) - day_ms);
    assert.ok(Math.min(apart_ms, 86_400_000 - apart_ms) < 30_000, shown);
  });
});
