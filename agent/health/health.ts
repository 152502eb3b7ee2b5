import type { AppliedTime } from '../clock/setup/applied.ts';
import { isImplausible } from '../clock/trust.ts';
import type { ClockVerdict } from '../clock/verdict/judge.ts';
import type { LeafInfo } from '../config/agentfile.ts';
import type { Config } from '../config/options.ts';
import type { Problem } from '../config/problem.ts';
import type { CertFacts } from '../device/certs.ts';
import type { EnrolTrouble } from '../enrol/keeper.ts';
import type { CauseCode } from '../leaf/causes.ts';
import { hubTls } from '../leaf/conf/hubtls.ts';
import { causeOfLink, linkErrorText } from '../leaf/linkcause.ts';
import type { StartFault } from '../leaf/supervisor/startfaults.ts';
import type { LinkState } from '../nats/link.ts';
import type { UnusedFile } from '../natsserver/tlsfiles.ts';
import { totalOf } from '../records/record.ts';
import type { SpoolStats } from '../records/stats.ts';
import type { StorageState } from '../records/subjectqueue.ts';
import type { Health } from '../wire/messages.ts';
import { certificateFinding, isOutside } from './certificates.ts';
import {
  type Finding,
  type FindingCode,
  type FindingData,
  type LostGrandmaster,
  type RemedyContext,
  weights,
} from './finding.ts';
import { findingOf } from './findings.ts';

/** All that health is judged from. */
export interface HealthFacts extends RemedyContext {
  readonly config: Config;
  readonly problems: readonly Problem[];
  readonly leaf: LeafInfo | undefined;
  readonly link: LinkState;
  /** Why the device is not enrolled, or may not be for long. */
  readonly enrolment?: EnrolTrouble | undefined;
  readonly hubUp: boolean | undefined;
  /** Why the hub is not joined, as far as the local server reports. */
  readonly hubError?: string | undefined;
  /** Why the hub is not joined, where that is known: its code, and cause, since when and what to do as a text. */
  readonly hubCause?: { readonly code: CauseCode; readonly text: string } | undefined;
  /** What kept the unit from its hub last, also after it ended. */
  readonly lastCause?: CauseCode | undefined;
  /** Hub settings are in use that are not those asked for. */
  readonly rolledBack?: string | undefined;
  /** Limits of hub or leaf that the link has met of late. */
  readonly limits?: readonly { readonly code: CauseCode; readonly text: string }[];
  /** Why the server of this unit does not start, or the parts that it runs without. */
  readonly startFaults?: readonly StartFault[];
  /** For how long the server has not been restarted though its hub settings were changed. */
  readonly behind_s?: number;
  readonly spool: SpoolStats;
  /** Why what waits would not survive a restart, though it should. */
  readonly snapshotTrouble?: string | undefined;
  readonly clock: ClockVerdict;
  /** Whether anything has steered the clock since the start. */
  readonly wasSteered?: boolean;
  readonly lostMaster?: LostGrandmaster | undefined;
  /** What nunect-time has set up, and why not more. */
  readonly timeSetup?: Pick<AppliedTime, 'notes' | 'fault' | 'ports' | 'domain'> | undefined;
  /** No grandmaster has been heard at all, though there was time to. */
  readonly isPtpSilent?: boolean;
  /** Why chronyd may not select PTP, where somebody has to mend that. */
  readonly ptpWithheld?: string | undefined;
  readonly denied: readonly string[];
  readonly certificates: readonly CertFacts[];
  /** A file of credentials or TLS that was renewed, but is not in use. */
  readonly unusedFile?: UnusedFile | undefined;
  /** What the clock shows, and a caveat where it is not synchronised. */
  readonly wall_ms: number;
  readonly clockCaveat?: string | undefined;
}

/** What the finding of a clock that nothing steers is made of. */
export type UnsteeredClock = Pick<ClockVerdict, 'quality' | 'evidence'> & {
  readonly reasons: readonly string[];
  readonly wasSteered?: boolean | undefined;
};

const weightOfRequired = { yes: 'critical', no: 'note' } as const;

