import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { connect } from '@nats-io/transport-node';
import { UsageError } from '../../agent/cli/io.ts';
import { render } from '../../agent/cli/render.ts';
import { type AgentFile, parseAgentFile } from '../../agent/config/agentfile.ts';
import { connectAs, startServer } from '../kit/leaf/leafdaemon.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { need } from '../kit/process/tools.ts';

const server = need('nats-server');

interface Bench {
  readonly dir: string;
  readonly out: string;
  /** Writes the UCI file and renders it. */
  run(
    uci: string,
    ...flags: string[]
  ): Promise<{ code: number; stdout: string; stderr: string; last: string }>;
  conf(): string;
  agentFile(): AgentFile;
}

function bench(t: TestContext): Bench {
  const dir = tempDir(t, 'render');
  const out = join(dir, 'out');
  const file = join(dir, 'nunect');
  return {
    dir,
    out,
    async run(uci, ...flags) {
      writeFileSync(file, uci, { mode: 0o600 });
      let [stdout, stderr] = ['', ''];
      const io = {
        stdout: (text: string) => {
          stdout += text;
        },
        stderr: (text: string) => {
          stderr += text;
        },
      };
      const code = await render(['--config', file, '--out', out, ...flags], io);
      return { code, stdout, stderr, last: stdout.trimEnd().split('\n').at(-1) ?? '' };
    },
    conf: () => readFileSync(join(out, 'leaf.conf'), 'utf8'),
    agentFile: () => parseAgentFile(readFileSync(join(out, 'agent.json'), 'utf8'), 'agent.json'),
  };
}

// always named: as root, render keeps a derived id in /etc/nunect
const named = "config agent\n option unit 'demo-01'\n";
const unit = (leaf = '', rest = ''): string =>
  `${named}config leaf\n option server '${server}'\n${leaf}\n${rest}\n`;
const hub = (more = ''): string =>
  `config hub\n list url 'nats://127.0.0.1:9'\n option user 'demo-01'\n option password 'hub"secret/'\n${more}\n`;
const user = (name: string, password = 'app-secret'): string =>
  `config user '${name}'\n option password '${password}'\n list publish 'app.>'\n`;

test('the first rendering of a boot starts both services, the same again changes nothing', async (t) => {
  const { run, out, agentFile } = bench(t);
  const first = await run(unit('', hub() + user('app')));
  assert.equal(first.code, 0, first.stderr);
  assert.equal(first.last, 'restart: leaf agent');
  const files = (): string[] => readdirSync(out).filter((name) => !['state', 'render.lock'].includes(name));
  const read = (): string[] => files().map((name) => readFileSync(join(out, name), 'utf8'));
  const before = read();
  const again = await run(unit('', hub() + user('app')));
  assert.deepEqual([again.code, again.stdout], [0, 'nothing to do\n']);
  assert.deepEqual(read(), before);
  assert.deepEqual(files().sort(), ['agent.json', 'leaf.conf']);
  assert.equal(statSync(out).mode & 0o777, 0o750);
  for (const name of files()) assert.equal(statSync(join(out, name)).mode & 0o777, 0o640, name);
  assert.equal(agentFile().leaf?.state, 'current');
});

