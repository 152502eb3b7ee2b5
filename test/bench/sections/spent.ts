// What does not depend on how fast the machine is: calls of the kernel and bytes of V8's heap, for one echo.

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { costOf } from '../../kit/process/cost.ts';
import { type Daemon, eventually } from '../../kit/process/daemon.ts';
import { untilAnswered } from '../echoes.ts';
import { type Beside, figure } from '../figures.ts';
import { type LoadClient, loadClient } from '../load.ts';
import { goResponder, goSubject } from '../responders.ts';
import { pause, type Section } from '../section.ts';
import { onStage, type Stage } from '../stage.ts';

const echoes = 5000;

/**
 * Loaded into the agent before itself: on SIGUSR2 it collects the garbage and writes what the heap holds, on SIGWINCH only
 * the latter. Between the two nothing is collected, since the young generation is larger than all that is allocated.
 */
const preload = (file: string): string => `'use strict';
const { writeFileSync, renameSync } = require('node:fs');
const tell = () => {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  writeFileSync(${JSON.stringify(`${file}.new`)}, JSON.stringify({ heapUsed, arrayBuffers }));
  renameSync(${JSON.stringify(`${file}.new`)}, ${JSON.stringify(file)});
};
process.on('SIGUSR2', () => { gc(); tell(); });
process.on('SIGWINCH', tell);
`;
const flags = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256'];

interface Heap {
  readonly heapUsed: number;
  readonly arrayBuffers: number;
}

async function heapOf(agent: Daemon, file: string, signal: 'SIGUSR2' | 'SIGWINCH'): Promise<Heap> {
  rmSync(file, { force: true });
  agent.kill(signal);
  await eventually('the heap', () => existsSync(file));
  return JSON.parse(readFileSync(file, 'utf8')) as Heap;
}

/** Bytes for one echo: three counts, what an idle agent allocates in the same time is taken off. */
async function allocated(stage: Stage, client: LoadClient): Promise<{ one: Heap[]; many: Heap[] }> {
  const [script, file] = [join(stage.dir, 'heap.cjs'), join(stage.dir, 'heap.json')];
  writeFileSync(script, preload(file));
  const agent = await stage.startedAgent([...flags, '--require', script]);
  const subject = `ops.echo.${stage.unit}`;
  await client.ask({ subject, count: 20_000, inFlight: 1, payload: 64 });
  const grown = async (work: () => Promise<unknown>): Promise<Heap> => {
    const before = await heapOf(agent, file, 'SIGUSR2');
    await work();
    const after = await heapOf(agent, file, 'SIGWINCH');
    return {
      heapUsed: after.heapUsed - before.heapUsed,
      arrayBuffers: after.arrayBuffers - before.arrayBuffers,
    };
  };
  const countsOf = async (inFlight: number): Promise<Heap[]> => {
    const counts: Heap[] = [];
    for (let round = 0; round < 3; round++) {
      let seconds = 0;
      const all = await grown(async () => {
        const begun = performance.now();
        await client.ask({ subject, count: echoes, inFlight, payload: 64 });
        seconds = (performance.now() - begun) / 1000;
      });
      const idle = await grown(() => pause(seconds));
      counts.push({
        heapUsed: (all.heapUsed - idle.heapUsed) / echoes,
        arrayBuffers: (all.arrayBuffers - idle.arrayBuffers) / echoes,
      });
    }
    return counts;
  };
  const [one, many] = [await countsOf(1), await countsOf(64)];
  await agent.end('SIGTERM');
  return { one, many };
}

/** Reads and writes for one echo, one at a time, beside Go's. */
async function calls(
  client: LoadClient,
  subject: string,
  pid: number,
): Promise<{ reads: number; writes: number }> {
  const before = costOf(pid);
  await client.ask({ subject, count: echoes, inFlight: 1, payload: 64 });
  const after = costOf(pid);
  return {
    reads: (after.readCalls - before.readCalls) / echoes,
    writes: (after.writeCalls - before.writeCalls) / echoes,
  };
}

/** What the kernel and V8 count for an echo. */
export const spent: Section = (bench) =>
  onStage(bench.build, {}, async (stage) => {
    const client = await loadClient(stage.hubServer.port, 'ops', 'ops');
    const go = await goResponder(stage);
    const bytes = await allocated(stage, client);
    const agent = await stage.startedAgent();
    const own = await calls(client, `ops.echo.${stage.unit}`, agent.pid);
    if (go !== undefined) await untilAnswered(stage.hub, goSubject);
    const theirs = go === undefined ? undefined : await calls(client, goSubject, go.pid);
    client.close();
    const both = ({ reads, writes }: { reads: number; writes: number }): number => reads + writes;
    const beside: { beside?: Beside } =
      theirs === undefined ? {} : { beside: { what: 'Go (nats.go)', samples: [both(theirs)] } };
    return [
      figure(
        'spent.allocated',
        "bytes allocated on V8's heap for an echo, 64 in flight",
        'B',
        bytes.many.map(({ heapUsed }) => heapUsed),
      ),
      figure(
        'spent.allocated.1',
        'the same, one at a time',
        'B',
        bytes.one.map(({ heapUsed }) => heapUsed),
      ),
      figure(
        'spent.buffers',
        'bytes outside of the heap for an echo, in buffers, one at a time',
        'B',
        bytes.one.map(({ arrayBuffers }) => arrayBuffers),
      ),
      figure('spent.calls', 'reads and writes for an echo, one at a time', '', [both(own)], beside),
    ];
  });
