// Our nkeys, which stand in for those of nats.js in the programs, held against those.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nkeys } from '@nats-io/transport-node';
import * as ourMakers from '../../../../agent/lib/nkeys/nkeymakers.ts';
import * as ourNkeys from '../../../../agent/lib/nkeys/nkeys.ts';

type FromSeed = (seed: Uint8Array) => unknown;
const ours = { ...ourNkeys, ...ourMakers };

const makers = [
  nkeys.createUser,
  nkeys.createAccount,
  nkeys.createOperator,
  nkeys.createServer,
  nkeys.createCluster,
];
const challenge = new TextEncoder().encode('the nonce of a server');

test('of a seed of every kind it has the public key and signs as nkeys does', () => {
  for (const make of makers)
    for (let i = 0; i < 20; i++) {
      const pair = make();
      const own = ours.fromSeed(pair.getSeed());
      assert.equal(own.getPublicKey(), pair.getPublicKey());
      assert.deepEqual(own.getSeed(), pair.getSeed());
      const signed = own.sign(challenge);
      assert.deepEqual(signed, pair.sign(challenge));
      assert.equal(ours.encode(signed), nkeys.encode(pair.sign(challenge)));
    }
});

test('it refuses what nkeys refuses, a seed with another letter anywhere, cut off, or a public key; and a longer one', () => {
  const isRefused = (fromSeed: FromSeed, seed: Uint8Array): boolean => {
    try {
      fromSeed(seed);
      return false;
    } catch {
      return true;
    }
  };
  const seed = nkeys.createUser().getSeed();
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const flipped = (byte: number): number =>
    letters.charCodeAt(letters.indexOf(String.fromCharCode(byte)) ^ 16);
  const changed = [...seed.keys()].map((at) => seed.with(at, flipped(seed[at] ?? 0)));
  const other = [
    seed.slice(0, -1),
    new Uint8Array(0),
    new TextEncoder().encode(nkeys.createUser().getPublicKey()),
  ];
  for (const one of [...changed, ...other]) {
    assert.ok(isRefused(ours.fromSeed, one), new TextDecoder().decode(one));
    assert.ok(isRefused(nkeys.fromSeed, one));
  }
  assert.ok(isRefused(ours.fromSeed, Uint8Array.of(...seed, 65)));
});

test('keys that it makes are fresh keys of their kind, as nkeys finds them', () => {
  for (const [make, letter] of [
    [ours.createOperator, 'O'],
    [ours.createAccount, 'A'],
    [ours.createUser, 'U'],
  ] as const) {
    const [own, other] = [make(), make()];
    const pair = nkeys.fromSeed(own.getSeed());
    assert.equal(own.getPublicKey(), pair.getPublicKey());
    assert.equal(own.getPublicKey()[0], letter);
    assert.notEqual(own.getPublicKey(), other.getPublicKey());
  }
});

test('by a public key it tells right signatures from wrong ones as nkeys does', () => {
  for (const make of makers) {
    const pair = make();
    const own = ours.fromPublic(pair.getPublicKey());
    const signature = pair.sign(challenge);
    assert.ok(own.verify(challenge, signature));
    assert.ok(!own.verify(challenge.subarray(1), signature));
    assert.ok(!own.verify(challenge, signature.with(3, (signature[3] ?? 0) ^ 1)));
    assert.ok(!own.verify(challenge, signature.subarray(1)));
    assert.ok(!own.verify(challenge, make().sign(challenge)));
  }
});

test('it takes no public key with another letter, cut off, of no kind, or a seed', () => {
  const key = nkeys.createUser().getPublicKey();
  const other = [...key].map(
    (letter, at) => `${key.slice(0, at)}${letter === 'A' ? 'B' : 'A'}${key.slice(at + 1)}`,
  );
  const seed = new TextDecoder().decode(nkeys.createUser().getSeed());
  for (const text of [
    ...other.filter((one) => one !== key),
    key.slice(1),
    '',
    `${key}A`,
    seed,
    '0'.repeat(56),
  ])
    assert.throws(() => ours.fromPublic(text), text);
});
