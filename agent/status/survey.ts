import type { OrderKeeper } from '../clock/orders/keeper.ts';
import { type TimeSetup, timeFiles } from '../clock/setup/applied.ts';
import { isManaged } from '../clock/setup/watched.ts';
import type { Timekeeper } from '../clock/timekeeper.ts';
import { clockCaveat } from '../clock/trust.ts';
import type { ClockVerdict } from '../clock/verdict/judge.ts';
import type { WallClock } from '../clock/wallclock.ts';
import type { AgentFile } from '../config/agentfile.ts';
import type { CertFacts, CertProbe } from '../device/certs.ts';
import { hostKind } from '../device/hostkind.ts';
import type { SelfProbe } from '../device/self.ts';
import type { SystemProbe } from '../device/system.ts';
import type { EnrolKeeper } from '../enrol/keeper.ts';
import { certificateSources } from '../health/certificates.ts';
import type { LostGrandmaster } from '../health/finding.ts';
import { judgeHealth } from '../health/health.ts';
import { commandsOf } from '../health/host.ts';
import type { CauseCode } from '../leaf/causes.ts';
import { causeOfLink, linkErrorText } from '../leaf/linkcause.ts';
import type { LeafSupervisor } from '../leaf/supervisor/supervisor.ts';
import type { ClientWatch } from '../leaf/watch/clients.ts';
import type { LinkBytes } from '../leaf/watch/linkbook.ts';
import type { LinkBytesWatch } from '../leaf/watch/linkbytes.ts';
import type { HubLink } from '../leaf/watch/reports.ts';
import type { LeafFacts, LeafWatch } from '../leaf/watch/watch.ts';
import { known } from '../lib/known.ts';
import { freshValue } from '../lib/reading.ts';
import type { Ticker } from '../lib/ticker.ts';
import type { Link, LinkState } from '../nats/link.ts';
import type { TlsFileWatch } from '../natsserver/tlsfiles.ts';
import type { RttProbe } from '../peers/rtt.ts';
import type { SnapshotKeeper } from '../records/snapshot.ts';
import type { Spool } from '../records/spool.ts';
import type { SpoolStats } from '../records/stats.ts';
import type { NatsMetric } from '../wire/reports.ts';
import type { Events } from './events.ts';
import type { UnitState } from './unitstate.ts';

/** The parts that are asked. */
export interface SurveyParts {
  readonly clock: Timekeeper;
  readonly orders: Pick<OrderKeeper, 'gate' | 'isSilent'>;
  readonly link: Link;
  readonly leaf: LeafWatch;
  readonly spool: Spool;
  readonly spoolSnapshot: SnapshotKeeper;
  readonly rtt: RttProbe;
  readonly system: SystemProbe;
  readonly self: SelfProbe;
  readonly certs: CertProbe;
  readonly supervisor: LeafSupervisor;
  readonly tlsFiles: Pick<TlsFileWatch, 'unused'>;
  readonly clients: Pick<ClientWatch, 'read'>;
  readonly linkBytes: Pick<LinkBytesWatch, 'read'>;
  readonly events: Pick<Events, 'recent'>;
  readonly enrol: Pick<EnrolKeeper, 'trouble'>;
}

export interface SurveyDeps {
  readonly ticker: Ticker;
  readonly wall: WallClock;
  /** Monotonic ms at which the agent started. */
  readonly started_ms: number;
}

const daysLeft = (certificates: readonly CertFacts[]): { file: string; days_left: number }[] =>
  certificates.flatMap((cert) =>
    'days_left' in cert ? [{ file: cert.file, days_left: cert.days_left }] : [],
  );

const soonest = (certificates: readonly CertFacts[]): number | undefined => {
  const days = daysLeft(certificates).map(({ days_left }) => days_left);
  return days.length === 0 ? undefined : Math.min(...days);
};

/** Over all links to the hub; not known when one of them has no count. */
function total(links: readonly HubLink[], of: (link: HubLink) => number | undefined): number | undefined {
  const counts = links.flatMap((one) => of(one) ?? []);
  return counts.length === 0 || counts.length < links.length
    ? undefined
    : counts.reduce((sum, count) => sum + count, 0);
}

