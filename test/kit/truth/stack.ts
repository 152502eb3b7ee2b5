import { appendFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { timeFiles } from '../../../agent/clock/setup/applied.ts';
import type { NetnsEnd } from '../net/netns.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { childOf, type Daemon, daemon, runToEnd } from '../process/daemon.ts';
import type { ChronyPrograms, LinuxptpPrograms } from '../process/timetools.ts';
import { projectRoot, runtime } from '../process/tools.ts';
import { bundle } from '../unit/site.ts';
import { type Place, writeChronyConf } from './place.ts';

/** What of a unit's clock is not nunect's: its programs, and the operator's own chrony.conf. */
export interface StackHost {
  readonly chrony: ChronyPrograms;
  readonly linuxptp: LinuxptpPrograms;
  /** Lines of chrony.conf before there was nunect. */
  readonly chronyLines?: readonly string[];
  /** The port that PTP is spoken on, and where the unit's other programs cannot hear. */
  readonly end: NetnsEnd;
}

type Part = 'ptp4l' | 'phc2sys' | 'orders';

/** The clock daemons of a unit as the service nunect-time runs them. */
export interface TimeStack {
  /** The folder of its daemons' files. */
  readonly dir: string;
  /** Starts chronyd as the host does by itself. */
  boot(): void;
  /** Takes over these lines of the section ptp, as after a commit; gives what was said to people. */
  reload(lines: readonly string[]): Promise<string>;
  /** As /etc/init.d/nunect-time stop. */
  stop(): Promise<void>;
  /** What runs of it now. */
  running(part: Part | 'chronyd'): Daemon | undefined;
  /** Starts one anew that has ended, as procd does. */
  restart(part: Part | 'chronyd'): void;
  /** Runs chronyc on chronyd's own socket. */
  chronyc(...args: string[]): Promise<string>;
}

const script = join(projectRoot, 'openwrt/nunect/time');

/** A folder for PATH with what orders are given by; chronyc stays root, for the user of its package is none of this machine. */
function orderingFolder(
  dir: string,
  { version, chronyc }: ChronyPrograms,
  { pmc }: LinuxptpPrograms,
): string {
  const bin = join(dir, 'bin');
  mkdirSync(bin, { recursive: true });
  const asRoot = Number.parseFloat(version) >= 4.7 ? ' -u root' : '';
  writeFileSync(join(bin, 'chronyc'), `#!/bin/sh\nexec ${chronyc}${asRoot} "$@"\n`, { mode: 0o755 });
  symlinkSync(pmc, join(bin, 'pmc'));
  return bin;
}

/** Makes the stack of a unit whose UCI file is `config`; nothing runs yet. `started` hears of each process. */
export function timeStack(
  owner: Cleanup,
  at: Place,
  config: string,
  host: StackHost,
  started: (one: Daemon) => void,
): TimeStack {
  const { chrony, linuxptp, chronyLines = [], end } = host;
  const base = readFileSync(config, 'utf8');
  const confDir = join(at.dir, 'chrony.d');
  mkdirSync(confDir, { recursive: true });
  const chronyConf = writeChronyConf(at, [`confdir ${confDir}`, 'makestep 1.0 3', ...chronyLines]);
  const running = new Map<Part | 'chronyd', Daemon>();
  const timeDir = join(at.dir, timeFiles.dir);
  const linuxptpOptions = { ptp4l: linuxptp.ptp4l, phc2sys: linuxptp.phc2sys };
  const bin = orderingFolder(at.dir, chrony, linuxptp);
  let texts = '';

  const run = (words: readonly string[]): Daemon => {
    const [program = '', ...args] = words;
    const one = daemon(owner, program, args, { target: childOf });
    started(one);
    return one;
  };
  const wordsOf = (part: Part | 'chronyd'): readonly string[] => {
    if (part === 'chronyd') return [...at.inside, chrony.chronyd, '-d', '-u', 'root', '-f', chronyConf];
    const where = part === 'orders' ? [] : end.exec;
    const program = part === 'orders' ? [] : [linuxptp[part]];
    return [
      ...where,
      ...at.inside,
      'env',
      `PATH=${bin}:${process.env['PATH']}`,
      'sh',
      script,
      part,
      timeDir,
      ...program,
    ];
  };
  const start = (part: Part | 'chronyd'): void => void running.set(part, run(wordsOf(part)));
  const end_ = async (part: Part | 'chronyd'): Promise<void> => {
    await running.get(part)?.end('SIGTERM');
    running.delete(part);
  };
  const nunectTime = (what: 'apply' | 'confirm' | 'stop') => {
    const where = what === 'apply' ? end.exec : []; // the others ask chronyd, which is not where the port is
    const [program = '', ...args] = [
      ...where,
      runtime(),
      bundle,
      'time',
      what,
      '--config',
      config,
      '--out',
      at.dir,
    ];
    return runToEnd(program, args);
  };
  const fileTexts = (): string =>
    [timeFiles.ptp4lConf, timeFiles.phc2sysArgs]
      .map((file) => join(at.dir, file))
      .map((path) => (existsSync(path) ? readFileSync(path, 'utf8') : ''))
      .join('\n');

  /** What the init script does with the last line of apply, confirm and stop. */
  async function obey(said: { readonly stdout: string }): Promise<readonly Part[]> {
    const last = said.stdout.trim().split('\n').at(-1) ?? '';
    const [, names = ''] = /run: ([\w ]+)/.exec(last) ?? [];
    if (/restart: .*chronyd/.test(last)) {
      await end_('chronyd');
      start('chronyd');
      if (names !== '') await obey(await nunectTime('confirm'));
    }
    return names.split(' ').filter((name) => name !== '' && name !== 'nothing') as Part[];
  }

  return {
    dir: at.dir,
    boot: () => start('chronyd'),
    async reload(lines) {
      const usual = { ...linuxptpOptions, chronyd: chrony.chronyd, chrony_conf: chronyConf };
      const programs = Object.entries(usual)
        .filter(([name]) => !lines.some((line) => line.startsWith(`option ${name} `)))
        .map(([name, path]) => `option ${name} '${path}'`);
      writeFileSync(config, base);
      const section = [...lines, ...programs].map((line) => `\t${line}\n`).join('');
      appendFileSync(config, `\nconfig ptp 'ptp'\n${section}`);
      const said = await nunectTime('apply');
      const parts = await obey(said);
      const isChanged = fileTexts() !== texts;
      texts = fileTexts();
      for (const part of ['ptp4l', 'phc2sys', 'orders'] as const) {
        const isWanted = parts.includes(part);
        if (running.has(part) && (!isWanted || (isChanged && part !== 'orders'))) await end_(part);
        if (isWanted && !running.has(part)) start(part);
      }
      return said.stderr;
    },
    async stop() {
      for (const part of ['orders', 'phc2sys', 'ptp4l'] as const) await end_(part);
      await obey(await nunectTime('stop'));
    },
    running: (part) => running.get(part),
    restart: start,
    async chronyc(...args) {
      const { stdout } = await runToEnd(join(bin, 'chronyc'), [
        '-n',
        '-h',
        join(at.dir, 'chronyd.sock'),
        ...args,
      ]);
      return stdout;
    },
  };
}
