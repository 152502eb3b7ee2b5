import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type AlertDeps, type Alerts, startAlerts } from '../../../../agent/hub/alerts/alerts.ts';
import type { Sight } from '../../../../agent/hub/alerts/conditions.ts';
import { parseAlertOptions } from '../../../../agent/hub/alerts/options.ts';
import { newAlertState, parseAlertState } from '../../../../agent/hub/alerts/statefile.ts';
import type { FleetUnit } from '../../../../agent/hub/fleet/model.ts';
import { logTo } from '../../../../agent/lib/log.ts';
import type { Link } from '../../../../agent/nats/link.ts';
import { bareUnit } from '../../../kit/hub/fleetunits.ts';
import { type FakeTicker, fakeTicker } from '../../../kit/lib/faketicker.ts';
import { newOwner } from '../../../kit/process/cleanup.ts';
import { eventually, tempDir } from '../../../kit/process/daemon.ts';

const owner = newOwner();
after(() => owner.end());

const unit = (name: string, given: Partial<FleetUnit> = {}): FleetUnit =>
  bareUnit(name, { link: { dropped: 0 }, ...given });

interface Delivered {
  readonly subject: string;
  readonly id: string | undefined;
  readonly record: Readonly<Record<string, unknown>>;
}

/** Of one that is away nothing is known. */
function away(name: string): FleetUnit {
  const { link: _none, ...rest } = unit(name, { state: 'offline' });
  return rest;
}

/** What a state file has of what is told. */
const journalIn = (text = ''): string => text.slice(text.indexOf('"journal"'));

/** A world in which alerters live and are killed: at a time, or at their n-th effect on it. */
function newWorld(see: (at_s: number) => Sight, section: unknown = {}) {
  const sectionNow = (): unknown => (typeof section === 'function' ? section() : section);
  const ticker: FakeTicker = fakeTicker();
  const start_ms = ticker.now_ms();
  const at_s = (): number => (ticker.now_ms() - start_ms) / 1000;
  const delivered: Delivered[] = [];
  const said: string[] = [];
  let file: string | undefined;
  let effects = 0;
  /** Numbers of the effects that are more than the time that was counted. */
  const tellingEffects: number[] = [];
  /** What was sent before it was written down: after a kill another notice could have its id. */
  const unwritten: string[] = [];
  const isWritten = (id: string): boolean => {
    const read = parseAlertState(file ?? '');
    return read.ok && read.value.journal.entries.some((one) => one.id === id);
  };
  let killAt = Infinity;
  let alerts: Alerts | undefined;
  let life = { isDead: false };
  let isUp = true;
  let isDiskFull = false;
  let sleep_ms = 0;

  /** An effect of a life on the world: none once it has been killed, before it or behind it. */
  const effect = (mine: { isDead: boolean }, act: () => void): void => {
    for (const step of [() => {}, act]) {
      if (mine.isDead) return;
      step();
      effects += 1;
      if (effects === killAt) die(mine);
    }
  };
  const die = (mine: { isDead: boolean }): void => {
    mine.isDead = true;
    const old = alerts;
    queueMicrotask(() => void old?.stop());
    ticker.after(1000, begin);
  };
  function linkOf(mine: { isDead: boolean }): Link {
    return {
      state: () => ({
        connected: isUp,
        since_ms: 0,
        server: { name: 'hub', version: '2.12', max_payload: 1e6 },
      }),
      publish(subject: string, text: string, options?: { headers?: Record<string, string[]> }) {
        if (!isUp) return false;
        const id = options?.headers?.['Nats-Msg-Id']?.[0];
        if (id !== undefined && !isWritten(id)) unwritten.push(id);
        tellingEffects.push(effects + 1, effects + 2);
        effect(mine, () => delivered.push({ subject, id, record: JSON.parse(text) }));
        return true;
      },
      flushRtt_us: async () => (isUp && !mine.isDead ? 100 : undefined),
      denied: () => [],
    } as unknown as Link;
  }
  function begin(): void {
    const mine = { isDead: false };
    life = mine;
    const options = parseAlertOptions(sectionNow(), () => '');
    assert.ok(options.ok, JSON.stringify(options));
    const deps: AlertDeps = {
      ticker,
      wall_ms: () => 1_700_000_000_000 + ticker.now_ms() + sleep_ms,
      log: logTo(({ msg }) => void said.push(msg)),
      random: () => 0.5,
      teller: 'hub',
      link: linkOf(mine),
      see: () => see(at_s()),
      store: {
        load(id) {
          const read = file === undefined ? undefined : parseAlertState(file);
          assert.ok(read?.ok ?? true, 'the file is whole');
          return { state: read?.ok === true ? read.value : newAlertState(id) };
        },
        save(text) {
          if (isDiskFull) throw new Error('ENOSPC');
          if (journalIn(text) !== journalIn(file)) tellingEffects.push(effects + 1, effects + 2);
          effect(mine, () => {
            file = text;
          });
        },
      },
    };
    alerts = startAlerts(deps, options.value);
  }
  return {
    said,
    delivered,
    begin,
    pass: (seconds: number) => ticker.pass(seconds * 1000),
    kill: () => die(life),
    killAtEffect(n: number) {
      killAt = n;
    },
    tellingEffects,
    unwritten,
    view: () => alerts?.view(),
    setUp(is: boolean) {
      isUp = is;
    },
    setDiskFull(is: boolean) {
      isDiskFull = is;
    },
    /** The machine sleeps: the monotonic clock stands still meanwhile. */
    sleep(seconds: number) {
      sleep_ms += seconds * 1000;
    },
    stop: () => alerts?.stop(),
    /** What was told, each notice once, and no other comes between it and its repetition. */
    told(): string[] {
      const notices = delivered.filter(({ id }) => id !== undefined);
      const kept = notices.filter(({ id }, at) => notices[at - 1]?.id !== id);
      assert.equal(new Set(kept.map(({ id }) => id)).size, kept.length, 'repeated behind another');
      return kept.map(({ record }) => `${record['event']} ${record['condition']}:${record['unit']}`);
    },
    repeated: () => delivered.filter(({ id }, at) => id !== undefined && delivered[at - 1]?.id === id).length,
  };
}
type World = ReturnType<typeof newWorld>;

