import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import { parseAgentFile } from '../../agent/config/agentfile.ts';
import { known } from '../../agent/lib/known.ts';
import { serversToTest } from '../kit/hub/fleet.ts';
import { authority, connectAs, exampleHub, startServer } from '../kit/leaf/leafdaemon.ts';
import { type HolePath, holePath } from '../kit/net/holepath.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { need, withoutNewest } from '../kit/process/tools.ts';
import { type Hub, nunect, type RunningUnit, startHub, startUnit } from '../kit/unit/site.ts';

const unit = 'demo-01';
const newest = serversToTest().at(-1)?.program ?? need('nats-server');

interface Told {
  readonly event: string;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly evidence?: string;
}

/** Everything the unit tells as events, as the hub's stream gets it. */
function eventsAt(nc: NatsConnection): Told[] {
  const all: Told[] = [];
  nc.subscribe(`ops.status.leaf.${unit}`, {
    callback: (_error, message) => void all.push(message.json() as Told),
  });
  return all;
}

type Status = {
  readonly status: string;
  readonly problems: readonly string[];
  readonly link: {
    readonly hub_up?: boolean;
    readonly hub_changes?: number;
    readonly last_error?: string;
    readonly cause?: string;
  };
};

/** Asked again where the status server is just being started anew. */
const statusOf = (one: RunningUnit): Promise<Status> =>
  eventually('a status', () => one.status().catch(() => undefined)) as Promise<unknown> as Promise<Status>;

const joined = (one: RunningUnit, is = true): Promise<unknown> =>
  eventually(`hub_up ${is}`, async () => (await statusOf(one)).link.hub_up === is, 90_000, 100);

/** Renders as on a router, where the last good hub settings outlive a reboot in another place. */
function renderAgain(one: RunningUnit): ReturnType<typeof nunect> {
  const ram = join(one.stateDir, '..');
  return nunect(['render', '--config', one.config, '--out', ram, '--keep', join(ram, 'flash')]);
}

/** What the leaf tells of its links, asked as the agent asks. */
async function leafz(one: RunningUnit): Promise<Record<string, unknown>[]> {
  const file = parseAgentFile(readFileSync(join(one.stateDir, '../agent.json'), 'utf8'), 'agent.json');
  const { monitor } = file;
  if (monitor?.kind !== 'system') throw new Error('no monitor');
  const nc = await connectAs({ ...file.connection, user: monitor.user, password: monitor.password });
  try {
    const answer = await nc.request('$SYS.REQ.SERVER.PING.LEAFZ', '', { timeout: 5000 });
    return (answer.json() as { data: { leafs?: Record<string, unknown>[] } }).data.leafs ?? [];
  } finally {
    await nc.close();
  }
}

/** Changes the UCI file and does what the init scripts do then. */
async function change(one: RunningUnit, edit: (text: string) => string): Promise<void> {
  writeFileSync(one.config, edit(readFileSync(one.config, 'utf8')));
  const { code, stdout, stderr } = await renderAgain(one);
  assert.equal(code, 0, stderr);
  const todo = stdout.trimEnd().split('\n').at(-1) ?? '';
  if (todo.includes('restart: leaf')) one.leaf().kill('SIGTERM');
  one.agent().kill('SIGHUP');
}

/** RAM is empty, and the config is what is asked for. */
async function reboot(one: RunningUnit): Promise<void> {
  const ram = join(one.stateDir, '..');
  await one.agent().end('SIGTERM');
  for (const name of ['agent.json', 'leaf.conf', 'leaf.fallback.conf', 'hub.good'])
    rmSync(join(ram, name), { force: true });
  for (const name of ['joined', 'fallback', 'running']) rmSync(join(one.stateDir, name), { force: true });
  assert.equal((await renderAgain(one)).code, 0);
  one.leaf().kill('SIGTERM');
  await one.startAgent();
}

const leafOptions = (...lines: string[]) =>
  `config leaf 'leaf'\n${lines.map((line) => `\toption ${line}\n`).join('')}`;

interface SiteOptions {
  readonly more?: string;
  readonly server?: string;
  /** Between an end of the server and its next start. */
  readonly pauseMs?: number;
  /** Stands between unit and hub. */
  readonly path?: (hub: Hub) => Promise<number>;
}

