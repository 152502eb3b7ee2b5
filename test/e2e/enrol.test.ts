// A unit that enrols by the command, and then runs: real servers, the bundle, and an issuer of the test.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { leaksIn, processText } from '../kit/attack/secrets.ts';
import { type EnrolHub, enrolHub } from '../kit/hub/enrolhub.ts';
import { keepLeaf } from '../kit/leaf/leafkeeper.ts';
import { daemon, eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, runtime } from '../kit/process/tools.ts';
import { bundle, nunect, startUnit } from '../kit/unit/site.ts';
import { until } from '../kit/unit/until.ts';

const servers = Object.entries(natsServers()).flatMap(([name, program]) =>
  program === undefined ? [] : [{ name, program }],
);
const newest = natsServers().newest ?? '';

/** A device without a hub in its config. */
function device(t: TestContext, uci = "config agent\n option unit 'demo-01'\n") {
  const dir = tempDir(t, 'enrol');
  const config = join(dir, 'first');
  writeFileSync(config, uci, { mode: 0o600 });
  const keep = join(dir, 'keep');
  return {
    dir,
    keep,
    enrol: (token: string, ...more: string[]) =>
      nunect(['enrol', token, '--keep', keep, '--config', config, '--no-reload', ...more]),
  };
}

const stored = async (hub: EnrolHub, subject: string): Promise<number> => {
  const answer = await hub.fleet.request(
    '$JS.API.STREAM.INFO.NUNECT',
    JSON.stringify({ subjects_filter: subject }),
    { timeout: 5000 },
  );
  const { state } = answer.json<{ state: { subjects?: Record<string, number> } }>();
  return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0);
};

for (const { name, program } of servers)
  for (const plain of [false, true])
    test(`nats-server ${name}${plain ? ', without TLS' : ''}: one token, and the unit is in the fleet`, async (t) => {
      const hub = await enrolHub(t, program, { plain });
      const one = device(t);
      const done = await one.enrol(hub.token('t1'));
      assert.equal(done.code, 0, done.stderr);
      assert.match(done.stdout, /^key U\w{55}\n[\s\S]*enrolled as demo-01 at (tls|nats):\/\/127.0.0.1:/);
      const again = await one.enrol(hub.token('t1'));
      assert.equal(again.stdout.split('\n')[0], done.stdout.split('\n')[0], 'the same key');
      const unit = await startUnit(t, {
        dir: one.dir,
        unit: 'demo-01',
        server: program,
        hubPort: 0,
        plainHub: false,
        keep: one.keep,
        interval_s: 1,
      });
      await until(unit, 'the hub is joined', (now) => now.link.hub_up === true);
      const echo = await hub.fleet.request('ops.echo.demo-01', 'hello', { timeout: 5000 });
      assert.equal(echo.string(), 'hello');
      for (const subject of ['ops.heartbeat.demo-01', 'ops.metric.time.demo-01', 'ops.status.leaf.demo-01'])
        await eventually(`${subject} is stored`, async () => (await stored(hub, subject)) > 0);
      const { problems } = (await unit.status()) as unknown as { problems: string[] };
      assert.deepEqual(
        problems.filter((text) => /permitted|user JWT/.test(text)),
        [],
      );
      const seed = readFileSync(join(one.keep, 'enrol', 'seed'), 'utf8').trim();
      for (const file of ['agent.json', 'leaf.conf'])
        assert.ok(!readFileSync(join(one.dir, file), 'utf8').includes(seed), file);
    });

test('the command says where its enrolment will not be used, and refuses to cross a token of the config', async (t) => {
  const hub = await enrolHub(t, newest);
  const named = device(t, "config hub\n list url 'nats://hub.example:7422'\n");
  const done = await named.enrol(hub.token('t1'));
  assert.equal(done.code, 0);
  assert.match(done.stderr, /the enrolment is not used: the config has a hub.url/);
  const external = device(t, "config leaf\n option mode 'external'\n");
  assert.match((await external.enrol(hub.token('t1'))).stderr, /leaf.mode is external/);
  const tokened = device(t, `config hub\n option enrol_token '${hub.token('t2')}'\n`);
  const crossed = await tokened.enrol(hub.token('t1'));
  assert.equal(crossed.code, 1);
  assert.match(crossed.stderr, /hub.enrol_token is another token/);
});

