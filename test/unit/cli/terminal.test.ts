import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusText } from '../../../agent/cli/statustext.ts';
import { commandLines, painter, printable, wrap } from '../../../agent/cli/terminal.ts';
import type { StatusSnapshot } from '../../../agent/status/snapshot.ts';
import { fullSnapshot } from '../../kit/page/snapshot.ts';

test('a text is broken at its spaces, and what a terminal would obey is not passed on', () => {
  assert.equal(wrap('one two three', 0, 2, 8), 'one two\n  three');
  assert.equal(wrap('0123456789', 2, 2, 6), '0123\n  4567\n  89');
  assert.equal(wrap('a\x1b[31mb\u202e', 0, 0), String.raw`a\x1b[31mb\u202e`);
});

test('what leaves the process has ends of lines in it and, where it is styled, our codes: nothing else', () => {
  const text = 'a\n\x1b[31mb\x1b[0m\r\n\x1b]0;c\x07';
  assert.equal(printable(text), 'a\n\\x1b[31mb\\x1b[0m\\x0d\n\\x1b]0;c\\x07');
  assert.equal(printable(text, true), 'a\n\x1b[31mb\x1b[0m\r\n\\x1b]0;c\\x07');
});

test('a command is broken only between its steps', () => {
  assert.equal(commandLines('ls', 4), '    $ ls\n');
  const long = `uci set nunect.hub.password='${'x'.repeat(40)}'; uci commit nunect; /etc/init.d/nunect reload`;
  assert.equal(commandLines(long, 2).replaceAll('\n    ', ' '), `  $ ${long}\n`);
});

test('colours are for a terminal whose owner wants them', () => {
  assert.equal(painter(true, {})('red', 'x'), '\x1b[31mx\x1b[0m');
  for (const paint of [painter(false, {}), painter(true, { NO_COLOR: '1' }), painter(true, { TERM: 'dumb' })])
    assert.equal(paint('red', 'x'), 'x');
});

test('status: each trouble stands with its command, no line is longer than 80', () => {
  const text = `the hub is not joined: ${'because '.repeat(30)}`;
  const remedy = "uci set nunect.hub.password='PASSWORD'; uci commit nunect; /etc/init.d/nunect reload";
  const snapshot: StatusSnapshot = {
    ...fullSnapshot,
    status: 'degraded',
    troubles: [{ code: 'hub_down', key: 'hub', weight: 'degraded', text, remedy }],
  };
  const shown = statusText(snapshot, (_hue, word) => word);
  assert.match(shown, /^degraded /);
  assert.match(shown, /\n {9}\$ uci set nunect\.hub\.password='PASSWORD';\n {11}uci commit nunect;\n/);
  for (const line of shown.split('\n')) assert.ok(line.length <= 80, line);
});
