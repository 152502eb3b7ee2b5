// The reason codes of a verdict. docs/clock.md is generated from this table.

/** What one reason code means, for people. */
interface ReasonInfo {
  readonly means: string;
  /** The facts that it is based on. */
  readonly evidence: string;
  /** The resulting source and quality. */
  readonly verdict: string;
  /** What a person can do. */
  readonly advice: string;
}

const nothing = 'Nothing.';

/** Every reason code. The first one of a verdict is its main reason; the others qualify it or say why another source is not used. */
export const reasons = {
  ptp_locked: {
    means: 'The system clock follows PTP closely.',
    evidence:
      'Port SLAVE, fresh Sync messages, an error bound below 80 % of the locked limit at 4 in a row; since then not above it at 3 in a row, nor above twice of it.',
    verdict: 'ptp, locked',
    advice: nothing,
  },
  ptp_tracking: {
    means: 'The system clock follows PTP, but not closely enough to be locked.',
    evidence:
      'Port SLAVE, fresh Sync messages, an error bound below the tracking limit; or locked with a doubt, which is the next reason.',
    verdict: 'ptp, tracking',
    advice:
      'See the other reasons; if there are none, look for load or asymmetry on the path, or raise the limit.',
  },
  ptp_acquiring: {
    means: 'The port is SLAVE, but the error bound is not yet, or no longer, below the tracking limit.',
    evidence:
      'Port SLAVE, fresh Sync messages, fewer than 4 in a row with a bound below 80 % of the tracking limit.',
    verdict: 'ptp, acquiring',
    advice: 'Wait for 4 Sync messages. If it does not end, look at the offset.',
  },
  ptp_uncalibrated: {
    means: 'ptp4l has found a master and measures the offset, but its servo has not settled.',
    evidence: 'Port UNCALIBRATED for less than a minute.',
    verdict: 'unsynced, acquiring',
    advice: 'Wait: with software timestamps it normally takes 23 to 30 s.',
  },
  ptp_free_running: {
    means: 'ptp4l measures the offset but does not steer the clock.',
    evidence:
      'Port UNCALIBRATED with fresh Sync messages for a minute or longer, and no refclock that ptp4l feeds.',
    verdict: 'never ptp',
    advice: 'Remove free_running, or configure chronyd to use the ntpshm segment that ptp4l fills.',
  },
  ptp_listening: {
    means: 'The unit receives no PTP master.',
    evidence: 'Every port is LISTENING, PRE_MASTER or PASSIVE.',
    verdict: 'never ptp',
    advice: 'Check the grandmaster, the domain, the transport, multicast and VLANs.',
  },
  ptp_port_faulty: {
    means: 'The port cannot work.',
    evidence: 'The best port is FAULTY, DISABLED or INITIALIZING.',
    verdict: 'never ptp',
    advice: 'Check link, cable and interface, then the log of ptp4l.',
  },
  ptp_self_master: {
    means: 'ptp4l serves its own free-running clock as master.',
    evidence: 'A port is MASTER and none is SLAVE or UNCALIBRATED.',
    verdict: 'never ptp',
    advice: 'Set clientOnly (slaveOnly) 1 if the unit must follow; check why it receives no better master.',
  },
  ptp_stale_sync: {
    means: 'Sync messages no longer arrive; the values of ptp4l are old.',
    evidence: 'ingress_time has not changed for 3 Sync intervals, at least 3 s.',
    verdict: 'never ptp; holdover if it was locked',
    advice: 'Check the grandmaster and the path to it.',
  },
  ptp_no_answer: {
    means: 'ptp4l does not answer.',
    evidence: 'No permission or no reply; the evidence says which.',
    verdict: 'never ptp',
    advice: 'Check time.ptp_domain, time.transport_specific and the permissions of the socket.',
  },
  ptp_absent: {
    means: 'PTP does not run on this unit.',
    evidence: 'pmc is not installed, ptp4l has no socket, or the config disables PTP.',
    verdict: 'never ptp',
    advice: 'Nothing, unless you want PTP: install linuxptp, start ptp4l, check time.ptp_socket.',
  },
  system_clock_unbound: {
    means:
      'PTP steers the clock of the network card, but nothing transfers that time to the system clock, as far as is known.',
    evidence: 'Hardware timestamps, and neither a selected refclock in chronyd nor a phc2sys.',
    verdict: 'never ptp',
    advice: 'Run phc2sys, or give chronyd a refclock PHC.',
  },
  timestamping_unknown: {
    means: 'The agent does not know which clock ptp4l steers.',
    evidence: 'The read-only socket does not report the timestamping, and time.timestamping is auto.',
    verdict: 'never ptp',
    advice: 'Set time.timestamping, or give the agent access to the read-write socket.',
  },
  phc2sys_unmeasured: {
    means: 'phc2sys transfers PTP time to the system clock, but nothing measures how well.',
    evidence: 'Hardware timestamps, port SLAVE, a phc2sys process, no chronyd refclock.',
    verdict: 'ptp, at most tracking, no bound',
    advice: 'For an offset and a bound use chronyd with a refclock PHC instead of phc2sys.',
  },
  refclock_via_chrony: {
    means: 'chronyd steers the system clock with a reference that PTP feeds.',
    evidence:
      'The selected source is a live refclock, of whatever name, beside a ptp4l that follows a grandmaster.',
    verdict: 'ptp, judged by chronyd with the PTP limits',
    advice: nothing,
  },
  refclock_unfed: {
    means:
      'chronyd follows a PTP reference, but no PTP is seen to steer it; the clock of a card runs on when PTP is dead.',
    evidence:
      'The selected source is a refclock that PTP fed before, or named PHC* or PTP*, and ptp4l is silent or not SLAVE.',
    verdict: 'unsynced; holdover if it was locked',
    advice: 'Check ptp4l; give the agent access to it (time.ptp_socket).',
  },
  ntp_locked: {
    means: 'The system clock follows NTP closely.',
    evidence: 'A live selected source, and an error bound below the locked limit in 4 polls in a row.',
    verdict: 'ntp, locked',
    advice: nothing,
  },
  ntp_tracking: {
    means: 'The system clock follows NTP, but not closely enough to be locked.',
    evidence:
      'A live selected source, and an error bound below the tracking limit; or locked with a doubt, which is the next reason.',
    verdict: 'ntp, tracking',
    advice: 'See the other reasons; if there are none, look at the sources (chronyc sources).',
  },
  ntp_acquiring: {
    means: 'A source is selected, but the error bound is not yet below the tracking limit.',
    evidence:
      'A live selected source, and fewer than 4 polls in a row with a bound below the tracking limit.',
    verdict: 'ntp, acquiring',
    advice: 'Wait.',
  },
  ntp_slewing: {
    means: 'chronyd knows that the system clock is off and is still correcting it.',
    evidence: 'A live selected source, and |system_time| above the tracking limit.',
    verdict: 'ntp, acquiring',
    advice:
      'Wait, or step the clock (chronyc makestep); with makestep in chrony.conf chronyd steps it at its start.',
  },
  ntp_source_lost: {
    means: 'chronyd has no live source; its values are old.',
    evidence:
      'No selected source; or the last 3 polls unanswered and no update for 3 usual pauses; or no update for 10 minutes and 8 of its intervals.',
    verdict: 'never ntp; holdover if it was locked',
    advice: 'Check the network and the servers (chronyc sources, chronyc activity).',
  },
  ntp_falseticker: {
    means: 'One or more sources contradict the others.',
    evidence: 'chronyd marks a reachable source as falseticker.',
    verdict:
      'never ntp while none is selected; else the bound reaches as far as they say, unless 3 sources and more than they agree',
    advice: 'Remove the wrong server, or configure at least three servers.',
  },
  ntp_unsynchronised: {
    means: 'chronyd runs but is not synchronised.',
    evidence: 'Leap "not synchronised", stratum 0 or 16, or no reference.',
    verdict: 'unsynced; acquiring while a source is reachable, else freerun',
    advice: 'Wait; if it does not end, check the servers.',
  },
  ntp_local_reference: {
    means: 'chronyd follows its own clock.',
    evidence: 'Reference id 7F7F0101, from "local" in chrony.conf.',
    verdict: 'never ntp',
    advice: 'Check the servers; this is normal only in a network without NTP servers.',
  },
  ntp_monitor_only: {
    means: 'chronyd measures the clock but does not steer it.',
    evidence: 'chronyd runs with -x.',
    verdict: 'never ntp; its measurement is still used for checks and for the bound',
    advice: 'Nothing if something else steers the clock, else remove -x.',
  },
  ntp_no_answer: {
    means: 'chronyd does not answer.',
    evidence:
      'A chronyd process, or a reply before, and no reply, a refusal, or not authorised; the evidence says which.',
    verdict: 'never ntp',
    advice:
      'Check whether chronyd hangs; in chrony.conf, cmdport (not 0), bindcmdaddress and opencommands; time.chrony_port; or give the agent access to the command socket.',
  },
  ntp_absent: {
    means: 'chronyd does not run on this unit.',
    evidence: 'The connection is refused, and chronyc gives no answer either.',
    verdict: 'never ntp',
    advice: 'Nothing, unless you want NTP: start chronyd; check cmdport and time.chrony_port.',
  },
  ntp_unobservable: {
    means: 'An NTP client runs that cannot be queried.',
    evidence: 'A process such as busybox ntpd runs, and no chronyd.',
    verdict: 'unsynced, freerun: the clock may be right, but nothing proves it',
    advice: 'Install chrony instead.',
  },
  starting: {
    means: 'The agent has just started and has not asked every daemon yet.',
    evidence: 'At least one daemon has not been asked.',
    verdict: 'unsynced, freerun',
    advice: 'Wait a second.',
  },
  no_daemon: {
    means: 'No program that could steer the clock was found on this unit.',
    evidence: 'Neither ptp4l nor chronyd nor another NTP client.',
    verdict: 'unsynced, freerun',
    advice: 'Install chrony or linuxptp.',
  },
  conflict: {
    means: 'Two programs steer the same clock; each can move it away from where the other set it.',
    evidence:
      'Two or more of: ptp4l with software timestamps in SLAVE, phc2sys, chronyd with a live source, another NTP client. Or a daemon has logged in the last 10 min that something else changes the clock.',
    verdict: 'at most tracking; the larger bound counts',
    advice: 'Stop all but one, or run chronyd with -x, so that it only measures.',
  },
  ptp_ntp_disagree: {
    means: 'PTP and NTP contradict each other; at least one of them is wrong.',
    evidence: 'Their offsets of the system clock differ by more than both bounds together.',
    verdict: 'at most tracking',
    advice: 'Compare the grandmaster and the NTP servers with a third source.',
  },
  tai_utc_mistake: {
    means:
      'PTP and NTP differ by the offset between TAI and UTC: the leap seconds are not applied somewhere.',
    evidence: 'PTP and NTP differ by whole seconds, as many as currentUtcOffset or 35 to 39.',
    verdict: 'at most tracking',
    advice:
      'Check ptpTimescale and currentUtcOffset of the grandmaster, and the tai or offset option of refclocks.',
  },
  utc_offset_suspect: {
    means:
      'The grandmaster serves TAI but does not declare its UTC offset valid: whole seconds may be wrong.',
    evidence: 'ptpTimescale 1, currentUtcOffsetValid 0, and no NTP source that confirms the whole seconds.',
    verdict: 'ptp, at most tracking, no absolute bound',
    advice: 'Set currentUtcOffsetValid at the grandmaster, or run chronyd with -x to check it.',
  },
  utc_offset_confirmed: {
    means:
      'The grandmaster does not declare its UTC offset valid, but an NTP server confirms the whole seconds.',
    evidence: 'ptpTimescale 1, currentUtcOffsetValid 0, and a live NTP server that agrees.',
    verdict: 'no change; the bound is that of NTP',
    advice: 'Set currentUtcOffsetValid at the grandmaster.',
  },
  gm_implausible: {
    means: 'The grandmaster says of itself what cannot be true.',
    evidence:
      'currentUtcOffset below 37, or another than before for the first hour and without an announced leap second, clockClass 6 or 7 with ptpTimescale 0, or a clockAccuracy finer than its clockClass can keep.',
    verdict: 'ptp, at most tracking; the bound is that of NTP, or there is none',
    advice: 'Correct the settings of the grandmaster; run chronyd with -x to check it.',
  },
  path_delay_negative: {
    means: 'The path delay is measured below zero: a time stamp is wrong at one of the ends.',
    evidence: 'meanPathDelay below zero by more than the jitter.',
    verdict: 'ptp, at most tracking, no bound',
    advice:
      'Check the time stamps of grandmaster, switches and network card (egressLatency, ingressLatency).',
  },
  path_delay_unmeasured: {
    means: 'The path delay is no longer measured: an old one is used, whatever the path is now.',
    evidence:
      'No delay response for 8 intervals, at least 8 s; or with software timestamps no other delay for 30 s.',
    verdict: 'ptp, at most tracking, no bound',
    advice: 'Check that the grandmaster answers Delay_Req, and that these pass: multicast, firewall, domain.',
  },
  source_jumped: {
    means: 'The source contradicts what was known of the clock before; it is wrong now, or was then.',
    evidence:
      'A measured offset differs from what was known before by more than both can be wrong, the corrections since counted, and the clock was not set.',
    verdict:
      'at most tracking, no bound on true time, until the source returns, others confirm it, or an hour has passed',
    advice: 'Compare the source with another one; restart the agent once you know that it is right.',
  },
  gm_not_traceable: {
    means: 'The clock agrees with the grandmaster, but the grandmaster is not traceable to UTC.',
    evidence: 'clockClass not 6, 7 or 135, or not timeTraceable, or a clockAccuracy without a bound.',
    verdict: 'no change; the absolute bound is that of NTP, or there is none',
    advice: 'Nothing if all sites share one grandmaster, else give it a reference (GNSS).',
  },
  clock_stepped: {
    means: 'The system clock was set; earlier measurements no longer hold.',
    evidence: 'Wall time moved against monotonic time by more than the error of reading them, some us.',
    verdict: 'no lock and no holdover until there are new samples',
    advice: 'Nothing after a start; else find out who set the clock.',
  },
  holdover: {
    means: 'The source is lost; the clock was locked, runs on, and its bound grows.',
    evidence:
      'Locked for at least 60 s before; lost for at most holdover_s, and the bound still within the tracking limit.',
    verdict: 'unsynced, tracking, with holdover',
    advice: 'Restore the source.',
  },
  holdover_expired: {
    means: 'The source has been lost for too long.',
    evidence:
      'Lost for longer than holdover_s; or the bound, or what another daemon measures, has reached the tracking limit.',
    verdict: 'unsynced, freerun or acquiring',
    advice: 'Restore the source.',
  },
} as const satisfies Readonly<Record<string, ReasonInfo>>;

/** A code of the table. */
export type ReasonCode = keyof typeof reasons;
