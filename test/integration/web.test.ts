import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type LogEntry, logTo } from '../../agent/lib/log.ts';
import type { StatusSnapshot } from '../../agent/status/snapshot.ts';
import { type RouteDeps, statusRoutes } from '../../agent/status/web/routes.ts';
import { packingSend } from '../../agent/web/packing.ts';
import { type Reply, textReply, type WebRequest } from '../../agent/web/reply.ts';
import type { Send } from '../../agent/web/sending.ts';
import { type ListenAddress, serveWeb, type WebServer } from '../../agent/web/server.ts';
import { emptySnapshot, fullSnapshot, noHistory } from '../kit/page/snapshot.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';

interface Served {
  readonly port: number;
  readonly logged: LogEntry[];
  stop(): Promise<void>;
}

const anywhere: ListenAddress = { listen: '127.0.0.1', port: 0, hosts: ['Router.lan'] };

function serve(
  deps: Partial<RouteDeps>,
  at: ListenAddress = anywhere,
  opts = { metrics: true, signal: new AbortController().signal },
): Promise<WebServer> {
  const log = deps.log ?? logTo(() => {});
  const routes = statusRoutes({ snapshot: () => fullSnapshot, history: () => noHistory, log, ...deps }, opts);
  return serveWeb({ name: 'status server', routes, log }, at, opts.signal);
}

async function served(
  t: TestContext,
  snapshot: () => StatusSnapshot = () => fullSnapshot,
  metrics = true,
): Promise<Served> {
  const logged: LogEntry[] = [];
  const deps = { snapshot, log: logTo((entry) => logged.push(entry)) };
  const server = await serve(deps, anywhere, { metrics, signal: new AbortController().signal });
  t.after(() => server.stop());
  return { ...server, logged };
}

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const get = (
  port: number,
  path: string,
  opts: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Got> =>
  new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = opts;
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });

/** Sends bytes as they are and gives all that comes back until the end of the connection. */
const raw = (port: number, bytes: string, onOpen?: (socket: Socket) => void): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(bytes);
      onOpen?.(socket);
    });
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });

test('page, JSON, health and metrics show one and the same state', async (t) => {
  const { port } = await served(t);
  const page = await get(port, '/');
  assert.equal(page.status, 200);
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
  assert.match(page.body, /Locked to PTP since 03:01\sUTC, within 180\sns of true time/);
  assert.deepEqual(JSON.parse((await get(port, '/status.json?x=1')).body), fullSnapshot);
  assert.deepEqual(
    [(await get(port, '/healthz')).status, (await get(port, '/healthz')).body],
    [200, 'healthy\n'],
  );
  const metrics = await get(port, '/metrics');
  assert.equal(metrics.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  assert.match(metrics.body, /^nunect_clock_error_bound_seconds 1\.8e-7$/m);
});

test('what the flight recorder holds is made when it is asked for, without a look at the unit', async (t) => {
  let asked = 0;
  const recorded = (): object => {
    asked += 1;
    return { columns: ['mono_ms', 'quality'], rows: [[1000, 'locked']] };
  };
  const snapshot = (): StatusSnapshot => {
    throw new Error('nobody asked');
  };
  const server = await serve({ snapshot, recorded });
  t.after(() => server.stop());
  assert.equal(asked, 0);
  const { status, headers, body } = await get(server.port, '/recorder.json');
  assert.deepEqual([status, headers['content-type']], [200, 'application/json']);
  assert.deepEqual(JSON.parse(body), { columns: ['mono_ms', 'quality'], rows: [[1000, 'locked']] });
  assert.equal((await get((await served(t)).port, '/recorder.json')).status, 404);
});

test('a critical unit is not healthy', async (t) => {
  const { port } = await served(t, () => emptySnapshot);
  const { status, body } = await get(port, '/healthz');
  const why = 'critical: No answer from the local server.\n  /etc/init.d/nunect-leaf restart';
  assert.deepEqual([status, body], [503, `critical\n${why}\n`]);
});

test('style sheet and script are those that the policy allows, and nothing else is', async (t) => {
  const { port } = await served(t);
  const { headers, body } = await get(port, '/');
  const policy = String(headers['content-security-policy']);
  for (const part of ['style', 'script']) {
    const [, found = ''] = new RegExp(`<${part}>(.*)</${part}>`, 's').exec(body) ?? [];
    assert.ok(found.length > 500, part);
    const hash = createHash('sha256').update(found).digest('base64');
    assert.ok(policy.includes(` ${part}-src 'sha256-${hash}';`), policy);
  }
  assert.match(policy, /^default-src 'none';/);
  assert.doesNotMatch(policy, /unsafe|\*|http/);
  assert.doesNotMatch(body, / style=| on\w+=/);
});

test('every answer carries the safety headers', async (t) => {
  const { port } = await served(t);
  for (const [path, opts] of [
    ['/'],
    ['/nowhere'],
    ['/', { method: 'POST' }],
    ['/', { headers: { host: 'evil.example' } }],
  ] as const) {
    const { headers } = await get(port, path, opts);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['access-control-allow-origin'], undefined);
    assert.equal(headers['server'] ?? headers['x-powered-by'], undefined);
  }
});

