// A whole fleet that enrols at once: a thousand routers, each with a key and a connection of its own, by one token.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connect, credsAuthenticator } from '@nats-io/transport-node';
import { formatCreds } from '../../agent/config/formats/creds.ts';
import { createUser, fromPublic } from '../../agent/lib/nkeys/nkeymakers.ts';
import { enrolSubjects, parseEnrolAnswer, parseEnrolToken, sealed } from '../../agent/wire/enrol.ts';
import { inboxPrefixOf } from '../../agent/wire/subjects.ts';
import { hubProgram } from '../kit/hub/hubprogram.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { natsServers, withoutNewest } from '../kit/process/tools.ts';

const owner = newOwner();
after(() => owner.end());

const count = 1000;

test(`${count} routers enrol at once, each is one unit, and the next is one too many`, {
  skip: withoutNewest(),
}, async (t) => {
  const hub = await hubProgram(owner, natsServers().newest ?? '');
  await hub.up();
  const token = parseEnrolToken(await hub.done('token', '--prefix', 'n-', '--uses', String(count), '--auto'));
  assert.ok(token.ok);
  const { id, hub: answers } = token.value;
  const login = formatCreds(token.value);
  const verify = (key: string, data: Uint8Array, signature: Uint8Array) =>
    fromPublic(key).verify(data, signature);

  /** Connects, and gives what asks and waits for the answer. */
  async function router(machine: string): Promise<() => Promise<string>> {
    const pair = createUser();
    const nc = await connect({
      servers: hub.url,
      tls: { caFile: join(hub.dir, 'tls/ca.pem') },
      authenticator: credsAuthenticator(new TextEncoder().encode(login)),
      inboxPrefix: inboxPrefixOf(id),
      timeout: 60_000,
    });
    const [key, nonce] = [pair.getPublicKey(), randomBytes(12).toString('hex')];
    const messages = nc.subscribe(enrolSubjects.answer(key));
    await nc.flush();
    const request = sealed({ v: 1, token: id, key, hardware: machine, nonce }, pair);
    return async () => {
      await nc.request(enrolSubjects.request(id), request, { timeout: 60_000 });
      for await (const message of messages) {
        const answer = parseEnrolAnswer(message.string(), { hub: answers, key, nonce }, verify);
        if (!answer.ok) continue;
        await nc.close();
        return answer.value.state === 'accepted' ? answer.value.unit : JSON.stringify(answer.value);
      }
      throw new Error('no answer');
    };
  }

  const begun_ms = performance.now();
  const routers: (() => Promise<string>)[] = [];
  while (routers.length < count) {
    const wave = Array.from({ length: 50 }, (_, i) => router(`machine-${routers.length + i}`));
    routers.push(...(await Promise.all(wave))); // this one process cannot log in a thousand times within a server's patience
  }
  const asked_ms = performance.now();
  const units = await Promise.all(routers.map((ask) => ask()));
  const [all_s, answered_s] = [begun_ms, asked_ms].map((ms) => ((performance.now() - ms) / 1000).toFixed(1));
  t.diagnostic(`${count} in ${all_s} s, of which all are answered in ${answered_s} s`);
  assert.equal(new Set(units).size, count);
  for (const unit of units) assert.match(unit, /^n-[0-9a-f]{6,16}$/);
  assert.match(await (await router('one-more'))(), /token_used_up/);
  const listed = (await hub.done('units', '--json'))
    .split('\n')
    .map((line) => JSON.parse(line) as { unit: string });
  assert.deepEqual(listed.map(({ unit }) => unit).sort(), [...units].sort());
});
