// A checkout below folders that only root may pass, as below its home: what becomes another user is to run there too.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../kit/process/daemon.ts';
import { lacking, need, projectRoot } from '../kit/process/tools.ts';

const skip = process.getuid?.() !== 0 ? 'only root can' : lacking('unshare', 'setpriv');

test('test/reachable.sh opens each folder on the way to the checkout, for what it runs alone', {
  skip,
}, (t) => {
  const home = join(tempDir(t, 'reachable'), 'root');
  const checkout = join(home, 'private/nunect');
  mkdirSync(join(home, 'private'), { recursive: true, mode: 0o700 });
  mkdirSync(join(checkout, 'test'), { recursive: true });
  const script = join(checkout, 'test/reachable.sh');
  copyFileSync(join(projectRoot, 'test/reachable.sh'), script);
  writeFileSync(join(checkout, 'file'), 'in the checkout');
  writeFileSync(join(home, '.beside'), 'beside it');
  symlinkSync('.beside', join(home, 'link'));
  const asNobody = [need('setpriv'), '--reuid=65534', '--regid=65534', '--clear-groups'];
  const look = ['sh', '-c', 'cat "$1/file" "$2/.beside" "$2/link"; echo " $(pwd)"', 'sh', checkout, home];
  const run = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync(script, words, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout;
  };
  assert.notEqual(spawnSync('sh', ['-c', `exec ${asNobody.join(' ')} cat ${checkout}/file`]).status, 0);
  assert.equal(run(...asNobody, ...look), `in the checkoutbeside itbeside it ${checkout}\n`);
  run('sh', '-c', 'echo kept >"$1"', 'sh', join(checkout, 'written'));
  assert.equal(readFileSync(join(checkout, 'written'), 'utf8'), 'kept\n');
  assert.equal(statSync(home).mode & 0o777, 0o700, 'what others see has not changed');
  assert.equal(statSync(join(home, 'private')).mode & 0o777, 0o700);
});
