// Brings to the servers whose logins are void: account JWTs with revocations, which close their connections at once.
import { messageOf } from '../../lib/errors.ts';
import type { Link } from '../../nats/link.ts';
import { pushAccount } from '../asks/pushaccount.ts';
import type { Bindings } from '../book/bindings.ts';
import { type Book, clearLeft } from '../book/book.ts';
import { hubAccountJwt } from '../kit/accounts.ts';
import type { HubFile } from '../kit/hubdir.ts';
import { type JwtSigner, madeAfter_s, revocationsIn } from '../kit/jwt.ts';
import { type Revocations, revocationsOf } from './revocations.ts';

/** What came of it. `servers`: those that have taken the accounts; each of the others does when it is there again. */
export type RevokingOutcome =
  | { readonly state: 'nothing due' }
  | { readonly state: 'done'; readonly servers: number }
  /** `isDue`: there are logins that are void and hold. */
  | { readonly state: 'failed'; readonly why: string; readonly isDue: boolean };

const accounts = { fleet: 'FLEET', enrol: 'ENROL' } as const;
/** For servers on other machines; the last of them ends the wait. */
const patience_ms = 2000;

/** Those that the account has to revoke besides what it revokes; undefined where it revokes all of them. */
function missing(due: Revocations, revoked: Revocations): Revocations | undefined {
  const lacking = Object.entries(due).filter(([key, at_s]) => (revoked[key] ?? -1) < at_s);
  return lacking.length === 0 ? undefined : { ...revoked, ...Object.fromEntries(lacking) };
}

/**
 * The accounts that do not revoke yet what is void, each with all that it has to, and the second at which it is to be made:
 * of two the servers keep the later one. Throws where no server answers.
 */
async function due(
  sys: Link,
  { publicKeys }: HubFile,
  bindings: Bindings,
  now_ms: number,
): Promise<
  { readonly account: keyof typeof accounts; readonly revocations: Revocations; readonly made_s: number }[]
> {
  const found = [];
  for (const account of ['fleet', 'enrol'] as const) {
    const subject = `$SYS.REQ.ACCOUNT.${publicKeys[account]}.CLAIMS.LOOKUP`;
    const answer = await sys.request(subject, '', { timeout_ms: patience_ms });
    if (answer.kind !== 'reply') throw new Error(`the server does not tell its accounts: ${answer.kind}`);
    const jwt = new TextDecoder().decode(answer.message.data);
    const revocations = missing(revocationsOf(bindings, accounts[account], now_ms), revocationsIn(jwt));
    const made_s = madeAfter_s(jwt, Math.floor(now_ms / 1000));
    if (revocations !== undefined) found.push({ account, revocations, made_s });
  }
  return found;
}

/** Two that revoke at once may each undo what the other has told: looked at again, it is told again. */
const mostRounds = 5;

/**
 * Tells the servers what is void, as far as they do not know; `signer` is asked for only where something is due. Clears first
 * what has no more meaning in the book.
 */
export async function bringRevocations(
  sys: Link,
  file: HubFile,
  book: Book,
  signer: () => JwtSigner | { readonly lacking: string },
  now_ms: number,
): Promise<RevokingOutcome> {
  let servers: number | undefined;
  let isDue = false;
  try {
    await clearLeft(book);
    for (let round = 0; round < mostRounds; round += 1) {
      const wanted = await due(sys, file, book.bindings(), now_ms);
      if (wanted.length === 0) break;
      isDue = true;
      const key = signer();
      if ('lacking' in key) return { state: 'failed', why: key.lacking, isDue };
      const taken: number[] = [];
      for (const { account, revocations, made_s } of wanted) {
        const jwt = hubAccountJwt(account, file, revocations, key, made_s);
        taken.push(await pushAccount(sys, jwt, file.servers.length));
      }
      servers = Math.min(...taken);
      await book.catchUp();
    }
    return servers === undefined ? { state: 'nothing due' } : { state: 'done', servers };
  } catch (error) {
    return { state: 'failed', why: messageOf(error), isDue };
  }
}
