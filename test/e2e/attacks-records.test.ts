// What a fallen unit can do with records and answers that it is permitted to send.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Msg } from '@nats-io/transport-node';
import { attackSite, hubsToAttack, thief, victim } from '../kit/attack/attacksite.ts';
import { attackTable } from '../kit/attack/attacktable.ts';
import { eventually } from '../kit/process/daemon.ts';

const hubs = hubsToAttack();
const table = attackTable(hubs.map(({ name }) => name));
after(() => process.stdout.write(`${table.text()}\n`));

/** What the hub tells of a request to its JetStream API. */
interface Audit {
  readonly subject: string;
  readonly request: string;
  readonly response: string;
}
interface StreamAnswer {
  readonly state?: { readonly last_seq: number };
  readonly message?: { readonly subject: string; readonly hdrs?: string };
}

for (const hub of hubs) {
  const { name } = hub;
  describe(`what a fallen unit may send, ${name}`, () => {
    const { nc, heard, attacker } = attackSite(hub);
    const ask = async (api: string, body: string): Promise<StreamAnswer> =>
      (await nc().request(`$JS.API.STREAM.${api}.NUNECT`, body)).json<StreamAnswer>();

    test('it may say anything of itself: only the subject tells whose a record is', async () => {
      const leaf = await attacker();
      const headers = { 'X-Unit-ID': victim, 'Nats-Request-Info': '{"acc":"SYS"}' };
      leaf.publish(`ops.heartbeat.${thief}`, 'disguised', { headers });
      assert.ok(await leaf.settled());
      const seen = await eventually('it', () => heard.find((one) => one.string() === 'disguised'));
      assert.equal(seen.subject, `ops.heartbeat.${thief}`);
      assert.equal(seen.headers?.get('X-Unit-ID'), victim);
      table.note('own record with X-Unit-ID of another', name, 'kept, under its own subject');
      const info = seen.headers?.get('Nats-Request-Info') ?? '';
      table.note(
        'own record with Nats-Request-Info',
        name,
        info === '' ? 'header removed' : 'header kept: it proves nothing',
      );
      leaf.stop();
    });

    test('it answers a service PING in the name of another: inboxes are open to all', async () => {
      const leaf = await attacker();
      leaf.listen('$SRV.PING');
      await leaf.settled();
      nc().publish('$SRV.PING', '', { reply: '_INBOX.micro.ls' });
      const asked = await eventually('the PING', () =>
        leaf.messages.find((one) => one.subject === '$SRV.PING'),
      );
      leaf.publish(asked.reply, `{"name":"nunect","id":"${victim}","note":"forged"}`);
      await leaf.settled();
      await eventually('the forged answer', () =>
        heard.some((one) => one.subject === '_INBOX.micro.ls' && one.string().includes('forged')),
      );
      table.note(`leaf answers $SRV.PING as ${victim}`, name, '**gets through**');
      leaf.stop();
    });

    test('the PubAck of an own record can be aimed, but purges and deletes nothing', async () => {
      const leaf = await attacker();
      for (const api of ['STREAM.PURGE', 'STREAM.MSG.DELETE', 'STREAM.DELETE', 'STREAM.UPDATE']) {
        const aim = `$JS.API.${api}.NUNECT`;
        leaf.publish(`ops.heartbeat.${thief}`, 'loaded', { reply: aim });
        assert.ok(await leaf.settled());
        const audit = await eventually(`the audit of ${aim}`, () =>
          heard.find((one) => one.subject === '$JS.EVENT.ADVISORY.API' && one.json<Audit>().subject === aim),
        );
        const { request, response } = audit.json<Audit>();
        assert.match(request, /"seq":\d+/, 'the PubAck did come there');
        assert.match(response, /"error"/, aim);
        table.note(`own record with reply ${aim}`, name, 'asked by the PubAck, refused by the stream');
      }
      const subject = `ops.heartbeat.${victim}`;
      leaf.publish(`ops.heartbeat.${thief}`, 'loaded', { reply: subject });
      const forged = await eventually('the PubAck', () =>
        heard.find((one) => one.subject === subject && one.string().includes('"seq"')),
      );
      assert.equal(forged.headers?.get('Nats-Msg-Id') ?? '', '', 'by which a consumer knows that it is none');
      table.note(
        `own record with reply ${subject}`,
        name,
        '**the PubAck is stored there**, without Nats-Msg-Id',
      );
      leaf.stop();
    });

    // a hub by config/hub has no echo
    const ofMade = hub.isMade ? test : () => {};
    ofMade('the hub echoes to inboxes only', async () => {
      const leaf = await attacker();
      const aims = [`ops.heartbeat.${victim}`, '$JS.API.STREAM.DELETE.NUNECT', `_INBOX_${victim}.x`];
      for (const aim of aims) leaf.publish('ops.echo._127_0_0_1', 'aimed', { reply: aim });
      leaf.publish('ops.echo._127_0_0_1', 'to an inbox', { reply: '_INBOX.thief.1' });
      assert.ok(await leaf.settled());
      const echoed = (text: string): Msg[] =>
        heard.filter((one) => one.string() === text && one.subject !== 'ops.echo._127_0_0_1');
      await eventually('what came last is echoed', () => echoed('to an inbox').length > 0);
      assert.deepEqual(
        echoed('aimed').map(({ subject }) => subject),
        [],
      );
      for (const aim of aims)
        table.note(`asks the echo of the hub, reply to ${aim}`, name, 'ignored by the hub');
      leaf.stop();
    });

    test('ids of records suppress records of others, so nothing that another unit sees may tell them', async () => {
      const leaf = await attacker();
      leaf.listen(`ops.echo.${thief}`);
      const probes = await eventually('three probes by the victim', () => {
        const found = leaf.messages.filter((one) => one.subject === `ops.echo.${thief}` && one.reply !== '');
        return found.length > 2 && found;
      });
      const mine = await eventually('a record of the victim', () =>
        heard.findLast((one) => one.subject.endsWith(`.${victim}`))?.headers?.get('Nats-Msg-Id'),
      );
      const [, boot = '', seq = ''] = /-([0-9a-f]{10})-(\d+)$/.exec(mine) ?? [];
      assert.notEqual(boot, '');
      assert.ok(!JSON.stringify(probes).includes(boot), JSON.stringify(probes));
      assert.equal(
        new Set(probes.map(({ reply }) => reply)).size,
        probes.length,
        'each under a token of its own',
      );
      table.note('boot id of another from its probes', name, 'not in them');

      const stolen = Number(seq) + 15;
      const id = (at: number): string => `${victim}-${boot}-${at}`;
      leaf.publish(`ops.heartbeat.${thief}`, 'thief', { headers: { 'Nats-Msg-Id': id(stolen) } });
      assert.ok(await leaf.settled());
      await eventually('later records of the victim', () =>
        heard.some((one) => one.headers?.get('Nats-Msg-Id') === id(stolen + 5)),
      );
      const last = (await ask('INFO', '')).state?.last_seq ?? 0;
      const under: string[] = [];
      for (let at = Math.max(1, last - 60); at <= last; at += 1) {
        const { message } = await ask('MSG.GET', JSON.stringify({ seq: at }));
        const block = Buffer.from(message?.hdrs ?? '', 'base64').toString();
        if (block.includes(`Nats-Msg-Id: ${id(stolen)}\r`)) under.push(message?.subject ?? '');
      }
      assert.deepEqual(
        under,
        [`ops.heartbeat.${thief}`],
        'the stream took the record of the victim for a repeat',
      );
      table.note(
        'record with the next id of another, were its boot id known',
        name,
        '**suppresses it**: 2^40 to guess',
      );
      leaf.stop();
    });
  });
}
