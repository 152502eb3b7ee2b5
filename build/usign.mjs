// Keys and signatures in the format of OpenWrt's usign (a signify without passwords): a line of comment, a line of
// base64 that begins with the algorithm. Secret key: Ed BK, rounds (0: no password), salt 16, checksum 8, fingerprint 8,
// seed 32, public 32. Public key: Ed, fingerprint, public. Signature: Ed, fingerprint, signature 64.
import { createHash, createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto';

const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex'); // Ed25519, then the seed (RFC 8410)
const secretLength = 2 + 2 + 4 + 16 + 8 + 8 + 64;

const privateKeyOf = (seed) =>
  createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: 'der', type: 'pkcs8' });
const publicOf = (seed) =>
  createPublicKey(privateKeyOf(seed)).export({ format: 'der', type: 'spki' }).subarray(-32);
const checksumOf = (key) => createHash('sha512').update(key).digest().subarray(0, 8);

const file = (comment, ...parts) =>
  `untrusted comment: ${comment}\n${Buffer.concat(parts.map((part) => Buffer.from(part))).toString('base64')}\n`;

/** A new pair of keys: the two files as text, and the fingerprint (16 hex digits) by which opkg names the public one. */
export function newKeys() {
  const seed = randomBytes(32);
  const id = randomBytes(8);
  const fingerprint = id.toString('hex');
  const key = Buffer.concat([seed, publicOf(seed)]);
  const secret = ['EdBK', Buffer.alloc(4), randomBytes(16), checksumOf(key), id, key];
  return {
    fingerprint,
    secretFile: file(`private key ${fingerprint}`, ...secret),
    publicFile: file(`public key ${fingerprint}`, 'Ed', id, publicOf(seed)),
  };
}

/** A secret key out of the text of its file. One that is none, is damaged or wants a password throws. */
export function readSecret(text) {
  const bytes = Buffer.from(text.split('\n')[1] ?? '', 'base64');
  if (bytes.length !== secretLength || bytes.toString('latin1', 0, 4) !== 'EdBK')
    throw new Error('it is no secret key of usign');
  if (bytes.readUInt32BE(4) !== 0)
    throw new Error('a password protects it; usign has none, so it is of signify');
  const key = bytes.subarray(40);
  if (!checksumOf(key).equals(bytes.subarray(24, 32)))
    throw new Error('its checksum is wrong, so it is damaged');
  return { id: bytes.subarray(32, 40), seed: key.subarray(0, 32), publicKey: key.subarray(32) };
}

/** The text of the public file that belongs to a secret key. */
export const publicFileOf = ({ id, publicKey }) =>
  file(`public key ${id.toString('hex')}`, 'Ed', id, publicKey);

/** The text of a signature file. */
export const signatureFile = ({ id, seed }, message) =>
  file(`signed by key ${id.toString('hex')}`, 'Ed', id, sign(null, message, privateKeyOf(seed)));

/** usign's SHA-512 goes wrong where (64 + size) mod 128 is 110 or 111; OpenWrt appends two line ends then. */
export function padded(message) {
  const rest = (64 + message.length) % 128;
  return rest === 110 || rest === 111 ? Buffer.concat([message, Buffer.from('\n\n')]) : message;
}
