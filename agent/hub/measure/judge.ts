// Claim against measurement: does what a unit says of its clock meet what the hub has measured? Pure.
// The unit's clock minus true time lies in [-back, forward], widened by both resolutions and by how far the hub's own clock
// may be from true time, however unequal the two ways are. Only an interval that does not meet the claim contradicts it.
import { formatNs } from '../../lib/format.ts';
import { known } from '../../lib/known.ts';
import { beyond_us } from '../../peers/fourtimes.ts';
import type { Measured, UnjudgedReason } from '../fleet/model.ts';
import { type ClockClaim, claimOf, type Exchange, offsetOf } from './claim.ts';

/** Contradictions in a row until a unit is flagged. */
export const runsToFlag = 3;
/** So many exchanges in a row that cannot tell leave a run as it is. */
const mostMute = 3;

/** When even errors of this size, or of 10 times the claim, could hide behind path and hub, nothing is said of a claim. */
const usefulWidth = { us: 10_000, ofClaim: 10 } as const;

/** What was found of a unit so far. */
export interface JudgedClaim {
  readonly measured: Measured;
  /** While a run lasts: how far the unit's clock was off at least, signed. */
  readonly edge_us?: number;
  /** Exchanges since the last one that told anything. */
  readonly mute: number;
  /** What must stay the same for a run to go on: the run of the unit's agent, the steps of the hub's clock. */
  readonly era: string;
}

/** An exchange, and what is known besides. */
export interface SeenExchange {
  readonly exchange: Exchange;
  /** That the unit follows, as its records say. */
  readonly grandmaster?: string | undefined;
  readonly era: string;
  /**
   * Out of turn: somebody has asked. It can begin or end a run, but three of them in a minute are no three in a row: what is
   * wrong for a moment may be the hub's own clock, until its daemon has looked again.
   */
  readonly isExtra?: boolean;
  /** Others answered too, and not alike. */
  readonly isDisputed?: boolean;
}

const day_us = 86_400e6;

/** Of a clock that has no battery in days. */
const ofUs = (us: number): string =>
  Math.abs(us) < day_us ? formatNs(us * 1000) : `${(us / day_us).toFixed(1)} days`;

const whys: Readonly<Record<UnjudgedReason, (at: ClockClaim & { readonly path_us: number }) => string>> = {
  hub_unbounded: () => "nothing bounds the hub's own clock",
  hub_doubted: () => "the sources of most units contradict the hub's own clock",
  no_claim: () => 'the unit claims no bound',
  relative_claim: () => "its bound is against its grandmaster only, which the hub's clock does not follow",
  too_wide: ({ path_us, own_bound_us = 0, claimed_us = 0 }) =>
    `the path leaves ${ofUs(path_us)} open and the hub's clock ${ofUs(own_bound_us)}: too much for a claim of ${ofUs(claimed_us)}`,
  contradicts_so_far: () => `contradicts its claim; flagged after ${runsToFlag} exchanges in a row`,
  several_answers: () => 'more than one answered for it, and not alike',
};

/** The same measurement, not judged for that reason. */
export const unjudgedFor = (measured: Measured, reason: UnjudgedReason): Measured => ({
  ...measured,
  verdict: 'unjudged',
  reason,
  why: whys[reason](measured),
});

type Figures = Omit<Measured, 'verdict' | 'runs'>;

const contradiction = (figures: Figures, beyond: number): string =>
  `claims ${ofUs(figures.claimed_us ?? 0)} and is ${ofUs(Math.abs(beyond))} further ${beyond > 0 ? 'ahead' : 'behind'} at least`;

function noClaim({ told }: Exchange, { claimed_us, own_bound_us }: ClockClaim): UnjudgedReason | undefined {
  if (claimed_us === undefined) return told.error_rel_ns === undefined ? 'no_claim' : 'relative_claim';
  return own_bound_us === undefined ? 'hub_unbounded' : undefined;
}

