// What must be told of one trouble of one unit, by its whole history: slow, from the definitions, without the keeper's code.

/** What is known of the trouble at a look. */
export type Fact = 'on' | 'off' | 'unknown';

/** A look: ms since the one before, undefined after a gap; whether the units were seen. */
export interface Moment {
  readonly passed_ms: number | undefined;
  readonly seen: boolean;
}

/** What is told of it: at which look. */
export interface Told {
  readonly at: number;
  readonly event: 'fired' | 'resolved';
}

/** Observed ms of each look: none in the first after a gap, and none while nobody looks. */
export const observed = (moments: readonly Moment[]): number[] =>
  moments.map(({ passed_ms, seen }, at) => (seen && moments[at - 1]?.seen === true ? (passed_ms ?? 0) : 0));

/** Observed ms up to each look without a gap: so long a silent unit had time to be heard. */
export const settled = (moments: readonly Moment[]): number[] => {
  const passed = observed(moments);
  return moments.map((_, at) => {
    let sum = 0;
    for (let i = at; i >= 0; i -= 1) {
      const { passed_ms, seen } = moments[i] as Moment;
      if (!seen || moments[i - 1]?.seen !== true || passed_ms === undefined) break;
      sum += passed[i] as number;
    }
    return sum;
  });
};

/** The newest known fact before a look. */
const factBefore = (facts: readonly Fact[], at: number): Fact => {
  for (let i = at - 1; i >= 0; i -= 1) if (facts[i] !== 'unknown') return facts[i] as Fact;
  return 'unknown';
};

/**
 * A spell of the trouble begins with the first `on`. It is over once it was seen to be off for `keep_ms` in a row, unknown looks
 * in between left out. It is told once it was seen on for `for_ms` in all, at a look at which it is on; its end if it was told.
 */
export function mustBeTold(
  facts: readonly Fact[],
  passed: readonly number[],
  { for_ms, keep_ms }: { readonly for_ms: number; readonly keep_ms: number },
): Told[] {
  const told: Told[] = [];
  let begin = 0;
  for (;;) {
    const start = facts.indexOf('on', begin);
    if (start < 0) return told;
    let end = facts.length;
    for (let at = start + 1; at < facts.length; at += 1) {
      if (offFor(facts, passed, start, at) < keep_ms || facts[at] !== 'off') continue;
      end = at;
      break;
    }
    for (let at = start; at < end; at += 1) {
      if (facts[at] !== 'on' || onFor(facts, passed, start, at) < for_ms) continue;
      told.push({ at, event: 'fired' });
      if (end < facts.length) told.push({ at: end, event: 'resolved' });
      break;
    }
    if (end === facts.length) return told;
    begin = end + 1;
  }
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);

const onFor = (facts: readonly Fact[], passed: readonly number[], start: number, at: number): number =>
  sumOf(passed.filter((_, i) => i > start && i <= at && facts[i] === 'on' && factBefore(facts, i) === 'on'));

const offFor = (facts: readonly Fact[], passed: readonly number[], start: number, at: number): number => {
  const lastOn = facts.lastIndexOf('on', at);
  return sumOf(
    passed.filter(
      (_, i) =>
        i > Math.max(start, lastOn) && i <= at && facts[i] === 'off' && factBefore(facts, i) === 'off',
    ),
  );
};

/** What lasts for some time behind each look at which it was seen. */
export function lasting(facts: readonly Fact[], passed: readonly number[], lasts_ms: number): Fact[] {
  let clock_ms = 0;
  let last_ms = Number.NEGATIVE_INFINITY;
  return facts.map((fact, at) => {
    clock_ms += passed[at] ?? 0;
    if (fact === 'on') last_ms = clock_ms;
    return fact === 'off' && clock_ms - last_ms < lasts_ms ? 'on' : fact;
  });
}
