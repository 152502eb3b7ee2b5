import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChronyFacts, PtpFacts } from '../../../../agent/clock/facts.ts';
import { keepOrders, type OrderDeps, type OrderSettings } from '../../../../agent/clock/orders/keeper.ts';
import { fresh, type Reading } from '../../../../agent/lib/reading.ts';
import { chronyFacts, chronySource, ptpFacts, refclock } from '../../../kit/clock/evidence.ts';
import { fakeTicker } from '../../../kit/lib/faketicker.ts';

const client: OrderSettings = {
  ...{ role: 'client', feed: 'chronyd', gate: 'selectopts', hardware: false, grace_s: 60 },
  tracking_ns: 10_000_000,
};

interface Site {
  ptp: Reading<PtpFacts>;
  ntp: Reading<ChronyFacts>;
  followsPtp: boolean;
  verdict: { source: string; quality: string; bound: object };
  /** Why the FIFO takes nothing. */
  trouble: string | undefined;
  readonly lines: string[];
  /** How often chronyd was to be asked sooner. */
  hastened: number;
  readonly logged: string[];
}

function start(settings: OrderSettings) {
  const ticker = fakeTicker();
  const site: Site = {
    ptp: fresh(ptpFacts(0, 0, { portState: 'UNCALIBRATED' }), 0),
    ntp: fresh(chronyFacts(0), 0),
    followsPtp: true,
    verdict: { source: 'ntp', quality: 'locked', bound: { absolute_ns: 800, terms: [] } },
    trouble: undefined,
    lines: [],
    hastened: 0,
    logged: [],
  };
  const log = (msg: string, fields = {}): void => void site.logged.push(`${msg} ${JSON.stringify(fields)}`);
  const deps: OrderDeps = {
    clock: () => ({
      ptp: () => site.ptp,
      ntp: () => site.ntp,
      followsPtp: () => site.followsPtp,
      verdict: () => site.verdict as never,
      hasten() {
        site.hastened += 1;
      },
    }),
    wall: { onStep: () => () => {} },
    ticker,
    fifo: {
      write(line) {
        if (site.trouble === undefined) site.lines.push(`${(ticker.now_ms() - 1000) / 1000} ${line}`);
        return site.trouble;
      },
      close: () => void site.lines.push('closed'),
    },
    log: { info: log, warn: log },
  };
  return { site, ticker, keeper: keepOrders(deps, settings) };
}

const sourcesOf = (state: 'unusable' | 'selected', offset_s = 0) =>
  fresh(
    chronyFacts(0, {}, [
      refclock('PTP0', { state, offset_s }),
      chronySource({ state: state === 'selected' ? 'not_combined' : 'selected' }),
    ]),
    0,
  );

test('an order is given at once, again each 30 s, and sooner while chronyd shows that it has forgotten', async () => {
  const { site, ticker, keeper } = start(client);
  site.ntp = sourcesOf('unusable');
  await ticker.pass(1000);
  site.ntp = sourcesOf('selected');
  await ticker.pass(60_000);
  assert.deepEqual(site.lines, ['1 ptp select', '31 ptp select', '61 ptp select']);
  assert.equal(site.hastened, 1, 'chronyd soon shows that it has obeyed; a repetition changes nothing');
  site.ntp = sourcesOf('unusable'); // it was restarted
  await ticker.pass(7000);
  assert.deepEqual(site.lines.slice(3), ['63 ptp select', '67 ptp select']);
  site.followsPtp = false;
  await ticker.pass(1000);
  assert.equal(site.lines.at(-1), '69 ptp withhold');
  assert.ok(site.hastened >= 4, `${site.hastened}`);
  assert.deepEqual(keeper.gate(), { order: 'withhold', reason: 'lost' });
  keeper.stop();
  await ticker.pass(60_000);
  assert.equal(site.lines.at(-1), 'closed');
});

