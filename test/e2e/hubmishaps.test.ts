// What befalls a hub with a real unit: its folder issuer/ stolen, an account of before brought again, stream BOUND lost.
import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect, credsAuthenticator, type NatsConnection, nkeys } from '@nats-io/transport-node';
import { formatCreds } from '../../agent/config/formats/creds.ts';
import { hubPaths, hubUsers } from '../../agent/hub/kit/hubdir.ts';
import { readHub } from '../../agent/hub/kit/hubfiles.ts';
import { scopedUserJwt } from '../../agent/hub/kit/jwt.ts';
import { readKey, seedText } from '../../agent/hub/kit/keys.ts';
import { jetstream } from '../kit/hub/fleet.ts';
import { type HubProgram, hubProgram } from '../kit/hub/hubprogram.ts';
import { allStored, readStream } from '../kit/hub/storedids.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { type Daemon, eventually } from '../kit/process/daemon.ts';
import { natsServers, withoutNewest } from '../kit/process/tools.ts';
import { answersEcho, type TokenUnit, tokenUnit } from '../kit/unit/selfrendering.ts';

const skip = withoutNewest();
const program = process.env['NUNECT_HUB_SERVER'] ?? natsServers().newest ?? '';
const owner = newOwner();
let hub: HubProgram;
let up: Daemon;
let unit: TokenUnit;
/** As whoever has a copy of the folder from before it got new keys. */
let stolen: string;

const fileOf = () => readHub(hub.dir) ?? assert.fail('there is no hub');
const text = (path: string): string => readFileSync(path, 'utf8');

async function login(creds: string): Promise<NatsConnection> {
  const authenticator = credsAuthenticator(new TextEncoder().encode(creds));
  const tls = { caFile: hubPaths(hub.dir).ca };
  const nc = await connect({ servers: hub.url, tls, authenticator, reconnect: false });
  owner.after(() => nc.close());
  return nc;
}

/** A login that the key in a folder signs: `ahead_s` as if at a later time. */
function signed(dir: string, key: 'unit' | 'token' | 'renew', name: string, ahead_s = 0): string {
  const user = nkeys.createUser();
  const now_s = Math.floor(Date.now() / 1000) + ahead_s;
  const account = fileOf().publicKeys[key === 'unit' ? 'fleet' : 'enrol'];
  const claims = { name, key: user.getPublicKey(), account, until_s: now_s + 3600, tags: ['role:leaf'] };
  return formatCreds({ jwt: scopedUserJwt(claims, readKey(join(dir, key)), now_s), seed: seedText(user) });
}

/** All that the folder issuer/ lets anybody log in with. */
const allLogins = (dir: string, ahead_s = 0): string[] => [
  ...Object.keys(hubUsers).map((user) => text(join(dir, `${user}.creds`))),
  ...(['unit', 'token', 'renew'] as const).map((key) => signed(dir, key, 'thief', ahead_s)),
];

const enrolled = (): { key: string; hub: string; jwt: string; until_s: number } =>
  JSON.parse(text(join(unit.enrolDir, 'hub.json')));
const asFleet = (): Promise<NatsConnection> => login(text(hubPaths(hub.dir).issuerCreds('hub-fleet')));
const status = async (): Promise<{ status: string; problems: { text: string }[] }> =>
  JSON.parse((await hub.run('status', '--json')).stdout);
const stateOf = async (): Promise<unknown> =>
  (await hub.done('units', '--json'))
    .split('\n')
    .map((line) => JSON.parse(line || '{}') as Record<string, unknown>)
    .find((one) => one['unit'] === 'tower-1')?.['state'];
const linesWith = (pattern: RegExp): number =>
  up
    .output()
    .split('\n')
    .filter((line) => pattern.test(line)).length;

/** Has `up` read all again, and waits until it says so. */
async function reload(said: RegExp): Promise<void> {
  const before = linesWith(said);
  up.kill('SIGHUP');
  await eventually('it has read all again', () => linesWith(said) > before);
}

before(async () => {
  if (skip !== false) return;
  hub = await hubProgram(owner, program);
  up = await hub.up();
  unit = await tokenUnit(owner, { program, token: await hub.done('token', '--unit', 'tower-1', '--auto') });
  const nc = await asFleet();
  await eventually('the first echo', () => answersEcho(nc, 'tower-1'));
  stolen = join(hub.dir, '../stolen');
  cpSync(hubPaths(hub.dir).issuer, stolen, { recursive: true });
});
after(() => owner.end());

