// Who tells the alerts of a hub: a lock of the system, and a bus of the test's own.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isHeld, spawnWith, tryLock } from '../../../../agent/device/lock.ts';
import { type Alerting, startAlerting } from '../../../../agent/hub/page/alerting.ts';
import type { Sources } from '../../../../agent/hub/page/sources.ts';
import { logTo } from '../../../../agent/lib/log.ts';
import type { Handler } from '../../../../agent/nats/incoming.ts';
import type { Link } from '../../../../agent/nats/link.ts';
import { alertOptions } from '../../../kit/hub/alertsview.ts';
import { untoldView } from '../../../kit/hub/hubview.ts';
import { fakeTicker } from '../../../kit/lib/faketicker.ts';
import { newOwner } from '../../../kit/process/cleanup.ts';
import { eventually, tempDir } from '../../../kit/process/daemon.ts';

const owner = newOwner();
after(() => owner.end());

/** Servers on one bus, each with a folder of its own. */
function newBus(servers: readonly string[]) {
  const ticker = fakeTicker();
  const handlers = new Set<Handler>();
  const fired: string[] = [];
  const blind = new Set<string>();
  const doubted = new Set<string>();
  const folders = new Map(servers.map((name) => [name, tempDir(owner, `alerting-${name}`)]));
  const said: (string | undefined)[] = [];
  const start = (own: string, doubts: readonly string[] = []): Promise<Alerting> => {
    const link = {
      state: () => ({ connected: true, since_ms: 0, server: { name: own } }),
      publish(subject: string, payload: string) {
        const data = new TextEncoder().encode(payload);
        if (subject === 'ops.alert.teller')
          for (const handler of handlers) void handler({ subject, data } as Parameters<Handler>[0]);
        const { event, condition } = JSON.parse(payload);
        if (event !== undefined) fired.push(`${own}: ${event} ${condition}`);
        return true;
      },
      subscribe(_subject: string, handler: Handler) {
        handlers.add(handler);
        return () => handlers.delete(handler);
      },
      flushRtt_us: async () => 100,
      denied: () => [],
    } as unknown as Link;
    const sources = {
      moment: () => ({ at_ms: ticker.now_ms(), connected: true, units: [], notes: [] }),
      isRosterRead: () => !blind.has(own),
      hub: { view: () => untoldView() },
      measuring: {
        state: () => ({
          doubt: doubted.has(own) ? { against: 3, sources: 5, by_us: 36_999_000 } : undefined,
        }),
      },
    } as unknown as Sources;
    return startAlerting(
      {
        ...{
          ticker,
          wall_ms: () => 1_700_000_000_000 + ticker.now_ms(),
          log: logTo(() => {}),
          link,
          sources,
        },
        ...{ folder: folders.get(own) ?? '', servers, own, teller: own, doubts },
        tell: (why) => void said.push(why),
      },
      alertOptions(),
    );
  };
  return { ticker, start, fired, blind, doubted, said, folderOf: (name: string) => folders.get(name) ?? '' };
}

test('a lock that another process holds is tried again, so that somebody tells once it is free', async () => {
  const { ticker, start, folderOf, said } = newBus(['hub']);
  const lock = await tryLock(spawnWith, join(folderOf('hub'), 'alerts.lock'));
  assert.ok(!isHeld(lock));
  const alerting = await start('hub');
  assert.equal(alerting.view(), undefined);
  assert.match(alerting.why() ?? '', /^process .* tells them, by /);
  assert.match(
    said.at(-1) ?? '',
    /^nobody is alerted from here: process .* tells them, by /,
    'status has it',
  );
  lock.release();
  await eventually('it tells', async () => {
    await ticker.pass(10_000);
    return alerting.view() !== undefined;
  });
  assert.deepEqual([alerting.why(), said.at(-1)], [undefined, undefined]);
  await alerting.stop();
  const free = await tryLock(spawnWith, join(folderOf('hub'), 'alerts.lock'));
  assert.ok(!isHeld(free), 'it is let go');
  free.release();
});

test('a hub whose clock is doubted is told of, though every unit is well', async () => {
  const { ticker, start, fired, doubted } = newBus(['hub']);
  const alerting = await start('hub');
  doubted.add('hub');
  await ticker.pass(310_000);
  assert.deepEqual(fired, ['hub: fired hub_clock']);
  doubted.clear();
  await ticker.pass(310_000);
  assert.equal(fired.at(-1), 'hub: resolved hub_clock');
  await alerting.stop();
});

test('a state that cannot be locked, and what would alert for ever, is told to status', async () => {
  const { start, folderOf, said } = newBus(['hub', 'other']);
  mkdirSync(join(folderOf('hub'), 'alerts.lock'));
  const alerting = await start('hub');
  assert.match(said.at(-1) ?? '', /^nobody is alerted from here: .*EISDIR/);
  await alerting.stop();
  const other = await start('other', ['alerts.login_days: 91 is too many']);
  assert.deepEqual(said.at(-1), 'alerts.login_days: 91 is too many');
  await other.stop();
});

test('who sees no units for a minute lets another server tell; where none sees them that is an alert', async () => {
  const { ticker, start, fired, blind } = newBus(['a', 'b']);
  const [a, b] = await Promise.all([start('a'), start('b')]);
  const tells = (): string => `${a.view() ? 'a' : ''}${b.view() ? 'b' : ''}`;
  await ticker.pass(30_000);
  assert.equal(tells(), 'a');
  assert.match(b.why() ?? '', /^they are told by a$/);
  blind.add('a');
  await ticker.pass(110_000);
  assert.equal(tells(), 'b');
  assert.equal(fired.join(), '');
  blind.add('b');
  await ticker.pass(200_000);
  assert.equal(tells(), 'a');
  assert.ok(fired.includes('a: fired hub_units_unseen'), fired.join());
  blind.clear();
  await ticker.pass(100_000);
  assert.equal(tells(), 'a');
  assert.equal(fired.at(-1)?.slice(3), 'resolved hub_units_unseen');
  await Promise.all([a.stop(), b.stop()]);
});
