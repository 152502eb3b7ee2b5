import { timeFiles } from '../clock/setup/applied.ts';
import type { SetupCode } from '../clock/setup/note.ts';
import { runDir } from '../lib/defaults.ts';
import { shellWord } from '../lib/format.ts';
import type { RemedyContext } from './finding.ts';
import type { HostCommands } from './host.ts';

type SetupRemedy = (host: HostCommands, chronyConf: string) => string;

const installLinuxptp: SetupRemedy = (host) => host.install('linuxptp', host.reloadTime);
const installChrony: SetupRemedy = (host) => host.install('chrony', host.reloadTime);
const choosePort: SetupRemedy = (host) => host.setList('ptp.interface', 'PORT');
const showPtpDaemons: SetupRemedy = () => "ps w | grep -E '[p]tp4l|[p]hc2sys'";

/** For what nunect-time could not set up, or set up otherwise than it was asked to. */
const remedies: Readonly<Record<SetupCode, SetupRemedy>> = {
  no_ptp4l: installLinuxptp,
  no_phc2sys: installLinuxptp,
  no_chronyd: installChrony,
  server_without_chronyd: installChrony,
  no_fallback: installChrony,
  interface_missing: () => 'ip link',
  interface_bridge: choosePort,
  interface_kind: choosePort,
  interface_stamps: choosePort,
  bridged_udp: (host) => host.set({ 'ptp.transport': 'L2' }),
  bridged_server: choosePort,
  no_hardware: (host) => host.set({ 'ptp.timestamping': 'software' }),
  unicast_family: (host) => host.setList('ptp.unicast_server', 'ADDRESS'),
  // says what is wrong in it, or has it taken over
  chrony_refuses: (host, conf) => `chronyd -p -f ${shellWord(conf)} >/dev/null && ${host.reloadTime}`,
  chrony_confdir: (host, conf) =>
    `echo 'confdir ${runDir}/${timeFiles.chronyDir}' >>${shellWord(conf)}; ${host.reloadTime}`,
  ptp4l_refuses: (host) => host.log('nunect'), // what it said when it was tried
  ntp_server_known: (host) => host.check,
  steerer: (host) => host.disable('sysntpd'),
  bridged_l2: choosePort,
  chrony_silent: (host) => host.log('chronyd'),
  no_reference: () => 'chronyc -n sources',
  ptp4l_runs: showPtpDaemons,
  refclock: () => 'grep -rns refclock /etc/chrony* /etc/config/chrony',
};

/** The command that mends it, or shows its cause. A code of another version of nunect-time is shown by its log. */
export function setupRemedy(code: SetupCode, { host, config }: RemedyContext): string {
  if (!Object.hasOwn(remedies, code)) return host.log('nunect-time');
  return remedies[code](host, config.ptp.chrony_conf ?? '/etc/chrony/chrony.conf');
}
