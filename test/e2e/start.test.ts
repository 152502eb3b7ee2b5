// What a process of the unit's program loads, and in which order: neither depends on how fast this machine is.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, test } from 'node:test';
import { stateFiles } from '../../agent/leaf/statefiles.ts';
import { daemon, eventually, runToEnd, tempDir } from '../kit/process/daemon.ts';
import { natsServers, need, projectRoot } from '../kit/process/tools.ts';
import { bundle, startHub, startUnit } from '../kit/unit/site.ts';

const server = natsServers().newest ?? need('nats-server');
let unitFiles: readonly string[];
before(async () => {
  ({ unitFiles } = await import(join(projectRoot, 'build/unitfiles.mjs'))); // a plain program without types
});

/** What a process did, in order, and the modules of node that it loaded. */
interface StartLog {
  readonly steps: readonly string[];
  readonly builtins: readonly string[];
  /** Bytes of V8's young generation, once objects were made that would let it grow. */
  readonly young?: number;
}

/** Loaded before the program: keeps `file` up to date. */
const preload = (file: string): string => `'use strict';
const { renameSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { Socket } = require('node:net');
const { write } = Socket.prototype;
const load = Module._load;
const before = process.moduleLoadList.length;
const steps = [];
const note = (step, young) => {
  if (!steps.includes(step)) steps.push(step);
  const builtins = process.moduleLoadList.slice(before).filter((name) => name.startsWith('NativeModule '));
  const log = { steps, builtins: builtins.map((name) => name.slice(13)), young };
  writeFileSync(${JSON.stringify(`${file}.new`)}, JSON.stringify(log));
  renameSync(${JSON.stringify(`${file}.new`)}, ${JSON.stringify(file)}); // never half of it
};
process.on('SIGUSR2', () => {
  const kept = [];
  for (let i = 0; i < 1e6; i++) kept[i % 20_000] = { i };
  const spaces = require('node:v8').getHeapSpaceStatistics();
  note('young', spaces.find(({ space_name }) => space_name === 'new_space').space_size);
});
Module._load = function (request, ...rest) {
  const loaded = load.call(this, request, ...rest);
  if (request.endsWith('.cjs')) note(request.replace(/.*\\/|\\.cjs$/g, ''));
  return loaded;
};
Socket.prototype.write = function (data, ...rest) {
  if (Buffer.from(data).includes('SUB ops.echo.')) note('echo subscribed');
  return write.call(this, data, ...rest);
};
`;

/** Flags that log what a process loads, and what was logged. */
function watched(dir: string) {
  const file = join(dir, 'steps.json');
  writeFileSync(join(dir, 'preload.cjs'), preload(file));
  const log = (): StartLog => JSON.parse(readFileSync(file, 'utf8'));
  return { flags: ['--require', join(dir, 'preload.cjs')], log };
}

/** What `run` has no use for; each costs time and memory. */
const unusedByRun = ['http2', 'https', 'inspector', 'readline', 'repl', 'vm', 'worker_threads', 'zlib'];

/** Of node 20; other versions are made of other modules. */
const mostBuiltins = 70;

test('run answers the echo before it loads the rest, and what nobody has asked for not at all', async (t) => {
  const dir = tempDir(t, 'start');
  const { flags, log } = watched(dir);
  const hub = await startHub(t, dir, server);
  const options = { dir, unit: 'demo-01', server, hubPort: hub.leafPort, runtime: process.execPath };
  const unit = await startUnit(t, { ...options, nodeFlags: flags });
  const { steps, builtins } = log();
  assert.deepEqual(steps, ['nunect', 'echo subscribed', 'nunect-shared', 'nunect-agent']);
  assert.deepEqual(
    builtins.filter((name) => unusedByRun.includes(name)),
    [],
  );
  if (process.version.startsWith('v20.'))
    assert.ok(builtins.length <= mostBuiltins, `${builtins.length}: ${builtins}`);
  assert.equal((await fetch(unit.statusUrl)).status, 200);
  await eventually('the page', () => log().steps.includes('nunect-page'));
  assert.deepEqual(log().steps.slice(steps.length), ['nunect-page']);
  unit.agent().kill('SIGUSR2');
  await eventually('its memory', () => log().young !== undefined);
  assert.ok((log().young ?? 0) <= 2 * 2 ** 20, `V8's young generation has grown to ${log().young} bytes`);
});

test('a command loads nothing of the agent, and the version nothing but the program', async (t) => {
  const dir = tempDir(t, 'start');
  const { flags, log } = watched(dir);
  const config = join(projectRoot, 'config/nunect');
  for (const [args, loaded] of [
    [['version'], ['nunect']],
    [
      ['check', '--config', config],
      ['nunect', 'nunect-enrol', 'nunect-seldom', 'nunect-shared', 'nunect-tools'],
    ],
  ] as const) {
    const { code, stderr } = await runToEnd(process.execPath, [...flags, bundle, ...args], {});
    assert.deepEqual([code, stderr, [...log().steps].sort()], [0, '', loaded]);
  }
});

