// Completion as a bash runs it, and man pages without what only the sources would say.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { nunect } from '../../../agent/commands.ts';
import { nunectHub } from '../../../agent/hub/commands.ts';
import { bashCompletion, manPage } from '../../../build/clireference.ts';

/** What a bash offers for the last of these words. */
function offered(script: string, words: readonly string[]): string[] {
  const name = `_${words[0]?.replaceAll('-', '_')}`;
  const ask = `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); ${name}; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', ask, 'bash', ...words], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
}

test('commands, their options, and what help is of are completed', async () => {
  const [unit, hub] = [await bashCompletion(nunect), await bashCompletion(nunectHub)];
  assert.deepEqual(offered(unit, ['nunect', 'do']), ['doctor']);
  assert.deepEqual(offered(unit, ['nunect', 'doctor', '--']), ['--json', '--config', '--dir', '--help']);
  assert.deepEqual(offered(unit, ['nunect', 'help', 'st']), ['status']);
  assert.deepEqual(offered(unit, ['nunect', 'bogus', '--']), []);
  assert.deepEqual(offered(hub, ['nunect-hub', 'top', '--o']), ['--once']);
});

test('a man page has every command, and is the same from sources and bundle', async () => {
  for (const program of [nunect, nunectHub]) {
    const page = await manPage(program);
    for (const command of Object.keys(program.commands)) assert.ok(page.includes(`\n.SS ${command}\n`));
    assert.match(page, /^\.TH NUNECT(-HUB)? 1 "" "" "nunect"$/m);
  }
});

test('for the value of an option files are offered', async () => {
  const script = await bashCompletion(nunect);
  for (const flag of ['--config', '--format'])
    assert.deepEqual(offered(script, ['nunect', 'check', flag, '']), [], flag);
  assert.deepEqual(offered(script, ['nunect', 'echo', 'u', '--tls-key', '']), []);
});

test('a man page is plain ASCII, which every troff reads', async () => {
  assert.match(await manPage(nunectHub), /^[\0-\x7f]*\[u21BB\][\0-\x7f]*$/);
});