/** What was asked of the parts for one moment. */
interface Answers {
  readonly now_ms: number;
  /** The wall time of a monotonic moment, in Unix ms. */
  wall_ms(mono_ms: number): number;
  readonly facts: LeafFacts | undefined;
  readonly link: LinkState;
  readonly stats: SpoolStats;
  readonly verdict: ClockVerdict;
  readonly certificates: readonly CertFacts[];
  /** What to add to judgments by date; undefined when the clock is right. */
  readonly clockCaveat: string | undefined;
  readonly trouble: Trouble | undefined;
  readonly lostMaster: LostGrandmaster | undefined;
}

/** The latest trouble of the link to the hub, with its cause where it has a name. */
interface Trouble {
  readonly last_error: string;
  readonly cause?: CauseCode;
}

/** What a survey is made by. */
type SurveyedFile = AgentFile & { readonly timeSetup?: TimeSetup };

const ptp4lConfOf = (setup: TimeSetup | undefined): string | undefined =>
  isManaged(setup) ? `${setup.runDir}/${timeFiles.ptp4lConf}` : undefined;

function healthOf(parts: SurveyParts, answers: Answers, file: SurveyedFile) {
  const { facts, link, stats, verdict, certificates, clockCaveat, trouble } = answers;
  const wall_ms = answers.wall_ms(answers.now_ms);
  return judgeHealth({
    config: file.config,
    host: commandsOf(hostKind(file.config.agent.host), file.config_file),
    problems: file.problems,
    leaf: file.leaf,
    link,
    enrolment: parts.enrol.trouble(),
    hubUp: parts.leaf.hubUp(),
    hubError: facts?.hub_trouble,
    hubCause: parts.supervisor.trouble(),
    lastCause: trouble?.cause,
    rolledBack: parts.supervisor.rolledBack(),
    limits: parts.supervisor.limits(),
    startFaults: parts.supervisor.startFaults(),
    behind_s: parts.supervisor.behind_s(),
    spool: stats,
    snapshotTrouble: parts.spoolSnapshot.trouble(),
    clock: verdict,
    wasSteered: parts.clock.wasSteered(),
    lostMaster: answers.lostMaster,
    timeSetup: file.timeSetup?.applied,
    ptpWithheld: parts.orders.gate()?.fault,
    isPtpSilent: parts.orders.isSilent(),
    ptp4lConf: ptp4lConfOf(file.timeSetup),
    denied: parts.link.denied(),
    certificates,
    unusedFile: parts.tlsFiles.unused(),
    wall_ms,
    clockCaveat,
  });
}

function lastTrouble(
  { supervisor }: SurveyParts,
  { facts, link, clockCaveat }: Pick<Answers, 'facts' | 'link' | 'clockCaveat'>,
): Trouble | undefined {
  const found = supervisor.lastTrouble();
  if (found !== undefined) return { last_error: found.text, cause: found.code };
  if (facts?.hub_trouble !== undefined) return { last_error: facts.hub_trouble };
  const { lastError } = link;
  if (lastError === undefined) return undefined;
  return { last_error: linkErrorText(lastError, clockCaveat), ...known({ cause: causeOfLink(lastError) }) };
}

/** The sums of the month as they are published; that they are reckoned is said where they are. */
const linkBytesOf = (sums: LinkBytes | undefined): NatsMetric['link_bytes'] =>
  sums && {
    basis: sums.month.basis,
    since_ms: sums.month.since_ms,
    sent_bytes: sums.month.sent_bytes,
    received_bytes: sums.month.received_bytes,
    hour_bytes: sums.hour.sent_bytes + sums.hour.received_bytes,
  };

/** Since when the hub is up, or down; nothing while neither is known. */
const hubSince_ms = ({ facts, wall_ms }: Answers): number | undefined =>
  facts?.hub.up === undefined ? undefined : Math.floor(wall_ms(facts.hub.since_ms));

