// Three servers with an issuer each, killed one after the other while routers enrol and are shut out.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { formatCreds } from '../../agent/config/formats/creds.ts';
import { inboxPrefixOf } from '../../agent/wire/subjects.ts';
import { bookOn, issuerLinks, issuerOn, newToken, testRouter } from '../kit/hub/issuing.ts';
import { issuingHub } from '../kit/hub/issuinghub.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually } from '../kit/process/daemon.ts';
import { natsServers, withoutNewest } from '../kit/process/tools.ts';
import { nunectHub } from '../kit/unit/site.ts';

const owner = newOwner();
after(() => owner.end());

const count = 45;

test('servers killed while routers enrol: each is one unit, none is lost, and who is shut out is so everywhere', {
  skip: withoutNewest(),
}, async () => {
  const hub = await issuingHub(owner, natsServers().newest ?? '', '127.0.0.1,127.0.0.2,127.0.0.3');
  const { servers } = hub.kit.hub;
  const issuers = servers.map((server) =>
    issuerOn(owner, hub, {
      links: issuerLinks(owner, hub, [server]),
    }),
  );
  const book = await bookOn(owner, hub);
  const token = await newToken(book, hub, { uses: count });
  const login = formatCreds(token);

  /** Asks until it is answered, at whichever server is there. */
  async function enrol(i: number) {
    const router = testRouter(hub, `m${i}`);
    for (let tries = i; ; tries += 1) {
      const server = servers[tries % servers.length] ?? '';
      const nc = await hub.client(login, inboxPrefixOf(token.id), server).catch(() => undefined);
      if (nc !== undefined) {
        const ask = router.ask(nc, token.id, { token: token.id, unit: `u${i}` });
        const answer = await Promise.race([ask.catch(() => undefined), setTimeout(8000, undefined)]);
        await nc.close();
        if (answer !== undefined) return { router, answer };
      }
      await setTimeout(200);
    }
  }
  const bound = async (): Promise<number> => {
    await book.catchUp().catch(() => {}); // its leader may just have been killed
    return book.bindings().units.size;
  };

  const enrolling: ReturnType<typeof enrol>[] = [];
  for (const [server, some] of [15, 30, count].entries()) {
    while (enrolling.length < some) enrolling.push(enrol(enrolling.length));
    await eventually('some are in', async () => (await bound()) > some - 12);
    await hub.kill(server);
    await setTimeout(2000); // the others go on
    await hub.start(server);
  }
  const done = await Promise.all(enrolling);
  assert.deepEqual(
    done.map(({ answer }) => (answer.state === 'accepted' ? answer.unit : JSON.stringify(answer))),
    done.map((_, i) => `u${i}`),
  );
  // the leader of the stream may be the one that was killed last
  await eventually('all is read', () =>
    book.catchUp().then(
      () => true,
      () => false,
    ),
  );
  const units = [...book.bindings().units.values()];
  assert.equal(new Set(units.map(({ key }) => key)).size, count);
  for (const { router } of done) assert.ok(book.bindings().unitOfKey.has(router.key));
  assert.ok(issuers.filter((issuer) => issuer.counts().admitted > 0).length >= 2, 'they share the work');

  const [first] = done;
  assert.ok(first !== undefined);
  await hub.kill(1); // it is told when it is back
  // the leader of the streams may be the one that was killed
  const revoked = await nunectHub(['revoke', 'u0', '--dir', hub.kit.dir]);
  assert.equal(revoked.code, 0, revoked.stderr);
  assert.match(revoked.stderr, /2 of 3 servers have closed it; the others do when they are there again/);
  await hub.start(1);
  const creds = first.router.creds(first.answer);
  for (const server of servers)
    await eventually(`it is out at ${server}`, async () => {
      const nc = await hub.client(creds, '_INBOX_u0', server).catch((error: Error) => error);
      if (nc instanceof Error) return /auth/i.test(nc.message);
      await nc.close();
      return false;
    });
});
