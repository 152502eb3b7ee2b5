import { existsSync, rmSync } from 'node:fs';
import type { LeafInfo } from '../../config/agentfile.ts';
import type { Config } from '../../config/options.ts';
import type { UnplacedProblem } from '../../config/problem.ts';
import { messageOf } from '../../lib/errors.ts';
import { readForeign, writeAtomic } from '../../lib/files.ts';
import { known } from '../../lib/known.ts';
import type { ServerProgram } from '../../natsserver/program.ts';
import { hubAddresses, hubIdOf, keptHubFault, withHubOf } from '../conf/server.ts';
import { statePath } from '../statefiles.ts';
import type { LeafFiles } from './files.ts';

/** The config that leaf.conf was made of, and how a config is tested. */
export interface AskedHub {
  readonly config: Config;
  /** There are mistakes in its hub section. */
  readonly isHubWrong: boolean;
  readonly server: ServerProgram;
  readonly test: boolean;
}

/** For agent.json, and the addresses of the last good hub where leaf.conf got its hub part. */
export type HubInUse = Pick<LeafInfo, 'hub' | 'fallback'> & {
  readonly adopted?: readonly string[];
  /** What could not be kept. */
  readonly problems: readonly UnplacedProblem[];
};

/** The hub part of a leaf.conf that last joined a hub, kept for when a later one does not. */
export interface LastGoodHub {
  /**
   * Keeps the hub part of the leaf.conf of until now, or of before the reboot, if the agent saw it join. Gives what could
   * not be kept, and what is kept and cannot be used.
   */
  keepJoined(): UnplacedProblem[];
  /**
   * After leaf.conf was made: writes leaf.fallback.conf where its hub part is another than the last good one, and puts
   * the last good one into a leaf.conf that has none for mistakes in the config, as there may be after a reboot. A hub part
   * that is not kept yet is put beside it, on flash: should it join, the render after a reboot keeps it.
   */
  apply(asked: AskedHub): Promise<HubInUse>;
}

const readText = (path: string): string | undefined => readForeign(path)?.toString();

/** Where hub.good is kept: in RAM, and on flash where it outlives a reboot. */
interface Places {
  readonly ram: string;
  readonly flash?: Record<'good' | 'tried' | 'joined', string> | undefined;
}

const goodOf = ({ ram, flash }: Places): string[] => (flash === undefined ? [ram] : [ram, flash.good]);

/** The hub part in a file; undefined where there is none, or one that something changed since it was written. */
function hubTextIn(path: string): string | undefined {
  const text = readText(path);
  return text === undefined || keptHubFault(text) !== undefined ? undefined : text;
}

/** The hub part that was kept last. */
const kept = (places: Places): string | undefined =>
  goodOf(places)
    .map(hubTextIn)
    .find((text) => text !== undefined);

const unkept = (what: string, error: unknown): UnplacedProblem => ({
  message: `the hub settings ${what}: ${messageOf(error)}`,
  severity: 'warning',
});

/** Written only when it becomes another, which takes a change of the config and a join. */
function keep(path: string, text: string, durable: boolean): UnplacedProblem[] {
  if (readText(path) === text) return [];
  try {
    writeAtomic(path, text, { durable });
    return [];
  } catch (error) {
    return [unkept('that joined cannot be kept', error)];
  }
}

/** What is kept and cannot be used. */
const faults = (places: Places): UnplacedProblem[] =>
  [...goodOf(places), ...(places.flash === undefined ? [] : [places.flash.tried])].flatMap((path) => {
    const text = readText(path);
    const fault = text === undefined ? undefined : keptHubFault(text);
    if (fault === undefined) return [];
    const message = `${path} is not used, for ${fault}; it is written anew once the leaf has joined`;
    return [{ message, severity: 'warning' }];
  });

function keepJoined(files: LeafFiles, places: Places): UnplacedProblem[] {
  const conf = files.readConf();
  const joined = [statePath(files.dir, 'joined'), places.flash?.joined].map(
    (path) => path && readText(path)?.trim(),
  );
  const text = [conf && withHubOf('', conf), places.flash && hubTextIn(places.flash.tried)].find(
    (one) => one && joined.includes(hubIdOf(one) ?? ''),
  );
  return text ? goodOf(places).flatMap((path) => keep(path, text, path !== places.ram)) : [];
}

