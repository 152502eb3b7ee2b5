// A router whose config has nothing but a token, on OpenWrt's own procd, ubus, uci and opkg, and a hub that `nunect-hub` made.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import { type HubProgram, hubProgram } from '../kit/hub/hubprogram.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually } from '../kit/process/daemon.ts';
import { natsServers, need } from '../kit/process/tools.ts';
import { bootRouter, installNunect, type Router } from './router.ts';

const tree = process.env['OPENWRT_TREE'] ?? '';
const owner = newOwner();
const folder = '/etc/nunect/enrol';

let hub: HubProgram;
let fleet: NatsConnection;
let router: Router;

/** An echo of that unit at the hub. */
const answered = (unit: string): Promise<unknown> =>
  eventually(
    `an echo of ${unit} at the hub`,
    () =>
      fleet.request(`ops.echo.${unit}`, 'x', { timeout: 500 }).then(
        (reply) => reply.string() === 'x',
        () => false,
      ),
    60_000,
    200,
  );
const key = async (): Promise<string> =>
  (await router.ok(`sed -n 's/.*"key": *"\\(U[A-Z2-7]*\\)".*/\\1/p' ${folder}/hub.json`)).trim();
const pids = async () => ({
  agent: await router.pid('nunect', 'agent'),
  takeover: await router.pid('nunect', 'takeover'),
  leaf: await router.pid('nunect-leaf'),
});
const seed = (): Promise<string> => router.ok(`cat ${folder}/seed`).then((text) => text.trim());

/** Whose the files of the enrolment are, and who may read them. */
async function ownFiles(): Promise<void> {
  const listed = await router.ok(`ls -ln ${folder} && ls -dln ${folder}`);
  const rows = listed.split('\n').flatMap((line) => {
    const [mode, , uid, gid, ...rest] = line.split(/\s+/);
    return rest.length === 0 ? [] : [`${mode} ${uid} ${gid} ${rest.at(-1)}`];
  });
  assert.deepEqual(rows.sort(), [
    ...['ca.pem', 'hub.json', 'seed', 'unit.creds'].map((name) => `-rw------- 4222 4222 ${name}`),
    `drwx------ 4222 4222 ${folder}`,
  ]);
  const files = 'find /etc /tmp /root /usr/lib/nunect -type f'; // of /var, too, and not the FIFO, at which grep would wait
  const holding = await router.ok(`${files} | xargs grep -lF ${await seed()} | sort -u`);
  assert.deepEqual(holding.trim().split('\n'), [`${folder}/seed`, `${folder}/unit.creds`]);
}

describe('a router with a token, on OpenWrt', { concurrency: false }, () => {
  before(async () => {
    hub = await hubProgram(owner, natsServers().newest ?? need('nats-server'));
    await hub.up();
    fleet = await hub.asUser('hub-fleet');
    router = await bootRouter(owner, tree);
    await installNunect(router);
  });
  after(async () => {
    if (process.env['NUNECT_LOG'] !== undefined) console.log((await router.log()).join('\n'));
    await owner.end();
  });

  it('enrols by its own services after a commit of hub.enrol_token, and is in the fleet', async () => {
    const token = await hub.done('token', '--unit', 'field-01', '--auto');
    const was = await pids();
    assert.equal(was.takeover, undefined);
    await router.ok('reload_config'); // takes note of a file that was installed since the boot
    await router.ok(`uci set nunect.hub.enrol_token=${token} && uci commit nunect && reload_config`);
    const began = performance.now();
    await answered('field-01');
    console.log(`from the commit to the first echo: ${((performance.now() - began) / 1000).toFixed(1)} s`);
    assert.match(await hub.done('units'), /^field-01 .* in /m);
    const now = await pids();
    assert.equal(now.agent, was.agent, 'the agent has gone on');
    assert.notEqual(now.leaf, was.leaf);
    assert.match(await router.ok(`grep ^Uid /proc/${now.takeover}/status`), /Uid:(\s+0){4}/);
    await ownFiles();
  });

  it('a reload changes nothing, whether by hand or with the token removed', async () => {
    const [was, before] = [await pids(), await key()];
    await router.ok('/etc/init.d/nunect reload');
    assert.deepEqual(await pids(), was);
    await router.ok('uci delete nunect.hub.enrol_token && uci commit nunect && /etc/init.d/nunect reload');
    await answered('field-01');
    assert.deepEqual([await pids(), await key()], [was, before]);
  });

  it('after a power cut it joins with the same key', async () => {
    const before = await key();
    await router.powerCycle();
    await answered('field-01');
    assert.equal(await key(), before);
    await ownFiles();
  });

  it('renamed at the hub, its services take over what the agent has fetched', async () => {
    const before = await key();
    await hub.done('rename', 'field-01', 'field-02');
    await answered('field-02');
    assert.equal(await key(), before);
    assert.match(await router.ok('cat /var/run/nunect/leaf.conf'), /server_name: "field-02"/);
  });

  it('enrols by the command as root, which has the services take it over', async () => {
    await router.ok(`/etc/init.d/nunect stop && rm -r ${folder} && /etc/init.d/nunect start`);
    assert.equal(await router.pid('nunect', 'takeover'), undefined);
    const token = await hub.done('token', '--unit', 'field-03', '--auto');
    const said = await router.ok(`nunect enrol ${token} --wait 60`);
    assert.match(said, /^key U\w{55}$[\s\S]*^enrolled as field-03 at tls:/m);
    await answered('field-03');
    await ownFiles();
    assert.notEqual(await router.pid('nunect', 'takeover'), undefined);
  });

  it('removal takes the enrolment with it', async () => {
    await router.ok('opkg remove nunect nats-server');
    assert.equal((await router.sh(`ls ${folder}`)).code === 0, false);
  });
});
