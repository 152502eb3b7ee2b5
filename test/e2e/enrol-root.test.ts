// Enrolment as root of a router does it: what comes from a hub is read and written as user nunect, and nothing in the folder
// leads root elsewhere. Real: command, users, files, render, nats-server; init script: a substitute that says it was called.
import assert from 'node:assert/strict';
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { enrolHub } from '../kit/hub/enrolhub.ts';
import { runToEnd, tempDir } from '../kit/process/daemon.ts';
import { lacking, natsServers, need } from '../kit/process/tools.ts';
import { bundle } from '../kit/unit/site.ts';

const nunect = 4222;
const server = natsServers().newest ?? '';
const skip =
  process.getuid?.() !== 0 ? 'only root can' : server === '' ? 'no nats-server' : lacking('unshare');

/** A machine with an account nunect and an /etc of its own, where root runs nunect. */
function router(t: TestContext) {
  const dir = tempDir(t, 'router');
  chmodSync(dir, 0o755);
  const etc = join(dir, 'etc');
  cpSync('/etc', etc, { recursive: true, verbatimSymlinks: true });
  for (const name of ['nunect', 'config']) {
    rmSync(join(etc, name), { recursive: true, force: true });
    mkdirSync(join(etc, name));
  }
  mkdirSync(join(etc, 'init.d'), { recursive: true });
  writeFileSync(
    join(etc, 'passwd'),
    `${readFileSync('/etc/passwd', 'utf8')}nunect:x:${nunect}:${nunect}::/:/bin/false\n`,
  );
  writeFileSync(join(etc, 'group'), `${readFileSync('/etc/group', 'utf8')}nunect:x:${nunect}:\n`);
  writeFileSync(join(etc, 'init.d/nunect'), `#!/bin/sh\necho "$*" >>${dir}/called\n`, { mode: 0o755 });
  writeFileSync(
    join(etc, 'config/nunect'),
    `config agent 'agent'\n\toption host 'openwrt'\nconfig leaf 'leaf'\n\toption server '${server}'\n`,
    { mode: 0o600 },
  );
  const out = join(dir, 'run');
  const script = 'mount --bind "$1" /etc && shift && exec "$@"';
  const run = (...words: string[]) =>
    runToEnd(need('unshare'), ['--mount', 'sh', '-c', script, 'sh', etc, process.execPath, bundle, ...words]);
  return {
    ...{ dir, etc, out, run },
    enrol: join(etc, 'nunect/enrol'),
    render: () => run('render', '--out', out, '--keep', '/etc/nunect', '--no-test'),
  };
}

test('root enrols: the folder is of user nunect, the services take it over, and leaf.conf names it', {
  skip,
}, async (t) => {
  const hub = await enrolHub(t, server);
  const one = router(t);
  const done = await one.run('enrol', hub.token('t1'));
  assert.equal(done.code, 0, done.stdout + done.stderr);
  assert.match(done.stdout, /enrolled as given-01/);
  assert.equal(readFileSync(join(one.dir, 'called'), 'utf8'), 'reload\n');
  for (const name of ['', ...readdirSync(one.enrol)]) {
    const { uid, gid, mode } = statSync(join(one.enrol, name));
    assert.deepEqual([uid, gid, mode & 0o777], [nunect, nunect, name === '' ? 0o700 : 0o600], name);
  }
  const rendered = await one.render();
  assert.equal(rendered.code, 0, rendered.stderr);
  const conf = readFileSync(join(one.out, 'leaf.conf'), 'utf8');
  assert.match(conf, /server_name: "given-01"/);
  assert.match(conf, /credentials: "\/etc\/nunect\/enrol\/unit.creds"/);
  assert.match(conf, /ca_file: "\/etc\/nunect\/enrol\/ca.pem"/);
  const seed = readFileSync(join(one.enrol, 'seed'), 'utf8').trim();
  for (const name of readdirSync(one.out, { recursive: true, encoding: 'utf8' }))
    if (lstatSync(join(one.out, name)).isFile())
      assert.ok(!readFileSync(join(one.out, name), 'utf8').includes(seed), name);
});

test('what user nunect puts in its folder leads root nowhere, and no config gets what it may not have', {
  skip,
}, async (t) => {
  const hub = await enrolHub(t, server);
  const one = router(t);
  await one.run('enrol', hub.token('t1'), '--no-reload');
  const file = join(one.enrol, 'hub.json');
  const good = JSON.parse(readFileSync(file, 'utf8')) as object;
  const said = async (): Promise<string> => {
    const { stdout, stderr } = await one.render();
    return stdout + stderr;
  };
  const put = (text: string): void => writeFileSync(file, text);
  for (const more of [{ unit: 'a"\nb' }, { leaf_urls: ['nats://x:1"\n}'] }, { ca: 'root:secret' }]) {
    put(JSON.stringify({ ...good, ...more }));
    assert.match(
      await said(),
      /enrolment in \/etc\/nunect\/enrol is not used, for its hub.json has no valid/,
    );
    assert.doesNotMatch(readFileSync(join(one.out, 'leaf.conf'), 'utf8'), /remotes/);
  }
  rmSync(file);
  symlinkSync('/etc/shadow', file);
  assert.doesNotMatch(await said(), /enrolment|shadow/);
  rmSync(file);
  for (const name of ['unit.creds', 'ca.pem']) {
    put(JSON.stringify(good));
    rmSync(join(one.enrol, name));
    symlinkSync('/etc/shadow', join(one.enrol, name));
    const text = await said();
    assert.doesNotMatch(text, /\$[156y]\$|root:[*!x]:\d/);
    for (const made of readdirSync(one.out, { recursive: true, encoding: 'utf8' }))
      if (lstatSync(join(one.out, made)).isFile())
        assert.doesNotMatch(readFileSync(join(one.out, made), 'utf8'), /root:[^x]*:\d+:/, made);
  }
});
