import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connectorTo, type Nats, optionsOf } from '../../../config/clients/nunect-client/src/transport.ts';

/** A library that connects to nothing, and keeps how it was asked. */
function library() {
  const asked: { by: string; options: Record<string, unknown> }[] = [];
  const connect = (by: string) => (options: Record<string, unknown>) => {
    asked.push({ by, options });
    return Promise.reject(new Error('nobody there'));
  };
  const appended: string[] = [];
  const nats: Nats = {
    connect: connect('connect'),
    wsconnect: connect('wsconnect'),
    headers: () =>
      Object.assign([], {
        get: () => '',
        append: (...given: string[]) => void appended.push(given.join('=')),
      }),
    credsAuthenticator: (creds) => `creds ${new TextDecoder().decode(creds)}`,
    nkeyAuthenticator: (seed) => `nkey ${new TextDecoder().decode(seed)}`,
  };
  return { nats, asked, appended };
}

const target = (url: string, more = {}) => ({ servers: [url], name: 'n', inboxPrefix: '_INBOX', ...more });

async function optionsFor(url: string, login = {}, more = {}): Promise<Record<string, unknown>> {
  const { nats, asked } = library();
  await connectorTo(nats, target(url, more))(login).catch(() => {});
  return asked[0]?.options ?? assert.fail('nothing was asked');
}

describe('a connection', () => {
  test('is made by the transport of its scheme', async () => {
    for (const [url, by] of Object.entries({
      ...{ 'nats://h:4222': 'connect', 'tls://h': 'connect', 'h:4222': 'connect' },
      ...{ 'ws://h': 'wsconnect', 'wss://h/nats': 'wsconnect', 'WSS://h': 'wsconnect' },
    })) {
      const { nats, asked } = library();
      await connectorTo(nats, target(url))({}).catch(() => {});
      assert.deepEqual(
        asked.map((one) => one.by),
        [by],
        url,
      );
      const { [by as 'connect']: _, ...without } = nats;
      assert.throws(() => connectorTo(without, target(url)), { message: `${url}: nats.js has no ${by}` });
    }
  });

  test('demands TLS where the scheme does, and takes further options, but never reconnects by itself', async () => {
    assert.deepEqual((await optionsFor('tls://h'))['tls'], {});
    assert.equal('tls' in (await optionsFor('nats://h')), false);
    const given = await optionsFor('tls://h', {}, { tls: { ca: 'x' }, pingInterval: 7, reconnect: true });
    assert.deepEqual([given['tls'], given['pingInterval'], given['reconnect']], [{ ca: 'x' }, 7, false]);
  });

  test('has the login that is given, and no authenticator where there is none', async () => {
    const by = async (login: object) => {
      const { user, pass, token, authenticator } = await optionsFor('h', login);
      return { user, pass, token, authenticator };
    };
    const none = { user: undefined, pass: undefined, token: undefined, authenticator: undefined };
    assert.deepEqual(await by({}), none);
    assert.deepEqual(await by({ user: 'a', password: 'b' }), { ...none, user: 'a', pass: 'b' });
    assert.deepEqual(await by({ token: 't' }), { ...none, token: 't' });
    assert.deepEqual(await by({ creds: 'c' }), { ...none, authenticator: 'creds c' });
    assert.deepEqual(await by({ nkeySeed: 's' }), { ...none, authenticator: 'nkey s' });
  });
});

test('a header is sent with each of its values, as text', () => {
  const { nats, appended } = library();
  optionsOf(nats, { one: 'a', several: ['b', 'c'], number: 7, none: [] });
  assert.deepEqual(appended, ['one=a', 'several=b', 'several=c', 'number=7']);
});
