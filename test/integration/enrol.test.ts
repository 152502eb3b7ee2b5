// A device that enrols at a real nats-server in operator mode, by the functions that the command and the agent use.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect, credsAuthenticator, nkeys } from '@nats-io/transport-node';
import { type EnrolDeps, type EnrolState, enrolWith, renewApart } from '../../agent/enrol/enrol.ts';
import { enrolFolder } from '../../agent/enrol/folder.ts';
import { logTo } from '../../agent/lib/log.ts';
import { systemTicker } from '../../agent/lib/ticker.ts';
import { type EnrolToken, parseEnrolToken } from '../../agent/wire/enrol.ts';
import { type EnrolHub, enrolHub } from '../kit/hub/enrolhub.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { natsServers } from '../kit/process/tools.ts';

const program = natsServers().newest ?? natsServers().debian ?? '';

function device(t: TestContext, over: Partial<EnrolDeps> = {}) {
  const folder = enrolFolder(join(tempDir(t, 'device'), 'enrol'));
  const states: EnrolState[] = [];
  const deps: EnrolDeps = {
    folder,
    about: { unit: 'demo-01', own: 'demo-01', role: 'leaf', hardware: 'ab12' },
    ticker: systemTicker(),
    log: logTo(() => {}),
    wall_ms: Date.now,
    random: Math.random,
    ...over,
  };
  const hold = setInterval(() => {}, 1000); // timers of a ticker hold no process
  const ending = new AbortController();
  t.after(() => {
    clearInterval(hold);
    ending.abort();
  });
  const tell = (state: EnrolState): void => void states.push(state);
  return {
    folder,
    states,
    has: (step: EnrolState['step'], why = /.?/) =>
      states.some((one) => one.step === step && why.test('why' in one ? (one.why ?? '') : '')),
    enrol: (token: string) => enrolWith(readToken(token), deps, tell, ending.signal),
    renew: () => renewApart(folder.hub() ?? assert.fail(), deps, tell, ending.signal),
    stop: () => ending.abort(),
  };
}

function readToken(text: string): EnrolToken {
  const found = parseEnrolToken(text);
  assert.ok(found.ok);
  return found.value;
}

/** Logs in with a JWT that the device was given. */
const login = (hub: EnrolHub, creds: string, ca: string, inboxPrefix: string) =>
  connect({
    servers: `127.0.0.1:${hub.port}`,
    authenticator: credsAuthenticator(new TextEncoder().encode(creds)),
    tls: { ca },
    inboxPrefix,
    reconnect: false,
  });

test('a device enrols: it finds the CA by its pin, asks, and logs in as the unit that the hub says', async (t) => {
  const hub = await enrolHub(t, program);
  const one = device(t);
  assert.equal((await one.enrol(hub.token('t1'))).state, 'enrolled');
  const kept = one.folder.hub();
  assert.equal(kept?.unit, 'demo-01');
  const key = one.folder.key();
  const nc = await login(hub, key.creds(kept.jwt), kept.ca ?? '', '_INBOX_demo-01');
  const ack = await nc.request('ops.heartbeat.demo-01', '{}', { timeout: 5000 });
  assert.equal(ack.json<{ stream: string }>().stream, 'NUNECT');
  await nc.close();
  const [{ unit, token, role, hardware } = assert.fail()] = hub.issuer.requests;
  assert.deepEqual(
    { unit, token, role, hardware },
    { unit: 'demo-01', token: 't1', role: 'leaf', hardware: 'ab12' },
  );
  assert.doesNotMatch(hub.server().output(), /\[(ERR|WRN)\].*TLS/, 'its search for the CA is no error there');
});

