// X.509 certificates of the two kinds that a hub has, a CA and a server (RFC 5280), signed by ECDSA with SHA-256. Pure: keys,
// random numbers and the time are given. A library for it is larger than all of nunect-hub.
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';

/** What a certificate says. */
export interface CertificateSpec {
  readonly issuer: string;
  readonly subject: string;
  /** Public keys as DER (SPKI). */
  readonly issuerKey: Uint8Array;
  readonly subjectKey: Uint8Array;
  /** 16 random bytes. */
  readonly serial: Uint8Array;
  /** Unix ms. */
  readonly until_ms: number;
  /** Names and addresses of a server; absent: it is a CA, which signs servers only. */
  readonly hosts?: readonly string[];
}

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
};
const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const oid = (text: string): Buffer => der(0x06, hex(text));
const octets = (content: Uint8Array): Buffer => der(0x04, content);
const yes = der(0x01, hex('ff'));

const commonName = oid('550403');
const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
const [serverAuth, clientAuth] = [oid('2b06010505070301'), oid('2b06010505070302')];
/** Of extensions, all 2.5.29.x. */
const ids = {
  keyId: '551d0e',
  keyUsage: '551d0f',
  altName: '551d11',
  basic: '551d13',
  issuerId: '551d23',
  purpose: '551d25',
};

const nameOf = (text: string): Buffer =>
  sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from(text)))));

/** To the second; RFC 5280 wants the short form up to 2049. */
function timeOf(at_ms: number): Buffer {
  const text = `${new Date(at_ms).toISOString().replace(/[-:T]|\.\d+/g, '')}`;
  return text < '2050' ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}

const extension = (id: string, value: Uint8Array, isCritical = false): Buffer =>
  sequence(oid(id), ...(isCritical ? [yes] : []), octets(value));

/** Names a key: the SHA-1 of it that all others use too, here of the whole SPKI. */
const idOf = (key: Uint8Array): Buffer => createHash('sha1').update(key).digest();

/** Bytes of an IPv6 address without a dot. */
function ipv6Bytes(address: string): Buffer {
  const [head = '', tail] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const groups = [...head, ...Array(8 - head.length - (tail?.length ?? 0)).fill('0'), ...(tail ?? [])];
  return hex(groups.map((group) => String(group).padStart(4, '0')).join(''));
}

function altName(host: string): Buffer {
  const kind = isIP(host);
  if (kind === 0) return der(0x82, Buffer.from(host));
  return der(0x87, kind === 4 ? Buffer.from(host.split('.').map(Number)) : ipv6Bytes(host));
}

function extensionsOf({ hosts, subjectKey, issuerKey }: CertificateSpec): Buffer {
  const isCa = hosts === undefined;
  const keys = [
    extension(ids.keyId, octets(idOf(subjectKey))),
    extension(ids.issuerId, sequence(der(0x80, idOf(issuerKey)))),
  ];
  const own = isCa
    ? [
        extension(ids.basic, sequence(yes, der(0x02, hex('00'))), true),
        extension(ids.keyUsage, der(0x03, hex('0106')), true), // keyCertSign, cRLSign
      ]
    : [
        extension(ids.basic, sequence(), true),
        extension(ids.keyUsage, der(0x03, hex('0780')), true), // digitalSignature
        extension(ids.purpose, sequence(serverAuth, clientAuth)), // servers of a cluster are each other's clients
        extension(ids.altName, sequence(...hosts.map(altName))),
      ];
  return der(0xa3, sequence(...keys, ...own));
}

/**
 * The certificate as DER. It is valid from 1970 on, so that a router whose clock nobody has set yet takes it; that it was
 * made later harms nobody. `sign` signs by ECDSA with SHA-256 and gives DER.
 */
export function certificateDer(spec: CertificateSpec, sign: (data: Uint8Array) => Uint8Array): Buffer {
  const positive = Buffer.from([0x40 | ((spec.serial[0] ?? 0) & 0x3f), ...spec.serial.subarray(1)]);
  const said = sequence(
    der(0xa0, der(0x02, hex('02'))), // version 3
    der(0x02, positive),
    ecdsaWithSha256,
    nameOf(spec.issuer),
    sequence(timeOf(0), timeOf(spec.until_ms)),
    nameOf(spec.subject),
    spec.subjectKey,
    extensionsOf(spec),
  );
  return sequence(said, ecdsaWithSha256, der(0x03, hex('00'), sign(said)));
}
