// A hub as an operator runs it: `nunect-hub init`, `up`, `status` and `down` of the bundle that ships. What is true of it is
// asked of nats-server by the nats command, by a client of nats.js, or by the kernel.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { claimsOf, jwtIn } from '../../agent/config/formats/creds.ts';
import { hubKeysDir } from '../../agent/hub/kit/hubdir.ts';
import { readHub, settleAccountJwt } from '../../agent/hub/kit/hubfiles.ts';
import { hubKeysIn } from '../../agent/hub/kit/keys.ts';
import { streamInfo } from '../kit/hub/fleet.ts';
import { type HubProgram, hubProgram, pageAnywhere } from '../kit/hub/hubprogram.ts';
import { authority } from '../kit/leaf/leafdaemon.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { type Daemon, daemon, eventually, runToEnd, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { lacking, natsServers, need, projectRoot, runtime, withoutNewest } from '../kit/process/tools.ts';
import { hubBundle } from '../kit/unit/site.ts';

const program = natsServers().newest ?? '';
const owner = newOwner();
after(() => owner.end());
/** Words of init: no more than one must say. */
const asAsked = ['--host', '127.0.0.1'];

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}/exe`);
const state = (hub: HubProgram): { phase?: string; starts?: number; last_end?: { why: string } } => {
  try {
    return JSON.parse(readFileSync(join(hub.dir, 'run/up.json'), 'utf8'));
  } catch {
    return {};
  }
};
const statusOf = async (hub: HubProgram) => {
  const { code, stdout } = await hub.run('status', '--json');
  return { code, ...(JSON.parse(stdout) as { status: string; problems: { text: string }[] }) };
};
/** What a person sees, as one line. */
const statusText = async (hub: HubProgram): Promise<string> =>
  (await hub.run('status')).stdout.replace(/\s+/g, ' ');

/** The nats command as the operator of a hub. */
const nats = (hub: HubProgram, ...args: readonly string[]) =>
  runToEnd(need('nats'), [
    ...['--server', `tls://127.0.0.1:${hub.ports.client}`, '--tlsca', join(hub.dir, 'tls/ca.pem')],
    ...['--creds', join(hub.dir, 'operator.creds'), ...args],
  ]);

