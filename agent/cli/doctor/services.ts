import { runsReplacedFile } from '../../device/processes.ts';
import { oldestServer } from '../../leaf/conf/version.ts';
import { serverProgram } from '../../natsserver/program.ts';
import { atLeast, formatVersion } from '../../natsserver/version.ts';
import { agentProcess, latestWarnings, leafLog, leafProcess } from '../localunit.ts';
import { type CheckResult, fail, findingResult, ok, skip, warn } from './checkresult.ts';
import { configOf, type DoctorFacts, findingsOfStep } from './facts.ts';
import { whyNoLogin } from './login.ts';

/** What an upgrade has replaced while a process of the unit runs it; undefined where none does. */
export const outdated = (
  what: string,
  version: string,
  pid: number | undefined,
  restart: string,
): CheckResult | undefined =>
  pid && runsReplacedFile(pid)
    ? warn(what, `${version} is installed, but process ${pid} still runs the file that it replaced`, restart)
    : undefined;

/** The server program of mode managed, installed and as the leaf runs it. */
export async function checkServer({
  dir,
  loaded: { config },
  spawn,
  host,
  isBlind,
}: DoctorFacts): Promise<CheckResult> {
  const what = 'nats-server';
  if (isBlind) return skip(what, 'this user may not see which program it is');
  const { mode, server } = config.leaf;
  if (mode !== 'managed') return skip(what, `leaf.mode is ${mode}: the unit runs no server of its own`);
  const found = await serverProgram(spawn, server).version();
  if (!('known' in found)) return fail(what, found.why, host.install(what));
  const version = formatVersion(found.known);
  if (atLeast(found.known, oldestServer)) {
    return outdated(what, version, leafProcess(dir)?.pid, host.restart('nunect-leaf')) ?? ok(what, version);
  }
  const tooOld = `${version} is too old: ${formatVersion(oldestServer)} or newer is needed`;
  return fail(what, tooOld, host.install(what));
}

/** The agent, by whether it answers. */
export async function checkAgent(facts: DoctorFacts): Promise<CheckResult> {
  const { snapshot, dir, host, isRoot } = facts;
  const what = 'agent';
  if (snapshot !== undefined)
    return ok(what, `answers as ${snapshot.unit}, nunect ${snapshot.version}: ${snapshot.status}`);
  if (!configOf(facts).agent.enabled)
    return warn(what, 'agent.enabled is 0: nothing is started', host.set({ 'agent.enabled': '1' }));
  const runs = await agentProcess(dir);
  if (runs !== 0 && !isRoot)
    return skip(what, runs ? 'runs; this user may not ask it' : 'this user may not see whether it runs');
  if (runs) return fail(what, 'runs but does not answer', host.restart('nunect'));
  return fail(what, 'does not run', host.start('nunect'));
}

/** The leaf server itself, as long as no agent says how it is. */
async function checkLeafProcess(facts: DoctorFacts): Promise<CheckResult> {
  const { dir, isRoot, host } = facts;
  const what = 'leaf';
  const restart = host.restart('nunect-leaf');
  const running = leafProcess(dir);
  if (running !== undefined) {
    const why = await whyNoLogin(facts);
    if (why === undefined) return ok(what, `runs as process ${running.pid}`);
    return fail(what, `runs as process ${running.pid}, but: ${why.detail}`, restart);
  }
  if (!isRoot && facts.file === undefined) return skip(what, 'this user may not see it');
  const [last] = latestWarnings(leafLog(dir), 1);
  return fail(
    what,
    `does not run${last === undefined ? '' : `; the last warning in its log: ${last}`}`,
    restart,
  );
}

/** The server that the agent is a client of: the leaf, or that of others. In mode off it is the hub, which has its own check. */
export async function checkLeaf(facts: DoctorFacts): Promise<CheckResult | readonly CheckResult[]> {
  const { snapshot } = facts;
  const { mode } = configOf(facts).leaf;
  if (mode === 'off') return skip('leaf', 'leaf.mode is off: the agent connects to the hub itself');
  const what = mode === 'managed' ? 'leaf' : 'external server';
  const found = findingsOfStep(facts, 'leaf');
  if (found.length > 0) return found.map((one) => findingResult(what, one));
  if (snapshot !== undefined) {
    const { server = 'server', server_version } = snapshot.link;
    return ok(what, `connected to ${server}${server_version ? `, nats-server ${server_version}` : ''}`);
  }
  if (mode === 'managed') return checkLeafProcess(facts);
  const why = await whyNoLogin(facts);
  return why === undefined ? ok(what, 'the login works') : fail(what, why.detail, facts.host.check);
}
