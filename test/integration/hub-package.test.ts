// The operator's program as `make packages` ships it: a tarball that npm installs without a network.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { packageEpoch, runBuild } from '../kit/openwrt/ipk.ts';
import { newOwner, undoLater } from '../kit/process/cleanup.ts';
import { runToEnd, tempDir } from '../kit/process/daemon.ts';
import { natsServers, need, projectRoot } from '../kit/process/tools.ts';
import { type Hub, operator, startHub } from '../kit/unit/site.ts';

const owner = newOwner();
after(() => owner.end());

const { version, engines } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
const name = `nunect-hub-${version}.tgz`;
const dir = tempDir(owner, 'hub-package');
const prefix = join(dir, 'prefix');
const program = join(prefix, 'bin/nunect-hub');

const make = (out: string) => runBuild('packages.mjs', ['--only', 'nunect-hub', '--dist', dir, '--out', out]);

before(() => {
  execFileSync('node', [join(projectRoot, 'build/bundle.mjs'), '--out', dir]);
  const { status, stderr } = make(join(dir, 'out'));
  assert.equal(status, 0, stderr);
});

const schemas = readdirSync(join(projectRoot, 'docs/schema')).sort();

describe('the tarball', () => {
  it('is all that --only nunect-hub makes, and the same bytes each time', () => {
    assert.deepEqual(readdirSync(join(dir, 'out')), [name]);
    assert.equal(make(join(dir, 'again')).status, 0);
    assert.ok(readFileSync(join(dir, 'again', name)).equals(readFileSync(join(dir, 'out', name))));
  });

  it('has the program, its licences, the schemas and what npm wants to know, of root and of the time of the sources', () => {
    const listed = execFileSync('tar', ['--utc', '-tvzf', join(dir, 'out', name)], { encoding: 'utf8' });
    const time = new Date(packageEpoch * 1000).toISOString().slice(0, 16).replace('T', ' ');
    assert.deepEqual(
      listed
        .trim()
        .split('\n')
        .map((line) => line.replace(/ +\d+ /, ' ')),
      [
        `-rw-r--r-- 0/0 ${time} package/package.json`,
        `-rw-r--r-- 0/0 ${time} package/LICENSE`,
        `-rw-r--r-- 0/0 ${time} package/README.md`,
        `-rw-r--r-- 0/0 ${time} package/THIRD_PARTY.txt`,
        `-rw-r--r-- 0/0 ${time} package/nunect-hub.1`,
        `-rw-r--r-- 0/0 ${time} package/nunect-hub.bash`,
        `-rwxr-xr-x 0/0 ${time} package/nunect-hub.cjs`,
        `-rw-r--r-- 0/0 ${time} package/nunect-hub.service`,
        ...schemas.map((name) => `-rw-r--r-- 0/0 ${time} package/schema/${name}`),
      ],
    );
  });

  it('is not built without the program, and says so', () => {
    const empty = join(dir, 'empty');
    mkdirSync(empty);
    const { status, stderr } = runBuild('packages.mjs', [
      '--only',
      'nunect-hub',
      '--dist',
      empty,
      '--out',
      empty,
    ]);
    assert.equal(status, 1);
    assert.match(stderr, /^packages: nunect-hub cannot be built: ENOENT/);
  });
});

describe('installed by npm, without a network', () => {
  let hub: Hub;

  /** Runs the installed program as an operator of the example hub. */
  const run = async (...args: string[]) => {
    const { user, password } = operator;
    const env = { ...process.env, NATS_URL: hub.url, NATS_USER: user, NATS_PASSWORD: password };
    return runToEnd(program, args, { env, cwd: '/' });
  };

  before(async () => {
    const npmrc = join(dir, 'npmrc');
    writeFileSync(
      npmrc,
      `cache=${join(dir, 'cache')}\noffline=true\naudit=false\nfund=false\nupdate-notifier=false\n`,
    );
    const env = { ...process.env, NPM_CONFIG_USERCONFIG: npmrc };
    execFileSync('npm', ['install', '-g', '--prefix', prefix, join(dir, 'out', name)], {
      env,
      stdio: 'pipe',
    });
    mkdirSync(join(dir, 'hub'));
    hub = await startHub(owner, join(dir, 'hub'), natsServers().newest ?? need('nats-server'));
    hub.nc.subscribe('ops.echo.demo-01', {
      callback: (_error, message) => void message.respond(message.data),
    });
    const beat = setInterval(() => {
      hub.nc.publish(
        'ops.heartbeat.demo-01',
        JSON.stringify({ status: 'healthy', sequence: 1, interval_s: 1 }),
      );
    }, 200);
    undoLater(owner, () => clearInterval(beat));
  });

  it('depends on nothing, and wants the node that the project wants', () => {
    const modules = join(prefix, 'lib/node_modules');
    assert.deepEqual(readdirSync(modules), ['nunect-hub']);
    const manifest = JSON.parse(readFileSync(join(modules, 'nunect-hub/package.json'), 'utf8'));
    assert.deepEqual([manifest.version, manifest.engines], [version, engines]);
    assert.equal(manifest.dependencies, undefined);
  });

  it('says its version and its commands', async () => {
    assert.equal((await run('version')).stdout, `nunect-hub ${version}\n`);
    assert.match((await run('help')).stdout, /^ {2}top .*\n {2}page .*\n {2}echo /m);
  });

  it('nunect-hub top shows the units of a hub', async () => {
    const { stdout } = await run('top', '--once', '--json', '-i', '1');
    const { units } = JSON.parse(stdout);
    assert.deepEqual(
      units.map(({ unit, state }: { unit: string; state: string }) => [unit, state]),
      [['demo-01', 'healthy']],
    );
  });

  it('nunect-hub echo asks one', async () => {
    const { stdout } = await run('echo', 'demo-01', '-c', '2', '-i', '0.01');
    assert.match(stdout, /^demo-01: seq=1 bytes=56 rtt=/);
    assert.match(stdout, /\n--- demo-01: 2 sent, 2 answered, 0 % lost\n/);
  });
});
