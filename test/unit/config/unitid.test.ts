import assert from 'node:assert/strict';
import { test } from 'node:test';
import { token } from '../../../agent/config/rules.ts';
import { deriveUnitId, type Machine, readUnitState, unitStateOf } from '../../../agent/config/unitid.ts';

const machine = (files: Readonly<Record<string, string>>, hostname = 'OpenWrt'): Machine => ({
  hostname,
  readFile: (path) => files[path],
  listDir: (path) =>
    Object.keys(files).flatMap((file) => (file.startsWith(`${path}/`) ? [file.split('/')[4] ?? ''] : [])),
});
const mac = (name: string, address: string) => ({ [`/sys/class/net/${name}/address`]: `${address}\n` });
const idOf = (files: Readonly<Record<string, string>>, hostname?: string): string =>
  deriveUnitId(machine(files, hostname)).unit;

const machineId = { '/etc/machine-id': '0b5c1d8a9e7f4d0f8c2b6a1e3d5f7a9b\n' };
const uuid = { '/sys/class/dmi/id/product_uuid': '4c4c4544-0042-3510-8052-b4c04f4d3232\n' };
const serial = { '/proc/device-tree/serial-number': 'BPI4-00017\0' };
const dbus = { '/var/lib/dbus/machine-id': '1b5c1d8a9e7f4d0f8c2b6a1e3d5f7a9b\n' };
const maker = mac('wan', '00:0c:43:26:60:01');
const random = mac('eth0', '02:11:22:33:44:55');

test('the id is the host name and six hex digits, and it is the same each time', () => {
  assert.match(idOf(machineId), /^OpenWrt-[0-9a-f]{6}$/);
  assert.equal(idOf(machineId), idOf({ ...machineId }));
});

test('two machines fresh from the box differ', () => {
  const two = { '/etc/machine-id': '0b5c1d8a9e7f4d0f8c2b6a1e3d5f7a9c\n' };
  assert.notEqual(idOf(machineId), idOf(two));
  assert.notEqual(idOf(random), idOf(mac('eth0', '02:11:22:33:44:56')));
});

test('the sources are asked in order, the best first', () => {
  const order = [machineId, uuid, serial, maker, random, dbus];
  for (const [index, best] of order.entries()) {
    const these = Object.assign({}, ...order.slice(index)) as Record<string, string>;
    assert.equal(idOf(these), idOf(best), Object.keys(best)[0]);
  }
});

test('an id that many machines share is passed over', () => {
  for (const bogus of [
    '00000000-0000-0000-0000-000000000000',
    'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
    '03000200-0400-0500-0006-000700080009',
    'To be filled by O.E.M.',
    'Default string',
    '0123456789',
    'uninitialized',
    'abc',
    '',
  ]) {
    assert.equal(idOf({ '/etc/machine-id': bogus, ...serial }), idOf(serial), bogus);
  }
});

test('an address that no machine owns does not count', () => {
  const junk = {
    ...mac('lo', '00:00:00:00:00:00'),
    ...mac('tun0', ''),
    ...mac('ib0', '80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03'),
    ...mac('grp', '01:00:5e:00:00:01'),
  };
  assert.equal(idOf({ ...junk, ...random }), idOf(random));
  assert.equal(idOf({ ...junk, ...mac('docker0', '02:42:00:00:00:01') }), idOf({}));
});

test('of several addresses that a maker gave, the lowest counts', () => {
  assert.equal(idOf({ ...maker, ...mac('eth1', '00:0c:43:26:60:02') }), idOf(maker));
});

test('a machine without any id says so', () => {
  assert.equal(deriveUnitId(machine({})).unique, false);
  assert.equal(deriveUnitId(machine(serial)).unique, true);
});

test('any host name gives a token', () => {
  for (const hostname of ['', '...', 'a b', 'łódź', 'x'.repeat(300), 'MV-Anna_2', '-']) {
    assert.match(idOf(serial, hostname), token.pattern, hostname);
  }
  assert.match(idOf(serial, 'MV-Anna_2.ships.example.org'), /^MV-Anna_2-[0-9a-f]{6}$/);
  assert.match(idOf(serial, ''), /^unit-/);
});

test('a state file that holds no id is as good as none, one that was changed is damaged', () => {
  const text = unitStateOf('ship-01');
  assert.deepEqual(readUnitState(text), { unit: 'ship-01', isBare: false });
  assert.deepEqual(readUnitState('ship-01\n'), { unit: 'ship-01', isBare: true });
  for (const none of [undefined, '', '\n']) assert.equal(readUnitState(none), undefined);
  for (const other of ['two words', 'a.b\n', `${text}more`, text.slice(0, -5), text.slice(0, 9)])
    assert.equal(readUnitState(other), 'damaged', other);
  for (let at = 0; at < text.length; at++) {
    const flipped = `${text.slice(0, at)}${String.fromCharCode(text.charCodeAt(at) ^ (1 << (at % 7)))}${text.slice(at + 1)}`;
    assert.equal(readUnitState(flipped), 'damaged', flipped);
  }
});
