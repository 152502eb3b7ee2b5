import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { nkeys } from '@nats-io/transport-node';
import { enrolledBy, isPinned, pinOf, questionOf, renewalOf } from '../../../agent/enrol/request.ts';
import { type EnrolAnswer, parseEnrolRequest, sealed } from '../../../agent/wire/enrol.ts';
import { hubAnswer, verifyNkey } from '../../kit/hub/enrolled.ts';
import { authority } from '../../kit/leaf/leafdaemon.ts';
import { tempDir } from '../../kit/process/daemon.ts';

const device = nkeys.createUser();
const hub = nkeys.createAccount();
const key = { publicKey: device.getPublicKey(), sign: (data: Uint8Array) => device.sign(data) };
const about = { unit: 'demo-01', own: 'demo-01', role: 'leaf', hardware: 'ab12' };
const question = (nonce = 'n1') =>
  questionOf({ key, token: 't1', by: 't1', hub: hub.getPublicKey(), nonce }, about, verifyNkey);
const accepted = (more: object = {}) => {
  const { hub: _hub, token: _token, ...answer } = hubAnswer(key.publicKey);
  return { ...answer, nonce: 'n1', state: 'accepted', ...more } as EnrolAnswer & { state: 'accepted' };
};

test('a question is signed by the key that it names, and goes where the token may publish', () => {
  const { subject, answers, text } = question();
  assert.equal(subject, 'ops.enrol.t1');
  assert.equal(answers, `ops.enrolled.${key.publicKey}`);
  const read = parseEnrolRequest(text, verifyNkey);
  assert.deepEqual(read, {
    ok: true,
    value: { v: 1, ...about, token: 't1', key: key.publicKey, nonce: 'n1' },
  });
});

test('only the hub that the token names is believed, and only about this question', () => {
  const read = (answer: EnrolAnswer, by = hub) => question().read(sealed(answer, by));
  assert.equal(read(accepted()).ok, true);
  assert.equal(read(accepted(), nkeys.createAccount()).ok, false, 'another hub');
  assert.equal(read(accepted({ nonce: 'n0' })).ok, false, 'a replay');
  assert.equal(read(accepted({ key: nkeys.createUser().getPublicKey() })).ok, false, 'for another device');
});

test('the CA of an answer is that of the pin, and no second one beside it', (t) => {
  const dir = tempDir(t, 'ca');
  const pem = readFileSync(authority(dir).ca, 'utf8');
  const other = readFileSync(authority(tempDir(t, 'ca2')).ca, 'utf8');
  const pin = pinOf(Buffer.from(pem.replace(/-----[^-]*-----|\s/g, ''), 'base64'));
  assert.equal(isPinned(pem, pin), true);
  assert.equal(isPinned(other, pin), false);
  assert.equal(isPinned(pem + other, pin), false);
  assert.equal(isPinned('', pin), false);
  const given = { token: 't1', hub: hub.getPublicKey(), pin };
  assert.equal(enrolledBy(accepted({ ca: pem }), given).ok, true);
  assert.equal(enrolledBy(accepted({ ca: other }), given).ok, false);
  assert.equal(enrolledBy(accepted(), given).ok, false, 'it must give the CA that the token names');
});

test('nothing of an answer gets into a config that would not be allowed there', () => {
  const given = { token: 't1', hub: hub.getPublicKey() };
  const cases: Record<string, object> = {
    unit: { unit: 'a b' },
    leaf_urls: { leaf_urls: ['htp://x'] },
    urls: { urls: ['nats://user:secret@x:1'] },
    jwt: { jwt: accepted().jwt.replace('.', '.\n') },
    renew_jwt: { renew_jwt: hubAnswer(nkeys.createUser().getPublicKey()).renew_jwt },
    ca: { ca: 'no PEM' },
    until_s: { until_s: 1e300 },
  };
  for (const [field, more] of Object.entries(cases)) {
    const found = enrolledBy(accepted(more), given);
    assert.deepEqual(found, { ok: false, why: `the answer has no valid ${field}` });
  }
  assert.equal(enrolledBy(accepted(), given).ok, true);
});

test('a JWT is renewed at two thirds of its life', () => {
  assert.equal(renewalOf({ from_s: 1000, until_s: 1090 }), 1_060_000);
});
