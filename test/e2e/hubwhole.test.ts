// From an empty folder to a unit that answers, by the two commands and one token; then as a unit lives: renamed, shut out.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import { readCreds } from '../../agent/config/formats/creds.ts';
import {
  caNames,
  type HubUser,
  hubKeys,
  hubPaths,
  hubUsers,
  issuerKeys,
} from '../../agent/hub/kit/hubdir.ts';
import { parseEnrolToken } from '../../agent/wire/enrol.ts';
import { allFiles, leaksIn, type Planted, seedForms, watchProcesses } from '../kit/attack/secrets.ts';
import { jetstream } from '../kit/hub/fleet.ts';
import { hubProgram } from '../kit/hub/hubprogram.ts';
import { allStored, readStream } from '../kit/hub/storedids.ts';
import { eventually } from '../kit/process/daemon.ts';
import { natsServers, withoutNewest } from '../kit/process/tools.ts';
import { answersEcho as answers, tokenUnit } from '../kit/unit/selfrendering.ts';

const program = natsServers().newest ?? '';

/** Secrets of a hub, each with the files of its folder that may have it. */
function secretsOf(dir: string) {
  const paths = hubPaths(dir);
  const inPem = (path: string): string => readFileSync(path, 'utf8').split('\n')[1] ?? '';
  const caKey = join(dir, 'keys', caNames.key);
  const found: { secret: Planted; files: string[] }[] = [
    { secret: { 'key of the server': inPem(paths.certKey) }, files: [paths.certKey] },
    { secret: { 'key of the CA': inPem(caKey) }, files: [caKey] },
  ];
  for (const name of Object.keys(hubKeys)) {
    const file = join(dir, 'keys', name);
    const issuer = issuerKeys.filter((key) => key === name).map(paths.issuerSeed);
    found.push({ secret: seedForms(name, readFileSync(file, 'utf8')), files: [file, ...issuer] });
  }
  const creds = [...(Object.keys(hubUsers) as HubUser[]).map(paths.issuerCreds), paths.operatorCreds];
  for (const file of creds) {
    const read = readCreds(readFileSync(file, 'utf8'));
    assert.ok(read.ok, file);
    found.push({ secret: seedForms(basename(file), read.value.seed), files: [file] });
  }
  return found;
}

/** Which secret is in which file, as lines. */
const foundIn = (dir: string, planted: Planted): string[] =>
  allFiles(dir)
    .flatMap(({ path, text }) => leaksIn(text, planted).map((name) => `${name}: ${path}`))
    .sort();

/** All that a client is told of the streams of an account, as text. */
async function streamTexts(nc: NatsConnection): Promise<string> {
  const { streams = [] } = (await jetstream(nc, 'STREAM.NAMES')) as { streams?: string[] };
  const texts: string[] = [];
  for (const stream of streams) {
    const { state } = (await jetstream(nc, `STREAM.INFO.${stream}`)) as { state?: { last_seq: number } };
    for (let seq = 1; seq <= (state?.last_seq ?? 0); seq += 1) {
      const { message } = (await jetstream(nc, `STREAM.MSG.GET.${stream}`, { seq })) as {
        message?: { subject: string; data?: string; hdrs?: string };
      };
      if (message === undefined) continue; // another of its subject has taken its place
      const parts = [message.data, message.hdrs].map((part) =>
        Buffer.from(part ?? '', 'base64').toString('latin1'),
      );
      texts.push(message.subject, ...parts);
    }
  }
  return texts.join('\n');
}

test('init, up, one token: the unit answers; renamed it comes back by its new id; shut out it is gone, and says so', {
  skip: withoutNewest(),
}, async (t) => {
  const processes = watchProcesses(t);
  const begun_ms = performance.now();
  const hub = await hubProgram(t, program);
  await hub.up();
  const token = await hub.done('token', '--unit', 'tower-1', '--auto');
  const unit = await tokenUnit(t, { token });
  const nc = await hub.connect('hub-fleet');
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

  await t.test('no secret of unit, hub or token is where it need not be', async () => {
    for (const command of [['init'], ['status'], ['status', '--json'], ['pending'], ['units', '--json']])
      await hub.run(command[0] ?? '', ...command.slice(1));
    await hub.done('token', '--list', '--json');
    const out = join(hub.dir, '../exported');
    await hub.done('export', '--out', out);
    const read = parseEnrolToken(token);
    assert.ok(read.ok);
    const ofUnit = seedForms('seed of the unit', readFileSync(join(unit.keep, 'enrol/seed'), 'utf8'));
    const ofToken = seedForms('seed of the token', read.value.seed);
    const ofHub = secretsOf(hub.dir);
    const all: Planted = Object.assign({}, ofUnit, ofToken, ...ofHub.map(({ secret }) => secret));

    const expected = ofHub.flatMap(({ secret, files }) =>
      files.map((file) => `${Object.keys(secret)[0]}: ${file}`),
    );
    assert.deepEqual(foundIn(hub.dir, all), expected.sort(), 'each of the hub where it belongs');
    assert.deepEqual(foundIn(out, all), [`key of the server: ${join(out, '127.0.0.1/tls/server-key.pem')}`]);
    const atUnit = foundIn(unit.dir, { ...all, ...ofToken }).filter(
      (line) => !line.startsWith('seed of the token'),
    );
    for (const line of atUnit)
      assert.ok(line.startsWith(`seed of the unit: ${join(unit.keep, 'enrol')}/`), line);
    assert.ok(atUnit.length > 0, 'the search finds');

    assert.ok(hub.said().includes(token), 'the token is printed');
    assert.deepEqual(leaksIn(hub.said().replace(token, ''), all), [], 'what the commands and up print');
    assert.deepEqual(leaksIn(unit.agent().output(), all), [], 'what the agent prints');
    const seen = processes();
    for (const word of ['nunect-hub.cjs\0up', 'nunect-hub.cjs\0token', 'nats.conf', 'nunect.cjs\0run'])
      assert.ok(seen.includes(word), `${word} was seen`);
    assert.deepEqual(leaksIn(seen, all), [], 'the list of processes');

    const streams = async (): Promise<string> =>
      (
        await Promise.all(
          (['hub-fleet', 'hub-enrol', 'hub-book'] as const).map(async (user) =>
            streamTexts(await hub.connect(user)),
          ),
        )
      ).join('\n');
    const stored = await streams();
    for (const word of ['ops.heartbeat.tower-1', 'ops.enrol.', 'bound.unit.tower-2', 'ops.roster.tower-2'])
      assert.ok(stored.includes(word), `${word} was read`);
    assert.deepEqual(leaksIn(stored, all), [], 'the streams');
    await nc.request('ops.log.INFO.careless', `seed ${Object.values(ofUnit)[0]}`);
    assert.deepEqual(leaksIn(await streams(), all), ['seed of the unit'], 'the search finds');
  });
});
