// Why a unit has no hub, or its records are not stored, brought about with real servers: what status, log and events say.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { headers } from '@nats-io/transport-node';
import { serversToTest } from '../kit/hub/fleet.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import type { AgentStatus } from '../kit/unit/agents.ts';
import { type Hub, type RunningUnit, startHub, startUnit } from '../kit/unit/site.ts';

const unit = 'demo-01';

interface Status extends AgentStatus {
  readonly link: AgentStatus['link'] & { readonly last_error?: string; readonly cause?: string };
  readonly spool: AgentStatus['spool'] & { readonly duplicate_ids: number };
}
const statusOf = (one: RunningUnit): Promise<Status> =>
  eventually('a status', () => one.status().catch(() => undefined)) as Promise<unknown> as Promise<Status>;

/** How often a pattern is in what the agent has printed. */
const timesSaid = (one: RunningUnit, pattern: RegExp): number =>
  [...one.agent().output().matchAll(new RegExp(pattern, 'g'))].length;

/** Waits for a status that `is`; fails with what there was instead. */
async function until(one: RunningUnit, what: string, is: (now: Status) => unknown): Promise<Status> {
  let last: Status | undefined;
  return eventually(
    what,
    async () => {
      last = await statusOf(one);
      return is(last) ? last : undefined;
    },
    60_000,
    100,
  ).catch((error) => {
    throw new Error(
      `${error}\n${JSON.stringify(last)}\n${one.agent().output()}\n${one.leaf().output().slice(-3000)}`,
    );
  });
}

interface Site {
  readonly dir: string;
  readonly hub: Hub;
  readonly hubConf: string;
  readonly one: RunningUnit;
}

let lastStart: Promise<unknown> = Promise.resolve();
/** Starts one site after the other: the machine has other things to do. */
function site(
  t: TestContext,
  program: string,
  edit: (hubConf: string) => string = (text) => text,
): Promise<Site> {
  const mine = lastStart.then(async () => {
    const dir = tempDir(t, 'leafcauses');
    const hub = await startHub(t, dir, program);
    const hubConf = join(dir, 'hub.conf');
    writeFileSync(hubConf, edit(readFileSync(hubConf, 'utf8')));
    await hub.restart();
    const one = await startUnit(t, {
      dir,
      unit,
      server: program,
      hubPort: hub.leafPort,
      interval_s: 1,
      kept: true,
    });
    await until(one, 'joined', ({ link }) => link.hub_up === true);
    return { dir, hub, hubConf, one };
  });
  lastStart = mine.catch(() => {});
  return mine;
}

/** The hub reads its config anew. */
async function reload({ hub, hubConf }: Site, edit: (text: string) => string): Promise<void> {
  writeFileSync(hubConf, edit(readFileSync(hubConf, 'utf8')));
  await hub.restart();
}

