// Keys of NATS (nkeys) by node's own crypto. In the programs this stands in for @nats-io/nkeys, of which nats.js reads seeds and
// signs with them: it saves 8 KB of each, tweetnacl another 33 KB, and most of the time.
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'; // RFC 4648

/** What stands before the 32 bytes of a key in DER: PKCS #8 and SPKI of Ed25519 (RFC 8410). */
const privateHead = Buffer.from('302e020100300506032b657004220420', 'hex');
export const publicHead = Buffer.from('302a300506032b6570032100', 'hex');

/** CRC-16 of XMODEM, which ends every key. */
function crc16(bytes: Iterable<number>): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc;
}

function fromBase32(text: string): Uint8Array {
  const bytes: number[] = [];
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

function toBase32(bytes: readonly number[]): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet[(held >> (bits - 5)) & 31];
  }
  return bits > 0 ? `${text}${alphabet[(held << (5 - bits)) & 31]}` : text;
}

/** Bytes as text, with their checksum. */
function toText(bytes: readonly number[]): string {
  const crc = crc16(bytes);
  return toBase32([...bytes, crc & 0xff, crc >> 8]);
}

/** What a text has before its checksum; undefined where that is wrong. Throws where it is no base32. */
export function bytesOfNkey(text: string): Uint8Array | undefined {
  const whole = fromBase32(text);
  const [low = 0, high = 0] = whole.subarray(-2);
  const bytes = whole.subarray(0, -2);
  return crc16(bytes) === (high << 8) + low ? bytes : undefined;
}

const kindOfSeed = 18 << 3; // S
const seedLength = 58;

/** The first byte of the public key of a server, cluster, operator, account, user: its letter. */
export const nkeyOwners = { N: 13 << 3, C: 2 << 3, O: 14 << 3, A: 0, U: 20 << 3 } as const;
type Owner = (typeof nkeyOwners)[keyof typeof nkeyOwners];

/** Whether the first byte of a public key is that of an owner. */
export const isNkeyOwner = (byte: number | undefined): byte is Owner =>
  Object.values(nkeyOwners).some((owner) => owner === byte);

/** A key with its seed. */
export interface NkeyPair {
  /** 56 letters. */
  getPublicKey(): string;
  /** 58 letters, as bytes. */
  getSeed(): Uint8Array;
  sign(data: Uint8Array): Uint8Array;
}

/** The key of these 32 secret bytes. */
export function nkeyPair(owner: Owner, secret: Uint8Array): NkeyPair {
  const der = Buffer.concat([privateHead, secret]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return {
    getPublicKey() {
      const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
      return toText([owner, ...spki.subarray(publicHead.length)]);
    },
    getSeed: () =>
      new TextEncoder().encode(toText([kindOfSeed | (owner >> 5), (owner & 31) << 3, ...secret])),
    sign: (data) => new Uint8Array(sign(null, data, key)),
  };
}

/** The key of a seed as text in bytes, such as SUA...; throws where it is none. */
export function fromSeed(seed: Uint8Array): NkeyPair {
  const raw = bytesOfNkey(new TextDecoder().decode(seed)) ?? Uint8Array.of();
  const [first = 0, second = 0] = raw;
  const owner = ((first & 7) << 5) | (second >> 3);
  if (seed.length !== seedLength || (first & 0xf8) !== kindOfSeed || !isNkeyOwner(owner))
    throw new Error('no seed');
  return nkeyPair(owner, raw.subarray(2));
}

/** As nats.js sends a signature. */
export const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
