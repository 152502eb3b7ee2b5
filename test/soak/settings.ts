// Settings that change, right and wrong ones, and rendered files that are garbled.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Action } from './action.ts';
import type { Change } from './place.ts';

/** A change of the UCI file that is taken back after a while. */
const setting = (name: string, change: Change, held_s: readonly [number, number] = [1, 8]): Action => ({
  name: `setting: ${name}`,
  things: ['files'],
  held_s,
  async run({ apply, changes, watch }, hold) {
    const expect = async (): Promise<void> => {
      const code = await apply([...changes]);
      if (code !== 0) watch.oddities.add(`nunect render exits with ${code} for ${name}`);
    };
    changes.add(change);
    await expect();
    await hold();
    changes.delete(change);
    await expect();
  },
});

const add =
  (text: string): Change =>
  (before) =>
    `${before}\n${text}\n`;

const garble = (file: 'agent.json' | 'leaf.conf'): Action => ({
  name: `${file} corrupted`,
  things: ['files', 'agent', 'leaf'],
  held_s: [0, 3],
  async run({ unit, apply, changes }, hold, random) {
    const text =
      ['', '{', '\u0000'.repeat(1000), '{"config":{}}', 'authorization {'][Math.floor(random() * 5)] ?? '';
    writeFileSync(join(unit.stateDir, '..', file), text);
    unit.agent().kill('SIGHUP');
    if (file === 'leaf.conf') unit.leaf().kill('SIGTERM');
    await hold();
    await apply([...changes]);
  },
});

/** Changes of settings and garbled files. */
export const settings: readonly Action[] = [
  setting('new user', add("config user 'guest'\n\toption password 'guest-secret'\n\tlist publish 'app.x'")),
  setting('new peer', add("config probe 'demo-02'\n\toption interval_s '1'")),
  setting(
    'wrong hub password',
    (text) => text.replace(/(option password) 'change-me-demo-01'/, "$1 'no longer'"),
    [1, 25],
  ),
  setting('leaf.log_debug', (text) =>
    text.replace("config leaf 'leaf'", "config leaf 'leaf'\n\toption log_debug '1'"),
  ),
  setting(
    'small spool',
    (text) =>
      text.replace(
        "config spool 'spool'",
        "config spool 'spool'\n\toption memory_kb '64'\n\toption window '8'",
      ),
    [2, 15],
  ),
  setting('invalid value', (text) => text.replace("interval_s '1'", "interval_s 'often'")),
  setting('log level', (text) =>
    text.replace(
      "config agent 'agent'",
      "config agent 'agent'\n\toption log_level 'debug'\n\toption log_publish 'debug'",
    ),
  ),
  garble('agent.json'),
  garble('leaf.conf'),
  {
    name: '50 SIGHUPs',
    things: ['agent'],
    held_s: [0, 1],
    async run({ unit }, hold) {
      for (let at = 0; at < 50; at++) {
        unit.agent().kill('SIGHUP');
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      await hold();
    },
  },
];
