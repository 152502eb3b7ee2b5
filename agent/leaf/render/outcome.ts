import type { AgentFile } from '../../config/agentfile.ts';
import { type Change, changedOptions } from '../../config/changes.ts';
import { isObject } from '../../lib/parse.ts';
import { confParts } from '../conf/server.ts';

/** What a render left in the directory. */
export interface Rendered {
  readonly agentFile?: AgentFile;
  readonly conf?: string;
  /** The leaf runs a copy of it without what cannot start, and would only read that again. */
  readonly isReduced?: boolean;
}

/** By their weight. */
const actions = ['nothing', 'reload', 'restart'] as const;
type Action = (typeof actions)[number];

/** What a run of render changed, and what has to be done about it. */
export interface Outcome {
  readonly lines: readonly string[];
  readonly leaf: Action;
  readonly agent: Action;
}

/** What a run of render has decided: what has to be done, and which files are replaced or removed. */
export interface Due extends Pick<Outcome, 'leaf' | 'agent'> {
  /** Missing once they are done: what a later run stages is not for them. */
  readonly steps?: Partial<Record<'conf' | 'fallbackConf', 'replace' | 'remove'>>;
}

/** Parts of leaf.conf that a running nats-server of every version takes over on SIGHUP (facts/nats.md 1.3). */
const reloadable = ['users', 'logging'];

function changedParts(before: string | undefined, after: string | undefined): string[] {
  const [old, now] = [confParts(before ?? ''), confParts(after ?? '')];
  const names = [...new Set([...old.keys(), ...now.keys()])];
  return names.filter((name) => old.get(name) !== now.get(name));
}

function leafAction(before: Rendered, after: Rendered, parts: readonly string[]): Action {
  const [old, now] = [before.agentFile?.leaf?.server_version, after.agentFile?.leaf?.server_version];
  const isOtherServer = after.conf !== undefined && old !== now && now !== undefined;
  if (before.conf === undefined || after.conf === undefined) {
    return before.conf === after.conf ? 'nothing' : 'restart';
  }
  const needsRestart = (part: string): boolean => before.isReduced || !reloadable.includes(part);
  if (isOtherServer || parts.some(needsRestart)) return 'restart';
  return parts.length > 0 ? 'reload' : 'nothing';
}

const sameFile = (a: AgentFile, b: AgentFile): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Compares what was there with what is there now; nothing from this boot before means that all is to start. */
export function outcomeOf(
  before: Rendered,
  after: Required<Pick<Rendered, 'agentFile'>> & Rendered,
): Outcome {
  const old = before.agentFile;
  if (old === undefined) {
    const leaf = after.conf === undefined ? 'nothing' : 'restart';
    return { lines: ['first config of this boot'], leaf, agent: 'restart' };
  }
  const parts = changedParts(before.conf, after.conf);
  const leaf = leafAction(before, after, parts);
  const changes = changedOptions(old.config, after.agentFile.config);
  const effect = ({ restart }: Change): string =>
    restart === 'leaf' && leaf !== 'nothing' ? `leaf ${leaf}` : 'agent reload';
  const versions = [old, after.agentFile].map((file) => file.leaf?.server_version ?? 'unknown');
  return {
    lines: [
      ...changes.map((change) => `changed: ${change.option} (${effect(change)})`),
      ...(versions[0] === versions[1]
        ? []
        : [`changed: nats-server ${versions.join(' to ')} (leaf ${leaf})`]),
      // a secret, or what is in a file that an option names
      ...(changes.some(({ restart }) => restart === 'leaf')
        ? []
        : parts.map((part) => `changed: leaf.conf, ${part} (leaf ${leaf})`)),
    ],
    leaf,
    agent: sameFile(old, after.agentFile) ? 'nothing' : 'reload',
  };
}

const isAction = (value: unknown): value is Action => actions.some((one) => one === value);

/** What the file says that `commit` wrote; undefined of any other text. */
export function parseDue(text: string): Due | undefined {
  try {
    const due: unknown = JSON.parse(text);
    if (isObject(due) && isAction(due['leaf']) && isAction(due['agent'])) return due as unknown as Due;
  } catch {
    // no JSON
  }
  return undefined;
}

/** The outcome with what an earlier render that was killed has not asked for any more. */
export function withDue(outcome: Outcome, due: Due | undefined): Outcome {
  if (due === undefined) return outcome;
  const heavier = (a: Action, b: Action): Action => (actions.indexOf(a) < actions.indexOf(b) ? b : a);
  const lines = [...outcome.lines, 'an earlier rendering was interrupted: what it asked for is still due'];
  return {
    lines,
    leaf: heavier(outcome.leaf, due.leaf),
    agent: heavier(outcome.agent, due.agent),
  };
}

/** A line for each change, and the last line for scripts. */
export function formatOutcome({ lines, leaf, agent }: Outcome): string {
  const services = { leaf, agent };
  const todo = (['restart', 'reload'] as const).flatMap((action) => {
    const names = (['leaf', 'agent'] as const).filter((name) => services[name] === action);
    return names.length === 0 ? [] : [`${action}: ${names.join(' ')}`];
  });
  return `${[...lines, todo.join('; ') || 'nothing to do'].join('\n')}\n`;
}
