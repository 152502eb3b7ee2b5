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

const byCode = new Map<string, ClockRemedy>(Object.entries(remedies));

/** The command for the first of a verdict's reasons that has one. */
export function clockRemedy(reasons: readonly string[], context: ClockContext): string | undefined {
  const remedy = reasons.map((reason) => byCode.get(reason)).find((one) => one !== undefined);
  return typeof remedy === 'function' ? remedy(context.host, context) : remedy;
}
