import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { check } from '../../agent/cli/check.ts';
import { UsageError } from '../../agent/cli/io.ts';
import { type LoadOptions, loadConfigFile } from '../../agent/config/file.ts';
import { formatProblem } from '../../agent/config/problem.ts';
import { projectRoot } from '../kit/process/tools.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'nunect-config-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const write = (name: string, text: string, mode = 0o600): string => {
  const path = join(dir, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
};

async function run(...args: string[]): Promise<{ code: number; out: string }> {
  let out = '';
  const add = (text: string): void => {
    out += text;
  };
  return { code: await check(args, { stdout: add, stderr: add }), out };
}

const box = (hostname: string, serial = 'BPI4-00017'): LoadOptions['machine'] => ({
  hostname,
  readFile: (path) => {
    if (path === '/proc/device-tree/serial-number') return serial;
    try {
      return readFileSync(path, 'utf8').replace(/^.*$/s, (text) => (path.startsWith(dir) ? text : ''));
    } catch {
      return undefined;
    }
  },
  listDir: () => [],
});

test('check: a fine file is ok, in either format', async () => {
  const uci = write('nunect', "config agent\n\toption unit 'a'\n\toption interval_s '7'\n");
  assert.deepEqual(await run('--config', uci), { code: 0, out: `${uci}: ok, 2 options set\n` });
  const ini = write('nunect.ini', '[agent]\nunit = a\n');
  assert.deepEqual(await run('--config', ini), { code: 0, out: `${ini}: ok, 1 option set\n` });
  const odd = write('odd.conf', '[agent]\nunit = a\n');
  assert.equal((await run('--config', odd, '--format', 'ini')).code, 0);
  assert.equal((await run('--config', odd)).code, 1);
});

test('check: a mistake is one line and exits 1', async () => {
  const path = write('nunect', "config agent\n\toption unit 'a b'\n");
  assert.deepEqual(await run('--config', path), {
    code: 1,
    out: `${path}:2: agent.unit 'a b': must be 1 to 64 of A-Z a-z 0-9 _ -\n`,
  });
});

test('check: warnings alone exit 0 and are counted', async () => {
  const path = write('nunect', "config user joe\n\toption password 'x'\n", 0o644);
  assert.deepEqual(await run('--config', path), {
    code: 0,
    out:
      `${path}: warning: has secrets in it and is readable by everybody (mode 0644, owner root, group root): chmod 600 ${path}\n` +
      `${path}: ok, 1 option set, 1 warning\n`,
  });
});

test('check: the shipped files are fine', async () => {
  for (const name of ['config/nunect', 'config/nunect.ini.example']) {
    const path = write('shipped', readFileSync(join(projectRoot, name), 'utf8')); // whoever owns the checkout
    const format = name.includes('.ini') ? 'ini' : 'uci';
    assert.deepEqual(await run('--config', path, '--format', format), {
      code: 0,
      out: `${path}: ok, 0 options set\n`,
    });
  }
});

test('check: wrong arguments are a usage error, --help is not', async () => {
  for (const args of [['--bogus'], ['stray'], ['--format', 'toml'], ['--config']]) {
    await assert.rejects(run(...args), UsageError, args.join(' '));
  }
  const { code, out } = await run('--help');
  assert.equal(code, 0);
  assert.match(out, /^usage: nunect check /);
});

test('a missing file and a folder are problems and give the defaults', () => {
  const missing = loadConfigFile(join(dir, 'none'));
  assert.deepEqual(missing.problems.map(formatProblem), [
    `${join(dir, 'none')}: cannot be read: there is no such file`,
  ]);
  assert.equal(missing.config.agent.interval_s, 5);
  assert.deepEqual(loadConfigFile(dir).problems.map(formatProblem), [`${dir}: cannot be read: is a folder`]);
});

test('files that the config names are looked at on the real disk', () => {
  mkdirSync(join(dir, 'folder'));
  const open = write('open', 'x', 0o644);
  const text =
    `config hub\n list url tls://h\n option user u\n option password_file ${open}\n` +
    ` option tls_ca ${join(dir, 'folder')}\nconfig leaf\n option tls_ca ${join(open, 'below')}\n`;
  const { problems } = loadConfigFile(write('nunect', text));
  assert.deepEqual(
    problems.map(({ line, message }) => `${line} ${message}`),
    [
      `4 readable by everybody (mode 0644, owner root, group root): chmod 600 ${open}`,
      '5 is not a file',
      '7 there is no such file',
    ],
  );
});

test('a unit id is derived once: a new host name does not rename the unit', () => {
  const path = write('nunect', '');
  const unitFile = join(dir, 'state/unit');
  const load = (hostname: string, keepUnit: boolean) =>
    loadConfigFile(path, { unitFile, keepUnit, machine: box(hostname) ?? assert.fail() });
  const first = load('alpha', false);
  assert.match(first.config.agent.unit, /^alpha-[0-9a-f]{6}$/);
  assert.match(load('beta', false).config.agent.unit, /^beta-/, 'nothing is kept unless asked for');
  assert.equal(load('alpha', true).config.agent.unit, first.config.agent.unit);
  assert.equal(load('beta', true).config.agent.unit, first.config.agent.unit);
  const kept = readFileSync(unitFile, 'utf8');
  assert.match(kept, new RegExp(`^${first.config.agent.unit}\n# sha256: [0-9a-f]{64}\n$`));

  writeFileSync(unitFile, kept.replace('alpha', 'alphb')); // a flipped bit
  const { config, problems } = load('beta', true);
  assert.match(config.agent.unit, /^beta-/);
  assert.match(
    problems.find(({ option }) => option === 'agent.unit')?.message ?? '',
    /^is derived anew, for .*state\/unit does not match its checksum: remove that file if .*, else set agent\.unit$/,
  );
  assert.equal(readFileSync(unitFile, 'utf8'), kept.replace('alpha', 'alphb'), 'left for people to look at');

  writeFileSync(unitFile, 'ship-01\n'); // as it was once written
  assert.equal(load('beta', true).config.agent.unit, 'ship-01');
  assert.match(readFileSync(unitFile, 'utf8'), /^ship-01\n# sha256: /);
  assert.deepEqual([load('beta', true).config.agent.unit, load('beta', true).problems], ['ship-01', []]);
});

test('a unit that has a name in its config keeps no other', () => {
  const unitFile = join(dir, 'unit');
  const path = write('nunect', 'config agent\n option unit ship-01\n');
  const { config } = loadConfigFile(path, { unitFile, keepUnit: true });
  assert.equal(config.agent.unit, 'ship-01');
  assert.throws(() => readFileSync(unitFile), /ENOENT/);
});

test('a unit id that cannot be kept is a warning', () => {
  const blocked = write('file', '');
  const options = { unitFile: join(blocked, 'unit'), keepUnit: true, machine: box('alpha') ?? assert.fail() };
  const { config, problems } = loadConfigFile(write('nunect', ''), options);
  assert.match(config.agent.unit, /^alpha-/);
  assert.equal(problems[0]?.severity, 'warning');
  assert.match(
    problems[0]?.message ?? '',
    /^cannot be kept in .*\(E[A-Z]+\), it changes with the host name$/,
  );
});

test('a machine without any id is told so', () => {
  const options = { unitFile: join(dir, 'unit'), machine: box('alpha', '') ?? assert.fail() };
  const { problems } = loadConfigFile(write('nunect', ''), options);
  assert.match(problems[0]?.message ?? '', /^no hardware id was found/);
});

test('this very machine gets the same id each time', () => {
  const load = () => loadConfigFile(write('nunect', ''), { unitFile: join(dir, 'unit') }).config.agent.unit;
  assert.equal(load(), load());
});

test('npm run generate --check finds the generated files up to date', () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--require', join(projectRoot, 'build/register.cjs'), join(projectRoot, 'build/generate.ts'), '--check'],
    { encoding: 'utf8', timeout: 60_000 },
  );
  assert.equal(stderr, '');
  assert.equal(status, 0);
});
