import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  claimOf,
  type Exchange,
  exchangeOf,
  type HubClock,
  offsetOf,
  widest,
} from '../../../../agent/hub/measure/claim.ts';
import { type JudgedClaim, judgeExchange, runsToFlag } from '../../../../agent/hub/measure/judge.ts';
import { seededRandom } from '../../../kit/lib/random.ts';

const start_us = 1_764_000_000_000_000;

/** What an exchange is made of: true delays and true errors, in µs. */
interface Truth {
  readonly there_us: number;
  readonly back_us: number;
  readonly service_us?: number;
  /** Clock minus truth. */
  readonly unit_us: number;
  readonly hub_us: number;
  readonly claimed_us?: number | undefined;
  readonly rel_us?: number | undefined;
  readonly own_us?: number | undefined;
  readonly hub?: Partial<HubClock>;
  readonly coarse?: boolean;
}

function exchange(truth: Truth): Exchange {
  const { there_us, back_us, service_us = 100, unit_us, hub_us, claimed_us, rel_us, own_us } = truth;
  const shown = (us: number): number =>
    truth.coarse === true ? Math.floor((us + unit_us) / 1000) * 1000 : Math.round(us + unit_us);
  const came_us = start_us + there_us;
  const left_us = came_us + service_us;
  const ns = (us: number) => Math.ceil(us * 1000);
  const made = exchangeOf(
    Math.round(start_us + hub_us),
    {
      t2_us: shown(came_us),
      t3_us: shown(left_us),
      source: 'ptp',
      quality: 'locked',
      ...(claimed_us === undefined ? {} : { error_bound_ns: ns(claimed_us) }),
      ...(rel_us === undefined ? {} : { error_rel_ns: ns(rel_us) }),
    },
    Math.round(left_us + back_us + hub_us),
    {
      source: 'ptp',
      quality: 'locked',
      ...(own_us === undefined ? {} : { error_bound_ns: ns(own_us) }),
      ...truth.hub,
    },
  );
  assert.ok(made !== undefined);
  return made;
}

const era = 'b1 0';
const judgedBy = (truths: readonly Truth[], grandmaster?: string): JudgedClaim | undefined =>
  truths.reduce<JudgedClaim | undefined>(
    (before, truth) => judgeExchange(before, { exchange: exchange(truth), era, grandmaster }),
    undefined,
  );
const lan: Truth = { there_us: 300, back_us: 300, unit_us: 0, hub_us: 0, claimed_us: 12, own_us: 500 };
const wrong: Truth = { ...lan, unit_us: 4100 };
const repeated = (truth: Truth, times: number): Truth[] => Array.from({ length: times }, () => truth);

