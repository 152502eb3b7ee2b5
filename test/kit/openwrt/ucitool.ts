// The command `uci`, as far as the init scripts use it: UCITOOL_ROOT/etc/config is where it looks without -c, and what is staged,
// but not committed, lies in UCITOOL_ROOT/tmp/.uci, which it reads beside the folder of -t as uci does.
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { uciStore } from './ucistore.ts';

const root = process.env['UCITOOL_ROOT'] ?? '';
const usual = join(root, 'tmp/.uci');
let configs = join(root, 'etc/config');
let staged = usual;

const linesOf = (path: string): string[] => {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
};

/** The store of a config with what is staged: lines such as `set ntp.enabled=0`. */
function opened(name: string) {
  const store = uciStore(join(configs, name));
  const sections = () =>
    Object.values((store.call('get', {})[1] as { values: object }).values) as SectionShown[];
  const find = (section: string) => {
    const [, type, at] = /^@(\w+)\[(\d+)\]$/.exec(section) ?? [];
    return type === undefined
      ? sections().find((one) => one['.name'] === section)
      : sections().filter((one) => one['.type'] === type)[Number(at)];
  };
  const change = (line: string): boolean => {
    const [, verb, section = '', option, value = ''] =
      /^(\w+) ([^.=]+)(?:\.(\w+))?(?:=(.*))?$/.exec(line) ?? [];
    const found = find(section)?.['.name'];
    if (option === undefined) return store.call('add', { type: value, name: section })[0] === 0;
    if (found === undefined) return false;
    if (verb === 'set') return store.call('set', { section: found, values: { [option]: value } })[0] === 0;
    if (find(section)?.[option] === undefined) return false;
    return store.call('delete', { section: found, options: [option] })[0] === 0;
  };
  for (const dir of new Set([usual, staged])) for (const line of linesOf(join(dir, name))) change(line);
  return { store, find, change };
}

type SectionShown = Readonly<Record<string, unknown>> & {
  readonly '.name': string;
  readonly '.type': string;
};

function run(verb: string, given: string): boolean {
  const [, name = '', rest = ''] = /^([\w-]+)(?:\.(.*))?$/.exec(given) ?? [];
  const { store, find, change } = opened(name);
  if (verb === 'get') {
    const [section = '', option] = rest.split('.');
    const found = find(section);
    const value = option === undefined ? found?.['.type'] : found?.[option];
    if (value !== undefined) console.log([value].flat().join(' '));
    return value !== undefined;
  }
  if (verb === 'commit') {
    const file = join(configs, name);
    writeFileSync(`${file}.uci`, store.text());
    chmodSync(`${file}.uci`, statSync(file).mode & 0o777);
    renameSync(`${file}.uci`, file);
    rmSync(join(staged, name), { force: true });
    return true;
  }
  const isDone = change(`${verb} ${rest}`);
  mkdirSync(staged, { recursive: true });
  if (isDone) appendFileSync(join(staged, name), `${verb} ${rest}\n`);
  return isDone;
}

const words = process.argv.slice(2);
for (let word = words[0]; word?.startsWith('-'); word = words[0]) {
  words.shift();
  if (word === '-c') configs = words.shift() ?? '';
  if (word === '-t') staged = words.shift() ?? '';
}
try {
  process.exitCode = run(words[0] ?? '', words[1] ?? '') ? 0 : 1;
} catch {
  process.exitCode = 1;
}
