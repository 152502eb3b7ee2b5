import { join } from 'node:path';
import type { AgentFile } from '../../config/agentfile.ts';
import { known } from '../../lib/known.ts';
import type { Log } from '../../lib/log.ts';
import type { Ticker } from '../../lib/ticker.ts';
import type { StatusChange } from '../../wire/reports.ts';
import { type CauseCode, causeIn, causes, heard, noOutage, type Outage, type Sign } from '../causes.ts';
import { sentenceOf } from '../causetext.ts';
import { hubTls } from '../conf/hub.ts';
import { watchDoors } from '../watch/hubprobes.ts';
import { followLog } from '../watch/logfile.ts';
import { parseLeafLine } from '../watch/logline.ts';
import { leafVoice } from '../watch/logreport.ts';
import type { LeafWatch } from '../watch/watch.ts';
import { type CareAction, careFor, careFrom } from './decide.ts';
import { type LeafRunner, leafRunner } from './process.ts';

/** Why the hub is not joined. */
export interface HubTrouble {
  readonly code: CauseCode;
  /** Cause, since when, and what to do. */
  readonly text: string;
}

/** Looks after the leaf: knows why it has no hub, and does what can be done without a visit. */
export interface LeafCare {
  /** While the hub is not joined and there is a cause. */
  trouble(): HubTrouble | undefined;
  /** The latest, also after it ended. */
  lastTrouble(): HubTrouble | undefined;
  /** What is to be said of hub settings that are in use though others were asked for. */
  rolledBack(): string | undefined;
  /** Has the server read its certificates again. */
  reload(): boolean;
  stop(): void;
}

export interface CareDeps {
  readonly ticker: Ticker;
  readonly log: Log;
  readonly leaf: LeafWatch;
  readonly events: { tell(change: StatusChange): void };
  /** The wall time of a monotonic moment, in Unix ms. */
  wall_ms(mono_ms: number): number;
  /** What is to be said of dates; undefined when the clock is right. */
  doubt(): string | undefined;
}

const tick_ms = 1000;
/** Of the lines that were there before the agent, these may still tell why there is no hub. */
const mostOld = 10;
/** A joined leaf is looked at each time so many ticks have passed. */
const calmTicks = 5;

/** How TLS is spoken at the door of the hub; undefined where none is configured. */
export const doorTls = (file: Pick<AgentFile, 'config'>) => {
  const { hub } = file.config;
  if (!hubTls(file.config)) return undefined;
  return {
    caFile: hub.tls_ca,
    certFile: hub.tls_cert,
    keyFile: hub.tls_key,
    handshakeFirst: hub.handshake_first,
    insecure: hub.tls_insecure,
  };
};

