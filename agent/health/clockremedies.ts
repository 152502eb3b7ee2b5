import type { SpokenPort } from '../clock/setup/ports.ts';
import type { ReasonCode } from '../clock/verdict/reasons.ts';
import { shellWord } from '../lib/format.ts';
import type { RemedyContext } from './finding.ts';
import type { HostCommands } from './host.ts';

type ClockContext = Pick<RemedyContext, 'host' | 'ptp4lConf'>;
type ClockRemedy = string | ((host: HostCommands, context: ClockContext) => string);

const askFor = (what: string, ptp4lConf: string | undefined): string =>
  `pmc -u -b 0${ptp4lConf === undefined ? '' : ` -f ${shellWord(ptp4lConf)}`} 'GET ${what}'`;

/** Shows what the ports of ptp4l do. */
export const askPtp4l = ({ ptp4lConf }: Pick<RemedyContext, 'ptp4lConf'>): string =>
  askFor('PORT_DATA_SET', ptp4lConf);
const showPorts: ClockRemedy = (_host, context) => askPtp4l(context);
const askChronyd = 'chronyc -n sources';
const showPtp4lLog: ClockRemedy = (host) => host.log('ptp4l');
const installChrony: ClockRemedy = (host) => host.install('chrony');

/** For a clock that is not synchronised. Codes that are not here only wait, or say what another one says better. */
const remedies: Partial<Readonly<Record<ReasonCode, ClockRemedy>>> = {
  ptp_listening: showPorts,
  ptp_stale_sync: showPorts,
  ptp_self_master: showPorts,
  ptp_port_faulty: showPtp4lLog,
  ptp_no_answer: showPtp4lLog,
  ntp_source_lost: askChronyd,
  ntp_unsynchronised: askChronyd,
  ntp_falseticker: askChronyd,
  ntp_local_reference: askChronyd,
  ntp_slewing: 'chronyc makestep',
  ntp_no_answer: (host) => host.restart('chronyd'),
  ntp_unobservable: installChrony,
  ntp_monitor_only: 'grep -rn chronyd /etc/init.d # it is started with -x',
  conflict: (host) => host.disable('sysntpd'),
  no_daemon: installChrony,
};

/** How a port speaks PTP, and whom it cannot hear so. */
export const sayPort = ({ name, transport, bridge }: SpokenPort): string =>
  bridge === undefined
    ? `${name} (${transport})`
    : `${name} (${transport}; as a port of ${bridge} it hears no grandmaster that speaks UDP)`;

/** A port to the outside that a firewall may close. */
const isOutside = ({ name, transport }: SpokenPort): boolean => transport !== 'L2' && /wan/.test(name);

/** For ports on which no grandmaster is heard: opens the firewall, or shows what comes. */
export function remedyOfSilence(ports: readonly SpokenPort[], host: HostCommands): string {
  const [first] = ports.filter(isOutside);
  if (first !== undefined) return host.allowPtp;
  const heard = 'ether proto 0x88f7 or udp port 319 or udp port 320';
  return `tcpdump -ni ${shellWord(ports[0]?.name ?? 'any')} ${shellWord(heard)} # its transport and domain`;
}

const byCode = new Map<string, ClockRemedy>(Object.entries(remedies));

/** The command for the first of a verdict's reasons that has one. */
export function clockRemedy(reasons: readonly string[], context: ClockContext): string | undefined {
  const remedy = reasons.map((reason) => byCode.get(reason)).find((one) => one !== undefined);
  return typeof remedy === 'function' ? remedy(context.host, context) : remedy;
}
