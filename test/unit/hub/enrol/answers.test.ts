import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nkeys } from '@nats-io/transport-node';
import { verifyNkey } from '../../../../agent/enrol/ask.ts';
import { accepted, answerTo, type IssuerHub, tokenOf } from '../../../../agent/hub/enrol/answers.ts';
import { orderRenaming } from '../../../../agent/hub/enrol/orders.ts';
import { defaultHubPorts, type HubFile, hubKeys } from '../../../../agent/hub/kit/hubdir.ts';
import { longestEnrolText, parseEnrolAnswer, parseEnrolToken, sealed } from '../../../../agent/wire/enrol.ts';
import { board, fakeKey } from '../../../kit/hub/bound.ts';
import { seedOf } from '../../../kit/hub/jwt.ts';

const keys = {
  unit: nkeys.createAccount(),
  token: nkeys.createAccount(),
  renew: nkeys.createAccount(),
  answers: nkeys.createAccount(),
};
const publicKeys = Object.fromEntries(
  Object.keys(hubKeys).map((name) => [
    name,
    name in keys ? keys[name as keyof typeof keys].getPublicKey() : `K-${name}`,
  ]),
) as HubFile['publicKeys'];
const hub: IssuerHub = {
  file: {
    v: 1,
    servers: ['a.example', 'b.example', 'c.example'],
    server: 'a.example',
    tls: { by: 'own' },
    ports: defaultHubPorts,
    keysDir: 'keys',
    days: 90,
    kept: { days: 1, bytes: 1 },
    publicKeys,
  },
  keys,
  ca: `-----BEGIN CERTIFICATE-----\n${'A'.repeat(2000)}\n-----END CERTIFICATE-----\n`,
  caPin: 'pin',
};

interface Claims {
  readonly iss: string;
  readonly iat: number;
  readonly exp: number;
  readonly name: string;
  readonly sub: string;
  readonly nats: Readonly<Record<string, unknown>>;
}
/** What a JWT says, which that key must have signed. */
function claims(jwt: string, by: string): Claims {
  const [head = '', body = '', signature = ''] = jwt.split('.');
  assert.ok(verifyNkey(by, Buffer.from(`${head}.${body}`), Buffer.from(signature, 'base64url')));
  return JSON.parse(Buffer.from(body, 'base64url').toString()) as Claims;
}

test('a router that is admitted gets a login of its unit and one for renewals, and where to go', () => {
  const place = board();
  place.token('t1', { unit: 'r4-07' });
  const decision = place.ask('t1', 1, { role: 'relay' });
  const answer = answerTo(decision, { key: fakeKey(1), nonce: 'n' }, hub);
  assert.ok(answer.state === 'accepted');
  const login = claims(answer.jwt, keys.unit.getPublicKey());
  assert.deepEqual([login.name, login.sub, login.exp], ['r4-07', fakeKey(1), answer.until_s]);
  assert.deepEqual(login.nats, { issuer_account: 'K-fleet', tags: ['role:relay'], type: 'user', version: 2 });
  assert.equal(login.exp - login.iat, 90 * 86_400);
  const renewal = claims(answer.renew_jwt, keys.renew.getPublicKey());
  assert.deepEqual([renewal.name, renewal.sub], [fakeKey(1), fakeKey(1)]);
  assert.deepEqual(renewal.nats, { issuer_account: 'K-enrol', type: 'user', version: 2 });
  assert.ok(renewal.exp - renewal.iat > 9.9 * 365 * 86_400);
  assert.deepEqual(answer.leaf_urls, [
    'tls://a.example:7422',
    'tls://b.example:7422',
    'tls://c.example:7422',
  ]);
  const text = sealed(answer, keys.answers);
  assert.ok(text.length < longestEnrolText / 2, `${text.length} bytes`);
  const to = { hub: keys.answers.getPublicKey(), key: fakeKey(1), nonce: 'n' };
  assert.deepEqual(parseEnrolAnswer(text, to, verifyNkey), { ok: true, value: answer });
});

test('a login that is made in the second in which the last one was revoked is younger than that', () => {
  const place = board();
  place.token('t1');
  place.ask('t1', 1, { unit: 'a' });
  const renamed = place.order(orderRenaming(place.bindings, 'a', 'b', place.now_ms()), (record) => [record]);
  const answer = accepted({ key: fakeKey(1), nonce: 'n' }, renamed, hub);
  assert.ok(answer.state === 'accepted');
  const revoked_s = Math.floor(place.now_ms() / 1000);
  for (const [jwt, by] of [
    [answer.jwt, keys.unit],
    [answer.renew_jwt, keys.renew],
  ] as const)
    assert.ok(claims(jwt, by.getPublicKey()).iat > revoked_s);
});

test('who waits or is refused hears it, and gets no login', () => {
  const place = board();
  place.token('t1', { auto: false });
  const of = (token: string) =>
    answerTo(place.ask(token, 1, { unit: 'a' }), { key: fakeKey(1), nonce: 'n' }, hub);
  assert.deepEqual(of('t1'), { v: 1, key: fakeKey(1), nonce: 'n', state: 'pending' });
  const refused = of('t2');
  assert.ok(refused.state === 'refused' && refused.code === 'token_unknown' && refused.why !== '');
});

test('a token is read as it was made, and its login is of its key and ends with it', () => {
  const place = board();
  const user = nkeys.createUser();
  const record = place.token('t1', { login: user.getPublicKey() });
  const read = parseEnrolToken(tokenOf(record, seedOf(user), hub));
  assert.ok(read.ok);
  const { jwt, ...rest } = read.value;
  const until_s = Math.floor(record.until_ms / 1000);
  assert.deepEqual(rest, {
    v: 1,
    id: 't1',
    urls: ['tls://a.example:4222', 'tls://b.example:4222', 'tls://c.example:4222'],
    ca: 'pin',
    hub: keys.answers.getPublicKey(),
    seed: seedOf(user),
    until_s,
  });
  const login = claims(jwt, keys.token.getPublicKey());
  assert.deepEqual([login.name, login.sub, login.exp], ['t1', user.getPublicKey(), until_s]);
});
