// A hub of three servers as `nunect-hub init --cluster` and `export` make it, on three addresses of this machine.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hubPaths } from '../../agent/hub/kit/hubdir.ts';
import { settleAccountJwt } from '../../agent/hub/kit/hubfiles.ts';
import { revocationsIn } from '../../agent/hub/kit/jwt.ts';
import { kitSubjects } from '../../agent/hub/kit/streams.ts';
import type { HubWatch } from '../../agent/hub/servers/watch.ts';
import { kitHub } from '../kit/hub/kithub.ts';
import { holdsPeers } from '../kit/hub/kitleafs.ts';
import { viewThat, watchedHub } from '../kit/hub/watchedhub.ts';
import { type Daemon, eventually, tempDir } from '../kit/process/daemon.ts';
import { natsServers, withoutNewest } from '../kit/process/tools.ts';

const cluster = '127.0.0.1,127.0.0.2,127.0.0.3';

/** All servers are well, reach each other, and have all streams. */
async function sawWhole(watch: HubWatch, names: readonly string[]): Promise<void> {
  const view = await viewThat(
    watch,
    'all are healthy',
    ({ servers, routes, streams, accounts }) =>
      servers.every(({ state, to_others_us }) => state === 'healthy' && to_others_us !== undefined) &&
      routes.length === 6 &&
      streams.length === 5 &&
      streams.every(({ copies }) => copies.in_step === 3) &&
      streams.some(({ name, messages }) => name === 'NUNECT' && messages === 1) &&
      accounts.some(({ name, clients }) => name === 'FLEET' && clients >= 2),
  );
  assert.deepEqual(
    view.servers.map(({ name }) => name),
    names,
  );
  assert.equal(view.servers.filter(({ is_leader }) => is_leader).length, 1);
  assert.equal(view.cluster, 'nunect-hub');
  assert.deepEqual(view.findings, []);
}

/** The third is killed. */
async function sawGone(watch: HubWatch): Promise<void> {
  // while another becomes the leader the others are not well, either
  const { findings } = await viewThat(
    watch,
    'it is gone',
    ({ servers: [first, , third], streams }) =>
      third?.state === 'gone' &&
      first?.state === 'healthy' &&
      streams.every(({ leader, copies }) => leader !== undefined && copies.in_step === 2),
  );
  assert.ok(findings.some(({ key, weight }) => key === 'server_gone:127.0.0.3' && weight === 'degraded'));
}

test('three servers, isolated: units at two of them ask each other, what one stores the others have, a unit stays in while any one is down, who is revoked is out everywhere', {
  skip: withoutNewest(),
}, async (t) => {
  const program = natsServers().newest ?? '';
  const kit = await kitHub(t, join(tempDir(t, 'hubcluster'), 'hub'), { cluster, isolate: 'yes' });
  const servers: Daemon[] = await Promise.all(kit.dirs.map((dir) => kit.start(program, dir)));
  await kit.makeStreams();
  const watch = watchedHub(t, kit.dirs[0] ?? '', kit.hub.servers);
  const unit = kit.unit('ship-7');
  const clients = kit.hub.servers.map((host) => `${host}:${kit.hub.ports.client}`);
  const nc = await kit.client(unit.text, { servers: clients, inboxPrefix: '_INBOX_ship-7' });
  const store = (beat: string) =>
    eventually(`${beat} is stored`, () =>
      nc.request('ops.heartbeat.ship-7', beat, { timeout: 2000 }).then(
        (ack) => ack.json<{ seq?: number }>().seq,
        () => undefined,
      ),
    );
  await store('seen');
  await sawWhole(watch, kit.hub.servers);
  await holdsPeers(t, program, kit, await kit.as('hub-fleet'), [kit.hub.servers[0], kit.hub.servers[2]]);
  for (const [down, dir] of kit.dirs.entries()) {
    await store(`before ${down}`);
    await servers[down]?.end('SIGKILL');
    await store(`without ${down}`);
    if (down === 2) await sawGone(watch);
    servers[down] = await kit.start(program, dir);
    const health = `http://${kit.hub.servers[down]}:${kit.hub.ports.monitor}/healthz`;
    await eventually(
      'it has all that was stored meanwhile',
      async () => (await fetch(health).catch(() => undefined))?.ok,
    );
    await eventually(
      'it is back',
      () =>
        /JetStream cluster (new|recovered)|Self is new JetStream|current leader/i.test(
          servers[down]?.output() ?? '',
        ) || true,
    );
  }
  for (const host of kit.hub.servers) {
    const fleet = await kit.as('hub-fleet', host);
    const has = async (): Promise<boolean> => {
      const last = await fleet
        .request(`$JS.API.DIRECT.GET.UNITS.${kitSubjects.roster('ship-7')}`, '', { timeout: 2000 })
        .catch(() => undefined);
      return last?.string() === 'without 2';
    };
    // after a change of leader a server asks the source again later and later, up to two minutes
    await eventually(`${host} has the roster`, has, 240_000);
  }

  await viewThat(
    watch,
    'all copies are in step again',
    ({ streams, servers: all }) =>
      all.every(({ state }) => state === 'healthy') && streams.every(({ copies }) => copies.in_step === 3),
  );

  // revoked at one server
  const ways = [];
  for (const host of kit.hub.servers) ways.push(await kit.client(unit.text, { reconnect: false }, host));
  const now_s = Math.floor(Date.now() / 1000);
  settleAccountJwt(kit.dir, 'fleet', kit.hub, kit.keys, now_s, { [unit.publicKey]: now_s + 1 });
  const { fleet } = kit.hub.publicKeys;
  const jwt = readFileSync(hubPaths(kit.dir).accountJwt(fleet), 'utf8');
  await (await kit.as('hub-sys', '127.0.0.2')).request('$SYS.REQ.CLAIMS.UPDATE', jwt);
  await Promise.all(ways.map((way) => way.closed()));
  for (const dir of kit.dirs)
    await eventually(`${dir} has it on disk`, () => {
      const there = readFileSync(hubPaths(dir).accountJwt(fleet), 'utf8');
      return revocationsIn(there)[unit.publicKey] !== undefined;
    });
});

test('a stranger with a certificate of another CA does not become one of the cluster', {
  skip: withoutNewest(),
}, async (t) => {
  const program = natsServers().newest ?? '';
  const kit = await kitHub(t, join(tempDir(t, 'hubcluster'), 'hub'), { cluster });
  const other = await kitHub(t, join(tempDir(t, 'hubcluster'), 'other'), { cluster });
  const [first = '', second = ''] = kit.dirs;
  const server = await kit.start(program, first);
  const port = kit.hub.ports.cluster;
  const conf = hubPaths(other.dirs[2] ?? '').conf;
  const theirs = readFileSync(conf, 'utf8').replaceAll(`:${other.hub.ports.cluster}"`, `:${port}"`);
  writeFileSync(conf, theirs);
  await other.start(program, other.dirs[2]);
  await eventually('it is refused', () =>
    /TLS route handshake error|TLS handshake error/i.test(server.output()),
  );
  assert.doesNotMatch(server.output(), /Route connection created.*\n.*Registering/);
  await kit.start(program, second);
  const sys = await kit.as('hub-sys');
  await eventually('ours is not', async () => {
    const answer = await sys.request(`$SYS.REQ.SERVER.${sys.info?.server_id}.ROUTEZ`, '');
    const { data } = answer.json<{ data: { routes?: { remote_name: string }[] } }>();
    const names = new Set((data.routes ?? []).map(({ remote_name }) => remote_name));
    assert.ok(!names.has('127.0.0.3'));
    return names.has('127.0.0.2');
  });
});