test('what the command says of a token that is none, cut, or of another hub', async (t) => {
  const hub = await enrolHub(t, newest);
  const one = device(t);
  assert.match((await one.enrol('hello')).stderr, /a token begins with nunect-/);
  const cut = await one.enrol(hub.token('t1').slice(0, -9));
  assert.equal(cut.code, 2);
  assert.match(cut.stderr, /cut or garbled/);
  const { pin } = await enrolHub(t, newest);
  const foreign = await one.enrol(hub.token('t1', { ca: pin }), '--wait', '2');
  assert.equal(foreign.code, 1);
  assert.match(foreign.stdout, /shows the certificate of another hub than the token names/);
  assert.equal(hub.issuer.requests.length, 0, 'it was told nothing');
  hub.issuer.mode = 'token_used_up';
  const refused = await one.enrol(hub.token('t1'));
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /refused \(token_used_up\): because of token_used_up/);
  assert.ok(!existsSync(join(one.keep, 'enrol', 'hub.json')));
});

/** A unit that renders its config itself, and whose leaf is started again whenever it ends. */
async function selfRendering(t: TestContext, uci: string, { program = newest, mode = 'managed' } = {}) {
  const dir = tempDir(t, 'enrol');
  const [port, status, chrony] = [await reservePort(), await reservePort(), await reservePort()];
  const config = join(dir, 'nunect');
  const write = (more: string): void =>
    writeFileSync(
      config,
      `config agent 'agent'
	option host 'bare'
	option interval_s '1'
	option traffic 'lan'
	option log_level 'debug'
	option log_publish 'debug'
config leaf 'leaf'
	option server '${program}'
	option mode '${mode}'
	option log_debug '1'
	option port '${port}'
config status 'status'
	option port '${status}'
config time 'time'
	option chrony_port '${chrony}'
	list ptp_socket '${dir}/none'
${more}`,
      { mode: 0o600 },
    );
  write(uci);
  const out = join(dir, 'run');
  const agent = daemon(t, runtime(), [
    bundle,
    'run',
    '--config',
    config,
    '--dir',
    out,
    '--keep',
    join(dir, 'keep'),
  ]);
  if (mode === 'managed') {
    await eventually('leaf.conf', () => existsSync(join(out, 'leaf.conf')));
    await keepLeaf(t, out, program);
  }
  return {
    page: async (path: string) => (await fetch(`http://127.0.0.1:${status}/${path}`)).text(),
    dir,
    keep: join(dir, 'keep'),
    write,
    agent: () => agent,
    status: async () =>
      (await (await fetch(`http://127.0.0.1:${status}/status.json`)).json()) as Record<string, never>,
  };
}

test('a token in the config: the page says what it waits for, then the unit joins under the id that the hub gives', async (t) => {
  const hub = await enrolHub(t, newest);
  hub.issuer.mode = 'pending';
  const unit = await selfRendering(
    t,
    `config hub 'hub'\n\toption reconnect_s '1'\n\toption enrol_token '${hub.token('t1')}'\n`,
  );
  const waiting = await until(unit, 'it waits', (now) =>
    now.problems.some((text) => text.includes('approval')),
  );
  assert.deepEqual(
    waiting.problems.filter((text) => /not enrolled|not set up/.test(text)),
    ['not enrolled yet: the hub waits for approval by a person'],
  );
  hub.issuer.mode = 'accept';
  hub.issuer.answerAll();
  await until(
    unit,
    'it is given-01 and joined',
    (now) => now.unit === 'given-01' && now.link.hub_up === true,
  );
  const echo = await hub.fleet.request('ops.echo.given-01', 'hello', { timeout: 5000 });
  assert.equal(echo.string(), 'hello');
  await eventually('its records are stored', async () => (await stored(hub, 'ops.heartbeat.given-01')) > 2);
  assert.equal(new Set(hub.issuer.requests.map(({ key }) => key)).size, 1);
});

