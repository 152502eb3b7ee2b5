// chronyd measures PTP, but may not select it: ptp4l feeds it all the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  chronyFacts,
  chronySource,
  ptpFacts,
  refclock,
  type Scene,
  timeline,
} from '../../../kit/clock/evidence.ts';

interface Shown {
  readonly ptp_s?: number;
  readonly servers?: number;
  readonly isSelected?: boolean;
  readonly isLost?: boolean;
  readonly hardware?: boolean;
}

/** ptp4l that feeds chronyd by software, or phc2sys that does by hardware. */
const feeding =
  ({ ptp_s = 0, servers = 1, isSelected = false, isLost = false, hardware = false }: Shown) =>
  (now_ms: number): Scene => ({
    ptp: isLost
      ? ptpFacts(now_ms - 60_000, 0, { portState: 'LISTENING' })
      : ptpFacts(
          now_ms,
          ptp_s * 1e9,
          hardware ? { timestamping: 'HARDWARE' } : { portState: 'UNCALIBRATED' },
        ),
    ntp: chronyFacts(now_ms, {}, [
      refclock('PTP0', { state: isSelected ? 'selected' : 'unusable', offset_s: ptp_s, poll: 2 }),
      ...Array.from({ length: servers }, (_, at) =>
        chronySource({
          name: `192.0.2.${at + 1}`,
          state: isSelected ? 'not_combined' : at === 0 ? 'selected' : 'combined',
        }),
      ),
    ]),
    disciplines: { chronydMonitorOnly: false, phc2sys: hardware },
  });

test('a daemon that says that something else changes the clock is believed', () => {
  const scene = (now_ms: number): Scene => {
    const shown = feeding({})(now_ms);
    return { ...shown, disciplines: { ...shown.disciplines, interference: 'chronyd' } };
  };
  const { reasons, evidence, quality } = timeline().play(120, scene);
  assert.ok(reasons.includes('conflict'), reasons.join(' '));
  assert.match(evidence, /chronyd says that something else changes the clock/);
  assert.equal(quality, 'tracking');
});

for (const hardware of [false, true]) {
  const by = hardware ? 'hardware' : 'software';

  test(`by ${by}: while PTP is withheld the verdict is that of NTP, and nobody is said to fight`, () => {
    const verdict = timeline().play(120, feeding({ hardware }));
    assert.deepEqual([verdict.source, verdict.quality], ['ntp', 'locked']);
    assert.ok(!verdict.reasons.includes('conflict'), verdict.reasons.join(' '));
    for (const servers of [1, 3]) {
      const wrong = timeline().play(120, feeding({ hardware, ptp_s: -37, servers }));
      assert.equal(wrong.source, 'ntp');
      assert.ok(wrong.reasons.includes('tai_utc_mistake') && !wrong.reasons.includes('conflict'));
    }
  });

  test(`by ${by}: the loss of PTP is told at once, and NTP when chronyd has it`, () => {
    const time = timeline();
    const selected = time.play(200, feeding({ hardware, isSelected: true }));
    assert.equal(selected.source, 'ptp');
    assert.ok(!selected.reasons.includes('conflict'), selected.reasons.join(' '));
    const lost = time.play(1, feeding({ hardware, isSelected: true, isLost: true }));
    assert.equal(lost.source, 'unsynced', 'chronyd has not noticed yet');
    assert.equal(time.play(6, feeding({ hardware, isLost: true })).source, 'ntp');
  });
}
