import type { HostKind } from '../device/hostkind.ts';
import { defaultConfigFile, keepDir } from '../lib/defaults.ts';
import { shellWord } from '../lib/format.ts';

/** The commands of one host. They are for root. */
export interface HostCommands {
  /** Takes over what was changed in the config. */
  readonly reload: string;
  /** The same for the section ptp, and for clock daemons that have come. */
  readonly reloadTime: string;
  /** Says what is wrong with the config. */
  readonly check: string;
  start(service: string): string;
  restart(service: string): string;
  /** Stops a service, and keeps it from starting at the next boot. */
  disable(service: string): string;
  /** Shows what a program said. */
  log(program: string): string;
  /** `then` is what makes use of it. */
  install(name: string, then?: string): string;
  upgrade(name: string): string;
  /** Lets PTP over UDP in from the WAN. */
  readonly allowPtp: string;
  /** Sets options, by names such as `hub.password`, and takes them over. */
  set(options: Readonly<Record<string, string>>): string;
  /** Gives an option that is a list this value alone, and takes it over. */
  setList(option: string, value: string): string;
}

const initd = (service: string, action: string): string => `/etc/init.d/${service} ${action}`;

/** What other hosts call it. */
const debian: Readonly<Record<string, string>> = {
  chronyd: 'chrony',
  sysntpd: 'systemd-timesyncd',
  node: 'nodejs',
};
const nameOn = (name: string): string => debian[name] ?? name;

const settings = (options: Readonly<Record<string, string>>): string =>
  Object.entries(options)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ');

type Config = Pick<HostCommands, 'check' | 'set' | 'setList'>;
type Reloads = Pick<HostCommands, 'reload' | 'reloadTime'>;

/** What takes over these options: section ptp has a service of its own, which the agent's reload does not reach. */
const takeOver = (names: readonly string[], { reload, reloadTime }: Reloads): string =>
  names.some((name) => name.startsWith('ptp.')) ? `${reload}; ${reloadTime}` : reload;

/** Options in a file that is edited by hand. */
const byHand = (file: string, reloads: Reloads): Config => {
  const edit = (options: Readonly<Record<string, string>>): string =>
    `vi ${shellWord(file)}; ${takeOver(Object.keys(options), reloads)} # ${settings(options)}`;
  return {
    check: `nunect check --config ${shellWord(file)}`,
    set: edit,
    setList: (name, value) => edit({ [name]: value }),
  };
};

/** Options that uci knows. */
const byUci = (reloads: Reloads): Config => {
  const apply = (...names: readonly string[]): string => `uci commit nunect; ${takeOver(names, reloads)}`;
  return {
    check: 'nunect check',
    set: (options) =>
      [
        ...Object.entries(options).map(([name, value]) => `uci set nunect.${name}='${value}'`),
        apply(...Object.keys(options)),
      ].join('; '),
    setList: (name, value) =>
      `uci delete nunect.${name}; uci add_list nunect.${name}='${value}'; ${apply(name)}`,
  };
};

const andThen = (then: string | undefined): string => (then === undefined ? '' : `; ${then}`);

const firewallRule = { name: 'Allow-PTP', src: 'wan', proto: 'udp', dest_port: '319 320', target: 'ACCEPT' };
const allowPtp = [
  'uci add firewall rule',
  ...Object.entries(firewallRule).map(([name, value]) => `uci set firewall.@rule[-1].${name}='${value}'`),
  `uci commit firewall; ${initd('firewall', 'reload')}`,
].join('; ');
const showFirewall = 'nft list ruleset # UDP 319 and 320 have to come in';

const initdReloads: Reloads = {
  reload: initd('nunect', 'reload'),
  reloadTime: initd('nunect-time', 'reload'),
};

const openwrt = (file: string): HostCommands => ({
  ...initdReloads,
  start: (service) => initd(service, 'start'),
  restart: (service) => initd(service, 'restart'),
  disable: (service) => `${initd(service, 'stop')}; ${initd(service, 'disable')}`,
  log: (program) => `logread -e ${program}`,
  install: (name, then) => `opkg update; opkg install ${name}${andThen(then)} # or: apk add ${name}`,
  allowPtp,
  upgrade: (name) => `opkg update; opkg upgrade ${name} # or: apk upgrade ${name}`,
  ...(file.endsWith('.ini') ? byHand(file, initdReloads) : byUci(initdReloads)),
});

const systemdReloads: Reloads = {
  reload: 'systemctl reload nunect',
  reloadTime: 'systemctl restart nunect-time',
};

const systemd = (file: string): HostCommands => ({
  ...systemdReloads,
  start: (service) => `systemctl start ${nameOn(service)}`,
  restart: (service) => `systemctl restart ${nameOn(service)}`,
  disable: (service) => `systemctl disable --now ${nameOn(service)}`,
  log: (program) => `journalctl -n 50 -t ${program}`,
  install: (name, then) => `apt-get install ${nameOn(name)}${andThen(then)}`,
  allowPtp: showFirewall,
  upgrade: (name) => `apt-get install --only-upgrade ${nameOn(name)}`,
  ...byHand(file, systemdReloads),
});

/** Where nothing starts services, programs are started and stopped by hand. No pattern matches the shell that is given it. */
function bare(file: string): HostCommands {
  const run = `nunect run --config ${shellWord(file)}`;
  const stop = (service: string): string =>
    service === 'nunect'
      ? "pkill -f '[n]unect.* run'"
      : `pkill ${service === 'nunect-leaf' ? "-f '[n]ats-server -c /var/run/nunect/'" : service}`;
  const start = (service: string): string =>
    service === 'nunect'
      ? `${run} &`
      : service === 'nunect-leaf'
        ? '/usr/lib/nunect/leaf /var/run/nunect nats-server &'
        : service;
  const reloads: Reloads = {
    reload: "pkill -HUP -f '[n]unect.* run'",
    reloadTime: `nunect time apply --config ${shellWord(file)} # and what it asks for`,
  };
  return {
    ...reloads,
    start,
    restart: (service) => `${stop(service)}; sleep 2; ${start(service)}`,
    disable: stop,
    log: (program) => `tail -n 50 /var/log/syslog # or where ${program} was started`,
    install: (name, then) =>
      `apt-get install ${nameOn(name)}${andThen(then)} # or with what this host has for it`,
    allowPtp: showFirewall,
    upgrade: (name) => `apt-get install --only-upgrade ${nameOn(name)} # or with what this host has for it`,
    ...byHand(file, reloads),
  };
}

const kinds: Readonly<Record<HostKind, (file: string) => HostCommands>> = { openwrt, systemd, bare };
const usualFile: Readonly<Record<HostKind, string>> = {
  openwrt: defaultConfigFile,
  systemd: `${keepDir}/nunect.ini`,
  bare: `${keepDir}/nunect.ini`,
};

/** The commands of a host whose config is in `file`; by default where it is usual there. */
export const commandsOf = (kind: HostKind, file: string = usualFile[kind]): HostCommands => kinds[kind](file);
