// What a unit runs short of, and what stands still around it. docs/faults.md says what it does in each case.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Msg } from '@nats-io/transport-node';
import { systemSocketFiles } from '../../agent/clock/ptp4l/keeper.ts';
import { watchPtp4l } from '../../agent/clock/ptp4l/watch.ts';
import { spawnSafely } from '../../agent/lib/child.ts';
import { systemTicker } from '../../agent/lib/ticker.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { agentSpawn, daemon, eventually, tempDir } from '../kit/process/daemon.ts';
import { beatsOf, cpu_ms, gapsOf } from '../kit/process/strain.ts';
import { lacking, natsServers, need, projectRoot, runtime } from '../kit/process/tools.ts';
import { agentWith } from '../kit/unit/agents.ts';
import { bundle, type Hub, nunect, type RunningUnit, startHub, startUnit } from '../kit/unit/site.ts';

const unit = 'demo-01';
const server = natsServers().newest ?? need('nats-server');
const long = process.env['NUNECT_LONG'] === '1';
const owner = newOwner();

let hub: Hub;
let site: RunningUnit;
let dir: string;
const seen: Msg[] = [];

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const isRoot = process.getuid?.() === 0;
/** Runs a shell script in a mount namespace of its own and gives what it printed. */
const inOwnMounts = (script: string, env: Readonly<Record<string, string>>): string =>
  execFileSync(need('unshare'), ['--mount', '--propagation', 'private', 'sh', '-eu', '-c', script], {
    encoding: 'utf8',
    env: { ...process.env, NODE: runtime(), BUNDLE: bundle, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
const skipMounts = isRoot ? lacking('unshare', 'mount') : 'needs root for mount namespaces';

const echoWorks = (): Promise<Msg> =>
  eventually('an echo', () =>
    hub.nc.request(`ops.echo.${unit}`, 'hi', { timeout: 1000 }).catch(() => undefined),
  );

describe('a unit that runs short', () => {
  before(async () => {
    dir = tempDir(owner, 'resources');
    hub = await startHub(owner, dir, server);
    hub.nc.subscribe('ops.heartbeat.>', { callback: (_error, message) => void seen.push(message) });
    // a pmc that ends at once, and the socket that makes the agent start it
    const socket = join(dir, 'ptp4l');
    const ptp4l = createServer().listen(socket);
    owner.after(() => ptp4l.close());
    const pmc = join(dir, 'pmc');
    writeFileSync(pmc, '#!/bin/sh\nexit 3\n', { mode: 0o755 });
    site = await startUnit(owner, {
      dir,
      unit,
      server,
      hubPort: hub.leafPort,
      interval_s: 1,
      time: [`list ptp_socket '${socket}'`, `option pmc '${pmc}'`, 'option poll_s 1'],
    });
    await eventually('stored', async () => (await hub.stored()) > 5);
  });
  after(() => owner.end());

  test('out of file descriptors: heartbeats and echo go on, and the page is back with the files', {
    skip: lacking('prlimit'),
  }, async (t) => {
    const { pid } = site.agent();
    const limit = (files: number): string =>
      execFileSync(need('prlimit'), ['--pid', String(pid), `--nofile=${files}:4096`], { encoding: 'utf8' });
    const from = seen.length;
    t.after(() => void limit(1024));
    limit(3); // no number is free below it, not even for the reserve that libuv refuses connections with
    const used_ms = cpu_ms(pid);
    const begun = performance.now();
    let served = 0;
    while (performance.now() < begun + 5000) {
      const ok = await new Promise<boolean>((resolve) => {
        const asked = get(`${site.statusUrl}healthz`, { agent: false, timeout: 500 }, (reply) => {
          reply.resume();
          resolve(reply.statusCode === 200);
        });
        asked.on('timeout', () => asked.destroy());
        asked.on('error', () => resolve(false));
      });
      if (ok) served += 1;
      await pause(100);
    }
    const load = (cpu_ms(pid) - used_ms) / (performance.now() - begun);
    t.diagnostic(`${served} pages, ${(load * 100).toFixed(1)} % of a core`);
    assert.ok(served === 0, 'there is indeed no file for a connection');
    assert.ok(load < 0.25, `nothing spins: ${(load * 100).toFixed(1)} % of a core`);
    const complaints = site
      .agent()
      .output()
      .match(/out of file descriptors; not listening/g)?.length;
    assert.equal(complaints, 1, 'it is said once');
    await echoWorks();
    limit(1024);
    await eventually('the page', () =>
      fetch(site.statusUrl).then(
        (reply) => reply.ok,
        () => false,
      ),
    );
    await eventually('heartbeats', () => beatsOf(seen.slice(from)).length >= 5);
    const { longest_ms, missing } = gapsOf(beatsOf(seen.slice(from)));
    assert.deepEqual(missing, []);
    assert.ok(longest_ms < 2300, `${longest_ms} ms without a heartbeat`);
    assert.doesNotMatch(site.agent().output(), /crashed/);
  });

  test('the agent stands still: it goes on where it was, with no burst and in order', async () => {
    for (const who of ['agent', 'leaf', 'both'] as const) {
      const from = seen.length;
      const stopped = who === 'both' ? [site.agent(), site.leaf()] : [site[who]()];
      await eventually('a heartbeat before', () => seen.length > from);
      for (const one of stopped) one.kill('SIGSTOP');
      await pause(long ? 30_000 : 2500);
      for (const one of stopped) one.kill('SIGCONT');
      const woken_ms = Date.now();
      const beats = await eventually(
        'three heartbeats after it',
        () => {
          const all = beatsOf(seen.slice(from));
          return all.filter(({ ts }) => ts >= woken_ms).length >= 3 && all;
        },
        60_000,
      );
      assert.deepEqual(gapsOf(beats).missing, [], `${who}: none is missing`);
      const soon = beats.filter(({ ts }) => ts >= woken_ms && ts < woken_ms + 1500).length;
      assert.ok(soon <= 3, `${who}: ${soon} heartbeats within 1.5 s of the end of the pause`);
      const order = beats.map(({ ts }) => ts);
      assert.deepEqual(
        order,
        order.toSorted((a, b) => a - b),
      );
      await echoWorks();
    }
    assert.doesNotMatch(site.agent().output(), /crashed/);
  });

  test('a storm of SIGHUP is a few reloads, and the last config counts', async () => {
    const count = (): number => site.agent().output().split('config reloaded').length - 1;
    const begun = count();
    const path = join(dir, 'agent.json');
    const text = readFileSync(path, 'utf8');
    for (let at = 0; at < 100; at++) {
      if (at === 50) writeFileSync(path, text.replace('"log_level":"info"', '"log_level":"debug"'));
      site.agent().kill('SIGHUP');
      if (at % 10 === 0) await pause(5);
    }
    await eventually('a reload', () => count() > begun);
    await pause(500);
    assert.ok(count() - begun <= 30, `${count() - begun} reloads`);
    await echoWorks();
    writeFileSync(path, text);
    site.agent().kill('SIGHUP');
    await echoWorks();
  });
});

test('SIGTERM at any moment of the start ends the agent soon, and READY is not said after it', async (t) => {
  const { agent, dir: runDir } = await agentWith(
    t,
    `config leaf 'leaf'\n\toption mode 'external'\n\toption external_url 'nats://127.0.0.1:9'\n`,
  );
  await agent.end('SIGTERM');
  for (const after_ms of [10, 60, 120, 180, 240, 300, 400]) {
    const started = daemon(t, runtime(), [bundle, 'run', '--dir', runDir]);
    await pause(after_ms);
    const begun = performance.now();
    started.kill('SIGTERM');
    assert.equal((await started.exited) ?? 0, 0, `after ${after_ms} ms`);
    assert.ok(performance.now() - begun < 5000, `after ${after_ms} ms`);
  }
});

test('a full disk: render says so with the file, keeps what runs, and the next one does all of it', {
  skip: skipMounts,
}, (t) => {
  const place = tempDir(t, 'full');
  const config = join(tempDir(t, 'full-config'), 'nunect');
  const text = (port: number): string =>
    `config agent 'agent'\n\toption unit '${unit}'\nconfig hub 'hub'\n\tlist url 'nats://127.0.0.1:7422'\nconfig leaf 'leaf'\n\toption server '${server}'\n\toption port '${port}'\n`;
  writeFileSync(config, text(4300));
  writeFileSync(`${config}.next`, text(4301));
  const said = inOwnMounts(
    `mount -t tmpfs -o size=48k,mode=755 none "$PLACE"
render() { "$NODE" "$BUNDLE" render --config "$CONFIG" --out "$PLACE/run" 2>&1 && echo "code 0" || echo "code $?"; }
render
cp "$PLACE/run/leaf.conf" "$PLACE/run/agent.json" "$KEEP"
cp "$CONFIG.next" "$CONFIG"
for room in 0 4; do
  rm -f "$PLACE/fill"
  dd if=/dev/zero of="$PLACE/fill" bs=1k 2>/dev/null || :
  [ $room = 0 ] || dd if=/dev/null of="$PLACE/fill" bs=1k seek=$(($(wc -c <"$PLACE/fill") / 1024 - room)) 2>/dev/null
  echo "room $room"
  render
  cmp "$PLACE/run/leaf.conf" "$KEEP/leaf.conf" && cmp "$PLACE/run/agent.json" "$KEEP/agent.json" && echo kept
  ls "$PLACE/run"
done
rm "$PLACE/fill"
echo freed
render`,
    { PLACE: place, CONFIG: config, KEEP: tempDir(t, 'full-keep') },
  );
  const [first = '', none = '', some = '', freed = ''] = said.split(/^(?:room \d|freed)$/m);
  assert.match(first, /code 0/);
  for (const full of [none, some]) {
    assert.match(full, /cannot write \S+run\/(leaf\.conf\.new|agent\.json\.new): ENOSPC/, said);
    assert.match(full, /code 1\nkept\n/, said);
    assert.doesNotMatch(full, /\.new$/m, 'no half file stays');
  }
  assert.match(freed, /restart: leaf/, said);
});

test('a run directory that is read-only, and no other: the agent runs without pmc', {
  skip: skipMounts,
}, async (t) => {
  const lone = await agentWith(
    t,
    `config leaf 'leaf'\n\toption mode 'external'\n\toption external_url 'nats://127.0.0.1:9'\n`,
  );
  await lone.agent.end('SIGTERM');
  const script = `mount --bind "$0" "$0"; mount -o remount,ro,bind "$0"; exec "$1" "$2" run --dir "$0"`;
  const agent = daemon(t, need('unshare'), [
    '--mount',
    '--propagation',
    'private',
    'env',
    `TMPDIR=${lone.dir}`,
    'sh',
    '-eu',
    '-c',
    script,
    lone.dir,
    runtime(),
    bundle,
  ]);
  const now = await eventually('its page', () => lone.status().catch(() => undefined), 90_000);
  assert.equal(now.clock.quality, 'freerun');
  assert.doesNotMatch(agent.output(), /crashed/);
  assert.equal(agent.output().match(/EROFS/g)?.length, 1, 'one line: the socket of the status server');
  await agent.end('SIGTERM');
});

test('names that nobody resolves: the page answers and records go on, with one lookup at a time', {
  skip: skipMounts,
}, async (t) => {
  const resolver = `127.${(process.pid >> 8) & 255}.${process.pid & 255}.9`;
  const blackHole = createSocket('udp4');
  let queries = 0;
  blackHole.on('message', () => {
    queries += 1;
  });
  await new Promise<void>((resolve) => blackHole.bind(53, resolver, resolve));
  t.after(() => blackHole.close());
  const conf = join(tempDir(t, 'dns'), 'resolv.conf');
  writeFileSync(conf, `nameserver ${resolver}\n`);
  const lone = await agentWith(
    t,
    `config hub 'hub'\n\tlist url 'nats://one.hub.test:4222'\n\tlist url 'nats://two.hub.test:4222'\n\tlist url 'nats://three.hub.test:4222'\nconfig leaf 'leaf'\n\toption mode 'off'\n`,
    {
      before: [
        need('unshare'),
        '--mount',
        '--propagation',
        'private',
        'sh',
        '-euc',
        `mount --bind '${conf}' /etc/resolv.conf; UV_THREADPOOL_SIZE=2 exec "$0" "$@"`,
      ],
    },
  );
  await eventually('its page', () => lone.status().catch(() => undefined), 90_000);
  await eventually('the resolver is asked', () => queries > 0, 90_000);
  let slowest_ms = 0;
  for (let at = 0; at < (long ? 60 : 12); at++) {
    const begun = performance.now();
    await lone.status();
    slowest_ms = Math.max(slowest_ms, performance.now() - begun);
    await pause(500);
  }
  t.diagnostic(`${queries} queries, page within ${slowest_ms.toFixed(0)} ms`);
  assert.ok(slowest_ms < 3000, `${slowest_ms} ms, where a lookup takes 5 s and more`);
  await eventually('records wait', async () => (await lone.status()).spool.records > 20, 90_000);
  assert.match((await lone.status()).problems.join(), /not connected to the hub/);
  await lone.agent.end('SIGKILL'); // a lookup under way holds an exit for as long as it lasts
});

test('a spool that may be larger than the heap does not crash the agent when it fills', () => {
  const script = `
    const { openSpool } = require('./agent/records/spool.ts');
    const { spoolBudget } = require('./agent/records/budget.ts');
    const { systemTicker } = require('./agent/lib/ticker.ts');
    const { logTo } = require('./agent/lib/log.ts');
    const log = logTo(({ msg, fields }) => console.log(msg, JSON.stringify(fields)));
    const link = { publish: () => false, request: async () => ({ kind: 'closed' }), state: () => ({ connected: false, since_ms: 0 }), onChange: () => () => {} };
    const spool = openSpool({ random: Math.random, link, hubUp: () => false, ticker: systemTicker(), log, wall_ms: Date.now, gapRecord: (gap) => ({ subject: 's', priority: 'event', body: gap }) },
      { unit: 'u', boot: 'b', window: 64, hub: true, memory_bytes: spoolBudget(2 ** 30, log) });
    for (let at = 0; at < 60000; at++) spool.put({ subject: 'm' + at % 5, priority: 'metric', body: { ts: at, text: 'x'.repeat(400) } });
    console.log(JSON.stringify(spool.stats()));
    process.exit(0);`;
  const said = execFileSync(
    process.execPath,
    ['--max-old-space-size=48', '--require', './build/register.cjs', '-e', script],
    { encoding: 'utf8', cwd: projectRoot },
  );
  assert.match(said, /more than this device allows \{"asked_kb":1048576,"given_kb":\d{4,5}\}/);
  const stats = JSON.parse(said.trim().split('\n').at(-1) ?? '') as {
    bytes: number;
    budget_bytes: number;
    dropped: { metric: number };
  };
  assert.ok(stats.bytes <= stats.budget_bytes && stats.budget_bytes < 40e6);
  assert.ok(stats.dropped.metric > 1000);
});

test('a pmc that cannot start, hangs, floods or ends at once is absent with a reason, and seldom started', async (t) => {
  const place = tempDir(t, 'pmc');
  const programs: Record<string, string | undefined> = {
    'not installed': undefined,
    'ends at once': '#!/bin/sh\nexit 3\n',
    'hangs and ignores TERM': '#!/bin/sh\ntrap "" TERM INT HUP\nwhile :; do sleep 30; done\n',
    'leaves a child with its pipes': '#!/bin/sh\nsleep 30 & exec sleep 30\n',
    'floods its output': '#!/bin/sh\nexec cat /dev/zero\n',
    'floods its errors': '#!/bin/sh\nexec cat /dev/zero >&2\n',
    'not executable': '#!/bin/sh\n',
    'a directory': undefined,
    'of another processor': '\u007fELF and nothing else',
  };
  const ptp4l = createServer().listen(join(place, 'ptp4l'));
  t.after(() => ptp4l.close());
  const before_kb = process.memoryUsage().rss;
  await Promise.all(
    Object.entries(programs).map(async ([name, text]) => {
      const program = join(place, name.replaceAll(' ', '-'));
      if (name === 'a directory') mkdirSync(program);
      if (text !== undefined) writeFileSync(program, text);
      if (text !== undefined && name !== 'not executable') chmodSync(program, 0o755);
      const stateDir = join(place, `run ${name}`);
      mkdirSync(stateDir);
      const signal = new AbortController().signal;
      const watch = watchPtp4l(
        {
          spawn: spawnSafely(agentSpawn),
          ticker: systemTicker(),
          files: systemSocketFiles,
        },
        {
          pmc: program,
          sockets: [join(place, 'ptp4l')],
          domain: 0,
          transportSpecific: 0,
          poll_s: 1,
          stateDir,
        },
        signal,
      );
      await pause(6000);
      const { started } = watch.stats();
      const reading = await eventually(
        `${name}: a reason`,
        () => {
          const now = watch.read();
          assert.equal(now.kind, 'absent', name);
          return now.kind === 'absent' && now.why !== 'not_yet' && now;
        },
        90_000,
      );
      t.diagnostic(`${name}: ${reading.why} (${reading.detail ?? ''}), ${started} started in 6 s`);
      assert.ok(started <= 4, `${name}: ${started} started in 6 s`);
      const begun = performance.now();
      await watch.stop();
      assert.ok(performance.now() - begun < 3000, `${name}: stopping takes ${performance.now() - begun} ms`);
    }),
  );
  assert.ok(process.memoryUsage().rss - before_kb < 100e6);
});

test('a server program that is no program, or hangs, is told by render', { timeout: 60_000 }, async (t) => {
  const place = tempDir(t, 'server');
  const cases: [string, string, RegExp][] = [
    ['foreign', '\u007fELF and nothing else', /gives no version/],
    ['mute', '#!/bin/sh\nexit 0\n', /gives no version/],
    ...(long
      ? [['hung', '#!/bin/sh\nsleep 100\n', /did not end within 20 s/] as [string, string, RegExp]]
      : []),
  ];
  for (const [name, text, why] of cases) {
    const program = join(place, name);
    writeFileSync(program, text, { mode: 0o755 });
    const config = join(place, `${name}.uci`);
    writeFileSync(
      config,
      `config agent 'agent'\n\toption unit '${unit}'\nconfig leaf 'leaf'\n\toption server '${program}'\n`,
    );
    const { code, stderr } = await nunect([
      'render',
      '--config',
      config,
      '--out',
      join(place, `${name}.run`),
    ]);
    assert.equal(code, 1);
    assert.match(stderr, why);
  }
});
