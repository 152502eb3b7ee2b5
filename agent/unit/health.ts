import type { ClockVerdict } from '../clock/verdict.ts';
import type { LeafInfo } from '../config/agentfile.ts';
import { formatProblem, type Problem } from '../config/problem.ts';
import type { LinkState } from '../nats/link.ts';
import type { Health } from '../nats/messages.ts';
import type { SpoolStats } from '../nats/spool.ts';
import type { CertFacts } from '../probe/certs.ts';

/** All that health is judged from. */
export interface HealthFacts {
  readonly config: readonly Problem[];
  readonly leaf: LeafInfo | undefined;
  readonly link: LinkState;
  /** A hub is configured. */
  readonly hub: boolean;
  readonly hubUp: boolean | undefined;
  readonly hubError?: string | undefined;
  readonly spool: SpoolStats;
  readonly clock: ClockVerdict;
  readonly timeMode: string;
  readonly denied: readonly string[];
  readonly certificates: readonly CertFacts[];
}

/**
 * A problem in a sentence. `critical`: the unit does not do its main job. `degraded`: part of it.
 * `note`: worth knowing, but nothing is broken.
 */
export interface Trouble {
  /** Names the trouble, whatever figures its text has. */
  readonly key: string;
  readonly weight: 'critical' | 'degraded' | 'note';
  readonly text: string;
}

const certificateWarning_days = 30;

function certificateTrouble(cert: CertFacts): Trouble[] {
  if ('error' in cert)
    return [
      {
        key: `certificate ${cert.file}`,
        weight: 'degraded',
        text: `certificate ${cert.file}: ${cert.error}`,
      },
    ];
  if (cert.days_left >= certificateWarning_days) return [];
  const when = cert.days_left < 0 ? 'has expired' : `expires in ${cert.days_left} days`;
  return [
    {
      key: `certificate ${cert.file}`,
      weight: cert.days_left < 0 ? 'critical' : 'degraded',
      text: `certificate ${cert.file} ${when}`,
    },
  ];
}

function* troubles(facts: HealthFacts): Generator<Trouble> {
  const { link, leaf, spool, clock } = facts;
  if (!link.connected) {
    const why = link.lastError === undefined ? '' : `: ${link.lastError}`;
    yield { key: 'local server', weight: 'critical', text: `not connected to the local server${why}` };
  } else if (facts.hub && facts.hubUp === false) {
    const why = facts.hubError === undefined ? '' : `: ${facts.hubError}`;
    yield { key: 'hub', weight: 'degraded', text: `the hub is not joined${why}` };
  }
  if (leaf !== undefined && leaf.state !== 'current')
    yield {
      key: 'leaf config',
      weight: leaf.state === 'none' ? 'critical' : 'degraded',
      text: `the leaf does not run the config asked for: ${leaf.state}`,
    };
  if (clock.quality === 'freerun') {
    // OpenWrt's own NTP client cannot be asked: to find no daemon is normal there, unless one was demanded
    const isNormal = facts.timeMode === 'auto' && clock.reasons.includes('no_daemon');
    const text = `the clock is not known to be synchronised: ${clock.evidence}`;
    yield { key: 'clock', weight: isNormal ? 'note' : 'degraded', text };
  }
  for (const subject of facts.denied)
    yield { key: `permission ${subject}`, weight: 'degraded', text: `not permitted: ${subject}` };
  if (spool.state === 'plain' && facts.hub)
    yield { key: 'no stream', weight: 'degraded', text: 'the hub stores no records: no stream answers' };
  if (spool.state === 'failing')
    yield { key: 'hub refuses records', weight: 'degraded', text: 'the hub does not take records' };
  const lost = Object.values(spool.dropped).reduce((sum, count) => sum + count, 0);
  if (lost > 0)
    yield {
      key: 'records dropped',
      weight: 'degraded',
      text: `${lost} records were dropped since the start`,
    };
  for (const cert of facts.certificates) yield* certificateTrouble(cert);
  for (const problem of facts.config)
    yield {
      key: formatProblem(problem),
      weight: problem.severity === 'error' ? 'degraded' : 'note',
      text: formatProblem(problem),
    };
}

const weights = ['critical', 'degraded', 'note'] as const;

/** The unit's health in a word, and what troubles it, the gravest first. */
export function judgeHealth(facts: HealthFacts): { status: Health; troubles: Trouble[] } {
  const found = [...troubles(facts)];
  const ordered = weights.flatMap((weight) => found.filter((trouble) => trouble.weight === weight));
  const gravest = ordered[0]?.weight ?? 'note';
  return { status: gravest === 'note' ? 'healthy' : gravest, troubles: ordered };
}

/** What began and what ended between two looks, by key. */
export function troublesBetween(before: readonly Trouble[], after: readonly Trouble[]) {
  const missingIn = (list: readonly Trouble[]) => (one: Trouble) => !list.some(({ key }) => key === one.key);
  return { began: after.filter(missingIn(before)), ended: before.filter(missingIn(after)) };
}
