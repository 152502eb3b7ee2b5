import { dirname } from 'node:path';
import type { AgentFile } from '../../config/agentfile.ts';
import { type ServerComplaints, serverComplaints } from '../../natsserver/complaints.ts';
import { followLog } from '../../natsserver/logfile.ts';
import type { Sign } from '../causes.ts';
import { probeTls } from '../conf/hubtls.ts';
import { statePath } from '../statefiles.ts';
import { type HubProbes, type HubProbesDeps, hubProbes } from '../watch/hubprobes.ts';
import { parseLeafLine } from '../watch/logline.ts';
import type { LeafWatch } from '../watch/watch.ts';
import { timeBehind } from './behind.ts';
import { decide, initialState, type SupervisorState, type SupervisorStep } from './decide.ts';
import {
  type HubTrouble,
  type HubTroubleDeps,
  type HubTroubleTracker,
  trackHubTrouble,
} from './hubtrouble.ts';
import { type LinkLimits, linkLimits } from './linklimits.ts';
import type { LeafControl } from './process.ts';
import { type StartFault, type StartFaultDeps, type StartFaults, startFaults } from './startfaults.ts';

/** Knows why the leaf has no hub, and does what can be done without a visit: rolls back hub settings, restarts the leaf. */
export interface LeafSupervisor {
  /** While the hub is not joined and there is a cause. */
  trouble(): HubTrouble | undefined;
  /** The latest, also after it ended. */
  lastTrouble(): HubTrouble | undefined;
  /** Why other hub settings are in use than those asked for; undefined while they are not. */
  rolledBack(): string | undefined;
  /** Limits of hub or leaf that the link has met of late. */
  limits(): HubTrouble[];
  /** Why the leaf does not start, or what it runs without. */
  startFaults(): StartFault[];
  /** For how many s it has run with other hub settings than render made last, as it was not restarted; 0 where it does not. */
  behind_s(): number;
  /** Has the server read its certificates again; false when it does not run. */
  reload(): boolean;
  stop(): void;
}

export interface SupervisorDeps extends HubTroubleDeps, HubProbesDeps, StartFaultDeps {
  readonly leaf: LeafWatch;
  /** The server of a run directory. */
  control(runDir: string): LeafControl;
}

const tick_ms = 1000;
/** Of the lines that were there before the agent, these may still show why there is no hub. */
const mostOld = 10;
/** While the hub is joined, only each so many ticks the process and its files are looked at. */
const calmTicks = 5;
/** A link that held so long is no pause of 30 s, which nats-server makes between two attempts after a loop. */
const settled_ms = 40_000;

/** How long a server may take from its start to its join; `longest` while it has not answered yet. */
const start_ms = { join: 5000, longest: 15_000 };

/** All that one supervisor knows; what has no `readonly` is replaced, the trackers change within. */
interface Supervision {
  readonly deps: SupervisorDeps;
  readonly file: AgentFile;
  /** Name of the hub settings that were asked for. */
  readonly asked: string;
  /** The server to steer; undefined where it is not ours. */
  readonly control: LeafControl | undefined;
  readonly trouble: HubTroubleTracker;
  readonly probes: HubProbes;
  readonly complaints: ServerComplaints;
  readonly limits: LinkLimits;
  /** Undefined where the server is not ours. */
  readonly faults: StartFaults | undefined;
  state: SupervisorState;
  ticksSinceCheck: number;
  isActing: boolean;
  isStopped: boolean;
  /** The server, and since when it was seen to run. */
  server: { readonly pid: number | undefined; readonly since_ms: number };
}

