import type { AgentFile } from './config/agentfile.ts';
import { formatEntry, type Log, type LogEntry, type LogLevel, logTo, passes } from './lib/log.ts';
import { ring } from './lib/ring.ts';

/** The agent's log: lines for procd now, records for the hub once a part takes them. */
export interface Console {
  readonly log: Log;
  /** From now on entries are also published through `take`; those of before are handed over first. */
  publishTo(take: (entry: LogEntry) => void): void;
  /** Takes over the levels of a new config. */
  configure(file: AgentFile): void;
}

const keptBeforePublishing = 200;

/** Writes entries as lines to `write`, by the levels of the config. */
export function openConsole(file: AgentFile, write: (line: string, level: LogLevel) => void): Console {
  let { log_level, log_publish } = file.config.agent;
  const early = ring<LogEntry>(keptBeforePublishing);
  let take: ((entry: LogEntry) => void) | undefined;

  const publish = (entry: LogEntry): void => {
    if (log_publish === 'off' || !passes(entry.level, log_publish)) return;
    if (take === undefined) early.push(entry);
    else take(entry);
  };
  return {
    log: logTo((entry) => {
      if (passes(entry.level, log_level)) write(`${formatEntry(entry)}\n`, entry.level);
      publish(entry);
    }),
    publishTo(taker) {
      take = taker;
      for (const entry of early.items()) taker(entry);
      early.clear();
    },
    configure(next) {
      ({ log_level, log_publish } = next.config.agent);
    },
  };
}
