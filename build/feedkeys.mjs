// Where the keys of the feed lie: never in the project.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Paths of the secret keys: for opkg's index (usign, Ed25519) and for apk's (PEM, prime256v1). */
export function feedKeys() {
  const given = process.env.NUNECT_FEED_KEYS;
  const folder = given ? resolve(given) : join(homedir(), '.config/nunect-feed');
  return { folder, usign: join(folder, 'usign.sec'), apk: join(folder, 'apk.pem') };
}
