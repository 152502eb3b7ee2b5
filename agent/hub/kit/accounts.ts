// The accounts of a hub with their keys and templates. Pure.

import { echoOf, peerInboxPrefixOf } from '../../wire/subjects.ts';
import type { HubFile } from './hubdir.ts';
import { type AccountClaims, accountJwt, type JwtSigner } from './jwt.ts';
import { renewTemplate, tokenTemplate, unitTemplate } from './templates.ts';

/**
 * Name of each account, the scoped signing keys with what their users may do, and how many leaf nodes it may have. Key `users`
 * signs in all of them, and no account itself does: whom a key has signed is out once no account names it.
 */
const made = {
  sys: { name: 'SYS', scoped: [], leafs: 0 },
  fleet: { name: 'FLEET', scoped: [['unit', unitTemplate]], leafs: -1 },
  enrol: {
    name: 'ENROL',
    scoped: [
      ['token', tokenTemplate],
      ['renew', renewTemplate],
    ],
    leafs: 0,
  },
  // nobody else is in it: whoever may write to a stream can have its acknowledgement stored by any other of the account
  book: { name: 'BOOK', scoped: [], leafs: 0 },
} as const;

/** The accounts by the names of their keys. */
export const hubAccounts = ['sys', 'fleet', 'enrol', 'book'] as const;
export type HubAccount = (typeof hubAccounts)[number];

/** Nobody hears it, in an account where users of units and of strangers may hear nothing of the kind. */
const nowhere = 'nowhere';

/**
 * An isolated hub does not tell its leafs which others are there. That peers reach each other nevertheless, their leafs must
 * know of somebody who wants what goes from one to the other: nowhere does, in the servers themselves. A client that heard it
 * would have to run, and count as one who answers for a unit that is not there.
 */
function peersOf(account: HubAccount, publicKeys: HubFile['publicKeys']): Partial<AccountClaims> {
  if (account === 'enrol') return { exports: [`${nowhere}.>`] };
  if (account !== 'fleet') return {};
  const to = (name: string, local_subject: string, rest: string) => ({
    ...{ name, local_subject, account: publicKeys.enrol, subject: `${nowhere}.${rest}` },
  });
  return {
    imports: [
      to('echoes of peers', echoOf('$1'), '*'),
      to('answers of peers', `${peerInboxPrefixOf('$1')}.$2`, '*.*'),
    ],
  };
}

/**
 * The JWT of an account. Who is revoked stays so only if `revocations` says so, with the
 * time until which JWTs of that user were made, in Unix seconds.
 */
export function hubAccountJwt(
  account: HubAccount,
  { publicKeys, isolated }: Pick<HubFile, 'publicKeys' | 'isolated'>,
  revocations: Readonly<Record<string, number>>,
  operatorSigning: JwtSigner,
  now_s: number,
): string {
  const { name, scoped, leafs } = made[account];
  return accountJwt(
    {
      name,
      key: publicKeys[account],
      signing: [publicKeys.users],
      scoped: scoped.map(([key, template]) => ({ key: publicKeys[key], role: key, template })),
      hasJetStream: account !== 'sys',
      leafs,
      revocations,
      ...(isolated ? peersOf(account, publicKeys) : {}),
    },
    operatorSigning,
    now_s,
  );
}
