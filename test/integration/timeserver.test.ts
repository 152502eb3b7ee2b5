// What ptp4l announces by the orders of the agent: real ptp4l with the config that is rendered, asked by pmc.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Announcement } from '../../agent/clock/orders/announce.ts';
import { serverOrder } from '../../agent/clock/orders/orderlines.ts';
import { planTime } from '../../agent/clock/setup/plan.ts';
import { parseProgramVersion } from '../../agent/clock/setup/programs.ts';
import { appliedTime, clockRights, timePlace } from '../kit/clock/timescript.ts';
import { withoutClock } from '../kit/clock/unsteered.ts';
import { withOptions } from '../kit/leaf/leafconfig.ts';
import { netnsPair, noNetns } from '../kit/net/netns.ts';
import { eventually } from '../kit/process/daemon.ts';
import { linuxptps } from '../kit/process/timetools.ts';

const gnss: Announcement = {
  clockClass: 6,
  clockAccuracy: 0x23,
  offsetScaledLogVariance: 0xffff,
  currentUtcOffset_s: 37,
  flags: 0x3d,
  timeSource: 0x20,
};
const withdrawn =
  'clockClass 248 clockAccuracy 0xfe currentUtcOffset 37 leap61 0 leap59 0 currentUtcOffsetValid 1 ptpTimescale 1 timeTraceable 0 frequencyTraceable 0 timeSource 0xa0';

for (const programs of linuxptps())
  test(`linuxptp ${programs.version} announces what the agent orders, and nothing of it when the agent is gone`, {
    skip: noNetns() ?? false,
  }, async (t) => {
    const [end] = netnsPair(t);
    const place = timePlace(t, { programs: [programs.pmc] });
    const config = withOptions({ ptp: { interface: [end.interface], role: 'server', domain: 9 } });
    const chrony = { confDirs: [], sources: [], segments: [], refclocks: [] };
    const device = { name: end.interface, kind: 'port', lower: [] } as const;
    const version = parseProgramVersion(programs.version);
    assert.ok(version !== undefined);
    const host = {
      ptp4l: version,
      chronyd: [4, 6],
      phc2sys: true,
      chrony,
      interfaces: [device],
      foreignSegments: [],
      devices: new Map(),
    } as const;
    const { files, fault } = planTime(config, host, { socketDir: place.dir });
    assert.equal(fault, undefined);
    place.write('ptp4lConf', files?.ptp4lConf ?? '');
    place.write(
      'applied',
      JSON.stringify(appliedTime({ role: 'server', feed: 'nowhere', gate: 'none', domain: 9 })),
    );
    const ptp4l = place.start(['ptp4l', place.dir, programs.ptp4l], [...end.exec, ...withoutClock()]);
    const pmc = (what: string): string =>
      execFileSync(
        programs.pmc,
        [
          '-u',
          '-b',
          '0',
          '-d',
          '9',
          '-s',
          join(place.dir, 'ptp4l'),
          '-i',
          join(place.runDir, 'asks'),
          `GET ${what}`,
        ],
        { encoding: 'utf8' },
      );
    const announced = (): string => {
      const fields = [...pmc('GRANDMASTER_SETTINGS_NP').matchAll(/^\t\t(\w+) +(\S+)$/gm)].map(
        ([, name, value]) => `${name} ${value}`,
      );
      return fields.filter((one) => !/^offsetScaled/.test(one)).join(' ');
    };
    await eventually('ptp4l', () => announced().startsWith('clockClass 248'), 5000).catch(
      (error: unknown) => {
        throw new Error(`${ptp4l.output()} ${pmc('GRANDMASTER_SETTINGS_NP')}`, { cause: error });
      },
    );
    assert.deepEqual(clockRights(ptp4l.pid), { effective: false, bounding: false });

    const script = place.start(['orders', place.dir]);
    await eventually('a reader', () => place.fifo.write(serverOrder(gnss)) === undefined);
    const said =
      'clockClass 6 clockAccuracy 0x23 currentUtcOffset 37 leap61 1 leap59 0 currentUtcOffsetValid 1 ptpTimescale 1 timeTraceable 1 frequencyTraceable 1 timeSource 0x20';
    await eventually('what was ordered', () => announced() === said);
    place.fifo.close();
    await eventually('its withdrawal', () => announced() === withdrawn);

    await eventually('a reader', () => place.fifo.write(serverOrder(gnss)) === undefined);
    await eventually('what was ordered', () => announced() === said);
    await script.endGently();
    assert.equal(announced(), withdrawn, 'by the end of the script, too');
    assert.equal(script.output(), '');

    const other = place.start(['orders', place.dir]);
    await ptp4l.endGently();
    await eventually('a reader', () => place.fifo.write(serverOrder(gnss)) === undefined);
    await eventually('the trouble', () =>
      /^time: ptp4l does not take what it is to announce: /.test(other.output()),
    );
  });
