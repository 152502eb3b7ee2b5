import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openConsole } from '../../agent/console.ts';
import type { LogEntry } from '../../agent/lib/log.ts';
import { agentFileOf } from '../kit/unit/unitfakes.ts';

const levels = (log_level: string, log_publish: string) =>
  agentFileOf(`config agent 'agent'\n option log_level '${log_level}'\n option log_publish '${log_publish}'`);
function opened(file = levels('info', 'warn')) {
  const lines: string[] = [];
  const published: string[] = [];
  const console = openConsole(file, (line) => lines.push(line));
  const take = ({ level, msg }: LogEntry) => void published.push(`${level} ${msg}`);
  return { console, lines, published, take };
}

test('lines and records have levels of their own', () => {
  const { console, lines, published, take } = opened();
  console.publishTo(take);
  console.log.debug('a');
  console.log.part('hub').info('b', { n: 1 });
  console.log.warn('c');
  assert.deepEqual(lines, ['INFO hub: b n=1\n', 'WARN agent: c\n']);
  assert.deepEqual(published, ['warn c']);
});

test('what was logged before somebody took records is published then, once', () => {
  const { console, published, take } = opened(levels('info', 'info'));
  console.log.info('early');
  console.publishTo(take);
  console.publishTo(take);
  console.log.info('late');
  assert.deepEqual(published, ['info early', 'info late']);
});

test('of a long time without a taker the newest entries are kept', () => {
  const { console, published, take } = opened(levels('error', 'info'));
  for (let i = 0; i < 250; i++) console.log.info(String(i));
  console.publishTo(take);
  assert.equal(published.length, 200);
  assert.equal(published[0], 'info 50');
});

test('a new config changes both levels at once; off publishes nothing', () => {
  const { console, lines, published, take } = opened();
  console.publishTo(take);
  console.configure(levels('error', 'off'));
  console.log.fatal('a');
  console.log.warn('b');
  console.configure(levels('debug', 'debug'));
  console.log.debug('c');
  assert.deepEqual(lines, ['FATAL agent: a\n', 'DEBUG agent: c\n']);
  assert.deepEqual(published, ['debug c']);
});
