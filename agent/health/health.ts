import { isImplausible } from '../clock/trust.ts';
import type { ClockVerdict } from '../clock/verdict/judge.ts';
import type { LeafInfo } from '../config/agentfile.ts';
import type { Config } from '../config/options.ts';
import { formatProblem, type Problem } from '../config/problem.ts';
import type { CertFacts } from '../device/certs.ts';
import type { LinkState } from '../nats/link.ts';
import type { SpoolStats } from '../records/spool.ts';
import type { Health } from '../wire/messages.ts';
import { certificateTroubles, isOutside } from './certificates.ts';
import type { Trouble } from './trouble.ts';

/** All that health is judged from. */
export interface HealthFacts {
  readonly config: readonly Problem[];
  readonly leaf: LeafInfo | undefined;
  readonly link: LinkState;
  /** Whose server the agent is a client of: `leaf.mode`. */
  readonly leafMode: Config['leaf']['mode'];
  /** A hub is configured. */
  readonly hub: boolean;
  readonly hubUp: boolean | undefined;
  readonly hubError?: string | undefined;
  /** Why, where that is known: cause, since when and what to do. */
  readonly hubCause?: string | undefined;
  /** Hub settings are in use that are not those asked for. */
  readonly rolledBack?: string | undefined;
  /** The hub is reached by TLS. */
  readonly hubTls?: boolean | undefined;
  readonly spool: SpoolStats;
  /** Why what waits would not survive a restart, though it should. */
  readonly snapshotTrouble?: string | undefined;
  readonly clock: ClockVerdict;
  readonly timeMode: string;
  readonly denied: readonly string[];
  readonly certificates: readonly CertFacts[];
  /** What the clock shows, and what is to be said of judgments by it when nobody vouches for it. */
  readonly wall_ms: number;
  readonly clockCaveat?: string | undefined;
}

/** The hub's certificate is checked by a server whose log we may not see; but we see the clock. */
function dateTroubleOfHub({ hubTls, clockCaveat, wall_ms, certificates }: HealthFacts): string {
  const isDated = isImplausible(wall_ms) || certificates.some((cert) => isOutside(cert, wall_ms));
  return hubTls && clockCaveat !== undefined && isDated
    ? `; its certificate cannot be found valid ${clockCaveat}`
    : '';
}

const serverOf = { managed: 'the local server', external: 'the external server', off: 'the hub' } as const;

/** What troubles a clock that nothing is known to hold. */
export function troubleOfClock(
  clock: Pick<ClockVerdict, 'quality' | 'evidence'> & { readonly reasons: readonly string[] },
  timeMode: string,
): Trouble | undefined {
  if (clock.quality !== 'freerun') return undefined;
  // OpenWrt's own NTP client cannot be asked: to find no daemon is normal there, unless one was demanded
  const isNormal = timeMode === 'auto' && clock.reasons.includes('no_daemon');
  const text = `the clock is not known to be synchronised: ${clock.evidence}`;
  return { key: 'clock', weight: isNormal ? 'note' : 'degraded', text };
}

function* troubles(facts: HealthFacts): Generator<Trouble> {
  const { link, leaf, spool, clock } = facts;
  if (!link.connected) {
    const why = link.lastError === undefined ? '' : `: ${link.lastError}`;
    yield {
      key: 'local server',
      weight: 'critical',
      text: `not connected to ${serverOf[facts.leafMode]}${why}`,
    };
  } else if (facts.hub && facts.hubUp === false) {
    const guess = facts.hubError === undefined ? '' : `: ${facts.hubError}`;
    const why = facts.hubCause === undefined ? `${guess}${dateTroubleOfHub(facts)}` : `: ${facts.hubCause}`;
    yield { key: 'hub', weight: 'degraded', text: `the hub is not joined${why}` };
  } else if (facts.hub && spool.state === 'offline')
    yield { key: 'hub silent', weight: 'degraded', text: 'records wait: the hub does not answer' };
  if (facts.rolledBack !== undefined)
    yield { key: 'hub settings', weight: 'degraded', text: facts.rolledBack };
  if (leaf !== undefined && leaf.state !== 'current')
    yield {
      key: 'leaf config',
      weight: leaf.state === 'none' ? 'critical' : 'degraded',
      text: `the leaf does not run the config asked for: ${leaf.state}`,
    };
  const clockTrouble = troubleOfClock(clock, facts.timeMode);
  if (clockTrouble !== undefined) yield clockTrouble;
  for (const subject of facts.denied)
    yield { key: `permission ${subject}`, weight: 'degraded', text: `not permitted: ${subject}` };
  if (spool.state === 'plain' && facts.hub)
    yield { key: 'no stream', weight: 'degraded', text: 'the hub stores no records: no stream answers' };
  if (spool.state === 'failing')
    yield { key: 'hub refuses records', weight: 'degraded', text: 'the hub does not take records' };
  // a leaf drops what its hub does not permit without a word: then this is all there is to see of it
  const partly = spool.stored > 0 && (spool.state === 'stored' || spool.state === 'offline');
  for (const { subject, why } of partly ? spool.unstored.filter(({ state }) => state === 'plain') : [])
    yield {
      key: `unstored ${subject}`,
      weight: 'note',
      text: `records of ${subject} are not stored: ${why}; see whether a stream has the subject, and the hub permits the unit to send it`,
    };
  if (facts.snapshotTrouble !== undefined)
    yield { key: 'spool snapshot', weight: 'degraded', text: facts.snapshotTrouble };
  const lost = Object.values(spool.dropped).reduce((sum, count) => sum + count, 0);
  if (lost > 0)
    yield {
      key: 'records dropped',
      weight: 'degraded',
      text: `${lost} records were dropped since the start`,
    };
  if (spool.duplicate_ids > 0)
    yield {
      key: 'duplicate_id',
      weight: 'degraded',
      text: `${spool.duplicate_ids} records since the start are not stored: the hub had others under their ids; who else sends as this unit, a copy of it or an attacker?`,
    };
  for (const cert of facts.certificates) yield* certificateTroubles(cert, facts);
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

/** What began, or came to another stage, and what ended between two looks, by key. */
export function troublesBetween(before: readonly Trouble[], after: readonly Trouble[]) {
  const isIn = (list: readonly Trouble[], one: Trouble): boolean => list.some(({ key }) => key === one.key);
  const isTold = (one: Trouble): boolean =>
    before.some(({ key, stage }) => key === one.key && stage === one.stage);
  return { began: after.filter((one) => !isTold(one)), ended: before.filter((one) => !isIn(after, one)) };
}
