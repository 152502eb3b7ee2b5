import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostFiles } from '../../../agent/device/hostfiles.ts';
import { readInterfaces } from '../../../agent/device/interfaces.ts';
import {
  busyPercent,
  cleanLine,
  parseCpuTicks,
  parseFirmware,
  parseLoad,
  parseMemory,
  parseMilliCelsius,
  parseNetDev,
  parseUptime,
} from '../../../agent/device/proc.ts';
import { selfProbe } from '../../../agent/device/self.ts';
import { systemProbe } from '../../../agent/device/system.ts';
import { readTemperatures } from '../../../agent/device/thermal.ts';
import { shared } from '../../../agent/lib/shared.ts';
import { tempDir } from '../../kit/process/daemon.ts';
import { projectRoot } from '../../kit/process/tools.ts';

const tree = (name: string): string => join(projectRoot, 'test/fixtures/proc', name);

/** A clock that passes a minute between any two looks at it. */
const slowly = () => {
  let now = 0;
  return () => (now += 60_000);
};

const probe = (name: string, paths: readonly string[] = []) =>
  systemProbe(paths, {
    root: tree(name),
    now_ms: slowly(),
  });

test('a BPi-R4 is read as it stands', async () => {
  const facts = await probe('bpi-r4').read();
  const { interfaces, temperatures, ...rest } = facts;
  assert.deepEqual(rest, {
    uptime_s: 93784.41,
    load: [0.18, 0.25, 0.31],
    cores: 4,
    memory: { total_bytes: 4_150_906_880, available_bytes: 3_893_370_880, used_percent: 6.2 },
    storage: [],
    board: { model: 'Bananapi BPI-R4', name: 'bananapi,bpi-r4' },
    firmware: {
      name: 'OpenWrt',
      version: '24.10',
      revision: 'r28427-6df0e3d02a',
      target: 'mediatek/filogic',
      kernel: '6.6.86',
    },
  });
  assert.deepEqual(temperatures, [
    { sensor: 'cpu-thermal', celsius: 52.341 },
    { sensor: 'mt7996_phy', celsius: 42 },
    { sensor: 'mt7996_phy#2', celsius: 43 },
    { sensor: 'sfp_wan temperature', celsius: 38.125 },
  ]);
  assert.deepEqual(
    interfaces.map(({ name, state, speed_mbps, carrier_changes }) => [
      name,
      state,
      speed_mbps,
      carrier_changes,
    ]),
    [
      ['br-lan', 'up', 1000, 3],
      ['eth0', 'up', 10000, 1],
      ['lan1', 'up', 2500, 7],
      ['sfp-wan', 'lowerlayerdown', undefined, 0],
      ['wan', 'down', undefined, 4],
    ],
  );
  assert.deepEqual(interfaces[2], {
    name: 'lan1',
    state: 'up',
    speed_mbps: 2500,
    carrier_changes: 7,
    rx_bytes: 5_000_000_000,
    rx_packets: 5000,
    rx_errors: 1,
    rx_dropped: 2,
    tx_bytes: 300_000,
    tx_packets: 4000,
    tx_errors: 3,
    tx_dropped: 4,
  });
});

test('a Debian machine has no sysinfo, no sensors and an unknown link speed', async () => {
  const facts = await probe('debian').read();
  assert.deepEqual(facts.board, { model: 'KVM' });
  assert.deepEqual(facts.firmware, { name: 'Debian GNU/Linux', version: '12', kernel: '6.1.0-18-amd64' });
  assert.deepEqual(facts.temperatures, []);
  assert.equal(facts.interfaces[0]?.speed_mbps, undefined);
  assert.equal(facts.interfaces[0]?.rx_bytes, 77);
  assert.equal(facts.cores, 2);
});

test('garbled files leave their values out', async () => {
  const facts = await systemProbe(['/nowhere'], {
    root: tree('garbled'),
    now_ms: () => 0,
  }).read();
  assert.deepEqual(facts, { temperatures: [], storage: [], interfaces: [{ name: 'eth0', state: 'up' }] });
});

test('a machine without any of the files is empty, not zero', async () => {
  assert.deepEqual(await probe('does-not-exist').read(), {
    temperatures: [],
    storage: [],
    interfaces: [],
  });
});

test('two paths on one file system are told once', async () => {
  const { storage } = await probe('bpi-r4', ['/', '/overlay', '/tmp', '/nowhere']).read();
  assert.deepEqual(
    storage.map(({ path }) => path),
    ['/'],
  );
});

test('processor use is the busy share between two readings', () => {
  const before = parseCpuTicks('cpu 100 0 100 800 0 0 0 0 50 0\ncpu0 100 0 100 800 0 0 0 0 50 0\n');
  const after = parseCpuTicks('cpu 130 10 130 900 20 5 5 0 90 0\ncpu0 130 10 130 900 20 5 5 0 90 0\n');
  assert.ok(before && after);
  assert.deepEqual(before, { busy: 200, total: 1000, cores: 1 });
  assert.equal(busyPercent(before, after), 40);
  assert.equal(busyPercent(before, before), undefined, 'no time has passed');
  assert.equal(busyPercent(after, before), undefined, 'counters went back');
});

