// `nunect time confirm`: whether chronyd runs with our drop-in, which its own reading of the config does not tell.
import { setTimeout as pause } from 'node:timers/promises';
import { readOrUndefined } from '../../lib/files.ts';
import { askChronyc } from '../chronyd/chronyc.ts';
import { isFileUsable, usualSigns } from '../chronyd/signs.ts';
import { parseAppliedTime } from '../setup/applied.ts';
import { parseChronyConf } from '../setup/chronyconf.ts';
import { ptpRefid } from '../setup/dropin.ts';
import type { SetupNote } from '../setup/note.ts';
import {
  appliedOfNothing,
  chronyOf,
  clockProcesses,
  failTime,
  type HostDeps,
  type TimeJob,
  type TimeOutcome,
} from './apply.ts';
import { type ChronyProgram, printConf } from './chrony.ts';

/** chronyd answers within a second of its start; that of a router that boots may take longer. */
const mostMs = 10_000;
const everyMs = 250;

/** The names of chronyd's sources by root's own socket, or why they are not known. */
type Sources = { readonly names: readonly string[] } | { readonly why: string };

async function sourcesOf(deps: HostDeps, chronyc: string, socket: string | undefined): Promise<Sources> {
  const signs = { ...usualSigns, ...(socket === undefined ? {} : { sockets: [socket] }) };
  const asked = await askChronyc({ spawn: deps.spawn, isUsable: isFileUsable }, chronyc, signs);
  if (asked === undefined) return { why: 'it has no command socket' };
  if ('value' in asked) return { names: asked.value.sources.map(({ name }) => name) };
  const { why, detail = why } = asked.failure;
  if (why !== 'not_installed') return { why: detail };
  const runs = (await clockProcesses(deps)).some(({ comm }) => comm === 'chronyd');
  return runs ? { names: [ptpRefid] } : { why: 'it does not run' }; // all that can be seen without chronyc
}

/** As root: no other program than chronyc, whoever has set which one. */
const chronycOf = ({ config: { time } }: TimeJob): string =>
  time.chronyc.endsWith('/chronyc') ? time.chronyc : 'chronyc';

/** Why chronyd does not run with the drop-in; undefined where it does. */
async function silence(
  deps: HostDeps,
  job: TimeJob,
  chrony: ChronyProgram,
  dropIn: string,
): Promise<SetupNote | undefined> {
  const printed = await printConf(deps.spawn, chrony);
  const { socket } = parseChronyConf('text' in printed ? printed.text : '', []);
  const wanted = dropIn.includes(` refid ${ptpRefid} `) ? [ptpRefid] : [];
  const until = performance.now() + mostMs;
  for (;;) {
    const sources = await sourcesOf(deps, chronycOf(job), socket);
    if ('names' in sources && wanted.every((name) => sources.names.includes(name))) return undefined;
    if (performance.now() > until) {
      const why =
        'names' in sources
          ? `chronyd runs without ${ptpRefid}: does it read another config than ${chrony.conf}?`
          : `chronyd does not answer ${mostMs / 1000} s after it was to be started anew (${sources.why})`;
      return { code: 'chrony_silent', text: `${why}; what it was told of PTP was removed` };
    }
    await pause(everyMs);
  }
}

/** Waits until chronyd runs with the drop-in. Where it does not, the set-up is removed, and the outcome has the fault. */
export async function confirmTime(deps: HostDeps, job: TimeJob): Promise<TimeOutcome> {
  const { time } = job;
  const nothing = { run: [], restart: false, notes: [] };
  const path = time.record()?.path;
  const dropIn = path === undefined ? undefined : readOrUndefined(path);
  const chrony = await chronyOf(deps, job);
  if (dropIn === undefined || chrony === undefined) return nothing;
  const fault = await silence(deps, job, chrony, dropIn);
  if (fault === undefined) return nothing;
  const applied = parseAppliedTime(time.read('applied') ?? '') ?? appliedOfNothing(job);
  return failTime(deps, job, { ...applied, fault });
}
