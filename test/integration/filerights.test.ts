// Who can read what on a unit, tried by real users: root renders where there is an account nunect, as on a router.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { parseAgentFile } from '../../agent/config/agentfile.ts';
import { authority } from '../kit/leaf/leafdaemon.ts';
import { tempDir } from '../kit/process/daemon.ts';
import { lacking, natsServers, need } from '../kit/process/tools.ts';
import { bundle } from '../kit/unit/site.ts';

const nunect = 4222;
const nobody = 65534;
const server = natsServers().newest ?? '';

interface Done {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
const as = (id: number, program: string, ...args: readonly string[]): Done =>
  spawnSync(program, args, { uid: id, gid: id, encoding: 'utf8', timeout: 20_000 });

interface Router {
  readonly dir: string;
  readonly config: string;
  readonly out: string;
  /** Runs a program as root where the account nunect is known: in a mount namespace with other account files. */
  root(...words: readonly string[]): Done;
  render(): Done;
}

function router(t: TestContext): Router {
  const dir = tempDir(t, 'rights');
  chmodSync(dir, 0o755);
  const accounts = ['passwd', 'group'].map((name) => {
    const line = name === 'passwd' ? `nunect:x:${nunect}:${nunect}::/:/bin/false\n` : `nunect:x:${nunect}:\n`;
    const file = join(dir, name);
    writeFileSync(file, readFileSync(`/etc/${name}`, 'utf8') + line);
    return file;
  });
  const script = 'mount --bind "$1" /etc/passwd && mount --bind "$2" /etc/group && shift 2 && exec "$@"';
  const root: Router['root'] = (...words) =>
    spawnSync(need('unshare'), ['--mount', 'sh', '-c', script, 'sh', ...accounts, ...words], {
      encoding: 'utf8',
      timeout: 60_000,
    });
  const [config, out] = [join(dir, 'nunect'), join(dir, 'run')];
  return {
    dir,
    config,
    out,
    root,
    render: () => root(process.execPath, bundle, 'render', '--config', config, '--out', out),
  };
}

const skip =
  process.getuid?.() !== 0
    ? 'only root can'
    : server === ''
      ? 'no nats-server'
      : lacking('unshare', 'openssl');

describe('files of a unit', { skip }, () => {
  test('leaf.conf and agent.json, which hold passwords, are read by user nunect and by no other', (t) => {
    const { config, out, render } = router(t);
    const uci = `config agent\n option unit u1\nconfig hub\n list url nats://127.0.0.1:9\n option user u\n option password hub-secret
config leaf\n option server ${server}\nconfig user app\n option password lan-secret\n list publish app.>\n`;
    writeFileSync(config, uci, { mode: 0o600 });
    const { status, stderr } = render();
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stderr, /warning/);
    const [conf, agentFile] = [join(out, 'leaf.conf'), join(out, 'agent.json')];
    const { local } = parseAgentFile(readFileSync(agentFile, 'utf8'), agentFile);
    assert.match(readFileSync(conf, 'utf8'), /hub-secret[\s\S]*lan-secret/, 'there is something to keep');
    for (const [path, mode] of [
      [out, 0o750],
      [conf, 0o640],
      [agentFile, 0o640],
    ] as const) {
      const rights = statSync(path);
      assert.deepEqual([rights.mode & 0o7777, rights.uid, rights.gid], [mode, 0, nunect], path);
    }
    for (const file of [conf, agentFile]) {
      const mine = as(nunect, 'cat', file);
      assert.equal(mine.status, 0, mine.stderr);
      assert.ok(mine.stdout.includes(local.agent));
      const other = as(nobody, 'cat', file);
      assert.equal(other.status, 1);
      assert.equal(other.stdout, '');
      assert.match(other.stderr, /Permission denied/);
      assert.notEqual(as(nunect, 'sh', '-c', `echo >>${file}`).status, 0, 'nor does it write them');
    }
    assert.notEqual(as(nobody, 'ls', out).status, 0);
  });

  test('on flash user nunect writes the name of what joined and nothing else, also in a folder made with umask 077', (t) => {
    const { dir, config, out, root } = router(t);
    const flash = join(dir, 'flash');
    mkdirSync(flash, { mode: 0o700 });
    const uci = `config agent\n option unit u1\nconfig hub\n list url nats://127.0.0.1:9\n option user u\n option password hub-secret
config leaf\n option server ${server}\n`;
    writeFileSync(config, uci, { mode: 0o600 });
    const words = ['render', '--config', config, '--out', out, '--keep', flash];
    const { status, stderr } = root(process.execPath, bundle, ...words);
    assert.equal(status, 0, stderr);
    assert.match(readFileSync(join(flash, 'hub.tried'), 'utf8'), /hub-secret/);
    const tries = (script: string): number | null => as(nunect, 'sh', '-c', script).status;
    assert.equal(tries(`echo x >${flash}/hub.joined && cat ${flash}/hub.joined`), 0);
    for (const script of [
      `cat ${flash}/hub.tried`,
      `echo >${flash}/hub.tried`,
      `echo >${flash}/hub.good`,
      `rm ${flash}/hub.joined`,
      `ls ${flash}`,
      `flock ${out}/render.lock true`,
    ])
      assert.notEqual(tries(script), 0, script);
    assert.equal(as(nobody, 'cat', join(flash, 'hub.joined')).status, 1);
  });

  test('a key that user nunect cannot read is found by root, and mended by what it says', (t) => {
    const { dir, config, out, root, render } = router(t);
    const { ca, issue } = authority(join(dir, 'pki'));
    const { cert, key } = issue('unit', '/CN=u1/O=nunect');
    chmodSync(join(dir, 'pki'), 0o700);
    chmodSync(key, 0o600);
    const uci = `config agent\n option unit u1\nconfig hub\n list url tls://127.0.0.1:9\n option tls_ca ${ca}\n option tls_cert ${cert}\n option tls_key ${key}
config leaf\n option server ${server}\n option port 1\n`;
    writeFileSync(config, uci, { mode: 0o600 });

    // what the check is for: root's own test of the server passes
    const conf = join(dir, 'naive.conf');
    const remote = `{ url: "tls://127.0.0.1:9", tls { ca_file: "${ca}", cert_file: "${cert}", key_file: "${key}" } }`;
    writeFileSync(conf, `leafnodes { remotes: [${remote}] }\n`);
    assert.equal(spawnSync(server, ['-t', '-c', conf]).status, 0);
    const real = as(nunect, server, '-t', '-c', conf);
    assert.equal(real.status, 1);
    assert.match(real.stderr, /permission denied/);

    const mended: string[] = [];
    for (;;) {
      const { status, stderr } = render();
      if (status === 0) break;
      const [, message = '', command = ''] =
        /(hub\.tls_\w+ '[^']+': user nunect cannot [^\n]*\)): ([^\n]*)/.exec(stderr) ?? [];
      assert.notEqual(command, '', stderr);
      const { problems, leaf } = parseAgentFile(readFileSync(join(out, 'agent.json'), 'utf8'), 'agent.json');
      assert.ok(problems.some((one) => one.severity === 'error' && one.message.includes(command)));
      assert.equal(leaf?.state, 'local_only', 'the local clients have their server all the same');
      const done = root('sh', '-c', command);
      assert.equal(done.status, 0, done.stderr);
      mended.push(message.replaceAll(dir, ''));
      assert.ok(mended.length < 5, mended.join('\n'));
    }
    assert.match(mended[0] ?? '', /cannot pass the directory \/pki on the way to it \(mode 0700/);
    assert.match(
      mended.at(-1) ?? '',
      /^hub\.tls_key '\/pki\/unit\.key': user nunect cannot read it \(mode 0600/,
    );
    const taken = as(nunect, server, '-t', '-c', join(out, 'leaf.conf'));
    assert.equal(taken.status, 0, taken.stderr);
    assert.match(as(nobody, 'cat', key).stderr, /Permission denied/);
  });

  test('check tries to write the snapshot of the records as user nunect', (t) => {
    const { dir, config, root } = router(t);
    const folders = { owned: join(dir, 'keep/spool'), roots: join(dir, 'keep') };
    mkdirSync(folders.owned, { recursive: true });
    chownSync(folders.owned, nunect, nunect);
    chmodSync(folders.owned, 0o700);
    const check = (file: string): string => {
      const uci = `config agent\n option unit u1\nconfig leaf\n option server ${server}\nconfig spool\n option snapshot_file ${file}\n`;
      writeFileSync(config, uci, { mode: 0o600 });
      return root(process.execPath, bundle, 'check', '--config', config).stdout;
    };
    assert.match(check(join(folders.owned, 'records')), /: ok, \d+ options set\n$/);
    assert.match(
      check(join(folders.roots, 'records')),
      /: spool\.snapshot_file '\S+': the agent cannot write it \(Permission denied\); on OpenWrt it can in \/tmp and in \/etc\/nunect\/spool\n$/,
    );
    assert.match(check('/no/such/folder/records'), /\(there is no \/no\/such\/folder\)/);
    assert.deepEqual(
      [readdirSync(folders.owned), readdirSync(folders.roots)],
      [[], ['spool']],
      'nothing is left of the try',
    );
  });

  test('what is open to others is told by check, render and the unit, with what mends it', (t) => {
    const { dir, config, out, root, render } = router(t);
    const password = join(dir, 'pw');
    const uci = `config agent\n option unit u1\nconfig hub\n list url nats://127.0.0.1:9\n option user u\n option password_file ${password}
config leaf\n option server ${server}\nconfig user app\n option password lan-secret\n`;
    writeFileSync(config, uci);
    writeFileSync(password, 'hub-secret\n');
    chmodSync(config, 0o644);
    chmodSync(password, 0o664);
    const { stdout } = root(process.execPath, bundle, 'check', '--config', config);
    const { status, stderr } = render();
    assert.equal(status, 0, 'it is used all the same');
    const { problems } = parseAgentFile(readFileSync(join(out, 'agent.json'), 'utf8'), 'agent.json');
    for (const [text, where] of [
      [stdout, 'check'],
      [stderr, 'render'],
      [problems.map(({ message }) => message).join('\n'), 'the unit'],
    ] as const) {
      assert.match(
        text,
        /readable by everybody, writable by its group \(mode 0664, owner root, group root\): chmod 600/,
        where,
      );
      assert.match(text, /has secrets in it and is readable by everybody \(mode 0644/, where);
    }
    for (const [, command = ''] of stdout.matchAll(/\): (ch[^\n]*)/g))
      assert.equal(root('sh', '-c', command).status, 0);
    assert.match(
      root(process.execPath, bundle, 'check', '--config', config).stdout,
      /: ok, \d+ options set\n$/,
    );
  });
});
