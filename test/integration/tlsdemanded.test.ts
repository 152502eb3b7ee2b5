// Whoever names a server with tls:// sends nothing to a server without TLS: no login, and no CONNECT at all.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { cannotConnect, linkOptions } from '../../agent/cli/connect/connect.ts';
import { connectionOf } from '../../agent/leaf/conf/connection.ts';
import { logTo } from '../../agent/lib/log.ts';
import { systemTicker } from '../../agent/lib/ticker.ts';
import { openLink } from '../../agent/nats/link.ts';
import type { LinkOptions } from '../../agent/nats/session.ts';
import { withOptions } from '../kit/leaf/leafconfig.ts';
import { eventually } from '../kit/process/daemon.ts';

const info = {
  server_id: 'plain',
  version: '2.10.0',
  proto: 1,
  headers: true,
  max_payload: 1024,
  auth_required: true,
};
const own = { name: 'test', inboxPrefix: '_INBOX' };

/** What a server without TLS gets from a link, and why the link has no connection. */
async function sentTo(optionsFor: (address: string) => LinkOptions) {
  let got = '';
  const server = createServer((socket) => {
    socket.on('data', (bytes) => {
      got += bytes.toString('latin1');
    });
    socket.on('error', () => {});
    socket.write(`INFO ${JSON.stringify(info)}\r\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const ended = new AbortController();
  const { port } = server.address() as { port: number };
  const options = optionsFor(`127.0.0.1:${port}`);
  const link = openLink({ ticker: systemTicker(), log: logTo(() => {}) }, options, ended.signal);
  try {
    await eventually(
      'a failed attempt, or a login',
      () => link.state().lastError !== undefined || got !== '',
    );
    return { got, why: cannotConnect(options, link.state().lastError?.text ?? '') };
  } finally {
    ended.abort();
    await link.stop();
    server.close();
  }
}

const secrets = { userPasswords: {}, hubPassword: 's3cret', externalPassword: 's3cret' };
const local = { agent: 'a', monitor: 'm', boot_id: 'b' };

for (const [what, optionsFor] of Object.entries<(address: string) => LinkOptions>({
  'an operator, by --server': (at) => linkOptions({ server: [`tls://u:s3cret@${at}`] }, {}, own),
  'an operator, by $NATS_URL': (at) =>
    linkOptions({}, { NATS_URL: `tls://${at}`, NATS_USER: 'u', NATS_PASSWORD: 's3cret' }, own),
  'the agent in mode off': (at) => ({
    ...own,
    ...connectionOf(
      withOptions({ leaf: { mode: 'off' }, hub: { url: [`tls://${at}`], user: 'u' } }),
      local,
      secrets,
    ),
  }),
  'the agent in mode external': (at) => ({
    ...own,
    ...connectionOf(
      withOptions({ leaf: { mode: 'external', external_url: `tls://${at}`, external_user: 'u' } }),
      local,
      secrets,
    ),
  }),
}))
  test(`${what}: a server without TLS gets nothing`, async () => {
    const { got, why } = await sentTo(optionsFor);
    assert.equal(got, '');
    assert.match(
      why,
      /^cannot connect to tls:\/\/127\.0\.0\.1:\d+: TLS is demanded, but the server does not offer it/,
    );
  });

test('with nats:// the same server gets the login: the test sees what is sent', async () => {
  const { got } = await sentTo((at) => linkOptions({ server: [`nats://u:s3cret@${at}`] }, {}, own));
  assert.match(got, /^CONNECT .*s3cret/);
});
