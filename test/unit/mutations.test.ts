// That each mend of the list is still found in the sources, so that `make truth-mutations` can undo it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../kit/process/tools.ts';
import { mutations } from '../truth/mutationlist.ts';

test('each mend is in the sources just once, and undoing it changes them', () => {
  assert.ok(mutations.length > 20);
  for (const { mend, file, code, without } of mutations) {
    const source = readFileSync(join(projectRoot, 'agent/clock', file), 'utf8');
    assert.equal(source.split(code).length, 2, `${file}: ${mend}`);
    assert.notEqual(code, without, mend);
  }
});
