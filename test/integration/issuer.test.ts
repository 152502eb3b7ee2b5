// The issuer on a real hub in operator mode: requests wait in streams, bindings are written by whoever has read all of them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { nkeys } from '@nats-io/transport-node';
import { enrolSubjects, sealed } from '../../agent/wire/enrol.ts';
import { jetstream } from '../kit/hub/fleet.ts';
import { askAll, bookOn, issuerOn, newToken, testRouter, withToken } from '../kit/hub/issuing.ts';
import { type IssuingHub, issuingHub } from '../kit/hub/issuinghub.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually } from '../kit/process/daemon.ts';
import { natsServers, withoutNewest } from '../kit/process/tools.ts';

const skip = withoutNewest();
const owner = newOwner();
let hub: IssuingHub;

before(async () => {
  if (skip === false) hub = await issuingHub(owner, natsServers().newest ?? '');
});
after(() => owner.end());

/** How many requests the issuers have not answered yet. */
async function requestsIn({ as }: IssuingHub): Promise<number> {
  const nc = await as('hub-enrol');
  const { num_pending = 0, num_ack_pending = 0 } = (await jetstream(nc, 'CONSUMER.INFO.ENROL.issuer')) as {
    num_pending?: number;
    num_ack_pending?: number;
  };
  await nc.close();
  return num_pending + num_ack_pending; // some are still meant for an issuer that has ended
}

describe('one issuer', { skip }, () => {
  test('a router is admitted by a token, logs in with its key, and renews over both ways', async (t) => {
    const issuer = issuerOn(t, hub);
    const book = await bookOn(t, hub);
    const token = await newToken(book, hub);
    const router = testRouter(hub, 'm1');
    const nc = await withToken(hub, token);
    const answer = await router.ask(nc, token.id, { token: token.id, unit: 'r1' });
    assert.ok(answer.state === 'accepted' && answer.unit === 'r1');
    const unit = await hub.client(router.creds(answer), '_INBOX_r1');
    const renewed = await router.ask(unit, router.key);
    assert.ok(renewed.state === 'accepted' && renewed.until_s === answer.until_s);
    const late = await hub.client(router.creds(answer, 'renew_jwt'), `_INBOX_${router.key}`);
    assert.equal((await router.ask(late, router.key)).state, 'accepted');
    assert.deepEqual(issuer.counts(), { admitted: 3, waiting: 0, refused: 0, garbled: 0 });
  });

  test('the login of a token, and that for renewals, is good for nothing else', async (t) => {
    issuerOn(t, hub);
    const book = await bookOn(t, hub);
    const token = await newToken(book, hub);
    const router = testRouter(hub, 'm1b');
    const nc = await withToken(hub, token);
    const answer = await router.ask(nc, token.id, { token: token.id });
    const renew = await hub.client(router.creds(answer, 'renew_jwt'), `_INBOX_${router.key}`);
    const denied: string[] = [];
    const watch = async (client: typeof nc, by: string): Promise<void> => {
      for await (const status of client.status())
        if (status.type === 'error') denied.push(`${by} ${status.error.message}`);
    };
    void watch(nc, 'token');
    void watch(renew, 'renewal');
    const tries = [
      'bound.unit.x',
      '$JS.API.STREAM.INFO.BOUND',
      'ops.enrol.other',
      'ops.enrolled.x',
      'ops.heartbeat.r1',
    ];
    for (const client of [nc, renew]) {
      for (const subject of tries) client.publish(subject, 'x');
      for (const subject of ['bound.>', '>', 'ops.enrol.>', '_INBOX.>']) client.subscribe(subject);
      await client.flush();
    }
    await eventually('all are refused', () => denied.length >= 2 * (tries.length + 4));
    await book.catchUp();
    assert.equal(book.bindings().units.has('x'), false);
  });

  test('a request that nobody signed, or another key, is not answered; what is garbled harms nobody', async (t) => {
    const issuer = issuerOn(t, hub);
    const book = await bookOn(t, hub);
    const token = await newToken(book, hub, { uses: 9 });
    const nc = await withToken(hub, token);
    const router = testRouter(hub, 'm2');
    const other = nkeys.createUser();
    const request = router.request({ token: token.id, unit: 'r2' });
    const good = sealed(request, router.pair);
    const bodies = [
      ...['', '.', 'x', '{}', good.slice(1), `${good}.`, `${good.split('.')[0]}.`, good.replace('.', '')],
      ...[
        sealed(request, other),
        sealed({ ...request, key: '' }, router.pair),
        '\xff\xfe',
        'a'.repeat(16_000),
      ],
      `${Buffer.from('null').toString('base64url')}.x`,
    ];
    for (const body of bodies) await nc.request(enrolSubjects.request(token.id), body);
    await eventually('all are looked at', () => issuer.counts().garbled === bodies.length);
    await assert.rejects(
      nc.request(enrolSubjects.request(token.id), 'a'.repeat(17_000)),
      'larger than the stream takes',
    );
    assert.equal((await router.ask(nc, token.id, { token: token.id, unit: 'r2' })).state, 'accepted');
    await book.catchUp();
    assert.equal(book.bindings().units.get('r2')?.key, router.key);
    assert.ok(issuer.logged.filter(({ level }) => level === 'warn').length <= 22, 'the log is not filled');
  });

  test('a token used 100 times by one key is one unit, and admits no second key', async (t) => {
    issuerOn(t, hub);
    const book = await bookOn(t, hub);
    const token = await newToken(book, hub);
    const nc = await withToken(hub, token);
    const router = testRouter(hub, 'm3');
    for (let i = 0; i < 100; i++) {
      const answer = await router.ask(nc, token.id, { token: token.id, unit: 'r3' });
      assert.ok(answer.state === 'accepted' && answer.unit === 'r3');
    }
    const second = await testRouter(hub, 'm4').ask(nc, token.id, { token: token.id, unit: 'r4' });
    assert.ok(second.state === 'refused' && second.code === 'token_used_up');
    await book.catchUp();
    assert.equal(book.bindings().units.has('r4'), false);
  });

  test('a flood by one token pushes out its own requests, not those of others, nor fills the log', async (t) => {
    const book = await bookOn(t, hub);
    const [flooding, token] = [await newToken(book, hub), await newToken(book, hub)];
    const [flood, nc] = [await withToken(hub, flooding), await withToken(hub, token)];
    const router = testRouter(hub, 'flooded');
    const request = router.request({ token: token.id, unit: 'flooded' });
    const answer = askAll(hub, nc, token.id, [{ router, request }]);
    await nc.flush();
    for (let i = 0; i < 6000; i++) flood.publish(enrolSubjects.request(flooding.id), `{"flood":${i}}`);
    await flood.request(enrolSubjects.request(flooding.id), '{}');
    const admin = await hub.as('hub-enrol');
    const { state } = await jetstream(admin, 'STREAM.INFO.ENROL');
    assert.ok((state?.messages ?? 0) < 5000, 'the stream has bounds');
    const issuer = issuerOn(t, hub);
    assert.equal((await answer)[0]?.state, 'accepted');
    await eventually('the flood is looked at', () => issuer.counts().garbled >= 4000);
    assert.ok(issuer.logged.length < 40, `${issuer.logged.length} lines`);
  });

  test('requests wait while no issuer is there', async (t) => {
    const book = await bookOn(t, hub);
    const token = await newToken(book, hub, { uses: 20 });
    const nc = await withToken(hub, token);
    const asked = Array.from({ length: 20 }, (_, i) => {
      const router = testRouter(hub, `late-${i}`);
      return { router, request: router.request({ token: token.id, unit: `late-${i}` }) };
    });
    const answers = askAll(hub, nc, token.id, asked);
    await nc.flush();
    await eventually('all wait', async () => (await requestsIn(hub)) >= 20);
    issuerOn(t, hub);
    assert.deepEqual(
      (await answers).map((answer) => answer.state === 'accepted' && answer.unit),
      asked.map((_, i) => `late-${i}`),
    );
  });
});

