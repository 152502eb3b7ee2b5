import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CauseCode,
  causeIn,
  causeOf,
  causes,
  causeText,
  noOutage,
  withSign,
} from '../../../agent/leaf/causes.ts';

test('a dial that is refused is outweighed by what the hub says once it answers, and not the other way round', () => {
  const refused = { code: 'refused', detail: 'a' } as const;
  const auth = { code: 'auth', detail: 'b' } as const;
  const both = withSign(withSign(noOutage, refused, 0), auth, 10);
  assert.equal(causeIn(both)?.code, 'auth');
  assert.equal(
    causeIn(withSign(both, refused, 20))?.code,
    'auth',
    'another address that is down hides nothing',
  );
  assert.equal(
    causeIn(withSign(both, refused, 200_000))?.code,
    'refused',
    'auth was not seen for two minutes',
  );
});

test('a break gives way to what keeps the link broken', () => {
  const dropped = { code: 'dropped', detail: 'a' } as const;
  const refused = { code: 'refused', detail: 'b' } as const;
  const both = withSign(withSign(noOutage, dropped, 0), refused, 1000);
  assert.equal(causeIn(both)?.code, 'dropped', 'it may go on');
  assert.equal(causeIn(withSign(both, refused, 15_000))?.code, 'refused');
});

test('a cause keeps the time at which it was first seen', () => {
  const auth = { code: 'auth', detail: 'b' } as const;
  assert.equal(causeIn(withSign(withSign(noOutage, auth, 5), auth, 90_000))?.since_ms, 5);
  assert.equal(causeIn(noOutage), undefined);
});

test('what node and nats.js say of a connection has a cause too', () => {
  const texts: readonly (readonly [string, CauseCode])[] = [
    ["'Authorization Violation'", 'auth'],
    ['getaddrinfo ENOTFOUND hub.example', 'dns'],
    ['connect ECONNREFUSED 127.0.0.1:4222', 'refused'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'ca'],
    ['CERT_HAS_EXPIRED certificate has expired', 'cert_expired'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'cert_name'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'client_cert'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls_missing'],
    ["'tls' is not available on this server", 'tls_missing'],
  ];
  for (const [text, code] of texts) assert.equal(causeOf(text), code, text);
  assert.equal(causeOf('something else'), undefined);
});

test('every cause says what to do, in a sentence that goes on', () => {
  for (const [code, { text: what, todo }] of Object.entries(causes)) {
    assert.match(causeText({ code: code as CauseCode, detail: 'x' }), /^[a-z].* \(x\)$/);
    for (const text of [what, todo]) assert.doesNotMatch(text, /\.$/, text);
  }
});
