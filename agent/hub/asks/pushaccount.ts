// Accounts that a hub's servers are told of.
import { isObject } from '../../lib/parse.ts';
import type { Link } from '../../nats/link.ts';
import { parseApiReply } from './api.ts';

/** For servers on other machines; the last of them ends the wait. */
const patience_ms = 2000;

/** Why a server did not take an account; undefined where it did. */
function refusalIn(data: Uint8Array): string | undefined {
  const reply = parseApiReply(data);
  if (!reply.ok) return reply.why;
  const { error, data: done } = reply.value;
  if (isObject(error)) return String(error['description']);
  return isObject(done) && done['code'] === 200 ? undefined : 'the answer is not understood';
}

/** Brings the JWT of an account to `servers`; gives how many took it. Throws where one refuses it, or none answers. */
export async function pushAccount(sys: Link, jwt: string, servers: number): Promise<number> {
  let taken = 0;
  const refusals: string[] = [];
  await sys.request('$SYS.REQ.CLAIMS.UPDATE', jwt, {
    timeout_ms: patience_ms,
    accept(data) {
      const why = refusalIn(data);
      if (why === undefined) taken += 1;
      else refusals.push(why);
      return taken + refusals.length >= servers;
    },
  });
  if (refusals[0] !== undefined) throw new Error(`nats-server refuses the account: ${refusals[0]}`);
  if (taken === 0) throw new Error('no server takes the account: no answer');
  return taken;
}
