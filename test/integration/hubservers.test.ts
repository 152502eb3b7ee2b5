// What a hub of one server tells of itself, beside what the nats CLI and our own counting say: leafs, clients, one that reads too
// slowly and one that is refused. A cluster is in hubkitcluster.test.ts.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { hubPaths } from '../../agent/hub/kit/hubdir.ts';
import { hubJson } from '../../agent/hub/page/hub/json.ts';
import { hubPage } from '../../agent/hub/page/hub/page.ts';
import { renderHubPage } from '../../agent/hub/page/look/frame.ts';
import { alertSightOf } from '../../agent/hub/page/sight.ts';
import { firstSince } from '../../agent/hub/servers/ask.ts';
import type { HubView } from '../../agent/hub/servers/model.ts';
import { type IssuedCreds, type KitHub, kitHub } from '../kit/hub/kithub.ts';
import { hubLinksOf, viewThat, watchedHub } from '../kit/hub/watchedhub.ts';
import { startServer } from '../kit/leaf/leafdaemon.ts';
import { hubComplaints } from '../kit/lib/schema.ts';
import { markupComplaints, seenWords } from '../kit/page/markup.ts';
import type { Cleanup } from '../kit/process/cleanup.ts';
import { type Daemon, daemon, eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { hubServers, lacking, need } from '../kit/process/tools.ts';

/** A leaf of that name with the login of a unit. */
async function leafOf(owner: Cleanup, kit: KitHub, program: string, name: string, creds: IssuedCreds) {
  const conf = join(kit.dir, `leaf-${name}.conf`);
  writeFileSync(
    conf,
    `server_name: "${name}"\nlisten: "127.0.0.1:${await reservePort()}"\n${kit.remote(creds)}`,
  );
  return () => startServer(owner, program, conf);
}

/** The nats CLI as one of the hub's users; its answers are JSON. */
const natsCli =
  (kit: KitHub, user: string) =>
  (...args: string[]): string =>
    execFileSync(
      need('nats'),
      [
        ...['-s', `tls://${kit.hub.server}:${kit.hub.ports.client}`, '--tlsca', hubPaths(kit.dir).ca],
        ...['--creds', user, ...args],
      ],
      { encoding: 'utf8', env: { ...process.env, XDG_CONFIG_HOME: kit.dir } },
    );

/** Reads what is sent to it no more, from now on. */
async function slowReader(owner: Cleanup, kit: KitHub, subject: string): Promise<Daemon> {
  const paths = hubPaths(kit.dir);
  const reader = daemon(owner, need('nats'), [
    ...['-s', `tls://${kit.hub.server}:${kit.hub.ports.client}`, '--tlsca', paths.ca],
    ...['--creds', paths.operatorCreds, '--connection-name', 'wall-display', 'sub', subject],
  ]);
  await eventually('it reads', () => reader.output().includes('Subscribing'));
  return reader;
}

/** What a person sees of a view, whose page and JSON must be as they should be. */
function seenOf(view: HubView, query = ''): string {
  const page = hubPage({ view }, new URLSearchParams(query));
  const whole = renderHubPage(page, { hub: 'hub', at_ms: view.at_ms, firing: undefined, notes: [] });
  assert.deepEqual(markupComplaints(whole), []);
  assert.deepEqual(hubComplaints(JSON.parse(JSON.stringify(hubJson(view)))), []);
  return seenWords(whole).replaceAll('\u00a0', ' ');
}

for (const program of hubServers()) {
  test(`${basename(program)}: one server, as it is`, { skip: lacking('nats') }, async (t) => {
    const kit = await kitHub(t, join(tempDir(t, 'hubservers'), 'hub'));
    await kit.start(program);
    await kit.makeStreams();
    const paths = hubPaths(kit.dir);
    const sys = natsCli(kit, paths.issuerCreds('hub-sys'));
    const fleet = natsCli(kit, paths.issuerCreds('hub-fleet'));
    const watch = watchedHub(t, kit.dir);
    const startHonest = await leafOf(t, kit, program, 'ship-7', kit.unit('ship-7'));
    const honest = await startHonest();
    await (await leafOf(t, kit, program, '<b>ship-7\u202e', kit.unit('ship-8')))();
    const operator = await kit.client(kit.unit('app-1').text, {
      name: 'my-app',
      inboxPrefix: '_INBOX_app-1',
    });

    // records of which we know how many there are
    const records = 250;
    const store = async (many: number): Promise<void> => {
      for (let at = 0; at < many; at += 1)
        await operator.request('ops.log.INFO.app-1', `record ${at}`, { timeout: 5000 });
    };
    await store(100);
    await new Promise((resolve) => setTimeout(resolve, 5)); // the stream's moments are finer than ours
    const middle_ms = Date.now();
    await store(records - 100);
    const view = await viewThat(
      watch,
      'all of it is seen',
      ({ links, streams, accounts, traffic }) =>
        links.length === 2 &&
        links.every(({ unit, rtt_us }) => unit !== undefined && rtt_us !== undefined) &&
        accounts.length > 0 &&
        traffic !== undefined &&
        streams.find(({ name }) => name === 'NUNECT')?.messages === records,
    );
    assert.deepEqual(view.findings, []);
    assert.equal(view.trouble, undefined);

    const [server] = view.servers;
    const listed = JSON.parse(sys('server', 'list', '--json')) as {
      server: { name: string; id: string; ver: string };
      statsz: { cores: number; start: string };
    }[];
    assert.equal(listed.length, 1);
    assert.deepEqual(
      [server?.state, server?.name, server?.id, server?.version, server?.cores],
      [
        'healthy',
        listed[0]?.server.name,
        listed[0]?.server.id,
        listed[0]?.server.ver,
        listed[0]?.statsz.cores,
      ],
    );
    assert.equal(server?.leafs, 2);
    assert.deepEqual(
      view.links.map(({ unit, name, account, server: at }) => [unit, name, account, at]).toSorted(),
      [
        ['ship-7', 'ship-7', 'FLEET', '127.0.0.1'],
        ['ship-8', '<b>ship-7', 'FLEET', '127.0.0.1'],
      ],
      'by their logins, whatever they call themselves',
    );
    const stored = JSON.parse(fleet('stream', 'info', 'NUNECT', '--json')) as {
      state: { messages: number; bytes: number };
    };
    const stream = view.streams.find(({ name }) => name === 'NUNECT');
    assert.equal(stream?.messages, stored.state.messages);
    assert.equal(stream?.bytes, stored.state.bytes);
    assert.deepEqual(stream?.copies, { wanted: 1, in_step: 1, behind: [] });
    assert.equal(stream?.left.kind, 'unknown', 'of a minute nothing is concluded');
    assert.deepEqual(view.streams.map(({ account, name }) => `${account}/${name}`).toSorted(), [
      'BOOK/BOUND',
      'ENROL/ENROL',
      'FLEET/ENROL',
      'FLEET/NUNECT',
      'FLEET/UNITS',
    ]);
    assert.equal(view.accounts.find(({ name }) => name === 'FLEET')?.leafs, 2);

    const page = seenOf(view);
    assert.match(page, /● The hub is well The server is healthy, 2 leaf links, every stream has room/);
    assert.match(page, /healthy 127\.0\.0\.1 2 \d+ %/, 'its links');
    assert.match(page, /NUNECT FLEET · Records of nunect units 250 /);
    assert.match(seenOf(view, 'view=links'), /ship-8 calls itself <b>ship-7/);
    const sight = alertSightOf(view);
    assert.deepEqual([sight.faults, sight.missing], [[], []]);
    assert.ok(sight.streams?.every(({ used }) => used < 0.1));

    // what came since a moment is asked of the stream itself
    const { fleet: link } = hubLinksOf(t, kit.dir);
    await eventually('it is connected', () => link.state().connected);
    assert.deepEqual(await firstSince(link, 'NUNECT', middle_ms), { seq: 101 });
    assert.deepEqual(await firstSince(link, 'NUNECT', 0), { seq: 1 });
    assert.equal(await firstSince(link, 'NUNECT', Date.now() + 60_000), 'none');
    assert.equal(await firstSince(link, 'NOSUCH', 0), undefined);

    fleet('consumer', 'add', 'NUNECT', 'archive', '--pull', '--defaults');
    await viewThat(watch, 'a consumer has all before it', ({ consumers }) =>
      consumers.some(({ name, pending }) => name === 'archive' && pending === records),
    );

    // one that goes, and comes again
    await honest.end('SIGTERM');
    const { events } = await viewThat(
      watch,
      'it has left',
      ({ links, events: [newest] }) => links.length === 1 && newest?.what === 'left',
    );
    assert.deepEqual(
      [events[0]?.who, events[0]?.kind, events[0]?.reason],
      ['ship-7', 'leaf', 'Client Closed'],
    );
    await startHonest();
    const back = await viewThat(watch, 'it is back', ({ events: [newest] }) => newest?.what === 'came');
    assert.equal(back.events[0]?.who, 'ship-7');
    assert.ok((back.events[0]?.away_s ?? -1) >= 0, 'it is known for how long it was away');

    // refused
    for (let at = 0; at < 3; at += 1)
      await assert.rejects(
        kit.client('', { authenticator: undefined, user: 'eve', pass: 'hunter2', reconnect: false } as never),
      );
    const refused = await viewThat(watch, 'it was refused', ({ events: [newest] }) => newest?.times === 3);
    assert.deepEqual([refused.events[0]?.what, refused.events[0]?.who], ['refused', '127.0.0.1']);
    assert.match(
      seenOf(refused),
      /■ refused 127\.0\.0\.1 refused by 127\.0\.0\.1: wrong credential, 3 times/,
    );
    assert.equal(refused.events.filter(({ what }) => what === 'refused').length, 1);
    const told = refused.minutes.reduce((sum, one) => sum + one.refused, 0);
    assert.equal(told, 3, 'nobody is counted twice');

    // slow
    const reader = await slowReader(t, kit, 'wall.>');
    const hub = await kit.as('hub-fleet');
    reader.kill('SIGSTOP');
    for (let at = 0; at < 48; at += 1) hub.publish('wall.picture', new Uint8Array(1_000_000));
    await hub.flush();
    const slow = await viewThat(watch, 'it reads too slowly', (now) => now.slow.now.length > 0);
    const [one] = slow.slow.now;
    assert.deepEqual([one?.who, one?.account, one?.subjects], ['wall-display', 'FLEET', ['wall.>']]);
    assert.ok((one?.pending_bytes ?? 0) > 1e6 && (one?.max_bytes ?? 0) === 67_108_864);
    assert.match(slow.findings[0]?.text ?? '', /wall-display on 127\.0\.0\.1 reads too slowly/);
    assert.match(
      seenOf(slow),
      /wall-display , a client, account FLEET, on 127\.0\.0\.1: [\d.]+ MiB of 64 MiB wait for it/,
    );
    const late = await viewThat(watch, 'it was cut off', (now) => now.slow.late.length > 0);
    assert.match(late.slow.late[0]?.reason ?? '', /^Slow Consumer/);
    assert.match(seenOf(late), /▼ left wall-display , a client, left 127\.0\.0\.1: cut off, as it/);
    reader.kill('SIGCONT');

    for (const question of ['servers', 'health', 'links', 'accounts', 'streams', 'connections'] as const) {
      const raw = watch.raw(question);
      assert.equal(raw.length, 1, question);
      assert.doesNotMatch(raw[0]?.json ?? 'eyJ', /eyJ|hunter2/, `${question} shows no login`);
      JSON.parse(raw[0]?.json ?? '');
    }
    assert.doesNotMatch(JSON.stringify(watch.view()), /eyJ|hunter2/);
  });
}
