// From a hub with passwords to one that init made: the records come along, as docs/hub.md says it.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from '@nats-io/transport-node';
import { hubPaths } from '../../agent/hub/kit/hubdir.ts';
import { streamsOf } from '../../agent/hub/kit/streams.ts';
import { jetstream } from '../kit/hub/fleet.ts';
import { kitHub } from '../kit/hub/kithub.ts';
import { exampleHub, startServer } from '../kit/leaf/leafdaemon.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, withoutNewest } from '../kit/process/tools.ts';
import { operator } from '../kit/unit/site.ts';

interface StreamState {
  readonly state?: { readonly messages: number; readonly first_seq: number; readonly last_seq: number };
}

test('the records of a hub with passwords are those of the new one, which goes on behind them', {
  skip: withoutNewest(),
}, async (t) => {
  const program = natsServers().newest ?? '';
  const old = tempDir(t, 'hubmove-old');
  const ports = { client: await reservePort(), leaf: await reservePort() };
  const server = await startServer(t, program, exampleHub('hub', old, ports));
  const nc = await connect({ port: ports.client, user: operator.user, pass: operator.password });
  const kit = await kitHub(t, join(tempDir(t, 'hubmove'), 'hub'));
  const [nunect] = streamsOf({ days: 30, bytes: 64 * 1024 ** 2 }, 1);
  await jetstream(nc, 'STREAM.CREATE.NUNECT', nunect?.config);
  for (let beat = 1; beat <= 500; beat++) await nc.request('ops.heartbeat.ship-7', `${beat}`);
  await nc.close();
  await server.end('SIGTERM');

  const streams = join(hubPaths(kit.dir).store, 'jetstream');
  const theirs = join(old, 'hub-js/jetstream/FLEET');
  assert.ok(existsSync(theirs));
  mkdirSync(streams, { recursive: true });
  renameSync(theirs, join(streams, kit.hub.publicKeys.fleet));

  await kit.start(program);
  await kit.makeStreams(); // NUNECT is in use
  const fleet = await kit.as('hub-fleet');
  const config = streamsOf(kit.hub.kept, 1)[0]?.config;
  assert.equal((await jetstream(fleet, 'STREAM.UPDATE.NUNECT', config)).error, undefined);
  const unit = await kit.client(kit.unit('ship-7').text, { inboxPrefix: '_INBOX_ship-7' });
  const ack = await unit.request('ops.heartbeat.ship-7', '501');
  assert.equal(ack.json<{ seq: number }>().seq, 501);
  const { state } = (await jetstream(fleet, 'STREAM.INFO.NUNECT')) as StreamState;
  assert.deepEqual([state?.messages, state?.first_seq, state?.last_seq], [501, 1, 501]);
  await eventually('the roster has the last of them', async () => {
    const last = await fleet.request('$JS.API.DIRECT.GET.UNITS.ops.roster.ship-7', '');
    return last.string() === '501';
  });
});
