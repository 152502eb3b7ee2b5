import type { AgentFile } from '../config/agentfile.ts';
import type { CertFacts, CertSource } from '../device/certs.ts';
import type { Finding, RemedyContext } from './finding.ts';
import { findingOf } from './findings.ts';

/** By what a date is judged: the clock, and a caveat where it is not synchronised. */
export interface DateJudge extends RemedyContext {
  readonly wall_ms: number;
  readonly clockCaveat?: string | undefined;
}

/** Days left below which a certificate is reported, each time anew. */
const stages_days = [1, 7, 30];

/** Not valid by the clock that there is. */
export const isOutside = (cert: CertFacts, wall_ms: number): boolean =>
  !('error' in cert) && ((cert.not_before_ms ?? wall_ms) > wall_ms || cert.days_left < 0);

/** What is wrong with a certificate or a user JWT, or soon will be. */
export function certificateFinding(cert: CertFacts, judge: DateJudge): Finding | undefined {
  const { wall_ms, clockCaveat } = judge;
  const about = cert.file;
  if ('error' in cert) return findingOf('certificate_unreadable', { about, error: cert.error }, judge);
  const { kind = 'certificate', not_before_ms: from_ms, days_left } = cert;
  const dated = { about, kind, clockCaveat };
  if (from_ms !== undefined && from_ms > wall_ms)
    return findingOf('certificate_early', { ...dated, from_ms }, judge);
  if (days_left < 0) return findingOf('certificate_expired', dated, judge);
  const stage_days = stages_days.find((days) => days_left < days);
  if (stage_days === undefined) return undefined;
  return findingOf('certificate_expiring', { ...dated, days_left, stage_days }, judge);
}

/** Certificates and a user JWT whose end would cut off the unit or its clients: what is used in `leaf.mode`. */
export function certificateSources({
  config: { hub, leaf },
  connection: { creds },
  copies = {},
}: Pick<AgentFile, 'config' | 'connection' | 'copies'>): Exclude<CertSource, string>[] {
  const external = leaf.mode === 'external';
  const credsFile = external ? leaf.external_creds_file : hub.creds_file;
  const ofHub = external ? [leaf.external_tls_ca] : [hub.tls_cert, hub.tls_ca];
  const ofLeaf = leaf.mode === 'managed' ? [leaf.tls_cert, leaf.tls_ca] : [];
  const files = new Set([...ofHub, ...ofLeaf, credsFile]);
  // the local server reads its creds itself at each connection; those of the agent's own were handed over
  return [...files]
    .filter((file) => file !== undefined)
    .map((file) => ({ file, copy: copies[file], text: file === credsFile ? creds : undefined }));
}
