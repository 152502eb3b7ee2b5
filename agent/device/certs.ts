import { X509Certificate } from 'node:crypto';
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { claimsOf, jwtIn } from '../config/formats/creds.ts';
import { isCertificate, pemBlocks } from '../config/formats/pem.ts';
import { savedText } from '../config/formats/saved.ts';
import { messageOf, reasonOf } from '../lib/errors.ts';
import { known } from '../lib/known.ts';

/** When the first certificate of a file, or its user JWT, runs out. `error` says why that is not known. */
export type CertFacts =
  | {
      readonly file: string;
      /** Of the certificate that runs out first; of a user JWT its name. */
      readonly subject: string;
      /** Set when it is no certificate but the JWT of a NATS credentials file. */
      readonly kind?: 'user JWT';
      /** A JWT need not have a beginning. */
      readonly not_before_ms?: number;
      readonly not_after_ms: number;
      /** Rounded down to a tenth; negative once it has run out. */
      readonly days_left: number;
    }
  | { readonly file: string; readonly error: string };

/** A file by its name, and where another text or a copy of it is used in its place, that. */
export interface CertSource {
  readonly file: string;
  readonly text?: string | undefined;
  readonly copy?: string | undefined;
}

export interface CertProbe {
  /**
   * Never rejects. A file is parsed again only when its modification time or size changed. A user JWT that never
   * runs out is left out.
   */
  read(sources: readonly CertSource[]): Promise<CertFacts[]>;
}

type Validity = Omit<Extract<CertFacts, { readonly subject: string }>, 'file' | 'days_left'>;

/** A user JWT without an end. */
export const noExpiry = Symbol('no expiry');
/** A text says why there is none. */
type Outcome = Validity | typeof noExpiry | string;

const dayMs = 86_400_000;

/** The times of a JWT; they are Unix seconds (RFC 7519, 4.1.4). */
function validityOfJwt(jwt: string): Outcome {
  const seconds = (value: unknown): number | undefined =>
    typeof value === 'number' && value > 0 ? value * 1000 : undefined;
  const { name, sub, nbf, exp } = claimsOf(jwt);
  const subject = name ?? sub;
  if (subject === undefined) return 'not a user JWT';
  const not_after_ms = seconds(exp);
  if (not_after_ms === undefined) return noExpiry;
  return {
    kind: 'user JWT',
    subject: String(subject),
    not_after_ms,
    ...known({ not_before_ms: seconds(nbf) }),
  };
}

/** The certificate or the user JWT of a text that runs out first, or why there is none. */
export function parseFirstExpiry(text: string): Outcome {
  const blocks = pemBlocks(text).filter(isCertificate);
  const jwt = blocks.length === 0 ? jwtIn(text) : undefined;
  if (jwt !== undefined) return validityOfJwt(jwt);
  if (blocks.length === 0)
    return text.includes('NATS USER JWT') ? 'not a user JWT' : 'no certificate in PEM form';
  try {
    const found = blocks.map((block) => {
      const cert = new X509Certificate(block.text);
      return {
        subject: cert.subject.replaceAll('\n', ', '),
        not_before_ms: Date.parse(cert.validFrom),
        not_after_ms: Date.parse(cert.validTo),
      };
    });
    return found.reduce((first, next) => (next.not_after_ms < first.not_after_ms ? next : first));
  } catch (error) {
    return `not a certificate: ${messageOf(error)}`;
  }
}

/** A probe of certificate files. `wall_ms` is the wall clock that they are judged by. */
export function certProbe(deps: { wall_ms(): number }): CertProbe {
  const parsed = new Map<string, { readonly stamp: string; readonly outcome: Outcome }>();

  const validityOf = async (file: string): Promise<Outcome> => {
    const stats = statSync(file); // which the kernel has in memory
    if (!stats.isFile()) return 'is not a file'; // a device or a pipe would hold us up
    const { mtimeMs, size } = stats;
    const stamp = `${mtimeMs} ${size}`;
    const before = parsed.get(file);
    if (before?.stamp === stamp) return before.outcome;
    const outcome = parseFirstExpiry(savedText(await readFile(file)));
    parsed.set(file, { stamp, outcome });
    return outcome;
  };

  const one = async ({ file, text, copy = file }: CertSource): Promise<CertFacts[]> => {
    const outcome = text === undefined ? await validityOf(copy).catch(reasonOf) : parseFirstExpiry(text);
    if (outcome === noExpiry) return [];
    if (typeof outcome === 'string') return [{ file, error: outcome }];
    const days_left = Math.floor(((outcome.not_after_ms - deps.wall_ms()) / dayMs) * 10) / 10;
    return [{ file, ...outcome, days_left }];
  };

  return { read: async (sources) => (await Promise.all(sources.map(one))).flat() };
}
