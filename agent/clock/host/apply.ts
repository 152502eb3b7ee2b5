// `nunect time apply`, `stop` and `show`: what this host has, what is planned of it, and that put in place.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import type { Config } from '../../config/options.ts';
import { hostKind } from '../../device/hostkind.ts';
import type { ProcessFound } from '../../device/processes.ts';
import type { Spawn } from '../../lib/child.ts';
import { known } from '../../lib/known.ts';
import { isClockProgram } from '../disciplines.ts';
import { type AppliedTime, appliedOf, type TimeProgram } from '../setup/applied.ts';
import type { TimeHost } from '../setup/host.ts';
import { SetupFault, type SetupNote } from '../setup/note.ts';
import { planTime, type TimePlan } from '../setup/plan.ts';
import { parseForeignSegments } from '../setup/segments.ts';
import { isWanted } from '../setup/wanted.ts';
import { type ChronyProgram, printConf } from './chrony.ts';
import { type ChronySeen, installDropIn, ownDropIns, removeDropIns, seeChrony, tryDropIn } from './dropin.ts';
import { netInterfaces } from './interfaces.ts';
import { neighbourNotes, refuseBesideChronyd } from './neighbours.ts';
import { chronyConfOf, probePrograms, thisHost, versionOf } from './probe.ts';
import { removeIfEmpty, type TimeDir, timePath } from './timedir.ts';
import { tryPtp4l } from './trial.ts';

/** How the host is asked. */
export interface HostDeps {
  /** As root. */
  readonly spawn: Spawn;
  readonly processes: (wanted: (comm: string) => boolean) => Promise<readonly ProcessFound[]>;
}

/** What is to be set up, and where. */
export interface TimeJob {
  readonly config: Pick<Config, 'ptp' | 'time'>;
  readonly time: TimeDir;
  /** Devices of OpenWrt's networks. */
  readonly devices: ReadonlyMap<string, string>;
}

/** What has to be done now. */
export interface TimeOutcome {
  readonly run: readonly TimeProgram[];
  /** chronyd has to be started anew: its drop-in has changed. */
  readonly restart: boolean;
  readonly notes: readonly SetupNote[];
  readonly fault?: SetupNote;
}

/** A host as it was found. */
interface HostSeen {
  readonly host: TimeHost;
  readonly chrony?: ChronyProgram;
  readonly seen?: ChronySeen;
}

/** The clock daemons of this machine; none where /proc is closed to us. */
export const clockProcesses = (deps: HostDeps): Promise<readonly ProcessFound[]> =>
  deps.processes(isClockProgram).catch(() => []);

/** The chronyd of this host with its config; undefined where no config is found. */
export async function chronyOf(deps: HostDeps, { config }: TimeJob): Promise<ChronyProgram | undefined> {
  const { chronyd, chrony_conf } = config.ptp;
  const conf = chronyConfOf(chrony_conf, await clockProcesses(deps));
  return conf === undefined ? undefined : { program: chronyd, conf };
}

/** Whatever is on this host. Throws a SetupFault where a program cannot be used. */
async function probeHost(deps: HostDeps, job: TimeJob, mayRemove: boolean): Promise<HostSeen> {
  const { time, devices, config } = job;
  const { ptp } = config;
  const programs = await probePrograms(deps.spawn, ptp);
  const host = {
    ...{ ...programs, devices },
    interfaces: netInterfaces(thisHost),
    foreignSegments: parseForeignSegments(thisHost.text('/proc/sysvipc/shm')),
  };
  const chronyd = await versionOf(deps.spawn, ptp.chronyd, 'chrony_refuses');
  if (chronyd === undefined) return { host };
  const chrony = await chronyOf(deps, job);
  if (chrony === undefined)
    throw new SetupFault(
      'chrony_refuses',
      'there is no /etc/chrony/chrony.conf and no /etc/chrony.conf: set ptp.chrony_conf',
    );
  const seen = await seeChrony(deps.spawn, time, chrony, mayRemove);
  return { host: { ...host, chronyd, chrony: seen.conf }, chrony, seen };
}

const planOf = ({ config, time }: TimeJob, host: TimeHost): TimePlan =>
  planTime(config, host, { socketDir: timePath(time.dir, 'dir') });

