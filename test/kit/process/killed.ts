import fs from 'node:fs';
import type { TestContext } from 'node:test';

/** What a killed process has not done. */
class Killed extends Error {}
const changing = [
  'renameSync',
  'linkSync',
  'rmSync',
  'writeFileSync',
  'writeSync',
  'ftruncateSync',
  'chmodSync',
  'fchmodSync',
  'fsyncSync',
  'mkdirSync',
] as const;

/** Has the process die before its n-th change of a file, or half way into its n-th write; true if it came so far. */
export async function killedAt(
  t: TestContext,
  n: number,
  half: boolean,
  work: () => unknown,
): Promise<boolean> {
  let count = 0;
  const mocks = changing.map((name) => {
    const real = fs[name] as (...args: unknown[]) => unknown;
    return t.mock.method(fs, name, (...args: unknown[]) => {
      if (!half || name === 'writeFileSync') count += 1;
      if (count === n && half && typeof args[1] === 'string' && name === 'writeFileSync')
        real(args[0], args[1].slice(0, args[1].length / 2), args[2]);
      if (count >= n) throw new Killed(name); // also what would clean up
      return real(...args);
    });
  });
  try {
    await work();
    return false;
  } catch (error) {
    if (count < n) throw error;
    return true;
  } finally {
    for (const { mock } of mocks) mock.restore();
  }
}
