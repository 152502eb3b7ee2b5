import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeHost } from '../../../../agent/clock/setup/describe.ts';

const host = {
  phc2sys: true,
  ptp4l: [4, 4],
  chronyd: [4, 6],
  chrony: { confDirs: [], sources: ['a.example'], segments: [], refclocks: [] },
  devices: new Map(),
  foreignSegments: [],
  interfaces: [
    { name: 'lo', kind: 'other', lower: [] },
    { name: 'wan', kind: 'port', lower: [] },
    { name: 'lan1', kind: 'port', lower: [], bridge: 'br-lan' },
    { name: 'br-lan', kind: 'bridge', lower: ['lan1'] },
    { name: 'eth8', kind: 'port', lower: [], phc: 3 },
    { name: 'eth8.5', kind: 'vlan', lower: ['eth8'] },
    { name: 'mv0', kind: 'stacked', lower: ['wan'] },
  ],
} as const;

test('each interface that may be named is told of, with what it can be', () => {
  assert.deepEqual(describeHost(host), [
    'ptp4l 4.4, phc2sys, chronyd 4.6, with 1 NTP server of its own',
    'wan: software time stamps, if its driver has them',
    'lan1: software time stamps, if its driver has them; a port of br-lan, where only PTP by Ethernet (L2) is heard',
    'br-lan: a bridge of lan1, not for PTP',
    'eth8: hardware time stamps, by /dev/ptp3',
    'eth8.5: a vlan of eth8; hardware time stamps, by /dev/ptp3',
    'mv0: made of wan; software time stamps, if its driver has them',
  ]);
});

test('what is not installed is told, too', () => {
  assert.deepEqual(
    describeHost({ phc2sys: false, devices: new Map(), foreignSegments: [], interfaces: [] }),
    ['no ptp4l, no phc2sys, no chronyd'],
  );
});
