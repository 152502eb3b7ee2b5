import { closeSync, constants, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LeafInfo } from '../../config/agentfile.ts';
import type { Config } from '../../config/options.ts';
import type { UnplacedProblem } from '../../config/problem.ts';
import { messageOf } from '../../lib/errors.ts';
import { writeAtomic } from '../../lib/files.ts';
import { known } from '../../lib/known.ts';
import { hubAddresses, hubIdOf, withHubOf } from '../conf/server.ts';
import type { LeafFiles } from './files.ts';
import type { LeafServer } from './server.ts';

/** What was asked for. */
export interface HubAsked {
  readonly config: Config;
  /** There are mistakes in its hub section. */
  readonly isHubWrong: boolean;
  readonly server: LeafServer;
  readonly test: boolean;
}

/** What came of it: for agent.json, and the addresses of a hub that was put in. */
export type HubSettled = Pick<LeafInfo, 'hub' | 'fallback'> & { readonly adopted?: readonly string[] };

/** The hub part of leaf.conf that last joined a hub, kept for when a later one does not. */
export interface HubGood {
  /** Keeps the hub part of `conf`, the config that runs until now, if the agent saw it join. Gives where it could not. */
  learn(conf: string | undefined): UnplacedProblem[];
  /**
   * After leaf.conf was made: writes leaf.fallback.conf where its hub part is another than the good one, and puts the
   * good one into a leaf.conf that has none for mistakes in the config, as there may be after a reboot.
   */
  settle(asked: HubAsked): Promise<HubSettled>;
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

  const keep = (path: string, text: string): UnplacedProblem[] => {
    if (readForeign(path) === text) return [];
    try {
      mkdirSync(dirname(path), { recursive: true });
      writeAtomic(path, text, { durable: path !== inRam });
      return [];
    } catch (error) {
      const why = messageOf(error);
      return [{ message: `the hub settings that joined cannot be kept: ${why}`, severity: 'warning' }];
    }
  };

  return {
    learn(conf) {
      const id = conf === undefined ? undefined : hubIdOf(conf);
      if (conf === undefined || id === undefined || id === 'none') return [];
      if (readForeign(join(files.state, 'joined'))?.trim() !== id) return [];
      return places.flatMap((path) => keep(path, withHubOf('', conf)));
    },
    async settle({ config, isHubWrong, server, test }) {
      const conf = files.readConf();
      const [good, hub] = [kept(), conf && hubIdOf(conf)];
      const isLost = hub === 'none' && isHubWrong;
      const hasUse = isLost || config.hub.url.length > 0;
      const goodHub = good && hubIdOf(good);
      if (conf === undefined || good === undefined || goodHub === undefined || goodHub === hub || !hasUse) {
        files.removeFallback();
        return known({ hub });
      }
      files.writeTrial(withHubOf(conf, good));
      if (test && (await server.test(files.trial)) !== undefined) {
        files.dropTrial(); // such as a key that this server does not know any more
        files.removeFallback();
        return known({ hub });
      }
      const urls = hubAddresses(good);
      if (!isLost) {
        files.acceptFallback();
        return known({ hub, fallback: { conf: files.fallback, hub: goodHub, urls } });
      }
      files.acceptTrial();
      files.removeFallback();
      return { hub: goodHub, adopted: urls };
    },
  };
}
