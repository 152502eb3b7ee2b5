// The packages for the BPi-R4 as they ship, run on this machine by qemu: a leaf and an agent of arm64, joined to a hub of
// this machine's own architecture. make aarch64 gets what it needs; see test/aarch64/tools.sh for what that is.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { unpackIpk } from '../kit/openwrt/ipk.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { natsServers, need, projectRoot } from '../kit/process/tools.ts';
import { type Hub, nunect, startHub, startUnit } from '../kit/unit/site.ts';

const place = process.env['NUNECT_AARCH64'] ?? join(projectRoot, '.tools/aarch64');
const at = (path: string): string => join(place, path);
const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
const unit = 'demo-01';
const run = promisify(execFile);
const owner = newOwner();
let hub: Hub;

/** Builds packages for the router and unpacks each where its starter looks for it. */
function unpackPackages(): void {
  const out = tempDir(owner, 'packages');
  const args = [join(projectRoot, 'build/packages.mjs'), '--arch', 'aarch64_cortex-a53', '--out', out];
  process.stdout.write(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  for (const file of readdirSync(out)) {
    const name = { 'nats-server': 'nats-server', 'nunect-runtime': 'bun', nunect: 'nunect' }[
      file.split('_')[0] ?? ''
    ];
    if (name === undefined || !file.endsWith('.ipk')) continue;
    unpackIpk(join(out, file), join(out, name));
    rmSync(at(name), { recursive: true, force: true });
    cpSync(join(out, name, 'data'), at(name), { recursive: true });
  }
}

before(async () => {
  mkdirSync(place, { recursive: true });
  unpackPackages();
  hub = await startHub(owner, tempDir(owner, 'aarch64'), natsServers().newest ?? need('nats-server'));
});
after(() => owner.end());

/** Machine that an ELF file is for (e_machine): 0xb7 is AArch64. */
const machineOf = (file: string): number => readFileSync(file).readUInt16LE(18);

it('nats-server of the package is for aarch64 and runs', async () => {
  assert.equal(machineOf(at('nats-server/usr/bin/nats-server')), 0xb7);
  const { stdout } = await run(at('run-nats-server'), ['--version']);
  assert.match(stdout, /^nats-server: v2\.\d+\.\d+\n$/);
});

for (const { name, program } of [
  { name: 'node', program: 'node/bin/node' },
  { name: 'bun', program: 'bun/usr/lib/nunect/bun' },
]) {
  const starter = at(`run-${name}`);
  const lack = !existsSync(at(name === 'bun' ? 'musl' : 'node')) && `no ${name} for arm64 here`;
  describe(`an agent of arm64 under ${name}, with a leaf of arm64`, { skip: lack }, () => {
    before(() => {
      process.env['NUNECT_RUNTIME'] = starter;
    });

    it('is started by the launcher of the package', () => {
      assert.equal(machineOf(at(program)), 0xb7);
      const launcher = at('nunect/usr/bin/nunect');
      const { status, stdout, stderr } = spawnSync('sh', [launcher, 'version'], { encoding: 'utf8' });
      assert.deepEqual([status, stdout, stderr], [0, `nunect ${version}\n`, '']);
    });

    it('has the leaf test its config, joins the hub, answers an echo, and ends by TERM', async (t) => {
      assert.equal((await nunect(['version'])).stdout, `nunect ${version}\n`);
      const site = await startUnit(t, {
        dir: tempDir(t, 'aarch64-unit'),
        unit,
        server: at('run-nats-server'),
        hubPort: hub.leafPort,
        interval_s: 1,
        time: [`list ptp_socket '/none'`],
      });
      const reply = await eventually('an echo', () =>
        hub.nc.request(`ops.echo.${unit}`, 'hello from x86', { timeout: 5000 }).catch(() => undefined),
      );
      assert.equal(reply.string(), 'hello from x86');
      assert.equal(reply.headers?.get('X-Unit-ID'), unit);
      const said = (
        await hub.nc.request(`ops.cmd.leaf.${unit}`, 'VERSION', { timeout: 10_000 })
      ).json<object>();
      assert.deepEqual(Object.keys(said), ['version', 'node', ...(name === 'bun' ? ['bun'] : [])]);
      await eventually('records in the stream of the hub', async () => (await hub.stored()) > 5, 30_000);
      t.diagnostic(`echo of ${unit}: '${reply.string()}' ${reply.headers?.get('X-Clock-Source')}`);
      t.diagnostic(`it says of itself: ${JSON.stringify(said)}; ${await hub.stored()} records are stored`);
      for (const { pid } of [site.agent(), site.leaf()])
        t.diagnostic(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
      await site.agent().end('SIGTERM');
      assert.doesNotMatch(site.agent().output(), /crashed|uncaught/);
    });
  });
}
