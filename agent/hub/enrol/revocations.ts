// Which logins the servers have to refuse, as the bindings say. Pure.
import type { Bindings, EnrolAccount } from '../book/bindings.ts';

/** JWTs of these public keys that were made until then, in Unix seconds, are refused: `revocations` of an account JWT. */
export type Revocations = Readonly<Record<string, number>>;

/** A clock of a hub may be behind: what has ended is kept this much longer. */
const margin_ms = 24 * 3600 * 1000;

function revoked(
  from: Iterable<{ key: string; at_ms: number; until_ms: number }>,
  now_ms: number,
): Revocations {
  const found: Record<string, number> = {};
  for (const { key, at_ms, until_ms } of from) {
    if (until_ms + margin_ms < now_ms) continue;
    found[key] = Math.max(found[key] ?? 0, Math.floor(at_ms / 1000));
  }
  return found;
}

/** Those of the account that units log in to, and those of the account that tokens log in to. */
export function revocationsOf(
  { units, tokens }: Bindings,
  account: EnrolAccount,
  now_ms: number,
): Revocations {
  if (account === 'FLEET')
    return revoked(
      [...units.values()].flatMap(({ voids }) => voids),
      now_ms,
    );
  const withdrawn = [...tokens.values()].flatMap(({ login: key, withdrawn_ms: at_ms, until_ms }) =>
    at_ms === undefined ? [] : { key, at_ms, until_ms },
  );
  return revoked(withdrawn, now_ms);
}
