// Stands in for tweetnacl in the bundle: of it, nkeys only needs Ed25519, which node's own crypto has. Saves 33 KB.
const { createPrivateKey, createPublicKey, randomBytes, sign, verify } = require('node:crypto');

/** What stands before the 32 bytes of a key in DER: PKCS #8 and SPKI of Ed25519 (RFC 8410). */
const privateHead = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicHead = Buffer.from('302a300506032b6570032100', 'hex');

const privateKey = (seed) =>
  createPrivateKey({ key: Buffer.concat([privateHead, seed]), format: 'der', type: 'pkcs8' });
const publicKey = (raw) =>
  createPublicKey({ key: Buffer.concat([publicHead, raw]), format: 'der', type: 'spki' });

/** As tweetnacl has it: the secret key is the seed and the public key in a row. */
function fromSeed(seed) {
  const spki = createPublicKey(privateKey(seed)).export({ format: 'der', type: 'spki' });
  const raw = new Uint8Array(spki.subarray(publicHead.length));
  return { publicKey: raw, secretKey: new Uint8Array([...seed, ...raw]) };
}

const detached = (message, secretKey) =>
  new Uint8Array(sign(null, message, privateKey(secretKey.subarray(0, 32))));
detached.verify = (message, signature, raw) => verify(null, message, publicKey(raw), signature);

module.exports = {
  randomBytes: (length) => new Uint8Array(randomBytes(length)),
  sign: { keyPair: { fromSeed }, detached },
};
