// The leaf of a unit is honest, what is connected to it on the LAN is not. Also: who listens where.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { attackTable } from '../kit/attack/attacktable.ts';
import { rawLeaf } from '../kit/attack/rawleaf.ts';
import { serversToTest } from '../kit/hub/fleet.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { listeningSockets } from '../kit/process/sockets.ts';
import { type Hub, type RunningUnit, startHub, startUnit } from '../kit/unit/site.ts';

const unit = 'demo-01';
const servers = serversToTest();
const table = attackTable(servers.map(({ name }) => name));
after(() => process.stdout.write(`${table.text()}\n`));

const user = (name: string, publish: readonly string[], subscribe: readonly string[]): string =>
  [
    `config user '${name}'`,
    `\toption password 'secret-${name}'`,
    ...publish.map((subject) => `\tlist publish '${subject}'`),
    ...subscribe.map((subject) => `\tlist subscribe '${subject}'`),
    '',
  ].join('\n');

const users = [
  user('app', ['app.>', `ops.echo.${unit}`], ['app.>', '_INBOX.>']),
  user('wide', ['>'], ['>']),
  user('mixed', ['>', 'ops.echo.demo-02'], ['>', 'ops.echo.demo-02']),
  user('guest', ['guest.>'], ['guest.>']),
  user('mute', [], []),
].join('\n');
const maxConnections = 8;

/** What each may not do: `+` publishes, `-` subscribes. */
const own = [`+ops.heartbeat.${unit}`, `+ops.log.ERROR.${unit}`, `+_INBOX_${unit}.x`, `+_INBOX.${unit}.x`];
const answers = [`-ops.echo.${unit}`, `-ops.cmd.leaf.${unit}`, `-_INBOX_${unit}.>`, `-_INBOX.${unit}.>`];
const forbidden: Readonly<Record<string, readonly string[]>> = {
  app: [
    ...own,
    ...answers,
    '+ops.heartbeat.demo-02',
    '+ops.echo.demo-02',
    '+$JS.API.INFO',
    '+$SYS.REQ.SERVER.PING',
  ].concat(['+_INBOX.guessed', '-ops.>', '->', '-*.>', '-$SYS.>', '-$JS.>', '-$SRV.PING']),
  wide: [...own, ...answers, '+ops.heartbeat.demo-02', `+ops.echo.${unit}`, '-ops.>', '-ops.*.*'],
  mixed: [...own, ...answers],
  guest: [...own, ...answers, '+app.x', '->'],
  mute: [...own, ...answers, '+app.x', '-app.x', '->'],
};

