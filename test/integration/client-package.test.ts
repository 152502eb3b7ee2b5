// The client library as `make packages` ships it: a tarball that npm installs without a network, whose types hold, and that
// imports nothing.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type InstalledClient, installClient } from '../kit/client/installed.ts';
import { packageEpoch, runBuild } from '../kit/openwrt/ipk.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { projectRoot } from '../kit/process/tools.ts';

const owner = newOwner();
after(() => owner.end());
const { version, engines } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
let installed: InstalledClient;
before(() => {
  installed = installClient(owner);
});

describe('the tarball', () => {
  it('is the same bytes each time, and has the module, the types of each source, licence and README', () => {
    const { dir, tarball } = installed;
    assert.equal(tarball, join(dir, `nunect-client-${version}.tgz`));
    const out = join(dir, 'again');
    assert.equal(
      runBuild('packages.mjs', ['--only', 'nunect-client', '--dist', dir, '--out', out]).status,
      0,
    );
    assert.ok(readFileSync(tarball).equals(readFileSync(join(out, `nunect-client-${version}.tgz`))));
    const listed = execFileSync('tar', ['--utc', '-tvzf', tarball], { encoding: 'utf8' }).trim().split('\n');
    const time = new Date(packageEpoch * 1000).toISOString().slice(0, 16).replace('T', ' ');
    const types = readdirSync(join(projectRoot, 'config/clients/nunect-client/src')).map(
      (name) => `types/${name.replace('.ts', '.d.ts')}`,
    );
    assert.deepEqual(
      listed.map((line) => line.replace(/ +\d+ /, ' ')),
      ['package.json', 'LICENSE', 'README.md', 'nunect-client.js', ...types].map(
        (name) => `-rw-r--r-- 0/0 ${time} package/${name}`,
      ),
    );
  });
});

describe('installed', () => {
  it('by npm without a network it needs no other package, and has four functions', () => {
    const folder = join(installed.dir, 'npm');
    const npmrc = join(installed.dir, 'npmrc');
    writeFileSync(
      npmrc,
      `cache=${folder}-cache\noffline=true\naudit=false\nfund=false\nupdate-notifier=false\n`,
    );
    const env = { ...process.env, NPM_CONFIG_USERCONFIG: npmrc };
    execFileSync('npm', ['install', '--prefix', folder, installed.tarball], { env, stdio: 'pipe' });
    const modules = join(folder, 'node_modules');
    assert.deepEqual(
      readdirSync(modules).filter((name) => !name.startsWith('.')),
      ['nunect-client'],
    );
    const manifest = JSON.parse(readFileSync(join(modules, 'nunect-client/package.json'), 'utf8'));
    assert.deepEqual(
      [manifest.version, manifest.engines, manifest.dependencies],
      [version, engines, undefined],
    );
    const code = "import * as all from 'nunect-client'; console.log(Object.keys(all).join())";
    const names = execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: folder });
    assert.equal(String(names).trim(), 'clientId,exchange,keepClock,openClient');
  });

  it('its module imports nothing', () => {
    assert.doesNotMatch(readFileSync(installed.library, 'utf8'), /\bimport\b|\brequire\b|\bprocess\./);
  });

  for (const [module, resolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ] as const)
    it(`its types take what nats.js has, and refuse what is wrong, with moduleResolution ${resolution}`, () => {
      const app = join(installed.dir, `${resolution}.mts`);
      writeFileSync(
        app,
        `import * as core from '@nats-io/nats-core';
import * as nats from '@nats-io/transport-node';
import { type ClientEvent, keepClock, openClient } from 'nunect-client';
const client = openClient(nats, { servers: 'nats://x', login: { user: 'a', password: 'b' } });
openClient(core, { servers: ['ws://x'], login: async () => ({ creds: 'x' }), heartbeat_s: 5 });
client.on((event: ClientEvent) => event.type === 'refused' && console.log(event.retry_ms, event.why));
client.subscribe('a.*', async (message) => console.log(message.string(), message.headers?.get('x')));
client.logger.of('part').fatal('x', new Error('y'));
keepClock(client, 'unit').now_us()?.toFixed();
keepClock(await nats.connect(), 'unit').stop();
(await client.request('a', '', { timeout: 3 })).json<{ a: 1 }>().a.toFixed();
// @ts-expect-error there is no such level
client.logger.trace('x');
// @ts-expect-error servers are missing
openClient(nats, {});
// @ts-expect-error it may be unknown
client.clock.now_us();
`,
      );
      const options = [
        '--noEmit',
        '--strict',
        '--skipLibCheck',
        '--exactOptionalPropertyTypes',
        '--types',
        'node',
      ];
      const kind = ['--target', 'es2022', '--module', module, '--moduleResolution', resolution];
      const tsc = join(projectRoot, 'node_modules/.bin/tsc');
      const wrong = () =>
        execFileSync(tsc, [...options, ...kind, app], { encoding: 'utf8', cwd: installed.dir });
      assert.equal(wrong(), '');
    });
});
