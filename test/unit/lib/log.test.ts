import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatEntry, type LogEntry, logTo, passes } from '../../../agent/lib/log.ts';

test('log lines show part, fields and make control characters visible', () => {
  const seen: LogEntry[] = [];
  const log = logTo((entry) => seen.push(entry));
  log.part('link').warn('hub gone\nfake line', { url: 'nats://h:7422', why: 'no route', n: 3 });
  log.debug('d');
  log.info('i');
  log.error('e');
  log.fatal('f');
  assert.equal(
    formatEntry(seen[0] as LogEntry),
    'WARN link: hub gone\\x0afake line url=nats://h:7422 why="no route" n=3',
  );
  assert.deepEqual(
    seen.map((e) => e.level),
    ['warn', 'debug', 'info', 'error', 'fatal'],
  );
  assert.ok(passes('error', 'warn') && passes('warn', 'warn') && !passes('info', 'warn'));
});

test('a log line has no control characters of the second kind, and nothing else that ends a line', () => {
  const entry = { level: 'info', comp: 'c', msg: 'a\u009b31mb\u0085c\u2028d', fields: {} } as const;
  assert.equal(formatEntry(entry), 'INFO c: a\\u009b31mb\\u0085c\\u2028d');
});
