import type { Headers } from './transport.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal';
/** Values that belong to a message, by name; of an error its message, and its stack becomes the `trace`. */
export type LogFields = Readonly<Record<string, unknown>>;
/** Sends a record; kept until the server has it, and dropped only where too many wait for it. Never throws. */
export type LogWriter = (msg: string, fields?: LogFields | Error) => void;

/** Log records on `ops.log.<LEVEL>.<id>`, a function for each level. */
export type Logger = Readonly<Record<LogLevel, LogWriter>> & {
  /** The same for another part of the app. */
  of(comp: string): Logger;
};

/** What the log needs of its client. */
export interface LogDeps {
  readonly id: string;
  now_us(): number;
  /** false: not connected. */
  publish(subject: string, payload: string, headers: Headers): boolean;
  /** Resolves when the server has all that was published. */
  flush(): Promise<void>;
}

export interface Log {
  logger(comp: string): Logger;
  /** There is a connection: sends what waits. */
  connected(): void;
  /** The connection has ended: what the server may not have goes out again. */
  disconnected(): void;
  /** Records that wait for the server, and those that were dropped: it may not have them. */
  counts(): { readonly waiting: number; readonly dropped: number };
}

interface Kept {
  readonly subject: string;
  text: string;
  readonly headers: Record<string, string>;
}

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'fatal'];
/** Records that are kept: 16 MB at the most. */
const mostKept = 1000;
/** Of the text of one record. */
const longest_chars = 16_384;
const longestPart_chars = 4096;
const late = 'X-Backfill';

function cut(text: unknown): string {
  try {
    return String(text).slice(0, longestPart_chars);
  } catch {
    return typeof text; // an object that is no text
  }
}

/** What JSON has no word for is left out or said in another one. */
const plain = (_name: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : (value ?? undefined);

/** The values, those that are errors by their message, and the stack of the first one. */
function readFields(given: LogFields | Error): { fields: LogFields; trace?: string } {
  let trace: { trace?: string } = {};
  const fields = Object.entries(given instanceof Error ? { error: given } : given).map(([name, value]) => {
    if (!(value instanceof Error)) return [name, value];
    trace = { trace: cut(value.stack), ...trace };
    return [name, value.message];
  });
  return { fields: Object.fromEntries(fields), ...trace };
}

/** The record as JSON; where its fields cannot be written, or are too long, it says so in their place. */
function textOf(record: object, given: LogFields | Error | undefined): string {
  let left_out: string;
  try {
    const text = JSON.stringify(given ? { ...record, ...readFields(given) } : record, plain);
    if (text.length <= longest_chars) return text;
    left_out = `${text.length} characters`;
  } catch (error) {
    left_out = cut(error);
  }
  return JSON.stringify({ ...record, fields: { left_out } });
}

export function keepLog({ id, now_us, publish, flush }: LogDeps): Log {
  const run = Math.random().toString(36).slice(2, 10);
  /** The oldest first; the first `sent` of them are on their way. */
  const kept: Kept[] = [];
  let sent = 0;
  let count = 0;
  let dropped = 0;
  /** Sent before those, and let go of for newer ones: lost if the connection ends before the server answers. */
  let unsure = 0;
  /** Of the connections so far. */
  let ended = 0;
  /** On which of them an answer is awaited. */
  let awaited = -1;

  function markLate(): void {
    for (const one of kept.slice(sent)) {
      if (late in one.headers) continue;
      one.headers[late] = 'true';
      one.text = `${one.text.slice(0, -1)},"backfill":true}`;
    }
  }

  function send(): void {
    for (const { subject, text, headers } of kept.slice(sent)) {
      try {
        if (!publish(subject, text, headers)) {
          markLate();
          return;
        }
        sent += 1;
      } catch {
        kept.splice(sent, 1); // the server takes no message of its size
        dropped += 1;
      }
    }
    void confirm();
  }

  /** Lets go of what the server has. */
  async function confirm(): Promise<void> {
    const mine = ended;
    if (awaited === mine) return;
    awaited = mine;
    try {
      while (sent > 0) {
        const underWay = unsure + sent;
        await flush();
        if (mine !== ended) return;
        // where more were let go of meanwhile, splice takes none
        sent -= kept.splice(0, underWay - unsure).length;
        unsure = Math.max(0, unsure - underWay);
      }
    } catch {
      // disconnected: all of it goes out again. Where nats.js was closed meanwhile, it does not even say that
    }
    if (mine === ended) awaited = -1;
  }

  function write(level: LogLevel, comp: string, msg: string, given?: LogFields | Error): void {
    const lvl = level.toUpperCase();
    const record = { ts: new Date(now_us() / 1000).toISOString(), lvl, unit: id, comp, msg: cut(msg) };
    count += 1;
    const headers = { 'Nats-Msg-Id': `${id}-${run}-${count}` };
    kept.push({ subject: `ops.log.${lvl}.${id}`, text: textOf(record, given), headers });
    if (kept.length > mostKept) {
      kept.shift();
      if (sent > 0) {
        sent -= 1;
        unsure += 1;
      } else dropped += 1;
    }
    send();
  }

  const logger = (comp: string): Logger => ({
    ...(Object.fromEntries(
      levels.map((level): [LogLevel, LogWriter] => [level, (msg, fields) => write(level, comp, msg, fields)]),
    ) as Record<LogLevel, LogWriter>),
    of: logger,
  });
  let told = 0;
  return {
    logger,
    connected() {
      send();
      if (dropped > told) write('warn', 'log', 'log records were dropped', { count: dropped - told });
      told = dropped;
    },
    disconnected() {
      ended += 1;
      dropped += unsure;
      unsure = sent = 0;
      markLate();
    },
    counts: () => ({ waiting: kept.length, dropped }),
  };
}
