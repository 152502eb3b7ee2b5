import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import type { SocketFiles, SocketState } from '../../../../agent/clock/ptp4l/keeper.ts';
import { ptpSchedule } from '../../../../agent/clock/ptp4l/schedule.ts';
import { watchPtp4l } from '../../../../agent/clock/ptp4l/watch.ts';
import { fakePmc, type PmcScript } from '../../../kit/clock/fakepmc.ts';
import { type FakeTicker, fakeTicker } from '../../../kit/lib/faketicker.ts';
import { projectRoot } from '../../../kit/process/tools.ts';

const recorded = (id: string): string => {
  const file = `${projectRoot}/test/fixtures/captures/linuxptp-4.4/slave_locked/${id}.txt`;
  return readFileSync(file, 'utf8').split('# --- stdout\n')[1]?.split('# --- stderr')[0] ?? '';
};
const refusal = '\t46c098.fffe.57f671-0 seq 1 RESPONSE MANAGEMENT_ERROR_STATUS \n';
const promise = (words: string): string =>
  `\t46c098.fffe.57f671-0 seq 1 RESPONSE MANAGEMENT SUBSCRIBE_EVENTS_NP \n\t\tduration 180\n${words}`;
const all44 = promise(
  '\t\tNOTIFY_PORT_STATE on\n\t\tNOTIFY_TIME_SYNC on\n\t\tNOTIFY_PARENT_DATA_SET on\n\t\tNOTIFY_CMLDS off\n',
);

/** A ptp4l 4.4 that is locked. */
const locked: PmcScript = (command) => {
  const [verb, id = ''] = command.split(' ');
  return verb === 'SET' ? all44 : recorded(id);
};

function watch(
  t: TestContext,
  pmc: ReturnType<typeof fakePmc>,
  states: Record<string, SocketState> = { '/ptp4l': 'usable' },
) {
  const removed: string[] = [];
  const files: SocketFiles = {
    state: (path) => states[path] ?? 'missing',
    remove: (path) => void removed.push(path),
  };
  const stopper = new AbortController();
  const base = fakeTicker();
  /** Of each time limit whether it may slip. */
  const slips: boolean[] = [];
  const ticker: FakeTicker = {
    ...base,
    after(delayMs, fn, maySlip) {
      if (maySlip !== undefined) slips.push(maySlip);
      return base.after(delayMs, fn);
    },
  };
  const watched = watchPtp4l(
    { spawn: pmc.spawn, ticker, files },
    {
      pmc: 'pmc',
      sockets: Object.keys(states),
      domain: 24,
      transportSpecific: 12,
      poll_s: 1,
      stateDir: '/run/x',
    },
    stopper.signal,
  );
  t.after(() => Promise.all([watched.stop(), ticker.pass(1000)]));
  const facts = () => {
    const reading = watched.read();
    return reading.kind === 'fresh' ? reading.value : undefined;
  };
  const absence = (why: string) => {
    const reading = watched.read();
    return reading.kind === 'absent' && reading.why === why ? reading : undefined;
  };
  /** Lets time pass until `probe` finds something; the time it took must be less than `withinMs`. */
  async function eventually<T>(
    what: string,
    probe: () => T | undefined | false,
    withinMs = 60_000,
  ): Promise<T> {
    for (let passed = 0; passed <= withinMs; passed += 10) {
      const found = probe();
      if (found !== undefined && found !== false) return found;
      await ticker.pass(10);
    }
    throw new Error(`not within ${withinMs} ms: ${what}`);
  }
  return { ...watched, ticker, facts, absence, eventually, states, removed, stopper, slips };
}

test('pmc is told domain in decimal, transportSpecific in hex and a socket of its own', async (t) => {
  const pmc = fakePmc(locked);
  const watched = watch(t, pmc);
  await watched.eventually('facts', watched.facts);
  assert.deepEqual(
    pmc.starts[0]?.join(' '),
    `-u -b 0 -d 24 -t c -s /ptp4l -i /run/x/pmc.${process.pid}.sock`,
  );
});

