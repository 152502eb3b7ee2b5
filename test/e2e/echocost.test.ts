// What an echo costs the agent, in figures that do not depend on how fast the machine is: the real bundle behind a real
// leaf, one request at a time.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { headers } from '@nats-io/transport-node';
import { echoAtOnce } from '../bench/echoes.ts';
import { budgets } from '../kit/budgets.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { natsServers, need } from '../kit/process/tools.ts';
import { type Hub, type RunningUnit, startHub, startUnit } from '../kit/unit/site.ts';

const unit = 'demo-01';
/** So many that compiled code answers. */
const warm = 6000;
const count = 2000;
/**
 * The agent has other work now and then, and on a busy machine its code is compiled late, which a measurement has in it or
 * not: the least of several is what the echo costs.
 */
const rounds = { least: 3, most: 10 };
const owner = newOwner();
let hub: Hub;
let site: RunningUnit;

/**
 * At SIGUSR2 it tells what is on the heap and in buffers, collects all garbage and tells it again, with how often garbage
 * was collected of itself since the last time.
 */
const teller = `
import { constants, PerformanceObserver } from 'node:perf_hooks';
const forced = constants.NODE_PERFORMANCE_GC_FLAGS_FORCED;
let collections = 0;
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) if ((detail.flags & forced) === 0) collections += 1;
}).observe({ entryTypes: ['gc'] });
const bytes = () => process.memoryUsage().heapUsed + process.memoryUsage().external;
process.on('SIGUSR2', () => setImmediate(() => {
  const before = bytes();
  gc();
  gc(); // buffers of the first are swept by then
  console.error('memory ' + before + ' ' + bytes() + ' ' + collections);
  collections = 0;
}));`;

/** Room for all that is allocated in a measurement, so that what is held is what was allocated. */
const flags = [
  '--expose-gc',
  '--min-semi-space-size=128',
  '--max-semi-space-size=128',
  `--import=data:text/javascript,${encodeURIComponent(teller)}`,
];

interface Memory {
  readonly before: number;
  readonly collected: number;
  readonly collections: number;
}

async function memory(): Promise<Memory> {
  const told = () => [
    ...site
      .agent()
      .output()
      .matchAll(/^memory (\d+) (\d+) (\d+)$/gm),
  ];
  const count = told().length;
  site.agent().kill('SIGUSR2');
  const [, ...figures] = await eventually('memory told', () => told()[count]);
  const [before = 0, collected = 0, collections = 0] = figures.map(Number);
  return { before, collected, collections };
}

/** Reads and writes so far: man 5 proc_pid_io. */
function syscalls(): number {
  const text = readFileSync(`/proc/${site.agent().pid}/io`, 'utf8');
  return Number(/^syscr: (\d+)/m.exec(text)?.[1]) + Number(/^syscw: (\d+)/m.exec(text)?.[1]);
}

interface Cost {
  readonly syscalls: number;
  readonly allocated_bytes: number;
}

/** What the agent spends while `during` runs, and how long that is; again where garbage was collected meanwhile. */
async function spent(during: () => Promise<unknown>): Promise<Cost & { readonly ms: number }> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const { collected } = await memory();
    const callsBefore = syscalls();
    const begun = performance.now();
    await during();
    const ms = performance.now() - begun;
    const calls = syscalls() - callsBefore;
    const { before, collections } = await memory();
    if (collections === 0) return { syscalls: calls, allocated_bytes: before - collected, ms };
  }
  throw new Error('garbage was collected in each of the measurements');
}

/** The least that `during` spends more than a time as long in which nobody asks; measured more often while it is too much. */
async function leastSpent(during: () => Promise<unknown>, most: Cost): Promise<Cost> {
  const busy: Cost[] = [];
  const idle: Cost[] = [];
  const more = (of: keyof Cost): number =>
    Math.min(...busy.map((one) => one[of])) - Math.min(...idle.map((one) => one[of]));
  for (;;) {
    const { ms, ...cost } = await spent(during);
    busy.push(cost);
    idle.push(await spent(() => new Promise((resolve) => setTimeout(resolve, ms))));
    const found = { syscalls: more('syscalls'), allocated_bytes: more('allocated_bytes') };
    const isEnough = found.syscalls <= most.syscalls && found.allocated_bytes <= most.allocated_bytes;
    if (busy.length >= (isEnough ? rounds.least : rounds.most)) return found;
  }
}

describe('an echo', () => {
  before(async () => {
    const dir = tempDir(owner, 'echocost');
    const server = natsServers().newest ?? need('nats-server');
    hub = await startHub(owner, dir, server);
    const time = [`list ptp_socket '${dir}/none'`];
    const { leafPort: hubPort } = hub;
    site = await startUnit(owner, { dir, unit, server, hubPort, interval_s: 60, time, nodeFlags: flags });
    await eventually('answered', () => hub.nc.request(`ops.echo.${unit}`).catch(() => undefined));
  });
  after(() => owner.end());

  const withHeaders = headers();
  withHeaders.set('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
  withHeaders.set('X-Request', 'a7');
  for (const [what, payload, options] of [
    ['with a small payload', new Uint8Array(64), {}],
    ['with headers', new Uint8Array(64), { headers: withHeaders }],
    ['with 8 KB', new Uint8Array(8192), {}],
  ] as const)
    test(`${what} costs a read, a write and few bytes`, async (t) => {
      const ask = async (times: number): Promise<void> => {
        for (let i = 0; i < times; i++)
          await hub.nc.request(`ops.echo.${unit}`, payload, { timeout: 20_000, ...options });
      };
      await ask(warm);
      const { callsPerEcho, allocatedPerEcho } = budgets;
      const most = { syscalls: callsPerEcho * count, allocated_bytes: allocatedPerEcho * count };
      const { syscalls, allocated_bytes } = await leastSpent(() => ask(count), most);
      const [calls, allocated] = [syscalls / count, allocated_bytes / count];
      t.diagnostic(`${calls.toFixed(2)} reads and writes, ${allocated.toFixed(0)} bytes allocated`);
      assert.ok(calls <= callsPerEcho, `${calls}`);
      assert.ok(allocated <= allocatedPerEcho, `${allocated} bytes`);
    });

  test('and those that come together share reads and writes, and leave nothing behind', async (t) => {
    const subject = `ops.echo.${unit}`;
    await echoAtOnce(hub.nc, subject, 64, warm);
    const { collected } = await memory();
    const callsBefore = syscalls();
    const { rtts_us } = await echoAtOnce(hub.nc, subject, 64, 50_000);
    const each = (syscalls() - callsBefore) / rtts_us.length;
    const grown = (await memory()).collected - collected;
    t.diagnostic(`${each.toFixed(2)} reads and writes, ${(grown / 1000).toFixed(0)} kB more are held`);
    assert.equal(rtts_us.length, 50_000);
    assert.ok(each <= budgets.callsPerEcho, `${each}`);
    assert.ok(grown <= 1e6, `${grown} bytes`);
  });
});
