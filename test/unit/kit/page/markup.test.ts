import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markupComplaints, seenWords } from '../../../kit/page/markup.ts';

const wrong = (body: string): string => markupComplaints(`<h1>a</h1>${body}`).join();

test('markup that is as it should be is let through', () => {
  assert.equal(
    wrong(
      '<h2>b</h2><h3>c</h3><h2>d</h2><table aria-label="t"><tr><th scope="row">a</th><td>1 &lt; 2</td></tr></table><!-- <b> --><a href="/units/a">a</a><input aria-label="q"><svg aria-hidden="true"><path d="M0 0"/></svg>',
    ),
    '',
  );
});

test('what is not is found', () => {
  for (const [body, found] of [
    ['<b>', /<b> has no end/],
    ['</b>', /<\/b> ends nothing/],
    ['<b><i></b></i>', /ends nothing/],
    ['a < b', /no tag/],
    ['<b class="a"b">x</b>', /no tag/],
    ['<h3>x</h3>', /h3 follows h1/],
    ['<p style="a">x</p>', /style is not allowed/],
    ['<p onclick="a">x</p>', /onclick is not allowed/],
    ['<a href="javascript:a">x</a>', /leads elsewhere/],
    ['<a href="//x">x</a>', /leads elsewhere/],
    ['<table><tr></tr></table>', /without a name/],
    ['<th>a</th>', /of no scope/],
    ['<input name="q">', /without a label/],
    ['<svg></svg>', /without words/],
    ['<b id="x">a</b><b id="x">b</b>', /id x stands there twice/],
    ['<p>NaN</p>', /says NaN/],
  ] as const)
    assert.match(wrong(body), found, body);
});

test('the words that are seen are those between the tags', () => {
  assert.equal(seenWords('<p>a&lt;b <b>c</b></p>\n<style>x{}</style>d'), 'a<b c d');
});
