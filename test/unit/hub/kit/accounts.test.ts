import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nkeys } from '@nats-io/transport-node';
import { hubAccountJwt, hubAccounts } from '../../../../agent/hub/kit/accounts.ts';
import { type HubFile, hubKeys } from '../../../../agent/hub/kit/hubdir.ts';

const publicKeys = Object.fromEntries(
  Object.keys(hubKeys).map((key) => [key, `A${key}`]),
) as HubFile['publicKeys'];
const signer = nkeys.createOperator();

interface Said {
  readonly name: string;
  readonly sub: string;
  readonly nats: {
    readonly signing_keys: readonly (string | { readonly key: string })[];
    readonly limits: { readonly leaf: number; readonly disk_storage?: number };
    readonly revocations: Readonly<Record<string, number>>;
  };
}
const said = (account: (typeof hubAccounts)[number], revocations = {}): Said => {
  const [, body = ''] = hubAccountJwt(account, { publicKeys }, revocations, signer, 1).split('.');
  return JSON.parse(Buffer.from(body, 'base64url').toString()) as Said;
};

const keyOf = (signing: Said['nats']['signing_keys'][number]): string =>
  typeof signing === 'string' ? signing : `${signing.key} with a scope`;

test('each account has its own scoped keys, all that of the users; leafs join the fleet only', () => {
  assert.deepEqual(
    hubAccounts.map((account) => {
      const { name, sub, nats } = said(account);
      return [name, sub, nats.limits.leaf, nats.limits.disk_storage, nats.signing_keys.map(keyOf)];
    }),
    [
      ['SYS', 'Asys', 0, undefined, ['Ausers']],
      ['FLEET', 'Afleet', -1, -1, ['Ausers', 'Aunit with a scope']],
      ['ENROL', 'Aenrol', 0, -1, ['Ausers', 'Atoken with a scope', 'Arenew with a scope']],
      ['BOOK', 'Abook', 0, -1, ['Ausers']],
    ],
  );
});

test('who is revoked stands in the account', () => {
  assert.deepEqual(said('fleet', { UX: 7 }).nats.revocations, { UX: 7 });
});