test('why PTP is withheld is logged once', async () => {
  const { site, ticker, keeper } = start(client);
  site.ntp = sourcesOf('unusable', -37);
  await ticker.pass(60_000);
  assert.match(keeper.gate()?.fault ?? '', /as far apart as TAI and UTC/);
  assert.equal(site.logged.length, 1);
  assert.match(
    site.logged[0] ?? '',
    /^chronyd may not select PTP \{"why":"by PTP this clock is 37\.0 s behind/,
  );
});

test('what cannot be delivered is delivered as soon as it can be; that is logged after 10 s, and its end', async () => {
  const { site, ticker } = start(client);
  site.ntp = sourcesOf('selected');
  site.trouble = 'ENXIO';
  await ticker.pass(9000);
  assert.deepEqual([site.lines, site.logged], [[], ['chronyd may select PTP {"why":"agrees"}']]);
  await ticker.pass(60_000);
  assert.equal(site.logged.length, 2);
  assert.match(site.logged[1] ?? '', /^orders for the clock daemons are not taken.*ENXIO/);
  site.trouble = undefined;
  await ticker.pass(1000);
  assert.deepEqual(site.lines, ['70 ptp select']);
  assert.equal(site.logged.at(-1), 'orders for the clock daemons are taken again {}');
});

test('nothing is ordered of chronyd where it cannot be told', async () => {
  for (const gate of ['start', 'none'] as const) {
    const { site, ticker, keeper } = start({ ...client, gate });
    await ticker.pass(60_000);
    assert.deepEqual([site.lines, keeper.gate()], [[], undefined]);
  }
});

test('a server is announced as its clock is, again to a ptp4l that was restarted', async () => {
  const { site, ticker } = start({
    ...client,
    role: 'server',
    feed: 'nowhere',
    gate: 'none',
    hardware: true,
  });
  const serving = (gmClockClass: number) => {
    const facts = ptpFacts(0, 0, { portState: 'MASTER' });
    const parent = {
      parentPortIdentity: 'a-0',
      grandmasterIdentity: 'a',
      gmClockAccuracy: 0x23,
      gmClockClass,
    };
    return fresh({ ...facts, parent }, 0);
  };
  const locked = 'server 6 0x23 0xFFFF 37 0x3C 0x20';
  site.ntp = fresh(chronyFacts(0, {}, [refclock('GPS', {})]), 0);
  site.ptp = serving(6);
  await ticker.pass(31_000);
  assert.deepEqual(site.lines, [`1 ${locked}`, `31 ${locked}`]);
  site.ptp = serving(248);
  await ticker.pass(3000);
  assert.deepEqual(site.lines.slice(2), [`33 ${locked}`]);
  site.ptp = serving(6);
  site.ntp = fresh(chronyFacts(0), 0);
  await ticker.pass(1000);
  assert.equal(site.lines.at(-1), '35 server 248 0xFE 0xFFFF 37 0x0C 0xA0');
});

test('role auto announces what chronyd knows of the clock that it serves: none is known of a card that nothing sets', async () => {
  for (const [hardware, lines] of [
    [false, ['1 server 13 0x23 0xFFFF 37 0x30 0x20']],
    [true, []],
  ] as const) {
    const { site, ticker } = start({ ...client, role: 'auto', gate: 'none', hardware });
    site.ntp = fresh(chronyFacts(0, {}, [refclock('GPS', {})]), 0);
    await ticker.pass(3000);
    assert.deepEqual(site.lines, lines);
  }
});

test('without chronyd the host is told that the time is right, once PTP holds the clock', async () => {
  const { site, ticker } = start({ ...client, feed: 'clock', gate: 'none' });
  site.verdict = { source: 'ptp', quality: 'acquiring', bound: { terms: [] } };
  await ticker.pass(10_000);
  assert.deepEqual(site.lines, []);
  site.verdict = { source: 'ptp', quality: 'locked', bound: { terms: [] } };
  await ticker.pass(1000);
  assert.deepEqual(site.lines, ['11 synchronised']);
});

test('a client that has heard no grandmaster in 90 s is silent, one that has lost its own is not', async () => {
  const { site, ticker, keeper } = start(client);
  site.followsPtp = false;
  await ticker.pass(89_000);
  assert.equal(keeper.isSilent(), false);
  await ticker.pass(2000);
  assert.equal(keeper.isSilent(), true);
  site.followsPtp = true;
  await ticker.pass(1000);
  site.followsPtp = false;
  await ticker.pass(100_000);
  assert.equal(keeper.isSilent(), false);
  const server = start({ ...client, role: 'server' });
  server.site.followsPtp = false;
  await server.ticker.pass(100_000);
  assert.equal(server.keeper.isSilent(), false);
});
