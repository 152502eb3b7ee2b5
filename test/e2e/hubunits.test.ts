// The commands about units, as an operator types them, with devices that enrol by their own command.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect, credsAuthenticator, nkeys } from '@nats-io/transport-node';
import { type HubProgram, hubProgram } from '../kit/hub/hubprogram.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import type { Daemon } from '../kit/process/daemon.ts';
import { eventually } from '../kit/process/daemon.ts';
import { natsServers, withoutNewest } from '../kit/process/tools.ts';

const skip = withoutNewest();
const owner = newOwner();
let hub: HubProgram;
let up: Daemon;

before(async () => {
  if (skip !== false) return;
  hub = await hubProgram(owner, natsServers().newest ?? '');
  up = await hub.up();
});
after(() => owner.end());

const lines = (text: string): Record<string, unknown>[] =>
  text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
const units = async () => lines(await hub.done('units', '--json'));
const stateOf = async (unit: string): Promise<unknown> =>
  (await units()).find((one) => one['unit'] === unit)?.['state'];

/** A client with the login of a device. */
const loginOf = (keep: string) =>
  connect({
    servers: hub.url,
    tls: { caFile: join(keep, 'enrol/ca.pem') },
    authenticator: credsAuthenticator(readFileSync(join(keep, 'enrol/unit.creds'))),
    reconnect: false,
  });

