import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keysIn, pressed, type ViewState } from '../../../../agent/hub/top/keys.ts';

const ids = ['a', 'b', 'c', 'd', 'e'];
const start: ViewState = { order: 'state', shows: 'table', from: 0, end: 3, next: 3 };
const after = (keys: readonly string[], state: ViewState = start): ViewState => {
  const end = keys.reduce<ViewState | undefined>((one, key) => one && pressed(one, key, ids), state);
  assert.ok(end !== undefined);
  return end;
};
const [up, down] = ['\x1b[A', '\x1b[B'];

test('arrows choose a unit, stop at both ends, and turn the page to it', () => {
  assert.equal(after([down]).selected, 'a');
  assert.equal(after([down, down, down]).selected, 'c');
  const below = after([down, down, down, down]);
  assert.deepEqual([below.selected, below.from], ['d', 3]);
  assert.equal(after([down, up, up]).selected, 'a');
  assert.equal(after(new Array(9).fill(down)).selected, 'e');
  const above = after([up], { ...start, selected: 'c', from: 2, end: 5 });
  assert.deepEqual([above.selected, above.from], ['b', 1]);
});

test('Enter shows the unit that is chosen, any key but q goes back to the table', () => {
  assert.equal(after([down, '\r']).shows, 'unit');
  for (const key of ['\x1b', '\r', ' ', 'x']) assert.equal(after([down, '\r', key]).shows, 'table', key);
  assert.equal(after(['\r']).shows, 'table', 'nothing was chosen yet: the first is');
  assert.equal(after(['\r']).selected, 'a');
  assert.equal(after(['\r'], { ...start, selected: 'gone' }).shows, 'table');
  assert.equal(pressed(after([down, '\r']), 'q', ids), undefined);
});

test('? shows the keys, s the next order, the space bar the next page, Esc forgets the choice', () => {
  assert.equal(after(['?']).shows, 'keys');
  assert.equal(after(['?', '?']).shows, 'table');
  assert.equal(after(['s']).order, 'clock');
  assert.equal(after([' ']).from, 3);
  assert.deepEqual(after([down, '\x1b']), { ...start, selected: undefined });
});

test('q, Ctrl-C and Ctrl-D end it, whatever is shown', () => {
  for (const key of ['q', 'Q', '\x03', '\x04'])
    for (const shows of ['table', 'unit', 'keys'] as const)
      assert.equal(pressed({ ...start, shows }, key, ids), undefined);
});

test('keys that come at once are keys one by one', () => {
  assert.deepEqual(keysIn(`${down}${down}\x1bOAjq`), [down, down, '\x1bOA', 'j', 'q']);
  assert.deepEqual(keysIn('\x1b'), ['\x1b']);
  assert.deepEqual(keysIn('\x1b[3~ \r'), ['\x1b[3~', ' ', '\r']);
  assert.deepEqual(keysIn(''), []);
});

test('where the list has become shorter than the page that was shown, the arrows begin at its end', () => {
  assert.equal(pressed({ ...start, from: 24, end: 30 }, down, ids)?.selected, 'e');
});

test('without a unit the arrows choose none', () => {
  assert.equal(pressed(start, down, [])?.selected, undefined);
});

test('keys that come together are pressed one after the other', () => {
  assert.deepEqual(keysIn('\x1b[B\x1b[B\x1bOAq'), [down, down, '\x1bOA', 'q']);
  assert.deepEqual(keysIn('\x1b'), ['\x1b']);
  assert.deepEqual(keysIn('j\r?'), ['j', '\r', '?']);
});
