import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { confDirsOf } from '../../../../agent/clock/host/chrony.ts';
import { tempDir } from '../../../kit/process/daemon.ts';

test('the folders of a config, through what it includes, however deep and in circles', (t) => {
  const dir = tempDir(t, 'chrony');
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  mkdirSync(join(dir, 'a.d'));
  const conf = file('chrony.conf', `include ${dir}/more-*.conf\nconfdir ${dir}/a.d relative /none\n`);
  file('more-1.conf', `confdir /one\ninclude ${conf}\n`);
  file('more-2.conf', `include ${dir}/x?.conf\ninclude ${dir}/*.conf2\nconfdir /two\n`);
  file('more+3.conf', 'confdir /no\n');
  file('x1.conf', 'confdir /four\n');
  file('x12.conf', 'confdir /no\n');
  file('.hidden.conf2', 'confdir /no\n');
  file('a.d/x.conf', 'confdir /three\n');
  file('a.d/x.conf.off', 'confdir /no\n');
  assert.deepEqual(
    confDirsOf(conf).sort(),
    [`${dir}/a.d`, '/four', '/none', '/one', '/three', '/two'].sort(),
  );
  assert.deepEqual(confDirsOf(join(dir, 'none')), []);
  assert.deepEqual(confDirsOf(dir), []);
});
