import type { HostKind } from '../device/hostkind.ts';
import { defaultConfigFile, keepDir } from '../lib/defaults.ts';
import { shellWord } from '../lib/format.ts';

/** The commands of one host. They are for root. */
export interface HostCommands {
  /** Takes over what was changed in the config. */
  readonly reload: string;
  /** Says what is wrong with the config. */
  readonly check: string;
  start(service: string): string;
  restart(service: string): string;
  /** Stops a service, and keeps it from starting at the next boot. */
  disable(service: string): string;
  /** Shows what a program said. */
  log(program: string): string;
  install(name: string): string;
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

/** Options in a file that is edited by hand. */
const byHand = (file: string, reload: string): Config => {
  const edit = (what: string): string => `vi ${shellWord(file)}; ${reload} # ${what}`;
  return {
    check: `nunect check --config ${shellWord(file)}`,
    set: (options) => edit(settings(options)),
    setList: (name, value) => edit(settings({ [name]: value })),
  };
};

const applyUci = `uci commit nunect; ${initd('nunect', 'reload')}`;

/** Options that uci knows. */
const byUci: Config = {
  check: 'nunect check',
  set: (options) =>
    [...Object.entries(options).map(([name, value]) => `uci set nunect.${name}='${value}'`), applyUci].join(
      '; ',
    ),
  setList: (name, value) => `uci delete nunect.${name}; uci add_list nunect.${name}='${value}'; ${applyUci}`,
};

const firewallRule = { name: 'Allow-PTP', src: 'wan', proto: 'udp', dest_port: '319 320', target: 'ACCEPT' };
const allowPtp = [
  'uci add firewall rule',
  ...Object.entries(firewallRule).map(([name, value]) => `uci set firewall.@rule[-1].${name}='${value}'`),
  `uci commit firewall; ${initd('firewall', 'reload')}`,
].join('; ');
const showFirewall = 'nft list ruleset # UDP 319 and 320 have to come in';

const openwrt = (file: string): HostCommands => ({
  reload: initd('nunect', 'reload'),
  start: (service) => initd(service, 'start'),
  restart: (service) => initd(service, 'restart'),
  disable: (service) => `${initd(service, 'stop')}; ${initd(service, 'disable')}`,
  log: (program) => `logread -e ${program}`,
  install: (name) => `opkg update; opkg install ${name} # or: apk add ${name}`,
  allowPtp,
  upgrade: (name) => `opkg update; opkg upgrade ${name} # or: apk upgrade ${name}`,
  ...(file.endsWith('.ini') ? byHand(file, initd('nunect', 'reload')) : byUci),
});

const systemd = (file: string): HostCommands => ({
  reload: 'systemctl reload nunect',
  start: (service) => `systemctl start ${nameOn(service)}`,
  restart: (service) => `systemctl restart ${nameOn(service)}`,
  disable: (service) => `systemctl disable --now ${nameOn(service)}`,
  log: (program) => `journalctl -n 50 -t ${program}`,
  install: (name) => `apt-get install ${nameOn(name)}`,
  allowPtp: showFirewall,
  upgrade: (name) => `apt-get install --only-upgrade ${nameOn(name)}`,
  ...byHand(file, 'systemctl reload nunect'),
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
  const reload = "pkill -HUP -f '[n]unect.* run'";
  return {
    reload,
    start,
    restart: (service) => `${stop(service)}; sleep 2; ${start(service)}`,
    disable: stop,
    log: (program) => `tail -n 50 /var/log/syslog # or where ${program} was started`,
    install: (name) => `apt-get install ${nameOn(name)} # or with what this host has for it`,
    allowPtp: showFirewall,
    upgrade: (name) => `apt-get install --only-upgrade ${nameOn(name)} # or with what this host has for it`,
    ...byHand(file, reload),
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