/** The certificate that whoever joins is shown, by its serial number. */
async function shownSerial(hub: HubProgram, ca = join(hub.dir, 'tls/ca.pem')): Promise<string> {
  const socket = connectTls({ host: '127.0.0.1', port: hub.ports.websocket, ca: readFileSync(ca) });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

describe('a hub that runs', { skip: withoutNewest() || lacking('nats') }, () => {
  let hub: HubProgram;
  let up: Daemon;
  const said = (what: string, pattern: RegExp) =>
    eventually(what, () => pattern.exec(up.output()) ?? undefined).catch((error: Error) => {
      throw new Error(`${error.message}\n${up.output()}`);
    });

  before(async () => {
    hub = await hubProgram(owner, program, asAsked);
    up = await hub.up();
  });

  it('has its streams, and answers an echo, as the nats command sees it', async () => {
    const streams = JSON.parse((await nats(hub, 'stream', 'ls', '--json', '--names')).stdout) as string[];
    assert.deepEqual(streams.sort(), ['ENROL', 'NUNECT', 'UNITS']);
    const { stdout } = await nats(hub, 'request', '--raw', 'ops.echo._127_0_0_1', 'hello');
    assert.equal(stdout.trim(), 'hello');
    const enrol = await hub.connect('hub-enrol');
    assert.equal((await streamInfo(await hub.connect('hub-book'), 'BOUND')).config['discard'], 'new');
    assert.equal((await streamInfo(enrol, 'ENROL')).config['max_age'], 7 * 86_400e9);
  });

  it('is healthy by its status, in words and as JSON', async () => {
    const { code, stdout } = await hub.run('status');
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^healthy +hub 127\.0\.0\.1\n/);
    assert.match(stdout, /^NUNECT +FLEET: \d+ messages?, .* of 4 GiB; each is kept for 30 days$/m);
    assert.match(stdout, /^expires +\S+server\.pem in 109\d(\.\d)? days$/m);
    assert.deepEqual(await statusOf(hub).then(({ code, status, problems }) => [code, status, problems]), [
      0,
      'healthy',
      [],
    ]);
  });

  it('is not disturbed by a second up', async () => {
    const before = [hub.serverPid(), (await nats(hub, 'stream', 'ls', '--json')).stdout];
    const second = await hub.run('up', '--nats-server', program);
    assert.equal(second.code, 1);
    assert.match(second.stderr, new RegExp(`runs already \\(process ${up.pid}\\); nothing was changed`));
    assert.deepEqual([hub.serverPid(), (await nats(hub, 'stream', 'ls', '--json')).stdout], before);
  });

  it('starts a server that was killed again, and says why it ended', async () => {
    const pid = hub.serverPid();
    process.kill(pid, 'SIGKILL');
    await said('up tells it', /nats-server was killed by SIGKILL; it is started again in 1 s/);
    await said('it is ready again', /ready again/);
    assert.notEqual(hub.serverPid(), pid);
    const { last_end, starts } = state(hub);
    assert.deepEqual([last_end?.why, starts], ['was killed by SIGKILL', 2]);
    assert.match(await statusText(hub), /started 2 times, it ended last at .*SIGKILL/);
    assert.equal((await nats(hub, 'request', '--raw', 'ops.echo._127_0_0_1', 'x')).stdout.trim(), 'x');
  });

  it('never shrinks a stream that holds records; the command that it names does', async () => {
    const nc = await hub.connect();
    for (let n = 0; n < 20; n++) await nc.request('ops.log.test.u1', `{"n":${n}}`);
    assert.equal((await hub.run('init', '--keep', '7')).code, 0);
    up.kill('SIGHUP');
    const told = await said('it is told', /all the same: nats (.* stream edit NUNECT --max-age=604800s)$/m);
    const info = await streamInfo(nc, 'NUNECT');
    assert.deepEqual([info.config['max_age'], info.state.messages], [30 * 86_400e9, 20]);
    assert.match(await statusText(hub), /max_age stays 30 days, not 7 days/);
    const edited = await runToEnd(need('nats'), [...(told[1] ?? '').split(' '), '--force']);
    assert.equal(edited.code, 0, edited.stderr);
    assert.equal((await streamInfo(nc, 'NUNECT')).config['max_age'], 7 * 86_400e9);
    assert.equal((await hub.run('init', '--keep', '30')).code, 0);
    up.kill('SIGHUP');
    await said('it grows again', /NUNECT of FLEET: max_age is now 30 days, it was 7 days/);
    assert.equal((await streamInfo(nc, 'NUNECT')).config['max_age'], 30 * 86_400e9);
    assert.equal((await streamInfo(nc, 'NUNECT')).state.messages, 20);
  });

  it('makes a stream that somebody deleted anew at the next reload, and misses it in its status', async () => {
    await eventually('it is healthy', async () => (await statusOf(hub)).code === 0);
    assert.equal((await nats(hub, 'stream', 'rm', 'UNITS', '--force')).code, 0);
    const { code, problems } = await statusOf(hub);
    assert.deepEqual(
      [code, problems.map(({ text }) => text)],
      [2, ['stream UNITS of FLEET: stream not found']],
    );
    up.kill('SIGHUP');
    await eventually('it is healthy', async () => (await statusOf(hub)).code === 0);
  });

  it('uses a renewed certificate without a restart', async () => {
    const [pid, before] = [hub.serverPid(), await shownSerial(hub)];
    for (const name of ['server.pem', 'server-key.pem']) rmSync(join(hub.dir, 'tls', name));
    assert.equal((await hub.run('init')).code, 0);
    await eventually('another one is shown', async () => (await shownSerial(hub)) !== before);
    assert.equal(hub.serverPid(), pid);
    await said('it is told', /server\.pem, \S+server-key\.pem are new/);
  });

  it('says what needs a restart, goes on, and shows it in its status', async () => {
    const [pid, conf] = [hub.serverPid(), readFileSync(join(hub.dir, 'nats.conf'), 'utf8')];
    writeFileSync(join(hub.dir, 'nats.conf'), conf.replaceAll(`:${hub.ports.leaf}"`, ':1"'));
    up.kill('SIGHUP');
    await said('it is told', /must be restarted for the new one: .*LeafNode/);
    // up to 2.14 the reload has ended our connections: until they are back it is not ready
    const { problems } = await eventually('it is degraded', async () => {
      const now = await statusOf(hub);
      return now.code === 1 && now;
    });
    assert.match(problems[0]?.text ?? '', /must be restarted/);
    appendFileSync(join(hub.dir, 'nats.conf'), 'nonsense: 1\n');
    up.kill('SIGHUP');
    await said('the fault is told', /the config is not valid, the old one stays: .*nonsense/);
    assert.match((await statusOf(hub)).problems[0]?.text ?? '', /nats.conf is not valid: .*nonsense/);
    writeFileSync(join(hub.dir, 'nats.conf'), conf);
    up.kill('SIGHUP');
    await eventually('all is well', async () => (await statusOf(hub)).code === 0);
    assert.equal((await hub.run('init', '--host', 'localhost')).code, 0);
    up.kill('SIGHUP');
    await said('it is told', /another name now, which needs a restart/);
    assert.equal((await hub.run('init', '--host', '127.0.0.1')).code, 0);
    assert.equal((await nats(hub, 'request', '--raw', 'ops.echo._127_0_0_1', 'x')).stdout.trim(), 'x');
    assert.deepEqual([state(hub).phase, (await statusOf(hub)).code], ['ready', 1]);
    up.kill('SIGHUP');
    await eventually('all is well', async () => (await statusOf(hub)).code === 0);
    assert.equal(hub.serverPid(), pid);
  });

  it('ends what an up that was killed has left, and keeps what was stored', async () => {
    const pid = hub.serverPid();
    await up.end('SIGKILL');
    assert.equal(isAlive(pid), true, 'the server serves on');
    const { code, problems } = await statusOf(hub);
    assert.deepEqual([code, problems.length], [1, 1]);
    assert.match(problems[0]?.text ?? '', /no 'nunect-hub up'/);
    up = await hub.up();
    assert.match(up.output(), new RegExp(`process ${pid}: it is ended first`));
    assert.equal(isAlive(pid), false);
    assert.equal((await streamInfo(await hub.connect(), 'NUNECT')).state.messages, 20);
  });

  it('is stopped by down, which then finds nothing to stop', async () => {
    const pid = hub.serverPid();
    assert.deepEqual(await hub.run('down'), { code: 0, stdout: 'stopped\n', stderr: '' });
    assert.equal(await up.exited, 0);
    assert.equal(isAlive(pid), false);
    assert.match((await hub.run('down')).stdout, /does not run/);
    const { code, status } = await statusOf(hub);
    assert.deepEqual([code, status], [3, 'down']);
  });

  it('is stopped in order by Ctrl-C, which a terminal sends to all that it started', async () => {
    const group = { detached: true }; // a process group of its own, as a shell gives it
    const args = [hubBundle, 'up', '--dir', hub.dir, '--nats-server', program];
    const started = daemon(owner, runtime(), args, group);
    await eventually('READY', () => /^READY/m.test(started.output()));
    const pid = hub.serverPid();
    process.kill(-started.pid, 'SIGINT');
    assert.equal(await started.exited, 0);
    assert.equal(isAlive(pid), false);
    assert.doesNotMatch(started.output(), /started again|ERROR/);
    const trapped = readFileSync(join(hub.dir, 'run/nats.log'), 'utf8').match(/Trapped "(\w+)" signal/g);
    assert.equal(trapped?.at(-1), 'Trapped "terminated" signal', 'by us, once all that needs it has ended');
  });
});

