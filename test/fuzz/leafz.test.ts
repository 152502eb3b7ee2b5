import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { parseLeafz, parseVarz } from '../../agent/leaf/watch/reports.ts';
import { readPubAck } from '../../agent/records/puback.ts';
import { parseGoDuration } from '../../agent/wire/values.ts';
import { holds } from '../kit/fuzz/fuzz.ts';
import { damaged, hostileText, numbersIn, oddNumber } from '../kit/fuzz/hostile.ts';
import { projectRoot } from '../kit/process/tools.ts';

const folder = join(projectRoot, 'test/fixtures/leafz');
const reports = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => readFileSync(join(folder, name), 'utf8'));

/** Far beyond any real counter, and still a whole number. */
const most = Number.MAX_SAFE_INTEGER;

function assertSane(text: string): void {
  const [links, server] = [parseLeafz(text), parseVarz(text)];
  for (const number of numbersIn([links, server]))
    assert.ok(
      Number.isFinite(number) && Math.abs(number) <= most,
      `${number} in ${JSON.stringify([links, server])}`,
    );
  for (const link of links ?? []) {
    assert.ok(Number.isInteger(link.port) && link.port >= 0 && link.port <= 65535, `port ${link.port}`);
    assert.ok(link.ip !== '' && (link.rtt_us ?? 1) > 0);
  }
  for (const facts of [...(links ?? []), server ?? {}]) {
    for (const [name, value] of Object.entries(facts)) {
      assert.ok(value !== undefined && value !== null && value !== '', name);
      if (typeof value === 'number') assert.ok(value >= 0, `${name} ${value}`);
      if (/_(msgs|bytes)$|^(slow_consumers|id)$/.test(name) && typeof value === 'number')
        assert.ok(Number.isInteger(value), `${name} ${value}`);
      if (typeof value === 'string') assert.ok(value.length <= 256);
    }
  }
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
}

holds('a damaged report gives facts within their ranges or none', damaged(reports, 4), assertSane, 600);
holds('any text gives facts within their ranges or none', fc.oneof(hostileText(200), fc.json()), assertSane);

type Json = { [key: string]: unknown };
const paths = (value: unknown, at: readonly string[] = []): (readonly string[])[] =>
  typeof value === 'object' && value !== null
    ? [at, ...Object.entries(value).flatMap(([key, one]) => paths(one, [...at, key]))]
    : [at];
const trees = reports.map((text) => ({ text, all: paths(JSON.parse(text)).filter((at) => at.length > 0) }));

const anything = fc.oneof(
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.constantFrom(
    '1e999',
    '-1e999',
    '-1',
    '0.5',
    '1e300',
    '65536',
    '""',
    'null',
    '[]',
    '{}',
    '[null]',
    '{"__proto__":{"polluted":1}}',
  ),
  fc.constant('['.repeat(20_000) + ']'.repeat(20_000)),
  hostileText(300).map((text) => JSON.stringify(text)),
  oddNumber.map((text) => JSON.stringify(`${text}s`)),
  oddNumber.map((text) => JSON.stringify(`${text}y1d1h1m1s`)),
);
holds(
  'one value of a report exchanged for any other gives facts within their ranges or none',
  fc.tuple(fc.constantFrom(...trees), fc.nat(), anything),
  ([{ text, all }, which, value]) => {
    const tree = JSON.parse(text) as Json;
    const at = all[which % all.length] ?? [];
    const marker = '@@value@@';
    let here: Json = tree;
    for (const key of at.slice(0, -1)) here = here[key] as Json;
    here[at.at(-1) ?? ''] = marker;
    assertSane(JSON.stringify(tree).replace(JSON.stringify(marker), () => value));
  },
  1500,
);

holds(
  'a duration is read as Go would, or not at all',
  fc.array(
    fc.tuple(fc.nat(999), fc.option(fc.nat(999)), fc.constantFrom('h', 'm', 's', 'ms', 'µs', 'us', 'ns')),
    {
      minLength: 1,
      maxLength: 5,
    },
  ),
  (parts) => {
    const units = { h: 3600e6, m: 60e6, s: 1e6, ms: 1e3, µs: 1, us: 1, ns: 1e-3 };
    const text = parts
      .map(([whole, rest, unit]) => `${whole}${rest === null ? '' : `.${rest}`}${unit}`)
      .join('');
    const us = parts.reduce(
      (sum, [whole, rest, unit]) => sum + Number(`${whole}.${rest ?? 0}`) * units[unit],
      0,
    );
    assert.ok(Math.abs((parseGoDuration(text) ?? Number.NaN) - us) <= 1e-9 * us + 1e-9, text);
    for (const bad of [`${text} `, `-${text}`, `${text}1`, text.slice(1).replace(/^\d+/, '')])
      assert.ok(bad === '' || parseGoDuration(bad) === undefined || /^\d/.test(bad), bad);
  },
);

const acks = [
  '{"stream":"FLEET","seq":7}',
  '{"stream":"S","seq":1,"duplicate":true}',
  '{"error":{"code":503,"err_code":10077,"description":"full"}}',
];
holds(
  'an acknowledgement is one only with a stream and a whole number',
  fc.oneof(damaged(acks), fc.json(), hostileText()),
  (text) => {
    const read = readPubAck(new TextEncoder().encode(text));
    if (read.kind === 'other') return;
    const said = JSON.parse(new TextDecoder().decode(new TextEncoder().encode(text))) as Json;
    if (read.kind === 'refused')
      assert.ok(typeof (said['error'] as Json)['description'] === 'string' && read.why.length <= 200);
    else
      assert.ok(
        typeof said['stream'] === 'string' &&
          said['stream'] !== '' &&
          Number.isInteger(said['seq']) &&
          !said['error'],
      );
  },
  1000,
);
