// How often each property is tried, and from which seed. NUNECT_FUZZ_RUNS=20000 tries that often, from a seed of its
// own each time; NUNECT_FUZZ_SEED=<number> repeats one. A failure prints the seed, the path and the shrunk example.
import { test } from 'node:test';
import * as fc from 'fast-check';

const numberIn = (name: string): number | undefined => {
  const text = process.env[name];
  if (text === undefined || text === '') return undefined;
  if (!/^-?\d{1,10}$/.test(text)) throw new Error(`${name} is '${text}': must be a whole number`);
  return Number(text);
};

const asked = numberIn('NUNECT_FUZZ_RUNS');
const usualRuns = 500;

/** How often a property is tried that is tried `usual` times in `make test`. */
export const runs = (usual = usualRuns): number =>
  asked === undefined ? usual : Math.max(1, Math.round((asked * usual) / usualRuns));

/** The same in each run of `make test`, so that a red suite is about what was changed; a new one when more is asked. */
const seed = numberIn('NUNECT_FUZZ_SEED') ?? (asked === undefined ? 20261121 : Date.now() | 0);

const settings = (usual: number | undefined) => ({ seed, numRuns: runs(usual), endOnFailure: false });

/** A test that holds for whatever `given` makes. It fails with the seed and the smallest example that was found. */
export function holds<T>(
  name: string,
  given: fc.Arbitrary<T>,
  check: (made: T) => void,
  usual?: number,
  skip: string | false = false,
): void {
  test(name, { timeout: 3_600_000, skip }, () => {
    fc.assert(fc.property(given, check), settings(usual));
  });
}

/** The same for a check that takes its time. */
export function holdsAsync<T>(
  name: string,
  given: fc.Arbitrary<T>,
  check: (made: T) => Promise<void>,
  usual?: number,
): void {
  test(name, { timeout: 3_600_000 }, () => fc.assert(fc.asyncProperty(given, check), settings(usual)));
}