test('the first reading has no processor use, a later one has', async () => {
  const files = probe('bpi-r4');
  assert.equal('cpu_percent' in (await files.read()), false);
  assert.equal('cpu_percent' in (await files.read()), false, 'the fixture does not move');
  const live = systemProbe([], {
    root: '/',
    now_ms: slowly(),
  });
  await live.read();
  let facts = await live.read();
  for (const until = performance.now() + 2000; facts.cpu_percent === undefined && performance.now() < until; )
    facts = await live.read();
  assert.ok(facts.cpu_percent !== undefined && facts.cpu_percent >= 0 && facts.cpu_percent <= 100);
});

test("a release '24.10' is not the number 24.1", () => {
  assert.equal(parseFirmware("DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='24.10'\n", '')?.version, '24.10');
  assert.equal(parseFirmware('', 'NAME=Alpine\nVERSION_ID=3.20\n')?.version, '3.20');
  assert.equal(parseFirmware('', 'NAME="Void"\n')?.version, undefined);
  assert.equal(parseFirmware('', 'VERSION_ID="12"\n'), undefined);
});

test('an empty file is no figure', () => {
  assert.equal(parseUptime(''), undefined);
  assert.equal(parseMemory(''), undefined);
  assert.equal(parseMemory('MemTotal: 0 kB\nMemAvailable: 0 kB\n'), undefined);
  assert.equal(parseMemory('MemTotal: 4096 kB\n'), undefined);
  assert.equal(parseLoad(''), undefined);
  assert.equal(parseLoad('0.1 0.2'), undefined);
  assert.equal(parseCpuTicks(''), undefined);
  assert.equal(parseMilliCelsius(''), undefined);
  assert.equal(parseNetDev('').size, 0);
});

test('a temperature that no sensor can mean is left out', () => {
  assert.equal(parseMilliCelsius('-40000\n'), -40);
  assert.equal(parseMilliCelsius('0\n'), 0);
  assert.equal(parseMilliCelsius('-273150000'), undefined);
  assert.equal(parseMilliCelsius('250000'), undefined);
});

test('an interface alias keeps its counters', () => {
  const row = '1 2 3 4 0 0 0 0 5 6 7 8 0 0 0 0';
  assert.deepEqual([...parseNetDev(`eth0:1: ${row}\n eth0:${row}\n`).keys()], ['eth0:1', 'eth0']);
});

test('a foreign line is made harmless', () => {
  assert.equal(cleanLine('Bananapi BPI-R4\0'), 'Bananapi BPI-R4');
  assert.equal(cleanLine('a\nb\u001b[31m'), 'a b [31m');
  assert.equal(cleanLine('\0\n'), undefined);
  assert.equal(cleanLine('x'.repeat(500))?.length, 128);
});

test('a sensor that cannot be read does not take the others along', async () => {
  const files = { ...hostFiles(tree('bpi-r4')), oftenText: async () => '' };
  assert.deepEqual(await readTemperatures(files), []);
});

test('the agent knows its own cost', async () => {
  let now = 1000;
  const self = selfProbe({ now_ms: () => now, childrenStarted: () => 3 });
  const first = await self.read();
  assert.equal('cpu_percent' in first, false);
  assert.equal(first.children_started, 3);
  now += 100;
  assert.equal(await self.read(), first, 'too early for a new one');
  now += 900;
  const second = await self.read();
  assert.ok(second.cpu_percent !== undefined && second.cpu_percent >= 0);
  assert.ok(second.cpu_ms >= first.cpu_ms);
  assert.equal('wakeups_per_s' in first, false);
  const pause = () => new Promise((resolve) => setTimeout(resolve, 20)); // to sleep, unless others have the CPU for so long
  while (process.resourceUsage().voluntaryContextSwitches === second.wakeups) await pause();
  now += 1000;
  const third = await self.read();
  assert.ok((third.wakeups ?? 0) > (second.wakeups ?? 0), 'it has slept');
  assert.equal(third.wakeups_per_s, (third.wakeups ?? 0) - (second.wakeups ?? 0));
  assert.ok(second.rss_bytes > second.heap_used_bytes);
  assert.ok(second.open_files !== undefined && second.open_files > 3);
  const { loop_busy_percent: busy = Number.NaN } = second;
  assert.ok(busy >= 0 && busy <= 100);
});

test('readings close together are one, also while it is under way', async () => {
  let now = 0;
  let count = 0;
  const read = shared(
    async () => ++count,
    () => now,
    500,
  );
  assert.deepEqual(await Promise.all([read(), read()]), [1, 1]);
  now = 499;
  assert.equal(await read(), 1);
  now = 500;
  assert.equal(await read(), 2);
});

test('the speed of a link is read again once the link has come or gone', async (t) => {
  const root = tempDir(t, 'interfaces');
  const dir = join(root, 'sys/class/net/lan1');
  mkdirSync(dir, { recursive: true });
  const speeds = new Map();
  const speedOf = async (speed: number, changes: number): Promise<number | undefined> => {
    writeFileSync(join(dir, 'operstate'), 'up\n');
    writeFileSync(join(dir, 'speed'), `${speed}\n`);
    writeFileSync(join(dir, 'carrier_changes'), `${changes}\n`);
    return (await readInterfaces(hostFiles(root), speeds))[0]?.speed_mbps;
  };
  assert.equal(await speedOf(1000, 1), 1000);
  assert.equal(await speedOf(100, 1), 1000, 'it is asked for in vain, and may take long');
  assert.equal(await speedOf(100, 3), 100);
});
