import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildSync } from 'esbuild';
import type { Cleanup } from '../process/cleanup.ts';
import { need } from '../process/tools.ts';
import { type ProcdStage, procdStage } from './procd.ts';

/** What the service changes of. */
export const systemConfig = 'etc/config/system';
/** What runs by software stamps. */
export const timeDaemons = 'ptp4l orders';
const dropInPath = 'var/etc/chrony.d/50-nunect-time.conf';

/** What of the clock runs on a unit. */
export interface Running {
  /** Instances of nunect-time that procd was told of last. */
  readonly instances: readonly string[];
  readonly sysntpd: boolean;
  /** The drop-in that chronyd has read; undefined where it does not run. */
  readonly chronyd: string | undefined;
}

/** A unit with the service nunect-time, chronyd and sysntpd, where 'nunect time' is a stand-in that keeps its contract. */
export interface TimeStage {
  readonly unit: ProcdStage;
  at(path: string): string;
  read(path: string): string;
  put(path: string, text: string): void;
  /** A command of uci, which must succeed. */
  uci(...words: string[]): void;
  /** What 'nunect time apply' plans from now on: names of daemons, `nothing` for a fault,
   * `waiting` where an interface is missing; and what it and confirm say. */
  plan(runs: string, how?: { readonly says?: string; readonly confirms?: boolean }): void;
  /** Makes `nunect time apply` end without a last line. */
  breakApply(): void;
  /** The same for `nunect time confirm`. */
  breakConfirm(): void;
  /** The network devices behind networks. */
  network(name: string, device: string): void;
  /** Runs an init script; with `killAt`, all of it is killed before that step, where it comes to one. */
  run(script: string, action: string, killAt?: number): { calls: string[]; log: string[]; asked: string[] };
  /** Whether the last run was killed. */
  wasKilled(): boolean;
  running(): Running;
  /** Takes the power away, and boots: what is in RAM is gone. */
  powerCycle(): void;
}

const system = `# the clock of the ship
config system
	option hostname "r1"   # by hand

config timeserver 'ntp'
	option enabled '1'
	list server '0.openwrt.pool.ntp.org'
`;

/** As OpenWrt's, in short: what it starts depends on its option; procd forgets it when it is stopped. */
const fakeService = (name: string, start: string): string => `
case $1 in
enabled) [ -e "$STATE/etc/rc.d/S98${name}" ]; exit ;;
running) grep -q '^${name}$' "$STATE/running"; exit ;;
status) grep -q '^${name}$' "$STATE/known" || exit 3; exit 0 ;;
esac
echo "${name}: $1" >>"$CALLS"
sed -i '/^${name}$/d' "$STATE/known" "$STATE/running"
[ "$1" != stop ] || exit 0
echo ${name} >>"$STATE/known"
${start}`;

const fakeNunect = `
drop="$STATE/${dropInPath}"
echo "$*" >>"$RENDERED"
[ "$1" = time ] || { [ "$1" != render ] || echo 'nothing to do'; exit 0; }
case $2 in
apply)
	[ ! -e "$STATE/broken" ] || exit 3
	cat "$STATE/says" >&2
	read -r runs <"$STATE/plan"
	code=0
	case $runs in nothing) code=1 ;; waiting) runs=nothing ;; esac
	mkdir -p "$STATE/var/run/nunect/time" "\${drop%/*}"
	asks=
	if [ "$runs" = nothing ]; then
		[ ! -e "$drop" ] || { rm "$drop"; asks='; restart: chronyd'; }
	elif [ -x "$STATE/etc/init.d/chronyd" ] && ! cmp -s "$STATE/plan" "$drop"; then
		cp "$STATE/plan" "$drop"
		asks='; restart: chronyd'
	fi
	echo "run: $runs$asks"
	exit $code
	;;
confirm)
	[ ! -e "$STATE/confirm.broken" ] || exit 3
	if [ -e "$STATE/confirms" ] && cmp -s "$drop" "$STATE/chronyd.read"; then
		echo 'nothing to do'
	else
		rm -f "$drop"
		echo 'chronyd does not answer' >&2
		echo 'restart: chronyd'
		exit 1
	fi
	;;
stop)
	rm -rf "$STATE/var/run/nunect/time"
	if [ -e "$drop" ]; then
		rm "$drop"
		echo 'restart: chronyd'
	else
		echo 'nothing to do'
	fi
	;;
esac`;

