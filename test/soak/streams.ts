// The hub's stream takes nothing any more, in all the ways that nobody is told of: the unit must not say that all is well.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstream } from '../kit/hub/fleet.ts';
import { readStream } from '../kit/hub/storedids.ts';
import { projectRoot } from '../kit/process/tools.ts';
import type { Action, Scene } from './action.ts';

type Settings = Readonly<Record<string, unknown>>;

const base = JSON.parse(readFileSync(join(projectRoot, 'config/hub/stream.json'), 'utf8')) as Settings;
/** For so long a unit may say that its records are stored while none is. */
const healthyFor_ms = 20_000;

async function set({ hub: { nc } }: Scene, how: 'CREATE' | 'UPDATE', settings: Settings): Promise<void> {
  const { error } = await jetstream(nc, `STREAM.${how}.NUNECT`, { ...base, ...settings });
  if (error !== undefined) throw new Error(`${how} ${JSON.stringify(settings)}: ${error.description}`);
}

/** What the stream has is kept for the books, when nothing more comes: a sealed one takes nothing, any other is turned away. */
async function remove(scene: Scene): Promise<void> {
  const { hub, archive } = scene;
  const { nc } = hub;
  await set(scene, 'UPDATE', { subjects: ['other.>'] }).catch(() => {});
  archive.push(await readStream(nc, 'NUNECT'));
  await jetstream(nc, 'STREAM.DELETE.NUNECT');
}

/** Holds the unit's word against the stream once a second until told to stop. */
function watchWord(scene: Scene, what: string): () => Promise<void> {
  let isDone = false;
  let [since_ms, count] = [performance.now(), -1];
  const look = async (): Promise<void> => {
    const [said, { state }] = await Promise.all([
      scene.status().catch(() => undefined),
      jetstream(scene.hub.nc, 'STREAM.INFO.NUNECT'),
    ]);
    const isWell = said?.status === 'healthy' && said.spool?.state === 'stored';
    const isMore = (state?.messages ?? 0) > count;
    count = state?.messages ?? 0;
    if (!isWell || isMore) since_ms = performance.now();
    else if (performance.now() - since_ms > healthyFor_ms)
      scene.watch.oddities.add(`${what}: healthy and stored for more than 20 s while nothing is stored`);
  };
  const looking = (async () => {
    while (!isDone) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  })();
  return () => {
    isDone = true;
    return looking;
  };
}

const stream = (
  what: string,
  breakIt: (scene: Scene) => Promise<void>,
  mend: (scene: Scene) => Promise<void> = (scene) => set(scene, 'UPDATE', {}),
): Action => ({
  name: `stream ${what}`,
  things: ['hub', 'files', 'agent'],
  held_s: [25, 45],
  async run(scene, hold) {
    await breakIt(scene);
    const stop = watchWord(scene, `stream ${what}`);
    await hold();
    await stop();
    await mend(scene);
  },
});

const messages = async ({ hub }: Scene): Promise<number> => Math.max(1, await hub.stored());
const makeAnew = (scene: Scene): Promise<void> => set(scene, 'CREATE', {});
async function replace(scene: Scene): Promise<void> {
  await remove(scene);
  await makeAnew(scene);
}

/** The quiet failures of the hub's stream. */
export const streams: readonly Action[] = [
  stream('full', async (scene) => set(scene, 'UPDATE', { discard: 'new', max_msgs: await messages(scene) })),
  stream(
    'full for each subject',
    async (scene) => {
      await remove(scene); // what it has beyond the new limit would be deleted
      await set(scene, 'CREATE', { discard: 'new', discard_new_per_subject: true, max_msgs_per_subject: 1 });
    },
    replace,
  ),
  stream('narrowed', (scene) => set(scene, 'UPDATE', { subjects: ['ops.log.>'] })),
  stream('given to other subjects', (scene) => set(scene, 'UPDATE', { subjects: ['other.>'] })),
  stream('deleted', remove, makeAnew),
  stream('sealed', (scene) => set(scene, 'UPDATE', { sealed: true }), replace),
];
