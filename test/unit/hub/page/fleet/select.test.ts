import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FleetUnit } from '../../../../../agent/hub/fleet/model.ts';
import { parseFleetQuery } from '../../../../../agent/hub/page/fleet/query.ts';
import { selectRows } from '../../../../../agent/hub/page/fleet/select.ts';
import { fleetSumsOf } from '../../../../../agent/hub/page/fleet/sums.ts';
import { fleetUnit, silentUnit } from '../../../../kit/hub/fleetunits.ts';
import { clockOf, measuredOf } from '../../../../kit/hub/fleetworld.ts';

const ptp = { clock: clockOf({ error_bound_ns: 90, limit_ns: 1000, grandmaster: 'gm-a' }) };
/** Nobody has set a limit for it, and nothing bounds it. */
const { limit_is_set: _set, ...held } = clockOf({
  ...{ source: 'unsynced', quality: 'tracking', holdover: true, grandmaster: 'gm-a', limit_ns: 1e6 },
});
const { tenant: _, ...orphan } = silentUnit('dead', 1e11, { age_s: 9e8 });
const fleet: readonly FleetUnit[] = [
  fleetUnit('well', { ...ptp, tenant: 'harbour', role: 'ship', version: '0.9.4', measured: measuredOf(1) }),
  fleetUnit('bad', { state: 'critical', version: '0.10.0', problems: ['the LINK is down'] }),
  fleetUnit('slow', { link: { hub_rtt_us: 600_000, backlog: 7 }, version: '0.9.4' }),
  fleetUnit('held', { clock: held }),
  fleetUnit('follower', {
    clock: clockOf({
      source: 'ntp',
      ntp_server: 'ntp-a',
      quality: 'tracking',
      error_bound_ns: 4e6,
      limit_ns: 10e6,
    }),
  }),
  fleetUnit('relative', {
    clock: clockOf({ error_rel_ns: 300, limit_ns: 1000 }),
    measured: measuredOf(1, { verdict: 'unjudged' }),
  }),
  orphan,
  fleetUnit('app', { kind: 'client' }),
];
const sums = fleetSumsOf(fleet);
const select = (text: string) => selectRows(sums, parseFleetQuery(new URLSearchParams(text)).query);
const names = (text: string): string =>
  select(text)
    .rows.map(({ unit }) => unit.unit)
    .join(' ');

describe('the rows of the table', () => {
  test('are all units, the worst first, and no app', () => {
    assert.equal(names(''), 'bad dead held follower relative slow well');
    assert.equal(names('view=clients'), 'app');
  });

  test('are narrowed by each filter, and by all of them at once', () => {
    const cases: [string, string][] = [
      ['state=critical', 'bad'],
      ['state=holdover', 'held'],
      ['state=healthy', 'follower relative slow well'],
      ['tenant=harbour', 'well'],
      ['tenant=-', 'dead'],
      ['role=ship', 'well'],
      ['source=gm-a', 'held well'],
      ['source=ntp-a', 'follower'],
      ['source=-', 'bad relative slow'],
      ['clock=tracking', 'follower'],
      ['clock=holdover', 'held'],
      ['clock=unbounded', 'held'],
      ['clock=relative', 'relative'],
      ['clock=holds', 'well'],
      ['clock=unjudged', 'relative'],
      ['clock=unasked', 'bad held follower slow'],
      ['clock=contradicts', ''],
      ['view=you', 'bad dead'],
      ['view=copes', 'held'],
      ['view=slow', 'slow'],
      ['view=waiting', 'slow'],
      ['view=old', 'dead held follower relative slow well'],
      ['b=0', 'well'],
      ['b=2', 'relative'],
      ['q=link+DOWN', 'bad'],
      ['q=gm-a', 'held well'],
      ['q=lin+k', 'bad'],
      ['q=0.9.4', 'slow well'],
      ['q=zzz', ''],
      ['tenant=harbour&clock=holds&q=we', 'well'],
      ['tenant=harbour&view=slow', ''],
    ];
    for (const [text, wanted] of cases) assert.equal(names(text), wanted, text);
  });

  test('are sorted both ways, and what is not known comes last in both', () => {
    assert.equal(names('sort=unit'), 'bad dead follower held relative slow well');
    assert.equal(names('sort=-unit'), 'well slow relative held follower dead bad');
    assert.equal(names('sort=limit'), 'held follower relative bad slow well dead');
    assert.equal(names('sort=-limit'), 'well bad slow relative follower held dead');
    assert.equal(names('sort=rtt&view=fine'), 'slow follower relative well');
    assert.equal(names('sort=heard&n=1'), 'dead');
    assert.equal(names('sort=-state&n=2'), 'well slow');
  });

  test('come in pages; one beyond the last is the last', () => {
    const { from, page, pages, total } = select('n=3&page=2');
    assert.deepEqual([from, page, pages, total], [3, 2, 3, 7]);
    assert.equal(names('n=3&page=2'), 'follower relative slow');
    assert.equal(names('n=3&page=9'), 'well');
    assert.deepEqual(select('q=zzz'), { rows: [], total: 0, from: 0, page: 1, pages: 1 });
  });
});
