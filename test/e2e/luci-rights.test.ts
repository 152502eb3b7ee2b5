// What a login of LuCI that may write `uci nunect` gets from root: no file but the unit's own secrets, and no program.
// Real: render, check, nats-server, files, users. Not real: uhttpd and rpcd (test/kit/openwrt/lucilogin.ts).
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { readBytes } from '../../agent/config/checks/machinefiles.ts';
import { authority } from '../kit/leaf/leafdaemon.ts';
import { denied, luciLogin } from '../kit/openwrt/lucilogin.ts';
import { tempDir } from '../kit/process/daemon.ts';
import { lacking, natsServers, need, projectRoot } from '../kit/process/tools.ts';
import { bundle } from '../kit/unit/site.ts';

const nunect = 4222;
const server = natsServers().newest ?? '';
const skip =
  process.getuid?.() !== 0 ? 'only root can' : server === '' ? 'no nats-server' : lacking('unshare');

const hash = 'root:$1$HASHOFROOT$x:19000:0:99999:7:::\n';
const base = `config agent 'agent'\n option unit 'u1'\nconfig hub 'hub'\n list url 'nats://203.0.113.1:7422'\n option user 'x'
config leaf 'leaf'\n option server '${server}'\nconfig user 'app'\n option password 'lan-secret'\n`;

interface Router {
  /** Its /etc, as seen from here. */
  readonly etc: string;
  /** A folder that is at the same path inside. */
  readonly dir: string;
  readonly out: string;
  /** Runs nunect as root with this /etc; gives all that it said. */
  nunect(...words: string[]): { code: number | null; said: string };
  render(config?: string): { code: number | null; said: string };
  /** All that render wrote for leaf and agent. */
  rendered(): string;
  put(path: string, text: string, mode?: number, owner?: number): string;
}

function router(t: TestContext, uci = base): Router {
  const dir = tempDir(t, 'luci');
  chmodSync(dir, 0o755);
  const etc = join(dir, 'etc');
  cpSync('/etc', etc, { recursive: true, verbatimSymlinks: true });
  for (const name of ['nunect', 'config']) rmSync(join(etc, name), { recursive: true, force: true });
  mkdirSync(join(etc, 'nunect'));
  const put: Router['put'] = (path, text, mode = 0o600, owner = 0) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    chmodSync(path, mode);
    chownSync(path, owner, owner);
    return path;
  };
  writeFileSync(
    join(etc, 'passwd'),
    `${readFileSync('/etc/passwd', 'utf8')}nunect:x:${nunect}:${nunect}::/:/bin/false\n`,
  );
  writeFileSync(join(etc, 'group'), `${readFileSync('/etc/group', 'utf8')}nunect:x:${nunect}:\n`);
  put(join(etc, 'shadow'), hash);
  put(join(etc, 'config/nunect'), uci);
  const out = join(dir, 'run');
  const run: Router['nunect'] = (...words) => {
    const script = 'mount --bind "$1" /etc && shift && exec "$@"';
    const args = ['--mount', 'sh', '-c', script, 'sh', etc, process.execPath, bundle, ...words];
    const { status, stdout, stderr } = spawnSync(need('unshare'), args, {
      encoding: 'utf8',
      timeout: 60_000,
      killSignal: 'SIGKILL', // a process that waits for a pipe heeds no other
    });
    return { code: status, said: stdout + stderr };
  };
  return {
    etc,
    dir,
    out,
    put,
    nunect: run,
    render: (config = '/etc/config/nunect') => run('render', '--config', config, '--out', out),
    rendered: () =>
      ['leaf.conf', 'agent.json', 'leaf.fallback.conf']
        .map((name) => join(out, name))
        .map((path) => (existsSync(path) ? readFileSync(path, 'utf8') : ''))
        .join('\n'),
  };
}

/** A program that writes down as whom it runs, and says that it is nats-server. */
const spy = (log: string): string => `#!/bin/sh\nid -u >>${log}\necho 'nats-server: v2.15.2'\n`;
const logOf = (unit: Router): string => {
  const log = unit.put(join(unit.dir, 'ran-as'), '', 0o666);
  return log;
};
const ranAs = (log: string): string[] => [...new Set(readFileSync(log, 'utf8').split('\n').filter(Boolean))];

