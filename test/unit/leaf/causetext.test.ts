import assert from 'node:assert/strict';
import { test } from 'node:test';
import { causeSentence } from '../../../agent/leaf/causetext.ts';

test('a cause says since when, what to do, and names the clock where it is a matter of dates', () => {
  const since_ms = Date.UTC(2026, 10, 21, 9, 12);
  const auth = { code: 'auth', detail: 'Authorization Violation', since_ms: 0 } as const;
  const expired = { code: 'cert_expired', detail: 'certificate has expired', since_ms: 0 } as const;
  const caveat = 'by a clock that is not synchronised and shows 1970-01-01';
  assert.match(
    causeSentence(auth, { since_ms, now_ms: since_ms + 1000 }, caveat),
    /^the hub refuses the credentials \(Authorization Violation\) since 09:12 UTC; check hub\.user/,
  );
  assert.match(
    causeSentence(auth, { since_ms, now_ms: since_ms + 48 * 3_600_000 }, undefined),
    /since 2026-11-21 09:12 UTC/,
  );
  assert.match(
    causeSentence(expired, { since_ms, now_ms: since_ms }, caveat),
    /^the certificate of the hub has expired \(certificate has expired\), by a clock that is not synchronised .* since 09:12 UTC; check the clock/,
  );
});
