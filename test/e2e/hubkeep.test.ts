// What a real stream counts for the records of a real unit: init reckons with it how long a hub keeps them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Traffic } from '../../agent/config/traffic.ts';
import { type StoredKind, storedBytes } from '../../agent/hub/kit/keep.ts';
import { jetstream } from '../kit/hub/fleet.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually } from '../kit/process/daemon.ts';
import { withoutNewest } from '../kit/process/tools.ts';
import { trafficSite } from '../kit/unit/trafficsite.ts';

/** A message as the stream has it. */
interface Stored {
  readonly subject: string;
  readonly data?: string;
  readonly hdrs?: string;
}

const bytesIn = (base64 = ''): number => Buffer.from(base64, 'base64').length;
/** As nats-server counts a message in a file. */
const sizeOf = ({ subject, data, hdrs }: Stored): number =>
  30 + subject.length + (hdrs === undefined ? 0 : 4 + bytesIn(hdrs)) + bytesIn(data);
const kindOf = ({ subject }: Stored): string => subject.split('.').at(-2) ?? '';
const bodyOf = ({ data = '' }: Stored): Record<string, unknown> =>
  JSON.parse(Buffer.from(data, 'base64').toString());
const idOf = ({ hdrs = '' }: Stored): string | undefined =>
  /Nats-Msg-Id: (\S+)/.exec(Buffer.from(hdrs, 'base64').toString())?.[1];
const middle = (of: readonly number[]): number => of.toSorted((a, b) => a - b)[of.length >> 1] ?? Number.NaN;

/** All that a unit of that profile has stored once `isEnough` and it was stopped. */
async function storedBy(
  traffic: Traffic,
  interval_s: number,
  isEnough: (stored: readonly Stored[]) => boolean,
) {
  const owner = newOwner();
  try {
    const { hub, unit } = await trafficSite(owner, traffic, { interval_s });
    const stored: Stored[] = [];
    const read = async (): Promise<void> => {
      const { message } = (await jetstream(hub.nc, 'STREAM.MSG.GET.NUNECT', { seq: stored.length + 1 })) as {
        message?: Stored;
      };
      if (message === undefined) return;
      stored.push(message);
      await read();
    };
    await eventually(
      'enough is stored',
      async () => {
        await read();
        return isEnough(stored);
      },
      150_000,
      200,
    );
    await unit.agent().end('SIGTERM');
    await eventually('its last word', async () => {
      await read();
      return stored.some((one) => kindOf(one) === 'heartbeat' && bodyOf(one)['stopping'] === true);
    });
    await read();
    const info = (await jetstream(hub.nc, 'STREAM.INFO.NUNECT')) as unknown as { state: { bytes: number } };
    assert.equal(
      stored.reduce((sum, one) => sum + sizeOf(one), 0),
      info.state.bytes,
      'this is how the server counts',
    );
    return stored;
  } finally {
    await owner.end();
  }
}

const setKinds = ['heartbeat', 'rtt', 'time', 'nats', 'system'];
const isFull = (one: Stored): boolean =>
  setKinds.includes(kindOf(one)) &&
  (kindOf(one) === 'heartbeat' ? 'problems' in bodyOf(one) : idOf(one) !== undefined);
/** Bytes of the last full set of a unit that runs; with its static facts, which not all have. */
const fullSet = (stored: readonly Stored[]): number =>
  setKinds.reduce((sum, kind) => {
    const last = stored.findLast(
      (one) => kindOf(one) === kind && isFull(one) && bodyOf(one)['stopping'] !== true,
    );
    return sum + (last === undefined ? Number.NaN : sizeOf(last));
  }, 0);

/** Units differ more than that. */
const tolerance = 0.15;
function holds(measured: Partial<Record<StoredKind, number>>, t: { diagnostic(text: string): void }): void {
  t.diagnostic(JSON.stringify(measured));
  for (const [kind, bytes] of Object.entries(measured)) {
    const reckoned = storedBytes[kind as StoredKind];
    assert.ok(Math.abs(bytes / reckoned - 1) < tolerance, `${kind}: ${bytes} bytes, reckoned ${reckoned}`);
  }
}

describe('what init reckons with', { skip: withoutNewest() }, () => {
  test('slim records and full sets', async (t) => {
    const count = (all: readonly Stored[], kind: string): number =>
      all.filter((one) => kindOf(one) === kind).length;
    const isEnough = (all: readonly Stored[]): boolean => count(all, 'system') > 1 && count(all, 'rtt') > 20;
    const stored = await storedBy('standard', 1, isEnough);
    const slim = (kind: string): number =>
      middle(stored.filter((one) => kindOf(one) === kind && !isFull(one)).map(sizeOf));
    holds({ heartbeat: slim('heartbeat'), rtt: slim('rtt'), time: slim('time'), full: fullSet(stored) }, t);
  });

  test('minutes, a quarter of an hour in one record', async (t) => {
    const stored = await storedBy('satellite', 2, (all) => all.length > 15);
    const minutes = stored.find((one) => kindOf(one) === 'minutes');
    assert.ok(minutes);
    const body = bodyOf(minutes) as { rows: unknown[][] };
    const [row = []] = body.rows;
    const rows = Array.from({ length: 15 }, (_, n) =>
      row.map((cell) => (typeof cell === 'number' ? cell + 37 * n : cell)),
    );
    const data = Buffer.from(JSON.stringify({ ...body, rows })).toString('base64');
    holds({ minutes: sizeOf({ ...minutes, data }) }, t);
  });
});
