// Two servers of a hub that watch the same units; what is told is what a receiver of both gets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Alerts, startAlerts } from '../../../../agent/hub/alerts/alerts.ts';
import type { Sight } from '../../../../agent/hub/alerts/conditions.ts';
import { parseAlertOptions } from '../../../../agent/hub/alerts/options.ts';
import { newAlertState, parseAlertState } from '../../../../agent/hub/alerts/statefile.ts';
import { logTo } from '../../../../agent/lib/log.ts';
import type { Link } from '../../../../agent/nats/link.ts';
import { bareUnit } from '../../../kit/hub/fleetunits.ts';
import { fakeTicker } from '../../../kit/lib/faketicker.ts';

const names = Array.from({ length: 10 }, (_, i) => `u${i}`);

/** A hub of servers `a` and `b`, whose units are away as the test says. */
function newHub(section: unknown = {}) {
  const ticker = fakeTicker();
  const away = new Set<string>();
  const told: string[] = [];
  const beats: string[] = [];
  const files = new Map<string, string>();
  const options = parseAlertOptions(section, () => '');
  assert.ok(options.ok);
  const see = (): Sight => ({
    isLinked: true,
    units: names.map((name) => bareUnit(name, { state: away.has(name) ? 'offline' : 'healthy' })),
  });
  function start(server: string): Alerts {
    const link = {
      state: () => ({ connected: true, since_ms: 0, server: { name: 'hub' } }),
      publish(subject: string, text: string) {
        const { event, condition, unit } = JSON.parse(text);
        if (subject === 'ops.alert.heartbeat') beats.push(server);
        else told.push(`${server}: ${event} ${condition}:${unit}`);
        return true;
      },
      flushRtt_us: async () => 100,
      denied: () => [],
    } as unknown as Link;
    const store = {
      load(id: string) {
        const read = parseAlertState(files.get(server) ?? '');
        return { state: read.ok ? read.value : newAlertState(id) };
      },
      save: (text: string) => void files.set(server, text),
    };
    const log = logTo(() => {});
    const wall_ms = (): number => 1_700_000_000_000 + ticker.now_ms();
    return startAlerts(
      { ticker, wall_ms, log, random: () => 0.5, teller: server, store, link, see },
      options.ok ? options.value : assert.fail(),
      false,
    );
  }
  return {
    ...{ away, beats, start },
    pass: (seconds: number) => ticker.pass(seconds * 1000),
    /** What was told since it was asked last. */
    told: (): string[] => told.splice(0).toSorted(),
  };
}

test('one tells, the other watches; at a takeover all that fires is told again, though it was told in an earlier turn', async () => {
  const hub = newHub();
  const [a, b] = [hub.start('a'), hub.start('b')];
  a.setTurn(true);
  await hub.pass(60);
  hub.away.add('u0');
  await hub.pass(130);
  assert.deepEqual(hub.told(), ['a: fired offline:u0']);
  assert.ok(hub.beats.length > 2 && hub.beats.every((server) => server === 'a'), hub.beats.join());
  for (let round = 0; round < 2; round += 1) {
    a.setTurn(false);
    b.setTurn(true);
    await hub.pass(4);
    assert.deepEqual(hub.told(), ['b: fired offline:u0'], 'b has watched: it waits for nothing');
    b.setTurn(false);
    a.setTurn(true);
    await hub.pass(4);
    assert.deepEqual(hub.told(), ['a: fired offline:u0']);
  }
  await Promise.all([a.stop(), b.stop()]);
});

test('what was told by one that tells no more is resolved by it, also after its restart; nothing else comes from it', async () => {
  const hub = newHub();
  const a = hub.start('a');
  let b = hub.start('b');
  b.setTurn(true);
  await hub.pass(60);
  hub.away.add('u0').add('u1');
  await hub.pass(130);
  assert.deepEqual(hub.told(), ['b: fired offline:u0', 'b: fired offline:u1']);
  await a.stop(); // it has seen none of it
  b.setTurn(false);
  hub.away.delete('u0');
  hub.away.add('u2');
  await hub.pass(150);
  assert.deepEqual(hub.told(), ['b: resolved offline:u0']);
  await b.stop();
  b = hub.start('b');
  hub.away.clear();
  await hub.pass(100);
  assert.deepEqual(hub.told(), ['b: resolved offline:u1']);
  await b.stop();
});

test('what is over while nobody has the turn is told of by who takes it', async () => {
  const hub = newHub();
  const [a, b] = [hub.start('a'), hub.start('b')];
  a.setTurn(true);
  await hub.pass(60);
  hub.away.add('u0').add('u1');
  await hub.pass(130);
  hub.told();
  await a.stop(); // killed
  hub.away.delete('u0');
  await hub.pass(40);
  b.setTurn(true);
  await hub.pass(4);
  assert.deepEqual(hub.told(), ['b: fired offline:u1', 'b: resolved offline:u0']);
  await b.stop();
});

test('many that vanished are told of again as many, and those of an earlier turn only once they are seen to be away', async () => {
  const hub = newHub();
  let b = hub.start('b');
  b.setTurn(true);
  await hub.pass(60);
  for (const name of names.slice(0, 6)) hub.away.add(name);
  await hub.pass(30);
  assert.deepEqual(hub.told(), ['b: fired offline:_hub']);
  await b.stop();
  b = hub.start('b');
  b.setTurn(true);
  await hub.pass(10);
  assert.deepEqual(hub.told(), [], 'they may be heard yet');
  await hub.pass(20);
  assert.deepEqual(hub.told(), ['b: fired offline:_hub']);
  await b.stop();
  hub.away.clear();
  b = hub.start('b');
  b.setTurn(true);
  await hub.pass(100);
  assert.deepEqual(hub.told(), ['b: resolved offline:_hub'], 'nothing is told of that is over');
  await b.stop();
});
