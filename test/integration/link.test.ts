import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { causeOfLink } from '../../agent/leaf/linkcause.ts';
import { logTo } from '../../agent/lib/log.ts';
import { systemTicker } from '../../agent/lib/ticker.ts';
import { openLink } from '../../agent/nats/link.ts';
import { hubAndLeaf, serversToTest } from '../kit/hub/fleet.ts';
import { natsFleet, silentServer } from '../kit/hub/nats.ts';
import { forEver, garbageServer, greeted } from '../kit/net/garbage.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';

const open = (servers: string[], more: object, lines: string[], signal: AbortSignal) =>
  openLink(
    { ticker: systemTicker(), log: logTo((entry) => lines.push(`${entry.level} ${entry.msg}`)) },
    { servers, name: 'test', inboxPrefix: '_INBOX_u1', ...more },
    signal,
  );

/** A fleet and a link for one test, both gone when it ends. */
async function withServer(
  program: string,
  config: string,
  more: object,
  body: (
    server: Awaited<ReturnType<ReturnType<typeof natsFleet>['server']>>,
    link: ReturnType<typeof openLink>,
    lines: string[],
  ) => Promise<void>,
): Promise<void> {
  const fleet = natsFleet(program);
  const controller = new AbortController();
  const lines: string[] = [];
  const server = await fleet.server('solo', config);
  const link = open([server.url], more, lines, controller.signal);
  try {
    await body(server, link, lines);
  } finally {
    controller.abort();
    await link.stop();
    await fleet.stop();
  }
}

