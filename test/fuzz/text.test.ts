import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { formatEntry, logLevels } from '../../agent/lib/log.ts';
import { withTimesCorrected } from '../../agent/records/timecorrection.ts';
import {
  encodeRecord,
  goDuration,
  headerValue,
  knownHeaders,
  parseGoDuration,
} from '../../agent/wire/values.ts';
import { holds } from '../kit/fuzz/fuzz.ts';
import { hostileText } from '../kit/fuzz/hostile.ts';

const fieldName = fc.stringMatching(/^[a-z_]{1,10}$/);
const fields = fc.dictionary(fieldName, fc.oneof(hostileText(), fc.double(), fc.boolean()), { maxKeys: 5 });

holds(
  'an entry of the log is one line without control characters, whatever it says',
  fc.record({ level: fc.constantFrom(...logLevels), comp: fieldName, msg: hostileText(200), fields }),
  (entry) => {
    const line = formatEntry(entry);
    assert.doesNotMatch(line, /\p{Cc}|[\u2028\u2029]/u);
    assert.ok(line.startsWith(`${entry.level.toUpperCase()} ${entry.comp}: `));
    for (const key of Object.keys(entry.fields)) assert.ok(line.includes(` ${key}=`));
  },
);

holds(
  'a field cannot pretend to be another one',
  fc.tuple(hostileText(40), hostileText(40)),
  ([first, second]) => {
    const line = formatEntry({ level: 'info', comp: 'c', msg: 'm', fields: { first, second } });
    const rest = line.slice('INFO c: m'.length);
    // a value is a word without blanks, quotes and =, or JSON
    const read = /^ first=((?:"(?:[^"\\]|\\.)*")|[^\s"=]*) second=((?:"(?:[^"\\]|\\.)*")|[^\s"=]*)$/.exec(
      rest,
    );
    assert.ok(read !== null, rest);
  },
);

holds('a header value is one line, and not changed where it was one', hostileText(100), (text) => {
  const value = headerValue(text);
  assert.doesNotMatch(value, /\p{Cc}/u);
  if (!/\p{Cc}/u.test(text)) assert.equal(value, text.trim());
  const headers = knownHeaders({ A: text, B: undefined, C: Number.NaN, D: 0 });
  assert.deepEqual(Object.keys(headers), ['A', 'D']);
});

const known = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }),
);
const unknown = fc.constantFrom(
  null,
  undefined,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
);
const record = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    known,
    unknown,
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'ts', 'toJSON')), tie('value'), {
    maxKeys: 5,
  }),
})).object as fc.Arbitrary<Record<string, unknown>>;

const isUnknown = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === 'number' && !Number.isFinite(value));
/** What a record must be read back as: without what is not known, at any depth. */
function kept(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number') return value + 0 === 0 ? 0 : value;
  if (Array.isArray(value)) return value.filter((one) => !isUnknown(one)).map(kept);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => (isUnknown(one) ? [] : [[key, kept(one)]])),
  );
}
holds('a record holds all that is known and nothing that is not', record, (given) => {
  const plain = Object.fromEntries(Object.entries(given));
  const read: unknown = JSON.parse(encodeRecord(plain));
  assert.deepEqual(Object.fromEntries(Object.entries(read as object)), kept(plain));
});

holds('a duration is read back to the nanosecond', fc.integer({ min: -(2 ** 45), max: 2 ** 45 }), (ns) => {
  const text = goDuration(ns / 1000);
  assert.match(text, /^-?(\d+h)?(\d+m)?\d+(\.\d+)?(s|ms|µs|ns)$/);
  const us = parseGoDuration(text.replace('-', ''));
  assert.ok(
    Math.abs((us ?? Number.NaN) - Math.abs(ns) / 1000) < 0.001 + Math.abs(ns) * 1e-15,
    `${ns}: ${text}`,
  );
});

const stamp = fc.oneof(
  fc.integer({ min: 0, max: 4e12 }),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom('no time', 8.64e15, -8.64e15, 1e308, '+275760-09-13T00:00:00.000Z'),
  hostileText(20),
);
holds(
  'a record whose clock was wrong says the right time, the one before, and keeps all else',
  fc.record({
    body: record,
    ts: fc.option(stamp, { nil: undefined }),
    since: fc.option(fc.integer(), { nil: undefined }),
    by: fc.integer({ min: -(2 ** 45), max: 2 ** 45 }),
  }),
  ({ body, ts, since, by }) => {
    const own = {
      ...(ts === undefined ? {} : { ts }),
      ...(since === undefined ? {} : { clock_since_ms: since }),
    };
    const { ts: _ts, ts_original: _o, ts_corrected: _c, clock_since_ms: _s, ...rest } = body;
    const others = Object.fromEntries(Object.entries(rest).filter(([name]) => !name.endsWith('since_ms')));
    const payload = encodeRecord({ ...others, ...own });
    const headers = { 'X-Timestamp': ['1700000000000'], Other: ['x'] };
    const moved = withTimesCorrected({ payload, headers }, by);
    const before = JSON.parse(payload) as Record<string, unknown>;
    const after = JSON.parse(moved.payload) as Record<string, unknown>;
    assert.deepEqual(moved.headers, { 'X-Timestamp': [String(1700000000000 + by)], Other: ['x'] });
    for (const name of Object.keys(before))
      if (!(name in own)) assert.deepEqual(after[name], before[name], name);
    const at = typeof before['ts'] === 'number' ? before['ts'] : Date.parse(String(before['ts'] ?? ''));
    if (typeof ts !== 'number' && !(Math.abs(at + by) <= 8.64e15)) {
      // a slim heartbeat has its time in the headers only
      assert.deepEqual(after, { ...before, ts_original: 1700000000000, ts_corrected: true });
      return;
    }
    assert.equal(after['ts_corrected'], true, 'a time was left as it was');
    assert.deepEqual(after['ts_original'], before['ts']);
    assert.equal(typeof after['ts'] === 'number' ? after['ts'] : Date.parse(String(after['ts'])), at + by);
    if (since !== undefined) assert.equal(after['clock_since_ms'], since + by);
  },
);
