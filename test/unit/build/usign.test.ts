import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { projectRoot } from '../../kit/process/tools.ts';

interface Secret {
  readonly id: Buffer;
}
let newKeys: () => { fingerprint: string; secretFile: string; publicFile: string };
let readSecret: (text: string) => Secret;
let publicFileOf: (key: Secret) => string;
let signatureFile: (key: Secret, message: Buffer) => string;
let padded: (message: Buffer) => Buffer;

before(async () => {
  const module = await import(join(projectRoot, 'build/usign.mjs')); // a plain program without types
  ({ newKeys, readSecret, publicFileOf, signatureFile, padded } = module);
});

// made by OpenWrt's usign (c4c72b1): usign -G -s test.sec -p test.pub; usign -S -s test.sec -m message
const theirs = {
  secret: `untrusted comment: of a test, signs nothing else
RWRCSwAAAADdLy2Y0YBxCoKT98rk2KgiXzzJTfz4ylFMF3bVkdNglSiahWWvM1LJKj9BOUYLUs3STUS1Q/GdDNFHlYnzWGZtQFNA9OgH95YZUuQGL0+HV7BKdFrfK41EbZ/IvizJ1iA=
`,
  public: 'RWRMF3bVkdNglUBTQPToB/eWGVLkBi9Ph1ewSnRa3yuNRG2fyL4sydYg',
  message: Buffer.from('Package: a\nVersion: 1\n'),
  signature: `untrusted comment: signed by key 4c1776d591d36095
RWRMF3bVkdNglSzCUAS3L0PCCEcKr9sRKWESBVYlG/ZULdBo4FTeQnddHAWhG8WP51mnOiPs47puqs5nlghH8IAhXjD+5BSPTwA=
`,
};

/** The bytes in the second line of a file of usign. */
const bytesOf = (text: string): Buffer => {
  const [comment = '', base64 = '', ...rest] = text.split('\n');
  assert.match(comment, /^untrusted comment: /);
  assert.deepEqual(rest, ['']);
  return Buffer.from(base64, 'base64');
};

describe("usign's format", () => {
  it('gives the signature that usign itself gives, with its key', () => {
    assert.equal(signatureFile(readSecret(theirs.secret), theirs.message), theirs.signature);
  });

  it('gives the public key that usign itself gives', () => {
    const text = publicFileOf(readSecret(theirs.secret));
    assert.equal(text, `untrusted comment: public key 4c1776d591d36095\n${theirs.public}\n`);
  });

  it('makes keys of the same layout, each time others', () => {
    const keys = newKeys();
    const secret = bytesOf(keys.secretFile);
    assert.equal(secret.length, bytesOf(theirs.secret).length);
    assert.equal(secret.toString('latin1', 0, 8), 'EdBK\0\0\0\0');
    assert.equal(secret.toString('hex', 32, 40), keys.fingerprint);
    assert.equal(bytesOf(keys.publicFile).length, 42);
    assert.equal(publicFileOf(readSecret(keys.secretFile)), keys.publicFile);
    assert.notEqual(newKeys().secretFile, keys.secretFile);
  });

  const changed = (change: (bytes: Buffer) => void): string => {
    const bytes = bytesOf(theirs.secret);
    change(bytes);
    return `untrusted comment: x\n${bytes.toString('base64')}\n`;
  };
  for (const [what, text, complaint] of [
    ['a public key', `untrusted comment: x\n${theirs.public}\n`, /no secret key/],
    ['an empty file', '', /no secret key/],
    ['a damaged key', changed((bytes) => bytes.writeUInt8(bytes.readUInt8(50) ^ 1, 50)), /damaged/],
    ['a key with a password', changed((bytes) => bytes.writeUInt32BE(42, 4)), /password/],
  ] as const)
    it(`refuses ${what}`, () => assert.throws(() => readSecret(text), complaint));

  it("pads only the sizes at which old usigns' SHA-512 goes wrong, and never into another of them", () => {
    for (let size = 0; size < 400; size++) {
      const length = padded(Buffer.alloc(size)).length;
      assert.equal(length, [110, 111].includes((64 + size) % 128) ? size + 2 : size);
      assert.ok(![110, 111].includes((64 + length) % 128));
    }
  });
});
