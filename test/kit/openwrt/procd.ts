import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Cleanup } from '../process/cleanup.ts';
import { tempDir } from '../process/daemon.ts';
import { need, projectRoot } from '../process/tools.ts';

/** Stands for OpenWrt's: runs the functions of an init script in its order and writes down what procd is told. */
const rcCommon = `
initscript=$1
name=\${1##*/}
action=$2
record() { echo "$name: $*" >>"$CALLS"; }
extra_command() { :; }
for one in open_instance set_param append_param close_instance add_reload_trigger add_reload_interface_trigger add_raw_trigger send_signal; do
	eval "procd_$one() { record $one \\"\\$@\\"; }"
done
procd_running() { grep -q "^$1$" "$STATE/running"; }
stop_service() { :; }
start() {
	record open
	start_service "$@"
	service_triggers
	record close
	grep -q "^$name$" "$STATE/known" || echo "$name" >>"$STATE/known"
	service_started
}
service_triggers() { :; }
service_started() { :; }
service_stopped() { :; }
stop() {
	stop_service
	record kill
	sed -i "/^$name$/d" "$STATE/known" "$STATE/running"
	service_stopped
}
enabled() { [ -e "$STATE/etc/rc.d/S$START$name" ]; }
enable() { : >"$STATE/etc/rc.d/S$START$name"; }
disable() { rm -f "$STATE/etc/rc.d"/S??"$name"; }
running() { procd_running "$name"; }
restart() { stop; start; }
reload() { start; }
reload_service() { start; }
status() { grep -q "^$name$" "$STATE/known" || exit 3; }
. "$initscript"
case $action in
reload) reload_service ;;
*) "$action" ;;
esac
`;

/** A unit with the init scripts, where every other program is a stand-in. */
export interface ProcdStage {
  readonly root: string;
  /** Makes a program of this shell text. */
  program(path: string, text: string): void;
  remove(path: string): void;
  /** What 'nunect render' does from now on: writes the config as agent.json (and a leaf.conf), complains, ends. */
  rendering(how: {
    readonly last?: string;
    readonly config?: object;
    readonly enrol?: object;
    readonly leafConf?: boolean;
    readonly complaint?: string;
    readonly code?: number;
  }): void;
  /** leaf.interface, and its address where netifd knows one. */
  network(name: string, address?: string): void;
  /** Services procd knows, and those that have an instance that runs. */
  services(known: readonly string[], running: readonly string[]): void;
  /** Runs an init script; gives what procd was told, and what the system log and nunect were, since the last run;
   * `asked` is there when nunect got more words than usual. */
  init(
    script: string,
    action: string,
  ): { calls: string[]; log: string[]; rendered: number; stdout: string; asked?: string[] };
}

const lines = (path: string): string[] => {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
};

