import { visible } from './format.ts';

/** Levels of `ops.log`, in rising order. */
export const logLevels = ['debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof logLevels)[number];

export type LogFields = Readonly<Record<string, string | number | boolean>>;

/** One log line before it is written: `comp` is the part of the agent that speaks. */
export interface LogEntry {
  readonly level: LogLevel;
  readonly comp: string;
  readonly msg: string;
  readonly fields: LogFields;
}

export interface Log {
  debug(msg: string, fields?: LogFields): void;
  info(msg: string, fields?: LogFields): void;
  warn(msg: string, fields?: LogFields): void;
  error(msg: string, fields?: LogFields): void;
  fatal(msg: string, fields?: LogFields): void;
  /** The same log, speaking for another part. */
  part(comp: string): Log;
}

/** A log whose entries all go to `sink`; the sink filters by level. */
export function logTo(sink: (entry: LogEntry) => void, comp = 'agent'): Log {
  const at =
    (level: LogLevel) =>
    (msg: string, fields: LogFields = {}): void =>
      sink({ level, comp, msg, fields });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
    part: (other) => logTo(sink, other),
  };
}

/** Whether an entry of `level` passes a filter set to `least`. */
export const passes = (level: LogLevel, least: LogLevel): boolean =>
  logLevels.indexOf(level) >= logLevels.indexOf(least);

/** One line for syslog: `WARN link: hub unreachable url=nats://h:7422`. Control characters are made visible. */
export function formatEntry(entry: LogEntry): string {
  const fields = Object.entries(entry.fields)
    .map(([key, value]) => ` ${key}=${/[\s"=]/.test(String(value)) ? JSON.stringify(value) : value}`)
    .join('');
  return visible(`${entry.level.toUpperCase()} ${entry.comp}: ${entry.msg}${fields}`);
}
