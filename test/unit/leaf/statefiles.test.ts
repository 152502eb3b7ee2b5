// Holds sources and shell scripts to the table of agent/leaf/statefiles.ts. The scripts stay plain shell, as they are
// installed as they stand; so they are read, not generated.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type StateFile, stateAccess, stateFiles } from '../../../agent/leaf/statefiles.ts';
import { projectRoot } from '../../kit/process/tools.ts';

const scripts = [
  'openwrt/nunect/leaf',
  'openwrt/nunect/launcher',
  'openwrt/nunect/postrm',
  'openwrt/luci-app-nunect/root/usr/libexec/rpcd/nunect',
  'procd/nunect',
  'procd/nunect-leaf',
  'procd/pace.sh',
  'procd/procd.sh',
];
const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
const names = Object.keys(stateFiles) as StateFile[];

interface Use {
  readonly path: string;
  readonly kind: 'read' | 'write';
}

/** How the scripts say run directory and flash; what is before the first slash of a path. */
const places = /("?)(?:\$dir|\$rendered|\$run|\/var\/run\/nunect|\/etc\/nunect)\1\/([\w./*$]+)/g;

/** Who is paced: pace.sh keeps a file for each. */
const paced = scripts.flatMap((script) =>
  [...read(script).matchAll(/^\s*pace (\w+)$/gm)].map(([, name = '']) => name),
);

/** The text with the file of pace.sh in place of its variable, once for each name. */
function withPaced(text: string): string {
  const [, pattern] = /\bfile="\$NUNECT_PACE\/([^"]*)"/.exec(text) ?? [];
  if (pattern === undefined) return text;
  return paced
    .map((name) => text.replaceAll('"$file"', `"$dir/state/${pattern.replace('$1', name)}"`))
    .join('\n');
}

/** The state files that a script names: one that is redirected to, removed or moved is written, any other read. */
function usesIn(text: string): Use[] {
  const code = withPaced(text.replace(/^\s*#.*$/gm, '').replace(/\s# .*$/gm, ''));
  return code.split('\n').flatMap((line) =>
    [...line.matchAll(places)].map((found): Use => {
      const before = line.slice(0, found.index).replace(/"$/, '');
      const isWritten = />{1,2}$/.test(before) || /\b(rm|mv|cp|touch|ln)\b(?!.*[;&|])/.test(before);
      return { path: found[2] ?? '', kind: isWritten ? 'write' : 'read' };
    }),
  );
}

/** The entry of the table for a path; what a log is rotated to counts as the log. */
const entryOf = (path: string): StateFile | undefined =>
  names.find((name) => stateFiles[name] === path.replace(/\.\*$/, ''));

/** What a script does against the table; the folder of certificates and the unit id are no state files. */
function breaches(script: string, text: string): string[] {
  return usesIn(text)
    .filter(({ path }) => path !== 'unit')
    .flatMap(({ path, kind }) => {
      const entry = entryOf(path);
      if (entry === undefined) return [`${script} names ${path}, which is no state file`];
      const who = stateAccess[entry][kind === 'write' ? 'writers' : 'readers'];
      return who.includes(script)
        ? []
        : [`${script} is no ${kind === 'write' ? 'writer' : 'reader'} of ${path}`];
    });
}

for (const script of scripts)
  test(`${script} uses the state files as the table says`, () => {
    const text = read(script);
    assert.deepEqual(breaches(script, text), []);
    const used = usesIn(text).map(({ path, kind }) => `${entryOf(path)} ${kind}`);
    for (const name of names)
      for (const [kind, who] of [
        ['write', stateAccess[name].writers],
        ['read', stateAccess[name].readers],
      ] as const)
        if (who.includes(script))
          assert.ok(used.includes(`${name} ${kind}`), `${script} does not ${kind} ${name}`);
  });

test('a script that uses a file otherwise is found out', () => {
  const leaf = 'openwrt/nunect/leaf';
  assert.deepEqual(breaches(leaf, 'read -r x <"$dir/state/newcomer"'), [
    `${leaf} names state/newcomer, which is no state file`,
  ]);
  assert.deepEqual(breaches(leaf, 'echo x >"$dir/state/joined"'), [`${leaf} is no writer of state/joined`]);
  assert.deepEqual(breaches(leaf, 'rm -f "$dir"/state/joined'), [`${leaf} is no writer of state/joined`]);
  assert.deepEqual(breaches(leaf, '[ -e "$dir/state/leaf.pid" ]'), [
    `${leaf} is no reader of state/leaf.pid`,
  ]);
  assert.deepEqual(breaches(leaf, '# $dir/state/joined\nread -r x <"$dir/state/fallback"'), []);
});

/** Sources of the agent by path below agent/. */
const sources = readdirSync(join(projectRoot, 'agent'), { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.ts'),
);

test('a source that uses a state file is of a room that the table names for it', () => {
  const inSentences = ['leaf/causes.ts', 'health/hubremedies.ts']; // named to people
  const users = sources.filter((source) => !inSentences.includes(source));
  const wrong = users.flatMap((source) =>
    [...read(`agent/${source}`).matchAll(/\b(?:statePath\(.*?, '|stateFiles\.)(\w+)/g)].flatMap(
      ([, name = '']) => {
        const { writers, readers } = stateAccess[name as StateFile];
        return [...writers, ...readers].some((room) => source.startsWith(`${room}/`))
          ? []
          : [`${source}: ${name}`];
      },
    ),
  );
  assert.deepEqual(wrong, []);
});

test('no other source spells the path of a state file', () => {
  const spelled = names
    .map((name) => stateFiles[name].replace(/^state\//, ''))
    .filter((path) => path !== 'state');
  const literal = new RegExp(
    `['"\`/](?:${spelled.map((one) => one.replaceAll('.', '\\.')).join('|')})['"\`]`,
  );
  const isWord = /'(joined|running|fallback)'/g; // also words of their own
  const wrong = sources
    .filter((source) => source !== 'leaf/statefiles.ts')
    .flatMap((source) =>
      read(`agent/${source}`)
        .split('\n')
        .filter((line) => literal.test(line.replace(isWord, '')) && !/^\s*(\/?\*|\/\/)/.test(line))
        .map((line) => `${source}: ${line.trim()}`),
    );
  assert.deepEqual(wrong, []);
});
