// The file that replaces another one, on file systems that do not let it. They are mounted where only the child sees them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { tempDir } from '../kit/process/daemon.ts';
import { need, projectRoot } from '../kit/process/tools.ts';

/** Why no file system can be mounted here, or false. */
function noMounts(): string | false {
  try {
    execFileSync(need('unshare'), ['--mount', 'true'], { stdio: 'pipe' });
    return false;
  } catch (error) {
    return `no mount namespaces: ${String((error as { stderr?: string }).stderr ?? error).trim()}`;
  }
}

const script = `
const { checkReplaceable, readOwnLines, replaceFile } = require(process.argv[1]);
const file = process.argv[2];
const tried = (promise) => promise.then(() => 'done', (error) => error.message);
(async () => {
  const replaced = await tried(replaceFile(file, Array.from({ length: 100 }, () => 'new '.repeat(1000) + '\\n')));
  const could = await tried(checkReplaceable(file));
  const lines = await readOwnLines(file);
  const left = require('node:fs').readdirSync(require('node:path').dirname(file));
  console.log(JSON.stringify({ replaced, could, lines, left }));
})();`;

describe('a file that cannot be replaced', { skip: noMounts() }, () => {
  for (const [what, options, remount, replaced, could] of [
    ['on a full disk', 'size=64k', 'true', /^ENOSPC: no space left on device/, 'done'],
    ['on a read-only one', 'size=1m', 'mount -o remount,ro "$1"', /^EROFS: read-only/, /^EROFS: read-only/],
  ] as const)
    test(`${what} stays as it was, and the error names the reason`, (t) => {
      const dir = tempDir(t, 'mount');
      const child = `mount -t tmpfs -o ${options} none "$1" && echo old >"$1/file" && ${remount} && shift && exec "$@"`;
      const node = [process.execPath, '--require', join(projectRoot, 'build/register.cjs'), '-e', script];
      const output = execFileSync(
        need('unshare'),
        [
          '--mount',
          'sh',
          '-c',
          child,
          'sh',
          dir,
          ...node,
          join(projectRoot, 'agent/records/ownfile.ts'),
          join(dir, 'file'),
        ],
        { encoding: 'utf8', cwd: projectRoot, stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const found = JSON.parse(output) as {
        replaced: string;
        could: string;
        lines: string[];
        left: string[];
      };
      assert.match(found.replaced, replaced);
      if (typeof could === 'string') assert.equal(found.could, could);
      else assert.match(found.could, could);
      assert.deepEqual(found.lines, ['old']);
      assert.deepEqual(found.left, ['file'], 'no trial is left');
    });
});
