// The script that does for the agent what needs root, under busybox ash, with real clock daemons.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { parseInterference } from '../../agent/clock/disciplines.ts';
import { ptpOrder } from '../../agent/clock/orders/orderlines.ts';
import { timeFiles } from '../../agent/clock/setup/applied.ts';
import { chronyd } from '../kit/clock/chrony.ts';
import { ptp4l } from '../kit/clock/ptp.ts';
import { appliedTime, clockRights, type TimePlace, timePlace } from '../kit/clock/timescript.ts';
import { netnsPair, noNetns } from '../kit/net/netns.ts';
import { undoLater } from '../kit/process/cleanup.ts';
import { eventually } from '../kit/process/daemon.ts';
import { chronyds, withoutNewerDaemons } from '../kit/process/timetools.ts';
import { need } from '../kit/process/tools.ts';

const sendSurely = (place: TimePlace, line: string): Promise<unknown> =>
  eventually(`a reader of ${line}`, () => place.fifo.write(line) === undefined);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What chronyc prints of a chronyd that has a server, by what it says of its tracking. */
const answers = (tracking: string): string =>
  `case "$*" in *sources*) echo '^,*,192.0.2.1,3,4,377,9,0,0,0' ;; *) ${tracking} ;; esac`;
const settled = 'C0000201,192.0.2.1,3,1790000000.1,0.000010,0,0,0,0,0,1,1,64.2,Normal';

describe('the right to set the clock', () => {
  /** Starts a stand-in for ptp4l; gives its pid once it is what the script became. */
  async function started(place: TimePlace, what: 'ptp4l' | 'phc2sys' = 'ptp4l') {
    place.stub('daemon', 'echo "args $*"; exec sleep 60');
    place.stub('chronyc', answers(`echo '${settled}'`));
    const running = place.start([what, place.dir, join(place.runDir, 'bin/daemon')]);
    await eventually('the daemon', () => running.output().includes('args '));
    return running;
  }

  for (const way of ['setpriv', 'capsh'])
    test(`is dropped by ${way} where chronyd is fed`, async (t) => {
      const place = timePlace(t, { only: [way] });
      place.write('applied', JSON.stringify(appliedTime(), undefined, 2));
      const running = await started(place);
      assert.deepEqual(clockRights(running.pid), { effective: false, bounding: false });
      assert.equal(running.output(), `args -f ${place.dir}/ptp4l.conf\n`);
    });

  test('is dropped by ujail, where that proves to drop it', async (t) => {
    const place = timePlace(t, { only: ['setpriv'] });
    place.write('applied', JSON.stringify(appliedTime()));
    // what ujail -C does of a file, by the kernel's own names; the real one is on OpenWrt only
    place.stub('real', `exec ${need('setpriv')} --bounding-set=-sys_time --inh-caps=-sys_time "$@"`);
    place.stub(
      'ujail',
      `[ "$1 $3" = "-C --" ] || exit 1; grep -q '"bounding":.*CAP_NET_RAW' "$2" || exit 1; shift 3; exec real "$@"`,
    );
    place.stub('setpriv', 'exit 1');
    const running = await started(place);
    assert.deepEqual(clockRights(running.pid), { effective: false, bounding: false });
    const kept = JSON.parse(readFileSync(join(place.dir, 'capabilities.json'), 'utf8')) as Record<
      string,
      string[]
    >;
    assert.deepEqual(Object.keys(kept), ['bounding', 'effective', 'permitted', 'inheritable', 'ambient']);
    assert.ok(!kept['bounding']?.includes('CAP_SYS_TIME'));
    place.stub('ujail', 'shift 3; exec "$@"');
    const useless = await started(place);
    assert.equal(clockRights(useless.pid).bounding, true, 'nothing drops it');
    assert.match(useless.output(), /^time: there is neither setpriv nor capsh/);
  });

  test('stays where nothing drops it, and that is said', async (t) => {
    const place = timePlace(t, { only: [] });
    place.write('applied', JSON.stringify(appliedTime()));
    const running = await started(place);
    assert.equal(clockRights(running.pid).effective, true);
    assert.match(running.output(), /keeps the right to set the clock\nargs /);
  });

  test('stays where the daemon is to steer the clock', async (t) => {
    const place = timePlace(t, { only: ['setpriv'] });
    place.write('applied', JSON.stringify(appliedTime({ feed: 'clock', gate: 'none' })));
    const running = await started(place);
    assert.deepEqual(clockRights(running.pid), { effective: true, bounding: true });
    assert.equal(running.output(), `args -f ${place.dir}/ptp4l.conf\n`);
  });

  test('phc2sys gets its arguments one a line, as they are', async (t) => {
    const place = timePlace(t, { only: ['setpriv'] });
    place.write('applied', JSON.stringify(appliedTime({ hardware: true, runs: ['ptp4l', 'phc2sys'] })));
    place.write('phc2sysArgs', '-a\n-z\n/a path/$(x) *\n-r\n');
    const running = await started(place, 'phc2sys');
    assert.equal(running.output(), 'args -a -z /a path/$(x) * -r\n');
    assert.deepEqual(clockRights(running.pid), { effective: false, bounding: false });
  });
});

