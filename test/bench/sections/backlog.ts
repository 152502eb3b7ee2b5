// An echo while records that waited in an outage are sent: the unit starts with a snapshot of them, as after a restart.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { percentile } from '../../kit/process/cost.ts';
import { eventually } from '../../kit/process/daemon.ts';
import { echoInTurn, untilAnswered } from '../echoes.ts';
import { figure } from '../figures.ts';
import { goResponder, goSubject } from '../responders.ts';
import { by, pause, type Section } from '../section.ts';
import { onStage, type Stage } from '../stage.ts';

const backlog = 20_000;

/** A line of a snapshot, as agent/records/snapshottext.ts describes it. */
function lineOf(fields: Readonly<Record<string, unknown>>): string {
  const rest = JSON.stringify(fields).slice(1);
  const check = createHash('sha256').update(rest).digest('hex').slice(0, 8);
  return `{"check":"${check}",${rest}\n`;
}

/** Makes a snapshot of some records one of `backlog`, each with an id of its own. */
function multiply(file: string, unit: string): void {
  const [first = '', ...rest] = readFileSync(file, 'utf8').trim().split('\n');
  const fieldsOf = (text: string): Record<string, unknown> => {
    const { check: _check, ...fields } = JSON.parse(text);
    return fields;
  };
  const { gap: _gap, ...header } = fieldsOf(first);
  const records = rest.map(fieldsOf).filter(({ worth }) => worth === 'metric');
  if (records.length === 0) throw new Error('the snapshot of an outage has no metrics');
  const all = Array.from({ length: backlog }, (_, at) =>
    lineOf({ ...records[at % records.length], id: `${unit}-${header['boot']}-${at + 1}` }),
  );
  const head = lineOf({ ...header, last_seq: backlog, records: backlog });
  writeFileSync(file, [head, ...all].join(''));
}

async function storedAt({ hub }: Stage): Promise<number> {
  const reply = await hub.request('$JS.API.STREAM.INFO.NUNECT', '', { timeout: 10_000 });
  return reply.json<{ state: { messages: number } }>().state.messages;
}

/** Has an outage of some seconds, and ends the agent in it, so that a snapshot is there. */
async function leaveSnapshot(stage: Stage): Promise<void> {
  const agent = await stage.startedAgent();
  await pause(3);
  stage.link.cut();
  await pause(25); // until it is known, and some records wait
  await agent.end('SIGTERM');
  stage.link.mend();
}

/** The p99 of echoes while the backlog drains, beside that of the same unit when nothing waits. */
export const backlogged: Section = async (bench) => {
  const more = (file: string): string =>
    `config spool 'spool'\n\toption memory_kb '65536'\n\toption snapshot_file '${file}'\n`;
  const file = join('/tmp', `nunect-bench-snapshot-${process.pid}`);
  return onStage(bench.build, { agent: ["option interval_s '1'"], more: more(file) }, async (stage) => {
    await leaveSnapshot(stage);
    const go = await goResponder(stage);
    if (go !== undefined) await untilAnswered(stage.hub, goSubject);
    const subjects = [`ops.echo.${stage.unit}`, ...(go === undefined ? [] : [goSubject])];
    const theirs: number[] = [];
    const samples = { p50: [] as number[], p99: [] as number[] };
    const idle = { p50: [] as number[], p99: [] as number[] };
    const seconds: number[] = [];
    for (let round = 0; round < by(bench, { quick: 3, full: 7 }); round++) {
      multiply(file, stage.unit);
      const before = await storedAt(stage);
      const begun = performance.now();
      const agent = await stage.startedAgent();
      const rtts: number[] = [];
      const gos: number[] = [];
      for (let stored = 0; stored < backlog * 0.9; stored = (await storedAt(stage)) - before) {
        const [own = [], go = []] = await echoInTurn(stage.hub, subjects, 50);
        rtts.push(...own);
        gos.push(...go);
      }
      await eventually('all is stored', async () => (await storedAt(stage)) - before >= backlog);
      seconds.push((performance.now() - begun) / 1000);
      await pause(2);
      const [quiet = []] = await echoInTurn(stage.hub, subjects, 2000);
      theirs.push(percentile(gos, 0.99));
      samples.p50.push(percentile(rtts, 0.5));
      samples.p99.push(percentile(rtts, 0.99));
      idle.p50.push(percentile(quiet, 0.5));
      idle.p99.push(percentile(quiet, 0.99));
      stage.link.cut();
      await pause(15);
      await agent.end('SIGTERM');
      stage.link.mend();
      await stage.hub.request('$JS.API.STREAM.PURGE.NUNECT', '');
    }
    const note = 'the hub stores in memory; hub, leaf, agent and client share the cores';
    return [
      figure('echo.backlog.p99', 'echo p99 while 20,000 records drain', 'us', samples.p99, {
        beside: { what: 'idle', samples: idle.p99 },
        note,
      }),
      figure('echo.backlog.go', 'the same beside Go at the same time', 'us', samples.p99, {
        beside: go === undefined ? undefined : { what: 'Go (nats.go)', samples: theirs },
      }),
      figure('echo.backlog.p50', 'echo p50 while 20,000 records drain', 'us', samples.p50, {
        beside: { what: 'idle', samples: idle.p50 },
        note,
      }),
      figure('echo.backlog.seconds', 'start until 20,000 records are stored', 's', seconds),
    ];
  });
};