for (const { name, program } of servers) {
  describe(`clients on the LAN, ${name} nats-server`, () => {
    const owner = newOwner();
    const heard: Msg[] = [];
    let hub: Hub;
    let site: RunningUnit;

    const join = async (login?: string, password = `secret-${login}`): Promise<NatsConnection> => {
      const as = login === undefined ? {} : { user: login, pass: password };
      return connect({ servers: `127.0.0.1:${site.leafPort}`, ...as, reconnect: false });
    };
    const note = (attempt: string, outcome: string): void => table.note(attempt, name, outcome);
    // asked again: beside a subscriber of '>' a request is lost without a word until the hub knows of the unit's subscription
    const echo = async (): Promise<string> => {
      const ask = () => hub.nc.request(`ops.echo.${unit}`, 'are you well', { timeout: 2000 });
      return (await eventually('an echo', () => ask().catch(() => undefined), 60_000)).string();
    };

    before(async () => {
      const dir = tempDir(owner, 'lan');
      hub = await startHub(owner, dir, program);
      hub.nc.subscribe('>', { callback: (_error, message) => void heard.push(message) });
      const leaf = `config leaf\n\toption anonymous 'guest'\n\toption max_connections '${maxConnections}'\n\toption max_payload_kb '64'\n`;
      const opts = { dir, unit, server: program, hubPort: hub.leafPort, interval_s: 1 };
      site = await startUnit(owner, { ...opts, more: `${leaf}\n${users}` });
      await eventually('records at the hub', async () => (await hub.stored()) > 3);
    });
    after(() => owner.end());

    test('nothing listens but the leaf and the status page, on loopback', () => {
      assert.deepEqual(listeningSockets(site.leaf().pid), [`tcp 127.0.0.1:${site.leafPort}`]);
      assert.deepEqual(listeningSockets(site.agent().pid), [`tcp 127.0.0.1:${new URL(site.statusUrl).port}`]);
    });

    for (const [login, subjects] of Object.entries(forbidden)) {
      test(`${login} may do what is listed for it, and no more`, async () => {
        const nc = await join(login === 'guest' ? undefined : login);
        const errors: string[] = [];
        void (async () => {
          for await (const one of nc.status()) if (one.type === 'error') errors.push(one.error.message);
        })();
        for (const act of subjects) {
          const [sign, subject] = [act.slice(0, 1), act.slice(1)];
          errors.length = 0;
          if (sign === '+') nc.publish(subject, `by ${login}`);
          else nc.subscribe(subject, { callback: () => {} });
          await nc.flush();
          const refused = (): boolean => errors.join().includes('Permissions Violation');
          await eventually(`${login} ${act} is refused`, refused, 5000);
        }
        note(`${login}: ${subjects.length} subjects outside its lists`, '-ERR each');
        await nc.close();
        await hub.nc.flush();
        assert.ok(!heard.some((one) => one.string() === `by ${login}`));
      });
    }

    test('a subscription to everything hears nothing of what the agent says and is told', async () => {
      const nc = await join('wide');
      const seen: string[] = [];
      nc.subscribe('>', { callback: (_error, message) => void seen.push(message.subject) });
      await nc.flush();
      for (let count = 0; count < 3; count += 1) await echo();
      const beats = (): number => heard.filter((one) => one.subject === `ops.heartbeat.${unit}`).length;
      const before = beats();
      await eventually('two heartbeats', () => beats() > before + 1);
      await nc.flush();
      assert.deepEqual(
        seen.filter((subject) => /^(ops\.|_INBOX_|_INBOX\.demo)/.test(subject)),
        [],
      );
      assert.ok(
        seen.some((subject) => subject.startsWith('_INBOX.')),
        seen.join(),
      );
      note('wide: subscribes >', 'nothing of the agent; **but what it answers to _INBOX.>**');
      await nc.close();
    });

    test('an echo cannot be aimed', async () => {
      const nc = await join('app');
      nc.publish(`ops.echo.${unit}`, 'aimed', { reply: `ops.heartbeat.${unit}` });
      await nc.flush();
      assert.equal(await echo(), 'are you well'); // answered later
      assert.ok(!heard.some((one) => one.subject === `ops.heartbeat.${unit}` && one.string() === 'aimed'));
      note(`app: asks ops.echo.${unit}, reply to ops.heartbeat.${unit}`, 'ignored by the agent');
      await nc.close();
    });

    test('the logins of the unit itself are guessed in vain', async () => {
      for (const login of ['nunect-agent', 'nunect-monitor'])
        for (const password of ['', login, 'nunect', 'change-me-demo-01'])
          await assert.rejects(join(login, password), /Authorization Violation/i);
      note('logs in as nunect-agent, nunect-monitor', 'Authorization Violation');
    });

    test('nobody joins it as a leaf', async () => {
      const port = site.leafPort;
      const leaf = await rawLeaf(owner, {
        port,
        login: () => ({ user: 'wide', pass: 'secret-wide' }),
        name: 'intruder',
      });
      leaf.listen('ops.>');
      await eventually('the end', leaf.closed);
      assert.match(leaf.errors.join(), /Unknown Protocol Operation/);
      note('joins the leaf as a leaf', '-ERR, link closed');
    });

    test('too much is refused, and the agent does not notice', async () => {
      const nc = await join('app');
      assert.throws(() => nc.publish('app.big', new Uint8Array(65 * 1024)), /max_payload/); // by the library
      for (let count = 0; count < 20_000; count += 1) nc.subscribe(`app.${count}`, { callback: () => {} });
      await nc.flush();
      assert.equal(await echo(), 'are you well');
      await nc.close();
      note('app: 20,000 subscriptions', 'taken; the echo answers on');
    });

    test('clients fill the leaf: the agent stays, but one that was away waits until there is room', async () => {
      const flood: NatsConnection[] = [];
      const fill = async (): Promise<void> => {
        for (;;) {
          const nc = await join('app').catch(() => undefined);
          if (nc === undefined) return;
          flood.push(nc);
        }
      };
      await eventually('a full leaf', async () => {
        await fill(); // those who just left may still count
        return flood.length >= maxConnections - 3;
      });
      await eventually('the refusal', () => /maximum connections exceeded/i.test(site.leaf().output()));
      assert.equal(await echo(), 'are you well');
      await site.agent().end('SIGKILL');
      await eventually('its place is free', async () => {
        const before = flood.length;
        await fill();
        return flood.length > before;
      });
      await fill();
      let back = false;
      const returning = site.restartAgent().then(() => {
        back = true;
      });
      await new Promise((resolve) => setTimeout(resolve, 2000));
      assert.equal(back, false);
      await Promise.all(flood.map((nc) => nc.close()));
      await returning;
      assert.equal(await echo(), 'are you well');
      note('app: fills leaf.max_connections', 'the agent stays; **after a restart it waits for room**');
    });

    test('the link to the hub was up all the time', () => {
      const log = site.leaf().output();
      assert.equal(log.match(/Leafnode connection created/g)?.length, 1, log);
      assert.doesNotMatch(log, /connection closed.*[Ll]eafnode|Slow Consumer/);
    });
  });
}

