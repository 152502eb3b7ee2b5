import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  clockFilters,
  fleetHref,
  fleetPath,
  fleetSorts,
  hrefFrom,
  parseFleetQuery,
  queryViews,
} from '../../../../../agent/hub/page/fleet/query.ts';
import { standings } from '../../../../../agent/hub/page/fleet/standing.ts';

const parse = (text: string) => parseFleetQuery(new URLSearchParams(text));

describe('the query of the fleet', () => {
  test('nothing, empty values and blanks are the worst first, 40 rows', () => {
    const usual = { sort: 'state', isReversed: false, n: 40, page: 1 };
    for (const text of ['', 'q=&tenant=&state=&b=', 'q=%20&n='])
      assert.deepEqual(parse(text), { query: usual, wrong: [] });
    assert.equal(fleetPath(parse('').query), '/');
  });

  test('each value that a link of the page may have is read, and written as it was', () => {
    const queries = [
      ...standings.map((state) => `state=${state}`),
      ...queryViews.map((view) => `view=${view}`),
      ...clockFilters.map((clock) => `clock=${clock}`),
      ...fleetSorts.filter((sort) => sort !== 'state').flatMap((sort) => [`sort=${sort}`, `sort=-${sort}`]),
      ...['n=1', 'n=1000', 'page=7', 'b=0', 'b=25', 'sort=-state'],
      'q=a+b%26c&tenant=-&role=mast&source=00b0aa.fffe.0001f4',
    ];
    for (const text of queries) {
      const { query, wrong } = parse(text);
      assert.deepEqual(wrong, [], text);
      assert.equal(fleetPath(query), `/?${text}`);
      assert.deepEqual(parse(fleetPath(query).slice(2)).query, query);
    }
  });

  test('what cannot be is said with what may be, and left out', () => {
    const cases: [string, RegExp][] = [
      [
        'state=constructor',
        /^state=constructor is not known; state is one of critical, offline, contradicts/,
      ],
      ['clock=__proto__', /^clock=__proto__ is not known; clock is one of locked/],
      ['view=all', /^view=all is not known; view is one of you, copes/],
      ['sort=--name', /^sort=--name is not known; sort is one of state, unit/],
      ['n=0', /^n=0 must be a whole number from 1 to 1000\.$/],
      ['n=1001', /from 1 to 1000/],
      ['n=1e2', /from 1 to 1000/],
      ['page=-1', /^page=-1 must be a whole number from 1/],
      ['b=26', /^b=26 must be a whole number from 0 to 25/],
      [`q=${'x'.repeat(101)}`, /^q=x{40}… is longer than 100 characters\.$/],
      ['utm=1', /^utm=1 is nothing that this page knows\.$/],
      ['hasOwnProperty=1', /^hasOwnProperty=1 is nothing that this page knows\.$/],
    ];
    for (const [text, said] of cases) {
      const { query, wrong } = parse(text);
      assert.equal(wrong.length, 1, text);
      assert.match(wrong[0] ?? '', said);
      assert.equal(fleetPath(query), '/');
    }
  });

  test('of two the first holds, and a hundred wrong ones are a few sentences', () => {
    const { query, wrong } = parse('n=5&n=6');
    assert.deepEqual([query.n, wrong], [5, ['n=6 is given twice: the first one is used.']]);
    assert.equal(parse(Array.from({ length: 100 }, (_, i) => `x${i}=1`).join('&')).wrong.length, 4);
  });

  test('a link from a view keeps it, but for what changes and the number of the page', () => {
    const { query } = parse('state=offline&n=100&page=3');
    assert.equal(hrefFrom(query, { sort: 'unit' }), '/?state=offline&sort=unit&n=100#units');
    assert.equal(hrefFrom(query, { page: 4 }), '/?state=offline&n=100&page=4#units');
    assert.equal(fleetHref({ source: 'a&b"c' }), '/?source=a%26b%22c#units');
    assert.equal(fleetHref(), '/#units');
  });
});
