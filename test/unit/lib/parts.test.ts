import assert from 'node:assert/strict';
import { test } from 'node:test';
import { later, type Part, partsOf, startOrder, startParts } from '../../../agent/lib/parts.ts';

interface Input {
  base: string;
  user: string;
  other: string;
}
interface Base {
  readonly diary: string[];
  readonly failAt?: string;
}

const part = partsOf<Input, Base>();
let count = 0;

/** Starts a part that writes down what becomes of it. */
function started(name: string, { diary, failAt }: Base) {
  if (failAt === name) throw new Error(`${name} cannot start`);
  diary.push(`+${name}`);
  count += 1;
  return {
    id: count,
    stop: () => {
      diary.push(`-${name}`);
      if (name === 'other') throw new Error('will not go quietly');
    },
  };
}

const basePart = part({
  name: 'base',
  inputs: ({ base }) => base,
  start: (_input, given) => started('base', given),
});
const userPart = part({
  name: 'user',
  needs: { base: basePart },
  inputs: ({ user }) => user,
  start: (_input, { base, ...given }) => ({ ...started('user', given), base: base.id }),
});
const otherPart = part({
  name: 'other',
  uses: { base: basePart },
  inputs: ({ other }) => other,
  start: (_input, { base, ...given }) => ({ ...started('other', given), base: () => base().id }),
});

const input: Input = { base: '1', user: '1', other: '1' };
const all = [otherPart, userPart, basePart];

test('parts start in the order of their needs and stop in reverse, even when one fails to stop', async () => {
  const diary: string[] = [];
  const troubles: string[] = [];
  const parts = await startParts(all, { diary }, input, (name) => troubles.push(name));
  await parts.stop();
  assert.deepEqual(diary, ['+base', '+other', '+user', '-user', '-other', '-base']);
  assert.deepEqual(troubles, ['other']);
});

test('a part that is needed but not listed is started all the same', () => {
  assert.deepEqual(startOrder([userPart]), [basePart, userPart]);
});

test('parts that need each other in a circle are refused, and the circle is named', async () => {
  const needs: Record<string, Part<Input, Base>> = { user: userPart };
  const first = part({ name: 'first', needs, inputs: () => [], start: (_, base) => started('first', base) });
  const second = part({
    name: 'second',
    uses: { first },
    inputs: () => [],
    start: (_, base) => started('second', base),
  });
  needs['second'] = second;
  const diary: string[] = [];
  await assert.rejects(
    startParts([userPart, first], { diary }, input, () => {}),
    /circle: first -> second -> first$/,
  );
  assert.deepEqual(diary, [], 'nothing was started');
});

test('a part is given what it declares, and the use of another one does not compile', async () => {
  const seen: string[] = [];
  const spy = part({
    name: 'spy',
    needs: { user: userPart },
    uses: { other: otherPart },
    inputs: () => [],
    start(_input, given) {
      seen.push(...Object.keys(given));
      assert.equal(typeof given.user.id, 'number');
      assert.equal(typeof given.other().id, 'number');
      // @ts-expect-error: base is no need of spy
      assert.equal(given.base, undefined);
      // @ts-expect-error: what is only used may be restarted, so there is no keeping it
      assert.equal(given.other.id, undefined);
      return { stop: () => {} };
    },
  });
  const parts = await startParts([spy], { diary: [] }, input, () => {});
  assert.deepEqual(seen, ['diary', 'user', 'other']);
  assert.equal(typeof parts.get(userPart).base, 'number');
});

test('more parts can be added: they start behind those that run, and who declared them for later sees them then', async () => {
  const diary: string[] = [];
  const early = part({
    name: 'early',
    later: { user: later<typeof userPart>('user') },
    inputs: () => [],
    start: (_input, { user, ...given }) => ({ ...started('early', given), user: () => user()?.id }),
  });
  const parts = await startParts([early], { diary }, input, () => {});
  assert.equal(parts.get(early).user(), undefined, 'it does not run yet');
  await parts.add([userPart, early], input);
  assert.equal(parts.get(early).user(), parts.get(userPart).id);
  await parts.reload({ ...input, user: '2' });
  assert.equal(parts.get(early).user(), parts.get(userPart).id, 'the new one');
  await parts.stop();
  assert.deepEqual(diary, ['+early', '+base', '+user', '-user', '+user', '-user', '-base', '-early']);
});

test('when an added part cannot start, all that run are stopped and the reason is thrown', async () => {
  const diary: string[] = [];
  const parts = await startParts([basePart], { diary, failAt: 'user' }, input, () => {});
  await assert.rejects(parts.add([userPart], input), /user cannot start/);
  assert.deepEqual(diary, ['+base', '-base']);
});

test('a reload restarts only what changed and what needs it', async () => {
  const diary: string[] = [];
  const parts = await startParts(all, { diary }, input, () => {});
  diary.length = 0;
  assert.deepEqual(await parts.reload(input), []);
  assert.deepEqual(await parts.reload({ ...input, user: '2' }), ['user']);
  assert.deepEqual(await parts.reload({ ...input, user: '2', base: '2' }), ['base', 'user']);
  assert.deepEqual(diary, ['-user', '+user', '-user', '-base', '+base', '+user']);
  assert.equal(parts.get(otherPart).base(), parts.get(basePart).id, 'what uses it sees the new one');
});

test('when a part cannot start, those before it are stopped and the reason is thrown', async () => {
  const diary: string[] = [];
  await assert.rejects(
    startParts(all, { diary, failAt: 'user' }, input, () => {}),
    /user cannot start/,
  );
  assert.deepEqual(diary, ['+base', '+other', '-other', '-base']);
});

test('what a failed reload left stopped is started by the next one', async () => {
  const diary: string[] = [];
  let fail = false;
  const fragile = part({
    name: 'fragile',
    inputs: ({ base }) => base,
    start(_input, base) {
      if (fail) throw new Error('not now');
      return started('fragile', base);
    },
  });
  const last = part({
    name: 'last',
    needs: { fragile },
    inputs: () => [],
    start: (_, base) => started('last', base),
  });
  const parts = await startParts([last], { diary }, input, () => {});
  fail = true;
  await assert.rejects(parts.reload({ ...input, base: '2' }), /not now/);
  fail = false;
  assert.deepEqual(await parts.reload(input), ['fragile', 'last']);
  assert.deepEqual(diary, ['+fragile', '+last', '-last', '-fragile', '+fragile', '+last']);
});

test('a part that can adapt is not restarted, nor is what needs it', async () => {
  const diary: string[] = [];
  const adaptable = part({
    name: 'base',
    inputs: ({ base }) => base,
    start: (_input, given) => started('base', given),
    adapt: (_running, { base }) => void diary.push(`~${base}`),
  });
  const above = part({
    name: 'above',
    needs: { adaptable },
    inputs: () => [],
    start: (_, base) => started('above', base),
  });
  const parts = await startParts([above], { diary }, input, () => {});
  diary.length = 0;
  assert.deepEqual(await parts.reload({ ...input, base: '2' }), ['base']);
  assert.deepEqual(await parts.reload({ ...input, base: '2' }), []);
  assert.deepEqual(diary, ['~2']);
});
