import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { get } from 'node:http';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type AgentFile, parseAgentFile } from '../config/agentfile.ts';
import type { Config } from '../config/options.ts';
import { addressOf } from '../device/address.ts';
import { procProcesses } from '../device/processes.ts';
import { statePath } from '../leaf/statefiles.ts';
import { type LeafProcess, leafControl } from '../leaf/supervisor/process.ts';
import { type LeafLine, parseLeafLine } from '../leaf/watch/logline.ts';
import { runDir } from '../lib/defaults.ts';
import { codeOf, messageOf } from '../lib/errors.ts';
import { foreign } from '../lib/files.ts';
import { systemTicker } from '../lib/ticker.ts';
import { type StatusSnapshot, snapshotSchema } from '../status/snapshot.ts';
import { listenAddress } from '../status/web/listen.ts';

const answerLimit_ms = 2000;
const largestAnswer = 4 * 1024 * 1024;

type Place = { readonly socketPath: string } | { readonly host: string; readonly port: number };

/** The state of the unit from one place; rejects with why there is none. */
const askAt = (place: Place): Promise<StatusSnapshot> =>
  new Promise((resolve, reject) => {
    const request = get(
      { ...place, path: '/status.json', agent: false, signal: AbortSignal.timeout(answerLimit_ms) },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('error', reject);
        response.on('data', (text: string) => {
          body += text;
          if (body.length > largestAnswer) request.destroy(new Error('the answer is too long'));
        });
        response.on('end', () => {
          try {
            const found = JSON.parse(body) as StatusSnapshot;
            if (response.statusCode !== 200 || found.schema !== snapshotSchema)
              throw new Error('not our schema');
            resolve(found);
          } catch {
            reject(new Error('what answers is not an agent of this version'));
          }
        });
      },
    );
    request.on('error', (error) =>
      reject(error.name === 'AbortError' ? new Error('no answer in time') : error),
    );
  });

function httpPlace(status: Config['status']): Place {
  const address = listenAddress(status, (name) => addressOf(name, networkInterfaces));
  const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  return { host: isIP(host) === 0 ? '127.0.0.1' : host, port: status.port };
}

/** The state of the unit from its agent, over the socket in DIR/state, else over HTTP; or why there is none. */
export async function askAgent(
  dir: string,
  status: Config['status'] | undefined,
): Promise<{ readonly snapshot: StatusSnapshot } | { readonly why: string }> {
  try {
    return { snapshot: await askAt({ socketPath: statePath(dir, 'statusSocket') }) };
  } catch (first) {
    if (status?.enabled !== true) return { why: messageOf(first) };
    try {
      return { snapshot: await askAt(httpPlace(status)) };
    } catch (second) {
      return { why: `${messageOf(first)}; ${messageOf(second)}` };
    }
  }
}

/** agent.json of the directory, or why it cannot be used, with the system's code for that. */
export function readAgentFile(
  dir: string,
): { readonly file: AgentFile } | { readonly why: string; readonly code: string | undefined } {
  const path = statePath(dir, 'agentFile');
  try {
    return { file: parseAgentFile(readFileSync(path, 'utf8'), path) };
  } catch (error) {
    const code = codeOf(error);
    return { why: code === 'ENOENT' ? `${path} is missing: run nunect render` : messageOf(error), code };
  }
}

/** The process of the agent of that directory, 0 when none runs; undefined where processes cannot be listed. */
export async function agentProcess(dir: string): Promise<number | undefined> {
  const found = await procProcesses()((comm) => /^(node|MainThread|bun)/.test(comm)).catch(() => undefined);
  const isOurs = (words: readonly string[]): boolean => {
    const at = words.findIndex((word) => word.endsWith('/nunect.cjs'));
    const given = words.indexOf('--dir');
    return at >= 0 && words[at + 1] === 'run' && (given < 0 ? runDir : words[given + 1]) === dir;
  };
  return found && (found.find(({ args }) => isOurs(args))?.pid ?? 0);
}

/** The leaf server that was rendered into the directory, if it runs. */
export const leafProcess = (dir: string): LeafProcess | undefined =>
  leafControl(systemTicker(), dir).process();

const tail_bytes = 64 * 1024;

/** The last lines of the leaf's log; none where it cannot be read. */
export function leafLog(dir: string): LeafLine[] {
  try {
    const fd = openSync(statePath(dir, 'log'), foreign);
    try {
      const { size } = fstatSync(fd);
      const buffer = Buffer.alloc(Math.min(size, tail_bytes));
      readSync(fd, buffer, 0, buffer.length, size - buffer.length);
      return buffer
        .toString('utf8')
        .split('\n')
        .flatMap((line) => parseLeafLine(line) ?? []);
    } finally {
      closeSync(fd);
    }
  } catch {
    return [];
  }
}

/** The latest warnings and errors of the leaf's log, each once, the latest last. */
export function latestWarnings(lines: readonly LeafLine[], most = 3): string[] {
  const grave = lines.filter(({ level }) => level === 'WRN' || level === 'ERR' || level === 'FTL');
  const latest = new Map(grave.map(({ key, text }) => [key, text]));
  return [...latest.values()].slice(-most);
}