function natsOf(parts: SurveyParts, answers: Answers): UnitState['nats'] {
  const { facts, link, stats, certificates } = answers;
  const { reconnects, dropped, in_msgs, out_msgs } = parts.link.counters();
  const links = facts?.links ?? [];
  return {
    connected: link.connected,
    agent: { reconnects, dropped, in_msgs, out_msgs },
    spool: stats,
    ...known({
      server_name: facts?.server.name ?? link.server?.name,
      server_version: facts?.server.version ?? link.server?.version,
      hub_up: parts.leaf.hubUp(),
      hub_since_ms: hubSince_ms(answers),
      hub_rtt_us: facts?.hub.rtt_us,
      in_msgs: total(links, (one) => one.in_msgs),
      out_msgs: total(links, (one) => one.out_msgs),
      in_bytes: total(links, (one) => one.in_bytes),
      out_bytes: total(links, (one) => one.out_bytes),
      slow_consumers: facts?.server.slow_consumers,
      certificate_days_left: soonest(certificates),
      certificates: certificates.length === 0 ? undefined : daysLeft(certificates),
      link_bytes: linkBytesOf(parts.linkBytes.read()),
      ...answers.trouble,
    }),
  };
}

function timeOf({ clock }: SurveyParts, { verdict, now_ms, wall_ms }: Answers): UnitState['time'] {
  return {
    verdict,
    since_wall_ms: wall_ms(verdict.since_ms),
    ptp_follows: clock.followsPtp(),
    ptp: clock.ptp(),
    ntp: clock.ntp(),
    ...known({ holdover_s: verdict.holdover && (now_ms - verdict.holdover.since_ms) / 1000 }),
  };
}

/** Asks every part once, for all that is published, answered and shown of one moment. Never rejects. */
export async function survey(parts: SurveyParts, deps: SurveyDeps, file: SurveyedFile): Promise<UnitState> {
  const [system, self, certificates] = await Promise.all([
    parts.system.read(),
    parts.self.read(),
    parts.certs.read(certificateSources(file)),
    parts.clock.look(),
  ]);
  const now_ms = deps.ticker.now_ms();
  const wall_ms = (mono_ms: number): number => deps.wall.toWall_us(mono_ms, now_ms) / 1000;
  const verdict = parts.clock.verdict();
  const lost = parts.clock.lostMaster();
  const seen = {
    facts: freshValue(parts.leaf.read()),
    link: parts.link.state(),
    clockCaveat: clockCaveat(verdict.quality, wall_ms(now_ms)),
  };
  const answers: Answers = {
    ...seen,
    now_ms,
    wall_ms,
    stats: parts.spool.stats(),
    verdict,
    certificates,
    trouble: lastTrouble(parts, seen),
    lostMaster: lost && { gmIdentity: lost.gmIdentity, until_ms: Math.floor(wall_ms(lost.at_ms)) },
  };
  const { facts } = seen;
  const canTell = seen.link.connected || file.monitor?.kind === 'http'; // else what it told is over, and soon will be asked for in vain
  return {
    at_ms: wall_ms(now_ms),
    uptime_s: (now_ms - deps.started_ms) / 1000,
    health: healthOf(parts, answers, file),
    clock: parts.clock.summary(),
    time: timeOf(parts, answers),
    rtt: parts.rtt.read(),
    nats: natsOf(parts, answers),
    link_since_ms: wall_ms(answers.link.since_ms),
    traffic: file.config.agent.traffic,
    ...known({
      link_bytes: parts.linkBytes.read(),
      hub_changes: facts?.hub.changes,
      lost_master: answers.lostMaster,
      holdover_since_ms: verdict.holdover && wall_ms(verdict.holdover.since_ms),
    }),
    system,
    self,
    certificates,
    changes: parts.events.recent().map((one) => ({ ...one, at_ms: Math.floor(wall_ms(one.at_ms)) })),
    ...known({ clients: canTell ? freshValue(parts.clients.read()) : undefined }),
  };
}