/** Counts the steps of a script, and kills its process group before the one that is asked for. */
const counted = `
echo x >>"$STATE/steps"
if [ "$(wc -l <"$STATE/steps")" = "$KILL_AT" ]; then
	: >"$STATE/killed"
	kill -KILL 0
fi
`;

let bundled: string | undefined;
/** The command uci as one script; made once, because it takes longer than the tests. */
function uciTool(): string {
  const made = () =>
    buildSync({
      entryPoints: [join(__dirname, 'ucitool.ts')],
      bundle: true,
      platform: 'node',
      format: 'cjs',
      logLevel: 'error',
      write: false,
    }).outputFiles[0]?.text;
  bundled ??= made();
  return bundled ?? '';
}

/** The unit as installed: both services are enabled and were started, section ptp is empty. */
export function timeStage(owner: Cleanup): TimeStage {
  const unit = procdStage(owner);
  const at = (path: string): string => join(unit.root, path);
  const read = (path: string): string => readFileSync(at(path), 'utf8');
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text);
  };
  const busybox = need('busybox');
  const step = (path: string, shell: string): void => unit.program(path, `${counted}\n${shell}`);

  put('ucitool.cjs', uciTool());
  const callUci = `UCITOOL_ROOT=${unit.root} exec ${process.execPath} ${at('ucitool.cjs')} "$@"`;
  step('bin/uci', callUci);
  unit.program('bin/uci-plain', callUci);
  for (const applet of ['mv', 'cp', 'mkdir']) {
    unit.remove(`bin/${applet}`);
    step(`bin/${applet}`, `exec ${busybox} ${applet} "$@"`);
  }
  unit.program('bin/ubus', 'echo "ubus $*" >>"$CALLS"');
  step('usr/bin/nunect', fakeNunect);
  step(
    'etc/init.d/sysntpd',
    fakeService(
      'sysntpd',
      '[ "$(uci-plain -q get system.ntp.enabled)" = 0 ] || echo sysntpd >>"$STATE/running"',
    ),
  );
  step(
    'etc/init.d/chronyd',
    fakeService(
      'chronyd',
      `cat "$STATE/${dropInPath}" >"$STATE/chronyd.read" 2>/dev/null; echo chronyd >>"$STATE/running"`,
    ),
  );
  put(
    'lib/functions/network.sh',
    'network_flush_cache() { :; }\nnetwork_get_physdev() { read -r "$1" <"$STATE/device.$2"; } 2>/dev/null\nnetwork_get_device() { return 1; }\n',
  );
  put('etc/config/system', system);
  put('etc/config/nunect', "config ptp 'ptp'\n\nconfig leaf 'leaf'\n");
  for (const name of ['S98sysntpd', 'S98chronyd', 'S99nunect-time']) put(`etc/rc.d/${name}`, '');

  const listed = (path: string): string[] =>
    existsSync(at(path)) ? read(path).split('\n').filter(Boolean) : [];
  let instances: string[] = [];
  const run: TimeStage['run'] = (script, action, killAt = 0) => {
    const files = { CALLS: at('calls'), LOG: at('log'), RENDERED: at('rendered') };
    for (const file of [...Object.values(files), at('steps'), at('killed')]) rmSync(file, { force: true });
    const env = { PATH: at('bin'), STATE: unit.root, KILL_AT: String(killAt), ...files };
    const words = ['setsid', at(`etc/init.d/${script}`), action];
    const { stderr } = spawnSync(busybox, words, { env, encoding: 'utf8' });
    if (stderr !== '' && !existsSync(at('killed'))) throw new Error(`${script} ${action}: ${stderr}`);
    const lines = (path: string): string[] => listed(path).map((line) => line.replaceAll(unit.root, ''));
    const calls = lines('calls');
    const own = calls.filter((line) => line.startsWith('nunect-time: '));
    const [last] = own.flatMap((line, index) => (/: (close|kill)$/.test(line) ? [index] : [])).slice(-1);
    if (last !== undefined)
      instances = own
        .slice(own.lastIndexOf('nunect-time: open', last), last + 1)
        .flatMap((line) => /: open_instance (\S+)$/.exec(line)?.[1] ?? []);
    if (own[last ?? 0]?.endsWith(': kill')) instances = [];
    return { calls, log: lines('log'), asked: lines('rendered') };
  };

  const stage: TimeStage = {
    ...{ unit, at, read, put, run },
    uci(...words) {
      const env = { PATH: at('bin'), STATE: unit.root };
      const { status } = spawnSync(at('bin/uci-plain'), words, { env });
      if (status !== 0) throw new Error(`uci ${words.join(' ')}`);
    },
    plan(runs, { says = '', confirms = true } = {}) {
      put('plan', `${runs}\n`);
      put('says', says);
      rmSync(at('broken'), { force: true });
      if (confirms) put('confirms', '');
      else rmSync(at('confirms'), { force: true });
    },
    breakApply: () => put('broken', ''),
    breakConfirm: () => put('confirm.broken', ''),
    network: (name, device) => put(`device.${name}`, `${device}\n`),
    wasKilled: () => existsSync(at('killed')),
    running: () => ({
      instances,
      sysntpd: listed('running').includes('sysntpd'),
      chronyd: listed('running').includes('chronyd') ? read('chronyd.read').trimEnd() : undefined,
    }),
    powerCycle() {
      for (const path of ['var', 'tmp']) rmSync(at(path), { recursive: true, force: true });
      for (const path of ['var/run/nunect', 'var/lock', 'tmp']) mkdirSync(at(path), { recursive: true });
      unit.services([], []);
      instances = [];
      const isThere = (name: string): boolean => existsSync(at(`etc/init.d/${name}`));
      if (isThere('chronyd')) run('chronyd', 'start');
      run('nunect', 'start');
      if (isThere('sysntpd')) run('sysntpd', 'start');
      if (existsSync(at('etc/rc.d/S99nunect-time'))) run('nunect-time', 'start');
    },
  };
  stage.plan('nothing');
  stage.powerCycle();
  return stage;
}

