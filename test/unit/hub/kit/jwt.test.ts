import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nkeys } from '@nats-io/transport-node';
import {
  accountJwt,
  fullUserJwt,
  isSameJwt,
  operatorJwt,
  revocationsIn,
  scopedUserJwt,
} from '../../../../agent/hub/kit/jwt.ts';

const now_s = 1_800_000_000;
const operator = nkeys.createOperator();
const signing = nkeys.createOperator();
const account = nkeys.createAccount();
const unit = nkeys.createAccount();
const users = nkeys.createAccount();
const user = nkeys.createUser();

/** What a JWT says, once nkeys itself has found its signature right. */
function claimsOf(jwt: string): Record<string, unknown> & { nats: Record<string, unknown> } {
  const [head = '', body = '', signature = ''] = jwt.split('.');
  const text = (part: string): string => Buffer.from(part, 'base64url').toString();
  assert.deepEqual(JSON.parse(text(head)), { typ: 'JWT', alg: 'ed25519-nkey' });
  const claims = JSON.parse(text(body));
  const signer = nkeys.fromPublic(claims.iss);
  assert.ok(signer.verify(Buffer.from(`${head}.${body}`), Buffer.from(signature, 'base64url')));
  return claims;
}

test('an operator names who signs accounts, and the account of the system', () => {
  const said = { signingKey: signing.getPublicKey(), systemAccount: account.getPublicKey() };
  const claims = claimsOf(operatorJwt('nunect', operator, said, now_s));
  assert.equal(claims['iss'], operator.getPublicKey());
  assert.equal(claims['sub'], operator.getPublicKey());
  assert.equal(claims['iat'], now_s);
  assert.deepEqual(claims.nats, {
    signing_keys: [signing.getPublicKey()],
    system_account: account.getPublicKey(),
    type: 'operator',
    version: 2,
  });
});

const template = {
  publish: ['a.{{name()}}'],
  subscribe: ['b'],
  by: ['LEAFNODE'],
  payload: 100,
  subs: 3,
};
const accountClaims = {
  name: 'FLEET',
  key: account.getPublicKey(),
  scoped: [{ key: unit.getPublicKey(), role: 'unit', template }],
  signing: [users.getPublicKey()],
  hasJetStream: true,
  leafs: -1,
  revocations: { [user.getPublicKey()]: 5 },
};

test('an account has its signing keys, the scoped ones with their templates, and whom it revokes', () => {
  const claims = claimsOf(accountJwt(accountClaims, signing, now_s));
  assert.equal(claims['iss'], signing.getPublicKey());
  assert.equal(claims['sub'], account.getPublicKey());
  const [plain, scope] = claims.nats['signing_keys'] as unknown[];
  assert.equal(plain, users.getPublicKey());
  assert.deepEqual(scope, {
    kind: 'user_scope',
    key: unit.getPublicKey(),
    role: 'unit',
    template: {
      pub: { allow: ['a.{{name()}}'] },
      sub: { allow: ['b'] },
      subs: 3,
      data: -1,
      payload: 100,
      allowed_connection_types: ['LEAFNODE'],
    },
  });
  assert.deepEqual(revocationsIn(accountJwt(accountClaims, signing, now_s)), { [user.getPublicKey()]: 5 });
});

test('an account without JetStream has no storage', () => {
  const limits = claimsOf(accountJwt({ ...accountClaims, hasJetStream: false, leafs: 0 }, signing, now_s))
    .nats['limits'] as Record<string, unknown>;
  assert.equal(limits['disk_storage'], undefined);
  assert.equal(limits['leaf'], 0);
});

test('no revocations are read of what is no JWT', () => {
  for (const text of ['', 'a', 'a.b.c', `a.${Buffer.from('[]').toString('base64url')}.c`])
    assert.deepEqual(revocationsIn(text), {});
});

test('a user of a scoped key has nothing that its template has: the server would refuse it', () => {
  const claims = {
    name: 'ship-7',
    key: user.getPublicKey(),
    account: account.getPublicKey(),
    until_s: now_s + 60,
    tags: ['role:leaf'],
  };
  const said = claimsOf(scopedUserJwt(claims, unit, now_s));
  assert.equal(said['exp'], now_s + 60);
  assert.equal(said['name'], 'ship-7');
  assert.equal(said['iss'], unit.getPublicKey());
  assert.deepEqual(said.nats, {
    issuer_account: account.getPublicKey(),
    tags: ['role:leaf'],
    type: 'user',
    version: 2,
  });
});

test('a user with all rights says of which account, as its signer may be one of several, and need not end', () => {
  const claims = { name: 'hub', key: user.getPublicKey(), account: account.getPublicKey() };
  const said = claimsOf(fullUserJwt(claims, users, now_s));
  assert.equal('exp' in said, false);
  assert.equal(said['iss'], users.getPublicKey());
  const of = { issuer_account: account.getPublicKey() };
  assert.deepEqual(said.nats, { ...of, subs: -1, data: -1, payload: -1, type: 'user', version: 2 });
});

test('the same claims at the same second are the same JWT, others have another id', () => {
  const claims = { name: 'hub', key: user.getPublicKey(), account: account.getPublicKey() };
  const [one, same, other] = [claims, claims, { ...claims, name: 'other' }].map((each) =>
    fullUserJwt(each, account, now_s),
  );
  assert.equal(one, same);
  assert.notEqual(claimsOf(one ?? '')['jti'], claimsOf(other ?? '')['jti']);
});

test('JWTs are the same whenever they were made, not whoever they are of', () => {
  const claims = { name: 'hub', key: user.getPublicKey(), account: account.getPublicKey() };
  const jwt = fullUserJwt(claims, account, now_s);
  assert.ok(isSameJwt(jwt, fullUserJwt(claims, account, now_s + 5)));
  assert.ok(!isSameJwt(jwt, fullUserJwt({ ...claims, name: 'other' }, account, now_s)));
  assert.ok(!isSameJwt(jwt, fullUserJwt(claims, unit, now_s)));
  assert.ok(!isSameJwt(jwt, ''));
});
