// An agent that runs and what nunect-time sets up beside it: taken over without a reload, and told.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type AppliedTime, timeFiles } from '../../agent/clock/setup/applied.ts';
import { codeOf } from '../../agent/lib/errors.ts';
import type { StatusSnapshot } from '../../agent/status/snapshot.ts';
import { appliedTime } from '../kit/clock/timescript.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { natsServers, need } from '../kit/process/tools.ts';
import { startHub, startUnit } from '../kit/unit/site.ts';

const server = natsServers().newest ?? need('nats-server');

test('a set-up that comes, fails or goes is taken over within seconds', async (t) => {
  const hub = await startHub(t, tempDir(t, 'hub'), server);
  const dir = tempDir(t, 'unit');
  const unit = await startUnit(t, {
    dir,
    unit: 'demo-01',
    server,
    hubPort: hub.leafPort,
    interval_s: 1,
    alone: true,
  });
  const at = (file: keyof typeof timeFiles): string => join(dir, timeFiles[file]);
  mkdirSync(at('dir'));
  execFileSync('mkfifo', [at('orders')]);
  const fd = openSync(at('orders'), constants.O_RDONLY | constants.O_NONBLOCK);
  /** What was ordered since; undefined while the agent has the FIFO open and says nothing. */
  const orders = (): string | undefined => {
    const buffer = Buffer.alloc(4096);
    try {
      return buffer.toString('utf8', 0, readSync(fd, buffer));
    } catch (error) {
      assert.equal(codeOf(error), 'EAGAIN');
      return undefined;
    }
  };
  const apply = (applied: AppliedTime): void => {
    writeFileSync(`${at('applied')}.new`, JSON.stringify(applied));
    renameSync(`${at('applied')}.new`, at('applied'));
  };
  const found = async (): Promise<string> => {
    const { troubles } = (await unit.status()) as unknown as StatusSnapshot;
    return troubles
      .filter(({ code }) => code === 'time_setup')
      .map(({ weight, text }) => `${weight}: ${text}`)
      .join('; ');
  };
  const tells = (wanted: string): Promise<unknown> =>
    eventually(`'${wanted}'`, async () => (await found()) === wanted, 10_000);

  assert.equal(orders(), '', 'nobody has it open');
  apply(appliedTime({ notes: [{ code: 'interface_missing', text: 'there is no interface wan yet' }] }));
  await tells('note: there is no interface wan yet');
  assert.equal(
    await eventually('an order', () => orders() || undefined, 10_000),
    'ptp withhold\n',
    'there is no ptp4l',
  );

  apply(appliedTime({ runs: [], fault: { code: 'interface_bridge', text: 'br-lan is a bridge' } }));
  await tells('degraded: PTP is not set up: br-lan is a bridge');
  await eventually('its end of the FIFO is closed', () => orders() === '', 5000);

  rmSync(at('applied'));
  await tells('');
  assert.equal(
    unit
      .agent()
      .output()
      .match(/config reloaded/g)?.length,
    3,
  );
  closeSync(fd);
});