describe('nunect-hub', { skip }, () => {
  test('a device is in by one token, is listed, and shut out at once', async () => {
    const token = await hub.done('token', '--unit', 'r1', '--auto');
    assert.match(token, /^nunect-[\w-]+$/);
    const { code, keep, stdout, stderr } = await hub.enrol('d1', token);
    assert.equal(code, 0, stdout + stderr);
    assert.equal(await stateOf('r1'), 'bound');
    const nc = await loginOf(keep);
    assert.equal(await hub.done('revoke', 'r1'), 'r1 is shut out');
    await nc.closed();
    assert.equal(await stateOf('r1'), 'revoked');
    await assert.rejects(loginOf(keep), /auth/i);
    const again = await hub.enrol('d1', token);
    assert.equal(again.code, 1);
    assert.match(again.stdout + again.stderr, /revoked/);
  });

  test('without --auto a device waits until it is approved, by another id if so wanted', async () => {
    const token = await hub.done('token', '--prefix', 'ship-');
    const enrolling = hub.enrol('d2', token);
    const [request] = await eventually('it waits', async () => {
      const all = lines(await hub.done('pending', '--json'));
      return all.length > 0 && all;
    });
    assert.match(String(request?.['unit']), /^ship-[0-9a-f]{6}$/);
    assert.match(await hub.done('pending'), /its token wants approval/);
    assert.equal((await hub.run('approve', 'nobody')).code, 1);
    await hub.done('approve', String(request?.['unit']), '--as', 'ship-7');
    assert.equal((await enrolling).code, 0);
    assert.equal(await stateOf('ship-7'), 'bound');
    assert.equal(await hub.done('pending'), 'no router waits');
  });

  test('an id that is bound is refused to another device, but by a token that replaces, which closes the old login', async () => {
    const first = await hub.enrol('d3', await hub.done('token', '--unit', 'r3', '--auto'));
    const old = await loginOf(first.keep);
    assert.match((await hub.run('token', '--unit', 'r3')).stderr, /r3 is bound already.*--replace/);
    const other = await hub.done('token', '--auto');
    const refused = await hub.enrol('d4', other, 'r3');
    assert.equal(refused.code, 1);
    assert.match(refused.stdout + refused.stderr, /r3 is another router/);
    const replacing = await hub.done('token', '--unit', 'r3', '--auto', '--replace');
    assert.equal((await hub.enrol('d4', replacing, 'r3')).code, 0);
    await old.closed();
    await assert.rejects(loginOf(first.keep), /auth/i);
  });

  test('units are renamed and forgotten', async () => {
    const { keep } = await hub.enrol('d5', await hub.done('token', '--unit', 'r5', '--auto'));
    const nc = await loginOf(keep);
    nc.publish('ops.heartbeat.r5', '{}');
    for (const aim of ['ops.roster.ghost-1', 'ops.heartbeat.ghost-2'])
      nc.publish('ops.heartbeat.r5', '{}', { reply: aim });
    const fleet = await hub.connect('hub-fleet');
    for (const ghost of ['ghost-1', 'ghost-2'])
      await eventually(`the PubAck of r5 is the roster's word of ${ghost}`, async () =>
        (await fleet.request(`$JS.API.DIRECT.GET.UNITS.ops.roster.${ghost}`, '')).string().includes('"seq"'),
      );
    await eventually(
      'it is heard of',
      async () => (await units()).find(({ unit }) => unit === 'r5')?.['heard_ms'],
    );
    for (const ghost of ['ghost-1', 'ghost-2']) assert.equal(await stateOf(ghost), undefined, 'not heard of');
    assert.equal(await hub.done('rename', 'r5', 'r6'), 'r5 is r6');
    await nc.closed();
    assert.equal(await stateOf('r6'), 'bound');
    assert.equal(await stateOf('r5'), undefined, 'nobody has that id');
    assert.equal(await hub.done('forget', 'r6'), 'r6 is forgotten');
    assert.equal(await stateOf('r6'), undefined);
    assert.match((await hub.run('forget', 'r6')).stderr, /no unit r6/);
  });

  test('a unit that was heard of and never enrolled can be taken off the list', async () => {
    const creds = credsAuthenticator(readFileSync(join(hub.dir, 'operator.creds')));
    const tls = { caFile: join(hub.dir, 'tls/ca.pem') };
    const nc = await connect({ servers: hub.url, tls, authenticator: creds });
    nc.publish('ops.heartbeat.by-password', '{}');
    await eventually('it is heard of', async () => (await stateOf('by-password')) === 'unknown');
    await nc.close();
    assert.equal(await hub.done('forget', 'by-password'), 'by-password is forgotten');
    assert.equal(await stateOf('by-password'), undefined);
    assert.match((await hub.run('forget', 'by-password')).stderr, /no unit by-password/);
  });

  test('tokens are listed and withdrawn', async () => {
    const id = String(lines(await hub.done('token', '--prefix', 'w-', '--uses', '5', '--json'))[0]?.['id']);
    assert.match(await hub.done('token', '--list'), new RegExp(`^${id}  w-\\*.* 0 of 5 used`, 'm'));
    await hub.done('token', '--withdraw', id);
    assert.doesNotMatch(await hub.done('token', '--list'), new RegExp(id));
    for (const wrong of [
      ['--unit', 'a.b'],
      ['--unit', '*'],
      ['--uses', '0'],
      ['--expires', '7'],
      ['--replace'],
      ['x'],
    ])
      assert.equal((await hub.run('token', ...wrong)).code, 2, wrong.join(' '));
  });

  test('with the keys elsewhere a unit gets no new login, and is shut out once they are back', async () => {
    const { keep } = await hub.enrol('d7', await hub.done('token', '--unit', 'r7', '--auto'));
    const nc = await loginOf(keep);
    renameSync(join(hub.dir, 'keys'), join(hub.dir, 'keys-elsewhere'));
    const without = await hub.run('revoke', 'r7');
    assert.equal(without.code, 1);
    assert.match(without.stderr, /keys\/operator-signing is missing.*nunect-hub revoke/);
    assert.match(without.stdout, /^r7 gets no new login$/m);
    assert.equal(await stateOf('r7'), 'revoked');
    assert.equal(nc.isClosed(), false);
    const health = async (): Promise<number | null> => (await hub.run('status')).code;
    await eventually(
      'a hub that cannot shut out whom it should is not healthy',
      async () => (await health()) === 1,
    );
    assert.match((await hub.run('status')).stdout, /void logins still hold/);
    mkdirSync(join(hub.dir, 'keys'));
    const other = new TextDecoder().decode(nkeys.createOperator().getSeed());
    writeFileSync(join(hub.dir, 'keys/operator-signing'), other);
    assert.match((await hub.run('revoke', 'r7')).stderr, /keys\/operator-signing is of another hub/);
    assert.equal(nc.isClosed(), false);
    rmSync(join(hub.dir, 'keys'), { recursive: true });
    renameSync(join(hub.dir, 'keys-elsewhere'), join(hub.dir, 'keys'));
    await hub.done('revoke');
    await nc.closed();
    await eventually('it is healthy again', async () => (await health()) === 0);
  });

  test('what was bound and shut out is so after a restart of all', async () => {
    const before = await units();
    await up.endGently();
    const down = await hub.run('units');
    assert.equal(down.code, 1);
    assert.match(down.stderr, /does the hub run\?/);
    up = await hub.up();
    assert.deepEqual(await units(), before);
  });
});