describe('several issuers', { skip }, () => {
  test('bind an id once and use a token as often as it says, whichever gets the request', async (t) => {
    const issuers = [issuerOn(t, hub), issuerOn(t, hub), issuerOn(t, hub)];
    const book = await bookOn(t, hub);
    const token = await newToken(book, hub, { uses: 30 });
    const nc = await withToken(hub, token);
    // 80 routers want 40 ids, each twice, with 30 uses
    const asked = Array.from({ length: 80 }, (_, i) => {
      const router = testRouter(hub, `c-${i}`);
      return { router, request: router.request({ token: token.id, unit: `c-${i % 40}` }) };
    });
    const answers = await askAll(hub, nc, token.id, asked);
    assert.equal(answers.filter(({ state }) => state === 'accepted').length, 30);
    await book.catchUp();
    const bound = [...book.bindings().units.values()].filter((unit) => unit.token === token.id);
    assert.equal(bound.length, 30);
    assert.equal(new Set(bound.map(({ key }) => key)).size, 30);
    for (const issuer of issuers)
      assert.ok(issuer.counts().admitted + issuer.counts().refused > 0, 'all work');
  });

  test('an issuer that dies over a request leaves it to another', async (t) => {
    const book = await bookOn(t, hub);
    const token = await newToken(book, hub);
    const nc = await withToken(hub, token);
    const link = hub.link(t, 'hub-enrol');
    await eventually('the link is up', () => link.state().connected);
    await issuerOn(t, hub).stop();
    const router = testRouter(hub, 'm9');
    const request = router.request({ token: token.id, unit: 'r9' });
    // what another issuer fetched before it died
    const fetched = new Promise((resolve) => link.subscribe('_INBOX.dead', resolve));
    link.publish('$JS.API.CONSUMER.MSG.NEXT.ENROL.issuer', '{"batch":1}', { reply: '_INBOX.dead' });
    const answer = askAll(hub, nc, token.id, [{ router, request }]);
    await fetched;
    issuerOn(t, hub);
    assert.equal((await answer)[0]?.state, 'accepted');
  });
});

describe('a hub that ends', { skip }, () => {
  test('killed while routers enrol: each has one id afterwards, and no token admitted too many', async (t) => {
    issuerOn(t, hub);
    issuerOn(t, hub);
    const book = await bookOn(t, hub);
    const token = await newToken(book, hub, { uses: 60 });
    const asked = Array.from({ length: 60 }, async (_, i) => {
      const router = testRouter(hub, `k-${i}`);
      const ask = async () => {
        const nc = await withToken(hub, token);
        try {
          return await Promise.race([
            router.ask(nc, token.id, { token: token.id, unit: `k-${i}` }),
            setTimeout(3000, undefined),
          ]);
        } finally {
          await nc.close();
        }
      };
      for (;;) {
        const answer = await ask().catch(() => undefined);
        if (answer?.state === 'accepted') return answer.unit;
        if (answer !== undefined) return JSON.stringify(answer);
        await setTimeout(100);
      }
    });
    await eventually('some are admitted', async () => {
      await book.catchUp();
      return [...book.bindings().units.keys()].filter((unit) => unit.startsWith('k-')).length > 5;
    });
    await hub.kill();
    await hub.start();
    assert.deepEqual(
      await Promise.all(asked),
      asked.map((_, i) => `k-${i}`),
    );
  });
});
