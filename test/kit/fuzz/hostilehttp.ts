// HTTP requests as nobody should send them, and a strict reader of what comes back.
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { hostileText } from './hostile.ts';

/** The pages that there are. */
export const routes = ['/', '/now', '/status.json', '/healthz', '/metrics', '/recorder.json'];

/** One answer. */
export interface Response {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** The answers in a stream, by RFC 9112; fails where it is not one. `heads` says which request was a HEAD. */
export function responsesIn(stream: Buffer, heads: readonly boolean[]): Response[] {
  const found: Response[] = [];
  let text = stream.toString('latin1');
  while (text !== '') {
    const head = /^HTTP\/1\.1 (\d{3}) ([^\r\n]*)\r\n((?:[!#-'*+.^`|~\w-]+: ?[^\r\n\0]*\r\n)*)\r\n/.exec(text);
    assert.ok(head !== null, `not HTTP: ${JSON.stringify(text.slice(0, 120))}`);
    const status = Number(head[1]);
    text = text.slice(head[0].length);
    if (status === 100) continue;
    const headers = new Map(
      (head[3] ?? '')
        .split('\r\n')
        .filter((line) => line !== '')
        .map((line) => [
          line.slice(0, line.indexOf(':')).toLowerCase(),
          line.slice(line.indexOf(':') + 1).trim(),
        ]),
    );
    if (headers.get('transfer-encoding') === 'chunked') {
      // node's own 400 for a missing Host: a body of no chunks
      assert.ok(heads[found.length] || text.startsWith('0\r\n\r\n'), JSON.stringify(text.slice(0, 40)));
      if (text.startsWith('0\r\n\r\n')) text = text.slice(5);
    }
    // an answer to a HEAD tells the length of what it does not bring
    const length = heads[found.length] ? 0 : Number(headers.get('content-length') ?? 0);
    assert.ok(length <= text.length || heads.includes(true), `${length} bytes promised, ${text.length} came`);
    found.push({ status, headers, body: text.slice(0, length) });
    text = text.slice(length);
  }
  return found;
}

const line = (text: string): string => text.replace(/[\r\n]/g, '');
/** A method, fit or unfit. */
const method = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('GET', 'HEAD') },
  fc.constantFrom(
    'POST',
    'PUT',
    'OPTIONS',
    'TRACE',
    'DELETE',
    'PRI',
    'M-SEARCH',
    'get',
    'GET\t',
    '',
    'SUBSCRIBE',
  ),
  hostileText(8).map(line),
);
/** What is asked for: pages that there are, and ways out of them. */
export const target = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...routes, '/?x=1', '/status.json?a=%00', '/healthz#x') },
  fc.constantFrom(
    '/../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '//etc/passwd',
    '/..%2fetc%2fpasswd',
    '*',
    '/\\..\\etc\\passwd',
    '/%00',
  ),
  fc.constantFrom(
    'http://evil.example/',
    'http://127.0.0.1/status.json',
    'http:',
    'localhost:80',
    '/__proto__',
    '/constructor',
    'file:///etc/passwd',
  ),
  hostileText(60).map((text) => `/${line(text)}`),
  fc.integer({ min: 1, max: 9000 }).map((length) => `/${'a'.repeat(length)}`),
);
/** Whom one asks. */
export const host = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('127.0.0.1', 'localhost:8224', 'router.lan', '[::1]:80') },
  fc.constantFrom('evil.example', '', '127.0.0.1.nip.io', 'localhost@evil', '[::1', '127.1', '__proto__'),
  hostileText(30).map(line),
);
const anyHeader = fc.oneof(
  fc.constantFrom(
    'Connection: close',
    'Connection: keep-alive',
    'Upgrade: websocket',
    'Upgrade: h2c',
    'Expect: 100-continue',
    'Expect: x',
  ),
  fc.constantFrom(
    'Content-Length: 0',
    'Content-Length: 5',
    'Content-Length: -1',
    'Content-Length: 1e9',
    'Transfer-Encoding: chunked',
  ),
  fc.constantFrom(
    'Transfer-Encoding: gzip, chunked',
    'Transfer-Encoding: x',
    'Host: twice',
    'If-None-Match: *',
    'Range: bytes=0-1',
    'X:',
    ': x',
  ),
  fc.tuple(hostileText(10), hostileText(30)).map(([name, value]) => line(`${name}: ${value}`)),
  fc.integer({ min: 1, max: 9000 }).map((length) => `X-Long: ${'y'.repeat(length)}`),
);
const body = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  fc.constantFrom(
    'hello',
    '5\r\nhello\r\n0\r\n\r\n',
    'ffffffffffffffff\r\nx',
    '0\r\nX: y\r\n\r\n',
    '5;x=y\r\nhel',
  ),
  hostileText(40),
);
/** The text of a request, and whether an answer to it has no body. */
export const request = fc
  .record({
    method,
    target,
    version: fc.oneof(
      { weight: 8, arbitrary: fc.constant('HTTP/1.1') },
      fc.constantFrom('HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', '', 'ICY'),
    ),
    host: fc.option(host, { freq: 20 }),
    headers: fc.oneof(
      { weight: 9, arbitrary: fc.array(anyHeader, { maxLength: 4 }) },
      {
        weight: 1,
        arbitrary: fc
          .integer({ min: 100, max: 3000 })
          .map((count) => Array.from({ length: count }, (_, i) => `X${i}: y`)),
      },
    ),
    body,
    end: fc.oneof({ weight: 9, arbitrary: fc.constant('\r\n') }, fc.constantFrom('\n', '')),
  })
  .map(({ method: verb, target: at, version, host: name, headers, body: content, end }) => ({
    isHead: verb === 'HEAD',
    text:
      [`${verb} ${at} ${version}`, ...(name === null ? [] : [`Host: ${name}`]), ...headers]
        .map((one) => `${one}${end}`)
        .join('') +
      end +
      content,
  }));
