import type { Config } from '../../config/options.ts';
import { findingOf } from '../../health/findings.ts';
import { lacksHub } from '../../health/health.ts';
import { causeIn, noOutage, type Sign, withSign } from '../../leaf/causes.ts';
import { probeTls } from '../../leaf/conf/hubtls.ts';
import { askByHttp, askBySystemAccount } from '../../leaf/watch/ask.ts';
import { probeHub } from '../../leaf/watch/hubprobe.ts';
import type { HubProbe } from '../../leaf/watch/probed.ts';
import { watchLeaf } from '../../leaf/watch/watch.ts';
import { systemTicker } from '../../lib/ticker.ts';
import { leafLog } from '../localunit.ts';
import { type CheckResult, findingResult, skip } from './checkresult.ts';
import { configOf, type DoctorFacts, findingOfAgent, findingsOfStep } from './facts.ts';
import { type HubEvidence, isAnswered, isRefusal, judgeHub } from './hub.ts';
import { openAs, whyNoLogin } from './login.ts';

const ask_ms = 2000;
const probe_ms = 2000;
/** Lines of the log that may say why there is no hub now. */
const lastLines = 8;

/** Whether the leaf has joined, asked of its server as the agent asks; undefined when that cannot be had. */
async function askJoined({ file, signal }: DoctorFacts): Promise<boolean | undefined> {
  const monitor = file?.monitor;
  if (file === undefined || monitor === undefined) return undefined;
  const link = monitor.kind === 'http' ? undefined : openAs(file, signal, monitor);
  const ask =
    monitor.kind === 'http' ? askByHttp(monitor.url, ask_ms) : link && askBySystemAccount(link, ask_ms);
  if (ask === undefined) return undefined;
  const ended = new AbortController();
  const watch = watchLeaf({ ask, ticker: systemTicker() }, { intervalMs: 500 }, ended.signal);
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

/** What the leaf's log says of why there is no hub. */
const signInLog = (dir: string): Sign | undefined =>
  causeIn(
    leafLog(dir)
      .slice(-lastLines)
      .reduce((outage, { sign }) => (sign === undefined ? outage : withSign(outage, sign, 0)), noOutage),
  );

function probeAll(config: Config): Promise<HubProbe[]> {
  const tls = probeTls(config);
  return Promise.all(config.hub.url.map((url) => probeHub(url, tls, probe_ms)));
}

/** In mode off: the hub is the server that the agent is a client of. */
async function hubOfAgent(facts: DoctorFacts, config: Config): Promise<HubEvidence> {
  const { snapshot } = facts;
  if (snapshot?.link.connected === true)
    return { joined: true, probes: [], proof: 'the agent is connected to it' };
  if (snapshot !== undefined) {
    const finding = findingOfAgent(facts, 'server_down');
    return { joined: false, finding, probes: isRefusal(finding?.cause) ? [] : await probeAll(config) };
  }
  const why = await whyNoLogin(facts);
  if (why === undefined) return { joined: true, probes: [], proof: 'the login of the agent works' };
  const { code, detail } = why;
  return { joined: false, sign: code && { code, detail }, probes: await probeAll(config) };
}

/** In the other modes: the hub that the leaf is to join. */
async function hubOfLeaf(facts: DoctorFacts, config: Config): Promise<HubEvidence> {
  const { snapshot, dir } = facts;
  const finding = findingOfAgent(facts, 'hub_settings') ?? findingOfAgent(facts, 'hub_down');
  const joined = finding !== undefined ? false : (snapshot?.link.hub_up ?? (await askJoined(facts)));
  if (joined === true) return { joined, probes: [], proof: 'the leaf has joined' };
  const probes = isRefusal(finding?.cause) ? [] : await probeAll(config);
  // what the log has may be over: it only explains why a hub whose address answers is not joined by a leaf that runs
  const runs = findingOfAgent(facts, 'server_down') === undefined;
  const isLogOfUse =
    runs && finding?.cause === undefined && config.leaf.mode === 'managed' && probes.some(isAnswered);
  return { joined, finding, sign: isLogOfUse ? signInLog(dir) : undefined, probes };
}

/** Takes the way to the hub, as far as the agent does not say how far it is open. */
export async function checkHub(facts: DoctorFacts): Promise<CheckResult[]> {
  const config = configOf(facts);
  const { mode } = config.leaf;
  const context = { config, host: facts.host };
  if (facts.isBlind) {
    const found = findingsOfStep(facts, 'hub').map((one) => findingResult('hub', one));
    return found.length > 0 ? found : [skip('hub', 'this user may not see where it is')];
  }
  if (lacksHub(config))
    return [
      findingResult(
        'hub',
        findingsOfStep(facts, 'hub').find(({ weight }) => weight === 'setup') ??
          findingOf('not_set_up', {}, context),
      ),
    ];
  if (config.hub.url.length === 0) return [skip('hub', 'no hub.url is set: the external server has its own')];
  const evidence = await (mode === 'off' ? hubOfAgent : hubOfLeaf)(facts, config);
  const others = findingsOfStep(facts, 'hub').filter((one) => one !== evidence.finding);
  return [...judgeHub(evidence, context), ...others.map((one) => findingResult('hub', one))];
}