describe('a hub in whose program something is wrong', { skip: withoutNewest() }, () => {
  it('goes on, and says so until it is started again', async (t) => {
    const hub = await hubProgram(t, program, asAsked);
    const faults = join(hub.dir, '../faults.cjs');
    const thrown = `setTimeout(() => { throw new Error('planted in a timer'); }, 0); void Promise.reject(new Error('planted in a promise'));`;
    writeFileSync(faults, `process.on('SIGUSR2', () => { ${thrown} });`);
    pageAnywhere(hub.dir);
    const up = daemon(t, runtime(), [
      '--require',
      faults,
      hubBundle,
      'up',
      '--dir',
      hub.dir,
      '--nats-server',
      program,
    ]);
    await eventually('READY', () => /^READY/m.test(up.output()));
    const pid = hub.serverPid();
    up.kill('SIGUSR2');
    await eventually(
      'both are told',
      () => /planted in a timer.*\bat=/.test(up.output()) && /planted in a promise/.test(up.output()),
    );
    const { code, problems } = await statusOf(hub);
    assert.equal(code, 1);
    assert.match(
      problems[0]?.text ?? '',
      /fault of the program itself, .* until up is started again: planted/,
    );
    const nc = await hub.connect();
    assert.equal((await nc.request('ops.echo._127_0_0_1', 'x')).string(), 'x');
    assert.equal(hub.serverPid(), pid);
    up.kill('SIGTERM');
    assert.equal(await up.exited, 0);
  });
});