describe('a claim against a measurement', () => {
  test('a clock that is off by more than path and both bounds is flagged at the third exchange', () => {
    for (const times of [1, 2]) {
      const { measured } = judgedBy(repeated(wrong, times)) ?? {};
      assert.equal(measured?.verdict, 'unjudged');
      assert.equal(measured?.reason, 'contradicts_so_far');
      assert.equal(measured?.runs, times);
    }
    const { measured } = judgedBy(repeated(wrong, runsToFlag)) ?? {};
    assert.equal(measured?.verdict, 'contradicts');
    assert.equal(measured?.offset_us, 4100);
    assert.ok(Math.abs((measured?.path_us ?? 0) - 303) < 1.01);
    assert.ok(Math.abs((measured?.beyond_us ?? 0) - (4100 - 300 - 500 - 12)) < 5);
    assert.match(measured?.why ?? '', /^claims 12\.0 us and is 3\.3 ms further ahead at least$/);
    assert.match(
      judgedBy(repeated({ ...wrong, unit_us: -4100 }, 3))?.measured.why ?? '',
      / behind at least$/,
    );
  });

  test('what the path, the bound of the hub or the claim can explain is no contradiction', () => {
    for (const truth of [
      { ...wrong, back_us: 9000 }, // a clock that is right looks like this too where the way there takes longer
      { ...wrong, own_us: 4200 },
      { ...wrong, claimed_us: 4100 },
    ])
      assert.notEqual(judgedBy(repeated(truth, 5))?.measured.verdict, 'contradicts', JSON.stringify(truth));
  });

  test('what cannot be judged says why', () => {
    const reasonOf = (truth: Truth): string | undefined => judgedBy([truth])?.measured.reason;
    assert.equal(reasonOf({ ...lan, own_us: undefined }), 'hub_unbounded');
    assert.equal(reasonOf({ ...lan, claimed_us: undefined }), 'no_claim');
    assert.equal(reasonOf({ ...lan, claimed_us: undefined, rel_us: 8 }), 'relative_claim');
    assert.equal(reasonOf({ ...lan, there_us: 600_000 }), 'too_wide');
    assert.equal(reasonOf({ ...lan, own_us: 50_000 }), 'too_wide');
    assert.equal(reasonOf({ ...lan, there_us: 600_000, claimed_us: 310_000 }), undefined);
    const told = judgeExchange(undefined, { exchange: exchange(lan), era, isDisputed: true });
    assert.equal(told.measured.reason, 'several_answers');
    assert.ok(judgedBy([{ ...lan, own_us: undefined }])?.measured.why?.includes('hub'));
  });

  test('a bound against the grandmaster counts where hub and unit follow the same one', () => {
    const relative: Truth = {
      ...wrong,
      claimed_us: undefined,
      rel_us: 8,
      hub: { grandmaster: 'gm1', error_rel_ns: 9000 },
    };
    assert.equal(judgedBy(repeated(relative, 3), 'gm1')?.measured.verdict, 'contradicts');
    assert.equal(judgedBy(repeated(relative, 3), 'gm1')?.measured.against, 'grandmaster');
    assert.equal(judgedBy(repeated(relative, 3), 'gm2')?.measured.reason, 'relative_claim');
    assert.equal(judgedBy(repeated({ ...relative, unit_us: 250 }, 3), 'gm1')?.measured.verdict, 'holds');
  });

  test('three in a row: one that shows the claim to hold begins anew, one that can tell nothing does not', () => {
    const verdictOf = (...truths: Truth[]) => judgedBy(truths)?.measured.verdict;
    const slow: Truth = { ...wrong, there_us: 20_000, back_us: 20_000 };
    assert.equal(verdictOf(wrong, wrong, lan, wrong), 'unjudged');
    assert.equal(verdictOf(wrong, wrong, slow, wrong), 'contradicts');
    assert.equal(verdictOf(wrong, wrong, wrong, slow), 'contradicts');
    assert.equal(verdictOf(wrong, wrong, wrong, lan), 'holds');
    // nor for ever
    assert.equal(verdictOf(wrong, wrong, slow, slow, slow, slow, wrong), 'unjudged');
    // a bound that has grown over the error is honest at once, though the path be bad
    assert.equal(verdictOf(wrong, wrong, wrong, { ...slow, claimed_us: 5000 }), 'holds');
  });

  test('a restart or a step of the hub ends a run; a flag stays until an exchange shows that the claim holds', () => {
    const seen = (truth: Truth, of: string) => ({ exchange: exchange(truth), era: of });
    const twice = judgedBy([wrong, wrong]);
    assert.equal(judgeExchange(twice, seen(wrong, 'b2 0')).measured.runs, 1);
    const flagged = judgedBy([wrong, wrong, wrong]);
    assert.equal(judgeExchange(flagged, seen(wrong, 'b2 0')).measured.verdict, 'contradicts');
    assert.equal(judgeExchange(flagged, seen(lan, 'b2 0')).measured.verdict, 'holds');
  });

  test('times that cannot be are no exchange', () => {
    const reply = { t2_us: start_us, t3_us: start_us + 500, source: 'ntp', quality: 'locked' } as const;
    const hub: HubClock = { source: 'ntp', quality: 'locked' };
    assert.equal(exchangeOf(start_us, reply, start_us + 490, hub), undefined); // answered before it was asked
    assert.equal(exchangeOf(start_us, { ...reply, t3_us: start_us }, start_us - 1, hub), undefined);
    assert.ok(exchangeOf(start_us, reply, start_us + 500, hub));
  });

  test('of the hub at two moments the wider bounds count, and only what is known at both', () => {
    const a: HubClock = {
      source: 'ntp',
      quality: 'locked',
      error_bound_ns: 5,
      grandmaster: 'gm1',
      error_rel_ns: 3,
    };
    assert.deepEqual(widest(a, { ...a, error_bound_ns: 7, grandmaster: 'gm2' }), {
      source: 'ntp',
      quality: 'locked',
      error_bound_ns: 7,
      error_rel_ns: 3,
    });
    assert.equal(widest({ ...a, error_bound_ns: 9 }, a).error_bound_ns, 9);
    assert.equal(widest(a, { source: 'ntp', quality: 'locked' }).error_bound_ns, undefined);
    assert.equal(claimOf(exchange(lan), undefined).against, 'utc');
  });
});

