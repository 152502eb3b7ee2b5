// SIGHUP with every kind of change: what restarts, what stays, and no record is lost or doubled.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { connect, type Msg } from '@nats-io/transport-node';
import { keepLeaf } from '../kit/leaf/leafkeeper.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { daemon, eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, need, runtime } from '../kit/process/tools.ts';
import { bundle, type Hub, nunect, type RunningUnit, startHub, startUnit } from '../kit/unit/site.ts';

const unit = 'demo-01';
const server = natsServers().newest ?? need('nats-server');
const owner = newOwner();
type Json = Record<string, unknown>;

let hub: Hub;
let site: RunningUnit;
let dir: string;
const seen: Msg[] = [];

const bodies = (subject: string): Json[] =>
  seen.filter((message) => message.subject === subject).map((message) => message.json<Json>());
const beats = (): Json[] => bodies(`ops.heartbeat.${unit}`);
/** Those that waited for the hub to be joined came again: by its id each is one. */
const sequences = (): number[] =>
  seen
    .filter(({ subject }) => subject === `ops.heartbeat.${unit}`)
    .filter(({ headers }, at, all) => {
      const id = headers?.get('Nats-Msg-Id') ?? '';
      return id === '' || all.findIndex((one) => one.headers?.get('Nats-Msg-Id') === id) === at;
    })
    .map(({ headers }) => Number(headers?.get('X-Sequence')));
const nextBeat = async (): Promise<Json> => {
  const count = beats().length;
  return eventually('another heartbeat', () => beats()[count], 90_000);
};
const natsMetric = (): Json | undefined => bodies(`ops.metric.nats.${unit}`).at(-1);
const parts = (): string[] =>
  [
    ...site
      .agent()
      .output()
      .matchAll(/config reloaded parts="?([^"\n]*)/g),
  ].map(([, names = '']) => names);

const edit = (from: string | RegExp, to: string): void => {
  const text = readFileSync(site.config, 'utf8');
  const next = text.replace(from, to);
  assert.notEqual(next, text, `${from} is not in the config`);
  writeFileSync(site.config, next, { mode: 0o600 });
};

/** Renders what is in the UCI file, has it taken over, and gives the parts that were touched. */
async function reload(): Promise<string> {
  const before = parts().length;
  const rendered = await nunect(['render', '--config', site.config, '--out', dir]);
  assert.equal(rendered.code, 0, rendered.stderr);
  site.agent().kill('SIGHUP');
  await eventually('the reload', () => parts().length > before);
  return parts().at(-1) ?? '';
}

before(async () => {
  dir = tempDir(owner, 'reload');
  hub = await startHub(owner, dir, server);
  hub.nc.subscribe('ops.>', { callback: (_error, message) => void seen.push(message) });
  await hub.nc.flush();
  const time = [`option chrony_port '${await reservePort()}'`, `list ptp_socket '${dir}/no-ptp4l'`];
  site = await startUnit(owner, { dir, unit, server, hubPort: hub.leafPort, time, interval_s: 1 });
  await nextBeat();
});
after(() => owner.end());

