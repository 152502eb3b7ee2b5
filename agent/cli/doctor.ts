import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { runAs } from '../config/checks/trust.ts';
import { loadConfigFile } from '../config/file.ts';
import { hostKind } from '../device/hostkind.ts';
import { commandsOf } from '../health/host.ts';
import { type Spawn, spawnSafely } from '../lib/child.ts';
import { defaultConfigFile, runDir } from '../lib/defaults.ts';
import { codeOf, messageOf } from '../lib/errors.ts';
import { systemTicker, within } from '../lib/ticker.ts';
import {
  type CheckResult,
  exitCode,
  firstCause,
  resultLines,
  skip,
  summaryLine,
  warn,
} from './doctor/checkresult.ts';
import { checkConfig, checkRendered } from './doctor/configchecks.ts';
import { checkCertificates, checkDevice, checkRest } from './doctor/device.ts';
import type { DoctorFacts } from './doctor/facts.ts';
import { checkHub } from './doctor/hubchecks.ts';
import { checkRecords } from './doctor/records.ts';
import { checkRuntime } from './doctor/runtime.ts';
import { checkAgent, checkLeaf, checkServer } from './doctor/services.ts';
import { checkTime } from './doctor/timechecks.ts';
import { readFlags } from './flags.ts';
import type { CommandIo } from './io.ts';
import { askAgent, readAgentFile } from './localunit.ts';
import { type Paint, painter } from './terminal.ts';

const usage = `usage: nunect doctor [--json] [--config FILE] [--dir DIR]

Checks everything from the config to the records at the hub, and shows for each fault the command that fixes it.
It shows the agent's findings; if the agent does not answer, it runs its own checks. It changes nothing.
Exit code: 0 no fault found, 1 warnings only, 2 something fails.
  --json         the results as one JSON object
  --config FILE  default: what was rendered into DIR, else ${defaultConfigFile}
  --dir DIR      the agent's directory, default: ${runDir}
`;

const flags = {
  json: { type: 'boolean', default: false },
  config: { type: 'string' },
  dir: { type: 'string', default: runDir },
  help: { type: 'boolean', short: 'h' },
} as const;

/** All checks go on at the same time, so this and the question to the agent are the longest it takes. */
const limit_ms = 9000;

type Check = readonly [
  string,
  (
    facts: DoctorFacts,
  ) => CheckResult | readonly CheckResult[] | Promise<CheckResult | readonly CheckResult[]>,
];

/** In the order in which one thing is the cause of the next. */
const checks: readonly Check[] = [
  ['config', checkConfig],
  ['runtime', checkRuntime],
  ['nats-server', checkServer],
  ['rendered', checkRendered],
  ['agent', checkAgent],
  ['leaf', checkLeaf],
  ['hub', checkHub],
  ['records', checkRecords],
  ['time', checkTime],
  ['certificates', checkCertificates],
  ['device', checkDevice],
  ['unit', checkRest],
];

/** Begins all checks at once, and gives each as it will come, in their order. */
function beginChecks(
  facts: DoctorFacts,
): { readonly what: string; readonly results: Promise<readonly CheckResult[]> }[] {
  const ticker = systemTicker();
  const late = `was not done within ${limit_ms / 1000} s`;
  const run = async ([what, check]: Check): Promise<readonly CheckResult[]> => {
    const found = (async () => [await check(facts)].flat())();
    const failed = found.catch((error: unknown) => [warn(what, messageOf(error))]);
    return (await within(ticker, limit_ms, failed)) ?? [warn(what, late)];
  };
  return checks.map((check) => ({ what: check[0], results: run(check) }));
}

const patience_ms = 200;

/** Says on a terminal what is waited for, once that takes a while. Gives its end, which leaves nothing of it. */
function waitFor(what: string, paint: Paint, io: CommandIo): () => void {
  if (!process.stdout.isTTY) return () => {};
  let isShown = false;
  const timer = setTimeout(() => {
    isShown = true;
    io.stdout(paint('dim', `...   ${what}`), true);
  }, patience_ms);
  return () => {
    clearTimeout(timer);
    if (isShown) io.stdout('\x1b[G\x1b[K', true);
  };
}

/** Starts programs, and ends those that still run. */
function spawner(configFile: string): { readonly spawn: Spawn; endAll(): void } {
  const children = new Set<ChildProcess>();
  return {
    spawn: spawnSafely((command, rest) => {
      const child = spawn(command, [...rest], runAs(configFile));
      children.add(child);
      child.once('close', () => children.delete(child));
      return child;
    }),
    endAll() {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}

/** Whether this user is kept from reading a file that may well be there. */
function isForbidden(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return false;
  } catch (error) {
    return codeOf(error) === 'EACCES';
  }
}

/** What the checks look at: the config, what was made of it, and what the agent says. */
async function gather(
  given: string | undefined,
  dir: string,
): Promise<Omit<DoctorFacts, 'spawn' | 'signal'>> {
  const found = readAgentFile(dir);
  const file = 'file' in found ? found.file : undefined;
  const configFile = given ?? file?.config_file ?? defaultConfigFile;
  const isRoot = process.geteuid?.() === 0;
  const isHidden = !isRoot && isForbidden(configFile);
  const read = loadConfigFile(configFile);
  const config = file?.config ?? read.config;
  const loaded = isHidden ? { config, problems: [], set: undefined } : read;
  const { host: told } = loaded.config.agent; // not by a file that cannot be parsed
  const answer = await askAgent(dir, config.status);
  return {
    dir,
    configFile,
    loaded,
    file,
    whyNoFile: 'why' in found ? found : undefined,
    snapshot: 'snapshot' in answer ? answer.snapshot : undefined,
    isRoot,
    isBlind: isHidden && file === undefined,
    host: commandsOf(hostKind(told === 'auto' ? config.agent.host : told), configFile),
  };
}

/** `nunect doctor`: gives the exit code; wrong arguments throw a UsageError. */
export async function doctor(args: readonly string[], io: CommandIo): Promise<number> {
  const { json, config, dir, help } = readFlags(args, flags);
  if (help === true) {
    io.stdout(usage);
    return 0;
  }
  const ended = new AbortController();
  const facts = await gather(config, dir);
  const { spawn, endAll } = spawner(facts.configFile);
  const paint = painter(process.stdout.isTTY);
  const findings: CheckResult[] = [];
  const tell = (results: readonly CheckResult[]): void => {
    findings.push(...results);
    if (!json) io.stdout(resultLines(results, paint), true);
  };
  if (!facts.isRoot)
    tell([skip('user', 'not root: what this user may not see is skipped; as root nothing is')]);
  for (const { what, results } of beginChecks({ ...facts, spawn, signal: ended.signal })) {
    const unwait = json ? () => {} : waitFor(what, paint, io);
    tell(await results.finally(unwait));
  }
  ended.abort();
  endAll(); // nothing that hangs may hold us
  const code = exitCode(findings);
  const first = firstCause(findings)?.what;
  if (json) io.stdout(`${JSON.stringify({ code, ...(first && { first }), findings })}\n`);
  else io.stdout(summaryLine(findings, paint), true);
  return code;
}
