// What a running unit tells of the bytes of its link, held against what a proxy before the hub has counted.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { LinkBytes, LinkSum } from '../../agent/leaf/watch/linkbook.ts';
import type { LinkStatus, StatusSnapshot } from '../../agent/status/snapshot.ts';
import { type CountingProxy, countingProxy } from '../kit/hub/countingproxy.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { lacking, natsServers, need } from '../kit/process/tools.ts';
import { type Hub, nunect, type RunningUnit, startHub, startUnit } from '../kit/unit/site.ts';

const unit = 'demo-01';
const server = natsServers().newest ?? need('nats-server');

const linkOf = async (one: RunningUnit): Promise<LinkStatus> =>
  ((await one.status()) as unknown as StatusSnapshot).link;
const bytesOf = async (one: RunningUnit): Promise<LinkBytes> =>
  eventually('the bytes of the link', async () => (await linkOf(one)).bytes);

/**
 * The unit echoes two megabytes, half of it new: a busy machine has so long round trips that its leaf compresses, and 2 %
 * of what is left must be more than the opening of a link, which is counted where the agent was there before it.
 */
async function talk(hub: Hub): Promise<void> {
  const echo = (): Promise<unknown> => hub.nc.request(`ops.echo.${unit}`, '', { timeout: 1000 });
  await eventually('an echo', () => echo().catch(() => undefined));
  for (let n = 0; n < 1000; n += 1) {
    const text = `${n} ${randomBytes(500).toString('hex')} ${'position report '.repeat(60)}`;
    await hub.nc.request(`ops.echo.${unit}`, text, { timeout: 10_000 });
  }
}

/** Waits until the agent has asked the kernel since it was started, and both ways are within 2 % of all that the proxy has carried. */
async function assertNear(one: RunningUnit, proxy: CountingProxy): Promise<LinkBytes> {
  let last = '';
  const isNear = async (): Promise<LinkBytes | false> => {
    const bytes = await bytesOf(one);
    const { there, back } = proxy.carried();
    last = JSON.stringify({ bytes, there, back });
    if (bytes.counted_ms === undefined) return false;
    const isTrue = ({ basis, sent_bytes, received_bytes, with_headers_bytes }: LinkSum): boolean =>
      basis === 'wire' &&
      with_headers_bytes !== undefined &&
      [sent_bytes / there, received_bytes / back].every((share) => Math.abs(share - 1) <= 0.02);
    return isTrue(bytes.month) && isTrue(bytes.hour) && bytes;
  };
  return eventually('within 2 % of the proxy', isNear, 180_000, 500).catch((error) => {
    throw new Error(`${error}: ${last}`);
  });
}

test('a unit tells what its link has carried, over restarts of its leaf and of itself', {
  skip: lacking('ss'),
}, async (t) => {
  const hub = await startHub(t, tempDir(t, 'hub'), server);
  const proxy = await countingProxy(t, hub.leafPort);
  const records: Record<string, unknown>[] = [];
  hub.nc.subscribe(`ops.metric.nats.${unit}`, {
    callback: (_error, message) => void records.push(message.json()),
  });
  const dir = tempDir(t, 'unit');
  const one = await startUnit(t, { dir, unit, server, hubPort: proxy.port, interval_s: 1 });
  await eventually('the kernel is asked', async () => (await bytesOf(one)).counted_ms); // it counts from then on
  await talk(hub);
  await one.restartAgent(); // which asks the kernel at once
  await assertNear(one, proxy);

  await one.restartLeaf();
  await eventually('joined', async () => (await linkOf(one)).hub_up);
  await talk(hub);
  await one.restartAgent();
  const { month } = await assertNear(one, proxy);
  assert.ok((month.with_headers_bytes ?? 0) > month.sent_bytes + month.received_bytes);

  const last = await eventually('a record with them', () => records.at(-1)?.['link_bytes']);
  assert.deepEqual(Object.keys(last as object), [
    'basis',
    'since_ms',
    'sent_bytes',
    'received_bytes',
    'hour_bytes',
  ]);
  const metrics = await (await fetch(`${one.statusUrl}metrics`)).text();
  assert.match(metrics, /^nunect_link_sent_bytes_total \d{7,}$/m);
  assert.match(metrics, /^nunect_link_bytes_basis\{basis="wire"\} 1$/m);
  const { stdout } = await nunect(['status', '--dir', dir]);
  assert.match(stdout.replaceAll('\u00a0', ' '), /^bytes +[\d.]+ [KM]iB sent, [\d.]+ [KM]iB received/m);
  assert.match(await (await fetch(one.statusUrl)).text(), /<dt>Link, last .*iB sent, .*with TCP\/IP/);
  assert.ok(existsSync(join(one.stateDir, 'link.bytes')));
});