let lastStart: Promise<unknown> = Promise.resolve();

/** Starts one after the other: the machine has other things to do. */
function inTurn<T>(start: () => Promise<T>): Promise<T> {
  const mine = lastStart.then(start);
  lastStart = mine.catch(() => {});
  return mine;
}

const site = (t: TestContext, opts: SiteOptions) => inTurn(() => startSite(t, opts));

async function startSite(
  t: TestContext,
  opts: SiteOptions,
): Promise<{ hub: Hub; one: RunningUnit; told: Told[] }> {
  const dir = tempDir(t, 'leaflife');
  const hub = await startHub(t, dir, newest);
  const told = eventsAt(hub.nc);
  const hubPort = (await opts.path?.(hub)) ?? hub.leafPort;
  const server = opts.server ?? newest;
  const one = await startUnit(t, {
    dir,
    unit,
    server,
    hubPort,
    interval_s: 1,
    kept: opts.pauseMs === undefined ? true : { pauseMs: opts.pauseMs },
    ...known({ more: opts.more }),
  });
  await joined(one);
  return { hub, one, told };
}

const said = (told: readonly Told[], event: string): Promise<Told> =>
  eventually(`event ${event}`, () => told.find((one) => one.event === event), 90_000).catch((error) => {
    throw new Error(`${error}\n${JSON.stringify(told, undefined, 1)}`);
  });

const problem = (one: RunningUnit, pattern: RegExp): Promise<string> =>
  eventually(
    `a problem like ${pattern}`,
    async () => (await statusOf(one)).problems.find((text) => pattern.test(text)),
    90_000,
    100,
  ).catch(async (error) => {
    throw new Error(
      `${error}\n${JSON.stringify(await statusOf(one))}\n${one.agent().output()}\n${one.leaf().output().slice(-2000)}`,
    );
  });

const wrongPassword = (text: string): string => text.replace(`'change-me-${unit}'`, "'wrong'");