test('all data sets come together, and one process is enough', async (t) => {
  const pmc = fakePmc(locked);
  const watched = watch(t, pmc);
  const facts = await watched.eventually('all facts', () =>
    watched.facts()?.ports[0]?.interface === undefined ? undefined : watched.facts(),
  );
  assert.deepEqual(facts.events, ['port_state', 'time_sync', 'parent_data_set']);
  assert.equal(facts.ports[0]?.interface, 'vA1');
  assert.equal(facts.parent?.gmClockClass, 6);
  assert.equal(facts.current?.meanPathDelay_ns, 2779);
  assert.equal(facts.defaults?.numberPorts, 1);
  assert.equal(facts.timeProperties?.currentUtcOffset_s, 37);
  pmc.commands.length = 0;
  await watched.ticker.pass(600_000);
  assert.equal(watched.stats().started, 1);
  assert.equal(watched.stats().timeouts, 0);
  const renewals = pmc.commands.filter((c) => c.startsWith('SET')).length;
  assert.ok(renewals >= 9 && renewals <= 10, `${renewals} renewals in ten minutes`);
});

test('a Sync that stays away is asked for at the moment at which it counts as missing', async (t) => {
  let synced_ms = 0;
  const pmc = fakePmc((command) =>
    String(locked(command)).replace(
      /(ingress_time +)\d+/,
      `$1${1_795_218_000_000_000_000 + synced_ms * 1e6}`,
    ),
  );
  const watched = watch(t, pmc);
  const { ticker } = watched;
  // its Syncs come 0.3 s after the full second; the last one at 12.3 s
  while (ticker.now_ms() < 15_340) {
    await ticker.pass(10);
    const second = Math.floor((ticker.now_ms() - 300) / 1000) * 1000 + 300;
    synced_ms = Math.min(second, 12_300);
  }
  const { ingressSeen_ms = 0 } = watched.facts() ?? {};
  assert.ok(ingressSeen_ms >= 12_300 && ingressSeen_ms <= 13_400, String(ingressSeen_ms));
  const due_ms = ingressSeen_ms + 3050;
  await ticker.pass(Math.max(0, due_ms - 10 - ticker.now_ms()));
  pmc.commands.length = 0;
  watched.slips.length = 0;
  let told = 0;
  watched.onChange(() => {
    told += 1;
  });
  await ticker.pass(40);
  assert.ok(pmc.commands.includes('GET TIME_STATUS_NP'), pmc.commands.join());
  assert.ok(told > 0);
  assert.equal(watched.slips[0], false, 'that nothing came is known at once, too');
});

test('an event changes the facts at once, tells, and asks for what may have changed with it', async (t) => {
  let state = 'SLAVE';
  const pmc = fakePmc((command) => String(locked(command)).replace('SLAVE', state));
  const watched = watch(t, pmc);
  await watched.eventually('parent', () => watched.facts()?.parent);
  await watched.ticker.pass(300);
  let calls = 0;
  const cancel = watched.onChange(() => {
    calls += 1;
  });
  pmc.commands.length = 0;
  state = 'FAULTY';
  pmc.push(recorded('PORT_DATA_SET').replace('SLAVE', state).split('\n').slice(1).join('\n'));
  await watched.eventually('FAULTY', () => watched.facts()?.ports[0]?.portState === 'FAULTY', 10);
  assert.ok(calls > 0);
  assert.equal(watched.stats().events, 1);
  await watched.eventually('asked anew', () => pmc.commands.includes('GET PARENT_DATA_SET'), 50);
  cancel();
  const before = calls;
  await watched.ticker.pass(20_000);
  assert.equal(calls, before);
});

test('an Announce that tells of another grandmaster has its time properties asked for', async (t) => {
  const pmc = fakePmc(locked);
  const watched = watch(t, pmc);
  await watched.eventually('parent', () => watched.facts()?.parent);
  const parent = recorded('PARENT_DATA_SET').split('\n').slice(1).join('\n');
  const asked = (): boolean => pmc.commands.includes('GET TIME_PROPERTIES_DATA_SET');
  const pushes = (text: string): void => {
    pmc.push(recorded('TIME_STATUS_NP').split('\n').slice(1).join('\n'));
    pmc.push(text);
  };
  for (let at = 0; at < 100 && !(at > 60 && asked()); at++) {
    pmc.commands.length = 0;
    pushes(parent);
    await watched.ticker.pass(50);
  }
  assert.ok(asked());
  pmc.commands.length = 0;
  pushes(parent.replace(/(gm\.ClockClass +)6/, '$17'));
  await watched.ticker.pass(1300);
  assert.ok(asked(), 'else it would be after two seconds');
});

test('all ports of a clock are waited for', async (t) => {
  const ports = recorded('PORT_DATA_SET').split('\n').slice(1).join('\n');
  const pmc = fakePmc((command) => {
    const said = String(locked(command)).replace('numberPorts             1', 'numberPorts             2');
    return command === 'GET PORT_DATA_SET' ? said + ports.replaceAll('f671-1', 'f671-2') : said;
  });
  const watched = watch(t, pmc);
  const facts = await watched.eventually('facts', watched.facts);
  assert.deepEqual(
    facts.ports.map((port) => port.portIdentity.slice(-2)),
    ['-1', '-2'],
  );
  await watched.ticker.pass(5000);
  assert.equal(watched.stats().timeouts, 0);
});

