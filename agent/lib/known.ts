/** Those of the values that are there: an absent one has no key, which is not the same as being undefined. */
export type Known<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Leaves out the keys whose value is undefined; by a loop, since it is called a hundred times a second. */
export function known<T extends object>(values: T): Known<T> {
  const kept: Partial<T> = {};
  for (const key in values) if (values[key] !== undefined) kept[key] = values[key];
  return kept as Known<T>;
}
