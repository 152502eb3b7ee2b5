// Certificates that the operator brings.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { isCertificate, pemBlocks } from '../../config/formats/pem.ts';
import { messageOf } from '../../lib/errors.ts';
import { formatUtc } from '../../lib/format.ts';
import type { HubTls } from './hubdir.ts';

const certificatesIn = (path: string): X509Certificate[] =>
  pemBlocks(readFileSync(path, 'utf8'))
    .filter(isCertificate)
    .map(({ text }) => new X509Certificate(text));

const covers = (certificate: X509Certificate, host: string): boolean =>
  (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined;

function faultOf(
  tls: Extract<HubTls, { by: 'given' }>,
  servers: readonly string[],
  now_ms: number,
): string | undefined {
  const chain = certificatesIn(tls.cert);
  const [own] = chain;
  if (own === undefined) return `${tls.cert} has no certificate`;
  if (!own.checkPrivateKey(createPrivateKey(readFileSync(tls.key))))
    return `${tls.key} is not the key of ${tls.cert}`;
  const other = servers.find((host) => !covers(own, host));
  if (other !== undefined)
    return `${tls.cert} is not for ${other}: it is for ${own.subjectAltName ?? 'nobody'}`;
  const end_ms = Date.parse(own.validTo);
  if (end_ms <= now_ms) return `${tls.cert} ran out on ${formatUtc(end_ms)}`;
  return undefined;
}

/** Why the hub cannot use the files of `--tls-cert`, `--tls-key` and `--tls-ca`; undefined where it can. */
export function givenTlsFault(tls: HubTls, servers: readonly string[], now_ms: number): string | undefined {
  if (tls.by === 'own') return undefined;
  try {
    const [ca] = tls.ca === undefined ? [] : certificatesIn(tls.ca);
    if (tls.ca !== undefined && ca === undefined) return `${tls.ca} has no certificate`;
    if (tls.by === 'proxy') return undefined;
    const fault = faultOf(tls, servers, now_ms);
    if (fault !== undefined || ca === undefined) return fault;
    if (certificatesIn(tls.cert).some(({ raw }) => raw.equals(ca.raw))) return undefined;
    return `${tls.cert} must have the certificate of ${tls.ca} too, at its end: routers find it there by its pin`;
  } catch (error) {
    return messageOf(error);
  }
}
