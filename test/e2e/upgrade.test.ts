// A program that an upgrade replaces goes on in memory: doctor says so, and the packages' own scripts restart it. The
// processes, the replaced files and /proc are real; opkg, and the init scripts that are asked to restart, are not.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext, test } from 'node:test';
import { daemon, eventually, runToEnd, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, need, projectRoot } from '../kit/process/tools.ts';
import { bundle, nunect } from '../kit/unit/site.ts';

/** What opkg does with a file: another one takes its place. */
function upgrade(path: string): void {
  copyFileSync(path, `${path}.new`);
  renameSync(`${path}.new`, path);
}

interface Found {
  readonly level: string;
  readonly what: string;
  readonly detail: string;
  readonly mend?: string;
}

test('doctor compares what runs with what is installed, for nats-server and for node', async (t) => {
  const dir = tempDir(t, 'upgrade');
  const [server, node, out] = ['nats-server', 'node', 'run'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  copyFileSync(natsServers().newest ?? need('nats-server'), server);
  copyFileSync(process.execPath, node);
  const [port, status] = [await reservePort(), await reservePort()];
  const config = join(dir, 'nunect');
  const uci = `config agent\n option unit u1\n option host openwrt\nconfig leaf\n option server ${server}\n option port ${port}\nconfig status\n option port ${status}\n`;
  writeFileSync(config, uci, { mode: 0o600 });
  const { code, stderr } = await nunect(['render', '--config', config, '--out', out]);
  assert.equal(code, 0, stderr);
  const leaf = daemon(t, server, ['-c', join(out, 'leaf.conf')]);
  const agent = daemon(t, node, [bundle, 'run', '--dir', out]);
  await eventually('READY', () => agent.output().includes('READY u1'), 60_000);

  const ask = async (what: string): Promise<Found | undefined> => {
    const { stdout } = await nunect(['doctor', '--json', '--config', config, '--dir', out]);
    return (JSON.parse(stdout) as { findings: Found[] }).findings.find((one) => one.what === what);
  };
  for (const what of ['nats-server', 'node'])
    assert.doesNotMatch((await ask(what))?.detail ?? what, /is installed, but/);
  for (const [what, file, { pid }, service] of [
    ['nats-server', server, leaf, 'nunect-leaf'],
    ['node', node, agent, 'nunect'],
  ] as const) {
    upgrade(file);
    const found = await ask(what);
    assert.equal(found?.level, 'WARN', what);
    assert.match(
      found.detail,
      new RegExp(`^\\d\\S+ is installed, but process ${pid} still runs the file that it replaced$`),
    );
    assert.equal(found.mend, `/etc/init.d/${service} restart`);
  }
});

describe('after an upgrade the package', () => {
  /** Runs a package's script where a program runs; gives what was restarted. */
  async function restartedBy(t: TestContext, name: string, isReplaced: boolean, env = {}): Promise<string> {
    const root = tempDir(t, 'postinst');
    const at = (path: string): string => join(root, path);
    for (const dir of ['bin', 'etc/init.d', 'var/run/nunect/state']) mkdirSync(at(dir), { recursive: true });
    const sleep = at('bin/sleeper');
    copyFileSync('/bin/sleep', sleep);
    const { pid } = daemon(t, sleep, ['60']);
    if (isReplaced) upgrade(sleep);
    writeFileSync(at('var/run/nunect/state/running'), `${pid} hub\n`);
    for (const [path, text] of [
      ['etc/init.d/nunect', `echo nunect "$1" >>${at('asked')}`],
      ['etc/init.d/nunect-leaf', `echo nunect-leaf "$1" >>${at('asked')}`],
      ['bin/ubus', 'exit 0'],
      ['bin/jsonfilter', `echo ${pid}`],
    ] as const)
      writeFileSync(at(path), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    const script = readFileSync(join(projectRoot, 'openwrt', name, 'postinst'), 'utf8')
      .replaceAll('/etc/init.d/', at('etc/init.d/'))
      .replaceAll('/var/', at('var/'));
    const sourced = `( ${script.replace(/^#!.*/, '')}\n)`; // as default_postinst does
    const path = { PATH: `${at('bin')}:/usr/bin:/bin` };
    const { code, stderr } = await runToEnd(need('busybox'), ['ash', '-c', sourced], {
      env: { ...path, ...env },
    });
    assert.deepEqual([code, stderr], [0, '']);
    return existsSync(at('asked')) ? readFileSync(at('asked'), 'utf8').trim() : '';
  }

  for (const [name, service, does] of [
    // another version may need another config; the reload of this test restarts nothing
    ['nats-server', 'nunect-leaf', 'nunect reload\nnunect-leaf restart'],
    ['nunect-runtime', 'nunect', 'nunect restart'],
  ] as const)
    it(`${name} restarts ${service} if that runs the old file, and only then`, async (t) => {
      assert.equal(await restartedBy(t, name, true), does);
      assert.equal(await restartedBy(t, name, false), '');
      assert.equal(await restartedBy(t, name, true, { IPKG_INSTROOT: '/image' }), '');
    });
});
