import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { PtpFacts } from '../../agent/clock/facts.ts';
import { parseDataSet, replySplitter } from '../../agent/clock/ptp4l/pmc.ts';
import type { Reading } from '../../agent/lib/reading.ts';
import { systemTicker } from '../../agent/lib/ticker.ts';
import { realPtpWatch } from '../kit/clock/clockwatch.ts';
import { linuxptp, ptp4l, ptpPair } from '../kit/clock/ptp.ts';
import { kernelClock } from '../kit/clock/unsteered.ts';
import { noNetns } from '../kit/net/netns.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { linuxptpVersion } from '../kit/process/timetools.ts';

type Watched = { read(): Reading<PtpFacts> };

const freshFacts = (watched: Watched): PtpFacts | undefined => {
  const reading = watched.read();
  return reading.kind === 'fresh' ? reading.value : undefined;
};
const why = (watched: Watched): string => {
  const reading = watched.read();
  return reading.kind === 'absent' ? reading.why : reading.kind;
};
const state = (watched: Watched): string | undefined => freshFacts(watched)?.ports[0]?.portState;

/** How long ago the last Sync was, in ms. */
const syncAge_ms = (watched: Watched): number =>
  systemTicker().now_ms() - (freshFacts(watched)?.ingressSeen_ms ?? Number.NEGATIVE_INFINITY);

/** CPU time of a process so far, in ticks of 10 ms, from /proc. */
const ticksOf = (pid: number): number => {
  const [utime = '', stime = ''] =
    readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ').slice(11, 13) ?? [];
  return Number(utime) + Number(stime);
};

const skip = noNetns() ?? false;

test('one ptp4l pair, seen through all that can happen to it', { skip }, async (t) => {
  const clockBefore = kernelClock();
  const pair = ptpPair(t);
  let { slave } = pair;
  const watched = realPtpWatch(t, { sockets: ['/nonexistent', slave.socket] });
  /** Waits for an answer that came after now: for some polls, the old ones still count as fresh. */
  const settled = async (timeoutMs = 15_000): Promise<void> => {
    const from_ms = systemTicker().now_ms();
    await eventually(
      'an answer',
      () => {
        const reading = watched.read();
        return reading.kind === 'fresh' && reading.at_ms > from_ms;
      },
      timeoutMs,
    );
  };

  await t.test('another domain or transportSpecific is silence, and costs few processes', async (t) => {
    const domain = realPtpWatch(t, { sockets: [slave.socket], domain: 9, poll_s: 0.3 });
    const transport = realPtpWatch(t, { sockets: [slave.socket], transportSpecific: 1, poll_s: 0.3 });
    for (const other of [domain, transport]) {
      await eventually('asked', () => other.stats().timeouts > 6);
      assert.equal(why(other), 'no_reply');
      assert.ok(other.stats().started <= 4);
    }
  });

  await t.test('a pmc that is killed, deaf or stopped is replaced', async () => {
    await settled();
    const starts = watched.pids.length;
    process.kill(watched.pids.at(-1) ?? 0, 'SIGKILL');
    await eventually('a second one', () => watched.pids.length > starts);
    await settled();
    const socket = readdirSync(watched.stateDir).find((name) => name.startsWith('pmc.')) ?? '';
    rmSync(join(watched.stateDir, socket));
    await eventually('a third one', () => watched.pids.length > starts + 1, 30_000);
    await settled();
    process.kill(watched.pids.at(-1) ?? 0, 'SIGSTOP');
    await eventually('a fourth one', () => watched.pids.length > starts + 2, 30_000);
    await settled();
  });

  await t.test('what is locked is seen as pmc itself shows it', async () => {
    await eventually('SLAVE', () => state(watched) === 'SLAVE', 60_000, 100);
    await eventually('port properties', () => freshFacts(watched)?.ports[0]?.interface);
    const questions = [
      'GET TIME_STATUS_NP',
      'GET CURRENT_DATA_SET',
      'GET PARENT_DATA_SET',
      'GET PORT_DATA_SET',
    ];
    const client = join(tempDir(t, 'pmc'), 'x.sock');
    const args = ['-u', '-b', '0', '-s', slave.socket, '-i', client, ...questions];
    const [facts, stdout] = await eventually('the same Sync on both sides', async () => {
      const before = freshFacts(watched);
      const { stdout: said } = await promisify(execFile)(linuxptp('pmc'), args);
      const after = freshFacts(watched);
      const ingress = /ingress_time +(\d+)/.exec(said)?.[1];
      const same = [before, after].every((one) => String(one?.timeStatus.ingress_time_ns) === ingress);
      const path = /meanPathDelay +([\d.]+)/.exec(said)?.[1];
      const settledPath = before?.current?.meanPathDelay_ns === Number(path);
      return same && settledPath && before !== undefined ? ([before, said] as const) : undefined;
    });
    // Read once by eye of a regular expression, once by the parser.
    assert.equal(facts.timeStatus.master_offset_ns, Number(/master_offset +(-?\d+)/.exec(stdout)?.[1]));
    assert.equal(facts.parent?.grandmasterIdentity, /grandmasterIdentity +(\S+)/.exec(stdout)?.[1]);
    assert.equal(facts.parent?.gmClockClass, 13);
    assert.equal(facts.parent?.gmClockAccuracy, 0x21);
    assert.equal(facts.ports[0]?.portState, /portState +(\S+)/.exec(stdout)?.[1]);
    assert.equal(facts.ports[0]?.timestamping, 'SOFTWARE');
    assert.equal(facts.ports[0]?.interface, pair.slaveEnd.interface);
    assert.equal(facts.defaults?.numberPorts, 1);
    const isOld = linuxptpVersion(linuxptp('ptp4l')).startsWith('3.'); // it has no other event
    assert.deepEqual(facts.events, isOld ? ['port_state'] : ['port_state', 'time_sync', 'parent_data_set']);
    const splitter = replySplitter();
    const replies = [...splitter.push(stdout), ...splitter.flush()];
    const parent = replies.find((reply) => reply.id === 'PARENT_DATA_SET');
    assert.ok(parent);
    assert.deepEqual(parseDataSet('PARENT_DATA_SET', parent), { ok: true, value: facts.parent });
  });

  await t.test('a steady state starts no process, and costs little', async (t) => {
    const before = watched.stats();
    const pid = watched.pids.at(-1) ?? 0;
    const [ticks, own] = [ticksOf(pid), process.cpuUsage()];
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const { user, system } = process.cpuUsage(own);
    const after = watched.stats();
    assert.equal(after.started, before.started);
    const questions = after.questions - before.questions;
    t.diagnostic(
      `${questions} questions in 5 s: pmc ${(ticksOf(pid) - ticks) * 10} ms, this process ${Math.round((user + system) / 1000)} ms`,
    );
    assert.ok(questions >= 10);
    const age_ms = syncAge_ms(watched);
    assert.ok(age_ms >= 0 && age_ms < 3500, `last Sync ${age_ms} ms ago`);
  });

  await t.test('a link that goes down is seen at once, and so is its return', async (t) => {
    const told = new Promise<number>((resolve) => {
      const cancel = watched.onChange(() => {
        if (state(watched) !== 'FAULTY') return;
        cancel();
        resolve(performance.now());
      });
    });
    const pulled = performance.now();
    pair.masterEnd.link('down');
    await eventually('FAULTY', () => state(watched) === 'FAULTY');
    t.diagnostic(`FAULTY ${((await told) - pulled).toFixed(0)} ms after the link was pulled`);
    assert.ok((await told) - pulled < 900, 'sooner than by polling');
    pair.masterEnd.link('up');
    await eventually('not FAULTY', () => state(watched) !== 'FAULTY', 30_000);
  });

  await t.test('a ptp4l that hangs is stale, then absent, then back', async () => {
    slave.kill('SIGSTOP');
    await eventually('stale', () => why(watched) === 'stale');
    await eventually('no reply', () => why(watched) === 'no_reply');
    slave.kill('SIGCONT');
    await settled(70_000);
  });

  await t.test('a ptp4l that ends is gone at once, and its successor is subscribed to', async () => {
    await slave.end('SIGTERM');
    await eventually('no socket', () => why(watched) === 'no_socket', 3000);
    const starts = watched.stats().started;
    slave = slave.restart();
    await settled();
    assert.equal(watched.stats().started, starts, 'the same pmc');
    await eventually('LISTENING', () => state(watched) === 'LISTENING');
    await eventually('subscribed', () => freshFacts(watched)?.events.includes('port_state'), 20_000);
  });

  await t.test('a ptp4l that is killed leaves a dead socket behind', async () => {
    await slave.end('SIGKILL');
    await eventually('no reply', () => why(watched) === 'no_reply', 20_000);
    slave = slave.restart();
    await settled(70_000);
  });

  await watched.stop();
  assert.deepEqual(readdirSync(watched.stateDir), [], 'no socket is left');
  assert.deepEqual(kernelClock(), clockBefore, 'nothing has touched the clock of this machine');
});

