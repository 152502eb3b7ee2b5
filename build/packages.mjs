// Builds the packages of the table: <out>/<name>_<version>_<architecture>.ipk; for npm nunect-hub-<version>.tgz and
// nunect-client-<version>.tgz.
//   node build/packages.mjs [--dist dist] [--out dist/packages] [--only NAME] [--arch NAME,NAME]
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { contentsOf, ipkName, lackFor } from './contents.mjs';
import { checkTerms } from './gobuild.mjs';
import { ipk } from './ipk.mjs';
import { tarball, tarballName } from './npm.mjs';
import { natsServer } from './packages/natsserver.mjs';
import { nunectClient } from './packages/nunectclient.mjs';
import { nunectHub } from './packages/nunecthub.mjs';
import { packages } from './packages/table.mjs';
import { root, sourcesWith, sourceTime } from './source.mjs';

const { values } = parseArgs({
  options: {
    dist: { type: 'string', default: 'dist' },
    out: { type: 'string', default: 'dist/packages' },
    only: { type: 'string' },
    arch: { type: 'string' },
  },
});
const out = resolve(root, values.out);
const npmPackages = [nunectHub, nunectClient];

/** The names asked for (separated by commas), all of them known; undefined for all. */
function chosen(what, given, known) {
  const names = given?.split(',');
  const wrong = names?.find((one) => !known.includes(one));
  if (wrong === undefined) return names;
  console.error(`packages: there is no ${what} '${wrong}'; allowed: ${known.join(', ')}`);
  process.exit(2);
}
const names = chosen(
  'package',
  values.only,
  [...packages, ...npmPackages].map(({ name }) => name),
);
const wanted = chosen('architecture', values.arch, natsServer.architectures);

function write(name, content) {
  const file = join(out, name);
  mkdirSync(out, { recursive: true });
  writeFileSync(file, content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  console.log(`${sha256}  ${relative(process.cwd(), file)} (${content.length} bytes)`);
}

const isChosen = ({ name }) => names?.includes(name) ?? true;

/** Does the work for a package; what goes wrong is said, and the others are built all the same. */
function attempt({ name }, work) {
  try {
    work();
  } catch (error) {
    console.error(`packages: ${name} cannot be built: ${error.message}`);
    process.exitCode = 1;
  }
}

function buildIpk(one, architectures) {
  if (one === natsServer) checkTerms();
  for (const architecture of architectures) {
    const read = contentsOf(one, architecture, values.dist);
    write(ipkName(one, architecture), ipk(one, architecture, read, sourceTime(one.changedBy)));
  }
}

for (const one of packages) {
  if (one.apkOnly) continue; // make feed makes it
  const architectures = one.architectures.filter(
    (name) => name === 'all' || (wanted?.includes(name) ?? true),
  );
  if (!isChosen(one) || architectures.length === 0) continue;
  const lack = lackFor(one, values.dist);
  if (lack !== undefined) {
    console.error(`packages: ${one.name} is left out: ${lack}`);
    continue;
  }
  attempt(one, () => buildIpk(one, architectures));
}
for (const one of npmPackages.filter(isChosen))
  attempt(one, () => write(tarballName(one), tarball(one, sourcesWith(values.dist), sourceTime())));
