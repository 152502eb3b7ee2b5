import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Plan, startParts } from '../../../agent/lib/parts.ts';

interface All {
  base: { id: number };
  user: { id: number };
  other: { id: number };
}
interface Input {
  base: string;
  user: string;
  other: string;
}

/** Three parts, of which `user` needs `base`, and a diary of what happened to them. */
function trio(failAt?: string) {
  const diary: string[] = [];
  let id = 0;
  const part = (name: keyof Input, needs: (keyof All)[]) => ({
    needs,
    inputs: (input: Input) => input[name],
    start: () => {
      if (failAt === name) throw new Error(`${name} cannot start`);
      diary.push(`+${name}`);
      id += 1;
      return {
        id,
        stop: () => {
          diary.push(`-${name}`);
          if (name === 'other') throw new Error('will not go quietly');
        },
      };
    },
  });
  const plan: Plan<All, Input> = {
    base: part('base', []),
    user: part('user', ['base']),
    other: part('other', []),
  };
  return { plan, diary };
}
const input: Input = { base: '1', user: '1', other: '1' };

test('parts start in order and stop in reverse, even when one fails to stop', async () => {
  const { plan, diary } = trio();
  const troubles: string[] = [];
  const parts = await startParts(plan, input, (name) => troubles.push(name));
  await parts.stop();
  assert.deepEqual(diary, ['+base', '+user', '+other', '-other', '-user', '-base']);
  assert.deepEqual(troubles, ['other']);
});

test('a reload starts anew only what changed and what needs it', async () => {
  const { plan, diary } = trio();
  const parts = await startParts(plan, input, () => {});
  diary.length = 0;
  assert.deepEqual(await parts.reload(input), []);
  assert.deepEqual(await parts.reload({ ...input, user: '2' }), ['user']);
  assert.deepEqual(await parts.reload({ ...input, user: '2', base: '2' }), ['base', 'user']);
  assert.deepEqual(diary, ['-user', '+user', '-user', '-base', '+base', '+user']);
});

test('when a part cannot start, those before it are stopped and the reason is thrown', async () => {
  const { plan, diary } = trio('other');
  await assert.rejects(
    startParts(plan, input, () => {}),
    /other cannot start/,
  );
  assert.deepEqual(diary, ['+base', '+user', '-user', '-base']);
});

test('a part that can adapt is not started anew, nor is what needs it', async () => {
  const { plan, diary } = trio();
  const adapt = (_part: All['base'], to: Input): void => void diary.push(`~${to.base}`);
  const adapting: Plan<All, Input> = { ...plan, base: { ...plan.base, adapt } };
  const parts = await startParts(adapting, input, () => {});
  diary.length = 0;
  assert.deepEqual(await parts.reload({ ...input, base: '2' }), ['base']);
  assert.deepEqual(await parts.reload({ ...input, base: '2' }), []);
  assert.deepEqual(diary, ['~2']);
});