/** Starts to supervise the leaf of mode managed; of one that others run it only finds out why its hub is away. */
export function superviseLeaf(deps: SupervisorDeps, file: AgentFile): LeafSupervisor {
  const { ticker, leaf, log } = deps;
  const { config, leaf: info } = file;
  const runDir = info?.state_dir === undefined ? undefined : dirname(info.conf);
  const trouble = trackHubTrouble(deps);
  const probeOptions = {
    urls: config.hub.url,
    fallbackUrls: info?.fallback?.urls ?? [],
    tls: probeTls(file.config),
    limit_ms: config.hub.connect_timeout_s * 1000,
  };
  const control = runDir === undefined ? undefined : deps.control(runDir);
  const s: Supervision = {
    deps,
    file,
    asked: info?.hub ?? 'none',
    control,
    trouble,
    probes: hubProbes(deps, probeOptions, (sign) => leaf.hubUp() !== true && trouble.add(sign)),
    complaints: serverComplaints(log.part('leaf')),
    limits: linkLimits(ticker, deps.wall_ms),
    faults: control && startFaults(deps, config.leaf, control),
    state: initialState(ticker.now_ms()),
    ticksSinceCheck: 0,
    server: { pid: undefined, since_ms: ticker.now_ms() },
    isActing: false,
    isStopped: false,
  };
  const onLines = (lines: readonly string[], old: boolean): void => readLines(s, lines, old);
  const follower =
    runDir === undefined
      ? undefined
      : followLog({ ticker, onLines }, { path: statePath(runDir, 'log'), everyMs: tick_ms });
  if (rollBack(s) === undefined) s.control?.write('fallback', undefined); // of settings that nobody asks for any more
  const hasHub = config.hub.url.length > 0 && config.leaf.mode !== 'off';
  const cancel = hasHub ? ticker.every(tick_ms, () => tick(s)) : () => {};
  return {
    trouble: trouble.current,
    lastTrouble: trouble.latest,
    rolledBack: () => rollBackText(s),
    limits: s.limits.list,
    startFaults: () => s.faults?.list() ?? [],
    behind_s: timeBehind(ticker, control, { asked: s.asked, fallback: info?.fallback?.hub }),
    reload: () => s.control?.reload() ?? false,
    stop() {
      s.isStopped = true;
      s.faults?.stop();
      cancel();
      follower?.stop();
    },
  };
}

/** Of several hubs one may refuse, such as that of another fleet, while another one is away: which one it was is told. */
const signOf = (sign: Sign, from: string | undefined, { config }: AgentFile): Sign =>
  from === undefined || config.hub.url.length < 2 ? sign : { ...sign, detail: `${sign.detail} at ${from}` };

/** Takes lines of the server's log. `old`: they were there before the agent. */
function readLines(s: Supervision, lines: readonly string[], old: boolean): void {
  const { deps, file, trouble, complaints, limits, faults } = s;
  const { leaf, log, ticker } = deps;
  const parsed = lines.slice(old ? -mostOld : 0).flatMap((line) => parseLeafLine(line) ?? []);
  for (const line of parsed) {
    faults?.take(line);
    if (!old) limits.take(line);
    if (!old) complaints.report(line, ticker.now_ms());
    if (!old && line.reload === 'done') log.info('the leaf has read its certificates and config again');
    // a sign of old counts only while there is no hub: it comes again with the next attempt, a failed dial does not
    if (line.sign !== undefined && !(old && leaf.hubUp() === true))
      trouble.add(signOf(line.sign, line.from, file));
  }
  if (!old && parsed.some(({ hub }) => hub)) void leaf.look();
}

/** The roll-back that state/fallback records, if it is of the settings that are asked for now. */
function rollBack({ control, asked, file }: Supervision): { readonly why: string | undefined } | undefined {
  const [hub, why] = control?.read('fallback')?.split('\n') ?? [];
  return hub === asked && file.leaf?.fallback !== undefined ? { why } : undefined;
}

function rollBackText(s: Supervision): string | undefined {
  const why = rollBack(s)?.why;
  if (why === undefined || s.control?.process()?.onFallback === false) return undefined;
  const use = s.deps.leaf.hubUp() === true ? 'in use' : 'tried';
  return `${notJoined(confirmTime_s(s))}: ${why}; the last good ones are ${use}`;
}

const notJoined = (within_s: number): string =>
  `the leaf could not join with the changed hub settings within ${within_s} s`;

/** The server has tried the settings twice in that time: its pause is up to 2 * reconnect_s, and its first attempt may be too early. */
const confirmTime_s = ({ file: { config } }: Supervision): number =>
  config.leaf.confirm_s && Math.max(config.leaf.confirm_s, 2 * config.hub.reconnect_s + 1);

