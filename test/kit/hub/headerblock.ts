// Headers of a NATS message as they go over the wire.
import type { Headers } from '../../../agent/wire/values.ts';

const crlf = '\r\n';
const version = 'NATS/1.0';

/** The block before a message; empty where there are none. */
export function encodeHeaders(headers: Headers): string {
  let lines = '';
  for (const [name, values] of Object.entries(headers))
    for (const value of values) lines += `${name}: ${value}${crlf}`;
  return lines === '' ? '' : `${version}${crlf}${lines}${crlf}`;
}

/** What stands in such a block. */
export function decodeHeaders(block: string): Headers {
  const pairs = block
    .split(crlf)
    .slice(1)
    .map((line) => line.split(/: ?(.*)/s, 2))
    .filter(([name]) => name !== '');
  return Object.fromEntries(pairs.map(([name = '', value = '']) => [name, [value]]));
}
