// Makes the two keys that sign the feed, for their owner's eyes only, and never in place of others: a router that
// trusts the old key would refuse every index signed by a new one.
//   NUNECT_FEED_KEYS=folder node build/feedkey.mjs
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { feedKeys } from './feedkeys.mjs';
import { newKeys } from './usign.mjs';

const { folder, usign, apk } = feedKeys();
const there = [usign, apk].find((path) => existsSync(path));
if (there !== undefined) {
  console.error(
    `feed-key: ${there} exists already and stays. For another pair set NUNECT_FEED_KEYS to a new folder.`,
  );
  process.exit(1);
}
const owner = { mode: 0o600, flag: 'wx' };
const { fingerprint, secretFile } = newKeys();
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
mkdirSync(folder, { recursive: true, mode: 0o700 });
writeFileSync(usign, secretFile, owner);
writeFileSync(apk, privateKey.export({ format: 'pem', type: 'sec1' }), owner);
console.log(
  `${usign} and ${apk}: secret, keep a copy in a safe place. opkg's fingerprint is ${fingerprint}.`,
);
console.log("'make feed' signs with them and copies their public keys into the feed.");