test('only hosts that are this device are answered', async (t) => {
  const { port } = await served(t);
  const status = async (host: string): Promise<number> =>
    (await get(port, '/status.json', { headers: { host } })).status;
  for (const host of [
    '127.0.0.1',
    `192.168.1.1:${port}`,
    '[::1]:8224',
    '[fe80::1]',
    'localhost',
    'LOCALHOST:80',
    'router.lan',
    'ROUTER.lan:8224',
    'router.lan.',
  ])
    assert.equal(await status(host), 200, host);
  for (const host of [
    'evil.example',
    'router.lan.evil.example',
    'localhost.evil',
    '127.0.0.1.nip.io',
    'router.lan..',
    '.router.lan',
    '127.0.0.1:80:80',
    'a b',
    '[::1',
    'x]',
  ])
    assert.ok([400, 421].includes(await status(host)), host);
  assert.match(await raw(port, 'GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 421 /);
  assert.match(await raw(port, 'GET / HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 421 /);
  assert.match(await raw(port, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 400 /);
});

test('GET and HEAD only', async (t) => {
  const { port } = await served(t);
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND']) {
    const { status, headers } = await get(port, '/', { method, headers: { host: 'localhost' } });
    assert.equal(status, 405, method);
    assert.equal(headers.allow, 'GET, HEAD');
  }
  const head = await get(port, '/', { method: 'HEAD' });
  assert.equal(head.body, '');
  assert.equal(head.headers['content-length'], String(Buffer.byteLength((await get(port, '/')).body)));
});

test('a body is not read, and its connection ends', async (t) => {
  const { port } = await served(t);
  const post = await get(port, '/', { method: 'POST', body: 'x'.repeat(100_000) });
  assert.deepEqual([post.status, post.headers.connection], [405, 'close']);
  const smuggled = await raw(
    port,
    'GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
  );
  assert.match(smuggled, /^HTTP\/1\.1 400 /);
});

test('no path leads anywhere else', async (t) => {
  const { port } = await served(t, undefined, false);
  for (const path of [
    '/../etc/passwd',
    '/%2e%2e/etc/passwd',
    '//status.json',
    '/status.json/',
    '/STATUS.JSON',
    '/index.html',
    '/metrics',
    '/constructor',
    '/__proto__',
    '*',
    `http://evil.example/`,
  ])
    assert.ok([400, 404].includes((await get(port, path)).status), path);
});

test('huge headers are refused', async (t) => {
  const { port } = await served(t);
  const big = await raw(port, `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`);
  assert.match(big, /^HTTP\/1\.1 431 /);
  const many = Array.from({ length: 3000 }, (_, i) => `X${i}: y\r\n`).join('');
  assert.match(await raw(port, `GET / HTTP/1.1\r\nHost: localhost\r\n${many}\r\n`), /^HTTP\/1\.1 431 /);
  assert.match(await raw(port, '\u0016\u0003\u0001 this is TLS'), /^HTTP\/1\.1 400 /);
  assert.equal((await get(port, '/healthz')).status, 200);
});

test('a slow client is cut off while others are served', async (t) => {
  const { port } = await served(t);
  const begin = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const slow = raw(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n', (socket) => {
    timer = setInterval(() => socket.write('X: y\r\n'), 500);
  });
  assert.equal((await get(port, '/healthz')).status, 200);
  assert.match(await slow, /^HTTP\/1\.1 408 /);
  clearInterval(timer);
  assert.ok(performance.now() - begin < 20_000);
});

test('of 200 connections at once most are refused, and the page is back when they are gone', async (t) => {
  const { port } = await served(t);
  let refused = 0;
  const sockets = Array.from({ length: 200 }, () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.on('close', () => {
      refused += 1;
    });
    return socket;
  });
  await eventually('136 refused', () => refused === 200 - 64);
  for (const socket of sockets) socket.destroy();
  await eventually(
    'served again',
    async () => (await get(port, '/healthz').catch(() => undefined))?.status === 200,
  );
});

test('who asks ahead without waiting for the answer is cut off', async (t) => {
  const { port } = await served(t);
  const many = await raw(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(20_000));
  assert.ok(many.split('HTTP/1.1 200').length <= 2, `${many.length} bytes`);
  assert.equal((await get(port, '/healthz')).status, 200);
});

test('fifty viewers at once are all served', async (t) => {
  const { port } = await served(t);
  const pages = await Promise.all(Array.from({ length: 50 }, () => get(port, '/')));
  assert.ok(pages.every(({ status, body }) => status === 200 && body.endsWith('</html>\n')));
});

test('a state that cannot be told is an error 500, logged when it begins', async (t) => {
  let broken = true;
  const { port, logged } = await served(t, () => {
    if (broken) throw new Error('secret detail');
    return fullSnapshot;
  });
  for (const path of ['/', '/status.json', '/metrics']) {
    const { status, body } = await get(port, path);
    assert.deepEqual([status, body], [500, 'the status cannot be shown\n']);
  }
  assert.deepEqual(
    logged.map(({ level }) => level),
    ['error'],
  );
  broken = false;
  assert.equal((await get(port, '/')).status, 200);
});

test('a number that is none is left out of the JSON', async (t) => {
  const { port } = await served(t, () => ({ ...emptySnapshot, uptime_s: Number.NaN }));
  const { body } = await get(port, '/status.json');
  assert.doesNotMatch(body, /null|NaN|uptime_s/);
});

test('a port in use, and an address that is not ours, are told with their code', async (t) => {
  const { port } = await served(t);
  const start = (listen: string) => serve({}, { listen, port, hosts: [] });
  await assert.rejects(start('127.0.0.1'), {
    name: 'WebServerError',
    code: 'EADDRINUSE',
    message: new RegExp(`127\\.0\\.0\\.1 port ${port}`),
  });
  await assert.rejects(start('203.0.113.77'), { name: 'WebServerError', code: 'EADDRNOTAVAIL' });
});

test('the end of the signal frees the port, also with a viewer connected', async () => {
  const abort = new AbortController();
  const opts = { metrics: true, signal: abort.signal };
  const { port } = await serve({}, anywhere, opts);
  const viewer = raw(port, '');
  await get(port, '/');
  abort.abort();
  await viewer;
  const again = await eventually('port free', () =>
    serve({}, { listen: '127.0.0.1', port, hosts: [] }).catch(() => undefined),
  );
  await again.stop();
  const late = await serve({}, anywhere, opts);
  await assert.rejects(get(late.port, '/'), { code: 'ECONNREFUSED' });
});

test('on its socket any name is answered, to its owner and group alone; one left behind is replaced', async (t) => {
  const path = join(tempDir(t, 'web'), 'status.sock');
  writeFileSync(path, 'left behind');
  const server = await serve({}, { socket: path });
  assert.equal(statSync(path).mode & 0o777, 0o660);
  assert.ok(statSync(path).isSocket());
  const asked = await new Promise<number | undefined>((resolve, reject) =>
    request({ socketPath: path, path: '/status.json', headers: { host: 'whatever' } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end(),
  );
  assert.equal(asked, 200);
  await server.stop();
  assert.equal(existsSync(path), false);
  const nowhere = serve({}, { socket: join(path, 'missing', 'status.sock') });
  await assert.rejects(nowhere, { name: 'WebServerError', message: /missing\/status\.sock/ });
});

test('what viewers of one moment see is made once', async (t) => {
  let made = 0;
  const history = () => {
    made += 1;
    return noHistory;
  };
  let snapshot = fullSnapshot;
  const server = await serve({ snapshot: () => snapshot, history });
  t.after(() => server.stop());
  const bodies = await Promise.all(Array.from({ length: 20 }, () => get(server.port, '/now')));
  assert.deepEqual([made, new Set(bodies.map(({ body }) => body)).size], [1, 1]);
  snapshot = { ...fullSnapshot, unit: 'demo-02' };
  assert.match((await get(server.port, '/now')).body, /<h1>demo-02</);
  assert.equal(made, 2);
});

/** A page with forms, such as that of the hub. */
async function formed(t: TestContext, send?: Send): Promise<number> {
  const routes = async ({ method, path, query, body }: WebRequest): Promise<Reply> =>
    path === '/many'
      ? { status: 200, type: 'text/plain', body: Array.from({ length: 500 }, (_, i) => `${i} `.repeat(200)) }
      : textReply(200, `${method} ${path} ${query} ${body}`);
  const deps = {
    name: 'page',
    routes,
    log: logTo(() => {}),
    mostForm: 100,
    ...(send !== undefined && { send }),
  };
  const server = await serveWeb(deps, anywhere, new AbortController().signal);
  t.after(() => server.stop());
  return server.port;
}

test('a form is taken of a page of this server, and of no other', async (t) => {
  const port = await formed(t);
  const post = (headers: Record<string, string>, body = 'a=1', path = '/x?q=2') =>
    get(port, path, { method: 'POST', headers, body });
  const own = `http://127.0.0.1:${port}`;
  for (const headers of [
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'same-origin', origin: 'https://hub.example.org' }, // a proxy that gives its own name as host
    { origin: own },
  ]) {
    const { status, body } = await post(headers);
    assert.deepEqual([status, body], [200, 'POST /x q=2 a=1\n'], JSON.stringify(headers));
  }
  for (const headers of [
    {},
    { origin: 'null' },
    { origin: 'http://evil.example' },
    { origin: `http://127.0.0.1:${port + 1}` },
    { 'sec-fetch-site': 'cross-site', origin: own },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
  ] as Record<string, string>[])
    assert.equal((await post(headers)).status, 403, JSON.stringify(headers));
  assert.equal((await post({ origin: own }, 'x'.repeat(101))).status, 413);
  assert.equal((await get(port, '/', { method: 'PUT' })).status, 405);
  assert.equal((await post({ origin: own, host: 'evil.example' })).status, 421);
});

test('what is sent whole, in pieces, packed or not, is the same', async (t) => {
  const port = await formed(t, packingSend());
  const plain = await get(port, '/many');
  assert.match(plain.body, /^0 0 .* 499 499 $/s);
  const whole = await get(await formed(t), '/many');
  assert.deepEqual([whole.body === plain.body, whole.headers['vary']], [true, undefined]);
  const packed = await fetch(`http://127.0.0.1:${port}/many`, { headers: { 'accept-encoding': 'gzip' } });
  assert.equal(packed.headers.get('content-encoding'), 'gzip');
  assert.equal(await packed.text(), plain.body);
  const short = await fetch(`http://127.0.0.1:${port}/x`, { headers: { 'accept-encoding': 'gzip' } });
  assert.equal(short.headers.get('content-encoding'), null);
  const { headers, body } = await get(port, '/many', { method: 'HEAD' });
  assert.deepEqual([body, headers['vary']], ['', 'Accept-Encoding']);
});

test('viewers who do not read cost no memory each: a reply is encoded once, and few large ones are under way', async (t) => {
  const big: Reply = { status: 200, type: 'text/plain', body: 'x'.repeat(8_000_000) };
  const deps = {
    name: 'page',
    routes: async () => big,
    log: logTo(() => {}),
    send: packingSend(),
    mostConnections: 200,
  };
  const server = await serveWeb(deps, anywhere, new AbortController().signal);
  t.after(() => server.stop());
  const sockets = await Promise.all(
    Array.from(
      { length: 100 },
      () =>
        new Promise<Socket>((resolve) => {
          const socket = connect(server.port, '127.0.0.1', () => {
            socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
            resolve(socket.pause());
          });
          t.after(() => socket.destroy());
        }),
    ),
  );
  const isBusy = async (): Promise<boolean> => (await get(server.port, '/')).status === 503;
  await eventually('the next is told to come later', isBusy);
  assert.ok(process.memoryUsage().arrayBuffers < 200e6, `${process.memoryUsage().arrayBuffers}`);
  for (const socket of sockets) socket.destroy();
  await eventually('then there is room again', async () => (await get(server.port, '/')).status === 200);
});
