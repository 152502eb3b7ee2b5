import { setTimeout as pause } from 'node:timers/promises';
import { hostKind } from '../device/hostkind.ts';
import { commandsOf } from '../health/host.ts';
import { runDir } from '../lib/defaults.ts';
import { readFlags } from './flags.ts';
import type { CommandIo } from './io.ts';
import { agentProcess, askAgent, latestWarnings, leafLog, leafProcess, readAgentFile } from './localunit.ts';
import { statusText } from './statustext.ts';
import { commandLines, type Paint, painter, wrap } from './terminal.ts';

const usage = `usage: nunect status [--json] [--watch] [--dir DIR]

Shows the state of the unit as its agent reports it.
Exit code: 0 healthy, 1 degraded or not set up, 2 critical, 3 the agent does not answer.
  --json      print the document of /status.json
  -w, --watch show it again every 2 s, until Ctrl-C
  --dir DIR   the agent's directory, default: ${runDir}
`;

const flags = {
  json: { type: 'boolean', default: false },
  watch: { type: 'boolean', short: 'w', default: false },
  dir: { type: 'string', default: runDir },
  help: { type: 'boolean', short: 'h' },
} as const;

const watchEvery_ms = 2000;
const codes = { healthy: 0, degraded: 1, not_set_up: 1, critical: 2 } as const;
const unanswered = 3;
const clear = '\x1b[H\x1b[2J';

const label = 9;
const row = (paint: Paint, [name, text]: readonly [string, string]): string =>
  `${paint('dim', name.padEnd(label))}${wrap(text, label, label)}\n`;

/** What is seen of a unit whose agent does not answer. */
async function unansweredText(dir: string, why: string, paint: Paint): Promise<string> {
  const found = readAgentFile(dir);
  const mode = 'file' in found ? found.file.config.leaf.mode : undefined;
  const pid = await agentProcess(dir);
  const leaf = leafProcess(dir);
  const file = 'file' in found ? found.file : undefined;
  const host = commandsOf(hostKind(file?.config.agent.host ?? 'auto'), file?.config_file);
  const agentState = pid === undefined ? 'processes cannot be listed' : pid ? 'runs' : 'does not run';
  const leafState = leaf === undefined ? 'does not run' : `runs as process ${leaf.pid}`;
  const rows: [string, string][] = [
    ['agent', agentState],
    ...('why' in found ? [['rendered', found.why] as [string, string]] : []),
    ...(mode ? [['leaf', mode === 'managed' ? leafState : `leaf.mode is ${mode}`] as [string, string]] : []),
    ...latestWarnings(leafLog(dir)).map((text): [string, string] => ['log', text]),
  ];
  return [
    `${paint('red', 'unknown'.padEnd(label))}${wrap(`the agent does not answer (${why})`, label, label)}\n`,
    ...rows.map((one) => row(paint, one)),
    commandLines(pid ? host.restart('nunect') : host.start('nunect'), label),
    commandLines('nunect doctor', label),
  ].join('');
}

/** `nunect status`: gives the exit code; wrong arguments throw a UsageError. */
export async function status(args: readonly string[], io: CommandIo, signal: AbortSignal): Promise<number> {
  const { json, watch, dir, help } = readFlags(args, flags);
  if (help === true) {
    io.stdout(usage);
    return 0;
  }
  const paint = painter(process.stdout.isTTY);
  for (;;) {
    const found = readAgentFile(dir);
    const answer = await askAgent(dir, 'file' in found ? found.file.config.status : undefined);
    const isKnown = 'snapshot' in answer;
    const text = json
      ? `${JSON.stringify(isKnown ? answer.snapshot : { error: answer.why })}\n`
      : isKnown
        ? statusText(answer.snapshot, paint)
        : await unansweredText(dir, answer.why, paint);
    io.stdout(watch && !json && process.stdout.isTTY ? clear + text : text, !json);
    const code = isKnown ? codes[answer.snapshot.status] : unanswered;
    if (!watch) return code;
    await pause(watchEvery_ms, undefined, { signal }).catch(() => {});
    if (signal.aborted) return code;
  }
}