/** Between the two, evenly over their logarithms, or one of the ends. */
function between(random: () => number, low: number, high: number): number {
  const kind = random();
  if (kind < 0.05) return low;
  return kind < 0.1 ? high : low * (high / low) ** random();
}

describe('over random paths and clocks whose truth is known', () => {
  const random = seededRandom(20261129);
  /** -1 to 1, often an end: clocks that are as far off as their bound allows. */
  const part = (): number => {
    const kind = random();
    if (kind < 0.2) return -1;
    return kind < 0.4 ? 1 : 2 * random() - 1;
  };

  test('an honest clock never contradicts, not once, whatever its path is like', () => {
    let useful = 0;
    for (let i = 0; i < 30_000; i++) {
      const claimed_us = between(random, 0.05, 400_000);
      const own_us = between(random, 0.05, 50_000);
      const way = (): number => (random() < 0.2 ? 0 : between(random, 1, 600_000));
      const truth: Truth = {
        there_us: way(),
        back_us: way(),
        service_us: random() < 0.1 ? 0 : between(random, 1, 20_000),
        unit_us: part() * claimed_us,
        hub_us: part() * own_us,
        claimed_us,
        own_us,
        coarse: false,
      };
      const { measured } = judgedBy([truth]) ?? {};
      if (measured?.runs !== 0) assert.fail(JSON.stringify(truth));
      if (measured?.verdict === 'holds') useful += 1;
    }
    assert.ok(useful > 2500, `${useful} of 30000 were judged`);
  });

  test('nor does one whose clock tells whole milliseconds', () => {
    for (let i = 0; i < 20_000; i++) {
      const claimed_us = between(random, 10, 5000);
      const truth: Truth = {
        there_us: between(random, 1, 3000),
        back_us: between(random, 1, 3000),
        service_us: 10,
        unit_us: part() * claimed_us,
        hub_us: part() * 100,
        claimed_us,
        own_us: 100,
        coarse: true,
      };
      // a clock that rounds down is up to 1 ms behind what it would claim: here that is within its resolution
      if (judgedBy([truth])?.measured.runs !== 0) assert.fail(JSON.stringify(truth));
    }
  });

  test('the truth lies within what is measured', () => {
    for (let i = 0; i < 20_000; i++) {
      const truth: Truth = {
        there_us: between(random, 1, 600_000),
        back_us: between(random, 1, 600_000),
        unit_us: part() * 1e6,
        hub_us: part() * 1000,
        claimed_us: 1,
        own_us: 1000,
      };
      const { offset_us, path_us } = offsetOf(exchange(truth));
      if (Math.abs(offset_us - (truth.unit_us - truth.hub_us)) > path_us) assert.fail(JSON.stringify(truth));
    }
  });

  test('one that is off by more than claim, path and twice the bound of the hub is always flagged', () => {
    for (let i = 0; i < 20_000; i++) {
      const claimed_us = between(random, 1, 100_000);
      const own_us = between(random, 1, 20_000);
      const there_us = between(random, 1, 300_000);
      const back_us = between(random, 1, 300_000);
      const off_us = claimed_us + 2 * own_us + there_us + back_us + 20;
      const truth: Truth = {
        there_us,
        back_us,
        unit_us: random() < 0.5 ? off_us : -off_us,
        hub_us: part() * own_us,
        claimed_us,
        own_us,
      };
      const { verdict } = judgedBy(repeated(truth, runsToFlag))?.measured ?? {};
      if (verdict !== 'contradicts') assert.fail(JSON.stringify(truth));
    }
  });
});
