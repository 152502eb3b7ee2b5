import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';

/** When the first certificate of a file runs out. `error` says why that is not known. */
export type CertFacts =
  | {
      readonly file: string;
      /** Of the certificate that runs out first. */
      readonly subject: string;
      readonly not_before_ms: number;
      readonly not_after_ms: number;
      /** Rounded down to a tenth; negative once it has run out. */
      readonly days_left: number;
    }
  | { readonly file: string; readonly error: string };

export interface CertProbe {
  /** Never rejects. A file is parsed again only when its modification time or size changed. */
  read(files: readonly string[]): Promise<CertFacts[]>;
}

interface Validity {
  readonly subject: string;
  readonly not_before_ms: number;
  readonly not_after_ms: number;
}

const dayMs = 86_400_000;
const pemBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificate of a PEM text that runs out first, or why there is none. */
export function parseFirstExpiry(pem: string): Validity | string {
  const blocks = pem.match(pemBlock) ?? [];
  if (blocks.length === 0) return 'no certificate in PEM form';
  try {
    const found = blocks.map((block) => {
      const cert = new X509Certificate(block);
      return {
        subject: cert.subject.replaceAll('\n', ', '),
        not_before_ms: Date.parse(cert.validFrom),
        not_after_ms: Date.parse(cert.validTo),
      };
    });
    return found.reduce((first, next) => (next.not_after_ms < first.not_after_ms ? next : first));
  } catch (error) {
    return `not a certificate: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** A probe of certificate files. `wall_ms` is the wall clock that they are judged by. */
export function certProbe(deps: { wall_ms(): number }): CertProbe {
  const parsed = new Map<string, { readonly stamp: string; readonly outcome: Validity | string }>();

  const validityOf = async (file: string): Promise<Validity | string> => {
    const { mtimeMs, size } = await stat(file);
    const stamp = `${mtimeMs} ${size}`;
    const before = parsed.get(file);
    if (before?.stamp === stamp) return before.outcome;
    const outcome = parseFirstExpiry(await readFile(file, 'utf8'));
    parsed.set(file, { stamp, outcome });
    return outcome;
  };

  const one = async (file: string): Promise<CertFacts> => {
    const outcome = await validityOf(file).catch(
      (error: NodeJS.ErrnoException) => error.code ?? error.message,
    );
    if (typeof outcome === 'string') return { file, error: outcome };
    return {
      file,
      ...outcome,
      days_left: Math.floor(((outcome.not_after_ms - deps.wall_ms()) / dayMs) * 10) / 10,
    };
  };

  return { read: (files) => Promise.all(files.map(one)) };
}
