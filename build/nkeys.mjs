// Stands in for @nats-io/nkeys in the bundles: nats.js reads seeds and signs with them, enrolment makes keys and holds
// signatures to public ones; node's own crypto does that. Saves 8 KB of each, and tweetnacl another 33 KB.
import { createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'; // RFC 4648

/** What stands before the 32 bytes of a key in DER: PKCS #8 and SPKI of Ed25519 (RFC 8410). */
const privateHead = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicHead = Buffer.from('302a300506032b6570032100', 'hex');

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

/** Bytes as text, with their checksum. */
function toText(bytes) {
  const crc = crc16(bytes);
  return toBase32([...bytes, crc & 0xff, crc >> 8]);
}

/** What a text has before its checksum; undefined where that is wrong. */
function fromText(text) {
  const whole = fromBase32(text);
  const [low, high] = whole.subarray(-2);
  const bytes = whole.subarray(0, -2);
  return crc16(bytes) === (high << 8) + low ? bytes : undefined;
}

const kindOfSeed = 18 << 3; // S
const seedLength = 58;
const publicLength = 56;
/** Of whom a key can be. */
const [server, cluster, operator, account, user] = [13, 2, 14, 0, 20].map((letter) => letter << 3);
const owners = [server, cluster, operator, account, user];

function pairOf(owner, secret) {
  const key = createPrivateKey({
    key: Buffer.concat([privateHead, secret]),
    format: 'der',
    type: 'pkcs8',
  });
  return {
    getPublicKey() {
      const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
      return toText([owner, ...spki.subarray(publicHead.length)]);
    },
    getSeed: () =>
      new TextEncoder().encode(toText([kindOfSeed | (owner >> 5), (owner & 31) << 3, ...secret])),
    sign: (challenge) => new Uint8Array(sign(null, challenge, key)),
  };
}

/** The key pair of a seed as text in bytes, such as SUA...; throws where it is none. */
export function fromSeed(seed) {
  const raw = fromText(new TextDecoder().decode(seed)) ?? [];
  const [first = 0, second = 0] = raw;
  const owner = ((first & 7) << 5) | (second >> 3);
  if (seed.length !== seedLength || (first & 0xf8) !== kindOfSeed || !owners.includes(owner))
    throw new Error('no seed');
  return pairOf(owner, raw.subarray(2));
}

/** What a public key is good for; throws where it is none. */
export function fromPublic(text) {
  const [owner, ...raw] = (text.length === publicLength && fromText(text)) || [];
  if (!owners.includes(owner)) throw new Error('no public key');
  const key = createPublicKey({
    key: Buffer.concat([publicHead, Buffer.from(raw)]),
    format: 'der',
    type: 'spki',
  });
  return {
    getPublicKey: () => text,
    verify: (data, signature) => verify(null, data, key, signature),
  };
}

const created = (owner) => () => pairOf(owner, randomBytes(32));
/** Fresh keys. */
export const createOperator = created(operator);
export const createAccount = created(account);
export const createUser = created(user);

export const encode = (bytes) => Buffer.from(bytes).toString('base64');
