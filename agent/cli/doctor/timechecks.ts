import { chmodSync, chownSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readTimeSetup } from '../../clock/orders/appliedfile.ts';
import { watchClock } from '../../clock/part.ts';
import { systemSocketFiles } from '../../clock/ptp4l/keeper.ts';
import { watchedTime } from '../../clock/setup/watched.ts';
import { wallClock } from '../../clock/wallclock.ts';
import { runAs } from '../../config/checks/trust.ts';
import type { Config } from '../../config/options.ts';
import { runChild } from '../../lib/child.ts';
import { namesIn, readOrUndefined } from '../../lib/files.ts';
import { machineClocks, systemTicker } from '../../lib/ticker.ts';
import { ntpStatus, ptpStatus } from '../../status/tosnapshot.ts';
import { type CheckResult, skip } from './checkresult.ts';
import { configOf, type DoctorFacts, findingsOfStep } from './facts.ts';
import { judgeTime, type TimeSeen } from './time.ts';

/** Long enough for one poll that fails, and for a Sync a second. */
const look_ms = 3500;
const pmc_ms = 2500;
/** 0: default profile; 24 to 43: telecom; 44 to 63: G.8275.2; 127: the SMPTE profile. */
const usualDomains = [0, 1, 2, 3, 4, 5, 10, 24, 44, 127];

const text = (path: string): string => readOrUndefined(path)?.trim() ?? '';

/** The config with the clock daemons as nunect-time runs them. */
function configFor(facts: DoctorFacts): Config {
  const config = configOf(facts);
  return { ...config, time: watchedTime(config, readTimeSetup(resolve(facts.dir))) };
}

/** The judge of the agent, for as long as it takes it to see the daemons. */
async function lookAtClock(facts: DoctorFacts, stateDir: string) {
  const { spawn, signal } = facts;
  const wall = wallClock(machineClocks);
  const keeper = watchClock(
    { spawn, ticker: systemTicker(), wall, random: Math.random, stateDir },
    configFor(facts).time,
    signal,
  );
  await new Promise((resolve) => setTimeout(resolve, look_ms));
  const { source, quality, evidence, reasons } = keeper.verdict();
  const seen = {
    clock: { source, quality, evidence, reasons },
    ptp: ptpStatus(keeper.ptp(), keeper.followsPtp()),
    ntp: ntpStatus(keeper.ntp()),
  };
  await keeper.stop();
  return seen;
}

/** The first of the usual domains in which this ptp4l answers. */
async function domainThatAnswers(
  facts: DoctorFacts,
  socket: string,
  stateDir: string,
): Promise<number | undefined> {
  const { pmc, ptp_domain, transport_specific } = configFor(facts).time;
  const ask = async (domain: number): Promise<number | undefined> => {
    const own = join(stateDir, `d${domain}`);
    const args = `-u -b 0 -d ${domain} -t 0x${transport_specific.toString(16)}`.split(' ');
    const question = ['-s', socket, '-i', own, 'GET DEFAULT_DATA_SET'];
    const { stdout } = await runChild(facts.spawn, pmc, [...args, ...question], pmc_ms);
    return /domainNumber/.test(stdout) ? domain : undefined;
  };
  const answers = await Promise.all(usualDomains.filter((one) => one !== ptp_domain).map(ask));
  return answers.find((domain) => domain !== undefined);
}

/** What ethtool says of the interfaces with a device behind them; nothing where it is not installed. */
async function stampingOf({ spawn }: DoctorFacts): Promise<string[]> {
  const found = namesIn('/sys/class/net')
    .filter((name) => namesIn(`/sys/class/net/${name}/device`).length > 0)
    .slice(0, 8);
  const all = await Promise.all(
    found.map(async (name) => {
      const { stdout } = await runChild(spawn, 'ethtool', ['-T', name], pmc_ms);
      const kinds = ['hardware', 'software'].filter((kind) => stdout.includes(`${kind}-transmit`));
      return kinds.length === 0 ? [] : [`${name} ${kinds.join(' and ')}`];
    }),
  );
  return all.flat();
}

/** A folder for pmc's own sockets, also where it runs as another user than root. */
function socketFolder(configFile: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'nunect-'));
  const { gid } = runAs(configFile);
  if (gid !== undefined) {
    chownSync(path, 0, gid);
    chmodSync(path, 0o1770);
  }
  const remove = (): void => {
    for (const name of namesIn(path)) rmSync(join(path, name), { force: true }); // no folder: that user might swap it for a link
    rmdirSync(path);
  };
  return { path, remove };
}

/** The clock daemons and what they make of the clock. */
export async function checkTime(facts: DoctorFacts): Promise<CheckResult[]> {
  const { time } = configFor(facts);
  const isKept = (path: string): boolean => systemSocketFiles.state(path) === 'forbidden';
  if (facts.snapshot === undefined && !facts.isRoot && (facts.isBlind || time.ptp_socket.some(isKept)))
    return [skip('clock', 'this user may not ask the daemons that steer it')];
  const { path: stateDir, remove } = socketFolder(facts.configFile);
  try {
    const { clock, ptp, ntp } = facts.snapshot ?? {};
    const seen =
      clock !== undefined && ptp !== undefined && ntp !== undefined
        ? { clock, ptp, ntp }
        : await lookAtClock(facts, stateDir);
    const sockets = time.ptp_socket.map((path) => ({ path, state: systemSocketFiles.state(path) }));
    const socket = sockets.find(({ state }) => state === 'usable')?.path;
    const isSilent = seen.ptp.seen !== 'fresh' && socket !== undefined && time.mode !== 'chrony';
    const phcs = namesIn('/sys/class/ptp').map(
      (name) => `${name} (${text(`/sys/class/ptp/${name}/clock_name`)})`,
    );
    const all: TimeSeen = {
      ...seen,
      host: facts.host,
      config: configFor(facts),
      findings: facts.snapshot && findingsOfStep(facts, 'clock'),
      sockets,
      otherDomain: isSilent ? await domainThatAnswers(facts, socket, stateDir) : undefined,
      phcs,
      stamping: time.mode === 'chrony' ? [] : await stampingOf(facts),
    };
    return judgeTime(all);
  } finally {
    remove();
  }
}