describe('a chronyd that cannot be told to withhold PTP', () => {
  const unsynced = '00000000,,0,0.0,0,0,0,0,0,0,1,1,0.0,Not synchronised';
  const place = (t: TestContext, grace_s: number, hardware = false): TimePlace => {
    const made = timePlace(t, { only: ['setpriv'] });
    made.write('applied', JSON.stringify(appliedTime({ gate: 'start', grace_s, hardware })));
    made.write('phc2sysArgs', '-a\n');
    made.stub('daemon', 'echo started; exec sleep 60');
    return made;
  };
  const isStarted = async (one: { output(): string }, ms: number): Promise<boolean> => {
    await pause(ms);
    return one.output().includes('started');
  };

  test('gets PTP once it has a source', async (t) => {
    const at = place(t, 60);
    at.stub('chronyc', answers(`[ ! -e ${at.runDir}/ntp ] && echo '${unsynced}' || echo '${settled}'`));
    const running = at.start(['ptp4l', at.dir, join(at.runDir, 'bin/daemon')]);
    assert.equal(await isStarted(running, 2500), false);
    execFileSync('touch', [join(at.runDir, 'ntp')]);
    assert.equal(await isStarted(running, 1700), true);
  });

  test('gets PTP when the grace time is over, also where chronyd is silent or follows itself', async (t) => {
    const itself = settled.replace('C0000201', '7F7F0101');
    const moving = settled.replace('0.000010', '0.010000');
    for (const said of [unsynced, '506 Cannot talk to daemon', itself, moving]) {
      const at = place(t, 2);
      at.stub('chronyc', said.startsWith('506') ? `echo '${said}'; exit 1` : answers(`echo '${said}'`));
      const running = at.start(['ptp4l', at.dir, join(at.runDir, 'bin/daemon')]);
      assert.equal(await isStarted(running, 1200), false, said);
      assert.equal(await isStarted(running, 1800), true, said);
    }
  });

  test('gets PTP at once where it has no server to wait for', async (t) => {
    const at = place(t, 60);
    at.stub(
      'chronyc',
      `case "$*" in *sources*) echo '#,?,PTP0,0,2,0,9,0,0,0' ;; *) echo '${unsynced}' ;; esac`,
    );
    const running = at.start(['ptp4l', at.dir, join(at.runDir, 'bin/daemon')]);
    await eventually('the daemon', () => running.output().includes('started'));
  });

  test('gets PTP at once where its servers contradict each other, and it follows none', async (t) => {
    const at = place(t, 60);
    const sources = (state: string): string =>
      `echo '#,?,PTP0,0,2,0,0,0,0,0'; echo '^,x,192.0.2.1,1,4,3,2,0,0,0'; echo '^,${state},192.0.2.2,1,4,3,2,0,0,0'`;
    at.stub('chronyc', `case "$*" in *tracking) echo '${unsynced}' ;; *) ${sources('*')} ;; esac`);
    const waiting = at.start(['ptp4l', at.dir, join(at.runDir, 'bin/daemon')]);
    assert.equal(await isStarted(waiting, 1500), false, 'a server is followed');
    at.stub('chronyc', `case "$*" in *tracking) echo '${unsynced}' ;; *) ${sources('x')} ;; esac`);
    assert.equal(await isStarted(waiting, 2000), true);
  });

  test('with hardware it is phc2sys that waits', async (t) => {
    const at = place(t, 60, true);
    at.stub('chronyc', answers(`echo '${unsynced}'`));
    const [first, second] = (['ptp4l', 'phc2sys'] as const).map((what) =>
      at.start([what, at.dir, join(at.runDir, 'bin/daemon')]),
    );
    assert.ok(first !== undefined && second !== undefined);
    assert.equal(await isStarted(first, 1500), true);
    assert.equal(await isStarted(second, 1000), false);
  });
});

