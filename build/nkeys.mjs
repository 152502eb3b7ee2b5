// Stands in for @nats-io/nkeys in the bundles: of it, nats.js only reads seeds and signs with them, which node's own crypto
// does. Saves 8 KB of each, and tweetnacl another 33 KB.
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'; // RFC 4648

/** What stands before the 32 bytes of a key in DER: PKCS #8 and SPKI of Ed25519 (RFC 8410). */
const privateHead = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicHeadLength = 12;

/** CRC-16 of XMODEM, which ends every key. */
function crc16(bytes) {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc;
}

function fromBase32(text) {
  const bytes = [];
  let bits = 0;
  let held = 0;
  for (const letter of text) {
    const value = alphabet.indexOf(letter);
    if (value < 0) throw new Error('no base32');
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 0xff);
  }
  return Uint8Array.from(bytes);
}

function toBase32(bytes) {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet[(held >> (bits - 5)) & 31];
  }
  return bits > 0 ? text + alphabet[(held << (5 - bits)) & 31] : text;
}

const kindOfSeed = 18 << 3; // S
const seedLength = 58;
/** Of whom a key can be: N, C, O, A, U. */
const owners = [13, 2, 14, 0, 20].map((letter) => letter << 3);

/** The key pair of a seed as text in bytes, such as SUA...; throws where it is none. */
export function fromSeed(seed) {
  const whole = fromBase32(new TextDecoder().decode(seed));
  const raw = whole.subarray(0, -2);
  const [first = 0, second = 0] = raw;
  const owner = ((first & 7) << 5) | (second >> 3);
  const isRight = seed.length === seedLength && crc16(raw) === (whole[35] << 8) + whole[34];
  if (!isRight || (first & 0xf8) !== kindOfSeed || !owners.includes(owner)) throw new Error('no seed');
  const der = Buffer.concat([privateHead, raw.subarray(2)]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return {
    getPublicKey() {
      const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
      const named = [owner, ...spki.subarray(publicHeadLength)];
      const crc = crc16(named);
      return toBase32([...named, crc & 0xff, crc >> 8]);
    },
    sign: (challenge) => new Uint8Array(sign(null, challenge, key)),
  };
}

export const encode = (bytes) => Buffer.from(bytes).toString('base64');
