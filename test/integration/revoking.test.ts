// A unit that is shut out: its leaf link and its client are closed by the hub, and stay out.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { BoundRecord } from '../../agent/hub/book/bindings.ts';
import type { Book } from '../../agent/hub/book/book.ts';
import {
  orderForgetting,
  orderRenaming,
  orderRevocation,
  orderWithdrawal,
} from '../../agent/hub/enrol/orders.ts';
import { bringRevocations } from '../../agent/hub/enrol/revoking.ts';
import type { ParseResult } from '../../agent/lib/parse.ts';
import type { Link } from '../../agent/nats/link.ts';
import type { EnrolToken } from '../../agent/wire/enrol.ts';
import { bookOn, issuerOn, newToken, type TestRouter, testRouter, withToken } from '../kit/hub/issuing.ts';
import { type IssuingHub, issuingHub } from '../kit/hub/issuinghub.ts';
import { startServer } from '../kit/leaf/leafdaemon.ts';
import { type Cleanup, newOwner } from '../kit/process/cleanup.ts';
import { eventually } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, withoutNewest } from '../kit/process/tools.ts';

const skip = withoutNewest();
const program = natsServers().newest ?? '';
const owner = newOwner();
let hub: IssuingHub;
let book: Book;

before(async () => {
  if (skip !== false) return;
  hub = await issuingHub(owner, program);
  issuerOn(owner, hub);
  book = await bookOn(owner, hub);
});
after(() => owner.end());

/** Enrols a router and gives the creds of its login. */
async function enrolled(unit: string): Promise<{ router: TestRouter; creds: string; token: EnrolToken }> {
  const token = await newToken(book, hub);
  const router = testRouter(hub, unit);
  const nc = await withToken(hub, token);
  const answer = await router.ask(nc, token.id, { token: token.id, unit });
  await nc.close();
  return { router, creds: router.creds(answer), token };
}

/** A leaf with these creds. */
async function leafWith(t: Cleanup, name: string, creds: string) {
  const conf = join(hub.kit.dir, `${name}.conf`);
  const remote = hub.kit.remote({ text: creds, publicKey: name });
  writeFileSync(conf, `server_name: ${name}\nlisten: "127.0.0.1:${await reservePort()}"\n${remote}`);
  return startServer(t, program, conf);
}

/** Names of the leaf nodes that the hub has. */
async function leafs(): Promise<string[]> {
  const nc = await hub.as('hub-sys');
  const answer = await nc.request('$SYS.REQ.SERVER.PING.LEAFZ', '', { timeout: 5000 });
  await nc.close();
  const { data } = answer.json() as { data: { leafs?: { name: string }[] } };
  return (data.leafs ?? []).map(({ name }) => name);
}

async function order<T extends BoundRecord>(of: (now_ms: number) => ParseResult<T>): Promise<void> {
  await book.catchUp();
  const done = of(Date.now());
  if (!done.ok) throw new Error(done.why);
  assert.ok(await book.append(done.value));
}

async function bring(t: Cleanup) {
  const sys = hub.link(t, 'hub-sys');
  await eventually('the link is up', () => sys.state().connected);
  return bringRevocations(sys, hub.issuer.file, book, () => hub.kit.keys['operator-signing'], Date.now());
}

