import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadUci } from '../../kit/unit/config.ts';

/** What becomes of a text as an element of hub.url: the addresses, or what is said of it. */
function read(text: string): readonly string[] {
  const { config, problems } = loadUci(
    `config hub\n list url '${text}'\n option user u\n option password p\n`,
  );
  const errors = problems.filter(({ severity }) => severity === 'error');
  return errors.length === 0 ? config.hub.url : errors.map(({ message }) => message);
}

test('addresses as people write them', () => {
  for (const [text, expected] of [
    [
      'tls://a.example.org:7422,tls://b.example.org:7422',
      ['tls://a.example.org:7422', 'tls://b.example.org:7422'],
    ],
    [' tls://a.example.org , tls://b.example.org ,', ['tls://a.example.org', 'tls://b.example.org']],
    ['nats-leaf://hub.example.org.:7422', ['nats-leaf://hub.example.org:7422']],
    ['TLS://Hub.example.org:7422', ['tls://Hub.example.org:7422']],
    ['Nats-Leaf://hub', ['nats-leaf://hub']],
    ['nats://hub_server:7422', ['nats://hub_server:7422']],
    ['nats://_hub', ['nats://_hub']],
    ['tls://hub.example.org:07422', ['tls://hub.example.org:7422']],
    ['tls://[2001:db8::5]:07422', ['tls://[2001:db8::5]:7422']],
    ['WSS://hub.example.org./nats/Leaf', ['wss://hub.example.org/nats/Leaf']],
  ] as const)
    assert.deepEqual(read(text), expected, text);
});

test('a mistake in an address is the one that is named', () => {
  const brackets = 'an IPv6 address must stand in brackets, as in tls://[2001:db8::5]:7422';
  for (const [text, expected] of [
    ['tls://2001:db8::5:7422', brackets],
    ['tls://2001:db8::5', brackets],
    ['ws://::1', brackets],
    ['hub.example.org:7422', 'must begin with a scheme, as in tls://hub.example.org:7422'],
    ['hub.example.org', 'must begin with a scheme, as in tls://hub.example.org:7422'],
    [
      'http://hub.example.org',
      'scheme must be one of nats, nats-leaf, tls, ws, wss, as in tls://hub.example.org:7422, without user or password',
    ],
    ['tls://u:a,b@hub', 'must not contain credentials; they have options of their own'],
    ['tls://hub:0', 'port 0 is out of range, 1 to 65535'],
    ['tls://hub:65536', 'port 65536 is out of range, 1 to 65535'],
    ['wss://hub/x?y=z', 'must have nothing behind ? or #, as in tls://hub.example.org:7422'],
    ['tls://a..', 'must be such as tls://hub.example.org:7422'],
  ] as const)
    assert.deepEqual(read(text), [expected], text);
});

test('a password in an address is not shown, whatever is in it', () => {
  const { problems } = loadUci("config hub\n list url 'tls://u:se,cret@hub, tls://v:hidden@hub'\n");
  assert.doesNotMatch(JSON.stringify(problems), /se,|cret|hidden/);
});
