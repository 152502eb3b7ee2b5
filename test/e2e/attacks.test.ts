// Unit demo-01 has fallen: its password is known, and what speaks with it keeps to no rules. What can it do to
// demo-02 and to the hub? Each attempt is made at the oldest and the newest server by config/hub as it ships, and at a hub of
// nunect-hub whose units have enrolled.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { connect } from '@nats-io/transport-node';
import { type AttackedHub, attackSite, hubsToAttack, thief, victim } from '../kit/attack/attacksite.ts';
import { attackTable } from '../kit/attack/attacktable.ts';
import { eventually } from '../kit/process/daemon.ts';

const hubs = hubsToAttack();
const table = attackTable(hubs.map(({ name }) => name));
after(() => process.stdout.write(`${table.text()}\n`));

type Outcome = 'refused' | 'through' | 'not delivered';
/** What each hub does: `through` is a hole that a minimum version closes, or one that nothing closes. */
type Expected = (hub: AttackedHub) => Outcome;
const checked: Expected = ({ isChecked }) => (isChecked ? 'refused' : 'through');
const always =
  (outcome: Outcome): Expected =>
  () =>
    outcome;

const shown: Readonly<Record<Outcome, string>> = {
  refused: '-ERR, link closed',
  through: '**gets through**',
  'not delivered': 'nothing delivered',
};

const sends: readonly (readonly [subject: string, expected: Expected])[] = [
  [`ops.heartbeat.${victim}`, checked],
  [`ops.metric.time.${victim}`, checked],
  [`ops.log.ERROR.${victim}`, checked],
  [`ops.status.leaf.${victim}`, checked],
  [`ops.cmd.leaf.${victim}`, checked],
  [`ops.roster.${victim}`, checked],
  ['ops.enrol.UVICTIM', checked],
  ['ops.enrolled.UVICTIM', checked],
  [`ops.time.sync.${victim}`, checked],
  [`_INBOX_${victim}.x.y`, checked],
  ['$JS.API.STREAM.PURGE.NUNECT', checked],
  ['$JS.API.CONSUMER.CREATE.NUNECT', checked],
  ['$SYS.REQ.SERVER.PING', checked],
  ['$SYS.REQ.USER.INFO', checked],
  ['app.unknown', checked],
  ['ops.time.config', always('through')], // one subject of all units: the contract has no unit in it
  [`_INBOX.${victim}.x`, always('through')], // answers may go to any inbox; the token in it must be known
];

const listens: readonly (readonly [subject: string, expected: Expected])[] = [
  ['>', always('not delivered')],
  ['ops.>', always('not delivered')],
  ['ops.echo.*', always('not delivered')],
  ['_INBOX.>', always('not delivered')],
  ['_INBOX_demo-02.>', always('not delivered')],
  ['_INBOX.demo-02.>', always('not delivered')],
  ['$JS.API.>', always('not delivered')],
  ['$SYS.>', always('not delivered')],
  [`ops.echo.${victim}`, always('refused')],
  [`ops.cmd.leaf.${victim}`, always('refused')],
  [`ops.heartbeat.${victim}`, always('refused')],
  ['ops.enrolled.UVICTIM', always('refused')],
];