describe('a running unit whose config changes', () => {
  test('nothing changed: nothing is touched', async () => {
    assert.equal(await reload(), 'none');
  });

  test('log levels are taken over without touching a part that carries records', async () => {
    edit("option interval_s '1'", "option interval_s '1'\n\toption log_level 'debug'");
    const touched = (await reload()).split(' ');
    for (const part of ['link', 'spool', 'echo', 'clock', 'rtt', 'events', 'answers'])
      assert.ok(!touched.includes(part), part);
  });

  test('time options: the daemons are watched anew, echo and page answer all along, no trouble is told again', async () => {
    await nextBeat();
    const troubles = bodies(`ops.status.leaf.${unit}`).filter(({ event }) => event === 'problem').length;
    edit("config time 'time'", "config time 'time'\n\toption poll_s '2'");
    let asked = 0;
    let lost = 0;
    let asking = true;
    const askers = (async () => {
      while (asking) {
        asked += 1;
        await hub.nc.request(`ops.echo.${unit}`, 'x', { timeout: 2000 }).catch(() => {
          lost += 1;
        });
      }
    })();
    let refused = 0;
    const viewers = (async () => {
      while (asking) await site.status().catch(() => (refused += 1));
    })();
    const touched = (await reload()).split(' ');
    asking = false;
    await Promise.all([askers, viewers]);
    assert.equal(refused, 0, 'the page is there all along');
    assert.ok(
      touched.includes('clock') && !touched.includes('link') && !touched.includes('echo'),
      touched.join(),
    );
    assert.equal(lost, 0, `${lost} of ${asked} echoes`);
    await nextBeat();
    await nextBeat();
    assert.equal(
      bodies(`ops.status.leaf.${unit}`).filter(({ event }) => event === 'problem').length,
      troubles,
    );
  });

  test('peers are probed once they are in the list, and no longer after', async () => {
    const text = readFileSync(site.config, 'utf8');
    writeFileSync(
      site.config,
      `${text}\nconfig probe 'other'\n\toption unit 'demo-02'\n\toption interval_s '1'\n`,
      {
        mode: 0o600,
      },
    );
    await reload();
    const peers = (): Json[] => (bodies(`ops.metric.rtt.${unit}`).at(-1)?.['peers'] ?? []) as Json[];
    await eventually('a peer', () => peers().some((peer) => peer['unit'] === 'demo-02'));
    writeFileSync(site.config, text, { mode: 0o600 });
    await reload();
    await eventually('no peer', () => peers().length === 0);
  });

  test('a status port that is taken costs nothing but the page; the next one is served', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await eventually('listening', () => taken.listening);
    const { port } = taken.address() as { port: number };
    const own =
      /config status 'status'\n\toption port '(\d+)'/.exec(readFileSync(site.config, 'utf8'))?.[1] ?? '';
    edit(`option port '${own}'`, `option port '${port}'`);
    await reload();
    await eventually('it is told', () =>
      site.agent().output().includes(`cannot listen on 127.0.0.1 port ${port}`),
    );
    await nextBeat();
    edit(`option port '${port}'`, `option port '${own}'`);
    await reload();
    await eventually('the page', () => site.status().catch(() => undefined));
    taken.close();
  });

  test('a smaller spool and another interval keep the connection and the count of heartbeats', async () => {
    edit("option interval_s '1'", "option interval_s '2'");
    const text = readFileSync(site.config, 'utf8');
    writeFileSync(site.config, `${text}\nconfig spool 'spool'\n\toption memory_kb '256'\n`, { mode: 0o600 });
    const touched = (await reload()).split(' ');
    assert.ok(touched.includes('spool') && !touched.includes('link'), touched.join());
    await eventually('the new interval', () => beats().at(-1)?.['interval_s'] === 2);
    const spool = await eventually('the new budget', () => {
      const now = natsMetric()?.['spool'] as Json | undefined;
      return now?.['budget_bytes'] === 256 * 1024 && now;
    });
    assert.equal(spool['state'], 'stored');
    edit("option interval_s '2'", "option interval_s '1'");
    await reload();
    await nextBeat();
    const counted = sequences();
    assert.deepEqual(
      counted,
      counted.map((_, i) => (counted[0] ?? 0) + i),
      'none lost, none doubled, none begun anew',
    );
    assert.equal((natsMetric()?.['agent'] as Json | undefined)?.['reconnects'], 0);
  });

  test('a config that cannot be used is told, and what ran goes on', async () => {
    const file = join(dir, 'agent.json');
    const good = readFileSync(file, 'utf8');
    for (const bad of ['{', '{"schema":99}', '']) {
      writeFileSync(file, bad);
      const before = site.agent().output().split('reload failed').length;
      site.agent().kill('SIGHUP');
      await eventually('the complaint', () => site.agent().output().split('reload failed').length > before);
      await nextBeat();
    }
    const reloads = (): number => site.agent().output().split('config reloaded').length;
    const before = reloads();
    writeFileSync(file, good);
    await eventually('what was asked for comes without being asked again', () => reloads() > before);
  });

  test('many reloads leave no listener behind', async () => {
    for (let i = 0; i < 6; i++) {
      edit(/option poll_s '\d'/, `option poll_s '${1 + (i % 2)}'`);
      await reload();
    }
    assert.doesNotMatch(site.agent().output(), /MaxListeners|crashed/);
    const hubEvents = (): Json[] => bodies(`ops.status.leaf.${unit}`).filter(({ event }) => event === 'hub');
    const before = hubEvents().length;
    await hub.server().end('SIGKILL');
    await eventually(
      'the hub is missed',
      async () => (await site.status())['link']?.['hub_up'] !== true,
      90_000,
    );
    await hub.restart();
    await eventually(
      'joined again',
      () => hubEvents().at(-1)?.['after'] === true && hubEvents().length > before,
      90_000,
    );
    const told = hubEvents()
      .slice(before)
      .map(({ after }) => after);
    assert.deepEqual(told, [false, true], 'each change is told once');
  });

  test('without a hub url the unit is not set up, and says nothing else of hub and stream', async () => {
    const before = await hub.stored();
    edit(/\tlist url '[^']*'\n/, '');
    await reload();
    await site.restartLeaf();
    const now = await eventually('no trouble of the hub', async () => {
      const status = (await site.status()) as unknown as {
        link: Json;
        problems: string[];
        spool: Json;
      };
      return (
        status.link['connected'] === true &&
        isDeepStrictEqual(
          status.problems.filter((text) => /hub|stream/.test(text)),
          ['not set up: no hub is given, nothing leaves this device'],
        ) &&
        status.spool['state'] === 'plain' &&
        status
      );
    });
    assert.ok(now);
    const health = bodies(`ops.heartbeat.${unit}`).at(-1);
    assert.ok(health);
    assert.ok((await hub.stored()) >= before);
  });

  test('another role is another agent: its last heartbeat is that of the old one, then the new one says READY', async () => {
    edit("option interval_s '1'", "option interval_s '1'\n\toption role 'ship'");
    const rendered = await nunect(['render', '--config', site.config, '--out', dir]);
    assert.equal(rendered.code, 0, rendered.stderr);
    await site.restartLeaf(); // its permissions name the role
    const pid = site.agent().pid;
    const ready = site.agent().output().split(`READY ${unit}`).length;
    site.agent().kill('SIGHUP');
    await eventually(
      'READY again',
      () => site.agent().output().split(`READY ${unit}`).length > ready,
      90_000,
    );
    assert.equal(site.agent().pid, pid);
    process.kill(pid, 0);
  });

  test('agent.enabled 0 ends the agent after its last heartbeat', async () => {
    edit("option interval_s '1'", "option interval_s '1'\n\toption enabled '0'");
    const rendered = await nunect(['render', '--config', site.config, '--out', dir]);
    assert.equal(rendered.code, 0, rendered.stderr);
    const { pid } = site.agent();
    site.agent().kill('SIGHUP');
    await eventually('gone', () => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    });
    assert.match(site.agent().output(), /agent\.enabled is 0/);
  });
});

