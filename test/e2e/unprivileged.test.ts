// Root renders, and that is all: leaf and agent run as a user who may do nothing, as procd starts them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { StatusSnapshot } from '../../agent/status/snapshot.ts';
import { chronyPair } from '../kit/clock/chrony.ts';
import { linuxptp, ptp4l } from '../kit/clock/ptp.ts';
import { netnsPair, noNetns } from '../kit/net/netns.ts';
import { daemon, eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { lacking, natsServers, need, runtime, tool } from '../kit/process/tools.ts';
import { bundle, nunect, startHub, writeUci } from '../kit/unit/site.ts';

const unit = 'demo-01';
const nobody = 65534;
const server = natsServers().newest ?? need('nats-server');
const cannot =
  process.getuid?.() === 0 ? lacking('setpriv', 'ptp4l', 'chronyd') || noNetns() || false : 'not root';

/** The words that run a program as a user without rights, and without a way to get any. */
const dropped = (): readonly string[] => [
  need('setpriv'),
  ...[`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'],
  ...['--inh-caps=-all', '--bounding-set=-all', '--no-new-privs'],
];

const field = (pid: number, name: string): string =>
  new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]?.trim() ??
  '?';

test('leaf and agent do their whole job as a user without rights', { skip: cannot }, async (t) => {
  const hub = await startHub(t, tempDir(t, 'hub'), server);
  const { client } = await chronyPair(t, [], { steering: true });
  const [end] = netnsPair(t);
  const master = ptp4l(t, end, { role: 'master' });
  await eventually('the socket of ptp4l', () => existsSync(master.socket));
  chmodSync(dirname(master.socket), 0o755);
  chmodSync(master.socket, 0o666); // as ptp4lro is, or as the owner says by uds_file_mode

  const dir = tempDir(t, 'unprivileged');
  const secretFile = join(dir, 'hub.password');
  const out = join(dir, 'run');
  const ports = { leaf: await reservePort(), status: await reservePort() };
  const time = [
    `option chrony_port '${client.cmdport}'`,
    `list ptp_socket '${master.socket}'`,
    `option pmc '${linuxptp('pmc')}'`,
  ];
  const uci = await writeUci({ dir, unit, server, hubPort: hub.leafPort, interval_s: 1, time }, ports);
  writeFileSync(secretFile, `change-me-${unit}\n`, { mode: 0o600 });
  const byFile = readFileSync(uci, 'utf8').replace(
    /option password .*/,
    `option password_file '${secretFile}'`,
  );
  writeFileSync(uci, byFile);
  chmodSync(dir, 0o755); // what is in it is what is protected
  const render = async (): Promise<void> => {
    const { code, stderr } = await nunect(['render', '--config', uci, '--out', out]);
    assert.equal(code, 0, stderr);
    // this machine has no group nunect, to which render gives the files
    for (const path of [out, join(out, 'leaf.conf'), join(out, 'agent.json')]) chownSync(path, 0, nobody);
    chownSync(join(out, 'state'), nobody, nobody); // nor a user nunect
  };
  await render();

  const [program = '', ...before] = dropped();
  const start = (...words: string[]) => daemon(t, program, [...before, ...words]);
  const leaf = start(server, '-c', join(out, 'leaf.conf'));
  const leafLog = (): string => readFileSync(join(out, 'state/leaf.log'), 'utf8');
  await eventually(
    'leaf ready',
    () => existsSync(join(out, 'state/leaf.log')) && leafLog().includes('Server is ready'),
  );
  const agent = start(runtime(), bundle, 'run', '--dir', out);
  await eventually('READY', () => agent.output().includes(`READY ${unit}`), 90_000).catch((error: Error) => {
    throw new Error(`${error.message}\n${agent.output()}`);
  });

  const metric: { ptp?: object; ntp?: { refid?: string } }[] = [];
  hub.nc.subscribe(`ops.metric.time.${unit}`, {
    callback: (_error, message) => void metric.push(message.json()),
  });
  const both = await eventually(
    'facts of both clock daemons at the hub',
    () => metric.find(({ ptp, ntp }) => ptp !== undefined && ntp?.refid !== undefined),
    90_000,
  ).catch((error: Error) => {
    throw new Error(`${error.message}\n${JSON.stringify(metric.at(-1))}\n${agent.output()}`);
  });
  assert.ok(both);
  await eventually('stored records', async () => (await hub.stored()) > 5);
  assert.equal((await hub.nc.request(`ops.echo.${unit}`, 'hello', { timeout: 10_000 })).string(), 'hello');
  assert.equal((await fetch(`http://127.0.0.1:${ports.status}/`)).status, 200);
  if (tool('ss') !== undefined)
    await eventually('the kernel tells of the bytes of the link', async () => {
      const answer = await fetch(`http://127.0.0.1:${ports.status}/status.json`);
      return ((await answer.json()) as StatusSnapshot).link.bytes?.counted_ms !== undefined;
    });

  const children = readFileSync(`/proc/${agent.pid}/task/${agent.pid}/children`, 'utf8').trim().split(' ');
  const pids = [leaf.pid, agent.pid, ...children.filter(Boolean).map(Number)];
  assert.ok(pids.length > 2, 'pmc runs');
  for (const pid of pids) {
    assert.deepEqual(field(pid, 'Uid').split(/\s+/), Array(4).fill(String(nobody)));
    assert.deepEqual(field(pid, 'Gid').split(/\s+/), Array(4).fill(String(nobody)));
    assert.equal(field(pid, 'Groups'), '');
    for (const set of ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb']) assert.match(field(pid, `Cap${set}`), /^0+$/, set);
    assert.equal(field(pid, 'NoNewPrivs'), '1');
  }

  // who may not read the config, or not even what was rendered of it, is told of no fault that there is not
  for (const uid of [nobody, nobody - 1]) {
    const words = [need('setpriv'), `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', runtime(), bundle];
    const [setpriv = '', ...rest] = [...words, 'doctor', '--json', '--config', uci, '--dir', out];
    const { findings } = JSON.parse(spawnSync(setpriv, rest, { encoding: 'utf8' }).stdout) as {
      readonly findings: readonly { readonly level: string; readonly what: string }[];
    };
    assert.deepEqual(
      findings.filter(({ level, what }) => level === 'FAIL' || (level === 'WARN' && what !== 'node')),
      [],
    );
    assert.equal(findings[0]?.what, 'user');
  }

  const tries = (script: string, ...args: string[]): number | null =>
    spawnSync(program, [...before, 'sh', '-c', script, 'sh', ...args], { stdio: 'ignore' }).status;
  assert.equal(tries('cat "$1"', join(out, 'agent.json')), 0, 'what is rendered for it can be read');
  for (const [script, path] of [
    ['cat "$1"', uci],
    ['cat "$1"', secretFile],
    ['echo >>"$1"', join(out, 'leaf.conf')],
    ['echo >>"$1"', join(out, 'agent.json')],
    ['echo >"$1"', join(out, 'agent.json.new')],
    ['rm -f "$1"', join(out, 'leaf.conf')],
    ['mv "$1" "$1.old"', join(out, 'agent.json')],
    ['echo >>"$1"', bundle],
    ['kill -0 "$1"', String(process.pid)],
  ] as const)
    assert.notEqual(tries(script, path), 0, `${script} ${path}`);
  for (const path of [uci, secretFile, join(out, 'leaf.conf'), join(out, 'agent.json'), out])
    assert.equal(statSync(path).mode & 0o007, 0, `${path} is not for others`);

  writeFileSync(uci, byFile.replace("interval_s '1'", "interval_s '2'"));
  await render();
  agent.kill('SIGHUP');
  await eventually('the reload', () => agent.output().includes('config reloaded'));
  const state = join(out, 'state');
  const sockets = () => readdirSync(state).filter((name) => /^pmc\.|\.sock$/.test(name));
  assert.ok(sockets().length >= 2, 'of pmc, and of the status server');
  assert.equal(statSync(state).mode & 0o777, 0o750, 'what agent and leaf write is for them and their group');
  await agent.end('SIGTERM');
  assert.deepEqual(sockets(), [], 'its own go with it');
});