test('leaf, websocket and status page listen on the one address that is set, also of IPv6', async (t) => {
  const program = servers.at(-1)?.program ?? '';
  const hub = await startHub(t, tempDir(t, 'hub'), program);
  const websocket = await reservePort();
  const start = async (listen: string, more: string) => {
    const dir = tempDir(t, 'listen');
    const leaf = `config leaf\n\toption listen '${listen}'\n\toption websocket_port '${websocket}'\n\toption websocket_listen '${listen}'\n`;
    return startUnit(t, { dir, unit, server: program, hubPort: hub.leafPort, more: leaf + more });
  };
  const six = await start('::1', `config status\n\toption listen '::1'\n`);
  const loopback = '[0:0:0:0:0:0:0:1]';
  const statusPort = (site: RunningUnit): string => new URL(site.statusUrl).port;
  const expected = [`tcp6 ${loopback}:${six.leafPort}`, `tcp6 ${loopback}:${websocket}`];
  assert.deepEqual(listeningSockets(six.leaf().pid), expected.sort());
  assert.deepEqual(listeningSockets(six.agent().pid), [`tcp6 ${loopback}:${statusPort(six)}`]);
  await six.agent().end('SIGTERM');
  await six.leaf().end();

  const four = await start(
    '127.0.0.2',
    `config status\n\toption listen '0.0.0.0'\n\toption interface 'lo'\n`,
  );
  const wanted = [`tcp 127.0.0.2:${four.leafPort}`, `tcp 127.0.0.2:${websocket}`];
  assert.deepEqual(listeningSockets(four.leaf().pid), wanted.sort());
  assert.deepEqual(listeningSockets(four.agent().pid), [`tcp 127.0.0.1:${statusPort(four)}`]);
  const nameless = connect({ servers: `127.0.0.2:${four.leafPort}`, reconnect: false });
  await assert.rejects(nameless, /Authorization Violation/i, 'without leaf.anonymous');
});