/** Starts to look after the leaf of mode managed; of one that others run it only tells why its hub is away. */
export function careForLeaf(deps: CareDeps, file: AgentFile): LeafCare {
  const { ticker, leaf, events } = deps;
  const { config, leaf: info } = file;
  const { state_dir: stateDir, hub: asked = 'none', fallback } = info ?? {};
  const hasHub = config.hub.url.length > 0 && config.leaf.mode !== 'off';
  const runner: LeafRunner | undefined =
    info === undefined || stateDir === undefined ? undefined : leafRunner(ticker, info.conf, stateDir);
  const voice = leafVoice(deps.log.part('leaf'));
  const limits = { confirm_ms: config.leaf.confirm_s * 1000, watchdog_ms: config.leaf.watchdog_s * 1000 };
  let outage: Outage = noOutage;
  let told: CauseCode | undefined;
  let last: HubTrouble | undefined;
  let care = careFrom(ticker.now_ms());
  let sinceCheck = 0;

  const hear = (sign: Sign): void => {
    if (leaf.hubUp() !== true) outage = heard(outage, sign, ticker.now_ms());
  };
  const doors = watchDoors(
    ticker,
    {
      urls: config.hub.url,
      others: fallback?.urls ?? [],
      tls: doorTls(file),
      limit_ms: config.hub.connect_timeout_s * 1000,
    },
    hear,
  );

  const onLines = (lines: readonly string[], old: boolean): void => {
    const now_ms = ticker.now_ms();
    const parsed = lines.slice(old ? -mostOld : 0).flatMap((line) => parseLeafLine(line) ?? []);
    for (const line of parsed) {
      if (!old) voice.say(line, now_ms);
      if (!old && line.reload === 'done')
        deps.log.info('the leaf has read its certificates and config again');
      // of old ones, only what still holds: it is heard again at the next attempt, but a dial is told only once
      if (line.sign !== undefined && !(old && leaf.hubUp() === true))
        outage = heard(outage, line.sign, now_ms);
    }
    if (!old && parsed.some(({ hub }) => hub)) void leaf.look();
  };
  const follower =
    stateDir === undefined
      ? undefined
      : followLog({ ticker, onLines }, { path: join(stateDir, 'leaf.log'), everyMs: tick_ms });

  const trouble = (): HubTrouble | undefined => {
    const cause = leaf.hubUp() === true ? undefined : causeIn(outage);
    if (cause === undefined) return undefined;
    const now_ms = ticker.now_ms();
    const wall = { since_ms: deps.wall_ms(cause.since_ms), now_ms: deps.wall_ms(now_ms) };
    return { code: cause.code, text: sentenceOf(cause, wall, deps.doubt()) };
  };

  function tellCause(): void {
    const now = trouble();
    const up = leaf.hubUp();
    if (now?.code === told || (now === undefined ? up !== true : up === undefined)) return;
    const before = told && { cause: told };
    events.tell({
      event: 'hub_cause',
      ...known({ before, after: now && { cause: now.code }, evidence: now?.text }),
    });
    told = now?.code;
    last = now ?? last;
  }

  /** Keeps the name of the hub settings that have joined, if it was the server of now that did. */
  async function prove(): Promise<void> {
    const before = runner?.process();
    if (before?.hub === undefined || before.hub === runner?.recall('joined')) return;
    await leaf.look();
    if (leaf.hubUp() === true && runner?.process()?.pid === before.pid) runner.keep('joined', before.hub);
  }

  function act(action: CareAction): void {
    const why = trouble()?.text ?? 'nothing is known of the cause';
    const seconds =
      action === 'restart' ? config.leaf.watchdog_s * 2 ** (care.restarts - 1) : config.leaf.confirm_s;
    const evidence = {
      fall_back: `the hub settings asked for did not join within ${seconds} s (${why}); the last good ones are tried`,
      return: 'the last good hub settings do not join either; those asked for are tried again',
      restart: `the leaf has not joined for ${seconds} s though the hub answers (${why}); its server is restarted`,
    }[action];
    if (action === 'fall_back') runner?.keep('fallback', `${asked}\n${why}`);
    if (action === 'return') runner?.keep('fallback', undefined);
    const event = action === 'restart' ? 'leaf_restart' : 'hub_settings';
    const after = { fall_back: 'last_good', return: 'asked', restart: { restarts: care.restarts } }[action];
    events.tell({ event, after, evidence });
    if (runner?.end() === false) deps.log.warn('no server process of this unit was found to end');
    if (action !== 'restart') outage = noOutage; // of other settings
    doors.forget();
  }

  const marker = (): readonly string[] | undefined => {
    const lines = runner?.recall('fallback')?.split('\n');
    return lines?.[0] === asked && fallback !== undefined ? lines : undefined;
  };

  function tick(): void {
    const up = leaf.hubUp();
    const joined = up === true;
    tellCause();
    if (joined) {
      const isNews = care.joined_ms === undefined;
      if (isNews) voice.joined();
      outage = noOutage;
      doors.forget();
      sinceCheck = isNews ? 0 : (sinceCheck + 1) % calmTicks;
      if (sinceCheck !== 0) return; // nothing to do, and little that could change
      void prove();
    } else if (runner !== undefined || up === false) doors.tick(); // of a server of others not much may be known
    if (runner === undefined) return;
    const cause = causeIn(outage);
    const next = careFor(
      care,
      {
        now_ms: ticker.now_ms(),
        joined,
        ...doors.state(),
        refused: cause !== undefined && causes[cause.code].kind === 'refused',
        asked,
        fallback: fallback?.hub,
        onFallback: runner.process()?.fallback ?? marker() !== undefined,
        proven: runner.recall('joined') === asked,
      },
      limits,
    );
    care = next.care;
    if (next.action !== undefined) act(next.action);
  }

  if (marker() === undefined) runner?.keep('fallback', undefined); // of settings that nobody asks for any more
  const cancel = hasHub ? ticker.every(tick_ms, tick) : () => {};

  return {
    trouble,
    lastTrouble: () => trouble() ?? last,
    rolledBack() {
      const [, why] = marker() ?? [];
      if (why === undefined || runner?.process()?.fallback === false) return undefined;
      const use = leaf.hubUp() === true ? 'in use' : 'tried';
      return `the hub settings asked for did not join within ${config.leaf.confirm_s} s: ${why}; the last good ones are ${use}`;
    },
    reload: () => runner?.reload() ?? false,
    stop() {
      cancel();
      follower?.stop();
    },
  };
}
