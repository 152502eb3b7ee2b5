import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { currentLoad, fsSize, mem, networkInterfaces, osInfo, time } from 'systeminformation';
import { systemProbe } from '../../agent/device/system.ts';

const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });

const near = (a: number, b: number, share: number, what: string): void =>
  assert.ok(Math.abs(a - b) <= share * Math.max(Math.abs(a), Math.abs(b)), `${what}: ${a} against ${b}`);

test('memory is what free says', async () => {
  const { memory } = await systemProbe([]).read();
  const [, total, , , , , available] = /^Mem:.*$/m.exec(run('free', '-b'))?.[0].split(/\s+/) ?? [];
  assert.equal(memory?.total_bytes, Number(total));
  near(memory?.available_bytes ?? 0, Number(available), 0.05, 'available');
});

test('storage is what df says', async () => {
  const paths = ['/', '/dev/shm', '/nowhere'];
  const { storage } = await systemProbe(paths).read();
  assert.deepEqual(
    storage.map(({ path }) => path),
    ['/', '/dev/shm'],
  );
  for (const { path, total_bytes, available_bytes, used_percent } of storage) {
    const [size = '', avail = '', percent = ''] =
      run('df', '-B1', '--output=size,avail,pcent', path).trim().split('\n')[1]?.trim().split(/\s+/) ?? [];
    assert.equal(total_bytes, Number(size), path);
    near(available_bytes, Number(avail), 0.02, path);
    assert.ok(
      Math.abs(used_percent - Number.parseInt(percent, 10)) <= 1.5,
      `${path}: ${used_percent} % against ${percent}`,
    );
  }
});

test('load, uptime and kernel are what the tools say', async () => {
  const { load, uptime_s, cores, firmware } = await systemProbe([]).read();
  const [one = ''] = readFileSync('/proc/loadavg', 'utf8').split(' ');
  assert.ok(Math.abs((load?.[0] ?? -9) - Number(one)) < 0.5);
  assert.ok(Math.abs((uptime_s ?? 0) - Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])) < 5);
  assert.equal(cores, Number(run('getconf', '_NPROCESSORS_ONLN')));
  assert.equal(firmware?.kernel, run('uname', '-r').trim());
  assert.equal(firmware?.version, run('sh', '-c', '. /etc/os-release; echo "$VERSION_ID"').trim());
});

interface LinkOfIp {
  readonly ifname: string;
  readonly operstate: string;
  readonly stats64: { readonly rx: { readonly bytes: number }; readonly tx: { readonly bytes: number } };
}

const linksOfIp = (): LinkOfIp[] =>
  (JSON.parse(run('ip', '-json', '-stats', 'link')) as LinkOfIp[]).filter(({ ifname }) => ifname !== 'lo');

const isBetween = (least: number, value: number | undefined, most: number, what: string): void =>
  assert.ok(
    value !== undefined && least <= value && value <= most,
    `${what}: ${value}, not ${least} to ${most}`,
  );

test('interfaces are what ip says before and after', async () => {
  const before = new Map(linksOfIp().map((link) => [link.ifname, link]));
  const { interfaces } = await systemProbe([]).read();
  const ours = new Map(interfaces.map((entry) => [entry.name, entry]));
  let compared = 0;
  for (const { ifname, operstate, stats64 } of linksOfIp()) {
    const [first, entry] = [before.get(ifname), ours.get(ifname)];
    if (first === undefined || entry === undefined) continue; // others come and go while tests run
    compared += 1;
    assert.equal(entry.state, operstate.toLowerCase());
    isBetween(first.stats64.rx.bytes, entry.rx_bytes, stats64.rx.bytes, `${ifname} received`);
    isBetween(first.stats64.tx.bytes, entry.tx_bytes, stats64.tx.bytes, `${ifname} sent`);
  }
  assert.ok(compared > 0);
});

test('systeminformation, which reads the machine in its own ways, agrees', async () => {
  const probe = systemProbe(['/']);
  await probe.read();
  const [memory, disks, links, system, load] = await Promise.all([
    mem(),
    fsSize(),
    networkInterfaces(),
    osInfo(),
    currentLoad(),
  ]);
  const ours = await probe.read();
  assert.equal(ours.memory?.total_bytes, memory.total);
  near(ours.memory?.available_bytes ?? 0, memory.available, 0.1, 'available memory');
  assert.equal(ours.cores, load.cpus.length);
  assert.equal(ours.firmware?.kernel, system.kernel);
  assert.ok(Math.abs((ours.uptime_s ?? 0) - time().uptime) < 5);
  const root = disks.find(({ mount }) => mount === '/');
  assert.equal(ours.storage[0]?.total_bytes, root?.size);
  const states = new Map(
    (Array.isArray(links) ? links : [links]).map((link) => [link.iface, link.operstate]),
  );
  const shared = ours.interfaces.filter(({ name }) => states.has(name)); // others come and go while tests run
  assert.ok(shared.length > 0, [...states.keys()].join(' '));
  for (const { name, state } of shared) assert.equal(state, states.get(name), name);
});

test('processor use follows the load that is put on', async () => {
  const probe = systemProbe([]);
  await probe.read();
  for (const end = performance.now() + 600; performance.now() < end; );
  const { cpu_percent = 0, cores = 1 } = await probe.read();
  assert.ok(
    cpu_percent > 80 / cores && cpu_percent <= 100,
    `${cpu_percent} % with one of ${cores} cores busy`,
  );
});

/** Page faults of all children that this process has waited for (man 5 proc): each one adds some. */
const childFaults = (): number =>
  Number(readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ')[8] ?? Number.NaN);

test('a reading starts no process', async () => {
  const before = childFaults();
  const probe = systemProbe(['/']);
  await probe.read();
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.ok((await probe.read()).memory);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(childFaults(), before);
  run('true');
  assert.ok(childFaults() > before, 'and a process would have been seen');
});