describe('a hub', { skip }, () => {
  test('whose revoked unit is let in by an account of before brings the last one at once', async () => {
    const { publicKeys } = fileOf();
    const path = hubPaths(hub.dir).accountJwt(publicKeys.fleet);
    const earlier = text(path);
    const gone = await hub.enrol('gone', await hub.done('token', '--unit', 'gone', '--auto'));
    const creds = text(join(gone.keep, 'enrol/unit.creds'));
    await hub.done('revoke', 'gone');
    await assert.rejects(login(creds), /auth/i);
    const thief = await login(text(join(stolen, 'hub-sys.creds')));
    const last = text(path);
    assert.notEqual(last, earlier);
    for (const forged of [earlier, foreignJwt(earlier)]) {
      const warned = linesWith(/is told again/);
      const answer = await thief.request('$SYS.REQ.CLAIMS.UPDATE', forged, { timeout: 5000 });
      assert.equal(answer.json<{ data: { code: number } }>().data.code, 200, 'the server takes it');
      await eventually('the last one is back', () => text(path) === last);
      await assert.rejects(login(creds), /auth/i);
      assert.ok(linesWith(/WARN.*is told again/) > 0 || warned > 0);
    }
    await (await asFleet()).close();
  });

  test('that has lost stream BOUND says so, units go on, and are bound again when they renew', async () => {
    const book = await hub.connect('hub-book');
    await jetstream(book, 'STREAM.DELETE.BOUND');
    assert.match(
      (await status()).problems.map(({ text }) => text).join(),
      /stream BOUND of BOOK: stream not found/,
    );
    assert.equal((await hub.run('units')).code, 1);
    await reload(/stream BOUND of BOOK is made/);
    const fleet = await asFleet();
    assert.ok(await answersEcho(fleet, 'tower-1'), 'the unit has noticed nothing');
    const seen = await status();
    assert.equal(seen.status, 'degraded');
    assert.match(
      String(seen.problems[0]?.text),
      /BOUND has no record of units that are heard of \(tower-1\)/,
    );
    const listed = await hub.run('units');
    assert.match(listed.stdout, /^tower-1 +unknown/m);
    assert.match(listed.stderr, /BOUND has no record.*tower-1.*its records are lost/);
    await unit.restart(() => {
      // as it is when two thirds of its login are over
      const { key, ...more } = enrolled();
      const [iat_s, until_s] = [-3600, 600].map((s) => Math.floor(Date.now() / 1000) + s) as [number, number];
      const account = fileOf().publicKeys.fleet;
      const claims = { name: 'tower-1', key, account, until_s, tags: ['role:leaf'] };
      const jwt = scopedUserJwt(claims, readKey(hubPaths(hub.dir).issuerSeed('unit')), iat_s);
      writeFileSync(join(unit.enrolDir, 'hub.json'), JSON.stringify({ ...more, key, jwt, until_s }));
    });
    await eventually('it waits', async () =>
      /^tower-1 .*its binding is lost/m.test(await hub.done('pending')),
    );
    await eventually('it answers meanwhile', () => answersEcho(fleet, 'tower-1'));
    const { jwt, key } = enrolled();
    assert.equal(await hub.done('approve', 'tower-1'), `tower-1 is in, with key ${key}`);
    await eventually('it has its new login', () => enrolled().jwt !== jwt);
    assert.equal(await stateOf(), 'bound');
    await eventually('it answers', () => answersEcho(fleet, 'tower-1'));
    assert.deepEqual((await status()).problems, []);
  });

  test('that gets a new issuer: the old folder is of no use, and one token without --auto has the unit back', async (t) => {
    const open = await Promise.all(allLogins(stolen).map(login));
    const operator = await login(text(hubPaths(hub.dir).operatorCreds));
    const { key, hub: oldAnswers } = enrolled();
    await hub.done('init', '--new-issuer');
    const begun_ms = performance.now();
    await reload(/reload: nats-server uses the config/);
    await Promise.all([...open, operator].map((nc) => nc.closed()));
    t.diagnostic(
      `all that the old folder had open was closed in ${(performance.now() - begun_ms).toFixed(0)} ms`,
    );
    for (const creds of [...allLogins(stolen), ...allLogins(stolen, 3600)])
      await assert.rejects(login(creds), /auth/i);
    for (const creds of allLogins(hubPaths(hub.dir).issuer)) await (await login(creds)).close();
    const nc = await asFleet();
    await eventually('the unit says so', async () =>
      (await unit.problems()).some((text) => /refuses|authoriz|login/i.test(text)),
    );
    assert.equal(await answersEcho(nc, 'tower-1'), false);
    unit.give(await hub.done('token', '--expires', '30d'));
    await eventually('the unit is back', () => answersEcho(nc, 'tower-1'));
    assert.equal(await hub.done('pending'), 'no router waits');
    assert.equal(await stateOf(), 'bound');
    const now = enrolled();
    assert.equal(now.key, key);
    assert.notEqual(now.hub, oldAnswers);
    assert.equal(now.hub, fileOf().publicKeys.answers);
    const records = await readStream(nc, 'NUNECT');
    for (const boot of new Set(records.map((record) => record.boot).filter((one) => one !== '')))
      assert.equal((await allStored(nc, 'NUNECT', boot)).doubled, 0);
    assert.deepEqual((await status()).problems, []);
  });
});

/** The same account with the signature of an operator that is none of this hub, as of a later time. */
function foreignJwt(jwt: string): string {
  const [head = '', body = ''] = jwt.split('.');
  const signer = nkeys.createOperator();
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as { iat: number };
  const said = JSON.stringify({ ...claims, iat: claims.iat + 9999, iss: signer.getPublicKey() });
  const whole = `${head}.${Buffer.from(said).toString('base64url')}`;
  return `${whole}.${Buffer.from(signer.sign(Buffer.from(whole))).toString('base64url')}`;
}
