import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { LeafFallback } from '../config/agentfile.ts';
import { hubAddresses, hubIdOf, withHubOf } from '../nats/leafconf.ts';
import type { LeafFiles } from './leaffiles.ts';
import type { LeafServer } from './leafserver.ts';

/** The hub part of leaf.conf that last joined a hub, kept for when a later one does not. */
export interface HubGood {
  /** Keeps the hub part of `conf`, the config that runs until now, if the agent saw it join. */
  learn(conf: string | undefined): void;
  /** Writes leaf.fallback.conf for a config whose hub part is another; takes it away where it has no use. */
  prepare(conf: string, server: LeafServer, test: boolean): Promise<LeafFallback | undefined>;
}

const longest = 64 * 1024;

/** Reads a short file that somebody else may have put there: no link, no pipe, no end of zeros. */
function readForeign(path: string): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (!fstatSync(fd).isFile()) return undefined;
    const buffer = Buffer.alloc(longest);
    return buffer.toString('utf8', 0, readSync(fd, buffer, 0, longest, 0));
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * `keepDir` is where the hub part outlives a reboot; it is written only when it becomes another, which takes a
 * change of the config and a join.
 */
export function hubGood(files: LeafFiles, keepDir: string | undefined): HubGood {
  const inRam = join(dirname(files.conf), 'hub.good');
  const places = [inRam, ...(keepDir === undefined ? [] : [join(keepDir, 'hub.good')])];
  const kept = (): string | undefined =>
    places.map(readForeign).find((text) => text !== undefined && /^[0-9a-f]{32}$/.test(hubIdOf(text) ?? ''));

  const keep = (path: string, text: string): void => {
    if (readForeign(path) === text) return;
    mkdirSync(dirname(path), { recursive: true });
    rmSync(`${path}.new`, { force: true });
    writeFileSync(`${path}.new`, text, { mode: 0o600, flag: 'wx' });
    renameSync(`${path}.new`, path);
  };

  const none = (): undefined => {
    files.removeFallback();
  };

  return {
    learn(conf) {
      const id = conf === undefined ? undefined : hubIdOf(conf);
      if (conf === undefined || id === undefined || id === 'none') return;
      if (readForeign(join(files.state, 'joined'))?.trim() !== id) return;
      for (const path of places) keep(path, withHubOf('', conf));
    },
    async prepare(conf, server, test) {
      const good = kept();
      const hub = good === undefined ? undefined : hubIdOf(good);
      if (good === undefined || hub === undefined || hub === hubIdOf(conf)) return none();
      files.writeTrial(withHubOf(conf, good));
      if (test && (await server.test(files.trial)) !== undefined) {
        files.dropTrial(); // such as a key that this server does not know any more
        return none();
      }
      files.acceptFallback();
      return { conf: files.fallback, hub, urls: hubAddresses(good) };
    },
  };
}
