import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { NetworkInterfaceInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { addressOf } from '../../agent/device/address.ts';
import { logTo } from '../../agent/lib/log.ts';
import { keepServing } from '../../agent/status/web/serving.ts';
import { fakeTicker } from '../kit/lib/faketicker.ts';
import { fullSnapshot, noHistory } from '../kit/page/snapshot.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';

const ipv4 = (address: string): NetworkInterfaceInfo[] => [
  { address: 'fe80::1', netmask: '', family: 'IPv6', mac: '', internal: false, cidr: null, scopeid: 1 },
  { address, netmask: '', family: 'IPv4', mac: '', internal: false, cidr: null },
];

test('an OpenWrt network is found by its bridge, a device by its name', () => {
  const interfaces = () => ({ 'br-lan': ipv4('192.0.2.1'), eth1: ipv4('192.0.2.2') });
  assert.equal(addressOf('lan', interfaces), '192.0.2.1');
  assert.equal(addressOf('eth1', interfaces), '192.0.2.2');
  assert.equal(addressOf('wan', interfaces), undefined);
});

test('the status page follows the address of its interface and its options; without one, loopback and the socket serve', async (t) => {
  const socket = join(tempDir(t, 'web'), 'status.sock');
  const clock = fakeTicker();
  const lines: string[] = [];
  let files = 100;
  let now: Record<string, NetworkInterfaceInfo[]> = {};
  const port = await reservePort();
  const options = {
    enabled: true,
    listen: '127.0.0.1',
    interface: 'lan',
    port,
    metrics: true,
    hosts: [],
    socket,
  };
  const serving = keepServing(
    {
      snapshot: () => fullSnapshot,
      history: () => noHistory,
      recorded: () => ({}),
      ticker: clock,
      log: logTo(({ msg, fields }) => lines.push(`${msg} ${fields['url'] ?? ''}`)),
      interfaces: () => now,
      canOpenFiles: (count) => count <= files,
    },
    options,
    new AbortController().signal,
  );
  const answers = (address: string) =>
    fetch(`http://${address}:${port}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  const look = () => clock.pass(10_000);
  await eventually('the complaint', () => lines.some((line) => line.includes('lan has no IPv4 address')));
  await look();
  await eventually('served on loopback meanwhile', () => answers('127.0.0.1'));
  now = { 'br-lan': ipv4('127.0.0.2') };
  await look();
  await eventually('served on the first address', () => answers('127.0.0.2'));
  now = { 'br-lan': ipv4('127.0.0.3') };
  await look();
  await eventually('served on the second address', () => answers('127.0.0.3'));
  assert.equal(await answers('127.0.0.1'), false);
  assert.equal(await answers('127.0.0.2'), false);
  files = 0;
  await clock.pass(1000);
  await eventually('nothing is listened on while no file is left', async () => !(await answers('127.0.0.3')));
  await eventually('neither is the socket', () => !existsSync(socket));
  files = 2;
  await clock.pass(1000);
  assert.equal(await answers('127.0.0.3'), false, 'its own files, which it has given back, are too few');
  files = 4;
  await clock.pass(1000);
  await eventually('served again', () => answers('127.0.0.3'));
  assert.equal(lines.filter((line) => line.includes('out of file descriptors')).length, 1, 'told once');
  assert.equal(existsSync(socket), true);
  assert.equal(lines.filter((line) => line.includes('no IPv4 address')).length, 1, 'told once');
  const opened = (): number => lines.filter((line) => line.startsWith('status page')).length;
  const before = opened();
  const metrics = () => fetch(`http://127.0.0.3:${port}/metrics`).then(({ status }) => status);
  assert.equal(await metrics(), 200);
  serving.configure({ ...options, metrics: false });
  assert.equal(await metrics(), 404, 'at once');
  assert.equal(opened(), before, 'and nothing was closed for it');
  serving.configure({ ...options, interface: undefined });
  await eventually('served on the address of other options', () => answers('127.0.0.1'));
  assert.equal(await answers('127.0.0.3'), false);
  serving.configure({ ...options, enabled: false });
  await eventually('not served over HTTP any more', async () => !(await answers('127.0.0.1')));
  assert.equal(existsSync(socket), true);
  await serving.stop();
  assert.equal(existsSync(socket), false);
});