/** The plan with what a SetupFault says instead of its files. */
function faulty(plan: TimePlan, error: unknown): TimePlan {
  if (!(error instanceof SetupFault)) throw error;
  const { files: _, ...rest } = plan;
  return { ...rest, gate: 'none', feed: 'nowhere', fault: error.note };
}

/** What is planned of no host at all: for a fault before there is more. */
const planOfNothing = (job: TimeJob): TimePlan => {
  const { ptp } = job.config;
  const config = { ...job.config, ptp: { ...ptp, interface: [] } };
  return planOf(
    { ...job, config },
    { phc2sys: false, interfaces: [], foreignSegments: [], devices: new Map() },
  );
};

/** What is handed to the agent where nothing is known of a plan. */
export const appliedOfNothing = (job: TimeJob): AppliedTime => appliedOf(planOfNothing(job), job.config.ptp);

/** What would be set up here. Changes nothing, and tries nothing. */
export async function showTime(
  deps: HostDeps,
  job: TimeJob,
): Promise<{ readonly plan: TimePlan; readonly host?: TimeHost }> {
  try {
    const { host } = await probeHost(deps, job, false);
    return { plan: planOf(job, host), host };
  } catch (error) {
    return { plan: faulty(planOfNothing(job), error) };
  }
}

/** What ptp4l said, as what it is about. */
function refusedBy(said: string): SetupFault {
  const [, name] = /interface '([^']*)' does not support requested timestamping mode/.exec(said) ?? [];
  return name === undefined
    ? new SetupFault('ptp4l_refuses', `ptp4l does not start with this configuration: ${said}`)
    : new SetupFault(
        'interface_stamps',
        `${name} does not give the time stamps that ptp4l needs: its driver lacks them; give another port. ptp4l says: ${said}`,
      );
}

/** The plan that ptp4l takes: with stamps of the hardware where they work. Throws a SetupFault where it takes none. */
async function triedPlan(deps: HostDeps, job: TimeJob, host: TimeHost): Promise<TimePlan> {
  const plan = planOf(job, host);
  const { time, config } = job;
  const { ptp } = config;
  const conf = plan.files?.ptp4lConf;
  if (conf === undefined || host.ptp4l === undefined || conf === time.read('ptp4lConf')) return plan;
  const refusal = await tryPtp4l(deps.spawn, ptp.ptp4l, host.ptp4l, {
    conf,
    folder: timePath(time.dir, 'trial'),
  });
  if (refusal === undefined) return plan;
  if (!plan.hardware || ptp.timestamping !== 'auto') throw refusedBy(refusal);
  const software = { ...config, ptp: { ...ptp, timestamping: 'software' as const } };
  const lesser = await triedPlan(deps, { ...job, config: software }, host);
  const text = `the stamps of the hardware are not used, for ptp4l says: ${refusal}`;
  return { ...lesser, notes: [{ code: 'no_hardware', text }, ...lesser.notes] };
}

/** The ports that a rendered ptp4l.conf names. */
const portsIn = (conf: string): string[] =>
  conf.split('\n').flatMap((line) => /^\[([^\]]+)\]$/.exec(line)?.[1] ?? []);

async function neighbours(deps: HostDeps, { config, time }: TimeJob, plan: TimePlan): Promise<SetupNote[]> {
  const all = await clockProcesses(deps);
  if (plan.feed === 'clock') refuseBesideChronyd(all, config.ptp.chronyd);
  const isSysntpdOurs = plan.feed === 'clock' && hostKind('auto') === 'openwrt'; // its service stops it
  return neighbourNotes(
    all,
    { path: timePath(time.dir, 'dir') },
    { ports: portsIn(plan.files?.ptp4lConf ?? ''), isSysntpdOurs },
  );
}

/** Puts the files in place, chronyd's last: whatever fails before that has not touched it. */
async function install(
  deps: HostDeps,
  { time }: TimeJob,
  { files }: TimePlan,
  { chrony, seen }: HostSeen,
): Promise<void> {
  const { ptp4lConf, phc2sysArgs, dropIn } = files ?? {};
  if (chrony !== undefined && dropIn !== undefined) await tryDropIn(deps.spawn, time, chrony, dropIn);
  time.put('chronydSocket', linesText(seen?.conf.socket));
  time.put('phc2sysArgs', linesText(phc2sysArgs?.join('\n')));
  time.put('ptp4lConf', ptp4lConf);
  if (ptp4lConf === undefined) time.remove('orders');
  else await time.makeOrders(deps.spawn);
  if (chrony === undefined || seen === undefined || dropIn === undefined)
    removeDropIns(time, seen?.own ?? []);
  else await installDropIn(deps.spawn, time, chrony, seen, dropIn);
}

