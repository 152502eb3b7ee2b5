import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesPart } from '../../../agent/parts/changes.ts';
import type { AgentContext, AgentInput } from '../../../agent/parts/part.ts';

test('a change of the clock and of the hub is published at once, another event of the clock is not', async () => {
  let told = (_change: object, _verdict: object): void => {};
  let looked = (_reading: object): void => {};
  const seen = { published: 0, up: true, kicked: 0 };
  const given = {
    events: { publish() {} },
    clock: {
      onChange(fn: typeof told) {
        told = fn;
        return () => {};
      },
    },
    leaf: {
      hubUp: () => seen.up,
      onChange(fn: typeof looked) {
        looked = fn;
        return () => {};
      },
    },
    recorder: { changed() {} },
    spool: {
      kick() {
        seen.kicked += 1;
      },
    },
    supervisor: () => ({ trouble: () => undefined }),
    publisher: () => ({
      changed() {
        seen.published += 1;
      },
    }),
    wall: { onStep: () => () => {} },
  };
  await changesPart.start({} as AgentInput, given as unknown as AgentContext, new AbortController().signal);
  told({ event: 'port_state' }, { evidence: 'e' });
  assert.equal(seen.published, 0);
  told({ event: 'clock' }, { evidence: 'e' });
  assert.equal(seen.published, 1);
  looked({ kind: 'absent', why: 'not_yet' });
  assert.deepEqual([seen.published, seen.kicked], [1, 1], 'the hub is as it was');
  seen.up = false;
  looked({ kind: 'absent', why: 'not_yet' });
  assert.deepEqual([seen.published, seen.kicked], [2, 2]);
});
