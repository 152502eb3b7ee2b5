import assert from 'node:assert/strict';
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import { serverTalk } from '../../../../agent/hub/run/servertalk.ts';
import { logTo } from '../../../../agent/lib/log.ts';
import { fakeTicker } from '../../../kit/lib/faketicker.ts';
import { tempDir } from '../../../kit/process/daemon.ts';

const line = (level: string, text: string): string => `[7] 2026/11/29 13:00:00.000000 [${level}] ${text}\n`;

function talking(t: TestContext, before: string) {
  const path = join(tempDir(t, 'talk'), 'nats.log');
  writeFileSync(path, before);
  const rotated = `${path}.2026.11.29.13.00.00.000000000`;
  writeFileSync(rotated, 'old');
  const ticker = fakeTicker();
  const logged: string[] = [];
  const errors: string[] = [];
  const log = logTo(({ level, msg }) => logged.push(`${level}: ${msg}`));
  const talk = serverTalk(ticker, log, path, /^Websocket/, (text) => errors.push(text));
  t.after(() => talk.stop());
  return { talk, logged, errors, ticker, rotated, say: (text: string) => appendFileSync(path, text) };
}

describe('what nats-server says', () => {
  it('is passed on where it complains, once, and not what it said before or what is meant', async (t) => {
    const { talk, logged, errors, ticker, say } = talking(t, line('ERR', 'of an earlier run'));
    talk.begin();
    say(line('INF', 'Server is ready') + line('WRN', 'slow') + line('WRN', 'slow') + line('ERR', 'bad'));
    say(line('WRN', 'Websocket not configured with TLS. DO NOT USE IN PRODUCTION!'));
    await ticker.pass(1000);
    assert.deepEqual(logged, ['warn: slow', 'error: bad']);
    assert.deepEqual(errors, ['bad']);
  });

  it('is the reason of its end with the last errors of the run, which may not have been read yet', (t) => {
    const { talk, say } = talking(t, '');
    talk.begin();
    say(['1', '2', '3', '4'].map((text) => line('ERR', text)).join('') + line('FTL', 'port in use'));
    assert.deepEqual(talk.last(), ['3', '4', 'port in use']);
    talk.listen([]);
    assert.deepEqual(talk.last(), ['3', '4', 'port in use'], 'it had said so before its start has returned');
    talk.begin();
    assert.deepEqual(talk.last(), []);
  });

  it('before it has a log comes on its outputs', async (t) => {
    const { talk, logged } = talking(t, '');
    const stderr = new PassThrough();
    talk.listen([stderr]);
    stderr.end(`nats-server: cannot open log\n\n${line('ERR', 'known')}`);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(talk.last(), ['nats-server: cannot open log', 'known']);
    assert.deepEqual(logged, ['error: nats-server: cannot open log', 'error: known']);
  });

  it('stays where it is: logs that were rotated are kept', async (t) => {
    const { rotated, ticker, say } = talking(t, '');
    say(line('INF', 'x'));
    await ticker.pass(2000);
    assert.equal(existsSync(rotated), true);
  });
});
