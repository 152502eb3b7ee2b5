// nunect-hub top as an operator has it: the bundle at a terminal, a real hub, two real units and a hundred told ones.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { headers } from '@nats-io/transport-node';
import type { Traffic } from '../../agent/config/traffic.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually, runToEnd, tempDir } from '../kit/process/daemon.ts';
import { type AtTerminal, atTerminal } from '../kit/process/pty.ts';
import { natsServers, need, projectRoot, runtime } from '../kit/process/tools.ts';
import {
  type Hub,
  hubBundle,
  nunectHub,
  operator,
  type RunningUnit,
  startHub,
  startUnit,
} from '../kit/unit/site.ts';

const server = natsServers().newest ?? need('nats-server');
const owner = newOwner();
const told = 100;

let hub: Hub;
let first: RunningUnit;
let second: RunningUnit;
let env: NodeJS.ProcessEnv;

/** Heartbeats of units that are not there, twice a second; what the number of a unit makes of them is known. */
function tellHeartbeats(): void {
  let sequence = 0;
  const timer = setInterval(() => {
    sequence += 1;
    for (let i = 0; i < told; i++) {
      const unit = `told-${String(i).padStart(3, '0')}`;
      const head = headers();
      head.set('X-Unit-ID', unit);
      head.set('X-Clock-Source', 'ptp');
      head.set('X-Clock-Quality', 'locked');
      head.set('X-Clock-Error-Bound', String(1000 + i));
      const status = i === 42 ? 'critical' : 'healthy';
      const body = {
        status,
        sequence,
        interval_s: 1,
        version: '9.9.9',
        problems: i === 42 ? ['it\x1b[2J burns'] : [],
      };
      hub.nc.publish(`ops.heartbeat.${unit}`, JSON.stringify(body), { headers: head });
    }
  }, 500);
  owner.after(() => clearInterval(timer));
}

before(async () => {
  const dir = tempDir(owner, 'top');
  for (const name of ['hub', 'a', 'b']) mkdirSync(join(dir, name));
  hub = await startHub(owner, join(dir, 'hub'), server);
  env = {
    ...process.env,
    NATS_URL: hub.url,
    NATS_USER: operator.user,
    NATS_PASSWORD: operator.password,
    NO_COLOR: '',
  };
  const unit = (folder: string, name: string, traffic: Traffic) =>
    startUnit(owner, {
      dir: join(dir, folder),
      unit: name,
      server,
      hubPort: hub.leafPort,
      interval_s: 1,
      traffic,
    });
  // whoever joins late knows all of the first within a second; of the second what slim records say
  [first, second] = await Promise.all([unit('a', 'demo-01', 'lan'), unit('b', 'demo-02', 'standard')]);
  tellHeartbeats();
});
after(() => owner.end());

const top = (...args: string[]): AtTerminal => atTerminal(owner, [runtime(), hubBundle, 'top', ...args], env);
const restored = (output: string): boolean => output.endsWith('\x1b[?7h\x1b[?25h\x1b[?1049l');

describe('for scripts', () => {
  test('one snapshot has every unit, and agrees with what the units say themselves', async () => {
    const seen: { hub_up?: boolean; hub_rtt_us?: number; spool: { pending: number } }[] = [];
    const heard = hub.nc.subscribe('ops.metric.nats.demo-01', {
      callback: (_error, message) => void seen.push(message.json()),
    });
    const { code, stdout, stderr } = await nunectHub(['top', '--once', '--json', '-i', '2.5'], env);
    heard.unsubscribe();
    assert.equal(code, 0, stderr);
    const made = JSON.parse(stdout);
    assert.equal(made.units.length, told + 2);
    const of = (name: string) => made.units.find(({ unit }: { unit: string }) => unit === name);
    assert.equal(made.units[0].unit, 'told-042');
    assert.deepEqual(of('told-007').clock, { source: 'ptp', quality: 'locked', error_bound_ns: 1007 });
    const itself = (await first.status()) as unknown as {
      status: string;
      clock: { source: string; quality: string };
    };
    const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
    const { health, clock, restarts, interval_s, age_s, ...more } = of('demo-01');
    assert.deepEqual(
      [health, clock.source, clock.quality],
      [itself.status, itself.clock.source, itself.clock.quality],
    );
    assert.deepEqual([more.version, restarts, interval_s], [version, 0, 1]);
    assert.ok(age_s < 3 && more.native_rtt_us > 0, stdout);
    const link = [more.hub_up, more.hub_rtt_us, more.backlog];
    const asHeard = seen.map(({ hub_up, hub_rtt_us, spool }) => [hub_up, hub_rtt_us, spool.pending]);
    assert.ok(
      asHeard.some((one) => isDeepStrictEqual(one, link)),
      JSON.stringify([link, asHeard]),
    );
  });

  test('the end of a pipe is a quiet end', async () => {
    const line = `"${runtime()}" "${hubBundle}" top -i 0.2 | head -n 1; echo "\${PIPESTATUS[*]}"`;
    const { stdout, stderr } = await runToEnd('bash', ['-c', line], { env });
    assert.match(stdout, /^nunect-hub top .*\n0 0\n$/);
    assert.equal(stderr, '');
  });

  test('no server, a wrong password and a user who may not listen are told, with exit code 2', async () => {
    const cases: [Record<string, string>, RegExp][] = [
      [{ NATS_URL: 'nats://u:s3cret@127.0.0.1:1' }, /cannot connect to nats:\/\/127\.0\.0\.1:1: .*refused/],
      [{ NATS_PASSWORD: 's3cret' }, /cannot connect to nats:\/\/127\.0\.0\.1:\d+: Authorization Violation/],
      [
        { NATS_USER: 'demo-01', NATS_PASSWORD: 'change-me-demo-01' },
        /not permit .*subscription ops\.heartbeat\.\*/,
      ],
    ];
    for (const [more, said] of cases) {
      const { code, stdout, stderr } = await nunectHub(['top', '--once', '-i', '0.5'], { ...env, ...more });
      assert.equal(code, 2);
      assert.match(stderr, said);
      assert.equal(stdout, '');
      assert.doesNotMatch(stderr, /s3cret/);
    }
  });
});

