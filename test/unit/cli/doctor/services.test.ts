import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DoctorFacts } from '../../../../agent/cli/doctor/facts.ts';
import { checkLeaf } from '../../../../agent/cli/doctor/services.ts';
import { withOptions } from '../../../kit/leaf/leafconfig.ts';
import { fullSnapshot } from '../../../kit/page/snapshot.ts';
import { findingLike } from '../../../kit/unit/unitfakes.ts';

test('whatever the agent finds wrong with the leaf is shown, such as one that was not restarted', async () => {
  const behind = findingLike({
    code: 'leaf_behind',
    text: 'it runs the settings of before',
    remedy: 'restart',
  });
  const facts = { loaded: { config: withOptions({}) }, snapshot: { ...fullSnapshot, troubles: [behind] } };
  const { level, detail, mend } = await checkLeaf(facts as unknown as DoctorFacts);
  assert.deepEqual([level, detail, mend], ['FAIL', behind.text, 'restart']);
});