describe('with real servers', { concurrency: 2 }, () => {
  for (const { name, program } of serversToTest()) {
    describe(`nats-server ${name}`, { concurrency: 3 }, () => {
      /** Before 2.9.15 a server does not say which link is whose: it still has one while the other is refused. */
      const whereLinksHaveSides: typeof test | (() => void) = name === 'debian' ? () => {} : test;
      whereLinksHaveSides(
        'a circle: the cause is loop, told once when it begins and once when it ends',
        async (t) => {
          const site_ = await site(t, program);
          const { dir, one, hubConf } = site_;
          const backPort = await reservePort();
          // the leaf gets a door, as somebody's own config may have one, and the hub a remote that leads through it
          const leafConf = join(dir, 'leaf.conf');
          const account = /account: "([^"]+)"/.exec(readFileSync(leafConf, 'utf8'))?.[1] ?? '';
          writeFileSync(
            leafConf,
            readFileSync(leafConf, 'utf8').replace(
              /^leafnodes: \{/m,
              `leafnodes: {\n  listen: "127.0.0.1:${backPort}"\n  authorization { user: "back", password: "back", account: "${account}" }`,
            ),
          );
          one.leaf().kill('SIGTERM');
          await eventually('its door', () => /Listening for leafnode connections/.test(one.leaf().output()));
          const whole = readFileSync(hubConf, 'utf8');
          await reload(site_, (text) =>
            text.replace(
              /^leafnodes \{/m,
              `leafnodes {\n  remotes: [ { url: "nats-leaf://back:back@127.0.0.1:${backPort}", account: "FLEET" } ]`,
            ),
          );
          const inLoop =
            /not joined: the leaf is connected in a loop \(.*\) since .* check the remotes of the hub/;
          // at first it may be the link back that is refused, while that of the unit has not answered yet
          const now = await until(
            one,
            'cause loop',
            ({ link, problems }) => link.cause === 'loop' && problems.some((text) => inLoop.test(text)),
          );
          t.diagnostic(now.problems.join('; '));
          assert.equal(now.link.hub_up, false);
          await reload(site_, () => whole);
          const ended = /hub_cause: \{"cause":"loop"\} -> unknown/;
          await until(one, 'the end of it', ({ link }) => link.hub_up === true && timesSaid(one, ended) > 0);
          assert.equal(timesSaid(one, /hub_cause: \S+ -> \{"cause":"loop"\}/), 1);
          assert.equal(timesSaid(one, ended), 1);
          assert.equal(timesSaid(one, /ERROR leaf: \S+ - lid:\d+ - Loop detected/), 1);
        },
      );

      test('a subject that the hub does not permit to say: nobody says no, but the unit names it', async (t) => {
        const forbidden = `"ops.metric.rtt.${unit}", `;
        const site_ = await site(t, program, (text) => {
          assert.ok(text.includes(forbidden));
          return text.replace(forbidden, '');
        });
        const { one } = site_;
        const named = `records of ops.metric.rtt.${unit} are not stored: no stream takes this subject, or the hub does not permit it`;
        const unstored = /WARN spool: records are published without being stored/;
        await until(
          one,
          'it is named',
          ({ problems }) => problems.includes(named) && timesSaid(one, unstored) > 0,
        );
        await until(
          one,
          'the others are stored',
          ({ spool, status }) => spool.state === 'partly' && status === 'degraded',
        );
        await reload(site_, (text) =>
          text.replace('publish: [\n', (all) => `${all}            ${forbidden}\n`),
        );
        await until(
          one,
          'it is over',
          ({ problems }) => !problems.includes(named) && timesSaid(one, /records are stored again/) > 0,
        );
        assert.equal(timesSaid(one, /WARN unit: records of ops.metric.rtt.* are not stored/), 1);
        assert.equal(timesSaid(one, unstored), 1);
        assert.equal(timesSaid(one, /records are stored again/), 1);
      });

      test('somebody else used ids of the unit: counted, and said once', async (t) => {
        const { hub, one } = await site(t, program);
        const boot = /boot=(\w+)/.exec(one.agent().output())?.[1];
        const { spool } = await until(one, 'stored', (now) => now.spool.state === 'stored');
        assert.equal(spool.duplicate_ids, 0);
        for (let seq = 1; seq < 300; seq++) {
          const id = headers();
          id.set('Nats-Msg-Id', `${unit}-${boot}-${seq}`);
          hub.nc.publish(`ops.heartbeat.${unit}`, '{}', { headers: id });
        }
        const said =
          /^(\d+) records since the start are not stored: the stream already had other records with the same Nats-Msg-Id/;
        const now = await until(
          one,
          'it is told',
          ({ spool, problems }) => spool.duplicate_ids > 5 && problems.some((text) => said.test(text)),
        );
        assert.equal(now.status, 'degraded');
        await eventually(
          'the log says it once',
          () => timesSaid(one, /WARN unit: \d+ records since the start are not stored/) === 1,
        );
      });
    });
  }
});
