// One short life of a unit under each JavaScript runtime that it may find on a host, started by the installed launcher:
// hub and leaf are real, the hub is killed on the way, and every record arrives once.
import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { CheckResult } from '../../agent/cli/doctor/checkresult.ts';
import type { StatusSnapshot } from '../../agent/status/snapshot.ts';
import { allStored } from '../kit/hub/storedids.ts';
import { newOwner, type Owner } from '../kit/process/cleanup.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, need, projectRoot } from '../kit/process/tools.ts';
import { bundle, nunect, operator, startHub, startUnit } from '../kit/unit/site.ts';
import { until as untilOf } from '../kit/unit/until.ts';

const unit = 'demo-01';
const server = natsServers().newest ?? need('nats-server');
/** Where build/tools.sh puts them. */
const place = join(projectRoot, '.tools/runtimes');
const fetched = existsSync(place) ? readdirSync(place) : [];

/** The installed launcher beside the bundle, bound to one runtime and called as that would be: with the bundle's path. */
function launcherFor(dir: string, program: string): string {
  for (const folder of ['bin', 'lib/nunect']) mkdirSync(join(dir, folder), { recursive: true });
  copyFileSync(join(projectRoot, 'openwrt/nunect/launcher'), join(dir, 'bin/nunect'));
  symlinkSync(bundle, join(dir, 'lib/nunect/nunect.cjs'));
  const starter = join(dir, 'starter');
  // another V8 counts what is covered in another way
  const text = `#!/bin/sh\nunset NODE_V8_COVERAGE\nshift\nNUNECT_RUNTIME=${program} exec ${dir}/bin/nunect "$@"\n`;
  writeFileSync(starter, text);
  chmodSync(starter, 0o755);
  return starter;
}

/** A hub and a unit under that runtime. */
async function startPlace(owner: Owner, program: string) {
  const runtime = launcherFor(tempDir(owner, 'usr'), program);
  const dir = tempDir(owner, 'runtime');
  const hub = await startHub(owner, dir, server);
  const time = [`option chrony_port '${await reservePort()}'`, `list ptp_socket '${dir}/no-ptp4l'`];
  const site = await startUnit(owner, {
    dir,
    unit,
    server,
    hubPort: hub.leafPort,
    interval_s: 1,
    time,
    runtime,
  });
  const login = { NATS_URL: hub.url, NATS_USER: operator.user, NATS_PASSWORD: operator.password };
  const command = (args: readonly string[]) => nunect(args, { ...process.env, ...login }, runtime);
  const until = (what: string, check: (now: StatusSnapshot) => boolean): Promise<StatusSnapshot> =>
    untilOf(site, what, check, 90_000);
  return { dir, hub, site, command, until };
}
type Place = Awaited<ReturnType<typeof startPlace>>;

/** The commands that an operator of the unit has. What a busy machine does not answer in time is asked again. */
async function useCommands({ dir, site, command }: Place, rowOfRuntime: RegExp): Promise<void> {
  const checked = await command(['check', '--config', site.config]);
  assert.deepEqual([checked.code, checked.stderr], [0, '']);
  assert.match(checked.stdout, /: ok, \d+ options set/);

  const healthy = new RegExp(`^\\w+ {2}${unit}, [^]*^hub {6}joined for `, 'm');
  await again(
    'status',
    ['status', '--dir', dir],
    ({ stdout, stderr }) => stderr === '' && healthy.test(stdout),
  );

  const wanted = ['nats-server', 'agent', 'leaf', 'hub login', 'permissions', 'stream'];
  const doctor = ['doctor', '--json', '--config', site.config, '--dir', dir];
  await again('doctor', doctor, ({ stdout, stderr }) => {
    const { findings } = JSON.parse(stdout) as { findings: CheckResult[] };
    const rows = findings.map(({ level, what, detail }) => `${level} ${what}: ${detail}`);
    const isGood = (what: string) => rows.some((row) => row.startsWith(`OK ${what}: `));
    return stderr === '' && rows.some((row) => rowOfRuntime.test(row)) && wanted.every(isGood);
  });

  const echo = ['echo', unit, '-c', '3', '-i', '0.1'];
  await again(
    'echo',
    echo,
    ({ code, stdout, stderr }) => code === 0 && stderr === '' && /3 sent, 3 answered/.test(stdout),
  );

  /** Runs a command until its output is as it should be. */
  async function again(
    what: string,
    args: readonly string[],
    isRight: (said: Awaited<ReturnType<typeof command>>) => boolean,
  ): Promise<void> {
    let said: Awaited<ReturnType<typeof command>> | undefined;
    await eventually(what, async () => {
      said = await command(args);
      return isRight(said);
    }).catch((error: Error) => {
      throw new Error(`${error.message}: ${JSON.stringify(said)}`);
    });
  }
}

