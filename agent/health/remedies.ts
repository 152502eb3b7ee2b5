import type { ReasonCode } from '../clock/verdict/reasons.ts';
import { shellWord } from '../config/checks/access.ts';
import type { Config } from '../config/options.ts';
import { apply, hubRemedy, showLeafLog } from './hubremedies.ts';
import type { Trouble } from './trouble.ts';

/** What of the unit a remedy depends on. */
export interface RemedyFacts {
  readonly config: Pick<Config, 'hub' | 'leaf' | 'spool'>;
  /** What keeps the unit from its hub, a code of nats/causes.ts, where that is known. */
  readonly cause?: string | undefined;
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
  ntp_monitor_only: 'grep -rn chronyd /etc/init.d # it is started with -x',
  conflict: '/etc/init.d/sysntpd stop; /etc/init.d/sysntpd disable',
  no_daemon: 'opkg update; opkg install chrony # or: apk add chrony',
};

const reasonRemedies = new Map<string, string>(Object.entries(clockRemedies));

/** The command for the first of the reasons that has one. */
export const clockRemedy = (reasons: readonly string[]): string | undefined =>
  reasons.flatMap((reason) => reasonRemedies.get(reason) ?? [])[0];

/** What mends the way to the hub, by its cause. */
function wayToHub({ config: { hub, leaf }, cause }: RemedyFacts): string {
  const showLog = leaf.mode === 'managed' ? showLeafLog : 'logread -e nunect';
  return cause === undefined ? showLog : hubRemedy(cause, hub);
}

/** For the server that the agent is a client of. */
function server(facts: RemedyFacts): string {
  const { config, cause } = facts;
  if (config.leaf.mode === 'managed') return '/etc/init.d/nunect-leaf restart';
  if (config.leaf.mode === 'off') return wayToHub(facts);
  return cause === 'auth'
    ? `uci set nunect.leaf.external_password='PASSWORD'; ${apply}`
    : 'logread -e nunect';
}

/** For a certificate or user JWT, by how far it has come. */
function certificate(
  file: string,
  stage: string | undefined,
  { config: { hub, leaf } }: RemedyFacts,
): string {
  const word = shellWord(file);
  if (stage === undefined) return `ls -l ${word}`; // it cannot be read, or is none
  if (stage === 'early') return 'date -u # a wrong clock: nunect status';
  const isJwt = file === hub.creds_file || file === leaf.external_creds_file;
  return isJwt ? hubRemedy('auth_expired', hub) : `scp NEW.pem root@UNIT:${word} # at the hub`;
}

const inside = (file: string): string => shellWord(file.replace(/\/[^/]*$/, '') || '/');

/**
 * The command that mends a trouble, or else shows its cause; undefined where there is none to be had. It is run on the
 * unit by root unless it says `at the hub`.
 */
export function remedyOf(
  { key, stage }: Pick<Trouble, 'key' | 'stage'>,
  facts: RemedyFacts,
): string | undefined {
  const more_kb = Math.min(1_048_576, (2 * facts.spool_budget_bytes) / 1024);
  switch (key) {
    case 'local server':
      return server(facts);
    case 'hub':
    case 'hub settings':
      return wayToHub(facts);
    case 'hub silent':
      return 'nats stream info NUNECT # at the hub';
    case 'spool snapshot': {
      const folder = inside(facts.config.spool.snapshot_file ?? '/');
      return `ls -ld ${folder}; df -h ${folder}`;
    }
    case 'leaf config':
      return 'nunect check';
    case 'clock':
      return clockRemedy(facts.reasons);
    case 'no stream':
      return 'nats stream add NUNECT --config stream.json # at the hub';
    case 'hub refuses records':
      return 'nats stream info NUNECT # at the hub';
    case 'records dropped':
      return `uci set nunect.spool.memory_kb=${more_kb}; ${apply}`;
  }
  if (key.startsWith('certificate ')) return certificate(key.slice(12), stage, facts);
  if (key.startsWith('permission '))
    return facts.config.leaf.mode === 'managed'
      ? '/etc/init.d/nunect-leaf restart'
      : 'nats-server --signal reload # at the hub, once the unit may do that';
  return 'nunect check'; // a mistake in the config
}