describe('a login of LuCI that may write nunect', { skip }, () => {
  test('may write nothing else, by the permissions that the package ships', (t) => {
    const { etc, put } = router(t);
    put(join(etc, 'config/system'), "config system 'system'\n");
    const login = luciLogin(etc, 'luci-app-nunect');
    assert.equal(login.apply('system', 'system', { hostname: 'x' }), denied);
    for (const object of ['file', 'system', 'rc', 'luci']) // of `nunect` it may call what starts and stops
      assert.equal(login.call(object), denied, object);
    assert.equal(luciLogin(etc, 'luci-app-nunect-status').apply('nunect', 'hub', { user: 'y' }), denied);
    assert.equal(login.apply('nunect', 'hub', { user: 'y' }), 0);
  });

  for (const [section, option, more] of [
    ['hub', 'password_file', {}],
    ['hub', 'nkey_file', {}],
    ['hub', 'creds_file', {}],
    ['leaf', 'external_password_file', { mode: 'external', external_user: 'x' }],
    ['leaf', 'external_creds_file', { mode: 'external' }],
    ['app', 'password_file', { password: '-' }],
  ] as const)
    test(`gets nothing of /etc/shadow by ${section}.${option}, nor by a link to it`, (t) => {
      const unit = router(t, section === 'app' ? base.replace(/ option password 'lan-secret'\n/, '') : base);
      const { etc, render, rendered } = unit;
      mkdirSync(join(etc, 'nunect/spool'));
      chownSync(join(etc, 'nunect/spool'), nunect, nunect);
      symlinkSync('/etc/shadow', join(etc, 'nunect/link'));
      symlinkSync('/etc/shadow', join(etc, 'nunect/spool/link'));
      linkSync(join(etc, 'shadow'), join(etc, 'nunect/spool/hard'));
      const login = luciLogin(etc, 'luci-app-nunect');
      const isFirst = option === 'password_file' && section === 'hub';
      const detours = [
        '/etc/nunect/../shadow',
        '/etc/nunect/link',
        '/etc/nunect/spool/hard',
        '/proc/self/root/etc/shadow',
      ];
      // one reader reads them all: it takes every way for the first option only
      for (const path of ['/etc/shadow', '/etc/nunect/spool/link', ...(isFirst ? detours : [])]) {
        const { password, ...others } = more as { password?: string };
        assert.equal(login.apply('nunect', section, { [option]: path, ...others }), 0);
        const { said } = render();
        assert.match(
          said,
          new RegExp(`/etc/config/nunect:\\d+: \\S*${option} '${path}': is not read: `),
          `${path}\n${said}`,
        );
        assert.doesNotMatch(rendered() + said, /HASHOFROOT/, path);
      }
      const check = unit.nunect('check'); // it reads files as render does: for one path it is enough
      assert.equal(check.code, 1);
      assert.match(check.said, /is not read/);
      assert.doesNotMatch(check.said, /HASHOFROOT/);
      if (isFirst) assert.doesNotMatch(unit.nunect('doctor', '--dir', unit.out).said, /HASHOFROOT/);
    });

  test('is not told whether a file that is none of its business is there', (t) => {
    const unit = router(t);
    const login = luciLogin(unit.etc, 'luci-app-nunect');
    const told = ['/etc/shadow', '/etc/no-such-file'].map((path) => {
      login.apply('nunect', 'hub', { password_file: path });
      return unit.nunect('check').said.replaceAll(path, 'PATH');
    });
    assert.equal(told[0], told[1]);
  });

  test('is offered no command that would hand out a file of root, and not told of its rights', (t) => {
    for (const option of ['tls_ca', 'tls_cert', 'tls_key']) {
      const unit = router(t);
      const login = luciLogin(unit.etc, 'luci-app-nunect');
      const told = ['/etc/shadow', '/etc/no-such-file'].map((path) => {
        login.apply('nunect', 'hub', { [option]: path });
        return unit.nunect('check').said.replaceAll(path, 'PATH');
      });
      assert.match(told[0] ?? '', /is no file that user nunect can read/, option);
      assert.doesNotMatch(told[0] ?? '', /chmod|chown|chgrp|mode/, option);
      assert.equal(told[0], told[1], option);
    }
  });

  test('may name the secrets of the unit, which are root’s and private, and those of folders that root lists', (t) => {
    const unit = router(t);
    const { etc, dir, put, render, rendered } = unit;
    const login = luciLogin(etc, 'luci-app-nunect');
    const name = (path: string) => login.apply('nunect', 'hub', { password_file: path });
    put(join(etc, 'nunect/hub.password'), 'good-1\n');
    name('/etc/nunect/hub.password');
    assert.equal(render().code, 0);
    assert.match(rendered(), /good-1/);

    for (const [mode, owner, words] of [
      [0o644, 0, 'readable by everybody'],
      [0o660, 0, 'writable by'],
      [0o600, nunect, 'owned by user 4222'],
    ] as const) {
      put(join(etc, 'nunect/hub.password'), 'good-2\n', mode, owner);
      const { said } = render();
      assert.match(
        said,
        new RegExp(`hub\\.password_file '/etc/nunect/hub\\.password': is not read: [^\\n]*${words}`),
      );
      assert.doesNotMatch(rendered(), /good-2/);
    }

    const elsewhere = put(join(dir, 'disk/pw'), 'good-3\n');
    name(elsewhere);
    assert.match(
      render().said,
      /only below \/etc\/nunect and the folders that root lists in \/etc\/nunect\/secret-folders/,
    );
    put(join(etc, 'nunect/secret-folders'), `# the disk\n${join(dir, 'disk')}\n`, 0o644, nunect);
    assert.match(render().said, /is not read/, 'a list that another than root can write is none');
    put(join(etc, 'nunect/secret-folders'), `# the disk\n${join(dir, 'disk')}\n`, 0o644);
    assert.equal(render().code, 0);
    assert.match(rendered(), /good-3/);
  });

  test('what it uploads is used as it is: root’s alone, it is handed on as copies', (t) => {
    const { etc, dir, put, nunect: run, render, rendered, out } = router(t);
    const issuer = authority(join(dir, 'ca'));
    const { cert, key } = issuer.issue('unit', '/CN=unit');
    mkdirSync(join(etc, 'nunect/uploads'), { mode: 0o700 });
    const names = { tls_ca: issuer.ca, tls_cert: cert, tls_key: key };
    for (const [name, from] of Object.entries(names))
      put(join(etc, 'nunect/uploads', name), readFileSync(from, 'utf8')); // as cgi-io does: 0600, of root
    const login = luciLogin(etc, 'luci-app-nunect');
    const paths = Object.fromEntries(Object.keys(names).map((name) => [name, `/etc/nunect/uploads/${name}`]));
    login.apply('nunect', 'hub', { url: ['tls://203.0.113.1:7422'], password: 'p', ...paths });
    assert.doesNotMatch(run('check').said, /cannot|chmod|chgrp/);
    const { code, said } = render();
    assert.deepEqual([code, /cannot|chmod|chgrp/.test(said)], [0, false], said);
    const copies = [...rendered().matchAll(/"([^"]*\/rewritten\/hub\.tls_\w+-\w+)"/g)].map(
      ([, path = '']) => path,
    );
    assert.equal(new Set(copies).size, 3, rendered());
    for (const path of copies)
      assert.deepEqual([statSync(path).uid, statSync(path).mode & 0o007], [0, 0], path);
    assert.ok(copies.every((path) => path.startsWith(out)));

    chmodSync(join(etc, 'nunect/uploads/tls_key'), 0o644);
    assert.match(
      render().said,
      /hub\.tls_key '\/etc\/nunect\/uploads\/tls_key': .*(chmod|chgrp)/,
      'not silently left out',
    );
  });

  test('runs no program that is not root’s, and none as root', (t) => {
    const unit = router(t);
    const { etc, dir, put, render } = unit;
    const log = logOf(unit);
    const login = luciLogin(etc, 'luci-app-nunect');
    mkdirSync(join(dir, 'open'));
    chmodSync(join(dir, 'open'), 0o777);
    const mine = put(join(dir, 'bin/spy'), spy(log), 0o755);
    put(join(etc, 'nunect/uploads/spy'), spy(log), 0o755);
    for (const [path, words] of [
      [put(join(dir, 'theirs/spy'), spy(log), 0o755, nunect), 'is owned by user 4222'],
      [put(join(dir, 'wide/spy'), spy(log), 0o775), 'is writable by others than root'],
      [put(join(dir, 'open/spy'), spy(log), 0o755), '/open is writable by others than root'],
      ['/etc/nunect/uploads/spy', 'is for files that are uploaded'],
    ] as const) {
      login.apply('nunect', 'leaf', { server: path });
      for (const { said } of [render(), unit.nunect('check')])
        assert.match(said, new RegExp(`leaf\\.server '${path}': is not used: .*${words}`));
      assert.deepEqual(ranAs(log), [], path);
    }
    symlinkSync(join(dir, 'theirs/spy'), join(dir, 'bin/link'));
    login.apply('nunect', 'leaf', { server: join(dir, 'bin/link') });
    login.apply('nunect', 'hub', { password: 'x' });
    render();
    unit.nunect('doctor', '--dir', unit.out);
    assert.deepEqual(ranAs(log), [], 'links are followed');

    login.apply('nunect', 'leaf', { server: mine });
    const { code, said } = render();
    assert.equal(code, 0, said);
    unit.nunect('doctor', '--dir', unit.out);
    assert.deepEqual(ranAs(log), [String(nunect)]);
  });

  test('makes root neither wait nor read without end: what is no file is said to be none', (t) => {
    const unit = router(t);
    const { etc, dir, out, render } = unit;
    const login = luciLogin(etc, 'luci-app-nunect');
    const pipe = join(dir, 'pipe');
    execFileSync('mkfifo', ['-m', '644', pipe]);
    for (const path of [pipe, '/dev/zero'])
      for (const option of ['tls_ca', 'creds_file'])
        for (const run of [
          () => unit.nunect('check'),
          render,
          ...(option === 'tls_ca' ? [() => unit.nunect('doctor', '--dir', out)] : []), // which reads as check does
        ]) {
          login.apply('nunect', 'hub', { tls_ca: '', creds_file: '', [option]: path });
          const { code, said } = run();
          assert.notEqual(code, null, `${option} ${path} holds it up: ${said}`);
          assert.match(said, /is\s+(not\s+(a\s+file|read)|no\s+file\s+that)/);
        }
  });

  test('is told no dates of what it may not read', (t) => {
    for (const option of ['tls_ca', 'creds_file']) {
      const unit = router(t);
      const { etc, dir } = unit;
      mkdirSync(join(dir, 'private'), { mode: 0o700 });
      const [key, cert] = [join(dir, 'private/key'), join(dir, 'private/cert')];
      const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
      const more = ['-keyout', key, '-out', cert, '-days', '3', '-subj', '/CN=x'];
      execFileSync(need('openssl'), [...words, ...more], { stdio: 'ignore' });
      luciLogin(etc, 'luci-app-nunect').apply('nunect', 'hub', { [option]: cert });
      assert.doesNotMatch(unit.nunect('check').said, /expire|valid/, option);
    }
  });

  test('reads what it has looked at, whatever a link shows in the next moment', (t) => {
    const dir = tempDir(t, 'link');
    const [link, good, bad] = [join(dir, 'link'), join(dir, 'good'), join(dir, 'bad')];
    writeFileSync(good, 'good');
    writeFileSync(bad, 'bad');
    symlinkSync(good, link);
    const found = readBytes(link, (real) => {
      rmSync(link);
      symlinkSync(bad, link);
      return real === good;
    });
    assert.equal(found && Buffer.from(found).toString(), 'good');
    assert.equal(
      readBytes(link, (real) => real === good),
      undefined,
    );
  });

  test('doctor: pmc, which runs as user nunect, can make its own socket', (t) => {
    const unit = router(t);
    const log = logOf(unit);
    const text = `#!/bin/sh\nwhile [ "$1" != -i ]; do shift; done\n: >"$2" && id -u >>${log}\n`;
    const pmc = unit.put(join(unit.dir, 'bin/pmc'), text, 0o755);
    const ptp4l = unit.put(join(unit.dir, 'ptp4l'), '', 0o666);
    unit.put(
      join(unit.etc, 'config/nunect'),
      `config time\n option pmc '${pmc}'\n list ptp_socket '${ptp4l}'\n`,
    );
    unit.nunect('doctor', '--dir', unit.out);
    assert.deepEqual(ranAs(log), [String(nunect)]);
  });

  test('where there is no account nunect, still runs none as root', (t) => {
    const unit = router(t);
    for (const name of ['passwd', 'group']) cpSync(`/etc/${name}`, join(unit.etc, name));
    const log = logOf(unit);
    const mine = unit.put(join(unit.dir, 'bin/spy'), spy(log), 0o755);
    luciLogin(unit.etc, 'luci-app-nunect').apply('nunect', 'leaf', { server: mine });
    unit.render();
    assert.deepEqual(ranAs(log), ['65534']);
    const [file, victim] = [join(unit.dir, 'spool'), unit.put(join(unit.dir, 'victim'), 'precious')];
    symlinkSync(victim, `${file}.try`);
    unit.put(join(unit.etc, 'config/nunect'), `config spool\n option snapshot_file '${file}'\n`);
    unit.nunect('check');
    assert.equal(readFileSync(victim, 'utf8'), 'precious', 'nor does it empty a file of root');
  });
});

