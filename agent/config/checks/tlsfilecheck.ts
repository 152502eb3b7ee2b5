import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { isCertificate, isKey, type PemBlock, pemBlocks } from '../formats/pem.ts';
import { savedText } from '../formats/saved.ts';
import type { Config } from '../options.ts';
import { fileProblem, type UnplacedProblem } from '../problem.ts';
import type { ReadBytes } from '../secrets.ts';

const attempt = <T>(make: () => T): T | undefined => {
  try {
    return make();
  } catch {
    return undefined;
  }
};

// Why a file is not what it should be is a text. Nothing of a key is in it.

/** Of a file without a block of the kind that is looked for. */
function otherKind(bytes: Uint8Array, blocks: readonly PemBlock[], what: string): string {
  if (blocks.some(isKey)) return `holds a private key: must be ${what} in PEM form`;
  if (blocks.some(isCertificate)) return `holds a certificate: must be ${what} in PEM form`;
  if (bytes[0] !== 0x30) return `there is no PEM block in it: must be ${what} in PEM form`;
  const tool = attempt(() => new X509Certificate(bytes))
    ? 'x509'
    : attempt(() => createPrivateKey({ key: Buffer.from(bytes), format: 'der', type: 'pkcs8' }))
      ? 'pkey'
      : undefined;
  return tool === undefined
    ? `is binary, such as PKCS#12: must be ${what} in PEM form`
    : `is in binary form (DER): must be PEM text, as 'openssl ${tool} -inform der -in FILE' makes it`;
}

/** The certificates of a file, in their order. */
function readCertificates(bytes: Uint8Array): readonly X509Certificate[] | string {
  const blocks = pemBlocks(savedText(bytes));
  const own = blocks.filter(isCertificate);
  if (own.length === 0) return otherKind(bytes, blocks, 'certificates');
  const found = own.map(({ text }) => attempt(() => new X509Certificate(text)));
  const bad = found.indexOf(undefined);
  if (bad >= 0) return `certificate ${bad + 1} of ${own.length} in it is damaged`;
  return found.filter((one) => one !== undefined);
}

/** The private key of a file. */
function readKey(bytes: Uint8Array): KeyObject | string {
  const blocks = pemBlocks(savedText(bytes));
  const own = blocks.find(isKey);
  if (own === undefined) return otherKind(bytes, blocks, 'a private key');
  if (own.isEncrypted)
    return "is encrypted: must be without a passphrase, as 'openssl pkey -in FILE -out NEW' makes it";
  return (
    attempt(() => createPrivateKey(own.text)) ?? 'the private key in it is damaged, or of an unknown kind'
  );
}

const isIssued = (cert: X509Certificate, ca: X509Certificate): boolean =>
  cert.raw.equals(ca.raw) || (cert.checkIssued(ca) && cert.verify(ca.publicKey));

/** Whether one of `cas` vouches for the first of `chain`, by way of the others. */
function isTrusted(chain: readonly X509Certificate[], cas: readonly X509Certificate[]): boolean {
  const [cert, ...others] = chain;
  if (cert === undefined) return false;
  if (cas.some((ca) => isIssued(cert, ca))) return true;
  const next = others.find((other) => isIssued(cert, other));
  return next !== undefined && isTrusted([next, ...others.filter((other) => other !== next)], cas);
}

/** The files of one TLS block that there are. */
export interface TlsContents {
  readonly ca?: Uint8Array | undefined;
  readonly cert?: Uint8Array | undefined;
  readonly key?: Uint8Array | undefined;
}
type TlsFault = Pick<UnplacedProblem, 'severity'> & {
  readonly file: keyof TlsContents;
  readonly why: string;
};

/** What authority a certificate has, as far as that can be said: the hub may have one, and its units another. */
function* authorityFaults(
  chain: readonly X509Certificate[],
  cas: readonly X509Certificate[],
  isOwnCa: boolean,
): Generator<TlsFault> {
  const [first] = chain;
  if (first === undefined) return;
  const isItself = cas.every((one) => one.raw.equals(first.raw)) && !first.checkIssued(first);
  const because = (severity: TlsFault['severity'], why: string): TlsFault => ({ file: 'ca', severity, why });
  if (isItself) yield because('warning', 'holds the certificate itself: must be that of its authority');
  else if (isTrusted(chain, cas)) return;
  else if (isOwnCa) yield because('error', 'is not the authority that has signed the certificate');
  else if (cas.some((one) => one.subject === first.issuer))
    yield because(
      'warning',
      'has the name of the authority that has signed the certificate, but another key',
    );
}

/** What is wrong with the files of a TLS block, dates apart. `isOwnCa`: the authority must be that of the certificate. */
export function tlsFaults({ ca, cert, key }: TlsContents, isOwnCa: boolean): TlsFault[] {
  const faults: TlsFault[] = [];
  const say = (file: keyof TlsContents, why: string): void =>
    void faults.push({ file, why, severity: 'error' });
  function taken<T extends object>(file: keyof TlsContents, found: T | string | undefined): T | undefined {
    if (typeof found !== 'string') return found;
    say(file, found);
    return undefined;
  }
  const cas = taken('ca', ca && readCertificates(ca));
  const chain = taken('cert', cert && readCertificates(cert));
  const own = taken('key', key && readKey(key));
  const fitting = own && chain?.findIndex((one) => one.checkPrivateKey(own));
  if (fitting === -1) say('key', 'is not the key of the certificate');
  if (fitting !== undefined && fitting > 0)
    say('cert', `certificate ${fitting + 1} in it is that of the key: it must be the first`);
  if (cas !== undefined && chain !== undefined) faults.push(...authorityFaults(chain, cas, isOwnCa));
  return faults;
}

/** What is wrong with the contents of the TLS files of the hub and of the leaf, as far as they can be read. */
export function tlsFileProblems({ hub, leaf }: Config, read: ReadBytes): UnplacedProblem[] {
  const blocks = [
    { section: 'hub.tls', ca: hub.tls_ca, cert: hub.tls_cert, key: hub.tls_key, isOwnCa: false },
    {
      section: 'leaf.tls',
      ca: leaf.tls_ca,
      cert: leaf.tls_cert,
      key: leaf.tls_key,
      isOwnCa: leaf.tls_verify,
    },
    {
      section: 'leaf.external_tls',
      ca: leaf.external_tls_ca,
      cert: undefined,
      key: undefined,
      isOwnCa: false,
    },
  ];
  return blocks.flatMap(({ section, isOwnCa, ...paths }) => {
    const bytes = (path: string | undefined) => (path === undefined ? undefined : read(path));
    const contents = { ca: bytes(paths.ca), cert: bytes(paths.cert), key: bytes(paths.key) };
    return tlsFaults(contents, isOwnCa).map(({ file, why, severity }) =>
      fileProblem(`${section}_${file}`, paths[file] ?? '', why, severity),
    );
  });
}
