// What `nunect-hub init` writes, by real servers: they check the JWTs, expand the templates and run the streams. NUNECT_HUB_SERVERS
// names further ones, separated by colons: each release that is supported must say the same.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { describe, type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { hubPaths } from '../../agent/hub/kit/hubdir.ts';
import { settleAccountJwt } from '../../agent/hub/kit/hubfiles.ts';
import { kitSubjects } from '../../agent/hub/kit/streams.ts';
import { isolates } from '../../agent/hub/run/minimum.ts';
import { parseServerVersion } from '../../agent/natsserver/version.ts';
import { subjectMatches } from '../../agent/wire/values.ts';
import { permissionsOf } from '../kit/hub/authhub.ts';
import { jetstream } from '../kit/hub/fleet.ts';
import { type KitHub, kitHub } from '../kit/hub/kithub.ts';
import { holdsPeers, leafOf, linesTold } from '../kit/hub/kitleafs.ts';
import { authority, type Certificate, startServer } from '../kit/leaf/leafdaemon.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { hubServers, tool, withoutNewest } from '../kit/process/tools.ts';

const programs = hubServers();

const name = 'Ship_7';
const role = 'Voice';

/** What config/hub/hub.conf permits a unit, any peer's echo, its inbox as a client of the hub, and its renewal. */
function rightsOf(key: string): { readonly may: string[]; readonly hears: string[] } {
  const { publish, subscribe } = permissionsOf(name);
  const ofRole = (subjects: readonly string[]): string[] =>
    subjects.filter((one) => !one.includes('demo-')).map((one) => one.replace('.leaf.', `.${role}.`));
  return {
    may: [...ofRole(publish), 'ops.echo.*', `_INBOX_${name}.>`, `ops.enrol.${key}`],
    hears: [...ofRole(subscribe), `ops.enrolled.${key}`],
  };
}
/** A subject that a pattern matches. */
const one = (pattern: string): string => pattern.replace(/\.\*$/, '.peer').replace(/\.>$/, '.a.1');

/** Ends TLS and passes websockets on, as web servers do that stand in front. */
function tlsProxy(t: TestContext, { cert, key }: Certificate, port: number, to: number): void {
  const server = createHttpsServer({ cert: readFileSync(cert), key: readFileSync(key) });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    const onward = connectTcp(to, '127.0.0.1');
    const head = Object.entries(request.headers).map(([field, value]) => `${field}: ${value}\r\n`);
    onward.write(`GET ${request.url} HTTP/1.1\r\n${head.join('')}\r\n`);
    socket.pipe(onward).pipe(socket);
    for (const [one, other] of [[socket, onward] as const, [onward, socket] as const])
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
  });
  server.listen(port, '127.0.0.1');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
}

/** Subjects that a subscription hears. */
function hear(nc: NatsConnection, subject: string): Set<string> {
  const heard = new Set<string>();
  nc.subscribe(subject, { callback: (_error, message) => void heard.add(message.subject) });
  return heard;
}

const wide = [
  '>',
  'ops.>',
  'ops.metric.>',
  'ops.metric.*.*',
  'ops.*.*.Ship_7',
  'ops.metric.rtt.*',
  'ops.status.>',
  'ops.enrol.>',
  'ops.echo.peer',
];

/** Sends all, again and again, until `to` has heard those on these subjects: it has heard whatever else gets through, too. */
async function sendAll(
  from: NatsConnection,
  to: NatsConnection,
  subjects: readonly string[],
  heard: () => ReadonlySet<string>,
  wanted: readonly string[],
): Promise<void> {
  await eventually('all comes through', async () => {
    for (const subject of subjects) from.publish(subject, 'x');
    await from.flush();
    await to.flush();
    return wanted.every((subject) => heard().has(subject));
  });
}