test('a turn that had to be asked for renews the subscription: the daemon has forgotten us', async (t) => {
  let state = 'SLAVE';
  const pmc = fakePmc((command) => {
    const said = locked(command);
    if (command === 'GET TIME_STATUS_NP' && typeof said === 'string' && state !== 'SLAVE') {
      return said.replace('c6fbd5.fffe.c2ee14', '46c098.fffe.57f671');
    }
    return typeof said === 'string' ? said.replace('SLAVE', state) : said;
  });
  const watched = watch(t, pmc);
  await watched.eventually('facts', () => watched.facts()?.parent);
  const before = pmc.commands.filter((c) => c.startsWith('SET')).length;
  await watched.ticker.pass(5000); // not sooner than this after the last
  state = 'LISTENING';
  await watched.eventually('LISTENING', () => watched.facts()?.ports[0]?.portState === 'LISTENING');
  await watched.eventually('renewed', () => pmc.commands.filter((c) => c.startsWith('SET')).length > before);
});

test('the read-only socket is not asked for what it refuses, and one that refuses is read-only', async (t) => {
  const polite = fakePmc(locked);
  const byName = watch(t, polite, { '/ptp4lro': 'usable' });
  const refusing = fakePmc((command) =>
    /SUBSCRIBE|_NP$/.test(command) && !command.includes('TIME_STATUS') ? refusal : locked(command),
  );
  const byAnswer = watch(t, refusing);
  for (const watched of [byName, byAnswer]) {
    const facts = await watched.eventually('facts', () => watched.facts()?.current && watched.facts());
    assert.deepEqual(facts.events, []);
    await watched.eventually('polls', () => watched.stats().questions > 20);
    assert.equal(watched.stats().timeouts, 0);
  }
  assert.ok(!polite.commands.some((command) => /SUBSCRIBE|PORT_PROPERTIES/.test(command)));
  assert.equal(refusing.commands.filter((command) => /SUBSCRIBE/.test(command)).length, 1);
});

test('a word that this pmc does not know is said once', async (t) => {
  const pmc = fakePmc((command) =>
    command === 'GET PORT_PROPERTIES_NP'
      ? { stderr: 'bad command: GET PORT_PROPERTIES_NP\n' }
      : locked(command),
  );
  const watched = watch(t, pmc);
  await watched.eventually('polls', () => watched.stats().questions > 30);
  assert.equal(pmc.commands.filter((c) => c === 'GET PORT_PROPERTIES_NP').length, 1);
  assert.ok(
    pmc.commands.some((c) => c.startsWith('SET')),
    'the socket still counts as writable',
  );
});

test('a silent pmc makes the facts stale, then absent, and is replaced, ever more seldom', async (t) => {
  let silent = false;
  const pmc = fakePmc((command) => (silent ? undefined : locked(command)));
  const watched = watch(t, pmc);
  await watched.eventually('facts', watched.facts);
  silent = true;
  const stale = await watched.eventually('stale', () => {
    const reading = watched.read();
    return reading.kind === 'stale' && reading;
  });
  assert.equal(stale.value.ports[0]?.portState, 'SLAVE');
  const gone = await watched.eventually('no reply', () => watched.absence('no_reply'));
  assert.match(gone.detail ?? '', /^\/ptp4l: nobody there, or another domain/);
  await watched.eventually('a second pmc', () => watched.stats().started >= 2);
  await watched.ticker.pass(600_000);
  const { started } = watched.stats();
  assert.ok(started > 8 && started < 18, `${started} processes in ten minutes`);
  silent = false;
  await watched.eventually('facts again', watched.facts);
});

test('what a dead pmc knew counts until the next one has been told all', async (t) => {
  const seen: (string | undefined)[] = [];
  let look = (): void => {};
  const pmc = fakePmc((command) => {
    look();
    return locked(command);
  });
  const watched = watch(t, pmc);
  await watched.eventually('facts', watched.facts);
  look = () => seen.push(watched.facts()?.ports[0]?.interface);
  pmc.die();
  await watched.eventually('another pmc', () => pmc.starts.length === 2);
  await watched.ticker.pass(900);
  assert.ok(seen.length >= 9, `${seen.length} questions`);
  assert.deepEqual([...new Set(seen)], ['vA1']);
});

