// A device that enrols at a real nats-server in operator mode, by the functions that the command and the agent use.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect, credsAuthenticator } from '@nats-io/transport-node';
import { type EnrolDeps, type EnrolState, enrolWith } from '../../agent/enrol/enrol.ts';
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
  const hold = setInterval(() => {}, 1000);
  t.after(() => clearInterval(hold));
  return {
    folder,
    states,
    steps: () => [...new Set(states.map(({ step }) => step))],
    enrol: (token: string, signal = new AbortController().signal) =>
      enrolWith(readToken(token), deps, (state) => states.push(state), signal),
    deps,
  };
}

function readToken(text: string): EnrolToken {
  const found = parseEnrolToken(text);
  assert.ok(found.ok);
  return found.value;
}

/** Logs in with the creds that the device wrote. */
async function login(hub: EnrolHub, creds: string, ca: string) {
  const nc = await connect({
    servers: `127.0.0.1:${hub.port}`,
    authenticator: credsAuthenticator(new TextEncoder().encode(creds)),
    tls: { ca },
    inboxPrefix: '_INBOX_demo-01',
    reconnect: false,
  });
  return nc;
}

test('a device enrols: it finds the CA by its pin, asks, and logs in as the unit that the hub says', async (t) => {
  const hub = await enrolHub(t, program);
  const one = device(t);
  const outcome = await one.enrol(hub.token('t1'));
  assert.equal(outcome.state, 'enrolled');
  const kept = one.folder.hub();
  assert.equal(kept?.unit, 'demo-01');
  const nc = await login(hub, one.folder.key().creds(kept.jwt), kept.ca ?? '');
  const ack = await nc.request('ops.heartbeat.demo-01', '{}', { timeout: 5000 });
  assert.equal(ack.json<{ stream: string }>().stream, 'NUNECT');
  await nc.close();
  assert.deepEqual(
    hub.issuer.requests.map(({ unit, token, role, hardware }) => ({ unit, token, role, hardware })),
    [{ unit: 'demo-01', token: 't1', role: 'leaf', hardware: 'ab12' }],
  );
});

test('while the issuer sleeps the request waits; approved later, the device comes in', async (t) => {
  const hub = await enrolHub(t, program);
  hub.issuer.mode = 'pending';
  const one = device(t);
  const enrolling = one.enrol(hub.token('t1'));
  await eventually('it is told to wait', () => one.steps().includes('pending'));
  hub.issuer.mode = 'accept';
  const outcome = await enrolling; // it asks again within 23 s
  assert.equal(outcome.state, 'enrolled');
  assert.equal(new Set(hub.issuer.requests.map(({ key }) => key)).size, 1);
});