/** Puts the hub part of leaf.conf on flash while another one is kept there, and a file for the name of what joined. */
function keepTried(files: LeafFiles, { flash }: Places): UnplacedProblem[] {
  const conf = files.readConf();
  if (flash === undefined || conf === undefined || hubIdOf(conf) === 'none') return [];
  const text = withHubOf('', conf);
  try {
    if (readText(flash.good) === text) rmSync(flash.tried, { force: true });
    else if (readText(flash.tried) !== text) {
      files.giveAway(flash.joined);
      writeAtomic(flash.tried, text, { durable: true });
    }
    return [];
  } catch (error) {
    return [unkept('cannot be kept over a reboot', error)];
  }
}

/** Writes leaf.conf with the hub part `good` as a draft; false where the server does not take it. */
async function isUsable(files: LeafFiles, conf: string, good: string, asked: AskedHub): Promise<boolean> {
  const draft = files.writeDraft(withHubOf(conf, good));
  if (!asked.test || (await asked.server.test(draft)) === undefined) return true;
  files.dropDraft(); // such as a key that this server does not know any more
  return false;
}

/** Copies of files in RAM that a hub part names, and that a reboot has taken. */
const goneCopies = (text: string, dir: string): string[] =>
  [...text.matchAll(/"([^"\n]*)"/g)]
    .map(([, path = '']) => path)
    .filter((path) => path.startsWith(`${statePath(dir, 'copies')}/`) && !existsSync(path));

/** The hub part that was kept last, if all is there that it needs; else what to say of it. */
function usable(
  files: LeafFiles,
  places: Places,
): { readonly good?: string; readonly lacking: readonly UnplacedProblem[] } {
  const good = kept(places);
  const [gone] = good === undefined ? [] : goneCopies(good, files.dir);
  if (gone === undefined) return { ...known({ good }), lacking: [] };
  const message = `the hub settings that joined last cannot be returned to: ${gone} was a copy of a file that nats-server could not read as it was saved, and is gone since the reboot`;
  return { lacking: [{ message, severity: 'warning' }] };
}

async function apply(files: LeafFiles, places: Places, asked: AskedHub): Promise<HubInUse> {
  const conf = files.readConf();
  const { good, lacking } = usable(files, places);
  const [hub, goodHub] = [conf, good].map((text) => text && hubIdOf(text));
  const isLost = hub === 'none' && asked.isHubWrong;
  const isWanted = goodHub !== hub && (isLost || asked.config.hub.url.length > 0);
  const problems = [...keepTried(files, places), ...(asked.config.hub.url.length > 0 ? lacking : [])];
  if (!isWanted || !conf || !good || !goodHub || !(await isUsable(files, conf, good, asked))) {
    files.removeFallback();
    return { ...known({ hub }), problems };
  }
  const urls = hubAddresses(good);
  if (isLost) {
    files.acceptDraft();
    files.removeFallback();
    return { hub: goodHub, adopted: urls, problems };
  }
  files.acceptFallback();
  const fallback = { conf: statePath(files.dir, 'fallbackConf'), hub: goodHub, urls };
  return { ...known({ hub }), fallback, problems };
}

/** `keepDir` is on flash; undefined: nothing outlives a reboot. */
export function lastGoodHub(files: LeafFiles, keepDir: string | undefined): LastGoodHub {
  const places: Places = {
    ram: statePath(files.dir, 'lastGoodHub'),
    flash:
      keepDir === undefined
        ? undefined
        : {
            good: statePath(keepDir, 'lastGoodHub'),
            tried: statePath(keepDir, 'triedHub'),
            joined: statePath(keepDir, 'joinedHub'),
          },
  };
  return {
    keepJoined: () => [...faults(places), ...keepJoined(files, places)],
    apply: (asked) => apply(files, places, asked),
  };
}