const runtimes = [
  { name: 'node-20', row: /^(OK|WARN) node: .*\b20\.\d+\.\d+/ },
  { name: 'node-22', row: /^OK node: 22\.\d+\.\d+, / },
  { name: 'node-24', row: /^OK node: 24\.\d+\.\d+, / },
  { name: 'node-26', row: /^OK node: 26\.\d+\.\d+, / },
  { name: 'bun-1', row: /^OK bun: 1\.\d+\.\d+/ },
];

describe('a unit under each runtime', { concurrency: 2 }, () => {
  for (const { name, row } of runtimes) {
    const file = fetched.find((one) => one.startsWith(`${name}.`));
    const skip = file === undefined && `no ${name} in .tools/runtimes: build/tools.sh --tests says why`;
    test(`${file ?? name}: echo, records, commands, an outage of the hub, SIGTERM`, { skip }, async (t) => {
      const owner = newOwner();
      after(() => owner.end());
      const begun = performance.now();
      const version = file?.split('-')[1] ?? '';
      const all = await startPlace(owner, join(place, file ?? ''));
      const { hub, site, until } = all;
      const boot = /boot=(\w+)/.exec(site.agent().output())?.[1] ?? '';

      const ask = (subject: string, text: string) =>
        eventually(subject, () => hub.nc.request(subject, text, { timeout: 2000 }).catch(() => undefined));
      assert.equal((await ask(`ops.echo.${unit}`, 'hello')).string(), 'hello');
      const said = (await ask(`ops.cmd.leaf.${unit}`, 'VERSION')).json<Record<string, string>>();
      assert.equal(name === 'bun-1' ? said['bun'] : said['node']?.slice(1), version);
      await until('records are stored', ({ spool }) => spool?.state === 'stored' && spool.stored >= 15);
      await useCommands(all, row);

      await hub.server().end('SIGKILL');
      await until('records wait', ({ spool }) => spool?.state === 'offline' && spool.records >= 15);
      await hub.restart();
      const { spool } = await until(
        'all is sent',
        (now) => now.spool?.state === 'stored' && now.spool.records <= 2,
      );
      assert.equal(spool?.dropped, 0);

      const { records, stored, doubled } = await allStored(hub.nc, 'NUNECT', boot);
      assert.equal(doubled, 0);
      assert.ok(stored >= (spool?.stored ?? 0), `${stored} are at the hub, ${spool?.stored} acknowledged`);
      const kinds = new Set(records.map(({ subject }) => subject));
      for (const subject of ['ops.heartbeat', 'ops.metric.time', 'ops.metric.system', 'ops.metric.nats'])
        assert.ok(kinds.has(`${subject}.${unit}`), `${subject} in ${[...kinds]}`);
      assert.ok(records.some(({ backfill }) => backfill));

      const rss = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${site.agent().pid}/status`, 'utf8'))?.[1];
      site.agent().kill('SIGTERM');
      assert.equal(await site.agent().exited, 0);
      assert.doesNotMatch(site.agent().output(), /crashed|FATAL|uncaught|Warning:|did not stop/i);
      const seconds = (performance.now() - begun) / 1000;
      t.diagnostic(
        `${stored} records in ${seconds.toFixed(1)} s; memory ${Math.round(Number(rss) / 1024)} MB`,
      );
    });
  }
});
