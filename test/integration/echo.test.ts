import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { answerCommands } from '../../agent/answers/command.ts';
import { answerEcho, type Echo } from '../../agent/answers/echo.ts';
import { answerService } from '../../agent/answers/service.ts';
import { answerTimeSync } from '../../agent/answers/timesync.ts';
import { systemTicker } from '../../agent/lib/ticker.ts';
import type { Link } from '../../agent/nats/link.ts';
import { watchRtt } from '../../agent/peers/rtt.ts';
import { subjectsOf } from '../../agent/wire/subjects.ts';
import { type HubAndLeaf, hubAndLeaf, serversToTest } from '../kit/hub/fleet.ts';
import { operatorLogin } from '../kit/hub/nats.ts';
import { eventually } from '../kit/process/daemon.ts';
import { lacking, need } from '../kit/process/tools.ts';

const run = promisify(execFile);
const subjects = subjectsOf('u1', 'leaf');
const now_us = (): number => (performance.timeOrigin + performance.now()) * 1000;
const clock = () => ({ source: 'ntp', quality: 'locked', error_bound_ns: 4_000_000 }) as const;
const replySubjects = ['_INBOX.>', '_INBOX_u1.>'];

for (const { name, program } of serversToTest()) {
  describe(`answers through ${name} servers`, () => {
    let fleet: HubAndLeaf;
    let link: Link;
    let echo: Echo;
    let operator: NatsConnection;
    /** The real `nats` CLI at the hub. */
    const nats = async (...args: string[]): Promise<string> => {
      const { user, password } = operatorLogin;
      const login = ['--server', fleet.hub.url, '--user', user, '--password', password];
      const done = await run(need('nats'), [...login, ...args], { timeout: 20_000 });
      return done.stdout + done.stderr;
    };
    before(async () => {
      fleet = await hubAndLeaf(program);
      link = fleet.agent();
      const started_ms = Date.now;
      echo = answerEcho({ link, now_us, clock }, { subject: subjects.echo, unit: 'u1', replySubjects });
      answerTimeSync(
        { link, now_us, clock, utcOffset_s: () => 37 },
        { subject: subjects.timeSync, replySubjects },
      );
      answerCommands(
        { link, commands: { VERSION: () => ({ version: '0.1.0' }) } },
        { subject: subjects.command, replySubjects },
      );
      answerService(
        { link, counters: echo.counters, started_ms },
        { unit: 'u1', version: '0.1.0', subjects, metadata: { role: 'leaf' }, replySubjects },
      );
      await eventually('connected', () => link.state().connected);
      operator = await fleet.operator(fleet.hub);
      await eventually('reachable', () => operator.request(subjects.echo, '').catch(() => undefined));
    });
    after(() => fleet?.stop());

    test('nats req at the hub gets its payload and the headers of the contract', {
      skip: lacking('nats'),
    }, async () => {
      const shown = await nats('req', 'ops.echo.u1', 'hello', '-H', 'X-Mine:42', '-H', 'x-unit-id:forged');
      assert.match(shown, /X-Unit-Id: u1|X-Unit-ID: u1/);
      assert.match(shown, /X-Mine: 42/);
      assert.match(shown, /X-Clock-Source: ntp/);
      assert.match(shown, /X-Clock-Quality: locked/);
      assert.match(shown, /X-Clock-Error-Bound: 4000000/);
      assert.doesNotMatch(shown, /forged/);
      const [received, sent] = ['Received', 'Sent'].map((word) =>
        Number(new RegExp(`X-Server-${word}-At: (\\d{16})\\b`).exec(shown)?.[1]),
      );
      assert.ok(received && sent && sent >= received && sent - received < 100_000);
      assert.ok(Math.abs(received / 1000 - Date.now()) < 20_000);
      assert.match(shown, /^hello\n/m);
      assert.equal((await nats('req', 'ops.echo.u1', 'raw bytes', '--raw')).trim(), 'raw bytes');
    });

    test('nats micro lists the unit, its endpoint and its counters', { skip: lacking('nats') }, async () => {
      assert.match(await nats('micro', 'ls'), /nunect.*0\.1\.0.*u1/);
      const info = await nats('micro', 'info', 'nunect', 'u1');
      assert.match(info, /ops\.echo\.u1/);
      assert.match(info, /0\.1\.0/);
      const before = echo.counters().requests;
      const stats = await nats('micro', 'stats', 'nunect', 'u1');
      assert.match(stats, new RegExp(`echo.*\\b${before}\\b`));
      assert.match(await nats('micro', 'ping', 'nunect'), /u1/);
    });

    test('huge, odd and looping requests hurt nobody', async () => {
      const bytes = new Uint8Array(1_048_576 - 100).fill(7);
      const big = await operator.request(subjects.echo, bytes, { timeout: 10_000 });
      assert.equal(big.data.length, 0);
      assert.equal(big.headers?.get('Nats-Service-Error-Code'), '413');
      const fitting = await operator.request(subjects.echo, new Uint8Array(1_040_000), { timeout: 10_000 });
      assert.equal(fitting.data.length, 1_040_000);

      const many = headers();
      for (let i = 0; i < 2000; i++) many.append('a', `v${i}`);
      const crowded = await operator.request(subjects.echo, 'x', { headers: many, timeout: 10_000 });
      assert.equal(crowded.string(), 'x');
      assert.match(crowded.headers?.get('X-Echo-Note') ?? '', /left out: \d+ bytes/);

      const traced = headers();
      traced.set('Nats-Trace-Dest', 'ops.heartbeat.u1');
      traced.set('Nats-Trace-Only', 'false');
      traced.set('__proto__', 'polluted');
      for (const claim of ['X-Clock-Error-Bound', 'x-clock-error-rel', 'X-Clock-Anything'])
        traced.set(claim, '1');
      const plain = await operator.request(subjects.echo, 'x', { headers: traced, timeout: 10_000 });
      assert.equal(plain.headers?.has('Nats-Trace-Dest'), false);
      assert.equal(plain.headers?.get('__proto__'), 'polluted');
      const claims = (plain.headers?.keys() ?? []).filter((name) => /^x-clock-/i.test(name)).sort();
      assert.deepEqual(
        claims.map((name) => [name, plain.headers?.values(name)]),
        [
          ['X-Clock-Error-Bound', ['4000000']],
          ['X-Clock-Quality', ['locked']],
          ['X-Clock-Source', ['ntp']],
        ],
        'what the unit says of its clock, and nothing that a request claims',
      );

      const ignored = echo.counters().ignored;
      operator.publish(subjects.echo, 'no reply');
      operator.publish(subjects.echo, 'loop', { reply: subjects.echo });
      operator.publish(subjects.echo, 'forge', { reply: 'ops.heartbeat.u2' });
      await eventually('ignored', () => echo.counters().ignored === ignored + 3);
      assert.equal((await operator.request(subjects.echo, 'alive', { timeout: 5000 })).string(), 'alive');
    });

    test('a client computes its offset from the four timestamps', async () => {
      const t1_us = Math.round(now_us());
      const reply = await operator.request(subjects.timeSync, JSON.stringify({ t1_us }), { timeout: 5000 });
      const t4_us = now_us();
      const told = reply.json<Record<string, number>>();
      assert.deepEqual(Object.keys(told), [
        't1_us',
        't2_us',
        't3_us',
        'source',
        'quality',
        'error_bound_ns',
        'utc_offset_s',
      ]);
      const { t2_us = 0, t3_us = 0 } = told;
      assert.equal(told['t1_us'], t1_us);
      assert.ok(t1_us <= t2_us + 1 && t2_us <= t3_us && t3_us <= t4_us + 1, 'same clock here, so in order');
      for (const odd of ['', 'nonsense', '{"t1_us":"x"}', '{"t1_us":null}', '[1]', 'x'.repeat(5000)]) {
        const answer = (await operator.request(subjects.timeSync, odd, { timeout: 5000 })).json<object>();
        assert.ok(!('t1_us' in answer) && 't2_us' in answer, odd.slice(0, 20));
      }
    });

    test('commands are answered as text and as JSON, unknown ones with what is known', async () => {
      const ask = async (text: string) => operator.request(subjects.command, text, { timeout: 5000 });
      assert.deepEqual((await ask('version')).json(), { version: '0.1.0' });
      assert.deepEqual((await ask('{"cmd":"VERSION"}')).json(), { version: '0.1.0' });
      const unknown = await ask('REBOOT\r\nX-Evil: 1');
      assert.equal(unknown.headers?.get('Nats-Service-Error-Code'), '400');
      assert.equal(unknown.headers?.has('X-Evil'), false);
      assert.deepEqual(unknown.json<{ commands: string[] }>().commands, ['VERSION']);
      for (const odd of ['', '{', '{"cmd":7}', '__proto__', 'constructor', 'x'.repeat(10_000)]) {
        assert.equal((await ask(odd)).headers?.get('Nats-Service-Error-Code'), '400', odd.slice(0, 20));
      }
    });

    test('round trips to server, own echo and peers are measured, and agree with an independent clock', async () => {
      const controller = new AbortController();
      const interval_ms = 250; // an answer has so long, which a busy machine needs
      const peer = (unit: string) => ({ unit, subject: `ops.echo.${unit}`, interval_ms });
      const probe = watchRtt(
        { link, ticker: systemTicker(), now_us, clock, token: randomUUID },
        {
          echoSubject: subjects.echo,
          peerInbox: '_INBOX.u1',
          interval_ms,
          peers: [peer('u1'), peer('nobody')],
        },
        controller.signal,
      );
      await eventually('twenty probes', () => (probe.read().native?.count ?? 0) >= 20);
      controller.abort();
      const { native, app, peers, native_rtt_us = 0, app_rtt_us = 0 } = probe.read();
      assert.ok(native_rtt_us > 0 && app_rtt_us > 0);
      assert.equal(native?.loss_percent, 0);
      assert.equal(app?.loss_percent, 0);
      const [there, nobody] = peers;
      assert.equal(there?.window.loss_percent, 0);
      const round = (there?.forward_us ?? NaN) + (there?.back_us ?? NaN);
      assert.ok(
        round > 0 && round <= (there?.rtt_us ?? 0) + 100,
        'the two ways add up to the round trip at most',
      );
      assert.equal(there?.one_way_error_us, 8000);
      assert.equal(nobody?.window.loss_percent, 100);
      assert.ok(nobody && !('rtt_us' in nobody), 'lost is absent, not zero');
      const begun = process.hrtime.bigint();
      await operator.request(subjects.echo, 'x', { timeout: 5000 });
      const outside_us = Number(process.hrtime.bigint() - begun) / 1000;
      assert.ok((app?.min_us ?? Infinity) < outside_us * 3, 'the way through the hub is no shorter by much');
    });
  });
}