describe('orders', () => {
  test('what is no order is ignored, and the next one is heard', async (t) => {
    const place = timePlace(t, { only: [] });
    for (const name of ['chronyc', 'pmc', 'ubus']) place.stub(name, `echo "$0 $*" >>${place.runDir}/said`);
    const running = place.start(['orders', place.dir]);
    const trap = join(place.runDir, 'trap');
    const garbage = [
      ...['', ' ', 'ptp', 'ptp no', 'PTP select', 'server', 'server 6', 'quit', '*', '-n'],
      ...[`ptp $(touch ${trap})`, `ptp select; touch ${trap}`, `server \`touch ${trap}\``, '\\', "'", '"'],
      'server 256 0x21 0xFFFF 37 0x3C 0x20',
      'server 6 0x2g 0xFFFF 37 0x3C 0x20',
      'server 6 0x21 0xFFF 37 0x3C 0x20',
      'server 6 0x21 0xFFFF -1 0x3C 0x20',
      'server 6 0x21 0xFFFF 37 60 0x20',
      'server 6 0x21 0xFFFF 37 0x3C 0x20 7',
      'server a[$(id)] 0x21 0xFFFF 37 0x3C 0x20',
      '\u0000\u0001\u001b[2J',
      'x'.repeat(4000),
    ];
    for (const line of garbage) await sendSurely(place, line);
    await sendSurely(place, 'ptp withhold');
    await eventually('the order', () => existsSync(join(place.runDir, 'said')));
    await pause(300);
    assert.equal(
      readFileSync(join(place.runDir, 'said'), 'utf8'),
      `${place.runDir}/bin/chronyc -n selectopts PTP0 +noselect\n${place.runDir}/bin/chronyc -n burst 1/2\n`,
    );
    assert.equal(existsSync(trap), false);
    assert.equal(running.output(), '');
    await running.endGently();
    assert.equal(place.fifo.write('ptp select'), 'EPIPE', 'nobody reads');
    assert.equal(place.fifo.write('ptp select'), 'ENXIO');
  });

  test('servers are asked when PTP is withheld, once each time: else chronyd waits for their next poll', async (t) => {
    const place = timePlace(t, { only: [] });
    place.stub('chronyc', `echo "$*" >>${place.runDir}/said`);
    place.start(['orders', place.dir]);
    for (const word of ['select', 'withhold', 'withhold', 'select', 'withhold'] as const)
      await sendSurely(place, ptpOrder(word));
    await pause(500);
    const said = readFileSync(join(place.runDir, 'said'), 'utf8').replaceAll(/-n (selectopts PTP0 )?/g, '');
    assert.equal(
      said.replaceAll('\n', ' '),
      '-noselect +noselect burst 1/2 +noselect -noselect +noselect burst 1/2 ',
    );
  });

  test('an agent that is killed and comes back is heard again', async (t) => {
    const place = timePlace(t, { only: [] });
    place.stub('chronyc', `echo "$*" >>${place.runDir}/said`);
    place.start(['orders', place.dir]);
    for (const word of ['select', 'withhold'] as const) {
      await sendSurely(place, ptpOrder(word));
      place.fifo.close();
      await pause(300);
    }
    assert.equal(
      readFileSync(join(place.runDir, 'said'), 'utf8'),
      '-n selectopts PTP0 -noselect\n-n selectopts PTP0 +noselect\n-n burst 1/2\n',
    );
  });

  test('those that wait for the time are told once', async (t) => {
    const place = timePlace(t, { only: [] });
    place.stub('ubus', `[ -e ${place.runDir}/ready ] || exit 1; echo "$*" >>${place.runDir}/said`);
    place.start(['orders', place.dir]);
    await sendSurely(place, 'synchronised');
    await pause(300);
    execFileSync('touch', [join(place.runDir, 'ready')]);
    for (let i = 0; i < 3; i++) await sendSurely(place, 'synchronised');
    await pause(500);
    const said = readFileSync(join(place.runDir, 'said'), 'utf8');
    assert.equal(said, 'call hotplug.ntp call { "env": [ "ACTION=stratum", "stratum=1" ] }\n');
  });

  test('a card that phc2sys does not set is announced as one of which nothing is known', async (t) => {
    const place = timePlace(t, { only: [] });
    place.write('applied', JSON.stringify(appliedTime({ role: 'server', hardware: true })));
    place.stub(
      'pmc',
      `echo "$*" | tr '\\n\\t' '  ' >${place.runDir}/said; echo 'RESPONSE MANAGEMENT GRANDMASTER_SETTINGS_NP'`,
    );
    place.stub('pidof', `[ "$1" = phc2sys ] && [ -e ${place.runDir}/runs ]`);
    const running = place.start(['orders', place.dir]);
    const order = async (wanted: RegExp): Promise<void> => {
      await sendSurely(place, 'server 6 0x21 0xFFFF 37 0x3D 0x20');
      const file = join(place.runDir, 'said');
      await eventually(`${wanted}`, () => existsSync(file) && wanted.test(readFileSync(file, 'utf8')));
      rmSync(file);
    };
    await order(
      / clockClass 248 clockAccuracy 0xFE .* leap61 0 leap59 0 currentUtcOffsetValid 1 +ptpTimescale 1 timeTraceable 0 frequencyTraceable 0 +timeSource 0xA0/,
    );
    writeFileSync(join(place.runDir, 'runs'), '');
    await order(
      / clockClass 6 clockAccuracy 0x21 .* leap61 1 leap59 0 currentUtcOffsetValid 1 +ptpTimescale 1 timeTraceable 1 frequencyTraceable 1 +timeSource 0x20/,
    );
    assert.match(running.output(), /^time: phc2sys does not run: .*\ntime: phc2sys works again\n$/);
  });

  test('a daemon that says that another one changes the clock is named to the agent, once for each time', async (t) => {
    const place = timePlace(t, { only: [] });
    const log = join(place.runDir, 'log');
    const line = (second: number, text: string): string =>
      `Sun Nov 29 06:00:0${second} 2026 daemon.warn ${text}\n`;
    const file = join(place.runDir, timeFiles.interference);
    const old = line(1, 'chronyd[9]: System clock interference detected (trying to fix)');
    writeFileSync(log, old);
    place.stub('logread', `cat ${log}`);
    place.stub('chronyc', 'exit 0');
    place.start(['orders', place.dir]);
    await sendSurely(place, 'ptp select');
    await pause(300);
    assert.equal(existsSync(file), false, 'that was before');
    writeFileSync(log, old + line(2, 'ptp4l: [12.3] clockcheck: clock frequency changed unexpectedly!'));
    await sendSurely(place, 'ptp select');
    await eventually('the word of ptp4l', () => existsSync(file));
    const uptime_s = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    assert.equal(parseInterference(readFileSync(file, 'utf8'), uptime_s), 'ptp4l');
    rmSync(file);
    await sendSurely(place, 'ptp select');
    await pause(300);
    assert.equal(existsSync(file), false, 'the same line');
  });

  test('that they cannot be carried out is logged once, and once when they can', async (t) => {
    const place = timePlace(t, { only: [] });
    place.stub(
      'chronyc',
      `[ -e ${place.runDir}/ready ] && echo '200 OK' || { echo '501 Not authorised'; exit 1; }`,
    );
    const running = place.start(['orders', place.dir]);
    for (let i = 0; i < 3; i++) await sendSurely(place, 'ptp select');
    await pause(500);
    assert.equal(
      running.output(),
      'time: chronyd does not take the order to select PTP: 501 Not authorised \n',
    );
    execFileSync('touch', [join(place.runDir, 'ready')]);
    for (let i = 0; i < 3; i++) await sendSurely(place, 'ptp select');
    await eventually('the end of the trouble', () =>
      running.output().includes('time: chronyc works again\n'),
    );
    assert.equal(running.output().split('\n').length, 3);
  });
});