/** What is found wrong with a clock that nothing is known to hold. */
export function clockFinding(
  { quality, evidence, reasons, wasSteered = false }: UnsteeredClock,
  { mode, required }: Pick<Config['time'], 'mode' | 'required'>,
  context: RemedyContext,
): Finding | undefined {
  if (quality !== 'freerun') return undefined;
  // OpenWrt's own NTP client cannot be asked: to find no daemon is normal there, unless one was demanded or was there
  const hasNone = mode === 'auto' && reasons.includes('no_daemon') && !wasSteered;
  const weight = required === 'auto' ? (hasNone ? 'note' : 'degraded') : weightOfRequired[required];
  return findingOf('clock_unsynchronised', { evidence, reasons, weight }, context);
}

const hasHub = ({ config }: HealthFacts): boolean => config.hub.url.length > 0;

/** Whether a hub is yet to be given; the leaf of others has its own. */
export const lacksHub = ({ hub, leaf }: RemedyContext['config']): boolean =>
  hub.url.length === 0 && leaf.mode !== 'external';

/** The hub's certificate is checked by a server whose log we may not see; but we see the clock. */
function doubtOfHubDates({ config, clockCaveat, wall_ms, certificates }: HealthFacts): string {
  const isDated = isImplausible(wall_ms) || certificates.some((cert) => isOutside(cert, wall_ms));
  const isChecked = hubTls(config) && !config.hub.tls_insecure;
  return isChecked && clockCaveat !== undefined && isDated
    ? `; its certificate cannot be found valid ${clockCaveat}`
    : '';
}

type Make = <C extends FindingCode>(code: C, data: FindingData[C]) => Finding;

/** What lasts for so long is told of: a hub or a leaf that is restarted is well again sooner. */
const toldAfter_s = 15;

/** The way to the hub, as far as it is open. */
function* wayFindings(facts: HealthFacts, make: Make): Generator<Finding> {
  const { config, link, hubCause, hubError, lastCause, rolledBack, clockCaveat } = facts;
  const { limits = [], startFaults = [], behind_s = 0 } = facts;
  const isNowhere = config.leaf.mode === 'off' && !hasHub(facts); // there is no server to be connected to
  if (!link.connected && !isNowhere) {
    const { lastError } = link;
    const failure = startFaults.find(({ part }) => part === undefined);
    const why = failure?.why ?? (lastError && linkErrorText(lastError, clockCaveat));
    yield make('server_down', { mode: config.leaf.mode, why, cause: lastError && causeOfLink(lastError) });
  } else if (hasHub(facts) && facts.hubUp === false) {
    const guess = hubError === undefined ? '' : `: ${hubError}`;
    const why = hubCause === undefined ? `${guess}${doubtOfHubDates(facts)}` : `: ${hubCause.text}`;
    yield make('hub_down', { why, cause: hubCause?.code });
  } else if (hasHub(facts) && facts.spool.state === 'offline') yield make('hub_silent', {});
  for (const { part, why } of startFaults)
    if (part !== undefined) yield make('leaf_part', { about: part, why });
  for (const { code, text } of limits)
    if (code !== hubCause?.code) yield make('hub_limit', { about: code, why: text, cause: code });
  if (behind_s >= toldAfter_s) yield make('leaf_behind', {});
  if (rolledBack !== undefined) yield make('hub_settings', { why: rolledBack, cause: lastCause });
}

/** From this share of its memory on the spool is nearly full. */
const nearlyFull = 0.8;

/** Subjects that nobody stores although the hub is there. Those that the server denies are told of as such. */
function* storageFindings({ spool }: HealthFacts, make: Make): Generator<Finding> {
  if (spool.state === 'offline') return; // what the hub would store is not known then
  const isNearEnd = (state: StorageState): boolean =>
    state !== 'plain' && spool.bytes > nearlyFull * spool.budget_bytes;
  const lasting = spool.unstored.filter(({ state, for_s = 0 }) =>
    state === 'denied' ? isNearEnd(state) : state === 'plain' || for_s >= toldAfter_s,
  );
  const ofAll = lasting.find(({ state }) => state === spool.state); // not where it is `partly`
  if (ofAll !== undefined && ofAll.state !== 'denied') {
    const data = { why: ofAll.why, isNearEnd: isNearEnd(ofAll.state) };
    if (ofAll.state === 'refused') yield make('records_refused', data);
    else yield make('no_stream', { ...data, published: spool.published });
    return;
  }
  for (const { subject, why, state } of lasting)
    yield make('subject_unstored', { about: subject, why, isNearEnd: isNearEnd(state) });
}

