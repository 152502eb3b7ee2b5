import { statSync } from 'node:fs';
import { secretReader } from '../../config/checks/trust.ts';
import { formatProblem, type Problem } from '../../config/problem.ts';
import { readSecrets } from '../../config/secrets.ts';
import type { RemedyContext } from '../../health/finding.ts';
import { findingOf } from '../../health/findings.ts';
import { statePath } from '../../leaf/statefiles.ts';
import { type CheckResult, fail, findingResult, ok, skip, warn } from './checkresult.ts';
import { type DoctorFacts, findingOfAgent } from './facts.ts';

/** The problems of a config, those of its files apart. */
export function judgeConfig(
  problems: readonly Problem[],
  { set, file, ...context }: RemedyContext & { readonly file: string; readonly set: number | undefined },
): CheckResult[] {
  const shown = (what: string, of: readonly Problem[], good: string): CheckResult[] => {
    if (of.length === 0)
      return [set === undefined ? skip(what, 'the config could not be read') : ok(what, good)];
    return of.map((problem) => {
      return findingResult(what, findingOf('config_problem', { about: problem.file, problem }, context));
    });
  };
  const errorsFirst = problems.toSorted((a, b) => a.severity.localeCompare(b.severity));
  return [
    ...shown(
      'config',
      errorsFirst.filter(({ ofFile }) => !ofFile),
      `${file}, ${set} options set`,
    ),
    ...shown(
      'files and rights',
      errorsFirst.filter(({ ofFile }) => ofFile),
      'all present, permissions correct',
    ),
  ];
}

const changed_ms = (path: string): number | undefined => {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return undefined;
  }
};

/** What is wrong with the config file and all it names, as they are now. */
export function configProblems({
  loaded: { config, problems },
  configFile,
  isRoot,
}: Pick<DoctorFacts, 'loaded' | 'configFile' | 'isRoot'>): Problem[] {
  const named = new Set(problems.map(({ option }) => option));
  const unread = isRoot ? readSecrets(config, secretReader(configFile)).findings : []; // others may not read them anyway
  const more = unread.filter(({ option }) => !named.has(option)).map((one) => ({ file: configFile, ...one }));
  return [...problems, ...more];
}

/** The config file and all it names. */
export function checkConfig(facts: DoctorFacts): CheckResult[] {
  const { loaded, configFile, host } = facts;
  const { config, set } = loaded;
  return judgeConfig(configProblems(facts), { config, host, file: configFile, set });
}

/** What render has made of it. */
export function checkRendered(facts: DoctorFacts): CheckResult {
  const what = 'rendered';
  const { file, whyNoFile: { why: unread = '', code } = {}, configFile, dir, isRoot, host } = facts;
  if (file === undefined)
    return !isRoot && code === 'EACCES'
      ? skip(what, `this user may not see it: ${unread}`)
      : fail(what, unread, host.restart('nunect'));
  const state = file.leaf?.state ?? 'current';
  const finding =
    findingOfAgent(facts, 'leaf_config') ??
    (state === 'current' ? undefined : findingOf('leaf_config', { state }, { config: file.config, host }));
  if (finding !== undefined) {
    const why = file.problems.find(({ severity }) => severity === 'error');
    const detail = why === undefined ? finding.text : `${finding.text}; ${formatProblem(why)}`;
    return findingResult(what, { ...finding, text: detail });
  }
  const rendered = statePath(dir, 'agentFile');
  const [edited_ms, rendered_ms] = [changed_ms(configFile), changed_ms(rendered)];
  if (edited_ms !== undefined && rendered_ms !== undefined && edited_ms > rendered_ms)
    return warn(what, `${configFile} was changed since`, host.reload);
  return ok(what, rendered);
}