describe('a hub whose accounts were changed', { skip: withoutNewest() }, () => {
  it('has its server take them at a reload', async (t) => {
    const hub = await hubProgram(t, program, asAsked);
    const up = await hub.up();
    const nc = await hub.connect();
    let isShutOut = false;
    void (async () => {
      for await (const status of nc.status()) isShutOut ||= status.type === 'error';
    })();
    const file = readHub(hub.dir) ?? assert.fail('a hub');
    const keys = hubKeysIn(hubKeysDir(file, hub.dir), file.publicKeys);
    const jwt = jwtIn(readFileSync(join(hub.dir, 'operator.creds'), 'utf8')) ?? assert.fail('a login');
    const operator = String(claimsOf(jwt)['sub']);
    const now_s = Math.floor(Date.now() / 1000);
    assert.equal(settleAccountJwt(hub.dir, 'fleet', file, keys, now_s, { [operator]: now_s }), true);
    assert.equal((await nc.request('ops.echo._127_0_0_1', 'x')).string(), 'x', 'the server has not seen it');
    up.kill('SIGHUP');
    await eventually('the operator is shut out', () => isShutOut);
    // a connection that is made while the server reloads may be closed without a word
    await eventually('the reload is over', () =>
      /nats-server uses the config as it is now/.test(up.output()),
    );
    await assert.rejects(hub.connect(), /Authorization/i);
    assert.doesNotMatch(up.output(), /do not take the accounts/);
  });
});

describe('a hub that gets certificates of its operator while it runs', {
  skip: withoutNewest() || lacking('openssl'),
}, () => {
  it('reaches its server by them, uses those that are renewed, and those of its own again', async (t) => {
    const hub = await hubProgram(t, program, asAsked);
    const up = await hub.up();
    const { ca, issue } = authority(tempDir(t, 'given'));
    const [used, later] = [issue('used', '/CN=a', { days: 60 }), issue('later', '/CN=b', { days: 60 })];
    const reloaded = async (...args: readonly string[]): Promise<void> => {
      assert.equal((await hub.run('init', ...args)).code, 0);
      const times = (what: string): number => up.output().split(what).length;
      const [reads, readies] = [times('as it is now'), times('ready again')];
      up.kill('SIGHUP');
      await eventually('it is read', () => times('as it is now') > reads);
      process.kill(hub.serverPid(), 'SIGKILL');
      await eventually('it is ready again', () => times('ready again') > readies);
      await eventually('it is healthy', async () => (await statusOf(hub)).code === 0);
    };
    await reloaded('--tls-cert', used.cert, '--tls-key', used.key);
    const before = await shownSerial(hub, ca);
    copyFileSync(later.key, used.key);
    copyFileSync(later.cert, used.cert);
    await eventually('the renewed one is shown', async () => (await shownSerial(hub, ca)) !== before);
    await reloaded('--own-ca');
    assert.notEqual(await shownSerial(hub), before);
  });
});