test('agent.json knows neither the hub password nor those of users', async (t) => {
  const { run, out } = bench(t);
  await run(unit('', hub() + user('app')));
  const text = readFileSync(join(out, 'agent.json'), 'utf8');
  assert.doesNotMatch(text, /hub\\?"secret|app-secret/);
});

test('--stdout masks every secret and writes nothing', async (t) => {
  const { run, out } = bench(t);
  const shown = await run(unit('', hub() + user('app')), '--stdout');
  assert.equal(shown.code, 0);
  assert.doesNotMatch(shown.stdout + shown.stderr, /secret/);
  assert.match(shown.stdout, /nats:\/\/demo-01:\*\*\*@127\.0\.0\.1:9/);
  assert.match(shown.stdout, /password: "\*\*\*"/);
  assert.equal(existsSync(out), false);
  const external = await run(`${named}config leaf\n option mode 'external'\n`, '--stdout');
  assert.deepEqual([external.code, external.stdout], [0, '']);
});

test('it says what changed and what that costs', async (t) => {
  const { run } = bench(t);
  await run(unit('', hub() + user('app')));
  const cases: readonly (readonly [string, string])[] = [
    [
      unit('', hub() + user('app') + user('two')),
      'changed: user.two.name (leaf reload)\nchanged: user.two.publish (leaf reload)\nchanged: user.two.subscribe (leaf reload)\nreload: leaf agent',
    ],
    [
      unit('', hub() + user('app', 'other') + user('two')),
      'changed: leaf.conf, users (leaf reload)\nreload: leaf',
    ],
    [
      unit(" option log_debug '1'", hub() + user('app', 'other') + user('two')),
      'changed: leaf.log_debug (leaf reload)\nreload: leaf agent',
    ],
    [
      unit('', hub(" option reconnect_s '9'") + user('app', 'other') + user('two')),
      'changed: hub.reconnect_s (leaf restart)\nchanged: leaf.log_debug (leaf restart)\nrestart: leaf; reload: agent',
    ],
    [
      unit('', hub(" option reconnect_s '9'") + user('app', 'other') + user('two')).replace(
        'secret/',
        'secret?',
      ),
      'changed: leaf.conf, hub (leaf restart)\nrestart: leaf; reload: agent',
    ],
    [
      unit('', hub(" option reconnect_s '9'") + user('app', 'other') + user('two'))
        .replace('secret/', 'secret?')
        .replace('config agent\n', "config agent\n option interval_s '7'\n"),
      'changed: agent.interval_s (agent reload)\nreload: agent',
    ],
    [
      "config leaf\n option mode 'external'\n option external_url 'nats://127.0.0.1:9'\nconfig agent\n option unit 'demo-01'\n option interval_s '7'\n",
      'restart: leaf; reload: agent',
    ],
  ];
  for (const [uci, expected] of cases) {
    const { code, stdout, stderr } = await run(uci);
    assert.equal(code, 0, stderr);
    assert.ok(stdout.endsWith(`${expected}\n`), `${stdout}\ninstead of\n${expected}`);
  }
});

test('a config that cannot be used never replaces the last good one', async (t) => {
  const { run, conf, agentFile, dir } = bench(t);
  await run(unit('', hub()));
  const good = conf();
  const bad = await run(unit('', hub(` option tls_ca '${join(dir, 'none.pem')}'`)));
  assert.deepEqual([bad.code, bad.last], [1, 'reload: agent']);
  assert.match(bad.stderr, /the last good leaf\.conf stays/);
  assert.match(bad.stderr, /nats-server refuses the leaf\.conf made of it: .*none\.pem/);
  assert.doesNotMatch(bad.stderr, /hub"secret|%22secret/);
  assert.equal(conf(), good);
  assert.equal(agentFile().leaf?.state, 'last_good');
  assert.ok(agentFile().problems.some(({ message }) => message.includes('nats-server refuses')));
  assert.equal((await run(unit('', hub(` option tls_ca '${join(dir, 'none.pem')}'`)))).last, 'nothing to do');
  const creds = `config hub\n list url 'nats://127.0.0.1:9'\n option creds_file '${join(dir, 'none.creds')}'\n`;
  assert.equal((await run(unit('', creds))).code, 1, 'what nats-server -t does not notice');
  assert.equal(conf(), good);
  assert.equal((await run('config "unreadable\n')).code, 1);
  assert.equal(conf(), good);
  const healed = await run(unit('', hub()));
  assert.deepEqual([healed.code, healed.last], [0, 'reload: agent']);
});

test('with nothing to fall back on the unit still joins its hub, or at least runs', async (t) => {
  const { run, agentFile, conf } = bench(t);
  const noHub = unit('', `config hub\n list url 'ws://h'\n option tls_insecure 1\n${user('app')}`);
  const local = await run(noHub);
  assert.deepEqual(
    [local.code, local.last, agentFile().leaf?.state],
    [1, 'restart: leaf agent', 'local_only'],
  );
  assert.match(local.stderr, /runs without its hub/);
  assert.doesNotMatch(local.stderr, /is not set/);
  assert.doesNotMatch(conf(), /leafnodes/);
  const lame = unit(" option tls_cert '/none.pem'\n option tls_key '/none.key'", hub() + user('app'));
  const joined = await run(lame);
  assert.deepEqual([joined.code, agentFile().leaf?.state], [1, 'hub_only']);
  assert.match(conf(), /leafnodes/);
  assert.deepEqual(agentFile().connection.servers, ['nats://127.0.0.1:4222']);
  assert.equal((await run(lame)).last, 'nothing to do');
});

test('without a server program the agent still gets its file', async (t) => {
  const { run, agentFile, out } = bench(t);
  const none = await run(`${named}config leaf\n option server '/no/nats-server'\n`);
  assert.deepEqual([none.code, none.last], [1, 'restart: agent']);
  assert.match(none.stderr, /leaf\.server: there is no program '\/no\/nats-server'/);
  assert.equal(agentFile().leaf?.state, 'none');
  assert.equal(existsSync(join(out, 'leaf.conf')), false);
});

test('a program that is no nats-server, or is hard to start, is named', async (t) => {
  const { run, dir } = bench(t);
  assert.match(
    (await run(`${named}config leaf\n option server '/bin/true'\n`)).stderr,
    /'\/bin\/true --version' gives no version/,
  );
  const plain = join(dir, 'not-executable');
  writeFileSync(plain, '');
  assert.match(
    (await run(`${named}config leaf\n option server '${plain}'\n`)).stderr,
    /cannot be started \(EACCES\)/,
  );
});

test('modes external and off leave no leaf.conf behind', async (t) => {
  const { run, agentFile, out } = bench(t);
  await run(unit());
  const external = await run(
    `${named}config leaf\n option mode 'external'\n option external_url 'tls://n:4333'\n option external_user 'u'\n option external_password 'p'\n option external_monitor_url 'http://127.0.0.1:8222'\n`,
  );
  assert.equal(external.code, 0);
  assert.equal(existsSync(join(out, 'leaf.conf')), false);
  assert.deepEqual(agentFile().connection, { servers: ['tls://n:4333'], user: 'u', password: 'p', tls: {} });
  assert.deepEqual(agentFile().monitor, { kind: 'http', url: 'http://127.0.0.1:8222' });
  await run(`${named}config leaf\n option mode 'off'\n${hub(" list url 'nats://h'")}`);
  assert.deepEqual(agentFile().connection, {
    servers: ['nats://127.0.0.1:9', 'nats://h:4222'],
    user: 'demo-01',
    password: 'hub"secret/',
  });
  assert.equal(agentFile().leaf, undefined);
});

test('local passwords are new in a new boot and after a garbled agent.json', async (t) => {
  const { run, agentFile, out } = bench(t);
  await run(unit());
  const { agent } = agentFile().local;
  const path = join(out, 'agent.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace(agentFile().local.boot_id, 'an-older-boot'));
  const other = await run(unit());
  assert.equal(other.last, 'restart: leaf agent');
  assert.notEqual(agentFile().local.agent, agent);
  writeFileSync(path, '{');
  assert.equal((await run(unit())).last, 'restart: leaf agent');
});

test('files that hold secrets are read, and a bad one is named', async (t) => {
  const { run, conf, dir } = bench(t);
  writeFileSync(join(dir, 'pw'), 'from a file\nnot this\n', { mode: 0o600 });
  const withFiles = `config hub\n list url 'nats://h'\n option user 'u'\n option password_file '${join(dir, 'pw')}'\nconfig user 'app'\n option password_file '${join(dir, 'empty')}'\n`;
  writeFileSync(join(dir, 'empty'), '\n', { mode: 0o600 });
  const { code, stderr } = await run(unit('', withFiles));
  assert.equal(code, 0, stderr);
  assert.match(conf(), /nats:\/\/u:from%20a%20file@h:7422/);
  assert.match(stderr, /user\.app\.password_file '.*empty': its first line is empty: must be the secret/);
  assert.doesNotMatch(conf(), /"app"/);
});

test('wrong arguments are a usage error', async (t) => {
  await assert.rejects(bench(t).run('', '--nonsense'), UsageError);
  assert.match((await bench(t).run('', '--help')).stdout, /^usage: nunect render/);
});

test('leaf.interface gives the address that the leaf listens on and the agent connects to', async (t) => {
  const { run, conf, agentFile } = bench(t);
  const onLan = unit(" option interface 'lan'");
  assert.equal((await run(onLan, '--leaf-address', '192.168.1.1')).last, 'restart: leaf agent');
  assert.match(conf(), /^host: "?192\.168\.1\.1/m);
  const onLoopback = 'nats://127.0.0.1:4222'; // while it cannot listen on the other
  assert.deepEqual(agentFile().connection.servers, ['nats://192.168.1.1:4222', onLoopback]);
  assert.equal((await run(onLan, '--leaf-address', '192.168.1.1')).last, 'nothing to do');
  const moved = await run(onLan, '--leaf-address', '10.0.0.1');
  assert.match(moved.stdout, /^changed: leaf\.listen \(leaf restart\)$/m);
  const gone = await run(onLan);
  assert.equal(gone.code, 0);
  assert.match(gone.stderr, /warning: leaf\.interface 'lan': has no IPv4 address now: .* 127\.0\.0\.1 only/);
  assert.match(conf(), /^host: "?127\.0\.0\.1/m);
  assert.match((await run(unit(" option interface 'lo'"), '--stdout')).stdout, /^host: "?127\.0\.0\.1/m);
  await assert.rejects(run(onLan, '--leaf-address', 'lan'), UsageError);
});

describe('what render prints is enough for a running leaf', () => {
  test('a new user is let in after the reload that it asks for', async (t) => {
    const { run, out, agentFile } = bench(t);
    const port = await reservePort();
    const listen = ` option port '${port}'`;
    await run(unit(listen, user('app')));
    const leaf = await startServer(t, server, join(out, 'leaf.conf'));
    const agent = await connectAs(agentFile().connection);
    t.after(() => agent.close());
    const { last } = await run(unit(listen, user('app') + user('two', 'two-secret')));
    assert.equal(last, 'reload: leaf agent');
    leaf.kill('SIGHUP');
    const two = await eventually('login', () =>
      connect({ port, user: 'two', pass: 'two-secret', reconnect: false }).catch(() => undefined),
    );
    await two.close();
    assert.equal(agent.isClosed(), false, 'the agent was not thrown out');
  });
});

describe('hub settings that have joined outlive', () => {
  const joins = (url: string): string =>
    `config hub\n list url '${url}'\n option user 'demo-01'\n option password 'pw'\n`;

  /** A unit whose hub settings joined, and were changed afterwards; then its RAM is lost. */
  async function rebooted(t: TestContext, bad: string) {
    const { dir, out, run, conf, agentFile } = bench(t);
    const flash = join(dir, 'flash');
    await run(unit('', joins('nats://good.example:7')), '--keep', flash);
    const { hub = '' } = agentFile().leaf ?? {};
    writeFileSync(join(out, 'state/joined'), `${hub}\n`); // as the agent does
    await run(unit('', joins('nats://next.example:7')), '--keep', flash);
    assert.equal(agentFile().leaf?.fallback?.hub, hub);
    assert.equal(statSync(join(flash, 'hub.good')).mode & 0o777, 0o600);
    rmSync(out, { recursive: true });
    const { code } = await run(unit('', bad), '--keep', flash);
    return { hub, code, text: conf(), file: agentFile(), run: (uci: string) => run(uci, '--keep', flash) };
  }

  test('a reboot on others, which are tried first', async (t) => {
    const { hub, code, text, file } = await rebooted(t, joins('nats://next.example:7'));
    assert.equal(code, 0);
    assert.match(text, /next\.example/);
    assert.equal(file.leaf?.fallback?.hub, hub);
    assert.deepEqual(file.leaf.fallback.urls, ['nats://good.example:7']);
    assert.equal(JSON.stringify(file.config).includes('good.example'), false);
  });

  test('a reboot on mistakes that leave no hub at all, and are used at once', async (t) => {
    for (const bad of [
      joins('htp://mistyped:7'),
      joins('nats://h:7').replace("'pw'\n", "'pw'\n option tls_ca '/no/such.pem'\n"),
    ]) {
      const { hub, text, file } = await rebooted(t, bad);
      assert.match(text, /good\.example:7/);
      assert.equal(file.leaf?.hub, hub);
      assert.equal(file.leaf.fallback, undefined);
      assert.deepEqual(file.config.hub.url, ['nats://good.example:7']);
      assert.ok(file.problems.some(({ option = '' }) => option.startsWith('hub.')));
    }
  });

  test('but not the wish to have no hub', async (t) => {
    const { text, file } = await rebooted(t, '');
    assert.doesNotMatch(text, /leafnodes/);
    assert.equal(file.leaf?.fallback, undefined);
  });
});
