import { percentile, threadMsOf } from '../../kit/process/cost.ts';
import { echoAtOnce, echoInTurn, untilAnswered } from '../echoes.ts';
import { type Beside, type Figure, figure } from '../figures.ts';
import { type Load, type LoadClient, loadClient } from '../load.ts';
import { goResponder, goSubject } from '../responders.ts';
import { type Bench, by, type Section } from '../section.ts';
import { onStage, type Stage } from '../stage.ts';

/** Whoever answers, by name: the agent, and Go where there is one. */
interface Answerer {
  readonly subject: string;
  readonly pid: number;
}
interface Answerers {
  readonly agent: Answerer;
  readonly go: Answerer | undefined;
}

const besideGo = (go: Answerers['go'], samples: readonly number[]): Beside | undefined =>
  go === undefined ? undefined : { what: 'Go (nats.go)', samples };

/** One at a time, the agent and Go in turn: what a client waits. */
async function oneAtATime(bench: Bench, { hub }: Stage, { agent, go }: Answerers): Promise<Figure[]> {
  const subjects = [agent.subject, ...(go === undefined ? [] : [go.subject])];
  const own = { p50: [] as number[], p99: [] as number[] };
  const gos = { p50: [] as number[], p99: [] as number[] };
  await echoInTurn(hub, subjects, 2000); // until the code of all is compiled
  for (let round = 0; round < by(bench, { quick: 9, full: 21 }); round++) {
    const [mine = [], theirs = []] = await echoInTurn(hub, subjects, by(bench, { quick: 1000, full: 2000 }));
    own.p50.push(percentile(mine, 0.5));
    own.p99.push(percentile(mine, 0.99));
    gos.p50.push(percentile(theirs, 0.5));
    gos.p99.push(percentile(theirs, 0.99));
  }
  const what = (share: string): string => `echo ${share}, one at a time, hub to agent and back`;
  return [
    figure('echo.p50', what('p50'), 'us', own.p50, { beside: besideGo(go, gos.p50) }),
    figure('echo.p99', what('p99'), 'us', own.p99, { beside: besideGo(go, gos.p99) }),
  ];
}

/** Who is asked first takes turns. */
const inTurnOf = (round: number): readonly ('agent' | 'go')[] =>
  round % 2 === 0 ? ['agent', 'go'] : ['go', 'agent'];

/** Rounds of a load, the agent and Go in turn: requests per second, p99 and CPU ms per 10,000 echoes. */
async function inTurn(client: LoadClient, rounds: number, load: Omit<Load, 'subject'>, of: Answerers) {
  const results = { agent: fresh(), go: fresh() };
  for (let round = 0; round < rounds; round++) {
    for (const name of inTurnOf(round)) {
      const one = of[name];
      if (one === undefined) continue;
      const before = threadMsOf(one.pid);
      const { perSecond, rtts } = await client.ask({ ...load, subject: one.subject });
      results[name].cpu.push(((threadMsOf(one.pid) - before) * 10_000) / load.count);
      results[name].rate.push(perSecond);
      results[name].p99.push(percentile(rtts, 0.99));
    }
  }
  return results;
}
const fresh = () => ({ cpu: [] as number[], rate: [] as number[], p99: [] as number[] });

/** The loads beside that of the goals: how many at once, how large, and with headers. */
const loads: readonly (readonly [id: string, what: string, load: Omit<Load, 'subject'>])[] = [
  ['1', '1 in flight', { count: 2000, inFlight: 1, payload: 64 }],
  ['16', '16 in flight', { count: 6000, inFlight: 16, payload: 64 }],
  ['256', '256 in flight', { count: 8000, inFlight: 256, payload: 64 }],
  ['0b', '64 in flight, 0 B', { count: 6000, inFlight: 64, payload: 0 }],
  ['1k', '64 in flight, 1 KB', { count: 6000, inFlight: 64, payload: 1024 }],
  ['64k', '16 in flight, 64 KB', { count: 500, inFlight: 16, payload: 65_536 }],
  [
    'headers',
    '64 in flight, request with 4 headers',
    {
      count: 6000,
      inFlight: 64,
      payload: 64,
      headers: ['X-Sent-At: 1764400000000000', 'X-From: radio', 'Trace: 0af7651916cd43dd', 'X-Hop: 3'],
    },
  ],
];

/** Asked by nats.js as a client would: the client itself is the slowest of all then. */
async function askedByNatsJs(bench: Bench, { hub }: Stage, of: Answerers): Promise<Figure[]> {
  const results = { agent: fresh(), go: fresh() };
  const count = 10_000;
  for (let round = 0; round < by(bench, { quick: 9, full: 21 }); round++) {
    for (const name of inTurnOf(round)) {
      const one = of[name];
      if (one === undefined) continue;
      const before = threadMsOf(one.pid);
      results[name].rate.push((await echoAtOnce(hub, one.subject, 64, count)).rate);
      results[name].cpu.push(((threadMsOf(one.pid) - before) * 10_000) / count);
    }
  }
  const note =
    'asked by nats.js; where it says bare, over a socket without a client library, which asks faster';
  return [
    figure('echo.rate.64', 'echoes per second, 64 in flight, 64 B', '1/s', results.agent.rate, {
      beside: besideGo(of.go, results.go.rate),
      note,
    }),
    figure('echo.cpu', 'CPU per 10,000 echoes, 64 in flight', 'ms', results.agent.cpu, {
      beside: besideGo(of.go, results.go.cpu),
      note,
    }),
  ];
}

async function manyAtOnce(bench: Bench, stage: Stage, of: Answerers): Promise<Figure[]> {
  const client = await loadClient(stage.hubServer.port, 'ops', 'ops');
  const rounds = by(bench, { quick: 9, full: 21 });
  const usual = { count: 10_000, inFlight: 64, payload: 64 };
  await inTurn(client, 1, { ...usual, count: 10_000 }, of);
  const { agent, go } = await inTurn(client, rounds, usual, of);
  const rows = [
    figure('echo.bare.64', 'echoes per second, bare, 64 in flight, 64 B', '1/s', agent.rate, {
      beside: besideGo(of.go, go.rate),
    }),
    figure('echo.bare.cpu', 'CPU per 10,000 echoes, bare, 64 in flight', 'ms', agent.cpu, {
      beside: besideGo(of.go, go.cpu),
    }),
    figure('echo.bare.p99', 'echo p99, bare, 64 in flight', 'us', agent.p99, {
      beside: besideGo(of.go, go.p99),
    }),
  ];
  for (const [id, what, load] of loads) {
    const result = await inTurn(client, by(bench, { quick: 5, full: 11 }), load, of);
    rows.push(
      figure(`echo.bare.${id}`, `echoes per second, bare, ${what}`, '1/s', result.agent.rate, {
        beside: besideGo(of.go, result.go.rate),
      }),
    );
  }
  client.close();
  return rows;
}

/** How fast an echo is, beside Go on the same leaf, in turn. */
export const echo: Section = (bench) =>
  onStage(bench.build, {}, async (stage) => {
    const go = await goResponder(stage);
    if (go === undefined) bench.say('no Go here, so nothing stands beside the echoes');
    const agent = await stage.startedAgent();
    if (go !== undefined) await untilAnswered(stage.hub, goSubject);
    const of: Answerers = {
      agent: { subject: `ops.echo.${stage.unit}`, pid: agent.pid },
      go: go === undefined ? undefined : { subject: goSubject, pid: go.pid },
    };
    return [
      ...(await oneAtATime(bench, stage, of)),
      ...(await askedByNatsJs(bench, stage, of)),
      ...(await manyAtOnce(bench, stage, of)),
    ];
  });
