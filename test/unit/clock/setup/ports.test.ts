import assert from 'node:assert/strict';
import { test } from 'node:test';
import { confOf, planOf } from '../../../kit/clock/timehost.ts';

const use = (...names: readonly string[]): string[] => names.map((name) => `list interface ${name}`);
const fault = (lines: readonly string[]): readonly (string | undefined)[] => {
  const { fault: found, files } = planOf(lines);
  assert.equal(files, undefined);
  return [found?.code, found?.text];
};
/** The sections of the ports, with their first line. */
const ports = (lines: readonly string[]): string[] =>
  [
    ...confOf(lines)
      .join('\n')
      .matchAll(/\[(?!global)(?!unicast)(.*)\]\nnetwork_transport (\S+)/g),
  ].map(([, name, transport]) => `${name} ${transport}`);

test('what has no time stamps is refused, with what has', () => {
  for (const [name, code, text] of [
    ['br-lan', 'interface_bridge', /^br-lan is a bridge, .*; give one of its ports: lan1$/],
    ['br-lan.5', 'interface_bridge', /^br-lan\.5 is made of br-lan, a bridge, .*: lan1$/],
    ['br-lan.mac', 'interface_bridge', /^br-lan\.mac is made of br-lan/],
    ['tun0', 'interface_kind', /^tun0 is no Ethernet port.*such as wan, lan1, lan2/],
  ] as const) {
    const [found, said] = fault(use(name));
    assert.equal(found, code);
    assert.match(said ?? '', text);
  }
});

test('each port has a section, in the order and with the transport that it can', () => {
  assert.deepEqual(ports(use('wan')), ['wan UDPv4']);
  assert.deepEqual(ports(use('wan.7')), ['wan.7 UDPv4']);
  assert.deepEqual(ports(use('wan.mac')), ['wan.mac UDPv4']);
  assert.deepEqual(ports(use('lan2', 'lan1', 'lan2')), ['lan2 UDPv4', 'lan1 L2'], 'once each');
  assert.deepEqual(ports([...use('lan2', 'lan1'), 'option transport L2']), ['lan2 L2', 'lan1 L2']);
  assert.deepEqual(ports([...use('wan'), 'option transport UDPv6']), ['wan UDPv6']);
  assert.deepEqual(ports([...use('wan'), 'option profile power']), ['wan L2']);
  assert.deepEqual(ports([...use('wan', 'usb0')]), ['wan UDPv4'], 'one that is not there is left out');
});

test('a port of a bridge hears no UDP: that is said, and refused where it is asked for', () => {
  const { notes } = planOf(use('lan1'));
  assert.deepEqual(
    notes.map(({ code }) => code),
    ['bridged_l2'],
  );
  assert.match(notes[0]?.text ?? '', /lan1 is a port of br-lan.*only UDP is not heard/);
  const [code, text] = fault([...use('lan1'), 'option transport UDPv4']);
  assert.equal(code, 'bridged_udp');
  assert.match(text ?? '', /set ptp\.transport to L2, or take the port out of br-lan/);
});

test('no clock passes time on beside a bridge that does', () => {
  assert.equal(fault([...use('lan1', 'wan'), 'option role server'])[0], 'bridged_server');
  assert.equal(fault([...use('wan', 'lan1'), 'option role auto'])[0], 'bridged_server');
  assert.equal(planOf(use('lan1', 'wan')).fault, undefined, 'a client passes nothing on');
  assert.equal(planOf([...use('lan1'), 'option role server']).fault, undefined);
});

test('a network is its device; a name as of an object is none', () => {
  const devices = [
    ['wan6', 'wan'],
    ['lan', 'br-lan'],
  ] as const;
  assert.equal(planOf(use('wan6', 'wan'), { devices }).notes.length, 0);
  assert.equal(planOf(use('lan'), { devices }).fault?.code, 'interface_bridge');
  const { notes } = planOf(use('constructor', 'guest'), { devices: [['guest', 'br-guest']] });
  assert.deepEqual(
    notes.map(({ text }) => text.split(' yet')[0]),
    ['there is no interface constructor', 'there is no interface guest (br-guest)'],
  );
});

test('stamps of the hardware: where all ports have one clock, that of a VLAN being that of its port', () => {
  const hardware = (lines: readonly string[]): boolean => planOf(lines).hardware;
  assert.deepEqual(
    [use('eth8'), use('eth8', 'eth9'), use('eth8.100'), use('eth8.100', 'eth9')].map(hardware),
    [true, true, true, true],
  );
  assert.deepEqual(
    [use('wan'), use('eth8', 'eth10'), use('eth8', 'wan'), use('wan.7'), use('bond0')].map(hardware),
    [false, false, false, false, false],
  );
  assert.equal(hardware([...use('eth8'), 'option timestamping software']), false);
  const asked = 'option timestamping hardware';
  assert.deepEqual(fault([...use('wan'), asked]), [
    'no_hardware',
    'wan: no PTP hardware clock; set ptp.timestamping to software or auto',
  ]);
  assert.match(fault([...use('eth8', 'eth10'), asked])[1] ?? '', /eth8, eth10: .* that they share/);
});
