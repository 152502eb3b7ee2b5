// The short form of `make soak`: everything broken at random around a unit, and then the books.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { natsServers, need } from '../kit/process/tools.ts';
import { chaos } from '../soak/chaos.ts';
import { judge } from '../soak/verdict.ts';

const seed = Number(process.env['NUNECT_SEED'] ?? 4);
const server = natsServers().newest ?? need('nats-server');

describe('a unit around which everything breaks at random', () => {
  test('every acknowledged record is stored once, what is lost is told, and the agent does not grow', async (t) => {
    const lines: string[] = [`NUNECT_SEED=${seed}`];
    const opts = { server, seed, seconds: 14, calm_s: 2, held_s: 4, ptp: false };
    try {
      const { table, faults } = judge(await chaos(t, { ...opts, log: (line) => lines.push(line) }));
      t.diagnostic(`NUNECT_SEED=${seed}\n${table}`);
      lines.push(table);
      assert.deepEqual(faults, []);
    } catch (error) {
      throw new Error(`${error}\n${lines.join('\n')}`, { cause: error });
    }
  });
});
