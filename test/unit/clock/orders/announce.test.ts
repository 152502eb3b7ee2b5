import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChronyFacts, ChronySource } from '../../../../agent/clock/facts.ts';
import { type Announcement, announce, type ServerEvidence } from '../../../../agent/clock/orders/announce.ts';
import { serverOrder } from '../../../../agent/clock/orders/orderlines.ts';
import { whyImplausible } from '../../../../agent/clock/verdict/grandmaster.ts';
import { absent, fresh } from '../../../../agent/lib/reading.ts';
import { chronyFacts, chronySource, refclock } from '../../../kit/clock/evidence.ts';

const gps = refclock('GPS', {});

interface Scene {
  readonly sources?: readonly ChronySource[];
  readonly bound_ns?: number;
  readonly quality?: ServerEvidence['verdict']['quality'];
  readonly hardware?: boolean;
  readonly leap?: ChronyFacts['tracking']['leap'];
}

const evidenceOf = ({
  sources = [gps],
  bound_ns = 800,
  quality = 'locked',
  hardware = true,
  leap = 'normal',
}: Scene) => ({
  verdict: {
    source: 'ntp',
    quality,
    bound: Number.isFinite(bound_ns) ? { absolute_ns: bound_ns, terms: [] } : { terms: [] },
  } as const,
  ntp: fresh(chronyFacts(0, { leap }, sources), 0),
  hardware,
  tracking_ns: 10_000_000,
});
const said = (scene: Scene, before?: Announcement): string =>
  serverOrder(announce(before, evidenceOf(scene)));
const unsynchronised = 'server 248 0xFE 0xFFFF 37 0x0C 0xA0';

test('a clock that GNSS holds is announced as such, in the timescale that the stamps have', () => {
  assert.equal(said({}), 'server 6 0x23 0xFFFF 37 0x3C 0x20');
  assert.equal(said({ hardware: false }), 'server 13 0x23 0xFFFF 37 0x30 0x20');
  assert.equal(said({ sources: [refclock('PPS0', {})] }), said({}));
});

test('a leap second to come is passed on', () => {
  assert.equal(said({ leap: 'insert' }), 'server 6 0x23 0xFFFF 37 0x3D 0x20');
  assert.equal(said({ leap: 'delete' }), 'server 6 0x23 0xFFFF 37 0x3E 0x20');
});

test('NTP, PTP itself, a clock without bound and one that is not synchronised are no reference', () => {
  for (const scene of [
    { sources: [chronySource()] },
    { sources: [refclock('PTP0', {})] },
    { sources: [refclock('PHC0', {})] },
    { bound_ns: Infinity },
    { bound_ns: 10_000_001 },
    { quality: 'acquiring' },
    { quality: 'freerun' },
    { leap: 'unsynchronised' },
    { sources: [refclock('GPS', { reach: 0 })] },
  ] as const)
    assert.equal(said(scene), unsynchronised, JSON.stringify(scene));
  const silent = announce(undefined, { ...evidenceOf({}), ntp: absent('no_reply') });
  assert.equal(serverOrder(silent), unsynchronised);
  assert.equal(said({ sources: [chronySource()], hardware: false }), 'server 248 0xFE 0xFFFF 37 0x00 0xA0');
});

test('GNSS that is lost is held over as long as the bound is within the limit', () => {
  const locked = announce(undefined, evidenceOf({}));
  const lost = { sources: [refclock('GPS', { reach: 0 })] };
  assert.equal(said({ ...lost, bound_ns: 3000 }, locked), 'server 7 0x25 0xFFFF 37 0x3C 0xA0');
  const held = announce(locked, evidenceOf({ ...lost, bound_ns: 3000 }));
  assert.equal(said({ ...lost, bound_ns: 9_000_000 }, held), 'server 7 0x2B 0xFFFF 37 0x3C 0xA0');
  assert.equal(said({ ...lost, bound_ns: 11_000_000 }, held), unsynchronised);
  assert.equal(
    said({ sources: [chronySource()], bound_ns: 3000 }, held),
    unsynchronised,
    'NTP has taken over',
  );
  assert.equal(
    said({ hardware: false, ...lost }, announce(undefined, evidenceOf({ hardware: false }))).split(' ')[1],
    '14',
  );
  const gone = announce(held, evidenceOf({ ...lost, bound_ns: 11_000_000 }));
  assert.equal(
    said({ ...lost, bound_ns: 3000 }, gone),
    unsynchronised,
    'what was withdrawn needs GNSS again',
  );
  assert.equal(said({}, gone), said({}));
});

test('the accuracy is that of the bound, at once when it grows, and not back and forth', () => {
  const first = announce(undefined, evidenceOf({ bound_ns: 900 }));
  const worse = announce(first, evidenceOf({ bound_ns: 1001 }));
  assert.equal(worse.clockAccuracy, 0x24);
  const same = announce(worse, evidenceOf({ bound_ns: 990 }));
  assert.equal(same.clockAccuracy, 0x24);
  assert.equal(announce(same, evidenceOf({ bound_ns: 600 })).clockAccuracy, 0x23);
});

test('nothing that is announced is implausible to a client of ours', () => {
  const lost = { sources: [refclock('GPS', { reach: 0 })] };
  for (const hardware of [true, false])
    for (const scene of [{}, { bound_ns: 10 }, { ...lost, bound_ns: 10 }, { sources: [chronySource()] }]) {
      const before = announce(undefined, evidenceOf({ hardware }));
      const { clockClass, clockAccuracy, flags, currentUtcOffset_s } = announce(
        before,
        evidenceOf({ ...scene, hardware }),
      );
      const parent = {
        parentPortIdentity: 'a-1',
        grandmasterIdentity: 'a',
        gmClockClass: clockClass,
        gmClockAccuracy: clockAccuracy,
      };
      const properties = {
        ...{ currentUtcOffset_s, currentUtcOffsetValid: (flags & 4) > 0, ptpTimescale: (flags & 8) > 0 },
        ...{ timeTraceable: (flags & 16) > 0, leap61: false, leap59: false },
      };
      assert.equal(whyImplausible(parent, properties), undefined, `${hardware} ${JSON.stringify(scene)}`);
    }
});
