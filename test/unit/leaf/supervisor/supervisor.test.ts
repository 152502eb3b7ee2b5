import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { statePath } from '../../../../agent/leaf/statefiles.ts';
import type { LeafControl, LeafProcess } from '../../../../agent/leaf/supervisor/process.ts';
import { superviseLeaf } from '../../../../agent/leaf/supervisor/supervisor.ts';
import type { HubProbe } from '../../../../agent/leaf/watch/probed.ts';
import type { LeafFacts } from '../../../../agent/leaf/watch/watch.ts';
import { logTo } from '../../../../agent/lib/log.ts';
import { absent, fresh } from '../../../../agent/lib/reading.ts';
import type { StatusChange } from '../../../../agent/wire/reports.ts';
import { fakeTicker } from '../../../kit/lib/faketicker.ts';
import { tempDir } from '../../../kit/process/daemon.ts';
import { agentFileOf } from '../../../kit/unit/unitfakes.ts';

const url = 'nats://hub.example:7422';
const refusal = "[1] [ERR] 192.0.2.1:7422 - lid:5 - Leafnode Error 'Authorization Violation'";

interface World {
  /** As the watch sees it. */
  up: boolean | undefined;
  /** As the watch will see it with its next look. */
  next: boolean | undefined;
  process: LeafProcess | undefined;
  probe: HubProbe;
  /** When it last looked; by default now. */
  looked_ms: number | undefined;
  /** What was left out could start again. */
  canStart: boolean;
  /** Called at each look of the watch. */
  looked: () => void;
}

/** A supervisor of a server and a hub that are as `world` says; `files` is what it wrote. */
function supervised(t: TestContext, { fallback = true, leaf = '' } = {}) {
  const dir = tempDir(t, 'supervisor');
  mkdirSync(dirname(statePath(dir, 'log')), { recursive: true });
  const ticker = fakeTicker();
  const world: World = {
    up: false,
    next: undefined,
    process: { pid: 7, hub: 'new', onFallback: false, without: [] },
    probe: { url, step: 'open' },
    looked_ms: undefined,
    canStart: false,
    looked: () => {},
  };
  const files = new Map<string, string>();
  const ended: number[] = [];
  const control: LeafControl = {
    process: () => world.process,
    reload: () => true,
    end: () => ended.push(ticker.now_ms()) > 0,
    read: (file) => files.get(file),
    write: (file, text) => void (text === undefined ? files.delete(file) : files.set(file, text)),
    keepJoined: (hub) => void kept.push(hub),
  };
  const kept: string[] = [];
  const events: StatusChange[] = [];
  const logged: string[] = [];
  const supervisor = superviseLeaf(
    {
      ticker,
      log: logTo(({ level, msg }) => logged.push(`${level} ${msg}`)),
      leaf: {
        read: () =>
          world.up === undefined
            ? absent('not_yet')
            : fresh({} as LeafFacts, world.looked_ms ?? ticker.now_ms()),
        hubUp: () => world.up,
        onLook: () => () => {},
        onChange: () => () => {},
        async look() {
          world.up = world.next ?? world.up;
          world.looked();
        },
        stop: () => {},
      },
      control: () => control,
      probe: async () => world.probe,
      canStart: async () => world.canStart,
      events: { publish: (change) => void events.push(change) },
      wall_ms: (mono_ms) => mono_ms,
      clockCaveat: () => undefined,
    },
    agentFileOf(
      `config hub 'hub'\n list url '${url}'\nconfig leaf 'leaf'\n option confirm_s 60\n option watchdog_s 300\n ${leaf}`,
      {
        leaf: {
          state: 'current',
          conf: join(dir, 'leaf.conf'),
          state_dir: join(dir, 'state'),
          notes: [],
          hub: 'new',
          ...(fallback && { fallback: { conf: join(dir, 'leaf.fallback.conf'), hub: 'old', urls: [] } }),
        },
      },
    ),
  );
  t.after(() => supervisor.stop());
  return {
    ...{ world, files, kept, ended, events, logged, supervisor, ticker },
    pass: (seconds: number) => ticker.pass(seconds * 1000),
    log: (line: string) => appendFileSync(statePath(dir, 'log'), `${line}\n`),
    evidenceOf: (event: string) =>
      events.filter((one) => one.event === event).map(({ evidence }) => evidence),
  };
}

test('why a link has ended is told, though the watch does not know of the end yet', async (t) => {
  const { supervisor, world, pass, log, ticker } = supervised(t);
  world.up = true;
  await pass(10);
  world.looked_ms = ticker.now_ms();
  log("[1] [ERR] 192.0.2.1:7422 - lid:5 - Leafnode Error 'Duplicate Remote LeafNode Connection'");
  await pass(2);
  world.up = false;
  assert.equal(supervisor.trouble()?.code, 'duplicate');
  world.up = true;
  world.looked_ms = undefined;
  await pass(2);
  world.up = false;
  assert.equal(supervisor.trouble(), undefined, 'it was joined since');
});

