import assert from 'node:assert/strict';
import { test } from 'node:test';
import { causeOfLink, linkErrorText } from '../../../agent/leaf/linkcause.ts';
import { FaultError, linkErrorOf } from '../../../agent/nats/linkerror.ts';

test('a fault that we find ourselves has its cause by its code, whatever its words are', () => {
  for (const [fault, cause] of [
    ['not_nats', 'protocol'],
    ['closed', 'dropped'],
  ] as const) {
    assert.equal(causeOfLink({ text: 'ECONNREFUSED timed out', fault }), cause);
    assert.equal(causeOfLink(linkErrorOf(new FaultError(fault, 'anything'))), cause);
  }
});

test('of an error of others its code comes before its words', () => {
  assert.equal(causeOfLink({ text: 'connect to timeout.example', code: 'ECONNREFUSED' }), 'refused');
  assert.equal(causeOfLink({ text: "'Authorization Violation'" }), 'auth');
  assert.equal(causeOfLink({ text: 'tls: certificate required', code: 'EPROTO' }), 'client_cert');
  assert.equal(causeOfLink({ text: 'something else' }), undefined);
});

test('the clock is named only where the date of a certificate is the cause, and hides no cause', () => {
  const dated = { text: 'certificate is not yet valid', code: 'CERT_NOT_YET_VALID' };
  assert.equal(linkErrorText(dated, 'by a bad clock'), 'certificate is not yet valid, by a bad clock');
  assert.equal(linkErrorText(dated, undefined), dated.text);
  assert.equal(causeOfLink(dated), 'cert_not_yet');
  assert.equal(linkErrorText({ text: 'connection refused' }, 'by a bad clock'), 'connection refused');
});
