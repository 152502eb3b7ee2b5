import { keepDir } from '../lib/defaults.ts';

/** Kinds of host, by how their services, packages and settings are handled. */
export type HostKind = 'openwrt' | 'systemd';

/** What is taken for the host until they are told apart. */
export const assumedHost: HostKind = 'openwrt';

/** The commands of one kind of host. They are for root. */
export interface HostCommands {
  /** Takes over what was changed in the config. */
  readonly reload: string;
  start(service: string): string;
  restart(service: string): string;
  /** Stops a service, and keeps it from starting at the next boot. */
  disable(service: string): string;
  /** Shows what a program said. */
  log(program: string): string;
  install(name: string): string;
  upgrade(name: string): string;
  /** Sets options, by names such as `hub.password`, and takes them over. */
  set(options: Readonly<Record<string, string>>): string;
  /** Gives an option that is a list this value alone, and takes it over. */
  setList(option: string, value: string): string;
}

const initd = (service: string, action: string): string => `/etc/init.d/${service} ${action}`;
const applyUci = `uci commit nunect; ${initd('nunect', 'reload')}`;

const iniFile = `${keepDir}/nunect.ini`;
/** What other hosts call it. */
const debian: Readonly<Record<string, string>> = {
  chronyd: 'chrony',
  sysntpd: 'systemd-timesyncd',
  node: 'nodejs',
};
const nameOn = (name: string): string => debian[name] ?? name;
const editIni = (settings: string): string => `vi ${iniFile}; systemctl reload nunect # ${settings}`;

/** Every kind of host. */
export const hosts: Readonly<Record<HostKind, HostCommands>> = {
  openwrt: {
    reload: initd('nunect', 'reload'),
    start: (service) => initd(service, 'start'),
    restart: (service) => initd(service, 'restart'),
    disable: (service) => `${initd(service, 'stop')}; ${initd(service, 'disable')}`,
    log: (program) => `logread -e ${program}`,
    install: (name) => `opkg update; opkg install ${name} # or: apk add ${name}`,
    upgrade: (name) => `opkg update; opkg upgrade ${name} # or: apk upgrade ${name}`,
    set: (options) =>
      [...Object.entries(options).map(([name, value]) => `uci set nunect.${name}='${value}'`), applyUci].join(
        '; ',
      ),
    setList: (name, value) =>
      `uci delete nunect.${name}; uci add_list nunect.${name}='${value}'; ${applyUci}`,
  },
  systemd: {
    reload: 'systemctl reload nunect',
    start: (service) => `systemctl start ${nameOn(service)}`,
    restart: (service) => `systemctl restart ${nameOn(service)}`,
    disable: (service) => `systemctl disable --now ${nameOn(service)}`,
    log: (program) => `journalctl -n 50 -t ${program}`,
    install: (name) => `apt-get install ${nameOn(name)}`,
    upgrade: (name) => `apt-get install --only-upgrade ${nameOn(name)}`,
    set: (options) =>
      editIni(
        Object.entries(options)
          .map(([name, value]) => `${name} = ${value}`)
          .join(', '),
      ),
    setList: (name, value) => editIni(`${name} = ${value}`),
  },
};