/** Whether a clock that is as far off as the run has shown, and further than is claimed now, could look like this too. */
function couldHide({ ways }: Exchange, widened_us: number, claimed_us: number, edge_us: number): boolean {
  if (Math.abs(edge_us) <= claimed_us) return false;
  return edge_us > 0 ? ways.forward_us + widened_us >= edge_us : -ways.back_us - widened_us <= edge_us;
}

/** A run goes on within an era; one that has led to a flag until an exchange shows that the claim holds. */
const goesOn = (before: JudgedClaim | undefined, era: string): before is JudgedClaim =>
  before !== undefined &&
  before.measured.runs > 0 &&
  (before.era === era || before.measured.verdict === 'contradicts');

/** The run as it is, since this exchange tells nothing. */
function stays(before: JudgedClaim, figures: Figures, era: string, reason: UnjudgedReason): JudgedClaim {
  const { runs, since_ms, beyond_us: shown_us = 0, verdict } = before.measured;
  const kept = { ...figures, runs, ...known({ since_ms }), beyond_us: shown_us };
  const measured: Measured =
    verdict === 'contradicts'
      ? { ...kept, verdict, why: contradiction(figures, shown_us) }
      : unjudgedFor({ ...kept, verdict: 'unjudged' }, reason);
  return { ...before, measured, mute: before.mute + 1, era };
}

/** Takes an exchange in, and gives what is found of the unit now. */
export function judgeExchange(before: JudgedClaim | undefined, seen: SeenExchange): JudgedClaim {
  const { exchange, era, isDisputed = false, isExtra = false } = seen;
  const claim = claimOf(exchange, seen.grandmaster);
  const figures = { at_ms: Math.round(exchange.at_us / 1000), ...offsetOf(exchange), ...claim };
  const unjudged = (reason: UnjudgedReason): JudgedClaim => ({
    measured: unjudgedFor({ ...figures, verdict: 'unjudged', runs: 0 }, reason),
    mute: 0,
    era,
  });
  const lasting = goesOn(before, era) ? before : undefined;
  const canStay = lasting !== undefined && lasting.mute < mostMute;
  if (isDisputed)
    return canStay ? stays(lasting, figures, era, 'several_answers') : unjudged('several_answers');
  const reason = noClaim(exchange, claim);
  if (reason !== undefined) return unjudged(reason);
  const { claimed_us = 0, own_bound_us = 0 } = claim;
  const widened_us = exchange.resolution_us + own_bound_us;
  const beyond = beyond_us(exchange.ways, widened_us + claimed_us);
  if (beyond !== 0) return contradicted(lasting, figures, beyond, { era, isExtra });
  if (canStay && couldHide(exchange, widened_us, claimed_us, lasting.edge_us ?? 0))
    return stays(lasting, figures, era, 'contradicts_so_far');
  const useful_us = Math.max(usefulWidth.us, usefulWidth.ofClaim * claimed_us);
  if (figures.path_us + own_bound_us > useful_us) return unjudged('too_wide');
  return { measured: { ...figures, verdict: 'holds', runs: 0 }, mute: 0, era };
}

function contradicted(
  before: JudgedClaim | undefined,
  figures: Figures,
  beyond: number,
  { era, isExtra }: Required<Pick<SeenExchange, 'era' | 'isExtra'>>,
): JudgedClaim {
  const { runs = 0, since_ms = figures.at_ms } = before?.measured ?? {};
  const found = { ...figures, beyond_us: beyond, runs: isExtra ? Math.max(1, runs) : runs + 1, since_ms };
  const measured: Measured =
    found.runs >= runsToFlag
      ? { ...found, verdict: 'contradicts', why: contradiction(figures, beyond) }
      : unjudgedFor({ ...found, verdict: 'unjudged' }, 'contradicts_so_far');
  return { measured, edge_us: beyond + Math.sign(beyond) * (figures.claimed_us ?? 0), mute: 0, era };
}