test('a question that is never answered leaves a hole once what was known before is old', async (t) => {
  const pmc = fakePmc((command) =>
    pmc.starts.length > 1 && command.includes('PORT_STATS') ? undefined : locked(command),
  );
  const watched = watch(t, pmc);
  await watched.eventually('facts', watched.facts);
  pmc.die();
  await watched.eventually('another pmc', () => pmc.starts.length === 2);
  await watched.eventually('facts of the second', () => watched.facts()?.ports[0]?.interface === undefined);
  await watched.eventually('facts, with a hole', watched.facts, 5000);
});

test('a socket that stays silent gives way to the next one', async (t) => {
  const pmc = fakePmc((command) => (pmc.starts.length === 1 ? undefined : locked(command)));
  const watched = watch(t, pmc, { '/dead': 'usable', '/forbidden': 'forbidden', '/alive': 'usable' });
  await watched.eventually('facts', watched.facts);
  assert.match(pmc.starts.at(-1)?.join(' ') ?? '', / -s \/alive /);
});

test('what is missing is told apart', async (t) => {
  const none = watch(t, fakePmc(locked), { '/a': 'missing', '/b': 'missing' });
  assert.equal((await none.eventually('no socket', () => none.absence('no_socket'))).detail, 'tried /a /b');
  const closed = watch(t, fakePmc(locked), { '/a': 'forbidden' });
  await closed.eventually('no permission', () => closed.absence('no_permission'));
  const lost = fakePmc(locked, 'ENOENT');
  const uninstalled = watch(t, lost);
  await uninstalled.eventually('not installed', () => uninstalled.absence('not_installed'));
  await uninstalled.ticker.pass(58_000);
  assert.equal(lost.starts.length, 1, 'tried again after a minute only');
  await uninstalled.ticker.pass(4000);
  assert.equal(lost.starts.length, 2);
  const unbound = fakePmc(() => {
    unbound.die('uds: bind failed: Permission denied\nfailed to open transport\n');
    return undefined;
  });
  const noRunDir = watch(t, unbound);
  const reading = await noRunDir.eventually('no permission', () => noRunDir.absence('no_permission'));
  assert.equal(reading.detail, 'uds: bind failed: Permission denied; failed to open transport');
});

test('garbled replies are counted and are no facts', async (t) => {
  const watched = watch(
    t,
    fakePmc((command) => String(locked(command)).replaceAll('-1614', 'NaN')),
  );
  await watched.eventually('garbled', () => watched.absence('garbled'));
  assert.ok(watched.stats().garbled > 0);
});

test('a ptp4l that stops is gone at once, and its pmc is kept for when it returns', async (t) => {
  const watched = watch(t, fakePmc(locked));
  await watched.eventually('facts', watched.facts);
  watched.states['/ptp4l'] = 'missing';
  await watched.eventually('no socket', () => watched.absence('no_socket'), 1000);
  watched.states['/ptp4l'] = 'usable';
  await watched.eventually('facts again', watched.facts);
  assert.equal(watched.stats().started, 1);
});

test('it stops by the signal, twice is once, and leaves no socket behind', async (t) => {
  const watched = watch(t, fakePmc(locked));
  await watched.eventually('facts', watched.facts);
  watched.stopper.abort();
  await watched.stop();
  await watched.stop();
  assert.deepEqual(watched.removed, [`/run/x/pmc.${process.pid}.sock`]);
});

test('what is pushed is asked less often, and never while the pushes come', () => {
  const schedule = ptpSchedule(1000);
  const asked = (seconds: number, pushed: boolean): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (let now = 0; now < seconds * 1000; now += 1000) {
      if (pushed) schedule.done('TIME_STATUS_NP', now);
      for (;;) {
        const question = schedule.next(now, pushed ? ['port_state', 'time_sync'] : [], true);
        if (question === undefined) break;
        counts[question.id] = (counts[question.id] ?? 0) + 1;
        schedule.done(question.id, now);
      }
    }
    return counts;
  };
  const polled = asked(60, false);
  schedule.reset();
  const quiet = asked(60, true);
  assert.deepEqual([polled['TIME_STATUS_NP'], quiet['TIME_STATUS_NP']], [60, undefined]);
  assert.deepEqual([polled['PORT_DATA_SET'], quiet['PORT_DATA_SET']], [60, 12]);
  assert.deepEqual([quiet['CURRENT_DATA_SET'], quiet['SUBSCRIBE_EVENTS_NP']], [12, 1]);
});
