// Whether a ptp4l takes a config and has the time stamps that it needs there: tried, as no file says it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runChild, type Spawn } from '../../lib/child.ts';
import type { ProgramVersion } from '../setup/programs.ts';
import { trialConf } from '../setup/ptp4lconf.ts';

/** Undefined where it runs, else what it said. */
export type Refusal = string | undefined;

/** Starts its arguments, and ends them when stdin does: also when whoever began the trial is killed. */
const untilStdinEnds = 'exec 3<&0; "$@" & p=$!; (cat <&3 >/dev/null; kill $p 2>/dev/null) & wait $p';

/** The kernel then refuses it the clock, besides its config. Not every host has the program. */
const withoutClock = ['setpriv', '--bounding-set=-sys_time', '--inh-caps=-sys_time'];

/** Longer than a router under load takes from the start to the last port. */
const mostMs = 3000;

/** The last thing that ptp4l begins, after all ports. */
const isUp = (said: string): boolean => /port 0: INITIALIZING to LISTENING/.test(said);

/** What it said, without its name and time. */
const wordsOf = (said: string): string =>
  said
    .split('\n')
    .map((line) => line.replace(/^ptp4l\[[\d.]*\]: (?:\[[^\]]*\] )?/, '').trim())
    .filter((line) => line !== '')
    .slice(-4)
    .join('; ')
    .slice(0, 400);

/** Runs a program until it is up, ends by itself, or the time is over; what it began is gone then. */
function runUntilUp(spawn: Spawn, words: readonly string[]): Promise<Refusal> {
  return new Promise((resolve) => {
    let said = '';
    let isAccepted = false;
    const child = spawn('sh', ['-c', untilStdinEnds, 'trial', ...words]);
    const accept = (): void => {
      isAccepted = true;
      child.stdin.end(); // by which the program is ended
    };
    const end = (refusal: string): void => {
      clearTimeout(timer);
      child.stdin.destroy();
      resolve(isAccepted ? undefined : refusal);
    };
    const timer = setTimeout(accept, mostMs);
    const hear = (text: string): void => {
      said = (said + text).slice(-16_384);
      if (isUp(said)) accept();
    };
    child.stdin.on('error', () => {}); // it may be gone
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
    child.once('error', (error) => end(error.message));
    child.once('exit', (code) => setImmediate(() => end(wordsOf(said) || `exit code ${code}`))); // it may have said more
  });
}

/**
 * Tries ptp4l with a config in a folder for the trial. It moves no clock, and sends nothing that another would follow in
 * so short a time.
 */
export async function tryPtp4l(
  spawn: Spawn,
  program: string,
  version: ProgramVersion,
  { conf, folder }: { readonly conf: string; readonly folder: string },
): Promise<Refusal> {
  const path = join(folder, 'ptp4l.conf');
  writeFileSync(path, trialConf(conf, folder, version), { mode: 0o600 });
  const [setpriv = '', ...args] = withoutClock;
  const canDrop = (await runChild(spawn, setpriv, [...args, 'true'], 5000)).code === 0;
  return runUntilUp(spawn, [...(canDrop ? withoutClock : []), program, '-f', path]);
}
