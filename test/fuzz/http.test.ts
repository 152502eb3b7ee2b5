import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import * as fc from 'fast-check';
import { type LogEntry, logTo } from '../../agent/lib/log.ts';
import { statusRoutes } from '../../agent/status/web/routes.ts';
import { serveWeb, type WebServer } from '../../agent/web/server.ts';
import { holdsAsync } from '../kit/fuzz/fuzz.ts';
import { hostileText } from '../kit/fuzz/hostile.ts';
import { host, type Response, request, responsesIn, routes, target } from '../kit/fuzz/hostilehttp.ts';
import { fullSnapshot, noHistory } from '../kit/page/snapshot.ts';
import { eventually } from '../kit/process/daemon.ts';

const logged: LogEntry[] = [];
const log = logTo((entry) => logged.push(entry));
let server: WebServer;
before(async () => {
  server = await serveWeb(
    {
      name: 'status server',
      routes: statusRoutes(
        { snapshot: () => fullSnapshot, history: () => noHistory, recorded: () => ({ rows: [] }), log },
        { metrics: true },
      ),
      log,
    },
    { listen: '127.0.0.1', port: 0, hosts: ['Router.lan'] },
    new AbortController().signal,
  );
});
after(() => server.stop());

/** Sends the pieces one by one, ends its own side, and gives all that comes back. */
const exchange = (pieces: readonly Buffer[]): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const got: Buffer[] = [];
    const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true }, async () => {
      for (const piece of pieces) {
        if (socket.destroyed || !socket.writable) break;
        socket.write(piece);
        if (pieces.length > 1) await new Promise((next) => setImmediate(next));
      }
      if (!socket.destroyed) socket.end();
    });
    socket.setTimeout(15_000, () => {
      socket.destroy();
      reject(new Error(`no end after ${Buffer.concat(got).toString('latin1').slice(0, 200)}`));
    });
    socket.on('data', (data: Buffer) => got.push(data));
    socket.on('error', () => {}); // a reset, after what was said
    socket.on('close', () => resolve(Buffer.concat(got)));
  });

/** What node answers by itself, before any of this project's code; and what the routes answer. */
const byNode = new Set([400, 408, 413, 414, 417, 431]);
const allowed = new Set([200, 400, 404, 405, 408, 413, 414, 417, 421, 431]);

function assertAnswers(responses: readonly Response[]): void {
  for (const { status, headers, body } of responses) {
    assert.ok(allowed.has(status), `status ${status}`);
    assert.doesNotMatch(body, /root:x:0|\[boot loader\]/);
    if (headers.has('content-security-policy')) {
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.equal(headers.get('referrer-policy'), 'no-referrer');
    } else
      assert.ok(byNode.has(status) && body === '', `an answer of ours without the safety headers: ${status}`);
    assert.equal(headers.get('access-control-allow-origin'), undefined);
  }
}

const chunked = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
};

holdsAsync(
  'whatever is sent, what comes back is HTTP with a status that is meant, and the safety headers where it is ours',
  fc.tuple(fc.array(request, { minLength: 1, maxLength: 4 }), fc.array(fc.nat(), { maxLength: 3 })),
  async ([requests, cuts]) => {
    const bytes = Buffer.from(requests.map(({ text }) => text).join(''), 'utf8');
    assertAnswers(
      responsesIn(
        await exchange(chunked(bytes, cuts)),
        requests.map(({ isHead }) => isHead),
      ),
    );
  },
  200,
);

holdsAsync(
  'bytes that are no request are refused or not answered',
  fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    hostileText(300).map((text) => Buffer.from(text)),
  ),
  async (bytes) => {
    for (const { status, body: content } of responsesIn(await exchange([Buffer.from(bytes)]), []))
      assert.ok(status === 400 && content === '', `status ${status}`);
  },
  100,
);

holdsAsync(
  'only the paths that there are are answered with 200, and only under the names of the device',
  fc.tuple(target, host),
  async ([at, name]) => {
    const text = `GET ${at} HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`;
    const [answer, ...more] = responsesIn(await exchange([Buffer.from(text)]), []);
    assert.equal(more.length, 0);
    assertAnswers(answer === undefined ? [] : [answer]);
    const isOurs =
      /^(localhost|router\.lan|\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\]|[0-9a-f:.]*:[0-9a-f:.]*)(:\d{1,5})?$/i.test(
        name.trim(),
      );
    if (answer?.status === 200)
      assert.ok(isOurs && routes.includes(at.split('?')[0] ?? ''), `${at} of ${name}`);
    else if (routes.includes(at) && ['127.0.0.1', 'router.lan', 'localhost:8224'].includes(name))
      assert.fail(`${answer?.status} for ${at} of ${name}`);
  },
  100,
);

test('after all that the server is well: it answers, has logged no trouble and holds no connection', async () => {
  const [answer] = responsesIn(
    await exchange([Buffer.from('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')]),
    [],
  );
  assert.deepEqual([answer?.status, answer?.body], [200, 'healthy\n']);
  assert.deepEqual(logged, []);
  await eventually('no socket is left', () => {
    const open = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap');
    return open.length === 0;
  });
});
