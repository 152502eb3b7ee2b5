// Limits that differ between hub and leaf, with real servers: what keeps the link, and what is said where it is cut.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { connect, type Msg } from '@nats-io/transport-node';
import type { StatusSnapshot } from '../../agent/status/snapshot.ts';
import { serversToTest } from '../kit/hub/fleet.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { nunect, type RunningUnit, startHub, startUnit } from '../kit/unit/site.ts';
import { until } from '../kit/unit/until.ts';

const unit = 'demo-01';
const lan = `config user 'app'\n\toption password 'app'\n\tlist publish 'app.>'\n\tlist subscribe 'app.>'\n`;

async function site(t: TestContext, program: string, hubLimit: string) {
  const dir = tempDir(t, 'limits');
  const hub = await startHub(t, dir, program);
  const conf = join(dir, 'hub.conf');
  const text = readFileSync(conf, 'utf8').replace(/publish: \[\n/, (all) => `${all}"app.>"\n`);
  writeFileSync(conf, `${hubLimit}\n${text}`);
  await hub.restart();
  const one = await startUnit(t, {
    ...{ dir, unit, server: program, interval_s: 1, kept: true },
    hubPort: hub.leafPort,
    more: lan,
  });
  await until(one, 'joined', ({ link }) => link.hub_up === true);
  return { dir, hub, one };
}

const joined = (one: RunningUnit): Promise<StatusSnapshot> =>
  until(one, 'joined', ({ link }) => link.hub_up === true);
const told = (one: RunningUnit, text: RegExp): Promise<StatusSnapshot> =>
  until(
    one,
    String(text),
    ({ link, problems }) => link.hub_up === true && problems.some((each) => text.test(each)),
  );

describe('with real servers', { concurrency: 2 }, () => {
  for (const { name, program } of serversToTest()) {
    test(`nats-server ${name}: a message from the hub that is larger than the leaf takes`, async (t) => {
      const { dir, hub, one } = await site(t, program, 'max_payload: 4MB');
      const large = new Uint8Array(2 * 1024 ** 2);
      const answer: Msg | undefined = await hub.nc
        .request(`ops.echo.${unit}`, large, { timeout: 5000 })
        .catch(() => undefined);
      if (name === 'debian') {
        assert.equal(answer?.headers?.get('Nats-Service-Error-Code'), '413', 'the unit answers');
        const { problems } = await joined(one);
        assert.deepEqual(
          problems.filter((text) => /payload|protocol/.test(text)),
          [],
        );
        assert.doesNotMatch(one.agent().output(), /disconnected/);
      } else {
        const { status } = await told(
          one,
          /larger than the leaf takes.* 2097152 vs 1048576.*set leaf.max_payload_kb/,
        );
        assert.equal(status, 'degraded');
        const { stdout } = await nunect(['doctor', '--config', one.config, '--dir', dir]);
        assert.match(
          stdout.replace(/\s+/g, ' '),
          /larger than the leaf takes.*uci set nunect.leaf.max_payload_kb/,
        );
      }
      // the remedy
      writeFileSync(
        one.config,
        `${readFileSync(one.config, 'utf8')}config leaf 'leaf'\n\toption max_payload_kb '4096'\n`,
      );
      await nunect(['render', '--config', one.config, '--out', dir]);
      one.agent().kill('SIGHUP');
      one.leaf().kill('SIGTERM');
      const echoed = await eventually('a large echo', () =>
        hub.nc.request(`ops.echo.${unit}`, large, { timeout: 5000 }).catch(() => undefined),
      );
      assert.equal(echoed.data.length, large.length);
    });

    test(`nats-server ${name}: a message of the unit that is larger than the hub takes`, async (t) => {
      const { hub, one } = await site(t, program, 'max_payload: 64KB');
      const got: number[] = [];
      hub.nc.subscribe('app.>', { callback: (_error, { data }) => void got.push(data.length) });
      await hub.nc.flush();
      const nc = await connect({ servers: `127.0.0.1:${one.leafPort}`, user: 'app', pass: 'app' });
      t.after(() => nc.close());
      await eventually('the link carries app.>', () => {
        nc.publish('app.small', 'x');
        return got.length > 0;
      });
      nc.publish('app.large', new Uint8Array(200_000));
      if (name === 'debian') await eventually('the hub takes it all the same', () => got.includes(200_000));
      else
        await told(
          one,
          /from the unit is larger than the hub takes.*Maximum Payload Violation.*max_payload_kb/,
        );
      await joined(one);
    });

    test(`nats-server ${name}: subscriptions that the hub does not take`, async (t) => {
      const { hub, one } = await site(t, program, '');
      const conf = readFileSync(join(tempDirOf(one), 'hub.conf'), 'utf8');
      writeFileSync(join(tempDirOf(one), 'hub.conf'), `max_subscriptions: 5\n${conf}`);
      await hub.restart();
      const { status } = await told(one, /takes no more subscriptions of the unit.*raise max_subscriptions/);
      assert.equal(status, 'degraded');
      writeFileSync(join(tempDirOf(one), 'hub.conf'), conf);
      await hub.restart();
      await until(one, 'over', ({ problems }) => !problems.some((text) => /subscriptions/.test(text)));
    });
  }
});

/** The folder of hub and unit. */
function tempDirOf({ config }: RunningUnit): string {
  return join(config, '..');
}
