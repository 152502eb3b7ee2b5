import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NetnsEnd } from '../net/netns.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { type Daemon, daemon, runToEnd, tempDir } from '../process/daemon.ts';
import { need, runtime } from '../process/tools.ts';
import { bundle } from '../unit/site.ts';
import { withoutClock } from './unsteered.ts';

/** The programs that a set-up is for; the machine's own by default. */
export interface TimePrograms {
  readonly chronyd: string;
  readonly chronyc: string;
  readonly ptp4l: string;
  readonly phc2sys: string;
}

/** How a command of nunect ended. */
export interface Ran {
  readonly code: number | null;
  /** What is for scripts. */
  readonly last: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** A host with chronyd's config in a folder of its own, on which `nunect time` is run, as root and in a namespace. */
export interface TimeSite {
  readonly dir: string;
  /** The run directory. */
  readonly run: string;
  /** chrony.conf, and the folder that it includes. */
  readonly conf: string;
  readonly confDir: string;
  readonly dropIn: string;
  /** Writes the section ptp: the lines of its options, besides those that name the programs. */
  configure(...lines: readonly string[]): void;
  /** The words that run `nunect time`. */
  words(command: string, ...args: readonly string[]): readonly [string, ...string[]];
  time(command: string, ...args: readonly string[]): Promise<Ran>;
  applied(): Record<string, unknown> | undefined;
  /** Starts chronyd with the config as it is now; it cannot set the clock. */
  chronyd(): Daemon;
  /** Starts ptp4l as it is set up; it cannot set the clock either. */
  ptp4l(): Daemon;
}

/** Each file below a folder: its mode, owner and contents. */
export function treeOf(dir: string): Record<string, string> {
  const paths = readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    ['.', ...paths].map((path) => {
      const { mode, uid, gid } = lstatSync(join(dir, path));
      const isFile = (mode & 0o170000) === 0o100000;
      const text = isFile ? readFileSync(join(dir, path), 'latin1') : '';
      return [path, `${mode.toString(8)} ${uid}:${gid} ${text}`];
    }),
  );
}

/** chrony.conf as of an operator; no port of it is used by others. */
const operatorsConf = (dir: string): string => `# the operator's own
pool 2.example.pool.invalid iburst
confdir ${dir}/etc/conf.d
port 0
cmdport 0
bindcmdaddress ${dir}/sock/chronyd.sock
pidfile ${dir}/sock/chronyd.pid
makestep 1.0 3
`;

/** A site at one end of a cable. */
export function timeSite(
  owner: Cleanup,
  end: NetnsEnd,
  programs: TimePrograms = {
    chronyd: need('chronyd'),
    chronyc: need('chronyc'),
    ptp4l: need('ptp4l'),
    phc2sys: need('phc2sys'),
  },
): TimeSite {
  const dir = tempDir(owner, 'timesite');
  const [run, config, conf] = [join(dir, 'run'), join(dir, 'nunect'), join(dir, 'etc/chrony.conf')];
  const confDir = join(dir, 'etc/conf.d');
  mkdirSync(confDir, { recursive: true });
  mkdirSync(join(dir, 'sock'));
  chmodSync(join(dir, 'sock'), 0o750); // else chronyd makes no socket there
  writeFileSync(conf, operatorsConf(dir));
  writeFileSync(join(confDir, '10-own.conf'), '# of the operator\nrtcsync\n');
  const { chronyd, chronyc, ptp4l, phc2sys } = programs;
  const options = Object.entries({ chronyd, ptp4l, phc2sys, chrony_conf: conf });
  const words: TimeSite['words'] = (command, ...args) => [
    end.exec[0] ?? 'ip',
    ...end.exec.slice(1),
    ...[runtime(), bundle, 'time', command, '--config', config, '--out', run, ...args],
  ];
  const start = (...command: readonly string[]): Daemon => {
    const [program = '', ...args] = [...end.exec, ...withoutClock(), ...command];
    return daemon(owner, program, args);
  };
  return {
    ...{ dir, run, conf, confDir, words },
    dropIn: join(confDir, '50-nunect-time.conf'),
    configure(...lines) {
      const usual = options.map(([name, value]) => `option ${name} '${value}'`);
      const isSet = (line: string): boolean => lines.some((one) => one.split(' ')[1] === line.split(' ')[1]);
      const all = [...usual.filter((line) => !isSet(line)), ...lines];
      const text = `config time 'time'\n\toption chronyc '${chronyc}'\nconfig ptp 'ptp'\n${all.map((line) => `\t${line}\n`).join('')}`;
      writeFileSync(config, text, { mode: 0o600 });
    },
    async time(command, ...args) {
      const [program, ...rest] = words(command, ...args);
      const ran = await runToEnd(program, rest);
      return { ...ran, last: ran.stdout.trimEnd().split('\n').at(-1) ?? '' };
    },
    applied() {
      try {
        return JSON.parse(readFileSync(join(run, 'time/applied.json'), 'utf8'));
      } catch {
        return undefined;
      }
    },
    chronyd: () => start(chronyd, '-x', '-d', '-u', 'root', '-f', conf),
    ptp4l: () => start(ptp4l, '-f', join(run, 'time/ptp4l.conf')),
  };
}