describe('the life of a leaf', { concurrency: 4 }, () => {
  describe('hub settings that do not join', { concurrency: true }, () => {
    test('give way to the last good ones, also over a reboot, until good ones are asked for', async (t) => {
      const { one, told } = await site(t, { more: leafOptions("confirm_s '3'") });
      await eventually('proven', () => existsSync(join(one.stateDir, 'joined')));
      await change(one, wrongPassword);
      await joined(one, false);
      await joined(one);
      const reason =
        /^the leaf could not join with the changed hub settings within 3 s: the hub refuses the credentials \(Authorization Violation\) since \d\d:\d\d UTC; check hub.user .* in use$/;
      await problem(one, reason);
      assert.equal((await said(told, 'hub_settings')).after, 'last_good');
      await one.restartAgent();
      await problem(one, reason);

      // the reboot: RAM is empty, and the bad config is still what is asked for
      const ram = join(one.stateDir, '..');
      const leaf = one.leaf();
      await one.agent().end('SIGTERM');
      for (const name of ['agent.json', 'leaf.conf', 'leaf.fallback.conf', 'hub.good'])
        rmSync(join(ram, name));
      for (const name of ['joined', 'fallback', 'running']) rmSync(join(one.stateDir, name));
      assert.equal((await renderAgain(one)).code, 0);
      leaf.kill('SIGTERM');
      await eventually('the asked settings run', () =>
        /Authorization Violation/.test(leaf.output().split('Server is ready').at(-1) ?? ''),
      );
      await one.restartAgent();
      await problem(one, reason);
      await joined(one);

      await change(one, (text) => text.replace("'wrong'", `'change-me-${unit}'`));
      await eventually(
        'no problem',
        async () => !(await statusOf(one)).problems.some((text) => /hub settings/.test(text)),
        90_000,
        100,
      );
      await joined(one);
      assert.equal(existsSync(join(ram, 'leaf.fallback.conf')), false);
    });

    test('are rolled back once with a leaf.confirm_s of 1 s, though procd starts a server 5 s after each end', async (t) => {
      const { one, told } = await site(t, { more: leafOptions("confirm_s '1'"), pauseMs: 5000 });
      await eventually('proven', () => existsSync(join(one.stateDir, 'joined')));
      await change(one, wrongPassword);
      await joined(one, false);
      await joined(one);
      await new Promise((resolve) => setTimeout(resolve, 12_000)); // two more starts of a server, if it went on
      await joined(one);
      const said = told.filter(({ event }) => event === 'hub_settings').map(({ after }) => after);
      assert.deepEqual(said, ['last_good']);
    });

    test('give way after a reboot to those that joined before it, though nothing was rendered since', async (t) => {
      const { one, told } = await site(t, { more: leafOptions("confirm_s '3'") });
      const flash = join(one.stateDir, '../flash');
      const read = (name: string): string => readFileSync(join(flash, name), 'utf8');
      await reboot(one);
      await joined(one);
      await eventually('the join is noted', () =>
        read('hub.tried').includes(`# hub: ${read('hub.joined').trim()}\n`),
      );
      assert.equal(existsSync(join(flash, 'hub.good')), false, 'nothing is rendered after the join');
      writeFileSync(one.config, wrongPassword(readFileSync(one.config, 'utf8')));
      await reboot(one);
      await problem(one, /the last good ones are in use$/);
      await joined(one);
      assert.equal((await said(told, 'hub_settings')).after, 'last_good');
      assert.ok(read('hub.good').includes(`# hub: ${read('hub.joined').trim()}\n`));
    });

    test('a hub that is away is no reason to change them', async (t) => {
      const { hub, one, told } = await site(t, { more: leafOptions("confirm_s '2'") });
      await eventually('proven', () => existsSync(join(one.stateDir, 'joined')));
      await hub.server().end('SIGKILL');
      await change(one, wrongPassword);
      await problem(one, /the hub is not joined: nobody listens at the address of the hub/);
      await new Promise((resolve) => setTimeout(resolve, 5000));
      assert.equal(existsSync(join(one.stateDir, 'fallback')), false);
      await hub.restart();
      await joined(one);
      assert.equal((await said(told, 'hub_settings')).after, 'last_good');
    });
  });

  describe('a leaf that does not join though the hub is there', { concurrency: true }, () => {
    test('is restarted by the watchdog, and joins when the path is whole', {
      skip: withoutNewest(),
    }, async (t) => {
      let path: HolePath | undefined;
      const more = leafOptions("watchdog_s '4'", "ping_interval_s '2'");
      const { one, told } = await site(t, {
        more,
        path: async (hub) => {
          path = await holePath(t, hub.leafPort);
          return path.port;
        },
      });
      path?.set('deaf');
      path?.cut();
      await problem(
        one,
        /the hub is not joined: the connection to the hub is closed|the hub received no login in time/,
      );
      const first = one.leaf().pid;
      await eventually('another process', () => one.leaf().pid !== first, 90_000);
      path?.set('pass');
      await joined(one);
      const { evidence } = await said(told, 'leaf_restart');
      assert.match(
        evidence ?? '',
        /^the leaf has not joined for 4 s though the hub answers \(.*\); its server is restarted$/,
      );
      const lastCause = (): unknown => told.findLast(({ event }) => event === 'hub_cause')?.after;
      await eventually('the end of the cause', () => lastCause() === undefined);
    });

    test('and hangs is replaced: by KILL, as it does not heed TERM', async (t) => {
      const { one, told } = await site(t, { more: leafOptions("watchdog_s '3'") });
      const first = one.leaf().pid;
      one.leaf().kill('SIGSTOP');
      await eventually('another process', () => one.leaf().pid !== first, 60_000);
      await joined(one);
      await said(told, 'leaf_restart');
    });

    for (const { name, program } of serversToTest()) {
      test(`a black hole is noticed within three intervals of the ping, by nats-server ${name}`, async (t) => {
        let path: HolePath | undefined;
        const { one } = await site(t, {
          server: program,
          more: leafOptions("ping_interval_s '2'"),
          path: async (hub) => {
            path = await holePath(t, hub.leafPort);
            return path.port;
          },
        });
        const changes = async (): Promise<number> => (await statusOf(one)).link.hub_changes ?? 0;
        const before = await changes();
        path?.set('swallow');
        const begun = performance.now();
        // it may be up again at once: 2.9 goes round the path, to the address that the hub advertises
        await eventually('the link has changed', async () => (await changes()) > before, 90_000, 100);
        const took_ms = performance.now() - begun;
        t.diagnostic(`noticed after ${(took_ms / 1000).toFixed(1)} s`);
        assert.ok(took_ms < 3 * 2000 + 3000, `${took_ms} ms`);
        path?.set('pass');
        path?.cut();
        await joined(one);
      });
    }
  });

  describe('two hubs', { concurrency: true }, () => {
    test('the unit is always at the one that lives', async (t) => {
      const { hub, one } = await site(t, {});
      const second = await inTurn(() => startHub(t, tempDir(t, 'second'), newest));
      await change(one, (text) =>
        text.replace(/(list url 'nats:\/\/127.0.0.1:)\d+'/, `$&\n\t$1${second.leafPort}'`),
      );
      const answers = (at: Hub): Promise<unknown> =>
        eventually(
          'an echo',
          () => at.nc.request(`ops.echo.${unit}`, 'x', { timeout: 500 }).catch(() => undefined),
          90_000,
        );
      const at = await Promise.any([hub, second].map((one) => answers(one).then(() => one)));
      const other = at === hub ? second : hub;
      await at.server().end('SIGKILL');
      const begun = performance.now();
      await answers(other);
      t.diagnostic(`at the other hub after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
      await at.restart();
      await other.server().end('SIGKILL');
      await answers(at);
      await joined(one);
    });
  });

  test('a renewed certificate is used from the next connection on, and the link stays until then', {
    skip: withoutNewest(),
  }, async (t) => {
    const dir = tempDir(t, 'renewed');
    const [old, renewed] = [authority(join(dir, 'old')), authority(join(dir, 'new'))];
    const subject = `/CN=${unit}/O=nunect`;
    const [first, next] = [old.issue('unit', subject), renewed.issue('unit', subject)];
    const hubCert = old.issue('hub', '/CN=localhost');
    const ports = { client: await reservePort(), leaf: await reservePort() };
    const conf = exampleHub('hub-mtls', dir, ports);
    copyFileSync(hubCert.cert, join(dir, 'hub.pem'));
    copyFileSync(hubCert.key, join(dir, 'hub-key.pem'));
    const bundle = [old.ca, renewed.ca].map((file) => readFileSync(file, 'utf8')).join('');
    writeFileSync(join(dir, 'units-ca.pem'), bundle);
    let hub = await startServer(t, newest, conf);
    const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
    copyFileSync(first.cert, cert);
    copyFileSync(first.key, key);
    const more = `config hub 'hub'\n\tlist url 'tls://localhost:${ports.leaf}'\n\toption tls_ca '${old.ca}'\n\toption tls_cert '${cert}'\n\toption tls_key '${key}'\n`;
    const one = await startUnit(t, {
      dir,
      unit,
      server: newest,
      hubPort: ports.leaf,
      interval_s: 1,
      kept: true,
      plainHub: false,
      more,
    });
    await joined(one);
    const linkOf = async (): Promise<unknown> => (await leafz(one))[0]?.['id'];
    const link = await linkOf();
    assert.notEqual(link, undefined);

    copyFileSync(next.cert, cert); // half of the pair: not told to the server yet
    await eventually(
      'it is seen',
      () => one.agent().output().includes('is not the key of the certificate'),
      90_000,
      100,
    );
    assert.doesNotMatch(one.leaf().output(), /Reloaded/);
    copyFileSync(next.key, key);
    await eventually(
      'the server is told',
      () => /Reloaded server configuration/.test(one.leaf().output()),
      90_000,
      100,
    );
    assert.equal(await linkOf(), link, 'the link is the same');
    assert.equal((await statusOf(one)).link.hub_up, true);

    // only the new authority counts from here on
    writeFileSync(join(dir, 'units-ca.pem'), readFileSync(renewed.ca, 'utf8'));
    await hub.end('SIGKILL');
    hub = await startServer(t, newest, conf);
    await eventually(
      'another link',
      async () => ![undefined, link].includes((await linkOf()) as undefined),
      90_000,
      100,
    );
    await joined(one);
  });
});