describe('user nunect, who owns the state directory', { skip }, () => {
  test('does not hold up root with a pipe', (t) => {
    const unit = router(t);
    unit.render();
    for (const name of ['leaf.log', 'leaf.pid', 'running']) {
      const pipe = join(unit.out, 'state', name);
      execFileSync('mkfifo', [pipe]);
      if (name === 'running') {
        const script = readFileSync(join(projectRoot, 'openwrt/nats-server/postinst'), 'utf8');
        execFileSync('sh', ['-c', script.replaceAll('/var/run/nunect', unit.out)], { timeout: 10_000 });
      }
      for (const words of [['status'], ['doctor', '--config', '/etc/config/nunect']]) {
        const { code, said } = unit.nunect(...words, '--dir', unit.out);
        assert.notEqual(code, null, `${words[0]}: ${said}`);
      }
      rmSync(pipe);
    }
  });
});

describe('a config that only root can write', { skip }, () => {
  const ini = (password: string): string =>
    `[agent]\nunit = u1\n[hub]\nurl = nats://203.0.113.1:7422\nuser = x\npassword_file = ${password}\n[leaf]\nserver = ${server}\n`;

  test('names what it likes; as soon as others can write it, it is limited like one of LuCI', (t) => {
    const { dir, etc, put, render, rendered } = router(t);
    const secret = put(join(dir, 'anywhere/pw'), 'root-says\n');
    const config = put(join(dir, 'nunect.ini'), ini(secret));
    assert.equal(render(config).code, 0);
    assert.match(rendered(), /root-says/);
    put(secret, 'later\n');
    for (const spoil of [
      () => chmodSync(config, 0o620),
      () => chmodSync(config, 0o602),
      () => chownSync(config, nunect, nunect),
      () => chmodSync(dir, 0o777),
    ]) {
      chmodSync(config, 0o600);
      chownSync(config, 0, 0);
      spoil();
      assert.match(
        render(config).said,
        /hub\.password_file '.*': is not read: others than root can write this config/,
      );
      assert.doesNotMatch(rendered(), /later/);
    }
    chmodSync(dir, 0o755);
    put(join(etc, 'config/nunect.ini'), ini(secret));
    assert.match(render('/etc/config/nunect.ini').said, /logins of LuCI can write this config/);
  });

  test('read by another user than root names what that user may read', (t) => {
    const dir = tempDir(t, 'own');
    chownSync(dir, 65534, 65534);
    const own = (name: string, text: string): string => {
      writeFileSync(join(dir, name), text, { mode: 0o600 });
      chownSync(join(dir, name), 65534, 65534);
      return join(dir, name);
    };
    const config = own('nunect.ini', ini(own('pw', 'mine\n')));
    const words = ['render', '--config', config, '--out', join(dir, 'run')];
    execFileSync(process.execPath, [bundle, ...words], { uid: 65534, gid: 65534, cwd: '/', stdio: 'pipe' });
    assert.match(readFileSync(join(dir, 'run/leaf.conf'), 'utf8'), /mine/);
  });
});