/** The first version of chrony that has selectopts. */
const hasSelectopts = (version: string): boolean =>
  version.localeCompare('4.4', 'en', { numeric: true }) >= 0;
const quick = ['logAnnounceInterval -2', 'logSyncInterval -2', 'logMinDelayReqInterval -2'];

for (const programs of chronyds().filter(({ version }) => hasSelectopts(version)))
  test(`chronyd ${programs.version}: PTP is measured while it is withheld, and selected within a second of the order`, {
    skip: withoutNewerDaemons() || (noNetns() ?? false),
  }, async (t) => {
    const segment = 11_000 + (process.pid % 10_000);
    undoLater(t, () => execFileSync(need('ipcrm'), ['-M', `0x${(0x4e545030 + segment).toString(16)}`]));
    const [far, near] = netnsPair(t);
    ptp4l(t, far, { role: 'master', extra: quick });
    ptp4l(t, near, { role: 'ntpshm', shm: segment, extra: quick });
    const server = await chronyd(t, { serve: true, lines: ['local stratum 2'] });
    const client = await chronyd(t, {
      programs,
      lines: [
        `server 127.0.0.1 port ${server.ntpPort} minpoll 0 maxpoll 0 iburst maxsamples 8`,
        `refclock SHM ${segment} refid PTP0 poll 0 precision 1e-6 delay 1e-4 prefer noselect`,
      ],
    });
    const place = timePlace(t, { programs: [programs.chronyc] });
    place.write('chronydSocket', `${client.socket}\n`);
    const running = place.start(['orders', place.dir]);
    const ptp0 = async (): Promise<readonly string[]> => {
      const said = await client.chronyc('sources').catch(() => '');
      return (
        said
          .split('\n')
          .find((line) => line.includes(',PTP0,'))
          ?.split(',') ?? []
      );
    };
    const state = async (): Promise<string | undefined> => (await ptp0())[1];
    const isMeasured = async (): Promise<boolean> => Number.parseInt((await ptp0())[5] ?? '0', 8) > 3;
    const becomes = async (wanted: RegExp, order: 'select' | 'withhold'): Promise<number> => {
      const from = performance.now();
      await sendSurely(place, ptpOrder(order));
      await eventually(`state ${wanted} of PTP0`, async () => wanted.test((await state()) ?? ''), 5000);
      return Math.round(performance.now() - from);
    };

    await eventually('samples of PTP0', isMeasured, 60_000);
    assert.equal(await state(), '?');
    const offset_s = Number((await ptp0())[7]);
    assert.ok(Math.abs(offset_s) < 1e-3 && offset_s !== 0, `${offset_s} s`);
    await pause(4000); // enough samples to be selected by
    assert.equal(await state(), '?');
    const selected_ms = await becomes(/[*+-]/, 'select');
    const withheld_ms = await becomes(/\?/, 'withhold');
    t.diagnostic(`select ${selected_ms} ms, withhold ${withheld_ms} ms`);
    assert.ok(selected_ms < 1500 && withheld_ms < 1500);

    await becomes(/[*+-]/, 'select');
    await client.endGently();
    await sendSurely(place, ptpOrder('select')); // to nobody
    await eventually('that it is lost', () => running.output().includes('does not take'));
    client.restart();
    await eventually('samples of PTP0 anew', isMeasured, 30_000);
    await pause(4000);
    assert.equal(await state(), '?', 'a chronyd that was restarted has forgotten');
    await becomes(/[*+-]/, 'select');
    place.fifo.close();
    await pause(1000);
    assert.match((await state()) ?? '', /[*+-]/, 'what was decided stays when the agent is gone');
    assert.match(running.output(), /^time: chronyd does not take .*\ntime: chronyc works again\n$/);
  });
