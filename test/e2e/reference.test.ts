// Every field that arrives at the hub is in docs/subjects.md, and stands there with its type.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Msg } from '@nats-io/transport-node';
import { answeredBy, subjectsOf } from '../../agent/wire/subjects.ts';
import { type Documented, documented } from '../../build/recordfields.ts';
import { schemaName } from '../../build/schemas.ts';
import { subjectsReference } from '../../build/subjects-reference.ts';
import { chronyPair } from '../kit/clock/chrony.ts';
import { ptpPair } from '../kit/clock/ptp.ts';
import { recordComplaints } from '../kit/lib/schema.ts';
import { noNetns } from '../kit/net/netns.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { natsServers, need } from '../kit/process/tools.ts';
import { type Hub, nunect, type RunningUnit, startHub, startUnit } from '../kit/unit/site.ts';

const unit = 'demo-01';
const server = natsServers().newest ?? need('nats-server');
const owner = newOwner();
const seen: Msg[] = [];
let hub: Hub;
let site: RunningUnit;

/** Has the unit send slim records, until there is one of each kind. */
async function slimDown(): Promise<void> {
  writeFileSync(
    site.config,
    readFileSync(site.config, 'utf8').replace("traffic 'lan'", "traffic 'standard'"),
  );
  const dir = join(site.stateDir, '..');
  const { code, stderr } = await nunect(['render', '--config', site.config, '--out', dir]);
  assert.equal(code, 0, stderr);
  process.kill(site.agent().pid, 'SIGHUP');
  for (const { subjects, slim } of documented.filter((one) => one.slim !== undefined))
    await eventually(
      `a slim record on ${subjects[0]}`,
      () => seen.some((m) => subjects.some((key) => isOf(key, m.subject)) && isSlim(m, slim)),
      60_000,
    );
}

/** It has all that a slim record always has, and nothing that none has. */
const isSlim = (message: Msg, slim: Documented['slim']): boolean => {
  const names = Object.keys(message.json<object>());
  const { always = [], perhaps = [] } = slim ?? {};
  return (
    always.every((name) => names.includes(name)) &&
    names.every((name) => [...always, ...perhaps].includes(name))
  );
};

before(async () => {
  const dir = tempDir(owner, 'reference');
  hub = await startHub(owner, dir, server);
  hub.nc.subscribe('ops.>', { callback: (_error, message) => void seen.push(message) });
  await hub.nc.flush();
  const { client } = await chronyPair(owner, [], { steering: true });
  const socket = noNetns() === undefined ? ptpPair(owner, { role: 'monitor' }).slave.socket : '/nowhere';
  site = await startUnit(owner, {
    dir,
    unit,
    traffic: 'lan',
    server,
    hubPort: hub.leafPort,
    time: [
      `option chrony_port '${client.cmdport}'`,
      `option pmc '${need('pmc')}'`,
      `list ptp_socket '${socket}'`,
    ],
    more: "config probe\n\toption unit 'demo-01'\n",
    interval_s: 1,
  });
});
after(() => owner.end());

/** Each leaf of a JSON value as a path, `[]` for any element of a list, with its type. */
function* leaves(value: unknown, path: string, opaque: ReadonlySet<string>): Generator<[string, string]> {
  if (Array.isArray(value) && !opaque.has(path)) {
    for (const one of value) yield* leaves(one, `${path}[]`, opaque);
  } else if (typeof value === 'object' && value !== null && !opaque.has(path)) {
    for (const [key, one] of Object.entries(value))
      yield* leaves(one, path === '' ? key : `${path}.${key}`, opaque);
  } else yield [path, typeof value];
}

/** What a message has and the reference does not, in words; empty when all is documented. */
function undocumented(message: Msg, reference: Documented): string[] {
  const opaque = new Set(
    Object.entries(reference.fields).flatMap(([path, { type }]) => (type === 'any' ? [path] : [])),
  );
  const fields = [...leaves(message.json(), '', opaque)].flatMap(([path, type]) => {
    const known = reference.fields[path]?.type;
    return known === type || known === 'any' ? [] : [`${path}: ${type}, documented as ${known ?? 'nothing'}`];
  });
  const headers = (message.headers?.keys() ?? []).filter((name) => !(name in (reference.headers ?? {})));
  return [...fields, ...headers.map((name) => `header ${name}`)];
}

const isOf = (key: string, subject: string): boolean =>
  subject === key.replace('<unit>', unit).replace('<role>', 'leaf');

/** What others ask the unit is seen at the hub as well. */
const isRequest = (subject: string): boolean => answeredBy(subjectsOf(unit, 'leaf')).includes(subject);

describe('the subject reference', () => {
  before(async () => {
    await eventually(
      'ntp',
      () => seen.some((m) => m.subject.includes('metric.time') && /"active_source":"ntp"/.test(m.string())),
      60_000,
    );
    await eventually(
      'a port',
      () => noNetns() !== undefined || seen.some((m) => /"port_state":"UNCALIBRATED"/.test(m.string())),
      60_000,
    );
    const isRecorder = ({ subject }: Msg): boolean => subject.startsWith('ops.metric.recorder.');
    await eventually('the recorder', () => seen.some(isRecorder), 30_000).catch(() => {}); // its test is skipped then
    await hub.nc.request(`ops.cmd.leaf.${unit}`, 'HEALTH_PROBE', { timeout: 10_000 });
    await eventually('health', () => seen.some((m) => /"event":"health"/.test(m.string())));
    await slimDown();
  });

  test('every field of an answer and every header of an echo is named', async () => {
    const text = subjectsReference();
    const sync = await hub.nc.request(`ops.time.sync.${unit}`, '{"t1_us":1}', { timeout: 10_000 });
    const echo = await hub.nc.request(`ops.echo.${unit}`, 'x', { timeout: 10_000 });
    for (const name of [...Object.keys(sync.json<object>()), ...(echo.headers?.keys() ?? [])])
      assert.ok(text.includes(name), name);
  });

  for (const reference of documented) {
    const [first = ''] = reference.subjects;
    if (first.startsWith('ops.metric.minutes.')) continue; // satellite alone has them: traffic.test.ts holds them to the schema
    if (first.startsWith('ops.alert.')) continue; // the hub's own: alerts.test.ts holds them to the schema
    test(`${first} has only documented fields`, (t) => {
      const messages = seen.filter(({ subject }) => reference.subjects.some((key) => isOf(key, subject)));
      if (messages.length === 0 && reference.rare) return t.skip('none was published here');
      assert.ok(messages.length > 0, `none seen on ${first}`);
      assert.deepEqual([...new Set(messages.flatMap((message) => undocumented(message, reference)))], []);
      const complain = recordComplaints.get(schemaName(reference));
      assert.deepEqual(
        [...new Set(messages.flatMap((message) => complain?.(message.json()) ?? 'no schema'))],
        [],
      );
    });
  }

  test('nothing is published on a subject that is not documented', () => {
    const keys = documented.flatMap(({ subjects }) => subjects);
    const strange = seen.filter(
      ({ subject }) => !keys.some((key) => isOf(key, subject)) && !isRequest(subject),
    );
    assert.deepEqual([...new Set(strange.map(({ subject }) => subject))], []);
  });
});