/** The clock, and the daemons that steer it. */
function* clockFindings(facts: HealthFacts, make: Make): Generator<Finding> {
  const { clock, config, wasSteered, lostMaster, timeSetup, ptpWithheld, isPtpSilent } = facts;
  const ofClock = clockFinding({ ...clock, wasSteered }, config.time, facts);
  if (ofClock !== undefined) yield ofClock;
  if (lostMaster !== undefined && clock.source === 'ntp') yield make('ptp_lost', lostMaster);
  if (ptpWithheld !== undefined) yield make('ptp_withheld', { why: ptpWithheld });
  if (timeSetup !== undefined && isPtpSilent === true) yield make('ptp_silent', timeSetup);
  if (timeSetup?.fault !== undefined) yield make('time_setup', { ...timeSetup.fault, isFault: true });
  const notes = timeSetup?.notes ?? [];
  for (const about of new Set(notes.map(({ code }) => code))) {
    const texts = notes.filter(({ code }) => code === about).map(({ text }) => text);
    yield make('time_setup', { code: about, text: texts.join('; '), isFault: false });
  }
}

/** The records that are not stored, or no longer. */
function* recordFindings(facts: HealthFacts, make: Make): Generator<Finding> {
  const { spool, denied, snapshotTrouble } = facts;
  for (const subject of denied) yield make('not_permitted', { about: subject });
  if (hasHub(facts)) yield* storageFindings(facts, make);
  if (snapshotTrouble !== undefined) yield make('snapshot_failed', { why: snapshotTrouble });
  const count = totalOf(spool.dropped);
  const { drop_reasons: reasons = {}, budget_bytes } = spool;
  if (count > 0) yield make('records_dropped', { count, reasons, budget_bytes });
  if (spool.duplicate_ids > 0) yield make('duplicate_ids', { count: spool.duplicate_ids });
}

/** The login of an enrolment is renewed by itself; where that fails, it is told of as such. */
const isRenewed = ({ code, about }: Finding, { enrolled, hub }: Config): boolean =>
  code === 'certificate_expiring' && enrolled !== undefined && about === hub.creds_file;

function* allFindings(facts: HealthFacts): Generator<Finding> {
  const make: Make = (code, data) => findingOf(code, data, facts);
  const { leaf, config, enrolment } = facts;
  yield* wayFindings(facts, make);
  if (enrolment !== undefined) yield make('enrolment', { ...enrolment, hasHub: hasHub(facts) });
  else if (lacksHub(config)) yield make('not_set_up', {});
  if (leaf !== undefined && leaf.state !== 'current') yield make('leaf_config', { state: leaf.state });
  yield* clockFindings(facts, make);
  yield* recordFindings(facts, make);
  for (const cert of facts.certificates) {
    const found = certificateFinding(cert, facts);
    if (found !== undefined && !isRenewed(found, config)) yield found;
  }
  const { unusedFile } = facts;
  if (unusedFile !== undefined) yield make('file_unused', { about: unusedFile.file, why: unusedFile.why });
  for (const problem of facts.problems) yield make('config_problem', { about: problem.file, problem });
}

const words = { critical: 'critical', degraded: 'degraded', setup: 'not_set_up', note: 'healthy' } as const;

/** The unit's health in a word, and what is wrong with it, the gravest first. */
export function judgeHealth(facts: HealthFacts): { status: Health; findings: Finding[] } {
  const found = [...allFindings(facts)];
  const ordered = weights.flatMap((weight) => found.filter((one) => one.weight === weight));
  return { status: words[ordered[0]?.weight ?? 'note'], findings: ordered };
}

/** What began, or came to another stage, and what ended between two looks, by key. */
export function findingsBetween(before: readonly Finding[], after: readonly Finding[]) {
  const isIn = (list: readonly Finding[], one: Finding): boolean => list.some(({ key }) => key === one.key);
  const isKnown = (one: Finding): boolean =>
    before.some(({ key, stage }) => key === one.key && stage === one.stage);
  return { began: after.filter((one) => !isKnown(one)), ended: before.filter((one) => !isIn(after, one)) };
}
