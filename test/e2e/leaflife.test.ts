import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import { eventually, tempDir } from '../kit/daemon.ts';
import { serversToTest } from '../kit/fleet.ts';
import { type Hub, nunect, type RunningUnit, startHub, startUnit } from '../kit/site.ts';
import { need } from '../kit/tools.ts';

const unit = 'demo-01';
const newest = serversToTest().at(-1)?.program ?? need('nats-server');

interface Told {
  readonly event: string;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly evidence?: string;
}

/** Everything the unit tells as events, as the hub's stream gets it. */
function eventsAt(nc: NatsConnection): Told[] {
  const all: Told[] = [];
  nc.subscribe(`ops.status.leaf.${unit}`, {
    callback: (_error, message) => void all.push(message.json() as Told),
  });
  return all;
}

type Status = {
  readonly status: string;
  readonly problems: readonly string[];
  readonly link: { readonly hub_up?: boolean; readonly last_error?: string; readonly cause?: string };
};

const statusOf = async (one: RunningUnit): Promise<Status> => (await one.status()) as unknown as Status;

const joined = (one: RunningUnit, is = true): Promise<unknown> =>
  eventually(`hub_up ${is}`, async () => (await statusOf(one)).link.hub_up === is, 40_000, 100);

/** Changes the UCI file and does what the init scripts do then. */
async function change(one: RunningUnit, edit: (text: string) => string): Promise<void> {
  writeFileSync(one.config, edit(readFileSync(one.config, 'utf8')));
  const { code, stdout, stderr } = await nunect([
    'render',
    '--config',
    one.config,
    '--out',
    join(one.runDir, '..'),
  ]);
  assert.equal(code, 0, stderr);
  const todo = stdout.trimEnd().split('\n').at(-1) ?? '';
  if (todo.includes('restart: leaf')) one.leaf().kill('SIGTERM');
  one.agent().kill('SIGHUP');
}

const leafOptions = (...lines: string[]) =>
  `config leaf 'leaf'\n${lines.map((line) => `\toption ${line}\n`).join('')}`;

async function site(t: TestContext, more: string, server = newest): Promise<{ hub: Hub; one: RunningUnit }> {
  const dir = tempDir(t, 'leaflife');
  const hub = await startHub(t, dir, newest);
  const one = await startUnit(t, {
    dir,
    unit,
    server,
    hubPort: hub.leafPort,
    interval_s: 1,
    kept: true,
    more,
  });
  await joined(one);
  return { hub, one };
}

describe('hub settings that do not join', () => {
  test('the last good ones return, the reason is told, and a good change is taken', async (t) => {
    const { hub, one } = await site(t, leafOptions("confirm_s '3'"));
    const events = eventsAt(hub.nc);
    await eventually('proven', () => existsSync(join(one.runDir, 'joined')));
    await change(one, (text) => text.replace(`'change-me-${unit}'`, "'wrong'"));
    await joined(one, false);
    await joined(one);
    const { problems } = await eventually('the problem', async () => {
      const status = await statusOf(one);
      return status.problems.some((text) => text.includes('in use')) && status;
    });
    const text = problems.find((one) => one.includes('hub settings')) ?? '';
    assert.match(
      text,
      /^the hub settings asked for did not join within 3 s: the hub refuses the credentials \(Authorization Violation\) since \d\d:\d\d UTC; check hub.user/,
    );
    const told = await eventually('the event', () => events.find(({ event }) => event === 'hub_settings'));
    assert.equal(told.after, 'last_good');
    await one.restartAgent();
    await joined(one);
    assert.ok(
      (await statusOf(one)).problems.some((one) => one.includes('hub settings')),
      'known after a restart',
    );
    console.log(one.agent().output());
  });
});
