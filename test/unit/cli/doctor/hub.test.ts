import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HubEvidence, judgeHub } from '../../../../agent/cli/doctor/hub.ts';
import { commandsOf } from '../../../../agent/health/host.ts';
import { withOptions } from '../../../kit/leaf/leafconfig.ts';
import { levels, resultOf } from '../../../kit/unit/checkresults.ts';
import { findingLike } from '../../../kit/unit/unitfakes.ts';

const contextOf = (url: string) => ({
  config: withOptions({ hub: { url: [url], user: 'u' } }),
  host: commandsOf('openwrt'),
});
const context = contextOf('tls://h:7422');
const away: HubEvidence = { joined: false, probes: [] };
const judged = (changes: Partial<HubEvidence>, by = context) => judgeHub({ ...away, ...changes }, by);
const probe = { url: 'tls://h:7422', address: '10.0.0.1:7422' } as const;
const refused = [{ ...probe, step: 'tcp', why: 'ECONNREFUSED' }] as const;

test('on the way to the hub all before the fault is well, and what comes after it is not judged', () => {
  assert.deepEqual(levels(judged({ joined: true, proof: 'joined' })), [
    'hub name OK',
    'hub TCP OK',
    'hub TLS OK',
    'hub login OK',
  ]);
  const tcp = judged({ probes: refused });
  assert.deepEqual(levels(tcp), ['hub name OK', 'hub TCP FAIL', 'hub TLS skip', 'hub login skip']);
  assert.match(resultOf(tcp, 'hub TCP').detail, /nobody listens .* \(ECONNREFUSED at 10\.0\.0\.1:7422\)/);
  const dns = judged({ probes: [{ url: probe.url, step: 'dns', why: 'queryA ECONNREFUSED h' }] });
  assert.equal(resultOf(dns, 'hub name').level, 'FAIL', 'a DNS server that refuses is no hub that refuses');
});

test('a link without TLS is not said to have any, however far it came', () => {
  const plain = contextOf('nats://h:7422');
  const answers = { joined: undefined, probes: [{ ...probe, step: 'open' }] } as const;
  const refusal = { sign: { code: 'auth', detail: 'no' } } as const;
  for (const evidence of [{ joined: true, proof: 'joined' }, answers, refusal]) {
    const { level, detail } = resultOf(judged(evidence, plain), 'hub TLS');
    assert.deepEqual([level, detail], ['skip', 'hub.url uses no TLS']);
  }
  const demanded = judged({ sign: { code: 'tls_demanded', detail: 'no' } }, plain);
  assert.equal(resultOf(demanded, 'hub TLS').level, 'FAIL');
});

test('what a probe found itself is not read back from its text', () => {
  const [, , tls] = judged({ probes: [{ ...probe, step: 'tls', why: 'whatever', cause: 'tls_missing' }] });
  assert.deepEqual([tls?.what, tls?.level], ['hub TLS', 'FAIL']);
  assert.match(tls?.detail ?? '', /\(whatever at 10\.0\.0\.1:7422\)/);
});

test('without a cause the login is what fails, with the log to look into', () => {
  const [login] = judged({});
  assert.deepEqual(
    [login?.what, login?.level, login?.detail],
    ['hub login', 'FAIL', 'the hub is not joined'],
  );
  assert.match(login?.mend ?? '', /^tail /);
});

test('a hub of which nobody can say more than that its address answers is not called broken', () => {
  assert.deepEqual(levels(judged({ joined: undefined, probes: [{ ...probe, step: 'open' }] })), [
    'hub name OK',
    'hub TCP OK',
    'hub TLS OK',
    'hub login skip',
  ]);
});

test('a refusal that the agent reports stands; a link that just ended gives way to an address that is shut', () => {
  const finding = findingLike({ text: 'as reported', remedy: 'reported remedy' });
  const auth = resultOf(judged({ probes: refused, finding: { ...finding, cause: 'auth' } }), 'hub login');
  assert.deepEqual([auth.detail, auth.mend], ['as reported', 'reported remedy']);
  const ended = judged({ probes: refused, finding: { ...finding, cause: 'dropped' } });
  assert.equal(resultOf(ended, 'hub TCP').level, 'FAIL');
  const same = resultOf(judged({ probes: refused, finding: { ...finding, cause: 'refused' } }), 'hub TCP');
  assert.equal(same.detail, 'as reported');
});

test('a cause from the log, or of a login of our own, is shown with what mends it', () => {
  const sign = { code: 'auth', detail: 'Authorization Violation' } as const;
  const login = resultOf(judged({ sign }), 'hub login');
  assert.match(login.detail, /the hub refuses the credentials \(Authorization Violation\); check/);
  assert.match(login.mend ?? '', /^uci set nunect\.hub\.password=/);
});
