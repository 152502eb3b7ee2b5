// Recognisable secrets in every place where a config may have one; then all that the unit says is searched for them.
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { connect, nkeys } from '@nats-io/transport-node';
import { leaksIn, openFiles, type Planted, processText } from '../kit/attack/secrets.ts';
import { serversToTest } from '../kit/hub/fleet.ts';
import { seedOf } from '../kit/hub/jwt.ts';
import { daemon, eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, need, runtime } from '../kit/process/tools.ts';
import { bundle, nunect, startHub, startUnit } from '../kit/unit/site.ts';

const unit = 'demo-01';
const hubPassword = `change-me-${unit}`;
/** With all that some syntax escapes. */
const secret = (name: string): string => `pl4nted-${name}-"q\\b/s%p@c:#d$e f`;
const server = natsServers().newest ?? need('nats-server');

const expectNone = (what: string, text: string, planted: Planted): void =>
  assert.deepEqual(leaksIn(text, planted), [], `${what}: ${text}`);

const uciUser = (name: string, more: string): string =>
  `config user '${name}'\n\t${more}\n\tlist publish 'app.>'\n\tlist subscribe 'app.>'\n`;

/** A file with a secret, readable by its owner. */
function secretFile(dir: string, name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, `${text}\n`, { mode: 0o600 });
  return path;
}

for (const { name, program } of serversToTest()) {
  test(`a unit that runs, is refused and crashes tells no secret, ${name} nats-server`, async (t) => {
    const dir = tempDir(t, 'secrets');
    const hub = await startHub(t, tempDir(t, 'hub'), program);
    const records: string[] = [];
    hub.nc.subscribe('>', {
      callback: (_error, m) =>
        void records.push(`${m.subject} ${[...(m.headers ?? [])].join()} ${m.string()}`),
    });
    const [app, filed, wrong] = [secret('app'), secret('filed'), secret('wrong')];
    const crash = join(dir, 'crash.cjs');
    writeFileSync(crash, "process.on('SIGUSR2', () => { throw new Error('injected'); });\n");
    const file = secretFile(dir, 'app.password', filed);
    const more = [
      "config agent\n\toption log_level 'debug'\n\toption log_publish 'debug'\n",
      "config leaf\n\toption log_debug '1'\n",
      uciUser('app', `option password '${app}'`),
      uciUser('filed', `option password_file '${file}'`),
    ].join('\n');
    const opts = { dir, unit, server: program, hubPort: hub.leafPort, interval_s: 1, more };
    const site = await startUnit(t, { ...opts, nodeFlags: ['--require', crash] });
    const { local } = JSON.parse(readFileSync(join(dir, 'agent.json'), 'utf8')) as {
      local: { agent: string; monitor: string };
    };
    const planted = { hubPassword, app, filed, wrong, agent: local.agent, monitor: local.monitor };
    const conf = readFileSync(join(dir, 'leaf.conf'), 'utf8');
    assert.deepEqual(
      leaksIn(conf, planted),
      ['hubPassword', 'app', 'filed', 'agent', 'monitor'],
      'the search finds',
    );
    await eventually('records', async () => (await hub.stored()) > 5);

    const outputs = (): string => site.leaf().output() + site.agent().output();
    const pages = async (): Promise<string> => {
      const paths = ['', 'status.json', 'metrics', 'recorder.json', 'healthz'];
      const texts = await Promise.all(paths.map(async (path) => (await fetch(site.statusUrl + path)).text()));
      return texts.join('\n');
    };
    const search = async (when: string): Promise<void> => {
      expectNone(`output ${when}`, outputs(), planted);
      expectNone(`pages ${when}`, await pages(), planted);
      expectNone(`processes ${when}`, processText(site.agent().pid) + processText(site.leaf().pid), planted);
    };
    const logIn = (user: string, pass: string) =>
      connect({ servers: `127.0.0.1:${site.leafPort}`, user, pass, reconnect: false });
    for (const [user, password] of Object.entries({ app, filed }))
      await (await logIn(user, password)).close();
    await assert.rejects(logIn('app', wrong), /Authorization/i);
    await search('in good times');

    const uci = readFileSync(site.config, 'utf8').replace(hubPassword, wrong);
    writeFileSync(site.config, uci);
    const render = await nunect(['render', '--config', site.config, '--out', dir]);
    expectNone('render', render.stdout + render.stderr, planted);
    site.agent().kill('SIGHUP');
    await site.restartLeaf();
    await eventually('refusal by the hub', () => site.leaf().output().includes('Authorization Violation'));
    await eventually('reload', () => site.agent().output().includes('config reloaded'));
    await search('when the hub refuses');

    site.leaf().kill('SIGQUIT'); // Go prints all its stacks
    await eventually('the stacks', () => site.leaf().output().includes('goroutine '));
    await eventually('the agent notices', () => site.agent().output().includes('disconnected'));
    site.agent().kill('SIGUSR2');
    await site.agent().exited;
    assert.match(site.agent().output(), /injected/);
    expectNone('last words', outputs(), planted);
    expectNone('what the hub heard', records.join('\n'), planted);
    assert.ok(records.some((line) => line.startsWith('ops.log.DEBUG') || line.startsWith('ops.log.INFO')));
    for (const { path, text } of openFiles(dir)) expectNone(path, text, planted);
  });
}