for (const hub of hubs) {
  const { name } = hub;
  describe(`a fallen unit, ${name}`, () => {
    const { nc, unit, heard, attacker, client } = attackSite(hub);
    const expect = (attempt: string, wanted: Expected, got: Outcome): void => {
      table.note(attempt, name, shown[got]);
      assert.equal(got, wanted(hub), attempt);
    };

    test('its own voice is heard: the attacks do reach the hub', async () => {
      const leaf = await attacker();
      leaf.listen(`ops.echo.${thief}`);
      leaf.publish(`ops.heartbeat.${thief}`, 'mine');
      assert.ok(await leaf.settled());
      await eventually('mine heard', () => heard.some((one) => one.string() === 'mine'));
      nc().publish(`ops.echo.${thief}`, 'for the thief');
      await eventually('its echo', () => leaf.messages.some(({ text }) => text === 'for the thief'));
      leaf.stop();
    });

    test('what belongs to another unit opens nothing', async () => {
      const leaf = await attacker({ isWrong: true });
      await eventually('the end of the link', leaf.closed);
      assert.match(leaf.errors.join(), /Authorization Violation/);
      table.note('log in as a leaf with the password, or the JWT, of another', name, shown.refused);
    });

    test('what it may send, by a leaf that checks nothing', async () => {
      let leaf = await attacker();
      for (const [index, [subject, wanted]] of sends.entries()) {
        if (leaf.closed()) leaf = await attacker();
        const mark = `attack ${index}`;
        leaf.publish(subject, mark);
        const open = await leaf.settled();
        await nc().flush();
        const came = heard.some((one) => one.subject === subject && one.string() === mark);
        assert.equal(open, came, `${subject}: ${leaf.errors}`);
        if (!open) assert.match(leaf.errors.join(), /Permissions Violation for Publish/);
        expect(`leaf sends ${subject}`, wanted, came ? 'through' : 'refused');
      }
      leaf.stop();
    });

    test('what it may hear', async () => {
      for (const [subject, wanted] of listens) {
        const leaf = await attacker();
        leaf.listen(subject);
        await leaf.settled();
        for (const aim of [
          `ops.heartbeat.${victim}`,
          `_INBOX_${victim}.x`,
          `_INBOX.${victim}.x`,
          '_INBOX.operator.x',
        ])
          nc().publish(aim, 'private');
        nc().publish('$JS.API.STREAM.INFO.NUNECT', '', { reply: '_INBOX.operator.info' });
        await nc().flush();
        const open = await leaf.settled();
        const aimedElsewhere = leaf.messages.filter((one) => one.subject !== `ops.echo.${thief}`);
        assert.deepEqual(aimedElsewhere, [], subject);
        if (!open) assert.match(leaf.errors.join(), /Permissions Violation for Subscription/);
        expect(`leaf listens to ${subject}`, wanted, open ? 'not delivered' : 'refused');
        leaf.stop();
      }
    });

    test('a leaf that claims to be the hub gets no further', async () => {
      const leaf = await attacker({ claims: { is_hub: true } });
      for (const [subject] of listens) leaf.listen(subject);
      assert.ok(await leaf.settled());
      const mark = 'from above';
      const refused = sends.filter(([, wanted]) => wanted === checked).map(([subject]) => subject);
      for (const subject of refused) leaf.publish(subject, mark);
      const answer = await nc().request(`ops.echo.${victim}`, 'who is there', { timeout: 10_000 });
      assert.equal(answer.headers?.get('X-Unit-ID'), victim);
      nc().publish(`_INBOX_${victim}.x`, 'private');
      await nc().flush();
      await leaf.settled();
      await nc().flush();
      assert.deepEqual(
        leaf.messages.filter((one) => one.subject !== `ops.echo.${thief}`),
        [],
      );
      const came = heard.filter((one) => one.string() === mark).length;
      assert.equal(came, hub.isChecked ? 0 : refused.length);
      table.note('leaf claims to be the hub, all of the above', name, came === 0 ? 'dropped' : shown.through);
      leaf.stop();
    });

    test('every echo is answered by the unit itself', async () => {
      const leaf = await attacker();
      leaf.listen('ops.echo.*');
      await leaf.settled();
      for (let count = 0; count < 10; count += 1) {
        const answer = await nc().request(`ops.echo.${victim}`, `echo ${count}`, { timeout: 10_000 });
        assert.equal(answer.headers?.get('X-Unit-ID'), victim);
      }
      assert.ok(!leaf.messages.some(({ text }) => text.startsWith('echo ')));
      table.note(`leaf answers ops.echo.${victim}`, name, 'never asked: 10 of 10 answers by the unit');
      leaf.stop();
    });

    test('as a client at the hub it has the same rights and no more', async () => {
      const own = await connect({ ...client(), reconnect: false, inboxPrefix: `_INBOX_${thief}` });
      const errors: string[] = [];
      void (async () => {
        for await (const status of own.status())
          if (status.type === 'error') errors.push(status.error.message);
      })();
      const refusals = async (act: () => unknown): Promise<string> => {
        errors.length = 0;
        act();
        await own.flush();
        await eventually('the refusal', () => errors.length > 0, 5000);
        return errors.join();
      };
      for (const [subject, wanted] of sends) {
        if (wanted !== checked) continue;
        assert.match(
          await refusals(() => own.publish(subject, 'client')),
          /Permissions Violation for Publish/,
          subject,
        );
        table.note(`client sends ${subject}`, name, '-ERR');
      }
      for (const [subject] of listens) {
        const listen = (): unknown => own.subscribe(subject, { callback: () => {} });
        assert.match(await refusals(listen), /Permissions Violation for Subscription/, subject);
        table.note(`client listens to ${subject}`, name, '-ERR');
      }
      await own.close();
      assert.ok(!heard.some((one) => one.string() === 'client'));
    });

    test('the victim is as well as before', async () => {
      const answer = await nc().request(`ops.echo.${victim}`, 'still there', { timeout: 10_000 });
      assert.equal(answer.string(), 'still there');
      const info = await nc().request('$JS.API.STREAM.INFO.NUNECT', '');
      const { state } = info.json<{ state: { first_seq: number; num_deleted?: number } }>();
      assert.deepEqual(
        [state.first_seq, state.num_deleted ?? 0],
        [1, 0],
        'nothing of what was recorded is gone',
      );
      assert.doesNotMatch(unit().agent().output(), /crashed|a message handler failed/);
    });
  });
}
