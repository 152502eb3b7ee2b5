// What `nunect check` says of who may publish as the unit, held against what a real server lets each user publish.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from '@nats-io/transport-node';
import { renderLeaf } from '../../agent/leaf/conf/server.ts';
import { secretsOf } from '../kit/leaf/leafconfig.ts';
import { startServer } from '../kit/leaf/leafdaemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, withoutNewest } from '../kit/process/tools.ts';
import { loadUci } from '../kit/unit/config.ts';

/** Lists of `publish`, with what they let a user do as the unit. */
const lists: readonly (readonly [readonly string[], 'speaks' | 'does not'])[] = [
  [['>'], 'does not'],
  [['*.>', 'app.>'], 'does not'],
  [['*.heartbeat.demo-01', '*.*.*', '*.*.*.*'], 'does not'],
  [['>', 'ops.echo.demo-02'], 'does not'],
  [['>', 'ops.heartbeat.demo-02', 'ops.cmd.leaf.demo-02'], 'does not'],
  [['ops.metric.time.demo-02', 'ops.echo.*'], 'does not'],
  [['ops.>'], 'speaks'],
  [['ops.heartbeat.*'], 'speaks'],
  [['ops.heartbeat.demo-01'], 'speaks'],
  [['>', 'ops.log.INFO.demo-01'], 'speaks'],
  [['ops.metric.lamp.demo-01'], 'speaks'],
  [['ops.*.*.demo-01'], 'speaks'],
];

/** Of every kind that a unit publishes, also those that no agent publishes yet. */
const asTheUnit = [
  'heartbeat',
  'metric.time',
  'metric.lamp',
  'log.INFO',
  'log.LOUD',
  'status.leaf',
  'status.other',
].map((kind) => `ops.${kind}.demo-01`);

const uci = lists
  .map(([publish], at) =>
    [
      `config user u${at}`,
      ' option password secret',
      ...publish.map((pattern) => ` list publish '${pattern}'`),
    ].join('\n'),
  )
  .join('\n');

/** Which of the subjects a user may publish to. */
async function permitted(servers: string, user: string, subjects: readonly string[]): Promise<string[]> {
  const nc = await connect({ servers, user, pass: 'secret', reconnect: false });
  const refused: string[] = [];
  void (async () => {
    for await (const status of nc.status()) if (status.type === 'error') refused.push(status.error.message);
  })();
  for (const subject of subjects) nc.publish(subject);
  await nc.flush();
  await new Promise((resolve) => setTimeout(resolve, 100));
  await nc.close();
  return subjects.filter((subject) => !refused.some((text) => text.includes(`"${subject}"`)));
}

const { debian, newest } = natsServers();
for (const [program, version] of [
  [debian, [2, 9, 10]],
  [newest, [2, 15, 2]],
] as const) {
  test(`nats-server ${version.join('.')}: whom the check warns of, and nobody else, may publish as the unit`, {
    skip: program === undefined && withoutNewest(),
  }, async (t) => {
    assert.ok(program !== undefined, 'no server: make tools');
    const dir = mkdtempSync(join(tmpdir(), 'nunect-users-'));
    t.after(() => rmSync(dir, { recursive: true, force: true }));
    const port = await reservePort();
    const { config, problems } = loadUci(`config leaf\n option port ${port}\n${uci}\n`, { unit: 'demo-01' });
    const conf = join(dir, 'leaf.conf');
    writeFileSync(conf, renderLeaf(config, secretsOf(config), version).text);
    await startServer(t, program, conf);
    for (const [at, [publish, wanted]] of lists.entries()) {
      const isWarned = problems.some(({ option }) => option === `user.u${at}.publish`);
      const done = await permitted(`nats://127.0.0.1:${port}`, `u${at}`, asTheUnit);
      assert.equal(done.length > 0 ? 'speaks' : 'does not', wanted, `${publish}: ${done}`);
      assert.equal(isWarned, wanted === 'speaks', `the check of ${publish}`);
    }
    assert.deepEqual(await permitted(`nats://127.0.0.1:${port}`, 'u0', ['app.x', 'ops.x']), ['app.x']);
  });
}