/** What a leaf of that unit may send and hear, and nothing else. */
async function holdsTemplate(t: TestContext, program: string, kit: KitHub) {
  const fleet = await kit.as('hub-fleet');
  const creds = kit.unit(name, role);
  const leaf = await leafOf(t, program, kit, creds);
  const { may, hears } = rightsOf(creds.publicKey);
  const sent = may.map(one);
  const foreign = [
    ...['ops.heartbeat.other', 'ops.metric.rtt.other', `ops.status.x.${name}`, 'ops.enrol.other'],
    ...['ops.cmd.Voice.other', kitSubjects.roster(name), `ops.log.TRACE.${name}`, '_INBOX_other.x'],
  ];
  const heardBy = wide.map((pattern) => [pattern, hear(fleet, pattern)] as const);
  await fleet.flush();
  const all = (): ReadonlySet<string> => new Set(heardBy[0]?.[1]);
  await sendAll(leaf, fleet, [...foreign, ...sent], all, sent);
  for (const [pattern, heard] of heardBy)
    assert.deepEqual(
      [...heard].filter((subject) => !subject.startsWith('$')).sort(), // of the hub's own
      sent.filter((subject) => subjectMatches(pattern, subject)).sort(),
      pattern,
    );

  const others = [
    'ops.echo.other',
    'ops.enrolled.other',
    '_INBOX_other.x',
    'ops.cmd.Voice.other',
    'ops.roster.x',
  ];
  const sets = [...hears, ...others].map((pattern) => hear(leaf, pattern));
  const heard = (): ReadonlySet<string> => new Set(sets.flatMap((subjects) => [...subjects]));
  await leaf.flush();
  const wanted = hears.map(one);
  await sendAll(fleet, leaf, [...others, ...wanted], heard, wanted);
  assert.deepEqual([...heard()].sort(), [...wanted].sort());
}

const perms = /Permissions Violation for Publish/;

