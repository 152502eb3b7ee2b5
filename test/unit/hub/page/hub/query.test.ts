import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hubPath, hubQueryOf } from '../../../../../agent/hub/page/hub/query.ts';

const asked = (text: string) => hubQueryOf(new URLSearchParams(text));

test('a view has one address, and the address gives that view again', () => {
  for (const text of [
    '',
    'view=links',
    'view=links&q=ship+7&server=hub-a&account=RAIL&rtt=0&sort=far&n=500&page=3',
    'view=events',
    'q=%3Cb%3E%26',
  ]) {
    const { query, strange } = asked(text);
    assert.deepEqual(strange, [], text);
    assert.equal(hubPath(query), text === '' ? '/hub' : `/hub?${text}`);
    assert.deepEqual(asked(hubPath(query).split('?')[1] ?? '').query, query);
  }
});

test('what is not understood is as if it were not there, and is said', () => {
  for (const [text, said] of [
    ['view=nosuch', "view 'nosuch' must be one of overview, links, consumers, events"],
    ['sort=constructor', "sort 'constructor' must be one of rtt, far, name, server, account, in, out, since"],
    ['n=7', "n '7' must be one of 50, 100, 500, 1000"],
    ['rtt=20', "rtt '20' must be from 0 to 19"],
    ['rtt=-1', "rtt '-1' must be from 0 to 19"],
    ['page=0', "page '0' must be a number from 1 on"],
    ['page=1e9', "page '1e9' must be a number from 1 on"],
    ['page=99999999999999999999', "page '99999999999999999999' must be a number from 1 on"],
    ['foo=1', "'foo' is not known; there are view, q, server, account, rtt, sort, n, page"],
  ] as const) {
    const { query, strange } = asked(text);
    assert.deepEqual(strange, [said]);
    assert.equal(hubPath(query), '/hub');
  }
});

test('nothing of any length or number is taken', () => {
  const { query, strange } = asked(
    `q=${'a'.repeat(5000)}&${Array.from({ length: 500 }, (_, at) => `k${at}=1`).join('&')}`,
  );
  assert.equal(query.q.length, 128);
  assert.equal(strange.length, 5);
  assert.ok((asked(`view=${'x'.repeat(5000)}`).strange[0]?.length ?? 0) < 120);
});