describe('an agent.json that cannot be used at the start', () => {
  const start = (text: string | undefined) => {
    const at = tempDir(owner, 'bad');
    if (text !== undefined) writeFileSync(join(at, 'agent.json'), text);
    return nunect(['run', '--dir', at]);
  };
  for (const [name, text, said] of [
    ['missing', undefined, /agent\.json cannot be read: has 'nunect render' made it\?/],
    ['garbled', '{"schema":', /agent\.json: it is not JSON/],
    ['of another schema', '{"schema": 99}', /'schema' is missing or wrong/],
  ] as const) {
    test(`${name}: it is told with the name of the file, and the exit code is 1`, async () => {
      const { code, stdout, stderr } = await start(text);
      assert.equal(code, 1);
      assert.equal(stdout, '');
      assert.match(stderr, said);
      assert.equal(stderr.trim().split('\n').length, 1, stderr);
    });
  }

  test('a reload that comes while it starts does not end it', async () => {
    const at = tempDir(owner, 'early');
    const config = join(at, 'nunect');
    writeFileSync(
      config,
      `config agent 'agent'\n\toption unit 'early'\nconfig leaf 'leaf'\n\toption port '${await reservePort()}'\n\toption server '${server}'\nconfig status 'status'\n\toption enabled '0'\n`,
      { mode: 0o600 },
    );
    const agent = daemon(owner, runtime(), [bundle, 'run', '--dir', at, '--config', config]);
    await eventually('its start', () => agent.output().includes('starting'));
    agent.kill('SIGHUP');
    await eventually('the reload', () => agent.output().includes('config reloaded'));
    await agent.end('SIGTERM');
    assert.doesNotMatch(agent.output(), /crashed/);
  });

  test('with a config of its own the agent also has the leaf started again or read its users', async () => {
    const at = tempDir(owner, 'alone');
    const config = join(at, 'nunect');
    const [first, second, status] = [await reservePort(), await reservePort(), await reservePort()];
    const write = (port: number, more = ''): void =>
      writeFileSync(
        config,
        `config agent\n\toption unit 'alone'\nconfig leaf\n\toption port '${port}'\n\toption server '${server}'\nconfig status\n\toption port '${status}'\n${more}`,
        { mode: 0o600 },
      );
    write(first);
    const agent = daemon(owner, runtime(), [bundle, 'run', '--dir', at, '--config', config]);
    await eventually('its config', () => existsSync(join(at, 'leaf.conf')));
    await keepLeaf(owner, at, server);
    const logsIn = (port: number, user?: object): Promise<boolean> =>
      connect({ servers: `127.0.0.1:${port}`, reconnect: false, ...user }).then(
        (nc) => nc.close().then(() => true),
        (error: Error) => /authorization/i.test(error.message) && user === undefined,
      );
    await eventually('the leaf', () => logsIn(first));
    write(second);
    agent.kill('SIGHUP');
    await eventually('the leaf at its new port', () => logsIn(second));
    write(second, `config user 'radio'\n\toption password 'x'\n\tlist publish 'radio.>'\n`);
    agent.kill('SIGHUP');
    await eventually('the new user is let in', () => logsIn(second, { user: 'radio', pass: 'x' }));
    await agent.end('SIGTERM');
  });
});