describe('a hub as init makes it', { skip: withoutNewest() }, () => {
  for (const program of programs) {
    const [version = ''] = /v[\d.]+/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' })) ?? [];

    test(`${version}: a unit's leaf may do what its template says and nothing else`, async (t) => {
      const kit = await kitHub(t, join(tempDir(t, 'hubkit'), 'hub'));
      await kit.start(program);
      await holdsTemplate(t, program, kit);
    });

    test(`${version}: isolated, units are told as much of many others as of few, and ask each other all the same`, {
      skip:
        !isolates(parseServerVersion(version) ?? [0, 0, 0]) && 'it does not know isolate_leafnode_interest',
    }, async (t) => {
      const kit = await kitHub(t, join(tempDir(t, 'hubkit'), 'hub'), { isolate: 'yes' });
      await kit.start(program);
      await kit.makeStreams();
      const fleet = await kit.as('hub-fleet');
      await holdsPeers(t, program, kit, fleet);
      const few = await linesTold(t, kit, fleet, 5);
      assert.equal(await linesTold(t, kit, fleet, 50), few);
      await holdsTemplate(t, program, kit);
    });

    test(`${version}: not isolated, each unit is told of each other`, async (t) => {
      const kit = await kitHub(t, join(tempDir(t, 'hubkit'), 'hub'));
      await kit.start(program);
      await kit.makeStreams();
      const fleet = await kit.as('hub-fleet');
      await holdsPeers(t, program, kit, fleet);
      const few = await linesTold(t, kit, fleet, 5);
      assert.ok((await linesTold(t, kit, fleet, 20)) - few >= 15);
    });

    test(`${version}: so it may by a websocket, through a proxy that ends TLS`, async (t) => {
      const { ca, issue } = authority(join(tempDir(t, 'hubkit-ca')));
      const proxy = await reservePort();
      const kit = await kitHub(t, join(tempDir(t, 'hubkit'), 'hub'), {
        'behind-proxy': true,
        'tls-ca': ca,
        port: [`proxy=${proxy}`],
      });
      tlsProxy(t, issue('proxy', '/CN=hub'), proxy, kit.hub.ports.websocket);
      await kit.start(program);
      await holdsTemplate(t, program, kit);
    });

    test(`${version}: so it may with a certificate that the operator brings`, async (t) => {
      const { ca, issue } = authority(join(tempDir(t, 'hubkit-ca')));
      const { cert, key } = issue('hub', '/CN=hub');
      writeFileSync(cert, readFileSync(cert, 'utf8') + readFileSync(ca, 'utf8'));
      const given = { 'tls-cert': cert, 'tls-key': key, 'tls-ca': ca };
      const kit = await kitHub(t, join(tempDir(t, 'hubkit'), 'hub'), given);
      await kit.start(program);
      await holdsTemplate(t, program, kit);
    });

    test(`${version}: a unit that is itself a client of the hub has the same rights, one whose JWT ran out none`, async (t) => {
      const kit = await kitHub(t, join(tempDir(t, 'hubkit'), 'hub'));
      await kit.start(program);
      await kit.makeStreams();
      const nc = await kit.client(kit.unit(name).text, { inboxPrefix: `_INBOX_${name}` });
      const ack = await nc.request(`ops.heartbeat.${name}`, 'beat');
      assert.equal(ack.json<{ stream: string }>().stream, 'NUNECT');
      await assert.rejects(nc.request('ops.heartbeat.other', ''), perms);
      await assert.rejects(nc.request('$JS.API.STREAM.INFO.NUNECT', ''), perms);
      const late = kit.unit(name, 'leaf', Math.floor(Date.now() / 1000) - 60).text;
      await assert.rejects(kit.client(late, { reconnect: false }), /expired|Authorization Violation/i);
    });

    test(`${version}: a token may ask with its id, a unit whose JWT ran out with its key; both hear their answer`, async (t) => {
      const kit = await kitHub(t, join(tempDir(t, 'hubkit'), 'hub'));
      await kit.start(program);
      await kit.makeStreams();
      const hub = await kit.as('hub-enrol');
      const renewing = kit.enrolling('renew', '');
      for (const [creds, id, other] of [
        [kit.enrolling('token', 'T1'), 'T1', 'T2'],
        [renewing, renewing.publicKey, 'T1'],
      ] as const) {
        const nc = await kit.client(creds.text, { inboxPrefix: `_INBOX_${id}` });
        const ack = await nc.request(`ops.enrol.${id}`, 'please');
        assert.equal(ack.json<{ stream: string }>().stream, 'ENROL');
        await assert.rejects(nc.request(`ops.enrol.${other}`, ''), perms);
        await assert.rejects(nc.request('$JS.API.STREAM.INFO.BOUND', ''), perms);
        await assert.rejects(nc.request('bound.unit.ship-7', ''), perms);
        const heard = hear(nc, `ops.enrolled.${id}`);
        await nc.flush();
        await sendAll(hub, nc, [`ops.enrolled.${id}`], () => heard, [`ops.enrolled.${id}`]);
        await assert.rejects(nc.request(`ops.enrol.${id}`, 'x'.repeat(17_000)), /max_payload|closed/i);
      }
      const leaf = join(kit.dir, 'leaf.conf');
      const port = await reservePort();
      writeFileSync(leaf, `listen: "127.0.0.1:${port}"\n${kit.remote(kit.enrolling('token', 'T1'))}`);
      const stranger = await startServer(t, program, leaf);
      await eventually('a leaf with a token is turned away', () =>
        /Authorization Violation|authentication error/i.test(stranger.output()),
      );
    });

    test(`${version}: the roster has the last heartbeat of each unit until it is forgotten; a binding is written once`, async (t) => {
      const kit = await kitHub(t, join(tempDir(t, 'hubkit'), 'hub'));
      await kit.start(program);
      await kit.makeStreams();
      const [fleet, book] = [await kit.as('hub-fleet'), await kit.as('hub-book')];
      const last = async (): Promise<string> =>
        (await fleet.request(`$JS.API.DIRECT.GET.UNITS.${kitSubjects.roster('ship-7')}`, '')).string();
      for (const beat of ['1', '2', '3']) await fleet.request('ops.heartbeat.ship-7', beat);
      await eventually('the roster follows', async () => (await last()) === '3');
      await fleet.request(kitSubjects.roster('ship-7'), '');
      assert.equal(await last(), '');
      await fleet.request('ops.heartbeat.ship-7', '4');
      await eventually('it is back', async () => (await last()) === '4');
      const { state } = (await jetstream(fleet, 'STREAM.INFO.UNITS')) as { state?: { messages: number } };
      assert.equal(state?.messages, 1);

      const bind = async (key: string, after: number) => {
        const first = headers();
        first.set('Nats-Expected-Last-Subject-Sequence', String(after));
        return (await book.request('bound.unit.ship-7', key, { headers: first, timeout: 5000 })).json<{
          seq?: number;
          error?: { err_code: number };
        }>();
      };
      const { seq = 0 } = await bind('UA', 0);
      assert.equal(seq, 1);
      assert.equal((await bind('UB', 0)).error?.err_code, 10071); // wrong last sequence
      assert.equal((await bind('UB', seq)).seq, 2);
    });

    test(`${version}: no PubAck purges a stream, robs it of a message, or gets into what is bound`, async (t) => {
      const kit = await kitHub(t, join(tempDir(t, 'hubkit'), 'hub'));
      await kit.start(program);
      await kit.makeStreams();
      const [fleet, enrol, book] = [
        await kit.as('hub-fleet'),
        await kit.as('hub-enrol'),
        await kit.as('hub-book'),
      ];
      await book.request('bound.unit.ship-7', 'UA');
      await fleet.request('ops.heartbeat.other', 'beat');
      const token = await kit.client(kit.enrolling('token', 'T1').text);
      const unit = await kit.client(kit.unit(name).text);
      const count = async (nc: NatsConnection, stream: string): Promise<number> =>
        ((await jetstream(nc, `STREAM.INFO.${stream}`)) as { state?: { messages: number } }).state
          ?.messages ?? -1;
      await eventually('the roster follows', async () => (await count(fleet, 'UNITS')) === 1);
      const asked: { subject: string; response: string }[] = [];
      for (const nc of [fleet, enrol]) {
        nc.subscribe('$JS.EVENT.ADVISORY.API', { callback: (_error, one) => void asked.push(one.json()) });
        await nc.flush();
      }
      for (const what of ['STREAM.PURGE', 'STREAM.MSG.DELETE', 'STREAM.DELETE'])
        for (const stream of ['BOUND', 'ENROL', 'NUNECT', 'UNITS']) {
          token.publish('ops.enrol.T1', 'x', { reply: `$JS.API.${what}.${stream}` });
          unit.publish(`ops.log.INFO.${name}`, 'x', { reply: `$JS.API.${what}.${stream}` });
        }
      const aimed = [hear(enrol, 'bound.>'), hear(fleet, 'bound.>')];
      await enrol.flush();
      await fleet.flush();
      token.publish('ops.enrol.T1', 'x', { reply: 'bound.unit.ship-7' });
      unit.publish(`ops.log.INFO.${name}`, 'x', { reply: 'bound.unit.ship-7' });
      await token.flush();
      await unit.flush();
      await eventually('all are stored', async () => (await count(enrol, 'ENROL')) === 13);
      await eventually('these too', async () => (await count(fleet, 'NUNECT')) === 14);
      await eventually('the PubAcks that were aimed', () => aimed.every((heard) => heard.size > 0));
      const orders = () =>
        asked.filter(({ subject }) => /STREAM\.(PURGE|MSG\.DELETE|DELETE)\./.test(subject));
      await eventually('the orders that they were', () => orders().length === 24);
      for (const { subject, response } of orders())
        assert.match(response, /invalid JSON|empty request payload|stream not found/, subject); // not read, whatever the stream permits
      assert.equal(await count(book, 'BOUND'), 1);
      const bound = await book.request('$JS.API.DIRECT.GET.BOUND.bound.unit.ship-7', '');
      assert.equal(bound.string(), 'UA', 'no PubAck took the place of the record');
      assert.equal(await count(fleet, 'UNITS'), 1);
    });

    test(`${version}: who is revoked is out at once, and stays out`, async (t) => {
      const kit = await kitHub(t, join(tempDir(t, 'hubkit'), 'hub'));
      const server = await kit.start(program);
      const creds = kit.unit(name);
      await leafOf(t, program, kit, creds);
      const other = await kit.client(kit.unit('other').text);
      const nc = await kit.client(creds.text, { reconnect: false });
      const sys = await kit.as('hub-sys');
      const { fleet } = kit.hub.publicKeys;
      const now_s = Math.floor(Date.now() / 1000);
      settleAccountJwt(kit.dir, 'fleet', kit.hub, kit.keys, now_s, { [creds.publicKey]: now_s + 1 });
      const jwt = readFileSync(hubPaths(kit.dir).accountJwt(fleet), 'utf8');
      const said = (await sys.request('$SYS.REQ.CLAIMS.UPDATE', jwt)).json<{ data?: { code: number } }>();
      assert.equal(said.data?.code, 200);
      await nc.closed();
      const leafs = async (): Promise<number> => {
        const answer = await sys.request('$SYS.REQ.SERVER.PING.LEAFZ', '');
        return answer.json<{ data: { leafs?: unknown[] } }>().data.leafs?.length ?? 0;
      };
      await eventually('its leaf is out', async () => (await leafs()) === 0);
      await other.flush();
      await server.end('SIGTERM');
      await kit.start(program);
      await assert.rejects(kit.client(creds.text, { reconnect: false }), /Authorization Violation|revoked/i);
      await (await kit.client(kit.unit('other').text)).flush();
    });
  }

  test('the certificate of the CA is in the chain that the server sends, so that its pin finds it', async (t) => {
    const [program = ''] = programs;
    const kit = await kitHub(t, join(tempDir(t, 'hubkit'), 'hub'));
    await kit.start(program);
    const ca = new X509Certificate(readFileSync(hubPaths(kit.dir).ca));
    for (const port of [kit.hub.ports.client, kit.hub.ports.leaf]) {
      const plain = connectTcp(port, '127.0.0.1');
      await new Promise((resolve) => plain.once('data', resolve)); // INFO comes before TLS
      const socket = connectTls({ socket: plain, rejectUnauthorized: false });
      t.after(() => socket.destroy());
      await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
      const { issuerCertificate, fingerprint256 } = socket.getPeerCertificate(true);
      assert.notEqual(fingerprint256, ca.fingerprint256);
      assert.equal(issuerCertificate.fingerprint256, ca.fingerprint256);
    }
  });

  test('the nats program reads the creds of the operator and all that is in the account', async (t) => {
    const [program = ''] = programs;
    const nats = tool('nats');
    if (nats === undefined) return t.skip('not on this machine: nats (make tools)');
    const kit = await kitHub(t, join(tempDir(t, 'hubkit'), 'hub'));
    await kit.start(program);
    await kit.makeStreams();
    const paths = hubPaths(kit.dir);
    const url = `tls://127.0.0.1:${kit.hub.ports.client}`;
    const run = (...args: readonly string[]): string =>
      execFileSync(nats, ['-s', url, '--creds', paths.operatorCreds, '--tlsca', paths.ca, ...args], {
        encoding: 'utf8',
      });
    assert.deepEqual(run('stream', 'ls', '--names').trim().split('\n').sort(), ['ENROL', 'NUNECT', 'UNITS']);
    assert.match(run('account', 'info'), new RegExp(kit.hub.publicKeys.fleet));
  });
});
