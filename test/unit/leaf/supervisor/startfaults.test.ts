import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LeafControl, LeafProcess } from '../../../../agent/leaf/supervisor/process.ts';
import { type OptionalPart, startFaults } from '../../../../agent/leaf/supervisor/startfaults.ts';
import { logTo } from '../../../../agent/lib/log.ts';
import { withOptions } from '../../../kit/leaf/leafconfig.ts';
import { fakeTicker } from '../../../kit/lib/faketicker.ts';

/** A leaf without JetStream; `answer` ends the try whether that can start. */
function lacking(running?: LeafProcess) {
  const ticker = fakeTicker();
  let without: string | undefined = 'jetstream\nno space left';
  let ends = 0;
  const control: LeafControl = {
    process: () => running,
    reload: () => true,
    end: () => ++ends > 0,
    read: () => without,
    write: (_file, text) => {
      without = text;
    },
    keepJoined: () => {},
  };
  let answer = (_can: boolean): void => {};
  const canStart = (part: OptionalPart): Promise<boolean> =>
    part === 'jetstream'
      ? new Promise((resolve) => {
          answer = resolve;
        })
      : Promise.resolve(false);
  const { leaf } = withOptions({ leaf: { jetstream: true, websocket_port: 80 } });
  const faults = startFaults({ ticker, log: logTo(() => {}), canStart }, leaf, control);
  return {
    faults,
    begin: () => ticker.pass(10_000),
    end: async (): Promise<void> => {
      answer(true);
      await ticker.pass(1);
    },
    seen: () => ({ without, ends }),
  };
}

test('what can start again is tried by a restart; nothing is done of it after the stop', async () => {
  const one = lacking();
  await one.begin();
  await one.end();
  assert.deepEqual(one.seen(), { without: undefined, ends: 1 });
  const stopped = lacking();
  await stopped.begin();
  stopped.faults.stop();
  await stopped.end();
  assert.deepEqual(stopped.seen(), { without: 'jetstream\nno space left', ends: 0 });
});

test('a part that fails while another one is tried stays left out', async () => {
  const one = lacking();
  await one.begin();
  one.faults.take({ start: 'failed', text: 'Unable to listen for websocket' } as never);
  await one.end();
  assert.deepEqual(one.seen(), { without: 'websocket\nUnable to listen for websocket', ends: 1 });
});

test('why it does not start is told until it is ready, also while it is being started anew', () => {
  const { faults } = lacking({ pid: 1, without: ['jetstream'], onFallback: false });
  const part = { part: 'jetstream', why: 'no space left' };
  const why = 'Error listening on port: 127.0.0.1:4222';
  faults.take({ start: 'failed', text: why } as never);
  assert.deepEqual(faults.list(), [{ why }, part]);
  faults.take({ start: 'ready', text: 'Server is ready' } as never);
  assert.deepEqual(faults.list(), [part]);
});
