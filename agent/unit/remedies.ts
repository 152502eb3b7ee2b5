import type { ReasonCode } from '../clock/reasons.ts';
import type { Config } from '../config/options.ts';
import type { Trouble } from './health.ts';

/** What of the unit a remedy depends on. */
export interface RemedyFacts {
  readonly leafMode: Config['leaf']['mode'];
  /** Of the clock's verdict, the main one first. */
  readonly reasons: readonly string[];
  readonly spool_budget_bytes: number;
}

const askPtp4l = "pmc -u -b 0 'GET PORT_DATA_SET'";
const askChronyd = 'chronyc -n sources';

/** For a clock that is not synchronised, by the first reason that is here. */
const clockRemedies: Partial<Readonly<Record<ReasonCode, string>>> = {
  ptp_listening: askPtp4l,
  ptp_stale_sync: askPtp4l,
  ptp_self_master: askPtp4l,
  ptp_port_faulty: 'logread -e ptp4l',
  ptp_no_answer: 'logread -e ptp4l',
  ntp_source_lost: askChronyd,
  ntp_unsynchronised: askChronyd,
  ntp_falseticker: askChronyd,
  ntp_local_reference: askChronyd,
  ntp_slewing: 'chronyc makestep',
  ntp_no_answer: '/etc/init.d/chronyd restart',
  ntp_unobservable: 'opkg update; opkg install chrony # or: apk add chrony',
  no_daemon: 'opkg update; opkg install chrony # or: apk add chrony',
};

const reasonRemedies = new Map<string, string>(Object.entries(clockRemedies));

/** A file name as a shell takes it for one word. */
const quoted = (file: string): string =>
  /^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;

/**
 * The command that mends a trouble, or else shows its cause; undefined where there is none to be had. It is run on the
 * unit by root unless it says `at the hub`.
 */
export function remedyOf({ key }: Pick<Trouble, 'key'>, facts: RemedyFacts): string | undefined {
  const more_kb = Math.min(1_048_576, (2 * facts.spool_budget_bytes) / 1024);
  switch (key) {
    case 'local server':
      return facts.leafMode === 'managed' ? '/etc/init.d/nunect-leaf restart' : 'logread -e nunect';
    case 'hub':
      return facts.leafMode === 'managed' ? 'logread -e nats-server' : 'logread -e nunect';
    case 'leaf config':
      return 'nunect check';
    case 'clock':
      return facts.reasons.flatMap((reason) => reasonRemedies.get(reason) ?? [])[0];
    case 'no stream':
      return 'nats stream add NUNECT --config stream.json # at the hub';
    case 'hub refuses records':
      return 'nats stream info NUNECT # at the hub';
    case 'records dropped':
      return `uci set nunect.spool.memory_kb=${more_kb}; uci commit nunect; /etc/init.d/nunect reload`;
  }
  if (key.startsWith('certificate ')) return `ls -l ${quoted(key.slice(12))}`;
  if (key.startsWith('permission ')) return undefined;
  return 'nunect check'; // a mistake in the config
}
