// From an empty folder to a unit that answers, by the two commands and one token; then as a unit lives: renamed, shut out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import { hubProgram } from '../kit/hub/hubprogram.ts';
import { allStored, readStream } from '../kit/hub/storedids.ts';
import { eventually } from '../kit/process/daemon.ts';
import { natsServers, withoutNewest } from '../kit/process/tools.ts';
import { tokenUnit } from '../kit/unit/tokenunit.ts';

const program = natsServers().newest ?? '';

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
  const token = await hub.done('token', '--unit', 'tower-1', '--auto');
  const unit = await tokenUnit(t, { program, token });
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
