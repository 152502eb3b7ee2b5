import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nkeys } from '@nats-io/transport-node';
import { enrolDirOf } from '../../../agent/config/enrolfiles.ts';
import {
  parseEnrolledHub,
  readEnrolment,
  withEnrolment,
  withoutEnrolment,
} from '../../../agent/config/enrolled.ts';
import type { Config } from '../../../agent/config/options.ts';
import { hubAnswer } from '../../kit/hub/enrolled.ts';
import { tempDir } from '../../kit/process/daemon.ts';
import { loadUci } from '../../kit/unit/config.ts';

const key = nkeys.createUser().getPublicKey();
const enrolment = { dir: '/etc/nunect/enrol', hub: hubAnswer(key) };
const ca = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const withHub = (base: Config, hub: Partial<Config['hub']>): Config => ({
  ...base,
  hub: { ...base.hub, ...hub },
});
const own = loadUci("config agent\n option unit 'demo-01'\n").config;

test('a config that names no hub gets the one that the device is enrolled with', () => {
  const { config: made, problems } = withEnrolment(own, { ...enrolment, hub: { ...enrolment.hub, ca } });
  assert.deepEqual(problems, []);
  assert.deepEqual(made.hub.url, ['tls://hub.example.org:7422']);
  assert.equal(made.hub.creds_file, '/etc/nunect/enrol/unit.creds');
  assert.equal(made.hub.tls_ca, '/etc/nunect/enrol/ca.pem');
  assert.deepEqual(made.enrolled, { dir: '/etc/nunect/enrol', key });
  assert.deepEqual(withoutEnrolment(made).hub, own.hub);
});

test('without a leaf the agent is a client of the hub', () => {
  const off = { ...own, leaf: { ...own.leaf, mode: 'off' as const } };
  assert.deepEqual(withEnrolment(off, enrolment).config.hub.url, ['tls://hub.example.org:4222']);
  const external = { ...own, leaf: { ...own.leaf, mode: 'external' as const } };
  assert.equal(withEnrolment(external, enrolment).config, external);
});

test('a hub that the config names wins, and that is said', () => {
  const named = withHub(own, { url: ['nats://mine:7422'], user: 'u' });
  const { config: made, problems } = withEnrolment(named, enrolment);
  assert.equal(made, named);
  assert.deepEqual(
    problems.map(({ option, severity }) => [option, severity]),
    [['hub.url', 'warning']],
  );
});

test('contradictions are said: a second login, another CA, another unit, another role', () => {
  const odd = withHub(
    { ...own, agent: { ...own.agent, unit: 'mine', role: 'relay' } },
    { user: 'u', password: 'p', tls_ca: '/x.pem' },
  );
  const { config: made, problems } = withEnrolment(odd, { ...enrolment, hub: { ...enrolment.hub, ca } });
  assert.deepEqual(problems.map(({ option, severity }) => `${severity} ${option}`).sort(), [
    'error agent.role',
    'error agent.unit',
    'warning hub.password',
    'warning hub.tls_ca',
    'warning hub.user',
  ]);
  assert.equal(made.hub.user, undefined);
  assert.equal(made.agent.unit, 'mine', 'what the config says wins');
  assert.ok(problems.every(({ message }) => !message.includes("'p'")));
});

test('what is no answer of a hub is told by the first field that is wrong', () => {
  const text = (more: object): string => JSON.stringify({ ...enrolment.hub, ...more });
  assert.deepEqual(parseEnrolledHub(text({})), { ok: true, value: enrolment.hub });
  assert.deepEqual(parseEnrolledHub('{'), { ok: false, why: 'is no JSON' });
  assert.deepEqual(parseEnrolledHub('[]'), { ok: false, why: 'is not of this version of nunect' });
  for (const [field, value] of Object.entries({
    unit: 'a.b',
    key: 'UX',
    hub: 'x',
    token: '',
    urls: [],
    ca: 'x',
  }))
    assert.deepEqual(parseEnrolledHub(text({ [field]: value })), { ok: false, why: `has no valid ${field}` });
});

test('root follows no link out of the folder, which is not its own', (t) => {
  const dir = enrolDirOf(tempDir(t, 'keep'));
  mkdirSync(dir);
  assert.equal(readEnrolment(dir), undefined);
  const secret = join(dir, '..', 'secret');
  writeFileSync(secret, JSON.stringify(enrolment.hub));
  symlinkSync(secret, join(dir, 'hub.json'));
  assert.equal(readEnrolment(dir), undefined);
});
