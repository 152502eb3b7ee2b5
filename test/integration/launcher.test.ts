import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { tempDir } from '../kit/process/daemon.ts';
import { need, projectRoot } from '../kit/process/tools.ts';

const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
const launcher = readFileSync(join(projectRoot, 'openwrt/nunect/launcher'), 'utf8');

/** Stands for /usr. */
let root: string;
before(() => {
  root = tempDir({ after: () => {} }, 'usr'); // it goes when the process ends
  mkdirSync(join(root, 'bin'));
  execFileSync('node', [join(projectRoot, 'build/bundle.mjs'), '--out', join(root, 'lib/nunect')]);
});

describe('the launcher', () => {
  const fake = (dir: string, name: string, text: string): void => {
    writeFileSync(join(dir, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(dir, name), 0o755);
  };
  /** A runtime that says this of itself, and shows how it is called. */
  const showing = (version: string): string =>
    `case $1 in --version) echo ${version};; *) printf "<%s>" "$0" "$@"; echo "$UV_THREADPOOL_SIZE$MALLOC_ARENA_MAX$BUN_RUNTIME_TRANSPILER_CACHE_PATH$BUN_ENABLE_CRASH_REPORTING";; esac`;
  /** Runs it under busybox with a PATH that has busybox and nothing else but what the test puts there. */
  const launch = (
    dir: string,
    args: readonly string[],
    memory_kb = 4_000_000,
    env: NodeJS.ProcessEnv = {},
  ) => {
    const busybox = need('busybox');
    rmSync(join(dir, 'readlink'), { force: true });
    symlinkSync(busybox, join(dir, 'readlink'));
    writeFileSync(join(dir, 'meminfo'), `MemTotal:  ${memory_kb} kB\nMemFree: 1 kB\n`);
    const script = join(root, 'bin', `nunect-${Math.random().toString(36).slice(2)}`);
    const text = launcher.replace('/proc/meminfo', join(dir, 'meminfo'));
    writeFileSync(
      script,
      text.replaceAll(' /opt/bin/', ` ${dir}/opt-`).replace(/"\S*\/bun"/, join(dir, 'own/bun')),
    );
    return spawnSync(busybox, ['ash', script, ...args], { env: { PATH: dir, ...env }, encoding: 'utf8' });
  };

  const advice =
    /: install node 20 or newer \(.*opkg install node\), or Bun 1\.4 or newer \(.*not on NAND\)\n$/;
  it('says that there is neither node nor Bun, and how to get one', (t) => {
    const { status, stderr, stdout } = launch(tempDir(t, 'launch'), ['version']);
    assert.deepEqual([status, stdout], [127, '']);
    assert.match(stderr, /^nunect: there is neither node nor Bun: /);
    assert.match(stderr, advice);
    assert.equal(stderr.split('\n').length, 2);
  });

  for (const [what, name, said, complaint] of [
    ['an old node', 'node', 'echo v18.20.4', /node is node 18\.20\.4, which is too old: /],
    ['an old Bun', 'bun', 'echo 1.3.99', /bun is Bun 1\.3\.99, which is too old: /],
    ['a node that does not start', 'node', 'exit 127', /node does not run: /],
    ['a node that says nonsense', 'node', 'echo hello', /node gives no version: /],
    ['a Bun that says nonsense', 'bun', 'echo 1.x', /bun gives no version: /],
  ] as const)
    it(`refuses ${what} in one line`, (t) => {
      const dir = tempDir(t, 'launch');
      fake(dir, name, said);
      const { status, stderr } = launch(dir, ['version']);
      assert.equal(status, 127);
      assert.match(stderr, complaint);
      assert.match(stderr, advice);
      assert.equal(stderr.split('\n').length, 2);
    });

  it('says that the program is missing or empty, as a loss of power leaves it', (t) => {
    const program = join(root, 'lib/nunect/nunect.cjs');
    const whole = readFileSync(program);
    t.after(() => writeFileSync(program, whole));
    const dir = tempDir(t, 'launch');
    fake(dir, 'node', showing('v20.20.2'));
    const said = {
      status: 127,
      stdout: '',
      stderr: `nunect: ${program} is missing or empty: install nunect again\n`,
    };
    for (const make of [() => writeFileSync(program, ''), () => rmSync(program)]) {
      make();
      const { status, stdout, stderr } = launch(dir, ['version']);
      assert.deepEqual({ status, stdout, stderr }, said);
    }
  });

  it('takes node from PATH or Entware, else Bun from PATH, its own package or Entware', (t) => {
    const dir = tempDir(t, 'launch');
    mkdirSync(join(dir, 'own'));
    const all = ['node', 'opt-node', 'bun', 'own/bun', 'opt-bun'];
    for (const name of all) fake(dir, name, showing(name.endsWith('node') ? 'v20.0.0' : '1.4.0'));
    for (const name of all) {
      assert.equal(/^<([^>]*)>/.exec(launch(dir, ['version']).stdout)?.[1], join(dir, name));
      fake(dir, name, name.endsWith('node') ? 'echo v18.20.4' : 'exit 1'); // and the next one comes up
    }
  });

  it('takes what NUNECT_RUNTIME names, or says what is wrong with that and takes nothing else', (t) => {
    const dir = tempDir(t, 'launch');
    fake(dir, 'node', showing('v20.0.0'));
    fake(dir, 'mine', showing('1.10.0'));
    fake(dir, 'old', showing('v9.9.9'));
    const asked = (name: string) => launch(dir, ['version'], 4e6, { NUNECT_RUNTIME: name });
    assert.match(asked(join(dir, 'mine')).stdout, /^<[^<>]*\/mine></);
    assert.match(
      asked('old').stderr,
      /^nunect: NUNECT_RUNTIME: \S*\/old is node 9\.9\.9, which is too old\n$/,
    );
    assert.equal(asked('none').stderr, 'nunect: NUNECT_RUNTIME: there is no none\n');
    assert.equal(asked('none').status, 127);
  });

  it('starts Bun so that it reads nothing from the current folder, fetches nothing and writes nothing', (t) => {
    const dir = tempDir(t, 'launch');
    fake(dir, 'bun', showing('2.0.1'));
    assert.match(
      launch(dir, ['echo', 'a b', '*'], 250_000).stdout,
      /^<[^<>]*\/bun><--config=\/dev\/null><--no-env-file><--no-install><[^<>]*nunect\.cjs><echo><a b><\*>00\n$/,
    );
  });

  it('runs the bundle with the node of this machine, whatever the memory', (t) => {
    for (const memory_kb of [4_000_000, 250_000]) {
      const dir = tempDir(t, 'launch');
      symlinkSync(process.execPath, join(dir, 'node'));
      const { status, stdout, stderr } = launch(dir, ['version'], memory_kb);
      assert.deepEqual([status, stdout, stderr], [0, `nunect ${version}\n`, '']);
    }
  });

  it('passes arguments as they are, and saves memory at the expense of CPU time only where there is little', (t) => {
    const run = (memory_kb: number): string => {
      const dir = tempDir(t, 'launch');
      fake(dir, 'node', showing('v22.1.0'));
      return launch(dir, ['echo', 'a b', '*'], memory_kb).stdout;
    };
    assert.match(run(524_288), /^<[^<>]*node><[^<>]*\/lib\/nunect\/nunect\.cjs><echo><a b><\*>21\n$/);
    assert.match(run(524_287), /^<[^<>]*node><--optimize-for-size><[^<>]*nunect\.cjs><echo><a b><\*>21\n$/);
  });
});
