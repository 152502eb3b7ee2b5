import { type Finished, runChild, type Spawn } from '../lib/child.ts';
import { parseServerVersion, type ServerVersion } from './version.ts';

/** A router's flash is slow to give a 20 MB program the first time. */
const limitMs = 20_000;

/** The nats-server program of this machine. */
export interface ServerProgram {
  /** The version, or why it is not known. */
  version(): Promise<{ readonly known: ServerVersion } | { readonly why: string }>;
  /** What is wrong with a config file by the server's own test; undefined when nothing is. */
  test(conf: string): Promise<string | undefined>;
}

/** Why a program did not run to its end, in words. */
function failureOf(program: string, { failed, code }: Finished): string | undefined {
  if (failed === 'ENOENT') return `there is no program '${program}'`;
  if (failed === 'timeout') return `'${program}' did not end within ${limitMs / 1000} s`;
  if (failed !== undefined) return `'${program}' cannot be started (${failed})`;
  return code === undefined ? `'${program}' was killed` : undefined;
}

/** `shown` is how its complaints name the config that it tests; without it they have the path. */
export function serverProgram(spawn: Spawn, program: string, shown?: string): ServerProgram {
  return {
    async version() {
      const done = await runChild(spawn, program, ['--version'], limitMs);
      const known = parseServerVersion(done.stdout) ?? parseServerVersion(done.stderr);
      if (known !== undefined) return { known };
      return { why: failureOf(program, done) ?? `'${program} --version' gives no version` };
    },
    async test(conf) {
      const done = await runChild(spawn, program, ['-t', '-c', conf], limitMs);
      if (done.code === 0) return undefined;
      const complaint = done.stderr.replace(/^nats-server: /, '').replaceAll(conf, shown ?? conf);
      return failureOf(program, done) ?? complaint.trim().split(/\n+/).join('; ');
    },
  };
}