describe('revocation', { skip }, () => {
  test('closes the leaf link and the clients of a unit, and those of no other', async (t) => {
    const [one, other] = [await enrolled('u1'), await enrolled('u2')];
    await leafWith(t, 'leaf-u1', one.creds);
    const still = await leafWith(t, 'leaf-u2', other.creds);
    const client = await hub.client(one.creds, '_INBOX_u1');
    await eventually('both are joined', async () => (await leafs()).length === 2);
    await order((now_ms) => orderRevocation(book.bindings(), 'u1', now_ms));
    assert.deepEqual(await bring(t), { state: 'done', servers: 1 });
    await eventually('one has left', async () => (await leafs()).join() === 'leaf-u2');
    assert.match(String(await client.closed()), /auth/i);
    await assert.rejects(hub.client(one.creds, '_INBOX_u1'), /auth/i);
    assert.equal(still.output().includes('Revoked'), false);
    assert.deepEqual(await bring(t), { state: 'nothing due' }, 'a second time nothing is changed');
  });

  test('two that revoke at once undo nothing of each other', async (t) => {
    const [one, other] = [await enrolled('c1'), await enrolled('c2')];
    const sys = hub.link(t, 'hub-sys');
    await eventually('the link is up', () => sys.state().connected);
    let isFirst = true;
    const outrun: Link = {
      ...sys,
      async request(subject, payload, options) {
        if (isFirst && subject === '$SYS.REQ.CLAIMS.UPDATE') {
          isFirst = false; // it knows what the servers revoke, and is about to tell them what they are to
          await order((now_ms) => orderRevocation(book.bindings(), 'c2', now_ms));
          await bring(t);
        }
        return sys.request(subject, payload, options);
      },
    };
    const slow = await bookOn(t, hub);
    await order((now_ms) => orderRevocation(book.bindings(), 'c1', now_ms));
    await slow.catchUp();
    const signer = () => hub.kit.keys['operator-signing'];
    await bringRevocations(outrun, hub.issuer.file, slow, signer, Date.now());
    for (const { creds } of [one, other]) await assert.rejects(hub.client(creds), /auth/i);
  });

  test('a unit that was revoked gets no login by the way for late ones, and hears why', async (t) => {
    const { router } = await enrolled('u3');
    const token = await newToken(book, hub);
    const asking = await withToken(hub, token);
    await order((now_ms) => orderRevocation(book.bindings(), 'u3', now_ms));
    await bring(t);
    const answer = await router.ask(asking, token.id, { token: token.id, unit: 'u3' });
    assert.ok(answer.state === 'refused' && answer.code === 'unit_revoked', JSON.stringify(answer));
  });

  test('a unit that was renamed leaves, and comes back by its new id with the same key', async (t) => {
    const { router, creds } = await enrolled('u4');
    const token = await newToken(book, hub);
    const asking = await withToken(hub, token);
    const first = await router.ask(asking, token.id, { token: token.id, unit: 'u4' });
    const late = await hub.client(router.creds(first, 'renew_jwt'), `_INBOX_${router.key}`);
    const client = await hub.client(creds, '_INBOX_u4');
    await order((now_ms) => orderRenaming(book.bindings(), 'u4', 'u5', now_ms));
    await bring(t);
    await client.closed();
    const answer = await router.ask(late, router.key, { unit: 'u4' });
    assert.ok(answer.state === 'accepted' && answer.unit === 'u5');
    const again = await hub.client(router.creds(answer), '_INBOX_u5');
    const heard = await hub.as('hub-fleet');
    const heartbeats = heard.subscribe('ops.heartbeat.>', { max: 1 });
    await heard.flush();
    again.publish('ops.heartbeat.u4', 'x');
    again.publish('ops.heartbeat.u5', 'x');
    for await (const message of heartbeats) assert.equal(message.subject, 'ops.heartbeat.u5');
  });

  test('a unit that is forgotten is out, and its id free for another', async (t) => {
    const { creds, router } = await enrolled('u6');
    const client = await hub.client(creds, '_INBOX_u6');
    await order((now_ms) => orderForgetting(book.bindings(), 'u6', now_ms));
    await bring(t);
    await client.closed();
    const second = await enrolled('u6');
    assert.notEqual(second.router.key, router.key);
    await (await hub.client(second.creds, '_INBOX_u6')).close();
    await assert.rejects(hub.client(creds, '_INBOX_u6'), /auth/i);
  });

  test('a token that is withdrawn logs nobody in any more', async (t) => {
    const token = await newToken(book, hub);
    const nc = await withToken(hub, token);
    await order((now_ms) => orderWithdrawal(book.bindings(), token.id, now_ms));
    await bring(t);
    await nc.closed();
    await assert.rejects(withToken(hub, token), /auth/i);
  });

  test('without the key of the operator it is said what is lacking', async (t) => {
    await enrolled('u7');
    await order((now_ms) => orderRevocation(book.bindings(), 'u7', now_ms));
    const sys = hub.link(t, 'hub-sys');
    await eventually('the link is up', () => sys.state().connected);
    const { file } = hub.issuer;
    const outcome = await bringRevocations(sys, file, book, () => ({ lacking: 'no disk' }), Date.now());
    assert.deepEqual(outcome, { state: 'failed', why: 'no disk', isDue: true });
    assert.deepEqual(await bring(t), { state: 'done', servers: 1 });
  });
});