describe('a hub whose nats-server something else runs', { skip: withoutNewest() }, () => {
  it('is made ready whenever that is there, and its server is left alone by down', async (t) => {
    const hub = await hubProgram(t, program, asAsked);
    const server = (): Daemon => daemon(t, program, ['-c', join(hub.dir, 'nats.conf')]);
    pageAnywhere(hub.dir);
    const up = daemon(t, runtime(), [hubBundle, 'up', '--dir', hub.dir, '--no-server']);
    await eventually('it waits', () => /not ready yet/.test(up.output()));
    const first = server();
    await eventually('READY', () => /^READY/m.test(up.output()));
    assert.equal((await statusOf(hub)).code, 0);
    await first.end('SIGKILL');
    await eventually('it is told', () => state(hub).phase === 'waiting');
    assert.equal((await statusOf(hub)).code, 2);
    const second = server();
    await eventually('it is ready again', () => /ready again/.test(up.output()));
    assert.equal((await hub.run('down')).stdout, 'stopped\n');
    assert.equal(await up.exited, 0);
    assert.equal(isAlive(second.pid), true);
    const { code, stderr } = await hub.run('up', '--no-server', '--nats-server', program);
    assert.equal(code, 2);
    assert.match(stderr, /only one of/);
  });
});

describe('a hub that cannot run', { skip: withoutNewest() }, () => {
  let hub: HubProgram;
  before(async () => {
    hub = await hubProgram(owner, program, asAsked);
  });
  const up = (server: string) => hub.run('up', '--nats-server', server);

  it('says that there is none in the folder, and makes nothing there', async () => {
    const dir = tempDir(owner, 'nohub');
    for (const command of ['up', 'status', 'down']) {
      const { code, stderr } = await runToEnd(runtime(), [hubBundle, command, '--dir', dir]);
      const who = command === 'status' ? 'nunect-hub status' : 'nunect-hub';
      assert.equal(code, command === 'status' ? 3 : 1);
      assert.equal(stderr, `${who}: there is no hub in ${dir}: 'nunect-hub init' makes one\n`);
    }
    assert.equal(existsSync(join(dir, 'run')), false);
  });

  it('is not run by root in the folder of another user, and leaves no file there', {
    skip: process.getuid?.() !== 0,
  }, async () => {
    chownSync(hub.dir, 65_534, 65_534);
    const { code, stderr } = await up(program);
    chownSync(hub.dir, 0, 0);
    assert.equal(code, 1);
    assert.match(stderr, /belongs to the user with uid 65534, and this is uid 0: run it as that user/);
    assert.equal((await hub.run('status')).code, 3);
    assert.equal((await hub.run('down')).code, 0);
    assert.deepEqual(
      readdirSync(join(hub.dir, 'run')).filter((name) => name.startsWith('up')),
      [],
    );
  });

  it('says which nats-server to install where there is none', async () => {
    const { code, stderr } = await up('no-such-server');
    assert.equal(code, 1);
    assert.match(
      stderr,
      /there is no program 'no-such-server': install version 2\.11\.16, 2\.12\.7, or 2\.14\.0 and/,
    );
  });

  it('is not run by a server that does not check what units send', {
    skip: natsServers().debian === undefined,
  }, async () => {
    const { code, stderr } = await up(natsServers().debian ?? '');
    assert.equal(code, 1);
    assert.match(stderr, /is version 2\.9\.10, which does not check what units send: install/);
  });

  it('says what a server is lacking that cannot isolate units', async () => {
    const old = join(hub.dir, '../nats-server-2.11.16');
    writeFileSync(old, '#!/bin/sh\necho nats-server: v2.11.16\n', { mode: 0o755 });
    await hub.done('init', '--isolate', 'yes');
    const { code, stderr } = await up(old);
    await hub.done('init', '--isolate', 'no');
    assert.equal(code, 1);
    assert.match(
      stderr,
      /is version 2\.11\.16, which cannot do 'init --isolate yes': install 2\.12\.7 or newer/,
    );
  });

  it('gives the words of nats-server where a port is taken, at once', async () => {
    const other = createServer().listen(hub.ports.leaf, '127.0.0.1');
    await once(other, 'listening');
    const { code, stderr } = await up(program);
    other.close();
    assert.equal(code, 1);
    assert.match(stderr, /nunect-hub up: nats-server ended with code 1: .*address already in use\n$/);
    assert.equal((await hub.run('status')).code, 3);
  });

  it('names the fault of a config, and does not start', async () => {
    const path = join(hub.dir, 'nats.conf');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, `${text}nonsense: 1\n`);
    const { code, stderr } = await up(program);
    writeFileSync(path, text);
    assert.equal(code, 1);
    assert.match(stderr, /nats-server refuses \S+nats\.conf: .*nonsense/);
  });

  it('can be stopped while it waits', async () => {
    const info = join(hub.dir, 'hub.json');
    const text = readFileSync(info, 'utf8');
    const elsewhere = text.replace('"server": "127.0.0.1"', '"server": "127.0.0.9"');
    assert.notEqual(elsewhere, text);
    writeFileSync(info, elsewhere); // the server has another name than it should
    const started = hub.start();
    await eventually('it waits', () => /not ready yet/.test(started.output()), 60_000);
    const pid = hub.serverPid();
    assert.doesNotMatch(started.output(), /READY/);
    started.kill('SIGTERM');
    assert.equal(await started.exited, 0);
    assert.equal(isAlive(pid), false);
    writeFileSync(info, text);
  });
});