const names = Array.from({ length: 10 }, (_, i) => `u${i}`);
/** One is away, one is critical, one drops records, and later all vanish but one, which stays away for longer. */
function story(at_s: number): Sight {
  const within = (from: number, to: number): boolean => at_s >= from && at_s < to;
  return {
    isLinked: true,
    units: names.map((name, i) => {
      if (i === 1 && within(60, 400)) return away(name);
      if (i === 2 && within(420, 620)) return unit(name, { state: 'critical', problems: ['hot'] });
      if (within(900, i === 3 ? 1500 : 1200)) return away(name);
      return unit(name, { link: { dropped: i === 4 && at_s > 30 ? 5 : 0 } });
    }),
  };
}
const storyEnd_s = 1750;
const storyTold = [
  'fired records_dropped:u4',
  'fired offline:u1',
  'resolved offline:u1',
  'fired critical:u2',
  'resolved critical:u2',
  'fired offline:_hub',
  'resolved offline:_hub',
  'fired offline:u3',
  'resolved offline:u3',
];
/** The 15 minutes for which dropped records are kept end while all are away, or not, as the kill has it. */
const toldOf = (world: World): string[] =>
  world.told().filter((one) => one !== 'resolved records_dropped:u4');

async function live(world: World, kill?: (world: World) => void): Promise<void> {
  world.begin();
  kill?.(world);
  await world.pass(storyEnd_s);
  await world.stop();
}