/** Makes a copy of the program, one file of it of another build; gives the paths of the program and of that file. */
function mixed(dir: string, other: string): readonly [program: string, file: string] {
  for (const name of unitFiles) copyFileSync(join(dirname(bundle), `${name}.cjs`), join(dir, `${name}.cjs`));
  const file = join(dir, `${other}.cjs`);
  writeFileSync(file, readFileSync(file, 'utf8').replace(/made!=="\w+"/, 'made!=="00000000"'));
  return [join(dir, 'nunect.cjs'), file];
}

test('a file of another build is not used, and that is said: the program was replaced while it ran', async (t) => {
  const [program] = mixed(tempDir(t, 'start'), 'nunect-tools');
  const { code, stderr, stdout } = await runToEnd(process.execPath, [program, 'check'], {});
  assert.deepEqual([code, stdout], [1, '']);
  assert.equal(stderr, 'nunect: nunect was replaced while it ran: start it again\n');
});

test('a file that is missing, or not whole as a loss of power leaves it, is named, with what mends it', async (t) => {
  const dir = tempDir(t, 'start');
  for (const [other, args] of [
    ['nunect-tools', ['check']],
    ['nunect-shared', ['check']],
  ] as const)
    for (const [size, why] of [
      [0, 'it is empty'],
      [1000, '[A-Z][a-z ]+'],
      [undefined, `Cannot find module '\\./${other}\\.cjs'`],
    ] as const) {
      const [program, file] = mixed(dir, other);
      if (size === undefined) rmSync(file);
      else truncateSync(file, size);
      const { code, stderr, stdout } = await runToEnd(process.execPath, [program, ...args], {});
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(
        stderr,
        new RegExp(`^nunect: ${file} cannot be loaded \\(${why}\\): install nunect again\n$`),
      );
    }
});

/** Renders the config of a unit whose leaf is not started; `more` is the rest of its config. */
async function renderAlone(dir: string, more = ''): Promise<void> {
  const config = join(dir, 'nunect');
  const uci = `config agent 'agent'\n\toption unit 'demo-01'\nconfig leaf 'leaf'\n\toption server '${server}'\n${more}`;
  writeFileSync(config, uci, { mode: 0o600 });
  const rendered = await runToEnd(process.execPath, [bundle, 'render', '--config', config, '--out', dir], {});
  assert.equal(rendered.code, 0, rendered.stderr);
}

test('an agent that starts before its leaf starts the rest all the same, and stays', async (t) => {
  const dir = tempDir(t, 'start');
  await renderAlone(dir);
  const agent = daemon(t, process.execPath, [bundle, 'run', '--dir', dir]);
  await eventually('its socket', () => existsSync(join(dir, stateFiles.statusSocket)));
  assert.match(agent.output(), /WARN link: cannot connect/);
  await agent.endGently();
  assert.equal(await agent.exited, 0);
});

test('an agent that cannot load the rest ends with the reason, for its supervisor to start it again', async (t) => {
  const dir = tempDir(t, 'start');
  await renderAlone(dir);
  const [program, file] = mixed(dir, 'nunect-agent');
  const run = () => runToEnd(process.execPath, [program, 'run', '--dir', dir], {});
  const other = await run();
  assert.deepEqual([other.code, other.stdout.includes('READY')], [1, false]);
  assert.match(other.stderr, /nunect was replaced while it ran: start it again\n$/);
  rmSync(file);
  const none = await run();
  assert.equal(none.code, 1);
  assert.match(none.stderr, /Cannot find module '\.\/nunect-agent\.cjs'/);
});

test('an agent whose program is replaced stays when it wants what it has not loaded: its records would be lost', async (t) => {
  const dir = tempDir(t, 'start');
  const hub = "config hub 'hub'\n\tlist url 'nats://127.0.0.1:1'\n";
  await renderAlone(dir, hub);
  const [program] = mixed(dir, 'nunect-seldom');
  const agent = daemon(t, process.execPath, [program, 'run', '--dir', dir]);
  const replaced = 'nunect was replaced while it ran: start it again';
  await eventually('a probe of the hub', () =>
    agent.output().includes(`the hub cannot be probed why="${replaced}"`),
  );
  const file = join(dir, 'snapshot');
  await renderAlone(dir, `${hub}config spool 'spool'\n\toption snapshot_file '${file}'\n`);
  agent.kill('SIGHUP');
  await eventually('what it says of the snapshot', async () => {
    const { stdout } = await runToEnd(process.execPath, [bundle, 'status', '--json', '--dir', dir], {});
    return stdout.includes(`${file}: ${replaced}`);
  });
  await agent.endGently();
  assert.equal(await agent.exited, 0);
});