test('while nobody answers the request waits in the stream, and an approval comes to the same key', async (t) => {
  const hub = await enrolHub(t, program);
  hub.issuer.mode = 'asleep';
  const one = device(t);
  const enrolling = one.enrol(hub.token('t1'));
  await eventually('it is told that the hub has the request', () => one.has('asked'));
  const info = await hub.enrol.request('$JS.API.STREAM.INFO.ENROL', '', { timeout: 5000 });
  assert.equal(info.json<{ state: { messages: number } }>().state.messages, 1);
  await hub.restart();
  hub.issuer.mode = 'pending';
  await eventually('it is told to wait for a person', () => one.has('pending'), 30_000);
  hub.issuer.mode = 'accept';
  hub.issuer.answerAll();
  assert.equal((await enrolling).state, 'enrolled');
  assert.equal(new Set(hub.issuer.requests.map(({ key }) => key)).size, 1);
});

test('an answer that another signs, or to another question, is as none', async (t) => {
  const hub = await enrolHub(t, program);
  const { signer } = hub.issuer;
  hub.issuer.signer = nkeys.createAccount();
  const one = device(t);
  const enrolling = one.enrol(hub.token('t1'));
  await eventually('asked', () => one.has('asked'));
  hub.issuer.signer = signer;
  hub.issuer.change = (answer) => ({ ...answer, nonce: 'another' });
  hub.issuer.answerAll();
  hub.issuer.change = (answer) => ({ ...answer, key: nkeys.createUser().getPublicKey() });
  hub.issuer.answerAll();
  hub.issuer.change = (answer) => answer;
  hub.issuer.mode = 'pending';
  hub.issuer.answerAll();
  await eventually('it has heard all of them', () => one.has('pending'));
  assert.equal(one.folder.hub(), undefined);
  hub.issuer.mode = 'accept';
  hub.issuer.answerAll();
  assert.equal((await enrolling).state, 'enrolled');
});

test('a hub that answers with what no config may have is refused, and nothing of it is kept', async (t) => {
  const hub = await enrolHub(t, program);
  const one = device(t);
  for (const more of [
    { unit: 'a.b' },
    { leaf_urls: ['tls://u:p@x:1'] },
    { ca: undefined },
    { jwt: 'eyJ.x.y' },
  ]) {
    hub.issuer.change = (answer) => ({ ...answer, ...more }) as typeof answer;
    const outcome = await one.enrol(hub.token('t1'));
    assert.equal(outcome.state === 'refused' && outcome.code, 'answer_unfit', JSON.stringify(more));
  }
  assert.deepEqual(readdirSync(one.folder.dir), ['seed']);
});

test('where the token has a pin nothing is sent without TLS, nor to a hub with another CA', async (t) => {
  const plain = await enrolHub(t, program, { plain: true });
  const [one, two] = [device(t), device(t)];
  void one.enrol(plain.token('t1', { ca: plain.pin })).catch(() => {});
  await eventually('it sees no certificate', () => one.has('connecting'));
  const secure = await enrolHub(t, program);
  void two.enrol(secure.token('t1', { ca: plain.pin })).catch(() => {});
  await eventually('it sees another', () => two.has('connecting', /certificate of another hub/));
  assert.equal(plain.issuer.requests.length + secure.issuer.requests.length, 0);
  assert.equal(one.folder.hub() ?? two.folder.hub(), undefined);
});

test('with the clock in 1970 it waits for the time, and says so', async (t) => {
  const hub = await enrolHub(t, program);
  let ahead_ms = -Date.now() + 60_000;
  const one = device(t, { wall_ms: () => Date.now() + ahead_ms });
  const enrolling = one.enrol(hub.token('t1'));
  await eventually('it waits', () => one.has('time'));
  assert.equal(hub.issuer.requests.length, 0);
  ahead_ms = 0;
  assert.equal((await enrolling).state, 'enrolled');
});

test('a token whose login has ended is told as that', async (t) => {
  const hub = await enrolHub(t, program);
  const one = device(t);
  const outcome = await one.enrol(hub.token('t1', {}, { exp: Math.floor(Date.now() / 1000) - 60 }));
  assert.deepEqual(outcome, { state: 'refused', code: 'token_expired', why: 'the token has ended' });
});

