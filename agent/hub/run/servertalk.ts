import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Log } from '../../lib/log.ts';
import type { Ticker } from '../../lib/ticker.ts';
import { serverComplaints } from '../../natsserver/complaints.ts';
import { parseServerLine } from '../../natsserver/line.ts';
import { followLog } from '../../natsserver/logfile.ts';

/** What the server says, in its log and, before it has opened that, on its outputs. Complaints of it are passed on. */
export interface ServerTalk {
  /** It is about to be started: what it said before is of another run. */
  begin(): void;
  /** It was started. */
  listen(outputs: readonly Readable[]): void;
  /** The last errors of this run. */
  last(): readonly string[];
  stop(): void;
}

const every_ms = 1000;
/** Of its last errors, for the reason of its end. */
const most = 3;
const longest = 300;

/** Follows the log at `path`, which stays as it is. What is `meant` is no complaint; `heard` has each error. */
export function serverTalk(
  ticker: Ticker,
  log: Log,
  path: string,
  meant: RegExp,
  heard?: (error: string) => void,
): ServerTalk {
  const complaints = serverComplaints(log);
  let last: string[] = [];
  const take = (line: string): void => {
    const known = parseServerLine(line);
    if (known !== undefined && !meant.test(known.text)) complaints.report(known, ticker.now_ms());
    if (known?.level !== 'ERR' && known?.level !== 'FTL') return;
    last = [...last, known.text].slice(-most);
    heard?.(known.text);
  };
  /** What is no line of its log, as of a panic or of wrong flags. */
  const takeOutput = (line: string): void => {
    const text = line.slice(0, longest);
    if (parseServerLine(line) !== undefined) take(line);
    else if (text.trim() !== '' && !text.includes('[WRN]')) {
      log.error(text);
      last = [...last, text].slice(-most);
    }
  };
  const follower = followLog(
    { ticker, onLines: (lines, old) => !old && lines.forEach(take) },
    { path, everyMs: every_ms, keepsRotated: true },
  );
  return {
    begin() {
      follower.look();
      last = [];
    },
    listen(outputs) {
      for (const input of outputs) createInterface({ input }).on('line', takeOutput);
    },
    last() {
      follower.look();
      return last;
    },
    stop() {
      follower.look();
      follower.stop();
    },
  };
}
