import assert from 'node:assert/strict';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { keepServer, pauseAfter_ms, type ServerEnd } from '../../../../agent/hub/run/serverkeeper.ts';
import { logTo } from '../../../../agent/lib/log.ts';
import { fakeTicker } from '../../../kit/lib/faketicker.ts';

class FakeChild extends EventEmitter {
  readonly pid = 100;
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly signals: string[] = [];
  kill(signal: string): boolean {
    this.signals.push(signal);
    return true;
  }
}

/** `said`: its last words, which stand in the log before its start has returned. */
function keeper({ again = true, said = [] as string[] } = {}) {
  let errors: string[] = [];
  const ticker = fakeTicker();
  const children: FakeChild[] = [];
  const ends: (ServerEnd & { pause_ms: number })[] = [];
  const logged: string[] = [];
  const kept = keepServer(
    {
      ticker,
      log: logTo(({ msg }) => logged.push(msg)),
      talk: {
        begin() {
          errors = [];
        },
        listen: () => {},
        last: () => errors,
      },
      spawn: () => {
        errors = said;
        const child = new FakeChild();
        children.push(child);
        return child as unknown as ChildProcessWithoutNullStreams;
      },
      started: () => {},
      ended: (end, pause_ms) => {
        ends.push({ ...end, pause_ms });
        return again;
      },
    },
    ['nats-server', '-c', 'x'],
  );
  return { ticker, children, ends, logged, kept };
}

describe('a server that is kept', () => {
  it('is started again after pauses that grow, and shorter ones once it has run for long', async () => {
    const { ticker, children, ends, kept } = keeper();
    for (const ran_ms of [10, 10, 10, 60_000, 10]) {
      await ticker.pass(ran_ms);
      children.at(-1)?.emit('close', 1, null);
      await ticker.pass(ends.at(-1)?.pause_ms ?? 0);
    }
    assert.deepEqual(
      ends.map(({ pause_ms }) => pause_ms),
      [1000, 2000, 4000, 1000, 2000],
    );
    assert.equal(kept.starts(), 6);
    assert.equal(pauseAfter_ms(99), 30_000);
  });

  it('says how it ended, with its last words', async () => {
    const { children, ends, ticker } = keeper({ said: ['port in use'] });
    await ticker.pass(5);
    children[0]?.emit('close', 1, null);
    await ticker.pass(1000);
    children[1]?.emit('close', null, 'SIGKILL');
    assert.deepEqual(
      ends.map(({ why }) => why),
      ['ended with code 1: port in use', 'was killed by SIGKILL: port in use'],
    );
  });

  it('is left where that is said', async () => {
    const { children, ticker } = keeper({ again: false });
    children[0]?.emit('close', 1, null);
    await ticker.pass(60_000);
    assert.equal(children.length, 1);
  });

  it('is stopped by TERM, by KILL only later, and not started again', async () => {
    const { children, ends, kept, ticker, logged } = keeper();
    let isStopped = false;
    void kept.stop().then(() => {
      isStopped = true;
    });
    await ticker.pass(29_999);
    assert.deepEqual(children[0]?.signals, ['SIGTERM']);
    await ticker.pass(1);
    assert.deepEqual(children[0]?.signals, ['SIGTERM', 'SIGKILL']);
    assert.equal(isStopped, false);
    children[0]?.emit('close', null, 'SIGKILL');
    await ticker.pass(60_000);
    assert.equal(isStopped, true);
    assert.deepEqual([children.length, ends.length], [1, 0]);
    assert.match(logged.join(), /killed/);
  });

  it('that waits for its next start is not started after a stop', async () => {
    const { children, kept, ticker } = keeper();
    children[0]?.emit('close', 1, null);
    await kept.stop();
    await ticker.pass(60_000);
    assert.equal(children.length, 1);
  });
});
