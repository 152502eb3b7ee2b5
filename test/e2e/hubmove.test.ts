// From a hub with passwords to one that `nunect-hub init` made, step by step as docs/hub.md says it, with a unit that records.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readHub } from '../../agent/hub/kit/hubfiles.ts';
import { hubProgram } from '../kit/hub/hubprogram.ts';
import { allStored, readStream } from '../kit/hub/storedids.ts';
import { keepLeaf } from '../kit/leaf/leafkeeper.ts';
import { daemon, eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, runtime, withoutNewest } from '../kit/process/tools.ts';
import { bundle, startHub } from '../kit/unit/site.ts';

test('a unit that logs in with a password goes over to a hub of init: no record is lost, none is there twice', {
  skip: withoutNewest(),
}, async (t) => {
  const program = natsServers().newest ?? '';
  const [oldDir, dir] = [tempDir(t, 'old'), tempDir(t, 'moved')];
  const old = await startHub(t, oldDir, program);
  const ports = [await reservePort(), await reservePort(), await reservePort()];
  const config = join(dir, 'nunect');
  const writeConfig = (...hub: readonly string[]): void =>
    writeFileSync(
      config,
      `config agent 'agent'
	option unit 'demo-01'
	option host 'bare'
	option interval_s '1'
	option traffic 'lan'
config hub 'hub'
	option reconnect_s '1'
${hub.map((line) => `\t${line}\n`).join('')}config leaf 'leaf'
	option server '${program}'
	option port '${ports[0]}'
config status 'status'
	option port '${ports[1]}'
config time 'time'
	option chrony_port '${ports[2]}'
	list ptp_socket '${dir}/none'
`,
      { mode: 0o600 },
    );
  writeConfig(
    `list url 'nats://127.0.0.1:${old.leafPort}'`,
    "option user 'demo-01'",
    "option password 'change-me-demo-01'",
  );
  const [out, keep] = [join(dir, 'run'), join(dir, 'keep')];
  const agent = daemon(t, runtime(), [bundle, 'run', '--config', config, '--dir', out, '--keep', keep]);
  await eventually('leaf.conf', () => existsSync(join(out, 'leaf.conf')));
  await keepLeaf(t, out, program);
  await eventually('the old hub has records', async () => (await old.stored()) > 20);

  const hub = await hubProgram(t, program, '--store', '4'); // as the old stream may take
  await old.nc.close();
  await old.server().end('SIGTERM');
  const account = readHub(hub.dir)?.publicKeys.fleet ?? '';
  mkdirSync(join(hub.dir, 'jetstream/jetstream'), { recursive: true });
  renameSync(join(oldDir, 'hub-js/jetstream/FLEET'), join(hub.dir, 'jetstream/jetstream', account));
  await hub.up();
  const token = await hub.done('token', '--uses', '5', '--expires', '1d', '--auto');
  writeConfig(`option enrol_token '${token}'`);
  agent.kill('SIGHUP');

  const nc = await hub.asUser('hub-fleet');
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
