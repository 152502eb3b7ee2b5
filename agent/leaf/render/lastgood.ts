import { closeSync, constants, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LeafInfo } from '../../config/agentfile.ts';
import type { Config } from '../../config/options.ts';
import type { UnplacedProblem } from '../../config/problem.ts';
import { messageOf } from '../../lib/errors.ts';
import { writeAtomic } from '../../lib/files.ts';
import { known } from '../../lib/known.ts';
import { hubAddresses, hubIdOf, withHubOf } from '../conf/server.ts';
import { statePath } from '../statefiles.ts';
import type { LeafFiles } from './files.ts';
import type { LeafServer } from './server.ts';

/** The config that leaf.conf was made of, and how a config is tested. */
export interface AskedHub {
  readonly config: Config;
  /** There are mistakes in its hub section. */
  readonly isHubWrong: boolean;
  readonly server: LeafServer;
  readonly test: boolean;
}

/** For agent.json, and the addresses of the last good hub where leaf.conf got its hub part. */
export type HubInUse = Pick<LeafInfo, 'hub' | 'fallback'> & { readonly adopted?: readonly string[] };

/** The hub part of a leaf.conf that last joined a hub, kept for when a later one does not. */
export interface LastGoodHub {
  /** Keeps the hub part of the leaf.conf that runs until now, if the agent saw it join. Gives where it could not. */
  keepJoined(): UnplacedProblem[];
  /**
   * After leaf.conf was made: writes leaf.fallback.conf where its hub part is another than the last good one, and puts
   * the last good one into a leaf.conf that has none for mistakes in the config, as there may be after a reboot.
   */
  apply(asked: AskedHub): Promise<HubInUse>;
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

/** Where hub.good is kept: in RAM, and on flash where it outlives a reboot. */
interface Places {
  readonly ram: string;
  readonly flash?: string | undefined;
}

const allOf = ({ ram, flash }: Places): string[] => (flash === undefined ? [ram] : [ram, flash]);

/** The hub part that was kept last. */
const kept = (places: Places): string | undefined =>
  allOf(places)
    .map(readForeign)
    .find((text) => text !== undefined && /^[0-9a-f]{32}$/.test(hubIdOf(text) ?? ''));

/** Written only when it becomes another, which takes a change of the config and a join. */
function keep(path: string, text: string, durable: boolean): UnplacedProblem[] {
  if (readForeign(path) === text) return [];
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeAtomic(path, text, { durable });
    return [];
  } catch (error) {
    const why = messageOf(error);
    return [{ message: `the hub settings that joined cannot be kept: ${why}`, severity: 'warning' }];
  }
}

function keepJoined(files: LeafFiles, places: Places): UnplacedProblem[] {
  const conf = files.readConf();
  const id = conf === undefined ? undefined : hubIdOf(conf);
  if (conf === undefined || id === undefined || id === 'none') return [];
  if (readForeign(statePath(files.dir, 'joined'))?.trim() !== id) return [];
  return allOf(places).flatMap((path) => keep(path, withHubOf('', conf), path === places.flash));
}

/** Writes leaf.conf with the hub part `good` as a draft; false where the server does not take it. */
async function isUsable(files: LeafFiles, conf: string, good: string, asked: AskedHub): Promise<boolean> {
  const draft = files.writeDraft(withHubOf(conf, good));
  if (!asked.test || (await asked.server.test(draft)) === undefined) return true;
  files.dropDraft(); // such as a key that this server does not know any more
  return false;
}

async function apply(files: LeafFiles, places: Places, asked: AskedHub): Promise<HubInUse> {
  const conf = files.readConf();
  const good = kept(places);
  const [hub, goodHub] = [conf, good].map((text) => text && hubIdOf(text));
  const isLost = hub === 'none' && asked.isHubWrong;
  const isWanted = goodHub !== hub && (isLost || asked.config.hub.url.length > 0);
  if (!isWanted || !conf || !good || !goodHub || !(await isUsable(files, conf, good, asked))) {
    files.removeFallback();
    return known({ hub });
  }
  const urls = hubAddresses(good);
  if (isLost) {
    files.acceptDraft();
    files.removeFallback();
    return { hub: goodHub, adopted: urls };
  }
  files.acceptFallback();
  return known({ hub, fallback: { conf: statePath(files.dir, 'fallbackConf'), hub: goodHub, urls } });
}

/** `keepDir` is on flash; undefined: nothing outlives a reboot. */
export function lastGoodHub(files: LeafFiles, keepDir: string | undefined): LastGoodHub {
  const places: Places = {
    ram: statePath(files.dir, 'lastGoodHub'),
    flash: keepDir && statePath(keepDir, 'lastGoodHub'),
  };
  return {
    keepJoined: () => keepJoined(files, places),
    apply: (asked) => apply(files, places, asked),
  };
}
