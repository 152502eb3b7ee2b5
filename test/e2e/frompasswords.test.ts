// From a hub with passwords to one that `nunect-hub init` made, step by step as docs/hub.md says it, with a unit that records.
import assert from 'node:assert/strict';
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readHub } from '../../agent/hub/kit/hubfiles.ts';
import { hubProgram } from '../kit/hub/hubprogram.ts';
import { allStored, readStream } from '../kit/hub/storedids.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { natsServers, withoutNewest } from '../kit/process/tools.ts';
import { selfRendering } from '../kit/unit/selfrendering.ts';
import { startHub } from '../kit/unit/site.ts';

test('a unit that logs in with a password goes over to a hub of init: no record is lost, none is there twice', {
  skip: withoutNewest(),
}, async (t) => {
  const program = natsServers().newest ?? '';
  const oldDir = tempDir(t, 'old');
  const old = await startHub(t, oldDir, program);
  const hubSection = (...lines: readonly string[]): string =>
    ["config hub 'hub'", "option reconnect_s '1'", ...lines].map((line) => `${line}\n`).join('\t');
  const unit = await selfRendering(
    t,
    hubSection(
      `list url 'nats://127.0.0.1:${old.leafPort}'`,
      "option user 'demo-01'",
      "option password 'change-me-demo-01'",
    ),
    { program, agent: "\toption unit 'demo-01'" },
  );
  await eventually('the old hub has records', async () => (await old.stored()) > 20);

  const hub = await hubProgram(t, program, ['--host', '127.0.0.1', '--store', '4']); // as the old stream may take
  await old.nc.close();
  await old.server().end('SIGTERM');
  const account = readHub(hub.dir)?.publicKeys.fleet ?? '';
  mkdirSync(join(hub.dir, 'jetstream/jetstream'), { recursive: true });
  renameSync(join(oldDir, 'hub-js/jetstream/FLEET'), join(hub.dir, 'jetstream/jetstream', account));
  await hub.up();
  const token = await hub.done('token', '--uses', '5', '--expires', '1d', '--auto');
  unit.write(hubSection(`option enrol_token '${token}'`));
  unit.agent().kill('SIGHUP');

  const nc = await hub.connect('hub-fleet');
  await eventually('it is in, by the id that it had', async () =>
    /^demo-01 +in .* ago/m.test(await hub.done('units')),
  );
  const boots = new Set((await readStream(nc, 'NUNECT')).map(({ boot }) => boot).filter((one) => one !== ''));
  assert.equal(boots.size, 1, 'the agent went on');
  const before = (await readStream(nc, 'NUNECT')).length;
  await eventually('it records on', async () => (await readStream(nc, 'NUNECT')).length > before + 20);
  const { doubled, missing } = await allStored(nc, 'NUNECT', [...boots][0] ?? '');
  assert.deepEqual([doubled, missing], [0, []]);
});
