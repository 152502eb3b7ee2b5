import { timeFiles } from '../clock/setup/applied.ts';
import type { SetupCode } from '../clock/setup/note.ts';
import { runDir } from '../lib/defaults.ts';
import type { HostCommands } from './host.ts';

const installLinuxptp = (host: HostCommands): string => host.install('linuxptp');
const installChrony = (host: HostCommands): string => host.install('chrony');
const choosePort = (host: HostCommands): string => host.setList('ptp.interface', 'PORT');

/** For what nunect-time could not set up, or set up otherwise than it was asked to. */
const remedies: Readonly<Record<SetupCode, (host: HostCommands) => string>> = {
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
  no_hardware: (host) => host.set({ 'ptp.timestamping': 'auto' }),
  unicast_family: (host) => host.setList('ptp.unicast_server', 'ADDRESS'),
  chrony_refuses: (host) => host.log('chronyd'),
  chrony_confdir: (host) =>
    `echo 'confdir ${runDir}/${timeFiles.chronyDir}' >>/etc/chrony/chrony.conf; ${host.restart('chronyd')}`,
  ptp4l_refuses: (host) => host.log('ptp4l'),
  ntp_server_known: (host) => host.check,
  steerer: (host) => host.disable('sysntpd'),
  bridged_l2: choosePort,
  chrony_silent: (host) => host.log('chronyd'),
  no_reference: () => 'chronyc -n sources',
  ptp4l_runs: () => 'ps w | grep ptp4l',
  refclock: () => 'chronyc -n sources',
};

/** The command that mends it, or shows its cause. A code of another version of nunect-time is shown by its log. */
export const setupRemedy = (code: SetupCode, host: HostCommands): string =>
  (Object.hasOwn(remedies, code) ? remedies[code] : (one: HostCommands) => one.log('nunect-time'))(host);
