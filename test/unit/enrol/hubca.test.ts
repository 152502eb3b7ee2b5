import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createSecureContext, TLSSocket } from 'node:tls';
import { findCa } from '../../../agent/enrol/hubca.ts';
import { authority } from '../../kit/leaf/leafdaemon.ts';
import { tempDir } from '../../kit/process/daemon.ts';
import { lacking, need } from '../../kit/process/tools.ts';

/** SHA-256 of a certificate, by openssl. */
const pinBy = (pem: string): string =>
  Buffer.from(
    execFileSync(need('openssl'), ['x509', '-in', pem, '-noout', '-fingerprint', '-sha256'], {
      encoding: 'utf8',
    }).replace(/.*=|[:\s]/g, ''),
    'hex',
  ).toString('base64url');

/** A server that says `pieces` one after the other, each in a packet of its own, and then goes over to TLS. */
async function hubThatSays(t: TestContext, pieces: readonly string[]) {
  const { ca, issue } = authority(tempDir(t, 'hubca'));
  const { cert, key } = issue('hub', '/CN=hub');
  const chain = readFileSync(cert, 'utf8') + readFileSync(ca, 'utf8');
  const secureContext = createSecureContext({ cert: chain, key: readFileSync(key) });
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, async (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    for (const piece of pieces) {
      socket.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    new TLSSocket(socket, { isServer: true, secureContext }).on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { ca, url: `tls://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test('the CA is found behind a greeting that comes in pieces, as over a link of small packets', {
  skip: lacking('openssl'),
}, async (t) => {
  const { ca, url } = await hubThatSays(t, ['INFO {"server_id":"N', 'A","tls_required":true}', ' \r', '\n']);
  const found = await findCa(url, pinBy(ca), 5000);
  assert.equal(found.replace(/\s/g, ''), readFileSync(ca, 'utf8').replace(/\s/g, ''));
});

test('of a hub that shows another CA none is taken', { skip: lacking('openssl') }, async (t) => {
  const { url } = await hubThatSays(t, ['INFO {}\r\n']);
  await assert.rejects(findCa(url, 'A'.repeat(43), 5000), /the certificate of another hub/);
});
