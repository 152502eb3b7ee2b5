import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeNode } from '../../../../agent/cli/doctor/services.ts';
import { hosts } from '../../../../agent/health/host.ts';

test('a node of before 20 fails', () => {
  assert.deepEqual(
    ['18.20.1', '22.1.0'].map((version) => judgeNode(version, hosts.openwrt).level),
    ['FAIL', 'OK'],
  );
});
