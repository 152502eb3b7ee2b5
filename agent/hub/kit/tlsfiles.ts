// The hub's own CA and the certificate of its servers, as files.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { certificatePem, pemBlocks } from '../../config/formats/pem.ts';
import { readIfThere, writeAtomic } from '../../lib/files.ts';
import { caNames, hubPaths } from './hubdir.ts';
import { certificateDer } from './x509.ts';

const day_ms = 86_400_000;
/** How long they are valid, and how long before their end they are made anew. */
const caDays = { valid: 3652, renewed: 730 };
const serverDays = { valid: 1095, renewed: 365 };
const caName = 'nunect hub CA';

interface Authority {
  readonly key: KeyObject;
  readonly pem: string;
}

const spkiOf = (key: KeyObject): Buffer => createPublicKey(key).export({ format: 'der', type: 'spki' });
const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const keyPem = (key: KeyObject): string => key.export({ format: 'pem', type: 'pkcs8' }).toString();

function certificateOf(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

const daysLeft = (certificate: X509Certificate, now_ms: number): number =>
  (Date.parse(certificate.validTo) - now_ms) / day_ms;

/** A certificate of the CA for a key; without hosts that of the CA itself. */
function issue(
  ca: KeyObject,
  subject: KeyObject,
  name: string,
  days: number,
  now_ms: number,
  hosts?: readonly string[],
): string {
  const der = certificateDer(
    {
      issuer: caName,
      subject: name,
      issuerKey: spkiOf(ca),
      subjectKey: spkiOf(subject),
      serial: randomBytes(16),
      until_ms: now_ms + days * day_ms,
      ...(hosts === undefined ? {} : { hosts }),
    },
    (data) => sign('sha256', data, ca),
  );
  return certificatePem(der);
}

/** The private key in a PEM text; undefined where there is none. */
function keyIn(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text);
  } catch {
    return undefined;
  }
}

/** Makes the key where there is no hub yet; one that is lost or damaged later would take all units along. */
function authorityKey(path: string, isNewHub: boolean): KeyObject {
  const text = readIfThere(path);
  if (text === undefined && isNewHub) {
    const key = newKey();
    writeAtomic(path, keyPem(key), { durable: true });
    return key;
  }
  const key = keyIn(text ?? '');
  if (key !== undefined) return key;
  throw new Error(
    `${path} ${text === undefined ? 'is missing' : 'has no private key'}: units know the hub by it; bring it back from your copy`,
  );
}

/**
 * The CA in the folder of the keys, made for a new hub. Two years before its end it gets another certificate with the same
 * key: units get that with their next JWT, and what trusts the old one still knows the server.
 */
export function hubAuthority(keysDir: string, isNewHub: boolean, now_ms: number): Authority {
  const key = authorityKey(join(keysDir, caNames.key), isNewHub);
  const path = join(keysDir, caNames.cert);
  const there = readIfThere(path);
  const read = certificateOf(there ?? '');
  if (there !== undefined && read?.checkPrivateKey(key) === true && daysLeft(read, now_ms) > caDays.renewed)
    return { key, pem: there };
  const pem = issue(key, key, caName, caDays.valid, now_ms);
  writeAtomic(path, pem, { mode: 0o644, durable: true });
  return { key, pem };
}

/** Of the certificate of the servers in a hub's folder, until when it is valid, Unix ms; undefined where there is none. */
export function serverCertificateEnd(dir: string): number | undefined {
  const read = certificateOf(readIfThere(hubPaths(dir).cert) ?? '');
  return read === undefined ? undefined : Date.parse(read.validTo);
}

/** Whether a certificate has these names and addresses, and no others. */
const isFor = (read: X509Certificate, hosts: readonly string[]): boolean =>
  read.subjectAltName?.split(', ').length === hosts.length &&
  hosts.every((host) => (isIP(host) === 0 ? read.checkHost(host) : read.checkIP(host)) !== undefined);

/** Whether the files are right for these hosts for long enough. */
function isRight(dir: string, ca: Authority, hosts: readonly string[], now_ms: number): boolean {
  const paths = hubPaths(dir);
  const chain = readIfThere(paths.cert) ?? '';
  const key = keyIn(readIfThere(paths.certKey) ?? '');
  const read = certificateOf(chain);
  if (read === undefined || key === undefined) return false;
  return (
    read.verify(createPublicKey(ca.key)) &&
    read.checkPrivateKey(key) &&
    pemBlocks(chain)[1]?.text === ca.pem &&
    isFor(read, hosts) &&
    daysLeft(read, now_ms) > serverDays.renewed
  );
}

/**
 * Makes the certificate of the servers, with that of the CA behind it, so that routers find it by its pin; keeps the one
 * that is there while it is right. Says whether it wrote any.
 */
export function ensureServerCertificate(
  dir: string,
  ca: Authority,
  servers: readonly string[],
  now_ms: number,
): boolean {
  const paths = hubPaths(dir);
  const isOther = readIfThere(paths.ca) !== ca.pem;
  if (isOther) writeAtomic(paths.ca, ca.pem, { mode: 0o644, durable: true });
  // the commands of the hub's own machine reach it by these names
  const hosts = [...new Set([...servers, 'localhost', '127.0.0.1', '::1'])];
  if (isRight(dir, ca, hosts, now_ms)) return isOther;
  const key = newKey();
  writeAtomic(paths.certKey, keyPem(key), { durable: true });
  const pem = issue(ca.key, key, servers[0] ?? '', serverDays.valid, now_ms, hosts);
  writeAtomic(paths.cert, pem + ca.pem, { mode: 0o644, durable: true });
  return true;
}