/** The init scripts under busybox ash, in a directory that stands for the root of a router. */
export function procdStage(owner: Cleanup): ProcdStage {
  const root = tempDir(owner, 'procd');
  const at = (path: string): string => join(root, path);
  const rooted = (text: string): string =>
    text.replace(/(?<![\w/$}])\/(?=(var|usr|etc)\/)/g, `${root}/`).replaceAll('$IPKG_INSTROOT/', `${root}/`);
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(at(path)), { recursive: true });
    rmSync(at(path), { force: true }); // what stands there may be a link to busybox itself
    writeFileSync(at(path), text);
    chmodSync(at(path), 0o755);
  };
  for (const dir of ['var/run/nunect', 'var/lock', 'bin', 'etc/nunect/spool', 'etc/rc.d'])
    mkdirSync(at(dir), { recursive: true });
  const busybox = need('busybox');
  for (const name of 'sh sed wc mktemp rm cat grep mkdir cp mv cmp readlink sync mkfifo chmod sleep'.split(
    ' ',
  ))
    symlinkSync(busybox, at(`bin/${name}`));
  const text = (name: string): string => readFileSync(join(projectRoot, 'procd', name), 'utf8');
  write('etc/rc.common', rcCommon);
  const takeover = readFileSync(join(projectRoot, 'openwrt/nunect/takeover'), 'utf8');
  write('usr/lib/nunect/takeover', rooted(takeover.replace('#!/bin/sh', `#!${at('bin/sh')}`)));
  for (const name of ['procd.sh', 'sysntpd.sh']) write(`usr/lib/nunect/${name}`, rooted(text(name)));
  for (const name of ['nunect', 'nunect-leaf', 'nunect-time']) {
    const [shebang = '', ...rest] = text(name).split('\n');
    const interpreter = shebang.replace('#!/bin/sh /', `#!${at('bin/sh')} ${root}/`);
    write(`etc/init.d/${name}`, [interpreter, rooted(rest.join('\n'))].join('\n'));
  }
  const program = (path: string, shell: string): void => write(path, `#!${at('bin/sh')}\n${shell}\n`);
  program('bin/logger', '[ "$1 $2" = "-t nunect" ] && echo "$4 $5" >>"$LOG"');
  program('bin/chgrp', ':');
  program('bin/chown', 'echo "chown $*" >>"$CALLS"');
  const jsonfilter = `
    const [, file, , path] = process.argv.slice(2);
    const value = path.split('.').slice(1).reduce((at, name) => at?.[name], JSON.parse(require('fs').readFileSync(file)));
    if (value === undefined) process.exit(1);
    console.log(String(value));`;
  write('jsonfilter.cjs', jsonfilter);
  program('bin/jsonfilter', `exec ${process.execPath} ${at('jsonfilter.cjs')} "$@"`);
  program('bin/nats-server', 'exit 0');
  program('bin/uci', '[ "$*" = "-q get nunect.@leaf[0].interface" ] && cat "$STATE/network" 2>/dev/null');
  write(
    'lib/functions/network.sh',
    'network_flush_cache() { :; }\nnetwork_get_ipaddr() { read -r "$1" <"$STATE/address.$2"; } 2>/dev/null',
  );
  const services: ProcdStage['services'] = (known, running) => {
    writeFileSync(at('known'), known.map((name) => `${name}\n`).join(''));
    writeFileSync(at('running'), running.map((name) => `${name}\n`).join(''));
  };
  services([], []);

  return {
    root,
    program,
    services,
    network(name, address) {
      writeFileSync(at('network'), `${name}\n`);
      rmSync(at(`address.${name}`), { force: true });
      if (address !== undefined) writeFileSync(at(`address.${name}`), `${address}\n`);
    },
    remove: (path) => rmSync(at(path), { force: true }),
    rendering({ last = 'nothing to do', config, enrol, leafConf = false, complaint = '', code = 0 }) {
      write('complaint', complaint);
      if (config !== undefined) write('agent.json.next', JSON.stringify({ config, enrol }));
      const run = 'var/run/nunect';
      program(
        'usr/bin/nunect',
        [
          'echo "nunect $*" >>"$RENDERED"',
          config === undefined ? '' : `cp ${at('agent.json.next')} ${at(`${run}/agent.json`)}`,
          leafConf ? `echo conf >${at(`${run}/leaf.conf`)}` : `rm -f ${at(`${run}/leaf.conf`)}`,
          `cat ${at('complaint')} >&2`,
          last === '' ? '' : `echo 'changed: something'; echo '${last}'`,
          `exit ${code}`,
        ].join('\n'),
      );
    },
    init(script, action) {
      const files = { CALLS: at('calls'), LOG: at('log'), RENDERED: at('rendered') };
      for (const file of Object.values(files)) rmSync(file, { force: true });
      const env = { PATH: at('bin'), STATE: root, ...files };
      const { stdout, stderr } = spawnSync(at(`etc/init.d/${script}`), [action], { env, encoding: 'utf8' });
      if (stderr !== '') throw new Error(`${script} ${action}: ${stderr}`);
      const clean = (file: string): string[] => lines(file).map((line) => line.replaceAll(root, ''));
      const asked = lines(files.RENDERED);
      return {
        calls: clean(files.CALLS),
        log: clean(files.LOG),
        rendered: asked.filter((line) => line.startsWith('nunect render')).length,
        ...(asked.some((line) => line.includes('--')) ? { asked } : {}),
        stdout,
      };
    },
  };
}
