import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FaultError, linkErrorOf } from '../../../agent/nats/linkerror.ts';

const system = (code: string, message: string): Error => Object.assign(new Error(message), { code });

test('an error of the system keeps its code, also where nats.js has put words of its own before it', () => {
  const refused = system('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:4222');
  assert.deepEqual(linkErrorOf(refused), { text: refused.message, code: 'ECONNREFUSED' });
  assert.deepEqual(linkErrorOf(new Error('connection refused', { cause: refused })), {
    text: 'connection refused',
    code: 'ECONNREFUSED',
  });
});

test('a fault that we found travels beside its words', () => {
  assert.deepEqual(linkErrorOf(new FaultError('not_nats', 'it does not say INFO')), {
    text: 'it does not say INFO',
    fault: 'not_nats',
  });
});

test('an error without words is still one', () => {
  assert.deepEqual(linkErrorOf(new Error('')), { text: 'connection failed' });
});
