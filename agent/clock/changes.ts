// Which changes of the clock are worth an event: found by comparing two views, so that nothing is told twice.
import type { ChronyFacts, PtpFacts } from './facts.ts';
import { freshValue, type Reading } from './reading.ts';
import type { Verdict } from './types.ts';

/** What is compared; all of it JSON-able. Missing means not known. */
export interface ClockView {
  readonly verdict: { readonly source: string; readonly quality: string; readonly holdover: boolean };
  readonly grandmaster?: string;
  readonly parent?: string;
  readonly stepsRemoved?: number;
  /** Port identity -> portState. */
  readonly ports?: Readonly<Record<string, string>>;
  readonly ntpSource?: string;
  readonly ptp4l: string;
  readonly chronyd: string;
}

/** One change: `event` is `clock`, `grandmaster`, `parent`, `steps_removed`, `port_state`, `ntp_source`, `ptp4l` or `chronyd`. */
export interface ClockChange {
  readonly event: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

const presence = (reading: Reading<unknown>): string =>
  reading.kind === 'absent' ? `absent: ${reading.why}` : reading.kind;

const selectedOf = (ntp: ChronyFacts | undefined): string | undefined =>
  ntp?.sources.find((source) => source.state === 'selected')?.name;

/** Before it has heard of a master, a clock is its own parent. */
const isOwn = (identity: string, facts: PtpFacts): boolean =>
  facts.ports.some(({ portIdentity }) => portIdentity.startsWith(`${identity}-`));

/** The view of one moment. What a dead grandmaster left behind does not count: only a port that follows somebody has one. */
export function viewOf(verdict: Verdict, ptp: Reading<PtpFacts>, ntp: Reading<ChronyFacts>): ClockView {
  const facts = freshValue(ptp);
  const follows = facts?.ports.some(({ portState }) => portState === 'SLAVE' || portState === 'UNCALIBRATED');
  const followed = follows && facts?.parent && !isOwn(facts.parent.grandmasterIdentity, facts);
  const parent = followed ? facts?.parent : undefined;
  const steps = followed ? facts?.current?.stepsRemoved : undefined;
  const ntpSource = selectedOf(freshValue(ntp));
  return {
    verdict: { source: verdict.source, quality: verdict.quality, holdover: verdict.holdover !== undefined },
    ...(parent === undefined
      ? {}
      : { grandmaster: parent.grandmasterIdentity, parent: parent.parentPortIdentity }),
    ...(steps === undefined ? {} : { stepsRemoved: steps }),
    ...(facts === undefined
      ? {}
      : { ports: Object.fromEntries(facts.ports.map((port) => [port.portIdentity, port.portState])) }),
    ...(ntpSource === undefined ? {} : { ntpSource }),
    ptp4l: presence(ptp),
    chronyd: presence(ntp),
  };
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Nothing changed that is worth an event. */
export const sameView = (a: ClockView, b: ClockView): boolean => same(a, b);

/** All that changed from one view to the next, the verdict first. */
export function changesBetween(before: ClockView, after: ClockView): ClockChange[] {
  const found: ClockChange[] = [];
  const compare = (event: string, a: unknown, b: unknown): void => {
    if (same(a, b)) return;
    found.push({
      event,
      ...(a === undefined ? {} : { before: a }),
      ...(b === undefined ? {} : { after: b }),
    });
  };
  compare('clock', before.verdict, after.verdict);
  compare('grandmaster', before.grandmaster, after.grandmaster);
  compare('parent', before.parent, after.parent);
  compare('steps_removed', before.stepsRemoved, after.stepsRemoved);
  for (const port of new Set([...Object.keys(before.ports ?? {}), ...Object.keys(after.ports ?? {})])) {
    const a = before.ports?.[port];
    const b = after.ports?.[port];
    compare('port_state', a && { port, portState: a }, b && { port, portState: b });
  }
  compare('ntp_source', before.ntpSource, after.ntpSource);
  compare('ptp4l', before.ptp4l, after.ptp4l);
  compare('chronyd', before.chronyd, after.chronyd);
  return found;
}