/** What holds whenever the service has come to an end of its work: one steerer, and chronyd has read what is there. */
export function assertSettled(stage: TimeStage, original: string, when: string): void {
  const { instances, sysntpd, chronyd } = stage.running();
  assert.equal(
    sysntpd,
    instances.length === 0,
    `${when}: sysntpd beside ${instances.join(' ') || 'nothing'}`,
  );
  if (instances.length === 0) assert.equal(stage.read(systemConfig), original, when);
  else assert.match(stage.read(systemConfig), /option enabled '0'/, when);
  const wanted = existsSync(stage.at(dropInPath)) ? stage.read(dropInPath).trimEnd() : '';
  assert.equal(chronyd, wanted, `${when}: chronyd has read another drop-in`);
  assert.deepEqual(strays(stage), [], when);
}

/** Files that should not be left in /etc. */
const strays = (stage: TimeStage): string[] =>
  ['etc/config', 'etc/nunect/time']
    .filter((dir) => existsSync(stage.at(dir)))
    .flatMap((dir) => readdirSync(stage.at(dir)))
    .filter((name) => /^\.|\.new$/.test(name));

/** Sets ptp.interface. */
export const setInterface = (stage: TimeStage, ...names: readonly string[]): void => {
  for (const name of names) stage.uci('set', `nunect.ptp.interface=${name}`);
  stage.uci('commit', 'nunect');
};