describe('at a terminal', () => {
  const row = (screen: AtTerminal, unit: string): string =>
    screen.screen().find((line) => line.startsWith(unit)) ?? '';
  const shows = (what: string, screen: AtTerminal, unit: string, words: RegExp): Promise<unknown> =>
    eventually(what, () => words.test(row(screen, unit)), 90_000).catch((error) => {
      throw new Error(`${error}\n${screen.screen().join('\n')}`);
    });

  test('a killed unit goes offline and comes back as a new run; a lost hub is told, and nobody judged by it', async () => {
    const screen = top('-f', 'demo', '-i', '0.3');
    await shows('both are there', screen, 'demo-02', /^demo-02 (OK|DEGRADED) /);
    screen.resize(120, 24); // where there is room for the age, too
    await second.agent().end('SIGKILL');
    const begun = performance.now();
    await shows('the killed one is offline', screen, 'demo-02', /^demo-02 +OFFLINE /);
    assert.ok(performance.now() - begun < 10_000);
    assert.match(row(screen, 'demo-01'), /^demo-01 +(OK|DEGRADED) /);
    await second.restartAgent();
    await shows('it is back', screen, 'demo-02', /^demo-02 ↻1 +(OK|DEGRADED) /);

    await second.agent().end('SIGTERM');
    await shows('who said goodbye is stopped', screen, 'demo-02', /^demo-02 ↻1 STOPPED /);

    process.kill(hub.server().pid, 'SIGSTOP');
    await shows(
      'a hub that says nothing makes nobody offline',
      screen,
      'demo-01',
      /^demo-01 +(OK|DEGRADED) .* 5s /,
    );
    process.kill(hub.server().pid, 'SIGCONT');
    await shows('and all is well when it speaks', screen, 'demo-01', /^demo-01 +(OK|DEGRADED) .* [0-2]s /);
    await hub.server().end('SIGKILL');
    await eventually('the loss is told', () =>
      /^NO CONNECTION since .* UTC/m.test(screen.screen().join('\n')),
    );
    await shows('ages go on', screen, 'demo-01', / [2-9]s /);
    assert.match(row(screen, 'demo-01'), /^demo-01 +(OK|DEGRADED) /);
    await hub.restart();
    await eventually('it is there again', () => !/NO CONNECTION/.test(screen.screen().join('\n')), 90_000);
    await shows('and the unit is heard', screen, 'demo-01', /^demo-01 +(OK|DEGRADED) .* [0-2]s /);
    screen.type('q');
    assert.equal(await screen.ended, 0);
    assert.ok(restored(screen.output()));
  });

  test('the screen fits the terminal, keys sort and turn pages, and nothing of others reaches it', async () => {
    const screen = top('-i', '0.3');
    await shows('the worst is on top', screen, 'told-042', /CRITICAL ptp locked +1\.04 µs/);
    await eventually('all are there', () => /^10\d units/m.test(screen.screen().join('\n')));
    assert.ok(screen.output().startsWith('\x1b[?1049h'));
    assert.equal(screen.screen().length, 24);
    assert.ok(screen.screen().every((line) => [...line].length <= 80));
    assert.ok(!screen.output().includes('\x1b[2J'));
    const second = screen.screen()[4];
    screen.type(' ');
    await eventually(
      'the next page',
      () => screen.screen()[3] !== undefined && !screen.screen().includes(second ?? ''),
    );
    screen.type('s');
    await eventually('by clock', () => /; by clock/.test(screen.screen()[1] ?? ''));
    screen.resize(140, 10);
    await eventually(
      'resized',
      () => screen.screen().length === 10 && / PROBLEM$/.test(screen.screen()[2] ?? ''),
    );
    screen.kill('SIGTERM');
    assert.equal(await screen.ended, 0);
    assert.ok(restored(screen.output()));
  });
});
