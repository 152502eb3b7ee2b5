// From an empty folder to a unit that answers, by the two commands and one token; then as a unit lives: renamed, shut out.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import { hubProgram } from '../kit/hub/hubprogram.ts';
import { allStored, readStream } from '../kit/hub/storedids.ts';
import { keepLeaf } from '../kit/leaf/leafkeeper.ts';
import type { Cleanup } from '../kit/process/cleanup.ts';
import { daemon, eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, runtime, withoutNewest } from '../kit/process/tools.ts';
import { bundle } from '../kit/unit/site.ts';

const program = natsServers().newest ?? '';

/** A unit that has a token in its config, and nothing else of the hub. */
async function unitWith(t: Cleanup, token: string) {
  const dir = tempDir(t, 'whole');
  const [port, status, chrony] = [await reservePort(), await reservePort(), await reservePort()];
  const config = join(dir, 'nunect');
  writeFileSync(
    config,
    `config agent 'agent'
	option host 'bare'
	option interval_s '1'
	option traffic 'lan'
config hub 'hub'
	option reconnect_s '1'
	option enrol_token '${token}'
config leaf 'leaf'
	option server '${program}'
	option port '${port}'
config status 'status'
	option port '${status}'
config time 'time'
	option chrony_port '${chrony}'
	list ptp_socket '${dir}/none'
`,
    { mode: 0o600 },
  );
  const [out, keep] = [join(dir, 'run'), join(dir, 'keep')];
  const agent = daemon(t, runtime(), [bundle, 'run', '--config', config, '--dir', out, '--keep', keep]);
  await eventually('leaf.conf', () => existsSync(join(out, 'leaf.conf')));
  await keepLeaf(t, out, program);
  return {
    agent,
    async problems(): Promise<string[]> {
      const page = await fetch(`http://127.0.0.1:${status}/status.json`).catch(() => undefined);
      return page === undefined ? ['no page'] : ((await page.json()) as { problems: string[] }).problems;
    },
  };
}

const answers = async (nc: NatsConnection, unit: string): Promise<boolean> => {
  try {
    return (await nc.request(`ops.echo.${unit}`, 'hello', { timeout: 500 })).string() === 'hello';
  } catch {
    return false;
  }
};

test('init, up, one token: the unit answers; renamed it comes back by its new id; shut out it is gone, and says so', {
  skip: withoutNewest(),
}, async (t) => {
  const begun_ms = performance.now();
  const hub = await hubProgram(t, program);
  await hub.up();
  const unit = await unitWith(t, await hub.done('token', '--unit', 'tower-1', '--auto'));
  const nc = await hub.asUser('hub-fleet');
  await eventually('the first echo', () => answers(nc, 'tower-1'));
  t.diagnostic(
    `from an empty folder to the first echo in ${((performance.now() - begun_ms) / 1000).toFixed(1)} s`,
  );
  await eventually('it is heard of', async () => /^tower-1 .* in .* ago/m.test(await hub.done('units')));

  await hub.done('rename', 'tower-1', 'tower-2');
  await eventually('it answers by its new id', () => answers(nc, 'tower-2'));
  assert.equal(await answers(nc, 'tower-1'), false);
  await eventually(
    'it is well',
    async () => !(await unit.problems()).some((text) => /page|hub|login|enrol/.test(text)),
  );
  const records = await readStream(nc, 'NUNECT');
  for (const boot of new Set(records.map((record) => record.boot).filter((one) => one !== '')))
    assert.equal((await allStored(nc, 'NUNECT', boot)).doubled, 0);

  await hub.done('revoke', 'tower-2');
  await eventually('it is gone', async () => !(await answers(nc, 'tower-2')));
  await eventually('it says why', async () => (await unit.problems()).some((text) => /revoked/i.test(text)));
  assert.match(await hub.done('units'), /^tower-2 +shut out/m);
});