test('the login to renew with lets ask for that, and nothing else', async (t) => {
  const hub = await enrolHub(t, program);
  hub.issuer.life_s = 1;
  const one = device(t);
  await one.enrol(hub.token('t1'));
  const before = one.folder.hub() ?? assert.fail();
  // A server counts whole seconds: a login lives on through the second in which it ends.
  await eventually('its login has ended', () => Date.now() > (before.until_s + 1) * 1000);
  const ofUnit = login(hub, one.folder.key().creds(before.jwt), before.ca ?? '', '_INBOX_demo-01');
  await assert.rejects(ofUnit, /authorization|expired/i);
  hub.issuer.life_s = 3600;
  assert.equal((await one.renew()).state, 'enrolled');
  assert.ok((one.folder.hub()?.until_s ?? 0) > before.until_s + 3000);
  const { key } = before;
  const nc = await login(hub, one.folder.key().creds(before.renew_jwt), before.ca ?? '', `_INBOX_${key}`);
  const refused = new Set<string>();
  void (async () => {
    for await (const status of nc.status()) if (status.type === 'error') refused.add(String(status.error));
  })();
  for (const subject of ['ops.heartbeat.demo-01', 'ops.enrol.other', '$JS.API.STREAM.LIST'])
    nc.publish(subject, '{}');
  nc.subscribe('ops.enrol.>', { callback: () => {} });
  await eventually('all four are refused', () => refused.size === 4);
  await nc.close();
});

test('a server that says nothing, closes, or talks nonsense is as one that cannot be reached', async (t) => {
  const hub = await enrolHub(t, program);
  const sockets = new Set<Socket>();
  for (const [name, talk] of Object.entries({
    closes: (socket: Socket) => socket.end(),
    nonsense: (socket: Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
  })) {
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => {}));
      talk(socket);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    t.after(() => server.close());
    const { port } = server.address() as { port: number };
    const one = device(t);
    const enrolling = one.enrol(
      hub.token('t1', { urls: [`tls://127.0.0.1:${port}`, `tls://127.0.0.1:${hub.port}`] }),
    );
    await eventually(`${name} is told`, () => one.has('connecting', new RegExp(`:${port}: `)));
    assert.equal((await enrolling).state, 'enrolled', 'by the other address');
  }
});

for (const plain of [true, false])
  test(`by a websocket${plain ? '' : ' over TLS, with the pinned CA'} it enrols as well, as behind a proxy`, async (t) => {
    const hub = await enrolHub(t, program, { plain });
    const urls = [`${plain ? 'ws' : 'wss'}://127.0.0.1:${hub.wsPort}`];
    hub.issuer.change = (answer) => ({ ...answer, urls }) as typeof answer;
    const one = device(t);
    const enrolling = one.enrol(hub.token('t1', { urls: [`${urls[0]?.slice(0, -5)}1`, ...urls] }));
    assert.equal((await enrolling).state, 'enrolled');
    assert.equal((await one.renew()).state, 'enrolled');
    assert.deepEqual(hub.issuer.by, ['ENROL', 'ENROL']);
  });

test('where the token has a pin no websocket without TLS is opened', async (t) => {
  const hub = await enrolHub(t, program, { plain: true });
  const one = device(t);
  const outcome = await one.enrol(hub.token('t1', { urls: [`ws://127.0.0.1:${hub.wsPort}`], ca: hub.pin }));
  assert.equal(outcome.state === 'refused' && outcome.code, 'answer_unfit');
});

test('what opens no websocket is told', async (t) => {
  const hub = await enrolHub(t, program, { plain: true });
  const [server, silent] = [
    createHttpServer((_request, response) => response.writeHead(404).end()),
    createServer(),
  ];
  for (const one of [server, silent]) {
    await new Promise<void>((done) => one.listen(0, '127.0.0.1', done));
    t.after(() => one.close());
  }
  const { port } = server.address() as { port: number };
  const one = device(t);
  void one.enrol(hub.token('t1', { urls: [`ws://127.0.0.1:${port}`] })).catch(() => {});
  await eventually('it is told', () => one.has('connecting', /answers 404, and opens no websocket/));
});
