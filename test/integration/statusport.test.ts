import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { keepServing } from '../../agent/status/web/serving.ts';
import { fakeTicker } from '../kit/lib/faketicker.ts';
import { emptySnapshot, noHistory } from '../kit/page/snapshot.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { recordingLog } from '../kit/unit/unitfakes.ts';

/** A status page for a port that somebody else has until `release`. */
async function servingOnTakenPort(t: TestContext) {
  const socket = join(tempDir(t, 'web'), 'status.sock');
  const port = await reservePort();
  const other = createServer().listen(port, '127.0.0.1');
  await eventually('listening', () => other.listening);
  const ticker = fakeTicker();
  const { log, said } = recordingLog();
  const part = keepServing(
    {
      snapshot: async () => emptySnapshot,
      history: () => noHistory,
      ticker,
      log,
      interfaces: () => ({}),
      canOpenFiles: () => true,
    },
    { enabled: true, listen: '127.0.0.1', port, metrics: false, hosts: [], socket },
    new AbortController().signal,
  );
  await eventually('it is told', () => said().length > 0);
  const answers = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
  return { port, ticker, said, part, answers, release: () => new Promise((resolve) => other.close(resolve)) };
}

test('a port that is taken is told of once and tried again until it is free', async (t) => {
  const { port, ticker, said, part, answers, release } = await servingOnTakenPort(t);
  for (let i = 0; i < 3; i++) {
    await ticker.pass(10_000);
    await new Promise((resolve) => setTimeout(resolve, 30)); // for the socket to be refused
  }
  assert.equal(said().length, 1);
  assert.match(
    said()[0] ?? '',
    new RegExp(`^error status server: cannot listen on 127\\.0\\.0\\.1 port ${port}`),
  );
  await release();
  await eventually('the page', async () => {
    await ticker.pass(10_000);
    return said().includes('info status page');
  });
  assert.equal(await answers(), true);
  await part.stop();
  assert.equal(await answers(), false);
});

test('a part that is stopped while it waits for its port takes it no more', async (t) => {
  const { ticker, part, answers, release } = await servingOnTakenPort(t);
  await part.stop();
  await release();
  await ticker.pass(60_000);
  assert.equal(await answers(), false);
});
