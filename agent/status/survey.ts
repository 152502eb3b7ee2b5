import type { Timekeeper } from '../clock/timekeeper.ts';
import { clockCaveat } from '../clock/trust.ts';
import type { WallClock } from '../clock/wallclock.ts';
import type { AgentFile } from '../config/agentfile.ts';
import type { CertFacts, CertProbe, CertSource } from '../device/certs.ts';
import type { SelfProbe } from '../device/self.ts';
import type { SystemProbe } from '../device/system.ts';
import { judgeHealth } from '../health/health.ts';
import { assumedHost, hosts } from '../health/host.ts';
import { causeOf } from '../leaf/causes.ts';
import type { LeafSupervisor } from '../leaf/supervisor/supervisor.ts';
import type { HubLink } from '../leaf/watch/reports.ts';
import type { LeafFacts, LeafWatch } from '../leaf/watch/watch.ts';
import { known } from '../lib/known.ts';
import { freshValue } from '../lib/reading.ts';
import type { Ticker } from '../lib/ticker.ts';
import type { Link, LinkState } from '../nats/link.ts';
import type { RttProbe } from '../peers/rtt.ts';
import type { SpoolKeep } from '../records/snapshot.ts';
import type { Spool } from '../records/spool.ts';
import type { Outlook } from './unitstate.ts';

/** The parts that are asked. */
export interface SurveyParts {
  readonly keeper: Timekeeper;
  readonly link: Link;
  readonly leaf: LeafWatch;
  readonly spool: Spool;
  readonly spoolKeep: SpoolKeep;
  readonly rtt: RttProbe;
  readonly system: SystemProbe;
  readonly self: SelfProbe;
  readonly certs: CertProbe;
  readonly care?: LeafSupervisor;
}

export interface SurveyDeps {
  readonly ticker: Ticker;
  readonly wall: WallClock;
  /** Monotonic ms at which the agent started. */
  readonly started_ms: number;
}

/** Certificates and a user JWT whose end would cut off the unit or its clients: what is used in `leaf.mode`. */
export function certificateSources({
  config: { hub, leaf },
  connection: { creds },
}: Pick<AgentFile, 'config' | 'connection'>): CertSource[] {
  const external = leaf.mode === 'external';
  const credsFile = external ? leaf.external_creds_file : hub.creds_file;
  const ofHub = external ? [leaf.external_tls_ca] : [hub.tls_cert, hub.tls_ca];
  const ofLeaf = leaf.mode === 'managed' ? [leaf.tls_cert, leaf.tls_ca] : [];
  // the local server reads its creds itself at each connection; those of the agent's own were handed over
  const handed = credsFile !== undefined && creds !== undefined && { file: credsFile, text: creds };
  const sources = [...ofHub, ...ofLeaf, handed || credsFile];
  return [...new Set(sources)].filter((source) => source !== undefined);
}

const daysLeft = (certificates: readonly CertFacts[]): { file: string; days_left: number }[] =>
  certificates.flatMap((cert) =>
    'days_left' in cert ? [{ file: cert.file, days_left: cert.days_left }] : [],
  );

const soonest = (certificates: readonly CertFacts[]): number | undefined => {
  const days = daysLeft(certificates).map(({ days_left }) => days_left);
  return days.length === 0 ? undefined : Math.min(...days);
};

/** The latest trouble of the way to the hub, with its cause where it has a name. */
function lastTrouble(
  care: LeafSupervisor | undefined,
  facts: LeafFacts | undefined,
  { lastError }: LinkState,
) {
  const heard = care?.lastTrouble();
  const last_error = heard?.text ?? facts?.last_error?.text ?? lastError;
  return { last_error, cause: heard?.code ?? (last_error === undefined ? undefined : causeOf(last_error)) };
}

/** Asks every part once: the one look that heartbeat, metrics and status page are made from. Never rejects. */
export async function survey(parts: SurveyParts, deps: SurveyDeps, file: AgentFile): Promise<Outlook> {
  const { keeper, link, leaf, spool } = parts;
  const [system, self, certificates] = await Promise.all([
    parts.system.read(),
    parts.self.read(),
    parts.certs.read(certificateSources(file)),
  ]);
  const now_ms = deps.ticker.now_ms();
  const wall_us = (mono_ms: number): number => deps.wall.toWall_us(mono_ms, now_ms);
  const verdict = keeper.verdict();
  const facts: LeafFacts | undefined = freshValue(leaf.read());
  const state = link.state();
  const stats = spool.stats();
  const hubLinks = facts?.links ?? [];
  /** Over all links to the hub; not known when one of them does not tell. */
  const total = (of: (link: HubLink) => number | undefined): number | undefined => {
    const counts = hubLinks.flatMap((one) => of(one) ?? []);
    return counts.length === 0 || counts.length < hubLinks.length
      ? undefined
      : counts.reduce((sum, count) => sum + count, 0);
  };
  const last = lastTrouble(parts.care, facts, state);
  const health = judgeHealth({
    config: file.config,
    host: hosts[assumedHost],
    problems: file.problems,
    leaf: file.leaf,
    link: state,
    hubUp: leaf.hubUp(),
    hubError: facts?.last_error?.text,
    hubCause: parts.care?.trouble(),
    lastCause: last.cause,
    rolledBack: parts.care?.rolledBack(),
    spool: stats,
    snapshotTrouble: parts.spoolKeep.trouble(),
    clock: verdict,
    denied: link.denied(),
    certificates,
    wall_ms: wall_us(now_ms) / 1000,
    clockCaveat: clockCaveat(verdict.quality, wall_us(now_ms) / 1000),
  });
  const { reconnects, dropped, in_msgs, out_msgs } = link.counters();
  return {
    uptime_s: (now_ms - deps.started_ms) / 1000,
    health,
    clock: keeper.summary(),
    time: {
      verdict,
      since_wall_ms: wall_us(verdict.since_ms) / 1000,
      ptp: keeper.ptp(),
      ntp: keeper.ntp(),
      ...known({ holdover_s: verdict.holdover && (now_ms - verdict.holdover.since_ms) / 1000 }),
    },
    rtt: parts.rtt.read(),
    ...known({ hub_rtt_us: facts?.hub.rtt_us }),
    nats: {
      connected: state.connected,
      agent: { reconnects, dropped, in_msgs, out_msgs },
      spool: stats,
      ...known({
        server_name: facts?.server.name ?? state.server?.name,
        server_version: facts?.server.version ?? state.server?.version,
        hub_up: leaf.hubUp(),
        hub_since_ms: facts && Math.floor(wall_us(facts.hub.since_ms) / 1000),
        hub_rtt_us: facts?.hub.rtt_us,
        in_msgs: total((one) => one.in_msgs),
        out_msgs: total((one) => one.out_msgs),
        in_bytes: total((one) => one.in_bytes),
        out_bytes: total((one) => one.out_bytes),
        slow_consumers: facts?.server.slow_consumers,
        certificate_days_left: soonest(certificates),
        certificates: certificates.length === 0 ? undefined : daysLeft(certificates),
        ...last,
      }),
    },
    system,
    self,
    certificates,
  };
}
