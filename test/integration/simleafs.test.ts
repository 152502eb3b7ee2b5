// Simulated leaf links beside a real unit at one hub: what the hub itself says of both must be the same, else what they cost it is not.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readCreds } from '../../agent/config/formats/creds.ts';
import { hubPaths } from '../../agent/hub/kit/hubdir.ts';
import { jetstream } from '../kit/hub/fleet.ts';
import { hubProgram } from '../kit/hub/hubprogram.ts';
import { type SimLeafs, simLeafs } from '../kit/hub/simleafs.ts';
import { simUnits } from '../kit/hub/simunits.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { natsServers, withoutNewest } from '../kit/process/tools.ts';
import { startUnit } from '../kit/unit/site.ts';

const owner = newOwner();
after(() => owner.end());

interface LeafSeen {
  readonly name: string;
  readonly account: string;
  readonly subscriptions_list?: readonly string[];
}

/** Interest of a leaf without what is its own: its name, the token of its inbox and of its loop detection. */
const interestOf = ({ name, subscriptions_list = [] }: LeafSeen): string[] =>
  subscriptions_list
    .map((subject) => subject.replaceAll(name, 'NAME').replace(/^(_INBOX_NAME)\..*|^(\$LDS)\..*/, '$1$2'))
    .sort();

test('a simulated leaf is to the hub what a real unit is: name, account, interest, records, acks, answers, return', {
  skip: withoutNewest(),
}, async () => {
  const program = natsServers().newest ?? '';
  const hub = await hubProgram(owner, program);
  const up = await hub.up();
  const enrolled = async (unit: string): Promise<string> =>
    (await hub.enrol(unit, await hub.done('token', '--unit', unit, '--auto'), unit)).keep;
  const [keep, simKeep] = [await enrolled('real-00000'), await enrolled('sim-00000')];
  await startUnit(owner, {
    ...{ dir: tempDir(owner, 'simleafs'), unit: 'real-00000', server: program, hubPort: 0 },
    ...{ plainHub: false, keep, traffic: 'standard' },
  });
  const creds = readCreds(readFileSync(join(simKeep, 'enrol/unit.creds'), 'utf8'));
  const seed = readFileSync(join(simKeep, 'enrol/seed'), 'utf8').trim();
  assert.ok(creds.ok, 'creds of the simulated unit');
  const leafs: SimLeafs = simLeafs([{ unit: 'sim-00000', role: 'leaf', jwt: creds.value.jwt, seed }], {
    ports: [{ host: '127.0.0.1', port: hub.ports.leaf }],
    ca: readFileSync(hubPaths(hub.dir).ca, 'utf8'),
    inFlight: 1,
  });
  owner.after(() => leafs.end());
  await eventually('it is in', () => leafs.counts().joined === 1);
  const [link] = leafs.links;
  assert.ok(link !== undefined);
  const sims = simUnits([link], { count: 1, isApart: true, spread_ms: 1 });
  owner.after(() => sims.end());

  const sys = await hub.connect('hub-sys');
  const seen = async (): Promise<LeafSeen[]> => {
    const answer = await sys.request('$SYS.REQ.SERVER.PING.LEAFZ', JSON.stringify({ subscriptions: true }));
    return answer.json<{ data: { leafs?: LeafSeen[] } }>().data.leafs ?? [];
  };
  const both = await eventually('both are there with all that they answer', async () => {
    const all = (await seen()).toSorted((a, b) => a.name.localeCompare(b.name));
    return all.length === 2 && all.every((one) => interestOf(one).length >= 14) && all;
  });
  const [real, sim] = both;
  assert.ok(real !== undefined && sim !== undefined);
  assert.deepEqual([real.name, sim.name], ['real-00000', 'sim-00000']);
  assert.equal(sim.account, real.account);
  assert.deepEqual(interestOf(sim), interestOf(real));

  await eventually('what it sent is stored and acknowledged', () => sims.stored() >= 6);
  const nc = await hub.connect();
  const last = await jetstream(nc, 'STREAM.MSG.GET.UNITS', { last_by_subj: 'ops.roster.sim-00000' });
  assert.equal(last.error, undefined);
  const echo = await nc.request('ops.echo.sim-00000', 'are you there?', { timeout: 5000 });
  assert.deepEqual([echo.string(), echo.headers?.get('X-Unit-ID')], ['are you there?', 'sim-00000']);

  const [stored, before] = [sims.stored(), leafs.counts().joins];
  process.kill(hub.serverPid(), 'SIGKILL');
  await eventually('it has come back by itself', () => leafs.counts().joins > before);
  sims.units[0]?.set({});
  await eventually('and is heard again', () => sims.stored() > stored);
  assert.equal(leafs.counts().joined, 1);
  await up.endGently();
});