test('a server that was not restarted after its settings were changed is behind', async (t) => {
  const { supervisor, world, pass } = supervised(t);
  assert.equal(supervisor.behind_s(), 0);
  world.up = true;
  world.process = { pid: 7, hub: 'before', onFallback: false, without: [] };
  assert.equal(supervisor.behind_s(), 0, 'it may be about to be restarted');
  await pass(20);
  assert.equal(supervisor.behind_s(), 20);
  world.process = { pid: 8, hub: 'old', onFallback: true, without: [] };
  assert.equal(supervisor.behind_s(), 0, 'the last good ones are in use');
  world.process = { pid: 9, onFallback: false, without: [] };
  assert.equal(supervisor.behind_s(), 0, 'nothing is known of its settings');
});

test('new hub settings that do not join are rolled back: why goes to state/fallback, and the server is ended', async (t) => {
  const { files, ended, pass, evidenceOf, supervisor, world } = supervised(t);
  await pass(55);
  assert.deepEqual([files.get('fallback'), ended.length], [undefined, 0]);
  await pass(15);
  assert.match(files.get('fallback') ?? '', /^new\nthe hub can be reached, but the leaf has not joined it/);
  assert.equal(ended.length, 1);
  assert.match(evidenceOf('hub_settings')[0] ?? '', /within 60 s \(the hub can be reached/);
  world.process = { pid: 8, hub: 'old', onFallback: true, without: [] };
  assert.match(supervisor.rolledBack() ?? '', /the last good ones are tried$/);
  await pass(70);
  assert.equal(files.has('fallback'), false, 'the last good ones do not join either');
  assert.equal(ended.length, 2);
  assert.equal(supervisor.rolledBack(), undefined);
});

test('settings are not rolled back before the server has tried them once more, as its first attempt may be too early', async (t) => {
  const { ended, pass, evidenceOf, supervisor, world } = supervised(t, {
    leaf: "\nconfig hub 'hub'\n option reconnect_s 120",
  });
  await pass(240);
  assert.equal(ended.length, 0);
  await pass(15);
  assert.equal(ended.length, 1);
  assert.match(evidenceOf('hub_settings')[0] ?? '', /within 241 s/);
  world.process = { pid: 8, hub: 'old', onFallback: true, without: [] };
  assert.match(supervisor.rolledBack() ?? '', /within 241 s/);
});

test('a server that has not answered since its start is given time, and no longer than one that hangs', async (t) => {
  const { ended, pass, world } = supervised(t);
  await pass(55);
  world.process = { pid: 8, hub: 'new', onFallback: false, without: [] };
  world.up = undefined; // not asked yet
  await pass(14);
  assert.equal(ended.length, 0);
  await pass(16);
  assert.equal(ended.length, 1, 'it hangs');
  world.process = undefined; // until procd starts it
  await pass(300);
  assert.equal(ended.length, 1);
});

test('settings that have joined since the server was last asked are not rolled back', async (t) => {
  const { files, ended, pass, world } = supervised(t);
  await pass(63);
  world.next = true;
  await pass(10);
  assert.deepEqual([files.has('fallback'), ended.length, files.get('joined')], [false, 0, 'new']);
});

test('hub settings have joined once the server that was started with them has, and are then kept', async (t) => {
  const { files, kept, ended, pass, world } = supervised(t);
  world.up = true;
  await pass(20);
  assert.equal(files.get('joined'), 'new');
  assert.deepEqual(kept, ['new'], 'once');
  world.up = false;
  await pass(200);
  assert.deepEqual(
    [files.has('fallback'), ended.length],
    [false, 0],
    'settings that have joined are not rolled back',
  );
});

test('what another server joined says nothing of these settings', async (t) => {
  const { files, pass, world } = supervised(t);
  world.up = true;
  world.looked = () => {
    world.process = { pid: 8, hub: 'new', onFallback: false, without: [] }; // it was restarted meanwhile
  };
  await pass(1);
  assert.equal(files.has('joined'), false);
});

test('a join that is over at the next look is none', async (t) => {
  const { files, pass, world } = supervised(t);
  world.up = true;
  world.next = false;
  await pass(1);
  assert.equal(files.has('joined'), false);
});

test('a complaint is logged again after the link has held, not after one that ends soon', async (t) => {
  const { logged, log, pass, world } = supervised(t);
  const count = (): number => logged.filter((line) => line.includes('Authorization Violation')).length;
  await pass(1);
  log(refusal);
  await pass(1);
  assert.equal(count(), 1);
  for (const [held_s, times] of [
    [35, 1],
    [60, 2],
  ] as const) {
    world.up = true;
    await pass(held_s);
    world.up = false;
    log(refusal);
    await pass(2);
    assert.equal(count(), times, `the link held for ${held_s} s`);
  }
});

test('the watchdog says how long it has waited, which is an hour at most', async (t) => {
  const { ended, pass, evidenceOf } = supervised(t, { fallback: false });
  await pass(140 * 60);
  assert.deepEqual(
    evidenceOf('leaf_restart').map((text) => Number(/not joined for (\d+) s/.exec(text ?? '')?.[1])),
    [300, 600, 1200, 2400, 3600],
  );
  assert.equal(ended.length, 5);
});

test('a refusal is the trouble until the hub is joined; restarting does not help against it', async (t) => {
  const { events, ended, log, pass, world, supervisor } = supervised(t, { fallback: false });
  world.probe = { url, step: 'tcp', why: 'ECONNREFUSED', address: '192.0.2.1:7422' };
  await pass(3);
  log(refusal);
  await pass(2);
  assert.equal(supervisor.trouble()?.code, 'auth');
  world.up = true;
  await pass(2);
  assert.equal(supervisor.trouble(), undefined);
  assert.equal(supervisor.lastTrouble()?.code, 'auth');
  assert.deepEqual(
    events.map(({ event, before, after }) => ({ event, before, after })),
    [
      { event: 'hub_cause', before: undefined, after: { cause: 'refused' } },
      { event: 'hub_cause', before: { cause: 'refused' }, after: { cause: 'auth' } },
      { event: 'hub_cause', before: { cause: 'auth' }, after: undefined },
    ],
  );
  assert.equal(ended.length, 0);
});

const port =
  'Error listening on port: 192.0.2.1:4222, "listen tcp 192.0.2.1:4222: bind: address already in use"';

test('a leaf that does not start says why, until it does', async (t) => {
  const { files, log, pass, supervisor, world } = supervised(t);
  world.process = undefined;
  log(`[1] [FTL] ${port}`);
  log('[1] 2026/11/28 17:00:00.000000 [FTL] nats-server: leaf.conf:3:1: open /k.pem: permission denied');
  await pass(1);
  assert.deepEqual(supervisor.startFaults(), [
    { why: 'nats-server: leaf.conf:3:1: open /k.pem: permission denied' },
  ]);
  assert.equal(files.has('without'), false, 'it listens on loopback only, which it cannot do without');
  log('[1] [INF] Server is ready');
  await pass(1);
  assert.deepEqual(supervisor.startFaults(), []);
});

test('a part that cannot start is left out, and tried again with growing pauses once it seems to be able to', async (t) => {
  const { files, ended, log, pass, supervisor, world } = supervised(t, { leaf: 'option jetstream 1' });
  const full = 'no space left';
  const fail = async (): Promise<void> => {
    log(`[1] [FTL] Can't start JetStream: ${full}`);
    world.process = { pid: 8, hub: 'new', onFallback: false, without: ['jetstream'] };
    await pass(1);
  };
  world.up = true;
  await fail();
  assert.equal(files.get('without'), `jetstream\nCan't start JetStream: ${full}`);
  assert.deepEqual(supervisor.startFaults(), [{ part: 'jetstream', why: `Can't start JetStream: ${full}` }]);
  await pass(120);
  assert.equal(ended.length, 0, 'it still cannot');
  world.canStart = true;
  await pass(15);
  assert.deepEqual([files.has('without'), ended.length], [false, 1]);
  await fail();
  await pass(15);
  assert.equal(ended.length, 1, 'the pause has doubled');
  await pass(15);
  assert.equal(ended.length, 2);
});

test('a limit of the hub that was met is told while the hub is joined, and for ten minutes', async (t) => {
  const { log, pass, supervisor, world } = supervised(t);
  world.up = true;
  await pass(1);
  log('[1] [ERR] 192.0.2.1:7422 - lid:6 - maximum payload exceeded: 2097152 vs 1048576');
  log("[1] [ERR] 192.0.2.1:7422 - lid:6 - Leafnode Error 'Maximum Payload Violation'");
  log("[1] [ERR] 192.0.2.1:7422 - lid:6 - Leafnode Error 'maximum control line exceeded'");
  for (let times = 0; times < 3; times += 1)
    log("[1] [ERR] 192.0.2.1:7422 - lid:6 - Leafnode Error 'maximum subscriptions exceeded'");
  await pass(1);
  assert.deepEqual(
    supervisor.limits().map(({ code }) => code),
    ['payload_in', 'payload_out', 'control_line', 'subscriptions'],
  );
  assert.match(
    supervisor.limits()[0]?.text ?? '',
    /^a message from the hub is larger .*\(maximum payload exceeded: 2097152 vs 1048576\) since .*; set leaf.max_payload_kb/,
  );
  assert.match(supervisor.limits()[3]?.text ?? '', /maximum subscriptions exceeded, 3 times\)/);
  await pass(601);
  assert.deepEqual(
    supervisor.limits().map(({ code }) => code),
    ['subscriptions'],
    'what the hub does not take stays away until the link is made anew',
  );
  log('[1] [INF] 192.0.2.1:7422 - lid:7 - Leafnode connection created for account: UNIT ');
  await pass(1);
  assert.deepEqual(supervisor.limits(), []);
});
