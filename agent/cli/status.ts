import { setTimeout as pause } from 'node:timers/promises';
import { runDir } from '../lib/defaults.ts';
import { readFlags } from './flags.ts';
import type { CommandIo } from './io.ts';
import { askAgent, complaints, isAgentThere, leafLog, leafProcess, readAgentFile } from './localunit.ts';
import { statusText } from './statustext.ts';
import { commandLines, type Paint, painter, wrap } from './terminal.ts';

const usage = `usage: nunect status [--json] [--watch] [--dir DIR]

Shows how the unit is, as its agent says. Exit code: 0 healthy, 1 degraded, 2 critical, 3 the agent does not answer.
  --json      the document of /status.json as it is
  -w, --watch show it again every 2 s, until Ctrl-C
  --dir DIR   of the agent, default: ${runDir}
`;

const flags = {
  json: { type: 'boolean', default: false },
  watch: { type: 'boolean', short: 'w', default: false },
  dir: { type: 'string', default: runDir },
  help: { type: 'boolean', short: 'h' },
} as const;

const watchEvery_ms = 2000;
const codes = { healthy: 0, degraded: 1, critical: 2 } as const;
const unanswered = 3;
const clear = '\x1b[H\x1b[2J';

/** What can be told of a unit whose agent is silent. */
async function withoutAgent(dir: string, why: string, paint: Paint): Promise<string> {
  const found = readAgentFile(dir);
  const mode = 'file' in found ? found.file.config.leaf.mode : undefined;
  const isThere = await isAgentThere(dir);
  const leaf = leafProcess(dir);
  const agentWords =
    isThere === undefined
      ? 'processes cannot be seen'
      : isThere
        ? 'a process of it runs'
        : 'no process of it runs';
  const leafWords =
    mode !== 'managed'
      ? mode && `leaf.mode is ${mode}`
      : leaf === undefined
        ? 'does not run'
        : `runs as process ${leaf.pid}`;
  const rows: [string, string | undefined][] = [
    ['agent', agentWords],
    ['config', 'why' in found ? found.why : undefined],
    ['leaf', leafWords],
    ...complaints(leafLog(dir)).map((text): [string, string] => ['log', text]),
  ];
  const lines = rows.map(([name, text]) => text && `${paint('dim', name.padEnd(9))}${wrap(text, 9, 9)}\n`);
  return [
    `${paint('red', 'unknown'.padEnd(9))}${wrap(`the agent does not answer (${why})`, 9, 9)}\n`,
    ...lines.filter(Boolean),
    commandLines(isThere === true ? '/etc/init.d/nunect restart' : '/etc/init.d/nunect start', 9),
    commandLines('nunect doctor', 9),
  ].join('');
}

/** `nunect status`: gives the exit code; wrong arguments throw a UsageError. */
export async function status(args: readonly string[], io: CommandIo, signal: AbortSignal): Promise<number> {
  const { json, watch, dir, help } = readFlags(args, flags, usage);
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
        : await withoutAgent(dir, answer.why, paint);
    io.stdout(watch && !json && process.stdout.isTTY ? clear + text : text);
    const code = isKnown ? codes[answer.snapshot.status] : unanswered;
    if (!watch) return code;
    await pause(watchEvery_ms, undefined, { signal }).catch(() => {});
    if (signal.aborted) return code;
  }
}