describe('the alerter', () => {
  test('tells each beginning and each end once, in order', async () => {
    const world = newWorld(story);
    await live(world);
    assert.deepEqual(toldOf(world), storyTold);
    assert.ok(world.told().includes('resolved records_dropped:u4'));
    assert.equal(world.repeated(), 0);
    assert.deepEqual(world.unwritten, []);
    const [first] = world.delivered.filter(({ id }) => id !== undefined);
    assert.equal(first?.subject, 'ops.alert.warning.u4');
  });

  test('killed at each of its effects: nothing is lost, and only what was under way comes again, by the same id', async () => {
    const whole = newWorld(story);
    await live(whole);
    const telling = whole.tellingEffects.slice(2);
    assert.ok(telling.length > 60, `${telling.length}`);
    let repeated = 0;
    for (const n of telling) {
      const world = newWorld(story);
      await live(world, () => world.killAtEffect(n));
      assert.deepEqual(toldOf(world), storyTold, `killed at effect ${n}`);
      assert.ok(world.repeated() <= 1, `killed at effect ${n}`);
      repeated += world.repeated();
    }
    assert.ok(repeated > 0, 'no kill came between a delivery and its note');
  });

  test('killed again and again: the same', async () => {
    for (const every_s of [47, 101, 350]) {
      const world = newWorld(story);
      world.begin();
      for (let at_s = 0; at_s < storyEnd_s; at_s += every_s) {
        await world.pass(every_s);
        world.kill();
      }
      await world.pass(60);
      await world.stop();
      assert.deepEqual(toldOf(world), storyTold, `every ${every_s} s`);
    }
  });

  test('an outage of its own, or a sleep of its machine, is none of the units', async () => {
    const world = newWorld((at_s) => {
      const isLinked = at_s < 100 || at_s >= 140;
      const isHeard = at_s < 100 || at_s > 150; // who was not heard meanwhile is heard by his next heartbeat
      return isLinked
        ? { isLinked, units: names.map((name) => unit(name, { state: isHeard ? 'healthy' : 'offline' })) }
        : { isLinked };
    });
    world.begin();
    await world.pass(600);
    assert.deepEqual(world.told(), []);
    const asleep = newWorld((at_s) => ({
      isLinked: true,
      units: names.map((name) => unit(name, { state: at_s > 200 && at_s < 215 ? 'offline' : 'healthy' })),
    }));
    asleep.begin();
    await asleep.pass(200);
    asleep.sleep(3600);
    await asleep.pass(600);
    assert.deepEqual(asleep.told(), []);
    await Promise.all([world.stop(), asleep.stop()]);
  });

  test('a hub that is away is told once it can be, and then what became of it', async () => {
    const world = newWorld((at_s) =>
      at_s >= 100 && at_s < 400
        ? { isLinked: false }
        : { isLinked: true, units: names.map((name) => unit(name)) },
    );
    world.begin();
    await world.pass(100);
    world.setUp(false);
    await world.pass(300);
    assert.deepEqual(world.told(), []);
    const [output] = world.view()?.outputs ?? [];
    assert.equal(output?.waiting, 1);
    assert.equal(output?.failing?.why, 'there is no connection to the hub');
    assert.deepEqual(
      world.view()?.firing.map(({ waiting }) => waiting),
      [['nats']],
    );
    world.setUp(true);
    await world.pass(120);
    assert.deepEqual(world.told(), ['fired hub_unreachable:_hub', 'resolved hub_unreachable:_hub']);
    await world.stop();
  });

  test('a full queue keeps the last word on each alert, and says how many were dropped', async () => {
    const see = (at_s: number): Sight => ({
      isLinked: true,
      units: names.map((name, i) => (Math.floor(at_s / 400) === i ? away(name) : unit(name))),
    });
    const whole = newWorld(see);
    whole.begin();
    await whole.pass(4200);
    await whole.stop();
    assert.equal(whole.told().length, 20);
    const world = newWorld(see, { queue: 10 });
    world.begin();
    world.setUp(false);
    await world.pass(4000);
    world.setUp(true);
    await world.pass(200);
    await world.stop();
    const first = world.delivered.find(({ id }) => id !== undefined)?.record['dropped'] as { count: number };
    assert.equal(first.count + world.told().length, 20);
    assert.deepEqual(
      world.told(),
      names.map((name) => `resolved offline:${name}`),
      'the last word on each',
    );
  });

  test('records that were dropped in a moment are told of, whatever their hold time within two minutes', async () => {
    for (const for_s of [10, 60, 117]) {
      const world = newWorld(
        (at_s) => ({ isLinked: true, units: [unit('u', { link: { dropped: at_s > 30 ? 1000 : 0 } })] }),
        { hold: { records_dropped: { for_s } } },
      );
      world.begin();
      await world.pass(300);
      assert.deepEqual(world.told(), ['fired records_dropped:u'], `${for_s}`);
      await world.pass(900);
      assert.equal(world.told().length, 2, 'and it is over');
      await world.stop();
    }
  });

  test('a disk that is full keeps nobody from being told', async () => {
    const world = newWorld(story);
    world.setDiskFull(true);
    world.begin();
    await world.pass(300);
    assert.deepEqual(world.told(), ['fired records_dropped:u4', 'fired offline:u1']);
    assert.match(world.view()?.problem ?? '', /ENOSPC/);
    world.setDiskFull(false);
    await world.pass(10);
    assert.equal(world.view()?.problem, undefined);
    await world.stop();
    const quiet = newWorld(() => ({ isLinked: true, units: [] }));
    quiet.setDiskFull(true);
    quiet.begin();
    await quiet.pass(60);
    assert.match(quiet.view()?.problem ?? '', /ENOSPC/);
    quiet.setDiskFull(false);
    await quiet.pass(10);
    assert.equal(quiet.view()?.problem, undefined, 'it is tried again, though nothing happens');
    await quiet.stop();
  });

  test('killed while its disk is full, no other notice has the id of one that was sent', async () => {
    const see = (at_s: number): Sight => ({
      isLinked: true,
      units: names.map((name, i) =>
        unit(name, { state: at_s > 100 * (i + 1) ? 'critical' : 'healthy', problems: ['hot'] }),
      ),
    });
    const world = newWorld(see, { group_least: 100 });
    world.begin();
    await world.pass(90);
    world.setDiskFull(true);
    await world.pass(250);
    world.kill();
    await world.pass(600);
    await world.stop();
    const texts = new Map<string, Set<string>>();
    for (const { id, record } of world.delivered)
      if (id !== undefined) texts.set(id, new Set([...(texts.get(id) ?? []), JSON.stringify(record)]));
    assert.ok(texts.size > 8, `${texts.size}`);
    for (const [id, all] of texts) assert.equal(all.size, 1, `${id} ${[...all].join()}`);
  });

  test('a receiver that is new, or another one, is told of all that fires, and of nothing that is over', async () => {
    const dir = tempDir(owner, 'alerts-owed');
    const program = (name: string): string => {
      const path = join(dir, name);
      writeFileSync(path, `#!/bin/sh\ncat >> ${path}.got\n`);
      chmodSync(path, 0o700);
      return path;
    };
    const got = (path: string): string[] =>
      (existsSync(`${path}.got`) ? readFileSync(`${path}.got`, 'utf8') : '')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line))
        .map(({ event, condition, unit: of }) => `${event} ${condition}:${of}`);
    let critical = ['u0', 'u1'];
    const see = (): Sight => ({
      isLinked: true,
      units: names.map((name) => unit(name, critical.includes(name) ? { state: 'critical' } : {})),
    });
    const sections: unknown[] = [{}, program('first'), program('other'), program('other')].map((one) =>
      typeof one === 'string' ? { command: { argv: [one] } } : one,
    );
    const world = newWorld(see, () => sections[0]);
    world.begin();
    await world.pass(100);
    const told = ['fired critical:u0', 'fired critical:u1'];
    assert.deepEqual(world.told(), told);
    for (const name of ['first', 'other']) {
      await world.stop();
      sections.shift();
      world.begin();
      await world.pass(10);
      await eventually(`${name} has both`, () => got(join(dir, name)).length === 2);
      assert.deepEqual(got(join(dir, name)), told);
    }
    await world.stop();
    sections.shift(); // the same as before
    critical = [];
    world.begin();
    await world.pass(200);
    const ends = told.map((one) => one.replace('fired', 'resolved'));
    await eventually('it has the ends', async () => {
      await world.pass(1);
      return got(join(dir, 'other')).length === 4;
    });
    assert.deepEqual(got(join(dir, 'other')), [...told, ...ends]);
    assert.deepEqual(world.told(), [...told, ...ends], 'the subjects were told once');
    await world.stop();
  });

  test('its sign of life stays out once it cannot look', async () => {
    let isBroken = false;
    const world = newWorld(() => {
      if (isBroken) throw new Error('broken');
      return { isLinked: true, units: [] };
    });
    world.begin();
    await world.pass(200);
    const beats = world.delivered.filter(({ subject }) => subject === 'ops.alert.heartbeat');
    assert.equal(beats.length, 4);
    assert.equal(beats[0]?.record['sees_units'], true);
    isBroken = true;
    await world.pass(500);
    assert.equal(world.delivered.length, 4);
    assert.deepEqual(
      world.said,
      Array.from({ length: world.said.length }, () => 'the alerts could not look: broken'),
    );
    await world.stop();
  });
});
