// nats-server out of its Go module: the program, and the licence texts of all that is linked into it.
//   node build/gobuild.mjs --terms     writes openwrt/nats-server/THIRD_PARTY.txt anew, after another release
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { termsIn, termsPart } from './licences.mjs';
import { goTargets } from './packages/natsserver.mjs';
import { root } from './source.mjs';

const folder = join(root, 'openwrt/nats-server');
const server = 'github.com/nats-io/nats-server/v2';
const termsFile = join(folder, 'THIRD_PARTY.txt');

function go(args, target = {}) {
  const env = { ...process.env, GOOS: 'linux', CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off', ...target };
  return execFileSync('go', args, {
    cwd: folder,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Why nats-server cannot be built on this machine and what to do; undefined where it can. */
export function lackOfGo() {
  const [, least = ''] = /^go (\S+)$/m.exec(readFileSync(join(folder, 'go.mod'), 'utf8')) ?? [];
  const advice = `Install Go ${least} or newer (https://go.dev/dl; a Go from 1.21 on fetches it by itself)`;
  // asked in the folder of go.mod, where a newer Go takes over or an older one refuses
  const { error, status, stdout, stderr } = spawnSync('go', ['version'], { cwd: folder, encoding: 'utf8' });
  if (error !== undefined) return `there is no Go here. ${advice}`;
  if (status !== 0) return `Go says: ${stderr.trim()}. ${advice}`;
  const [, found = '0'] = /go(\d+(?:\.\d+)*)/.exec(stdout) ?? [];
  const [[major, minor], [leastMajor, leastMinor]] = [found, least].map((text) =>
    text.split('.').map(Number),
  );
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return undefined;
  return `Go is ${found}. ${advice}`;
}

/** Builds the program for an architecture of OpenWrt into a folder and gives its path. Same Go, same bytes. */
export function goBuild(architecture, into) {
  const target = goTargets[architecture];
  const file = join(into, Object.values(target).join('-'), 'nats-server');
  mkdirSync(dirname(file), { recursive: true });
  // no symbols, no paths and no id of the build machine; modules only as go.sum has them
  const flags = ['-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags=-s -w -buildid='];
  go(['build', ...flags, '-o', file, server], target);
  return file;
}

/** Folders from the root of a module down to one of its packages: licences lie in any of them. */
function foldersTo(module, packageFolder) {
  if (packageFolder === module) return [module];
  return [...foldersTo(module, dirname(packageFolder)), packageFolder];
}

/** The text of THIRD_PARTY.txt: what is linked on any of the architectures, and Go's own library. */
function goTerms() {
  const modules = new Map();
  const format = '{{with .Module}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}\t{{.Dir}}';
  for (const target of new Set(Object.values(goTargets))) {
    for (const line of go(['list', '-deps', '-f', format, server], target).trimEnd().split('\n')) {
      const [title, module, packageFolder] = line.split('\t');
      if (packageFolder === undefined) continue; // of Go itself
      if (!modules.has(title)) modules.set(title, new Set());
      for (const one of foldersTo(module, packageFolder)) modules.get(title).add(one);
    }
  }
  const parts = [...modules].sort().map(([title, folders]) => {
    return termsPart(title, [...folders].sort().flatMap(termsIn));
  });
  const library = termsPart('The Go standard library', termsIn(go(['env', 'GOROOT']).trim()));
  return ['nats-server contains these modules, each under its own terms.\n', ...parts, library].join('\n');
}

/** Throws when the licence texts in the project are not those of what is built. */
export function checkTerms() {
  if (goTerms() === readFileSync(termsFile, 'utf8')) return;
  throw new Error(`${termsFile} is not what is linked now: node build/gobuild.mjs --terms`);
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { terms: { type: 'boolean', default: false } } });
  if (values.terms) writeFileSync(termsFile, goTerms());
}
