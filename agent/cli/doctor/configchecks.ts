import { readFileSync, statSync } from 'node:fs';
import { shellWord } from '../../config/checks/access.ts';
import { sections } from '../../config/options.ts';
import { formatProblem, type Problem } from '../../config/problem.ts';
import { readSecrets } from '../../config/secrets.ts';
import type { OptionTable } from '../../config/section.ts';
import { statePath } from '../../leaf/statefiles.ts';
import { type CheckResult, fail, ok, skip, warn } from './checkresult.ts';
import { type DoctorFacts, troubleOf } from './facts.ts';

const reload = '/etc/init.d/nunect reload';
const chmod = /: ((?:chown|chmod|chgrp) .*)$/;

/** Whether a problem is about a file that an option names, or the rights of the config file itself. */
function isOfFile({ option, message }: Problem): boolean {
  if (chmod.test(message)) return true;
  const [type = '', name = ''] = [/^\w+/.exec(option ?? '')?.[0], option?.split('.').at(-1)];
  const table = new Map<string, { readonly options: OptionTable }>(Object.entries(sections)).get(type);
  return (
    table !== undefined &&
    Object.hasOwn(table.options, name) &&
    table.options[name]?.file !== undefined &&
    /such file|not a file|cannot (be )?read|unreadable/.test(message)
  );
}

function mending({ file, line, message }: Problem): string {
  const command = chmod.exec(message)?.[1];
  if (command !== undefined) return command;
  const at = line === undefined ? '' : ` -c ${line}`;
  return `vi${at} ${shellWord(file)}; ${reload}`;
}

/** The problems of a config, those of its files apart. */
export function judgeConfig(problems: readonly Problem[], file: string, set: number): CheckResult[] {
  const shown = (what: string, of: readonly Problem[], good: string): CheckResult[] => {
    if (of.length === 0) return [ok(what, good)];
    return of.map((problem) =>
      (problem.severity === 'error' ? fail : warn)(what, formatProblem(problem), mending(problem)),
    );
  };
  const errorsFirst = problems.toSorted((a, b) => a.severity.localeCompare(b.severity));
  return [
    ...shown(
      'config',
      errorsFirst.filter((one) => !isOfFile(one)),
      `${file}, ${set} options set`,
    ),
    ...shown('files and rights', errorsFirst.filter(isOfFile), 'all are there, private where they are'),
  ];
}

const changed_ms = (path: string): number | undefined => {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return undefined;
  }
};

const readText = (path: string): string => readFileSync(path, 'utf8');

/** The config file and all it names, as they are now. */
export function checkConfig({ loaded, configFile, isRoot }: DoctorFacts): CheckResult[] {
  const { config, problems, set } = loaded;
  const said = new Set(problems.map(({ option }) => option));
  const secrets = isRoot ? readSecrets(config, readText).findings : []; // others may not read them anyway
  const more = secrets.filter(({ option }) => !said.has(option)).map((one) => ({ file: configFile, ...one }));
  return judgeConfig([...problems, ...more], configFile, set);
}

/** What render has made of it. */
export function checkRendered(facts: DoctorFacts): CheckResult {
  const what = 'rendered';
  const { file, whyNoFile = '', configFile, dir, isRoot } = facts;
  if (file === undefined)
    return !isRoot && /EACCES/.test(whyNoFile)
      ? skip(what, `not possible as this user: ${whyNoFile}`)
      : fail(what, whyNoFile, '/etc/init.d/nunect restart');
  const trouble = troubleOf(facts, 'leaf config');
  const state = file.leaf?.state ?? 'current';
  if (trouble !== undefined || state !== 'current') {
    const text = trouble?.text ?? `the leaf does not run the config asked for: ${state}`;
    const why = file.problems.find(({ severity }) => severity === 'error');
    return fail(what, why === undefined ? text : `${text}; ${formatProblem(why)}`, 'nunect check');
  }
  const [changed, rendered] = [changed_ms(configFile), changed_ms(statePath(dir, 'agentFile'))];
  if (changed !== undefined && rendered !== undefined && changed > rendered)
    return warn(what, `${configFile} was changed since`, reload);
  return ok(what, statePath(dir, 'agentFile'));
}