for (const { name, program } of serversToTest()) {
  test(`${name}: the first connection is awaited for ever, and subscriptions made before it work`, async () => {
    await withServer(program, '', {}, async (server, link, lines) => {
      const seen: string[] = [];
      link.subscribe('a', (message) => void seen.push(new TextDecoder().decode(message.data)));
      await eventually('a failed attempt', () => link.state().lastError !== undefined);
      assert.equal(link.publish('a', 'too early'), false);
      assert.deepEqual(await link.request('a', '', { timeout_ms: 100 }), { kind: 'closed' });
      assert.equal(await link.flushRtt_us(100), undefined);
      await server.start();
      await eventually('connected', () => link.state().connected);
      assert.equal(link.publish('a', 'hello'), true);
      await eventually('received', () => seen.length === 1);
      assert.deepEqual(seen, ['hello']);
      assert.equal(link.state().server?.name, 'solo');
      assert.equal(link.counters().dropped, 1);
      assert.equal(lines.filter((line) => line === 'warn cannot connect').length, 1, 'told once');
    });
  });

  test(`${name}: a callback that throws or rejects does not make the link deaf`, async () => {
    await withServer(program, '', {}, async (server, link, lines) => {
      await server.start();
      await eventually('connected', () => link.state().connected);
      let calls = 0;
      link.subscribe('bad', () => {
        calls += 1;
        throw new Error('sync');
      });
      link.subscribe('worse', async () => {
        calls += 1;
        throw new Error('async');
      });
      for (let i = 0; i < 5; i++) {
        link.publish('bad', '');
        link.publish('worse', '');
      }
      await eventually('all calls', () => calls === 10);
      assert.ok((await link.flushRtt_us(5000)) !== undefined);
      assert.deepEqual(await link.request('nobody', '', { timeout_ms: 5000 }), { kind: 'no_responders' });
      assert.equal(lines.filter((line) => line.startsWith('error')).length, 1, 'told once');
    });
  });

  test(`${name}: a wrong password does not end the link`, async () => {
    const config = (password: string): string => `authorization { user: a, password: "${password}" }`;
    const login = { user: 'a', password: 'new' };
    await withServer(program, config('old'), login, async (server, link, lines) => {
      await server.start();
      await eventually('refused', () => link.state().lastError?.text.includes('Authorization'));
      await eventually('several refusals', () => server.log().split('authentication error').length > 4);
      await server.reload(config('new'));
      await eventually('connected', () => link.state().connected);
      await server.reload(config('other'));
      await eventually('thrown out', () => !link.state().connected);
      await server.reload(config('new'));
      await eventually('connected again', () => link.state().connected);
      assert.equal(link.counters().reconnects, 1);
      const options = { servers: [server.url], name: 'test', inboxPrefix: '_INBOX_u1', user: 'a' };
      link.configure({ ...options, password: 'wrong' });
      await eventually('the other password is tried', () => !link.state().connected);
      link.configure({ ...options, password: 'new' });
      await eventually('connected with the right one', () => link.state().connected);
      const since = link.state().since_ms;
      link.configure({ ...options, password: 'new' });
      assert.ok((await link.flushRtt_us(5000)) !== undefined);
      assert.equal(link.state().since_ms, since, 'the same options change nothing');
      assert.ok(lines.filter((line) => line === 'warn cannot connect').length <= 3, lines.join('\n'));
    });
  });

  test(`${name}: a server that hangs is noticed, and restarts are survived with all subscriptions`, async () => {
    await withServer(program, '', { ping_ms: 200, connectTimeout_ms: 500 }, async (server, link) => {
      const changes: boolean[] = [];
      link.onChange((state) => changes.push(state.connected));
      let calls = 0;
      const end = link.subscribe('x', () => {
        calls += 1;
      });
      await server.start();
      await eventually('connected', () => link.state().connected);
      await server.kill('SIGSTOP');
      await eventually('the hang is noticed', () => !link.state().connected);
      await server.kill('SIGCONT');
      await eventually('connected again', () => link.state().connected);
      await server.kill('SIGKILL');
      await eventually('gone', () => !link.state().connected);
      await server.start();
      await eventually('connected a third time', () => link.state().connected);
      link.publish('x', '');
      await eventually('received', () => calls === 1);
      end();
      link.publish('x', '');
      await link.flushRtt_us(5000);
      assert.equal(calls, 1);
      assert.deepEqual(changes, [true, false, true, false, true]);
      assert.ok(
        link.counters().in_msgs >= 1 && link.counters().out_msgs >= 2,
        'counts go over reconnections',
      );
    });
  });

  test(`${name}: what is not permitted is told once, and its end`, async () => {
    const config = (rules: string): string =>
      `authorization { users: [ { user: a, password: b ${rules} } ] }`;
    const denied = config(', permissions: { publish: { deny: "p" }, subscribe: { deny: "s" } }');
    await withServer(program, denied, { user: 'a', password: 'b' }, async (server, link, lines) => {
      await server.start();
      let calls = 0;
      link.subscribe('s', () => {
        calls += 1;
      });
      await eventually('connected', () => link.state().connected);
      for (let i = 0; i < 3; i++) link.publish('p', '');
      assert.deepEqual(await link.request('p', '', { timeout_ms: 5000 }), { kind: 'denied' });
      await eventually('both are known', () => link.denied().length === 2);
      assert.deepEqual(link.denied().toSorted(), ['publish p', 'subscription s']);
      await server.kill('SIGTERM');
      await server.start(config(''));
      await eventually('the subscription works', () => {
        link.publish('s', '');
        return calls > 0;
      });
      link.publish('p', '');
      await eventually('the end is known', () => link.denied().length === 0);
      assert.equal(lines.filter((line) => line === 'warn not permitted by the server').length, 2);
      assert.equal(lines.filter((line) => line === 'info permitted again').length, 2);
    });
  });

  test(`${name}: PING to PONG is measured in microseconds; too large a payload is told`, async () => {
    await withServer(program, 'max_payload: 1000', {}, async (server, link) => {
      await server.start();
      await eventually('connected', () => link.state().connected);
      const samples: number[] = [];
      for (let i = 0; i < 50; i++) samples.push((await link.flushRtt_us(5000)) ?? -1);
      const median = samples.toSorted((a, b) => a - b)[25] ?? 0;
      assert.ok(median > 10 && median < 50_000, `${median} us`);
      assert.ok(new Set(samples.map((us) => us % 1000)).size > 10, 'finer than a millisecond');
      assert.equal(link.state().server?.max_payload, 1000);
      assert.equal((await link.request('x', 'x'.repeat(1001), { timeout_ms: 1000 })).kind, 'too_large');
      assert.equal(link.publish('x', 'x'.repeat(1001)), false);
      await server.kill('SIGSTOP');
      assert.equal(await link.flushRtt_us(200), undefined, 'no answer in time is no value');
      await server.kill('SIGCONT');
    });
  });
}

