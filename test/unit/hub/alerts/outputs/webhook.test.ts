import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, test } from 'node:test';
import type { Alert } from '../../../../../agent/hub/alerts/alert.ts';
import { noneDropped } from '../../../../../agent/hub/alerts/journal.ts';
import { webhookOutput } from '../../../../../agent/hub/alerts/outputs/webhook.ts';
import { offlineNotice } from '../../../../kit/hub/notices.ts';
import { newOwner, undoLater } from '../../../../kit/process/cleanup.ts';
import { eventually } from '../../../../kit/process/daemon.ts';
import { reservePort } from '../../../../kit/process/ports.ts';

const owner = newOwner();
after(() => owner.end());

/** What a proxy takes that is set to nginx' default is ten times as much. */
const most_bytes = 100_000;

test('ten thousand that fire go with the sign of life in pieces; one that is refused keeps the others from nobody', async () => {
  const bodies: { readonly bytes: number; readonly names: readonly string[] }[] = [];
  const port = await reservePort();
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      const posted: { labels: Record<string, string> }[] = JSON.parse(body);
      const names = posted.map(({ labels }) => `${labels['alertname']} ${labels['instance']}`);
      bodies.push({ bytes: body.length, names });
      response.writeHead(names.some((name) => name.endsWith(' unit-00700')) ? 400 : 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  undoLater(owner, () => {
    server.close();
    server.closeAllConnections();
  });
  const firing: Alert[] = Array.from({ length: 10_000 }, (_, at) => ({
    ...offlineNotice(`unit-${String(at).padStart(5, '0')}`).alert,
    text: 'has not been heard for 5m',
    remedy:
      'unit off, network down, or its agent stopped: see its power and uplink, then `nunect doctor` on it',
  }));
  const url = `http://127.0.0.1:${port}/`;
  const output = webhookOutput({ url, timeout_s: 10, repeat_s: 60 }, Date.now);
  const beat = { at_ms: Date.now(), interval_s: 60, firing, sees: true, version: '1', teller: 'hub' };
  assert.deepEqual(await output.beat?.(beat), { ok: false, why: 'it answers 400', isRefused: true });
  const names = bodies.flatMap((one) => one.names);
  assert.equal(names[0], 'Watchdog _hub');
  assert.equal(new Set(names).size, 10_001);
  assert.ok(Math.max(...bodies.map(({ bytes }) => bytes)) < most_bytes);
});

test('a file of CAs that is not there, or is none, is known before anything is sent', () => {
  const fault = (ca_file: string) =>
    webhookOutput({ url: 'https://127.0.0.1/', timeout_s: 1, repeat_s: 0, ca_file }, Date.now).fault?.();
  assert.equal(fault('/none/ca.pem'), '/none/ca.pem: ENOENT');
  assert.match(fault('/proc/self/status') ?? '', /^\/proc\/self\/status: /);
});

test('a receiver is told from another one by what says nothing of its secret', () => {
  const target = (url: string) => webhookOutput({ url, timeout_s: 1, repeat_s: 0 }, Date.now).target;
  const one = target('https://127.0.0.1/s3cret');
  assert.equal(one, target('https://127.0.0.1/s3cret'));
  assert.notEqual(one, target('https://127.0.0.1/s3cret2'));
  assert.match(one, /^[0-9a-f]{16}$/);
});

test('a receiver that does not answer is let go at the time limit: its connection ends', async () => {
  const port = await reservePort();
  const server = createServer(); // it answers nothing
  let isEnded = false;
  server.on('connection', (socket) =>
    socket.on('close', () => {
      isEnded = true;
    }),
  );
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  undoLater(owner, () => {
    server.close();
    server.closeAllConnections();
  });
  const output = webhookOutput({ url: `http://127.0.0.1:${port}/`, timeout_s: 0.2, repeat_s: 0 }, Date.now);
  assert.deepEqual(await output.send([], noneDropped), { ok: false, why: 'no answer within 0.2 s' });
  await eventually('it is let go', () => isEnded, 10_000);
});