test('a hub that takes websockets only: enrolment and link go by them', async (t) => {
  const hub = await enrolHub(t, newest);
  const urls = [`wss://127.0.0.1:${hub.wsPort}`];
  hub.issuer.change = (answer) => ({ ...answer, urls, leaf_urls: urls }) as typeof answer;
  const token = hub.token('t1', { urls });
  const unit = await selfRendering(
    t,
    `config hub 'hub'\n\toption reconnect_s '1'\n\toption enrol_token '${token}'\n`,
  );
  await until(unit, 'it is joined', (now) => now.unit === 'given-01' && now.link.hub_up === true);
  const echo = await hub.fleet.request('ops.echo.given-01', 'hello', { timeout: 5000 });
  assert.equal(echo.string(), 'hello');
  assert.match(readFileSync(join(unit.dir, 'run/leaf.conf'), 'utf8'), /"wss:/);
});

/** All files below a folder, with their text. */
const filesBelow = (dir: string): { path: string; text: string }[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => ({ path, text: readFileSync(path, 'latin1') }));

for (const mode of ['managed', 'off'])
  test(`mode ${mode}: the seed is in its two files and nowhere else, on the unit or at the hub`, async (t) => {
    const hub = await enrolHub(t, newest);
    const heard: string[] = [];
    for (const nc of [hub.fleet, hub.enrol])
      nc.subscribe('>', {
        callback: (_error, m) =>
          void heard.push(`${m.subject} ${[...(m.headers ?? [])].join()} ${m.string()}`),
      });
    const token = hub.token('t1');
    const [, tokenSeed = ''] =
      /"seed":"(\w+)"/.exec(Buffer.from(token.slice(7), 'base64url').toString()) ?? [];
    const uci = `config hub 'hub'\n\toption reconnect_s '1'\n\toption enrol_token '${token}'\n`;
    const unit = await selfRendering(t, uci, { mode });
    await until(unit, 'it is in the fleet', (now) => now.unit === 'given-01' && now.link.connected);
    await eventually('records', async () => (await stored(hub, 'ops.heartbeat.given-01')) > 2);
    const echo = await hub.fleet.request('ops.echo.given-01', 'hello', { timeout: 5000 });
    assert.equal(echo.string(), 'hello');
    const seed = readFileSync(join(unit.keep, 'enrol', 'seed'), 'utf8').trim();
    const planted = { seed };
    const holding = filesBelow(unit.dir).filter(({ text }) => leaksIn(text, planted).length > 0);
    assert.deepEqual(holding.map(({ path }) => path.slice(unit.dir.length)).sort(), [
      '/keep/enrol/seed',
      '/keep/enrol/unit.creds',
    ]);
    assert.deepEqual(
      filesBelow(hub.dir).filter(({ text }) => leaksIn(text, planted).length > 0),
      [],
    );
    const pages = await Promise.all(['', 'status.json', 'metrics', 'recorder.json'].map(unit.page));
    const said = [
      ...pages,
      ...heard,
      unit.agent().output(),
      hub.server().output(),
      processText(unit.agent().pid),
    ].join('\n');
    assert.deepEqual(leaksIn(said, { seed, tokenSeed, token }), []);
    assert.ok(heard.length > 10);
  });

test('the command line of a device that enrols shows no token', async (t) => {
  const hub = await enrolHub(t, newest);
  hub.issuer.mode = 'pending';
  const dir = tempDir(t, 'enrol');
  const token = hub.token('t1');
  const given = ['enrol', token, '--keep', join(dir, 'keep'), '--config', join(dir, 'none'), '--no-reload'];
  const command = daemon(t, runtime(), [bundle, ...given]);
  await eventually('it waits', () => command.output().includes('approval'));
  assert.deepEqual(leaksIn(processText(command.pid), { token }), []);
  await command.end('SIGTERM');
  assert.match(command.output(), /not enrolled yet: the same command goes on with the same key/);
});
