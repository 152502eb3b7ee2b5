import type { SocketState } from '../../clock/ptp4l/keeper.ts';
import type { Config } from '../../config/options.ts';
import { clockRemedy } from '../../health/clockremedies.ts';
import type { Finding } from '../../health/finding.ts';
import { clockFinding } from '../../health/health.ts';
import type { HostCommands } from '../../health/host.ts';
import { shellWord } from '../../lib/format.ts';
import type { ClockStatus, NtpStatus, PtpStatus } from '../../status/snapshot.ts';
import { type CheckResult, fail, findingResult, ok, skip, warn } from './checkresult.ts';

/** What is known of the clock, by the agent or by a look of our own. */
export interface TimeSeen {
  readonly host: HostCommands;
  readonly config: Config;
  readonly clock: Pick<ClockStatus, 'source' | 'quality' | 'evidence' | 'reasons'>;
  /** What the agent finds wrong with the clock; undefined when it does not answer. */
  readonly findings?: readonly Finding[] | undefined;
  readonly ptp: PtpStatus;
  readonly ntp: NtpStatus;
  /** The management sockets that are asked, as this user finds them. */
  readonly sockets: readonly { readonly path: string; readonly state: SocketState }[];
  /** A domain in which a ptp4l answers though it does not in the configured one. */
  readonly otherDomain?: number | undefined;
  /** PTP hardware clocks of this machine. */
  readonly phcs: readonly string[];
  /** What the interfaces can stamp with, where ethtool tells. */
  readonly stamping: readonly string[];
}

function socketResult({ host, config: { time }, ptp, sockets, otherDomain }: TimeSeen): CheckResult {
  const what = 'ptp4l';
  const isWanted = time.mode === 'ptp';
  const level = isWanted && time.required !== 'no' ? fail : warn;
  const present = sockets.filter(({ state }) => state !== 'missing');
  const [first] = present;
  if (first === undefined) {
    if (!isWanted) return skip(what, 'none runs here');
    return level(what, `it has no socket at ${time.ptp_socket.join(', ')}`, host.log('ptp4l'));
  }
  const word = shellWord(first.path);
  if (first.state === 'forbidden' || ptp.absent_reason === 'no_permission')
    return level(
      what,
      `no permission to use its socket ${first.path} (${ptp.why ?? 'no permission'})`,
      `chgrp nunect ${word}; chmod g+rw ${word} # for good: uds_file_mode 0660 in ptp4l.conf`,
    );
  if (otherDomain !== undefined)
    return level(
      what,
      `domain ${time.ptp_domain} does not answer at ${first.path}, but domain ${otherDomain} does`,
      host.set({ 'time.ptp_domain': String(otherDomain) }),
    );
  return level(what, `does not answer: ${ptp.why ?? 'no reply'}`, host.log('ptp4l'));
}

function ptpResult(seen: TimeSeen): CheckResult {
  const { ptp } = seen;
  const { time } = seen.config;
  if (time.mode === 'chrony') return skip('ptp4l', 'time.mode is chrony');
  if (ptp.seen !== 'fresh') return socketResult(seen);
  const states = ptp.ports.map(({ portState }) => portState).join(', ');
  return ok('ptp4l', `domain ${ptp.domainNumber ?? time.ptp_domain}, port ${states || 'unknown'}`);
}

function stampingResult({ host, config: { time }, ptp, phcs, stamping }: TimeSeen): CheckResult {
  const what = 'timestamping';
  if (time.mode === 'chrony') return skip(what, 'time.mode is chrony');
  const has = phcs.length === 0 ? 'no PTP hardware clock' : `PTP hardware clock ${phcs.join(', ')}`;
  const used = ptp.timestamping === undefined ? '' : `ptp4l uses ${ptp.timestamping}; `;
  const detail = `${used}${[has, ...stamping].join('; ')}`;
  const wants = time.timestamping === 'hardware';
  if (wants && (phcs.length === 0 || ptp.timestamping === 'SOFTWARE'))
    return warn(
      what,
      `time.timestamping is hardware, but: ${detail}`,
      host.set({ 'time.timestamping': 'auto' }),
    );
  return ok(what, detail);
}

function ntpResult({ host, config: { time }, ntp, clock }: TimeSeen): CheckResult {
  const what = 'chronyd';
  if (time.mode === 'ptp') return skip(what, 'time.mode is ptp');
  if (ntp.seen === 'fresh') {
    const { selected, stratum } = ntp;
    if (selected !== undefined)
      return ok(what, `follows ${selected}${stratum ? `, stratum ${stratum}` : ''}`);
    return ok(what, `answers, ${ntp.sources.length} sources, none is followed`);
  }
  const detail = `does not answer: ${ntp.why ?? 'absent'}`;
  if (time.mode === 'chrony')
    return (time.required === 'no' ? warn : fail)(
      what,
      detail,
      clockRemedy([...clock.reasons, 'ntp_no_answer'], { host }),
    );
  return skip(what, detail);
}

/** Whether two daemons steer the clock. */
function conflictResult({ host, clock }: TimeSeen): CheckResult {
  const what = 'clock conflict';
  return clock.reasons.includes('conflict')
    ? warn(what, clock.evidence, clockRemedy(['conflict'], { host })) // how much it weighs is the clock's own finding
    : ok(what, 'no two daemons steer the clock');
}

/** What comes of it all: as the agent finds it, who knows what was there before. */
function clockResults({ host, config, clock, findings }: TimeSeen): CheckResult[] {
  const found = findings ?? [clockFinding(clock, config.time, { host, config })];
  const wrong = found.flatMap((finding) => (finding === undefined ? [] : [findingResult('clock', finding)]));
  return wrong.length > 0 ? wrong : [ok('clock', `${clock.source} ${clock.quality}`)];
}

/** ptp4l, timestamps, chronyd, who steers, and what comes of it. */
export const judgeTime = (seen: TimeSeen): CheckResult[] => [
  ...[ptpResult, stampingResult, ntpResult, conflictResult].map((judge) => judge(seen)),
  ...clockResults(seen),
];
