// Keeps the servers on the last accounts that the operator has signed. nats-server takes any JWT that the user of the system
// account brings, an earlier one too, by which who was shut out would be in again.
import { messageOf } from '../../../lib/errors.ts';
import { readIfThere, readOrUndefined, writeAtomic } from '../../../lib/files.ts';
import type { Log } from '../../../lib/log.ts';
import { isObject } from '../../../lib/parse.ts';
import type { Ticker } from '../../../lib/ticker.ts';
import type { Link } from '../../../nats/link.ts';
import { pushAccount } from '../../asks/pushaccount.ts';
import { type HubAccount, hubAccounts } from '../../kit/accounts.ts';
import { hubPaths } from '../../kit/hubdir.ts';
import type { HubHere } from '../hubhere.ts';
import { runPath } from '../runfiles.ts';
import { youngestOf } from './youngest.ts';

/** Accounts of a hub, kept as they were signed last. */
export interface AccountKeeper {
  /** Has all servers take the last of those in the folder, of those that they have, and of those seen so far; gives why not. */
  bring(accounts?: readonly HubAccount[]): Promise<string | undefined>;
  stop(): void;
}

interface KeeperDeps {
  readonly ticker: Ticker;
  readonly log: Log;
  readonly sys: Link;
  /** The hub as it is now. */
  here(): HubHere;
}

const lookup_ms = 2000;
/** Besides each time that an account is brought by anybody. */
const lookEvery_ms = 10_000;
/** Whoever brings old ones again and again must not fill the log. */
const sayEvery_ms = 60_000;
/** All ways by which nats-server takes an account. */
const updates = [
  '$SYS.REQ.CLAIMS.UPDATE',
  '$SYS.REQ.ACCOUNT.*.CLAIMS.UPDATE',
  '$SYS.ACCOUNT.*.CLAIMS.UPDATE',
] as const;

/** The JWTs of an account that the servers have. */
async function accountsAt(sys: Link, publicKey: string, count: number): Promise<string[]> {
  const found: string[] = [];
  await sys.request(`$SYS.REQ.ACCOUNT.${publicKey}.CLAIMS.LOOKUP`, '', {
    timeout_ms: lookup_ms,
    accept: (data) => found.push(new TextDecoder().decode(data)) >= count,
  });
  return found;
}

/** The last ones that were seen, by public key: what nats-server has of them it writes over. */
function seenAccounts(dir: string): Record<string, string> {
  try {
    const found: unknown = JSON.parse(readOrUndefined(runPath(dir, 'accounts')) ?? '');
    return isObject(found) ? (found as Record<string, string>) : {};
  } catch {
    return {};
  }
}

interface Keeping extends KeeperDeps {
  seen: Record<string, string> | undefined;
  /** Monotonic ms before which nothing more is said. */
  saidAfter_ms: number;
  isWorking: boolean;
  isDue: boolean;
}

/** The last one of these and of that which was seen; it is remembered. */
function youngest(keeping: Keeping, publicKey: string, jwts: readonly string[]): string | undefined {
  const { dir, file } = keeping.here();
  keeping.seen ??= seenAccounts(dir);
  const before = keeping.seen[publicKey];
  const all = before === undefined ? jwts : [before, ...jwts];
  const best = youngestOf(all, file.publicKeys['operator-signing']);
  if (best === undefined || best === before) return best;
  keeping.seen[publicKey] = best;
  writeAtomic(runPath(dir, 'accounts'), JSON.stringify(keeping.seen));
  return best;
}

/** What of an account is known, and how many servers there are. */
const placeOf = ({ here }: Keeping, account: HubAccount) => {
  const { dir, file, cluster } = here();
  return { dir, publicKey: file.publicKeys[account], count: Math.max(1, cluster.length) };
};

async function bringOne(keeping: Keeping, account: HubAccount): Promise<void> {
  const { dir, publicKey, count } = placeOf(keeping, account);
  const own = readIfThere(hubPaths(dir).accountJwt(publicKey))?.trim();
  const there = await accountsAt(keeping.sys, publicKey, count);
  const best = youngest(keeping, publicKey, own === undefined ? there : [own, ...there]);
  if (best !== undefined) await pushAccount(keeping.sys, best, count);
}

/** Brings an account again where a server has another than the last one. */
async function lookAt(keeping: Keeping, account: HubAccount): Promise<void> {
  const { sys, ticker, log } = keeping;
  const { publicKey, count } = placeOf(keeping, account);
  const found = await accountsAt(sys, publicKey, count);
  const best = youngest(keeping, publicKey, found);
  if (best === undefined || found.every((jwt) => jwt === best)) return;
  const now_ms = ticker.now_ms();
  if (now_ms >= keeping.saidAfter_ms) {
    keeping.saidAfter_ms = now_ms + sayEvery_ms;
    log.warn(
      "a server had an account that is not the last one: it is told again. If nobody restored it, somebody has the creds of hub-sys: see 'nunect-hub init --new-issuer'",
      { account: account.toUpperCase() },
    );
  }
  await pushAccount(sys, best, count);
}

/** Looks at all accounts, and once more where it is asked for meanwhile. */
async function look(keeping: Keeping): Promise<void> {
  keeping.isDue = true;
  if (keeping.isWorking || !keeping.sys.state().connected) return;
  keeping.isWorking = true;
  try {
    while (keeping.isDue) {
      keeping.isDue = false;
      for (const account of hubAccounts) await lookAt(keeping, account);
    }
  } catch (error) {
    keeping.log.debug('accounts', { why: messageOf(error) }); // it is looked again soon
  } finally {
    keeping.isWorking = false;
  }
}

/** Keeps them, until it is stopped. */
export function keepAccounts(deps: KeeperDeps): AccountKeeper {
  const { sys, ticker } = deps;
  const keeping: Keeping = {
    ...deps,
    seen: undefined,
    saidAfter_ms: 0,
    isWorking: false,
    isDue: false,
  };
  const begin = (): void => void look(keeping);
  const ends = [
    ...updates.map((subject) => sys.subscribe(subject, begin)),
    ticker.every(lookEvery_ms, begin),
    sys.onChange(({ connected }) => connected && begin()),
  ];
  return {
    async bring(accounts = hubAccounts) {
      try {
        for (const account of accounts) await bringOne(keeping, account);
        return undefined;
      } catch (error) {
        return messageOf(error);
      }
    },
    stop() {
      for (const end of ends) end();
    },
  };
}