describe('the unit for systemd', {
  skip: withoutNewest() || lacking('setpriv') || (process.getuid?.() !== 0 && 'not root'),
}, () => {
  const unit = readFileSync(join(projectRoot, 'config/systemd/nunect-hub.service'), 'utf8');
  const setting = (name: string): string =>
    new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? assert.fail(name);

  it('runs, reloads and stops a hub by its commands, as a user without any right', async (t) => {
    const [root, nobody] = [tempDir(t, 'hubunit'), 65_534];
    const [bin, dir] = [join(root, 'bin'), join(root, 'hub')];
    for (const folder of [bin, dir]) mkdirSync(folder);
    chmodSync(root, 0o755);
    chownSync(dir, nobody, nobody);
    copyFileSync(hubBundle, join(bin, 'bundle.cjs'));
    copyFileSync(program, join(bin, 'nats-server'));
    writeFileSync(join(bin, 'nunect-hub'), `#!/bin/sh\nexec ${runtime()} ${bin}/bundle.cjs "$@"\n`);
    for (const name of ['nats-server', 'nunect-hub']) chmodSync(join(bin, name), 0o755);
    const env = { PATH: `${bin}:/usr/bin:/bin` };
    const asNobody = (words: string): [string, string[]] => [
      need('setpriv'),
      [
        ...[`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--no-new-privs'],
        ...['--bounding-set=-all', '--inh-caps=-all', ...words.split(' ')],
      ],
    ];
    const ports = ['client', 'leaf', 'websocket', 'cluster', 'monitor'];
    let init = `nunect-hub init --host 127.0.0.1 --dir ${dir}`;
    for (const name of ports) init += ` --port ${name}=${await reservePort()}`;
    const made = await runToEnd(...asNobody(init), { env });
    assert.equal(made.code, 0, made.stderr);
    const started = setting('ExecStart').replace('/var/lib/nunect-hub', dir);
    const up = daemon(t, ...asNobody(started), { env });
    await eventually('READY', () => /^READY/m.test(up.output())).catch((error: Error) => {
      throw new Error(`${error.message}\n${up.output()}`);
    });
    const caps = /^CapBnd:\s*(\w+)$/m.exec(readFileSync(`/proc/${up.pid}/status`, 'utf8'))?.[1];
    assert.equal(Number(`0x${caps}`), 0);
    const [kill = '', ...words] = setting('ExecReload').replace('$MAINPID', String(up.pid)).split(' ');
    assert.equal((await runToEnd(kill, words)).code, 0);
    await eventually('it has reloaded', () => /reload: nats-server uses the config/.test(up.output()));
    up.kill('SIGTERM');
    assert.equal(await up.exited, 0);
  });
});