/** Looks at the leaf, and does what `decide` wants. */
function tick(s: Supervision): void {
  const up = s.deps.leaf.hubUp();
  s.trouble.publish();
  if (up === true) {
    if (!noteJoined(s)) return;
    void confirmJoin(s);
  } else if (s.control !== undefined || up === false) s.probes.tick(); // of a server of others not much may be known
  if (s.control === undefined || s.isActing) return;
  const { leaf } = s.file.config;
  const process = s.control.process();
  const now = {
    now_ms: s.deps.ticker.now_ms(),
    joined: up === true,
    ...s.probes.result(),
    running: isRunning(s, process?.pid),
    refused: s.trouble.isRefused(),
    asked: s.asked,
    fallback: s.file.leaf?.fallback?.hub,
    onFallback: process?.onFallback ?? rollBack(s) !== undefined,
    proven: s.control.read('joined') === s.asked,
  };
  const limits = { confirm_ms: confirmTime_s(s) * 1000, watchdog_ms: leaf.watchdog_s * 1000 };
  const { state, step } = decide(s.state, now, limits);
  s.state = state;
  if (step !== undefined) void actUnlessJoined(s, step);
}

/** Whether a server runs that could have joined: procd starts one 5 s after the end of another, and it is asked each 5 s. */
function isRunning(s: Supervision, pid: number | undefined): boolean {
  const { ticker, leaf } = s.deps;
  if (pid !== s.server.pid) s.server = { pid, since_ms: ticker.now_ms() };
  const { since_ms } = s.server;
  const age_ms = ticker.now_ms() - since_ms;
  const seen = leaf.read();
  const hasSaid = seen.kind === 'fresh' && seen.at_ms >= since_ms;
  return pid !== undefined && age_ms >= (hasSaid ? start_ms.join : start_ms.longest);
}

/** Asks first, as the last answer may be older than the join. */
async function actUnlessJoined(s: Supervision, step: SupervisorStep): Promise<void> {
  s.isActing = true;
  await s.deps.leaf.look();
  s.isActing = false;
  if (s.deps.leaf.hubUp() !== true && !s.isStopped) act(s, step);
}

/** Ends the outage, as the hub is joined. Gives whether it is time to look at the process and its files. */
function noteJoined(s: Supervision): boolean {
  const { joined_ms } = s.state;
  const isNews = joined_ms === undefined;
  s.trouble.joined();
  s.probes.reset();
  s.ticksSinceCheck = isNews ? 0 : (s.ticksSinceCheck + 1) % calmTicks;
  const isDue = s.ticksSinceCheck === 0;
  // not yet at a join: a loop or a refusal ends a link soon after it was made
  if (isDue && !isNews && s.deps.ticker.now_ms() - joined_ms >= settled_ms) s.complaints.joined(joined_ms);
  return isDue;
}

/** Writes the name of the hub settings that have joined, if it was the server of now that did. */
async function confirmJoin({ control, deps: { leaf } }: Supervision): Promise<void> {
  const before = control?.process();
  if (before?.hub === undefined || before.hub === control?.read('joined')) return;
  await leaf.look();
  if (leaf.hubUp() !== true || control?.process()?.pid !== before.pid) return;
  control.keepJoined(before.hub); // first: state/joined says that this was done
  control.write('joined', before.hub);
}

/** Ends the server, so that it starts anew with the settings that state/fallback now asks for. */
function act(s: Supervision, { action, after_ms }: SupervisorStep): void {
  const { control, deps, trouble, state } = s;
  const for_s = after_ms / 1000;
  const why = trouble.current()?.text ?? 'nothing is known of the cause';
  switch (action) {
    case 'roll_back':
      control?.write('fallback', `${s.asked}\n${why}`);
      deps.events.publish({
        event: 'hub_settings',
        after: 'last_good',
        evidence: `${notJoined(for_s)} (${why}); the last good ones are tried`,
      });
      break;
    case 'return':
      control?.write('fallback', undefined);
      deps.events.publish({
        event: 'hub_settings',
        after: 'asked',
        evidence:
          'the leaf cannot join with the last good hub settings either; the changed ones are tried again',
      });
      break;
    case 'restart':
      deps.events.publish({
        event: 'leaf_restart',
        after: { restarts: state.restarts },
        evidence: `the leaf has not joined for ${for_s} s though the hub answers (${why}); its server is restarted`,
      });
  }
  if (control?.end() === false) deps.log.warn('no server process of this unit was found to end');
  if (action !== 'restart') trouble.clear(); // of other settings
  s.probes.reset();
}
