/** Named choices for each of several questions. */
export type Dimensions = Readonly<Record<string, readonly string[]>>;

/** One choice for each question. */
export type Combination<D extends Dimensions> = { readonly [K in keyof D]: D[K][number] };

const candidates = 60;

/**
 * Combinations in which every possible pair of choices occurs at least once: of many random ones the one
 * with most new pairs is taken each time. Combinations that `isPossible` refuses do not occur.
 */
export function pairwise<D extends Dimensions>(
  dimensions: D,
  isPossible: (one: Combination<D>) => boolean,
  random: () => number,
): Combination<D>[] {
  const keys = Object.keys(dimensions);
  const pick = (fixed: Readonly<Record<string, string>>): Combination<D> => {
    const one = keys.map((key) => {
      const choices = dimensions[key] ?? [];
      return [key, fixed[key] ?? choices[Math.floor(random() * choices.length)]];
    });
    return Object.fromEntries(one) as Combination<D>;
  };
  const pairsOf = (one: Readonly<Record<string, string>>): string[] =>
    keys.flatMap((a, at) => keys.slice(at + 1).map((b) => JSON.stringify([a, one[a], b, one[b]])));

  const open = new Set<string>();
  for (const [at, a] of keys.entries()) {
    for (const b of keys.slice(at + 1)) {
      for (const x of dimensions[a] ?? [])
        for (const y of dimensions[b] ?? []) open.add(JSON.stringify([a, x, b, y]));
    }
  }
  const chosen: Combination<D>[] = [];
  while (open.size > 0) {
    const [first = '[]'] = open;
    const [a, x, b, y] = JSON.parse(first);
    const possible = Array.from({ length: candidates }, () => pick({ [a]: x, [b]: y })).filter(isPossible);
    const gain = (one: Combination<D>): number => pairsOf(one).filter((pair) => open.has(pair)).length;
    const best = possible.sort((p, q) => gain(q) - gain(p))[0];
    open.delete(first); // with no candidate the pair itself is impossible
    if (best === undefined) continue;
    chosen.push(best);
    for (const pair of pairsOf(best)) open.delete(pair);
  }
  return chosen;
}
