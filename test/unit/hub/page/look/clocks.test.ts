import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockLine } from '../../../../../agent/hub/page/look/clocks.ts';
import { clockOf } from '../../../../kit/hub/fleetworld.ts';

test('a clock in holdover is named after whom it followed last, one without a source after nobody', () => {
  const line = (given: object): string => clockLine({ ...clockOf({ limit_ns: 1 }), ...given });
  assert.equal(line({}), 'PTP locked');
  assert.equal(line({ source: 'ntp', quality: 'tracking' }), 'NTP tracking');
  const lost = { source: 'unsynced', quality: 'tracking', holdover: true };
  assert.equal(line({ ...lost, grandmaster: 'gm' }), 'PTP holdover');
  assert.equal(line({ ...lost, ntp_server: 'ntp' }), 'NTP holdover');
  assert.equal(line(lost), 'holdover');
  assert.equal(line({ source: 'unsynced', quality: 'freerun' }), 'freerun');
  assert.equal(line({ source: 'unsynced', quality: undefined }), 'unsynced');
  assert.equal(line({ source: 'gps', quality: 'locked' }), 'gps locked');
});
