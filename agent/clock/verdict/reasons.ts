// Why a verdict is what it is. docs/clock.md is generated from this table.

/** One reason code, for people. */
interface ReasonInfo {
  readonly means: string;
  /** What is seen when it is given. */
  readonly evidence: string;
  /** What follows for source and quality. */
  readonly verdict: string;
  /** What a person can do. */
  readonly advice: string;
}

const nothing = 'Nothing.';

/** Every reason code. The first of a verdict is its main reason; the others qualify it or say why another source is not used. */
export const reasons = {
  ptp_locked: {
    means: 'The system clock follows PTP closely.',
    evidence:
      'Port SLAVE, Sync messages fresh, 4 in a row below the locked limit, none of 3 in a row above twice.',
    verdict: 'ptp, locked',
    advice: nothing,
  },
  ptp_tracking: {
    means: 'The system clock follows PTP, but not closely enough to be called locked.',
    evidence:
      'Port SLAVE, Sync messages fresh, offsets below the tracking limit; or a doubt named beside it.',
    verdict: 'ptp, tracking',
    advice: 'Look at the other reasons; else look for load or asymmetry on the path, or raise the limit.',
  },
  ptp_acquiring: {
    means: 'The port is SLAVE, but the offsets are not yet, or no longer, below the tracking limit.',
    evidence: 'Port SLAVE, Sync messages fresh, fewer than 4 in a row below the tracking limit.',
    verdict: 'ptp, acquiring',
    advice: 'Wait; it takes 4 Sync messages. If it stays, look at the offset.',
  },
  ptp_uncalibrated: {
    means: 'ptp4l has found a master and measures, but its servo has not settled.',
    evidence: 'Port UNCALIBRATED for less than a minute.',
    verdict: 'unsynced, acquiring',
    advice: 'Wait: 23 to 30 s are normal with software timestamps.',
  },
  ptp_free_running: {
    means: 'ptp4l measures the offset but does not steer the clock.',
    evidence:
      'Port UNCALIBRATED with fresh Sync messages for a minute or longer, and no refclock is fed by it.',
    verdict: 'never ptp',
    advice: 'Remove free_running, or let chronyd use the ntpshm segment that ptp4l fills.',
  },
  ptp_listening: {
    means: 'No PTP master is heard.',
    evidence: 'No port beyond LISTENING, PRE_MASTER or PASSIVE.',
    verdict: 'never ptp',
    advice: 'Check the grandmaster, the domain, the transport, multicast and VLANs.',
  },
  ptp_port_faulty: {
    means: 'The port cannot work.',
    evidence: 'The best port is FAULTY, DISABLED or INITIALIZING.',
    verdict: 'never ptp',
    advice: 'Check link, cable and interface; then the log of ptp4l.',
  },
  ptp_self_master: {
    means: 'ptp4l serves its own free-running clock as master.',
    evidence: 'A port is MASTER and none is SLAVE or UNCALIBRATED.',
    verdict: 'never ptp',
    advice: 'Set clientOnly (slaveOnly) 1 where the unit must follow; check why no better master is heard.',
  },
  ptp_stale_sync: {
    means: 'No Sync message arrives any more; what ptp4l shows is old.',
    evidence: 'ingress_time has not moved for 3 Sync intervals, at least 3 s.',
    verdict: 'never ptp; holdover if it was locked',
    advice: 'Check the grandmaster and the path to it.',
  },
  ptp_no_answer: {
    means: 'ptp4l cannot be asked.',
    evidence: 'No permission or no reply; the sentence says which.',
    verdict: 'never ptp',
    advice: 'Check time.ptp_domain, time.transport_specific and permissions.',
  },
  ptp_absent: {
    means: 'No PTP runs on this unit.',
    evidence: 'pmc is not installed, ptp4l has no socket, or PTP is switched off in the config.',
    verdict: 'never ptp',
    advice: 'Nothing, unless PTP is wanted: install linuxptp, start ptp4l, check time.ptp_socket.',
  },
  system_clock_unbound: {
    means:
      'PTP steers the clock of the network card, and nothing is known to carry that to the system clock.',
    evidence:
      'Hardware timestamps, and neither a selected PHC, PTP or SHM refclock in chronyd nor a phc2sys.',
    verdict: 'never ptp',
    advice: 'Run phc2sys, or give chronyd a refclock PHC.',
  },
  timestamping_unknown: {
    means: 'It is not known which clock ptp4l steers.',
    evidence: 'The read-only socket does not tell the timestamping, and time.timestamping is auto.',
    verdict: 'never ptp',
    advice: 'Set time.timestamping, or let the agent use the read-write socket.',
  },
  phc2sys_unmeasured: {
    means: 'phc2sys carries PTP to the system clock; how well is not measured.',
    evidence: 'Hardware timestamps, port SLAVE, a phc2sys process, no chronyd refclock.',
    verdict: 'ptp, at most tracking, no bound',
    advice: 'Use chronyd with a refclock PHC instead of phc2sys to get an offset and a bound.',
  },
  refclock_via_chrony: {
    means: 'chronyd steers the system clock by a reference that PTP feeds.',
    evidence: 'The selected source is a live refclock named PHC*, PTP* or SHM*, and ptp4l feeds it.',
    verdict: 'ptp, judged by chronyd with the PTP limits',
    advice: nothing,
  },
  refclock_unfed: {
    means:
      'chronyd follows a PTP reference that no PTP is seen to steer; a card clock runs on when PTP is dead.',
    evidence: 'The selected source is a refclock PHC* or PTP*, and ptp4l is silent or not SLAVE.',
    verdict: 'unsynced; holdover if it was locked',
    advice: 'Check ptp4l; let the agent ask it (time.ptp_socket).',
  },
  ntp_locked: {
    means: 'The system clock follows NTP closely.',
    evidence: 'A live selected source, and |system_time| below the locked limit at 4 looks in a row.',
    verdict: 'ntp, locked',
    advice: nothing,
  },
  ntp_tracking: {
    means: 'The system clock follows NTP, but not closely enough to be called locked.',
    evidence:
      'A live selected source, and |system_time| below the tracking limit; or a doubt named beside it.',
    verdict: 'ntp, tracking',
    advice: 'Look at the other reasons; else at the sources (chronyc sources).',
  },
  ntp_acquiring: {
    means: 'A source is selected, but the clock is not yet seen below the tracking limit.',
    evidence: 'A live selected source, and fewer than 4 looks in a row below the tracking limit.',
    verdict: 'ntp, acquiring',
    advice: 'Wait.',
  },
  ntp_slewing: {
    means: 'chronyd knows that the system clock is wrong and is still correcting it.',
    evidence: 'A live selected source, and |system_time| above the tracking limit.',
    verdict: 'ntp, acquiring',
    advice: 'Wait, or step it (chronyc makestep); makestep in chrony.conf does so at start.',
  },
  ntp_source_lost: {
    means: 'chronyd has no live source; what it shows is old.',
    evidence: 'No selected source; or 3 polls of it without an answer; or ref_time too old or in the future.',
    verdict: 'never ntp; holdover if it was locked',
    advice: 'Check the network and the servers (chronyc sources, chronyc activity).',
  },
  ntp_falseticker: {
    means: 'Sources contradict the others.',
    evidence: 'chronyd marks a reachable source as falseticker.',
    verdict: 'no change while another source is selected, else never ntp',
    advice: 'Remove the wrong server, or give chronyd at least three.',
  },
  ntp_unsynchronised: {
    means: 'chronyd runs and is not synchronised.',
    evidence: 'Leap "not synchronised", stratum 0 or 16, or no reference.',
    verdict: 'unsynced; acquiring while a source is reachable, else freerun',
    advice: 'Wait; else check the servers.',
  },
  ntp_local_reference: {
    means: 'chronyd follows its own clock.',
    evidence: 'Reference id 7F7F0101, from "local" in chrony.conf.',
    verdict: 'never ntp',
    advice: 'Check the servers; this is normal only on an island.',
  },
  ntp_monitor_only: {
    means: 'chronyd measures the clock but does not steer it.',
    evidence: 'chronyd runs with -x.',
    verdict: 'never ntp; its measurement is still used for checks and for the bound',
    advice: 'Nothing where something else steers the clock, else remove -x.',
  },
  ntp_no_answer: {
    means: 'chronyd cannot be asked.',
    evidence: 'No reply, or not authorised; the sentence says which.',
    verdict: 'never ntp',
    advice: 'Check whether chronyd hangs, and opencommands in chrony.conf.',
  },
  ntp_absent: {
    means: 'No chronyd runs on this unit.',
    evidence: 'Connection refused, and no chronyc that could ask in another way.',
    verdict: 'never ntp',
    advice: 'Nothing, unless NTP is wanted: start chronyd; check cmdport and time.chrony_port.',
  },
  ntp_unobservable: {
    means: 'An NTP client runs that answers no questions.',
    evidence: 'A process such as busybox ntpd, and no chronyd.',
    verdict: 'unsynced, freerun: it may be right, but nothing shows it',
    advice: 'Install chrony in its place.',
  },
  starting: {
    means: 'The agent has just started and has not asked everything yet.',
    evidence: 'A daemon that was not asked so far.',
    verdict: 'unsynced, freerun',
    advice: 'Wait a second.',
  },
  no_daemon: {
    means: 'Nothing on this unit is known to steer the clock.',
    evidence: 'Neither ptp4l nor chronyd nor another NTP client.',
    verdict: 'unsynced, freerun',
    advice: 'Install chrony or linuxptp.',
  },
  conflict: {
    means: 'Two programs steer the same clock; either can pull it away from what the other measured.',
    evidence:
      'Two or more of: ptp4l with software timestamps in SLAVE, phc2sys, chronyd with a live source, another NTP client.',
    verdict: 'at most tracking; the larger bound counts',
    advice: 'Stop all but one, or run chronyd with -x to keep it as a witness.',
  },
  ptp_ntp_disagree: {
    means: 'PTP and NTP contradict each other; at least one is wrong.',
    evidence: 'Their offsets of the system clock differ by more than both bounds together.',
    verdict: 'at most tracking',
    advice: 'Compare grandmaster and NTP servers with a third source.',
  },
  tai_utc_mistake: {
    means: 'PTP and NTP are apart by the distance of TAI to UTC: somebody forgot the leap seconds.',
    evidence: 'Whole seconds between PTP and NTP, equal to currentUtcOffset or within 35 to 39.',
    verdict: 'at most tracking',
    advice:
      'Check ptpTimescale and currentUtcOffset of the grandmaster, and the tai or offset option of refclocks.',
  },
  utc_offset_suspect: {
    means: 'The grandmaster counts TAI without vouching for its distance to UTC: whole seconds may be wrong.',
    evidence: 'ptpTimescale 1, currentUtcOffsetValid 0, and no NTP source that confirms the second.',
    verdict: 'ptp, at most tracking, no absolute bound',
    advice: 'Set currentUtcOffsetValid at the grandmaster, or let chronyd watch with -x.',
  },
  gm_not_traceable: {
    means: 'The clock agrees with the grandmaster, but the grandmaster does not tie itself to UTC.',
    evidence: 'clockClass not 6, 7 or 135, or not timeTraceable, or a clockAccuracy without a bound.',
    verdict: 'no change; no absolute bound',
    advice: 'Nothing where sites share one grandmaster, else give it a reference (GNSS).',
  },
  clock_stepped: {
    means: 'The system clock was set; what was known of it no longer holds.',
    evidence: 'Wall time and monotonic time moved apart by more than 0.1 s.',
    verdict: 'all locks are dropped, no holdover, until new samples',
    advice: 'Nothing after a start; else find out who set the clock.',
  },
  holdover: {
    means: 'The source is gone; the clock, locked before, runs on and its bound grows.',
    evidence:
      'Locked for at least 60 s before, and since then no longer than holdover_s and within the tracking limit.',
    verdict: 'unsynced, tracking, with holdover',
    advice: 'Bring the source back; lower time.drift_ppb if the oscillator is known to be better.',
  },
  holdover_expired: {
    means: 'The source has been gone for too long.',
    evidence: 'Longer than holdover_s, or the assumed drift has used up the tracking limit.',
    verdict: 'unsynced, freerun or acquiring',
    advice: 'Bring the source back.',
  },
} as const satisfies Readonly<Record<string, ReasonInfo>>;

/** A code of the table. */
export type ReasonCode = keyof typeof reasons;
