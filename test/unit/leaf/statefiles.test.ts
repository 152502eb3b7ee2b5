// Holds sources and shell scripts to the table of agent/leaf/statefiles.ts. The scripts stay plain shell, as they are
// installed as they stand; so they are read, not generated.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { timeFiles } from '../../../agent/clock/setup/applied.ts';
import { type StateFile, stateAccess, stateFiles } from '../../../agent/leaf/statefiles.ts';
import { callsOf } from '../../kit/lib/syntax.ts';
import { projectRoot } from '../../kit/process/tools.ts';

const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
const names = Object.keys(stateFiles) as StateFile[];

/** Every script that is installed: what is in procd/, and what begins as a script in a package of openwrt/. */
const scripts = ['procd', 'openwrt']
  .flatMap((folder) =>
    readdirSync(join(projectRoot, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(projectRoot, join(entry.parentPath, entry.name))),
  )
  .filter((path) => path.startsWith('procd/') || read(path).startsWith('#!'));

interface Use {
  readonly path: string;
  readonly kind: 'read' | 'write';
}

/** How the scripts spell run directory, its folder state and flash; what is before the slash of a path. */
const place = String.raw`("?)(?:\$\{?(?:dir|rendered|run|NUNECT_PACE)\}?|(?:/var)?/run/nunect|/etc/nunect)`;
const places = new RegExp(String.raw`${place}\1/([\w./*$]+)`, 'g');
const assignment = new RegExp(String.raw`^\s*(?:local )?(\w+)=("?${place}\2/[\w./*$]+"?)`, 'gm');

/** Who is paced: pace.sh keeps a file for each. */
const paced = scripts.flatMap((script) =>
  [...read(script).matchAll(/^\s*pace (\w+)$/gm)].map(([, name = '']) => name),
);

/** The lines of a script without comments; the parameter of pace.sh and variables that hold a path are filled in. */
function linesOf(text: string): string[] {
  const code = text.replace(/^\s*#.*$/gm, '').replace(/\s# .*$/gm, '');
  const variables = [...code.matchAll(assignment)].map(([, name = '', value = '']) => ({ name, value }));
  return code
    .split('\n')
    .flatMap((line) => [
      line,
      ...variables.flatMap(({ name, value }) => {
        const filled = line.replace(
          new RegExp(String.raw`"?\$(?:${name}\b|\{${name}\})"?`, 'g'),
          () => value,
        );
        return filled === line ? [] : [filled];
      }),
    ])
    .flatMap((line) =>
      line.includes('NUNECT_PACE/$1') ? paced.map((name) => line.replaceAll('$1', name)) : [line],
    );
}

/** The state files that a script names: one that is redirected to, removed or moved is written, any other read. */
const usesIn = (text: string): Use[] =>
  linesOf(text).flatMap((line) =>
    [...line.matchAll(places)].map((found): Use => {
      const before = line.slice(0, found.index).replace(/"$/, '');
      const isWritten =
        />\|?\s*$/.test(before) ||
        /\b(rm|mv|cp|touch|ln|tee|dd|install|truncate|chmod|chown|sed\b.*\s-i)\b(?!.*[;&|])/.test(before);
      const folder = found[0].includes('NUNECT_PACE') ? 'state/' : '';
      return { path: `${folder}${found[2] ?? ''}`, kind: isWritten ? 'write' : 'read' };
    }),
  );

/** The entry of the table for a path; what a log is rotated to counts as the log. */
const entryOf = (path: string): StateFile | undefined =>
  names.find((name) => stateFiles[name] === path.replace(/\.\*$/, ''));

/**
 * The files of nunect-time: of those in the run directory clock/setup/applied.ts has the table; on flash its scripts keep
 * what system.ntp.enabled was.
 */
const ofTime: readonly string[] = [...Object.values(timeFiles), 'time/before', 'time/ours'];
const isOfTime = (path: string): boolean => ofTime.includes(path.replace(/\.new$/, ''));

/**
 * What a script does against the table; the unit id and the folders for the records of the spool, of the
 * enrolment and for uploads are no state files.
 */
function breaches(script: string, text: string): string[] {
  return usesIn(text)
    .filter(({ path }) => !['unit', 'spool', 'enrol', 'uploads'].includes(path) && !isOfTime(path))
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
  for (const cheat of [
    `read -r x <"\${dir}/state/newcomer"`,
    'read -r x <"$NUNECT_PACE/newcomer"',
    'cat /run/nunect/state/newcomer',
    'x="$dir/state/newcomer"',
  ])
    assert.ok(breaches(leaf, cheat).includes(`${leaf} names state/newcomer, which is no state file`), cheat);
  for (const cheat of [
    'echo x | tee "$dir/state/fallback"',
    `echo x > "\${dir}/state/fallback"`,
    'file=$dir/state/fallback\necho x >"$file"',
  ])
    assert.deepEqual(breaches(leaf, cheat), [`${leaf} is no writer of state/fallback`], cheat);
  assert.deepEqual(breaches(leaf, 'sed -i s/a/b/ "$dir/leaf.conf"'), [`${leaf} is no writer of leaf.conf`]);
  assert.deepEqual(breaches(leaf, '# $dir/state/joined\nread -r x <"$dir/state/fallback"'), []);
});

/** Sources of the agent by path below agent/. */
const sources = readdirSync(join(projectRoot, 'agent'), { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.ts'),
);

const roomsOf = (name: StateFile, kinds: readonly ('writers' | 'readers')[]): string[] =>
  kinds.flatMap((kind) => stateAccess[name][kind]);
const isOf = (source: string, rooms: readonly string[]): boolean =>
  rooms.some((room) => source.startsWith(`${room}/`));

/** What a source does against the table. */
function sourceBreaches(source: string, text: string): string[] {
  const used = [...text.matchAll(/\b(?:statePath\(.*?, '|stateFiles\.)(\w+)/g)].map(
    ([, name = '']) => name as StateFile,
  );
  const paths = /(?<!\w)statePath\(.*?, '(\w+)'\)/;
  const variables = new Map(
    [...text.matchAll(new RegExp(`const (\\w+) = ${paths.source}`, 'g'))].map(([, variable, name]) => [
      variable,
      name,
    ]),
  );
  const written = callsOf(text)
    .filter(({ callee }) => /^(write|append|rename|rm|unlink|truncate|copy|replace|createWrite)/.test(callee))
    .flatMap(({ args }) => args.map((arg) => variables.get(arg) ?? paths.exec(arg)?.[1]))
    .filter((name) => name !== undefined) as StateFile[];
  return [
    ...used
      .filter((name) => !isOf(source, roomsOf(name, ['writers', 'readers'])))
      .map((name) => `${source} is no user of ${name}`),
    ...written
      .filter((name) => !isOf(source, roomsOf(name, ['writers'])))
      .map((name) => `${source} is no writer of ${name}`),
    ...[...text.matchAll(/[rR]unDir\}\/[\w./]+/g)].map(([path]) => `${source} names ${path}`),
  ];
}

test('a source that uses a state file is of a room that the table names for it', () => {
  const inSentences = ['leaf/causes.ts', 'health/hubremedies.ts']; // named to people
  const users = sources.filter((source) => !inSentences.includes(source));
  assert.deepEqual(
    users.flatMap((source) => sourceBreaches(source, read(`agent/${source}`))),
    [],
  );
  for (const cheat of [
    "writeFileSync(statePath(dir, 'agentFile'), text);",
    "const path = statePath(dir, 'agentFile');\nrmSync(path, { force: true });",
  ])
    assert.deepEqual(sourceBreaches('cli/run.ts', cheat), ['cli/run.ts is no writer of agentFile'], cheat);
  assert.equal(sourceBreaches('nats/link.ts', "read(statePath(dir, 'agentFile'));").length, 1);
  assert.equal(sourceBreaches('parts/leaf.ts', `read(\`\${runDir}/state/newcomer\`);`).length, 1);
});

test('every user that the table names is there and uses the file', () => {
  const wrong = names.flatMap((name) =>
    roomsOf(name, ['writers', 'readers'])
      .filter((who) => who !== 'nats-server' && !scripts.includes(who)) // scripts: above
      .filter(
        (room) =>
          !sources.some(
            (source) =>
              isOf(source, [room]) &&
              new RegExp(`'${name}'|stateFiles\\.${name}\\b`).test(read(`agent/${source}`)),
          ),
      )
      .map((room) => `${room}: ${name}`),
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
  const isWord = /'(joined|running|fallback|without)'/g; // also words of their own
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
