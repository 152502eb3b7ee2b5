import { causeIn, causeOf, causes, heard, noOutage } from '../../leaf/causes.ts';
import { probeTls } from '../../leaf/supervisor/supervisor.ts';
import { askByHttp, askBySystemAccount } from '../../leaf/watch/ask.ts';
import { probeHub } from '../../leaf/watch/hubprobe.ts';
import { watchLeaf } from '../../leaf/watch/watch.ts';
import { logTo } from '../../lib/log.ts';
import { systemTicker } from '../../lib/ticker.ts';
import { openLink } from '../../nats/link.ts';
import { inboxPrefixOf } from '../../wire/subjects.ts';
import { leafLog } from '../localunit.ts';
import { type CheckResult, fail, ok, skip, warn } from './checkresult.ts';
import { configOf, type DoctorFacts, troubleOf } from './facts.ts';
import { isCause, judgeHub } from './hub.ts';
import { whyNoLogin } from './services.ts';

const ask_ms = 2000;
const knock_ms = 2000;
/** Records of a joined unit that wait for longer are not merely on their way. */
const waits_s = 10;
/** Lines of the log that may tell why there is no hub now. */
const lastLines = 8;

/** Whether the leaf has joined, asked of its server as the agent asks; undefined when that cannot be had. */
async function askJoined({ file, signal }: DoctorFacts): Promise<boolean | undefined> {
  const monitor = file?.monitor;
  if (file === undefined || monitor === undefined) return undefined;
  const ticker = systemTicker();
  const log = logTo(() => {});
  const link =
    monitor.kind === 'http'
      ? undefined
      : openLink(
          { ticker, log },
          {
            ...file.connection,
            name: 'nunect doctor',
            inboxPrefix: inboxPrefixOf(file.config.agent.unit),
            user: monitor.user,
            password: monitor.password,
          },
          signal,
        );
  const ask =
    monitor.kind === 'http' ? askByHttp(monitor.url, ask_ms) : link && askBySystemAccount(link, ask_ms);
  if (ask === undefined) return undefined;
  const ended = new AbortController();
  const watch = watchLeaf({ ask, ticker }, { intervalMs: 500 }, ended.signal);
  try {
    for (let tries = 0; tries < 20 && watch.hubUp() === undefined; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 200));
    return watch.hubUp();
  } finally {
    watch.stop();
    ended.abort();
    await link?.stop();
  }
}

/** What the leaf's log tells of why there is no hub. */
const signInLog = (dir: string) =>
  causeIn(
    leafLog(dir)
      .slice(-lastLines)
      .reduce((outage, { sign }) => (sign === undefined ? outage : heard(outage, sign, 0)), noOutage),
  );

/** Goes the way to the hub, as far as the agent does not tell how far it is open. */
export async function checkHub(facts: DoctorFacts): Promise<CheckResult[]> {
  const { snapshot, dir } = facts;
  const config = configOf(facts);
  const { hub, leaf } = config;
  const tls = probeTls({ config });
  const knockAll = () => Promise.all(hub.url.map((url) => probeHub(url, tls, knock_ms)));
  if (hub.url.length === 0) return judgeHub({ hub, joined: undefined, knocks: [], evidence: '' });
  if (leaf.mode === 'off' && snapshot?.link.connected === true)
    return judgeHub({ hub, joined: true, knocks: [], evidence: 'the agent is connected to it' });
  const trouble =
    troubleOf(facts, 'hub settings') ??
    troubleOf(facts, 'hub') ??
    (leaf.mode === 'off' ? troubleOf(facts, 'local server') : undefined);
  if (leaf.mode === 'off' && snapshot === undefined) {
    const why = await whyNoLogin(facts);
    const code = causeOf(why ?? '') ?? '';
    const knocks = why === undefined ? [] : await knockAll();
    const evidence = 'the login of the agent works';
    return judgeHub({ hub, joined: why === undefined, cause: { code, detail: why ?? '' }, knocks, evidence });
  }
  const joined = trouble !== undefined ? false : (snapshot?.link.hub_up ?? (await askJoined(facts)));
  if (joined === true) return judgeHub({ hub, joined, knocks: [], evidence: 'the leaf has joined' });
  const { cause: code = '', last_error = '' } = snapshot?.link ?? {};
  const say = isCause(code) ? causes[code].say : undefined;
  // the latest cause may be that of an outage which is over
  const isNow =
    say !== undefined &&
    (trouble?.text.includes(say) || (last_error !== '' && trouble?.text.includes(last_error)));
  const told = isNow ? { code, detail: last_error } : undefined;
  const isSure = told !== undefined && isCause(code) && causes[code].kind === 'refused';
  const knocks = isSure ? [] : await knockAll();
  // what the log has may be over: it only explains why a hub whose door is open is not joined
  const isOpen = knocks.some(({ step }) => step === 'open');
  const cause = told ?? (isOpen && leaf.mode === 'managed' ? signInLog(dir) : undefined);
  return judgeHub({ hub, joined, trouble, cause, knocks, evidence: '' });
}

/** Rights and stream, proven by what came back through the hub: a unit cannot ask there for its own echo. */
export function checkRecords({ snapshot, ...facts }: DoctorFacts): CheckResult[] {
  const [rights, stream] = ['permissions', 'stream'] as const;
  if (configOf({ snapshot, ...facts }).hub.url.length === 0) return [];
  if (snapshot === undefined)
    return [rights, stream].map((what) =>
      skip(what, 'proven by the records of the agent, which does not answer'),
    );
  const { troubles, spool, link } = snapshot;
  const denied = troubles.filter(({ key }) => key.startsWith('permission '));
  const silent = troubles.find(({ key }) => key === 'hub silent');
  const lacking = troubles.find(({ key }) => ['no stream', 'hub refuses records'].includes(key));
  const stored = `${spool?.stored ?? 0} records were acknowledged through the hub`;
  const isProven = spool?.state === 'stored' && spool.stored > 0;
  const isAway = !link.connected || link.hub_up === false;
  const unproven = isAway ? 'the hub is not joined' : 'no record was acknowledged yet';
  const age_s = spool?.oldest_age_s ?? 0;
  const waits =
    !isAway && age_s >= waits_s
      ? warn(
          stream,
          `${spool?.records} records wait, the oldest for ${Math.round(age_s)} s: the hub does not store all`,
          'nats stream info NUNECT # at the hub',
        )
      : undefined;
  const byRecords = (what: string): CheckResult =>
    isProven && !isAway ? ok(what, stored) : skip(what, unproven);
  return [
    ...(denied.length > 0
      ? denied.map(({ text, remedy }) => fail(rights, text, remedy))
      : [byRecords(rights)]),
    ...[silent, lacking].flatMap((one) => (one === undefined ? [] : [fail(stream, one.text, one.remedy)])),
    ...(silent === undefined && lacking === undefined ? [waits ?? byRecords(stream)] : []),
  ];
}
