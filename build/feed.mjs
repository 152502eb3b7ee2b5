// The feed as a router fetches it: <out>/<architecture>/ with .ipk files, Packages, Packages.gz and Packages.sig for opkg,
// .apk files and packages.adb for apk; next to them the public keys nunect.pub and nunect.pem.
//   node build/feed.mjs [--packages dist/packages] [--dist dist] [--out dist/feed] [--arch NAME,NAME] [--apk apk]
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { apkIndex, apkPackage, lackOfApk } from './apk.mjs';
import { contentsOf, ipkName } from './contents.mjs';
import { feedKeys } from './feedkeys.mjs';
import { opkgIndex } from './opkgindex.mjs';
import { natsServer } from './packages/natsserver.mjs';
import { packages } from './packages/table.mjs';
import { gzip, root, sourceTime } from './source.mjs';
import { padded, publicFileOf, readSecret, signatureFile } from './usign.mjs';

process.umask(0o022); // folders in packages have the modes that they have here
const { values } = parseArgs({
  options: {
    packages: { type: 'string', default: 'dist/packages' },
    dist: { type: 'string', default: 'dist' },
    out: { type: 'string', default: 'dist/feed' },
    arch: { type: 'string' },
    apk: { type: 'string', default: 'apk' },
  },
});
const from = resolve(root, values.packages);
const out = resolve(root, values.out);

function fail(text) {
  console.error(`feed: ${text}`);
  process.exit(1);
}

/** Reads a secret key; one that is missing or bad ends the program with what to do. */
function secretKey(path, parse) {
  if (!existsSync(path))
    fail(`there is no key ${path}: make feed-key, or set NUNECT_FEED_KEYS to the folder that has it`);
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return fail(`${path} cannot be used: ${error.message}`);
  }
}

/** The packages for one architecture, [package, its name for it, file], or undefined where one was not built that is not optional. */
function packagesFor(architecture) {
  const files = packages.flatMap((one) => {
    const name = ['all', architecture].find((each) => one.architectures.includes(each));
    return name === undefined ? [] : [[one, name, ipkName(one, name)]];
  });
  const isThere = ([one, , file]) => one.apkOnly || existsSync(join(from, file));
  const built = files.filter((each) => !each[0].optional || isThere(each));
  return built.every(isThere) ? built : undefined;
}

const keys = feedKeys();
const usign = secretKey(keys.usign, readSecret);
const apkPublic = secretKey(keys.apk, (text) => createPublicKey(createPrivateKey(text)));
const wanted = values.arch?.split(',') ?? natsServer.architectures;
const architectures = wanted.filter((one) => packagesFor(one) !== undefined);
if (architectures.length === 0)
  fail(`no architecture has all its packages in ${from}: see what 'make packages' says`);
const lack = lackOfApk(values.apk);
if (lack !== undefined) console.error(`feed: without .apk and packages.adb for OpenWrt 25.12: ${lack}`);

// removes only what an earlier run wrote
for (const one of [...natsServer.architectures, 'nunect.pem'])
  rmSync(join(out, one), { recursive: true, force: true });
for (const architecture of architectures) {
  const folder = join(out, architecture);
  mkdirSync(folder, { recursive: true });
  const chosen = packagesFor(architecture);
  const ipks = chosen
    .filter(([one]) => !one.apkOnly)
    .map(([, , name]) => ({ name, content: readFileSync(join(from, name)) }));
  for (const { name, content } of ipks) writeFileSync(join(folder, name), content);
  const index = padded(opkgIndex(ipks));
  writeFileSync(join(folder, 'Packages'), index);
  writeFileSync(join(folder, 'Packages.gz'), gzip(index));
  writeFileSync(join(folder, 'Packages.sig'), signatureFile(usign, index));
  if (lack === undefined) {
    const apks = chosen.map(([one, name]) => {
      const read = contentsOf(one, name, values.dist);
      return apkPackage(values.apk, one, name, read, sourceTime(one.changedBy), folder);
    });
    apkIndex(values.apk, apks, keys.apk, folder, sourceTime());
  }
  console.log(
    `${relative(process.cwd(), folder)}: ${chosen
      .filter(([one]) => lack === undefined || !one.apkOnly)
      .map(([one]) => `${one.name} ${one.version}`)
      .join(', ')}`,
  );
}
writeFileSync(join(out, 'nunect.pub'), publicFileOf(usign));
if (lack === undefined)
  writeFileSync(join(out, 'nunect.pem'), apkPublic.export({ format: 'pem', type: 'spki' }));
