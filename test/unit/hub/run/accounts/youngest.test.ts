import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nkeys } from '@nats-io/transport-node';
import { operatorJwt } from '../../../../../agent/hub/kit/jwt.ts';
import { youngestOf } from '../../../../../agent/hub/run/accounts/youngest.ts';

const [operator, stranger] = [nkeys.createOperator(), nkeys.createOperator()];
const key = operator.getPublicKey();
const jwt = (made_s: number, signer = operator, name = 'x'): string =>
  operatorJwt(name, signer, { signingKey: key, systemAccount: 'A' }, made_s);

test('of several the last one that the operator has signed counts', () => {
  const [first, second] = [jwt(1), jwt(2)];
  assert.equal(youngestOf([first, second], key), second);
  assert.equal(youngestOf([second, first], key), second);
  assert.equal(youngestOf([second, jwt(3, stranger)], key), second);
  const same = jwt(2, operator, 'of the same second');
  assert.equal(youngestOf([second, same], key), second, 'the one that was there first');
});

test('one with another time, another issuer, or another signature in it is none', () => {
  const [head = '', body = '', signature = ''] = jwt(1).split('.');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  const changed = (change: object): string =>
    `${head}.${Buffer.from(JSON.stringify({ ...claims, ...change })).toString('base64url')}.${signature}`;
  const others = [
    changed({ iat: 9 }),
    changed({ iss: stranger.getPublicKey() }),
    `${jwt(9).slice(0, -4)}AAAA`,
    '',
    'x',
  ];
  assert.equal(youngestOf(others, key), undefined);
  const [, , foreign = ''] = jwt(9, stranger).split('.');
  assert.equal(youngestOf([`${head}.${body}.${foreign}`], key), undefined);
  assert.equal(youngestOf([...others, jwt(1)], key), jwt(1));
});
