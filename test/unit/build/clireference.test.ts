// Man pages and completion, as groff and bash have them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { nunect } from '../../../agent/commands.ts';
import { nunectHub } from '../../../agent/hub/commands.ts';
import { bashCompletion, manPage } from '../../../build/clireference.ts';

test('bash is offered commands, options, and for the value of an option files', async () => {
  const script = await bashCompletion(nunect);
  const offered = (...words: readonly string[]): string =>
    execFileSync(
      'bash',
      [
        '-c',
        `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _nunect; echo "\${COMPREPLY[*]}"`,
        'x',
        ...words,
      ],
      {
        encoding: 'utf8',
      },
    ).trim();
  assert.equal(offered('nunect', 'st'), 'status');
  assert.equal(offered('nunect', 'status', ''), '--json --watch --dir --help');
  for (const flag of ['--config', '--format']) assert.equal(offered('nunect', 'check', flag, ''), '', flag);
  assert.equal(offered('nunect', 'echo', 'u', '--tls-key', ''), '');
});

test('a man page is plain ASCII, which every troff reads', async () => {
  assert.match(await manPage(nunectHub), /^[\0-\x7f]*\[u21BB\][\0-\x7f]*$/);
});
