// What stands in for nkeys in the bundles, held against nkeys itself.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { nkeys } from '@nats-io/transport-node';
import { projectRoot } from '../../kit/process/tools.ts';

type FromSeed = (seed: Uint8Array) => Pick<ReturnType<typeof nkeys.fromSeed>, 'getPublicKey' | 'sign'>;
let ours: { fromSeed: FromSeed; encode(bytes: Uint8Array): string };
before(async () => {
  ours = await import(join(projectRoot, 'build/nkeys.mjs')); // a plain program without types
});

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
