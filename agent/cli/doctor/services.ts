import { atLeast, formatVersion, oldestServer } from '../../leaf/conf/version.ts';
import { leafServer } from '../../leaf/render/server.ts';
import { logTo } from '../../lib/log.ts';
import { systemTicker } from '../../lib/ticker.ts';
import { openLink } from '../../nats/link.ts';
import { inboxPrefixOf } from '../../wire/subjects.ts';
import { complaints, isAgentThere, leafLog, leafProcess } from '../localunit.ts';
import { type CheckResult, fail, ok, skip, warn } from './checkresult.ts';
import { configOf, type DoctorFacts, troubleOf } from './facts.ts';

const install = (name: string): string => `opkg update; opkg install ${name} # or: apk add ${name}`;
const leastNode = 20;

/** Node itself, by its version such as 20.20.2. */
export const judgeNode = (version: string): CheckResult =>
  Number.parseInt(version, 10) >= leastNode
    ? ok('node', version)
    : fail('node', `${version} is too old: ${leastNode} or newer is needed`, install('node'));

/** The server program of mode managed. */
export async function checkServer({ loaded: { config }, spawn }: DoctorFacts): Promise<CheckResult> {
  const what = 'nats-server';
  const { mode, server } = config.leaf;
  if (mode !== 'managed') return skip(what, `leaf.mode is ${mode}: there is none of this unit`);
  const found = await leafServer(spawn, server).version();
  if (!('known' in found)) return fail(what, found.why, install(what));
  const version = formatVersion(found.known);
  return atLeast(found.known, oldestServer)
    ? ok(what, version)
    : fail(what, `${version} is too old: ${formatVersion(oldestServer)} or newer is needed`, install(what));
}

/** The agent, by whether it answers. */
export async function checkAgent(facts: DoctorFacts): Promise<CheckResult> {
  const { snapshot, dir } = facts;
  if (snapshot !== undefined)
    return ok('agent', `answers as ${snapshot.unit}, nunect ${snapshot.version}: ${snapshot.status}`);
  if (!configOf(facts).agent.enabled)
    return warn(
      'agent',
      'agent.enabled is 0: nothing is started',
      'uci set nunect.agent.enabled=1; uci commit nunect; /etc/init.d/nunect reload',
    );
  if (await isAgentThere(dir))
    return fail('agent', 'a process of it runs but does not answer', '/etc/init.d/nunect restart');
  return fail('agent', 'it does not run', '/etc/init.d/nunect start');
}

const connect_ms = 3000;

/** Why nobody can log in as the agent does; undefined once it was done. The login goes where the agent's goes. */
export async function whyNoLogin({ file, signal }: DoctorFacts): Promise<string | undefined> {
  if (file === undefined) return 'how to log in is not known';
  const ticker = systemTicker();
  const opts = {
    ...file.connection,
    name: 'nunect doctor',
    inboxPrefix: inboxPrefixOf(file.config.agent.unit),
  };
  const link = openLink({ ticker, log: logTo(() => {}) }, opts, signal);
  try {
    const until_ms = ticker.now_ms() + connect_ms;
    for (;;) {
      const { connected, lastError } = link.state();
      if (connected) return undefined;
      if (lastError !== undefined) return lastError;
      if (ticker.now_ms() > until_ms) return 'no answer in time';
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    await link.stop();
  }
}

/** The server that the agent is a client of: the leaf, or that of others. In mode off it is the hub, which is looked at by itself. */
export async function checkLeaf(facts: DoctorFacts): Promise<CheckResult> {
  const { dir, snapshot, isRoot } = facts;
  const { mode } = configOf(facts).leaf;
  if (mode === 'off') return skip('leaf', 'leaf.mode is off: the agent connects to the hub itself');
  const what = mode === 'managed' ? 'leaf' : 'external server';
  const trouble = troubleOf(facts, 'local server');
  if (trouble !== undefined) return fail(what, trouble.text, trouble.remedy);
  if (snapshot !== undefined) {
    const { server = 'server', server_version } = snapshot.link;
    return ok(what, `connected to ${server}${server_version ? `, nats-server ${server_version}` : ''}`);
  }
  if (mode !== 'managed') {
    const why = await whyNoLogin(facts);
    return why === undefined ? ok(what, 'the login works') : fail(what, why, 'nunect check');
  }
  const process_ = leafProcess(dir);
  if (process_ !== undefined) {
    const why = await whyNoLogin(facts);
    if (why === undefined) return ok(what, `runs as process ${process_.pid}`);
    return fail(what, `runs as process ${process_.pid}, but: ${why}`, '/etc/init.d/nunect-leaf restart');
  }
  if (!isRoot && facts.file === undefined) return skip(what, 'not possible as this user');
  const [last] = complaints(leafLog(dir), 1);
  const said = last === undefined ? '' : `; the last it complained of: ${last}`;
  return fail(what, `no process of it runs${said}`, '/etc/init.d/nunect-leaf restart');
}