describe('commands tell no secret', () => {
  const planted: Planted = Object.fromEntries(
    ['hub', 'app', 'external', 'typo', 'listed', 'twice', 'url', 'open'].map((name) => [name, secret(name)]),
  );
  const said = async (t: TestContext, what: string, uci: string, ...args: string[]): Promise<string> => {
    const dir = tempDir(t, 'secrets');
    const config = secretFile(dir, 'nunect', uci);
    const out = args[0] === 'render' && !args.includes('--stdout') ? ['--out', join(dir, 'out')] : [];
    const { stdout, stderr } = await nunect([...args, '--config', config, ...out]);
    expectNone(what, stdout + stderr, planted);
    for (const one of openFiles(dir)) expectNone(one.path, one.text, planted);
    return stdout + stderr;
  };
  const login = `config agent\n option unit 'demo-01'\nconfig hub\n list url 'nats://127.0.0.1:9'\n option user 'demo-01'\n option password '${planted['hub']}'\n`;
  const managed = `${login}config leaf\n option server '${server}'\n${uciUser('app', `option password '${planted['app']}'`)}`;

  test('of a config with mistakes in and around them', async (t) => {
    const mistakes = [
      `config hub\n option pasword '${planted['typo']}'\n`,
      `config hub\n list password '${planted['listed']}'\n option password '${planted['twice']}'\n`,
      `config hub\n list url 'tls://demo-01:${planted['url']}@hub.example.org:7422'\n`,
      `config hub\n option password '${planted['open']}\n`,
      `config hub\n option password '${'x'.repeat(300)}${planted['open']}'\n`,
      `config hub\n option password ${planted['open']}\n`,
      `config agent\n option external_password '${planted['external']}'\n`,
    ];
    for (const mistake of mistakes)
      for (const command of ['check', 'render', 'render --stdout']) {
        const text = await said(t, `${command} of ${mistake}`, managed + mistake, ...command.split(' '));
        assert.notEqual(text, '');
      }
  });

  test('of a config that the server refuses, whatever it quotes of it', async (t) => {
    const dir = tempDir(t, 'refusing');
    const garbage = secretFile(dir, 'cert.pem', 'no certificate');
    const tls = `config leaf\n option tls_cert '${garbage}'\n option tls_key '${garbage}'\n`;
    assert.match(await said(t, 'a bad certificate', managed + tls, 'render'), /refuses|tls_cert/);
    // a server that says all it was given, which is more than any does
    const talkative = join(dir, 'talkative');
    writeFileSync(
      talkative,
      '#!/bin/sh\n[ "$1" = --version ] && exec echo nats-server: v2.15.2\ncat "$3" >&2\nexit 1\n',
    );
    chmodSync(talkative, 0o755);
    const text = await said(t, 'a talkative server', managed.replace(server, talkative), 'render');
    assert.match(text, /refuses.*\*\*\*/s);
    const secret = seedOf(nkeys.createUser());
    const seed = secretFile(dir, 'seed', secret);
    const nkey = managed.replace(/ option user.*\n option password.*\n/, ` option nkey_file '${seed}'\n`);
    const shown = await said(t, 'an nkey seed', nkey.replace(server, talkative), 'render');
    assert.ok(!shown.includes(secret), 'the seed is shown');
  });

  test('of other servers that the agent logs in to, with a password and with a creds file', async (t) => {
    const dir = tempDir(t, 'external');
    const port = await reservePort();
    const conf = secretFile(
      dir,
      'server.conf',
      `listen: "127.0.0.1:${port}"\nauthorization { user: u, password: p }`,
    );
    const other = daemon(t, server, ['-c', conf]);
    await eventually('the server', () => other.output().includes('Server is ready'));
    const seed = `SU${'PLANTEDSEED'.padEnd(56, 'A')}`;
    const creds = secretFile(
      dir,
      'creds',
      `-----BEGIN NATS USER JWT-----\neyJwbGFudGVk.${seed}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`,
    );
    const all = { ...planted, seed };
    const ways = {
      external: `config leaf\n option mode 'external'\n option external_url 'nats://127.0.0.1:${port}'\n option external_user 'u'\n option external_password '${planted['external']}'\n`,
      creds: `config leaf\n option mode 'external'\n option external_url 'nats://127.0.0.1:${port}'\n option external_creds_file '${creds}'\n`,
      off: `${login.replace('127.0.0.1:9', `127.0.0.1:${port}`)}config leaf\n option mode 'off'\n`,
    };
    for (const [name, uci] of Object.entries(ways)) {
      const out = join(dir, `${name}.run`);
      const status = await reservePort();
      const text = `config agent\n option unit 'demo-01'\n option log_level 'debug'\nconfig status\n option port '${status}'\n${uci}`;
      const config = secretFile(dir, `${name}.uci`, text);
      const agent = daemon(t, runtime(), [bundle, 'run', '--config', config, '--dir', out]);
      await eventually(`${name}: refused`, () => agent.output().includes('cannot connect')).catch(
        (error: Error) => {
          throw new Error(`${error.message}\n${agent.output()}`);
        },
      );
      const page = await eventually('the page', () =>
        fetch(`http://127.0.0.1:${status}/status.json`).catch(() => undefined),
      );
      expectNone(name, (await page.text()) + agent.output() + processText(agent.pid), all);
      await agent.end('SIGTERM');
      for (const one of openFiles(out)) expectNone(one.path, one.text, all);
    }
    const password = secretFile(dir, 'echo.password', planted['external'] ?? '');
    const args = [
      'echo',
      'demo-01',
      '-c',
      '1',
      '--server',
      `nats://127.0.0.1:${port}`,
      '--user',
      'u',
      '--password-file',
      password,
    ];
    const echoed = await nunect(args);
    assert.notEqual(echoed.code, 0);
    expectNone('nunect echo', echoed.stdout + echoed.stderr + other.output(), all);
  });

  test('of a password in an address on the command line', async () => {
    for (const url of ['nats://u:pl4nted@127.0.0.1:9', 'nats://pl4nted@127.0.0.1:9']) {
      const { stdout, stderr } = await nunect(['echo', 'demo-01', '-c', '1', '-W', '1', '--server', url]);
      assert.doesNotMatch(stdout + stderr, /pl4nted/);
    }
  });
});
