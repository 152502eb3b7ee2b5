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
    readonly imports?: readonly object[];
    readonly exports?: readonly object[];
  };
}
const said = (account: (typeof hubAccounts)[number], revocations = {}, more: Partial<HubFile> = {}): Said => {
  const hub = { publicKeys, ...more };
  const [, body = ''] = hubAccountJwt(account, hub, revocations, signer, 1).split('.');
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

test('what peers say to each other at an isolated hub goes nowhere besides; accounts of others are as they always were', () => {
  const isolated = (account: (typeof hubAccounts)[number]) => said(account, {}, { isolated: true }).nats;
  const to = { account: 'Aenrol', type: 'service' };
  assert.deepEqual(isolated('fleet').imports, [
    { name: 'echoes of peers', local_subject: 'ops.echo.$1', subject: 'nowhere.*', ...to },
    { name: 'answers of peers', local_subject: '_INBOX.$1.$2', subject: 'nowhere.*.*', ...to },
  ]);
  assert.deepEqual(isolated('enrol').exports, [{ name: 'nowhere.>', subject: 'nowhere.>', type: 'service' }]);
  for (const account of hubAccounts) {
    const { imports, exports } = said(account).nats;
    assert.deepEqual([imports, exports], [undefined, undefined]);
  }
  assert.deepEqual([isolated('sys').exports, isolated('book').imports], [undefined, undefined]);
});

test('who is revoked stands in the account', () => {
  assert.deepEqual(said('fleet', { UX: 7 }).nats.revocations, { UX: 7 });
});