test('a server that accepts and says nothing costs no sockets', async () => {
  const silent = await silentServer();
  const controller = new AbortController();
  const link = open([`127.0.0.1:${silent.port}`], { connectTimeout_ms: 100 }, [], controller.signal);
  try {
    let seen = 0;
    await eventually('several attempts', () => {
      seen = Math.max(seen, silent.accepted());
      return seen >= 5;
    });
    assert.ok(silent.open() <= 2, `${silent.open()} sockets are open`);
    assert.match(link.state().lastError?.text ?? '', /does not answer|timeout/);
  } finally {
    controller.abort();
    await link.stop();
    await silent.stop();
  }
});

for (const [what, cause, speak] of [
  ['is no NATS server', 'protocol', (socket: Socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['closes without a word', 'dropped', (socket: Socket) => socket.end()],
  [
    'leaves after the login',
    'dropped',
    (socket: Socket) => {
      socket.write('INFO {"version":"2.10.0","max_payload":1024}\r\n');
      socket.on('data', (data) => data.includes('PING') && socket.end('PONG\r\n'));
    },
  ],
] as const)
  test(`what ${what} is ${cause}, whatever our words for it are`, async (t) => {
    const port = await reservePort();
    const server = createServer((socket) => void speak(socket.on('error', () => {})));
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    t.after(() => server.close());
    const controller = new AbortController();
    const link = open([`127.0.0.1:${port}`], {}, [], controller.signal);
    const error = await eventually('an error', () => link.state().lastError);
    controller.abort();
    await link.stop();
    assert.equal(causeOfLink(error), cause, error.text);
  });

test('a flood of messages leaves timers their turn', async () => {
  const owner = newOwner();
  const piece = 'MSG a 1 0\r\n\r\n'.repeat(5000);
  const { port } = await garbageServer(
    owner,
    greeted((socket) => forEver(socket, Buffer.from(piece))),
  );
  const controller = new AbortController();
  const link = open([`127.0.0.1:${port}`], {}, [], controller.signal);
  let turns = 0;
  let count = 0;
  let most = 0;
  link.subscribe('a', () => {
    count += 1;
    most = Math.max(most, count);
  });
  const turn = (): void => {
    turns += 1;
    count = 0;
    if (!controller.signal.aborted) setImmediate(turn);
  };
  setImmediate(turn);
  const received = (): number => link.counters().in_msgs;
  try {
    await eventually('a flood', () => received() > 500_000);
    assert.ok(most < 3 * 5000, `${most} messages in one turn, with ${received()} in ${turns} turns`);
  } finally {
    controller.abort();
    await link.stop();
    await owner.end();
  }
});

test('a hub user sees the agent behind its leaf; stopping is quick and final', async () => {
  const [server] = serversToTest();
  assert.ok(server);
  const fleet = await hubAndLeaf(server.program);
  try {
    const link = fleet.agent();
    await eventually('connected', () => link.state().connected);
    link.subscribe('ops.hello', (message) => void link.publish(message.reply ?? '', 'there'));
    const operator = await fleet.operator(fleet.hub);
    const reply = await eventually('answered', () =>
      operator.request('ops.hello', '').catch(() => undefined),
    );
    assert.equal(reply.string(), 'there');
    const begun = performance.now();
    await link.stop();
    assert.ok(performance.now() - begun < 1500);
    assert.equal(link.state().connected, false);
    assert.equal(link.publish('x', ''), false);
  } finally {
    await fleet.stop();
  }
});

test('stopping does not wait for a server that is not there', async () => {
  const controller = new AbortController();
  const link = open([`nats://127.0.0.1:${await reservePort()}`], {}, [], controller.signal);
  await eventually('an attempt failed', () => link.state().lastError !== undefined);
  const begun = performance.now();
  controller.abort();
  await link.stop();
  assert.ok(performance.now() - begun < 1500);
});
