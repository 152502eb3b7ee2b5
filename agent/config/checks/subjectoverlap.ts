/** Whether some subject matches both patterns, where `*` stands for one token and a final `>` for one or more. */
export function overlap(a: string, b: string): boolean {
  const [left, right] = [a.split('.'), b.split('.')];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const [one, other] = [left[index], right[index]];
    if (one === undefined || other === undefined) return false;
    if (one === '>' || other === '>') return true;
    if (one !== '*' && other !== '*' && one !== other) return false;
  }
  return true;
}

/**
 * What only the unit itself should publish. The exact subjects are spelled in wire/subjects.ts, which lies above this
 * layer; a test holds the two together.
 */
export const ownSubjects = (unit: string): string[] =>
  ['heartbeat', 'metric.*', 'log.*', 'status.*'].map((kind) => `ops.${kind}.${unit}`);

/**
 * The patterns of a list of a user that can reach subjects of units: those that name `ops`. leaf/conf/users.ts denies
 * the unit's own to all others, however much they match.
 */
export const namingOps = (allowed: readonly string[]): string[] =>
  allowed.filter((pattern) => pattern.startsWith('ops.'));
