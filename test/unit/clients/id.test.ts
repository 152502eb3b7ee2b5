import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkedId, clientId } from '../../../config/clients/nunect-client/src/id.ts';

const agents: Readonly<Record<string, readonly [string, number?]>> = {
  'nats-ui-laptop-win': [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36',
  ],
  'nats-ui-laptop-mac': [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15',
  ],
  'nats-ui-laptop-linux': ['Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0'],
  'nats-ui-mobile-ios': [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1',
  ],
  'nats-ui-mobile-android': [
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36',
  ],
  'nats-ui-tablet-android': [
    'Mozilla/5.0 (Linux; Android 14; SM-X910) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36',
  ],
  // iPadOS calls itself a Mac
  'nats-ui-tablet-ios': [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15',
    5,
  ],
};

test('a browser tells type and OS, and the rest is random', () => {
  for (const [want, [userAgent, maxTouchPoints = 0]] of Object.entries(agents)) {
    const ids = Array.from({ length: 20 }, () => clientId({ navigator: { userAgent, maxTouchPoints } }));
    for (const id of ids) assert.match(id, new RegExp(`^${want}-[0-9a-z]{4}$`));
    assert.ok(new Set(ids).size > 15, 'they hardly differ');
  }
});

test('a program in Node is a laptop of its platform', () => {
  for (const [platform, os] of Object.entries({ linux: 'linux', darwin: 'mac', win32: 'win' }))
    assert.match(clientId({ process: { platform } }), new RegExp(`^nats-ui-laptop-${os}-[0-9a-z]{4}$`));
});

test('the address of the page overrides it, and what cannot stand in a subject is refused by name', () => {
  assert.equal(clientId({ location: { search: '?x=1&client=bridge_7' } }), 'bridge_7');
  for (const client of ['', 'a.b', 'a b', '*', '>', 'ä', 'x'.repeat(65)])
    assert.throws(
      () => clientId({ location: { search: `?client=${encodeURIComponent(client)}` } }),
      (error: Error) => error.message.startsWith(`id '${client}': allowed are 1 to 64 of `),
    );
  assert.equal(checkedId('x'.repeat(64)), 'x'.repeat(64));
});