const linesText = (text: string | undefined): string | undefined => text && `${text}\n`;

/** All confs of chronyd in which a drop-in of ours may have been put. */
async function confsOf(deps: HostDeps, { ptp }: TimeJob['config']): Promise<string[]> {
  const processes = await clockProcesses(deps);
  return [chronyConfOf(ptp.chrony_conf, processes), chronyConfOf(undefined, processes)].filter(
    (one) => one !== undefined,
  );
}

/** Removes what was installed, but for what is kept to be told. */
async function removeInstalled(deps: HostDeps, { config, time }: TimeJob): Promise<void> {
  removeDropIns(time, ownDropIns(time, await confsOf(deps, config)));
  time.clear('applied', 'dropInRecord');
}

const isDue = ({ time }: TimeJob): boolean => time.record()?.due === true;

/** Whether chronyd has to be started anew. One that refuses its config by now, whoever broke it, would not come back. */
async function restartOf(deps: HostDeps, job: TimeJob): Promise<Pick<TimeOutcome, 'restart' | 'notes'>> {
  if (!isDue(job)) return { restart: false, notes: [] };
  const chrony = await chronyOf(deps, job);
  const printed = chrony && (await printConf(deps.spawn, chrony));
  if (printed === undefined || 'text' in printed) return { restart: true, notes: [] };
  const text = `chronyd is not restarted, as it would not come back: it refuses ${chrony?.conf}: ${printed.why}; mend that, and restart it`;
  return { restart: false, notes: [{ code: 'chrony_refuses', text }] };
}

/** Removes all that was ever set up. */
export async function stopTime(deps: HostDeps, job: TimeJob): Promise<TimeOutcome> {
  await removeInstalled(deps, job);
  job.time.remove('applied');
  return { run: [], ...(await restartOf(deps, job)) };
}

/** Leaves nothing of the set-up but why there is none. */
export async function failTime(deps: HostDeps, job: TimeJob, applied: AppliedTime): Promise<TimeOutcome> {
  await removeInstalled(deps, job);
  job.time.make();
  job.time.put('applied', JSON.stringify({ ...applied, runs: [] }));
  const { restart, notes } = await restartOf(deps, job);
  return { run: [], restart, notes: [...applied.notes, ...notes], ...known({ fault: applied.fault }) };
}

/** Plans, tries and installs. Never rejects with a SetupFault: that is the plan's. */
async function installed(deps: HostDeps, job: TimeJob): Promise<TimePlan> {
  let plan = planOfNothing(job);
  try {
    const found = await probeHost(deps, job, true);
    plan = await triedPlan(deps, job, found.host);
    if (plan.fault !== undefined) return plan;
    plan = { ...plan, notes: [...plan.notes, ...(await neighbours(deps, job, plan))] };
    await install(deps, job, plan, found);
    return plan;
  } catch (error) {
    return faulty(plan, error);
  }
}

/** Sets up the clock daemons as configured. A SetupFault is in the outcome; then nothing is left of an earlier set-up. */
export async function applyTime(deps: HostDeps, job: TimeJob): Promise<TimeOutcome> {
  const { time, config } = job;
  if (!isWanted(config.ptp)) return stopTime(deps, job);
  time.make();
  time.remove('trial'); // of a run that was killed
  mkdirSync(timePath(time.dir, 'trial'), { mode: 0o700 });
  try {
    const applied = appliedOf(await installed(deps, job), config.ptp);
    if (applied.fault !== undefined) return await failTime(deps, job, applied);
    time.put('applied', JSON.stringify(applied));
    const { runs, notes } = applied;
    return { run: runs.length === 0 ? [] : [...runs, 'orders'], restart: isDue(job), notes };
  } finally {
    rmSync(timePath(time.dir, 'trial'), { recursive: true, force: true });
  }
}

/** The outcome was printed: nothing of it is due any more. */
export function settleTime({ time }: TimeJob): void {
  const record = time.record();
  const isThere = record !== undefined && time.read('applied') !== undefined && existsSync(record.path);
  if (record !== undefined) time.keep(isThere ? { ...record, due: false } : undefined);
  if (time.read('applied') === undefined) removeIfEmpty(timePath(time.dir, 'dir'));
}