test('a grandmaster that dies stops the age of the last Sync, however perfect the offset looks', {
  skip,
}, async (t) => {
  const pair = ptpPair(t, { role: 'monitor' });
  const watched = realPtpWatch(t, { sockets: [pair.slave.socket] });
  await eventually('Syncs', () => state(watched) === 'UNCALIBRATED' && syncAge_ms(watched) < 1500, 60_000);
  await pair.master.end('SIGKILL');
  await eventually(
    'an old Sync',
    () => syncAge_ms(watched) > 3000 && state(watched) === 'UNCALIBRATED',
    5000,
  );
  assert.equal(freshFacts(watched)?.timeStatus.gmPresent, true);
});

test('a master and a boundary of two ports are seen whole', { skip }, async (t) => {
  const pair = ptpPair(t, { role: 'monitor', domain: 3, transportSpecific: 1 });
  const master = realPtpWatch(t, { sockets: [pair.master.socket], domain: 3, transportSpecific: 1 });
  await eventually('MASTER', () => state(master) === 'MASTER', 30_000);
  pair.slaveEnd.run('ip', 'link', 'add', 'nunected', 'type', 'veth', 'peer', 'name', 'nunectee');
  for (const name of ['nunected', 'nunectee']) pair.slaveEnd.run('ip', 'link', 'set', name, 'up');
  const boundary = ptp4l(t, pair.slaveEnd, {
    role: 'monitor',
    domain: 4,
    extra: ['slaveOnly 0', 'boundary_clock_jbod 1', '[nunected]'],
  });
  const watched = realPtpWatch(t, { sockets: [boundary.socket], domain: 4 });
  const facts = await eventually('two ports', () => {
    const seen = freshFacts(watched);
    return seen?.ports.every((port) => port.interface !== undefined) ? seen : undefined;
  });
  assert.deepEqual(
    facts.ports.map((port) => [port.portIdentity.split('-')[1], port.interface]),
    [
      ['1', 'nunected'],
      ['2', pair.slaveEnd.interface],
    ],
  );
  assert.equal(facts.defaults?.numberPorts, 2);
});
