// One cause, one row: units that are unwell for the same reason stand together. Pure.
import { unsynchronisedWords } from '../../health/finding.ts';
import { known } from '../../lib/known.ts';
import { clockState } from './changes.ts';
import { type FleetUnit, hasEnded, type State } from './model.ts';
import { type Care, careOf, cares, isAboveLimit } from './rank.ts';

export const causeKinds = [
  'contradicts',
  'offline',
  'holdover',
  'limit',
  'expired',
  'two_speak',
  'problem',
] as const;

/** What makes units unwell, and which. */
export interface FleetCause {
  /** The same as long as the cause is; no other cause has it. */
  readonly key: string;
  readonly kind: (typeof causeKinds)[number];
  readonly care: Exclude<Care, 'quiet' | 'fine'>;
  readonly state: State;
  /** The worst first, as they were given. */
  readonly units: readonly FleetUnit[];
  /** Since the first of them; missing where nobody knows. */
  readonly since_ms?: number;
  /** What those have in common, such as a grandmaster. */
  readonly shared?: string;
  /** A sentence; with one unit in its own words. */
  readonly text: string;
  /** What else is wrong with these units, which this is not the cause of: that of the worst unit first, each sentence once. */
  readonly also: readonly AlsoWrong[];
}

/** Something that is wrong with units beside what they stand for. */
export interface AlsoWrong {
  readonly text: string;
  /** Ids, the worst first. */
  readonly units: readonly string[];
}

/** Those that fall silent within this of each other fell silent together, as long as that is soon after the first of them. */
const together_ms = 30_000;
/** Two intervals of a unit that sends little. */
const allTogether_ms = 120_000;

/** The same sentence about another figure or name. */
export const alike = (text: string): string => text.replace(/\d+(\.\d+)?/g, '#').replace(/'[^']*'/g, "'#'");

/** Of the clock source, in words. */
const followed = ({ clock }: FleetUnit): string | undefined => clock?.grandmaster ?? clock?.ntp_server;

interface Found {
  readonly kind: FleetCause['kind'];
  /** Units with the same are of one cause. */
  readonly by: string;
  readonly shared?: string | undefined;
}

/** What the hub finds of clock and logins, the gravest first. */
function foundByHub(unit: FleetUnit): Found[] {
  const { measured, clock, expires, two_speak } = unit;
  const shared = followed(unit);
  const by = shared ?? `unit ${unit.unit}`;
  return [
    ...(measured?.verdict === 'contradicts' ? [{ kind: 'contradicts', by, shared } as const] : []),
    ...(two_speak ? [{ kind: 'two_speak', by: `unit ${unit.unit}` } as const] : []),
    ...(isAboveLimit(unit)
      ? [{ kind: 'limit', by: `${clockState(unit)} ${by}`, shared } as const]
      : clock?.holdover === true
        ? [{ kind: 'holdover', by, shared } as const]
        : []),
    ...(expires.some(hasEnded) ? [{ kind: 'expired', by: `unit ${unit.unit}` } as const] : []),
  ];
}

const isOfClock = (text: string): boolean => text.startsWith(unsynchronisedWords);

/** What the unit says is wrong with it, the gravest first; what one says that calls itself healthy are notes. */
const ownWords = ({ state, problems }: FleetUnit): readonly string[] => (state === 'healthy' ? [] : problems);

/**
 * The cause of a unit's trouble, and what else is wrong with it; of those that fell silent without who did so with it. One that
 * calls itself critical is so for its own gravest word, which no trouble of its clock may hide.
 */
function causeOf(unit: FleetUnit): { readonly found: Found; readonly also: readonly string[] } {
  const { state } = unit;
  const said = ownWords(unit);
  const [gravest] = said;
  if (state === 'offline') return { found: { kind: 'offline', by: '' }, also: said.slice(1) };
  const found = foundByHub(unit);
  const own: Found = { kind: 'problem', by: gravest === undefined ? `unit ${unit.unit}` : alike(gravest) };
  const isOwn = state === 'critical' && (gravest === undefined ? !found.some(isWorse) : !isOfClock(gravest));
  const [first = own, ...others] = isOwn ? [own, ...found] : found;
  const rest = first.kind === 'problem' ? said.slice(1) : said;
  return {
    found: first,
    also: [
      ...rest.filter((text) => first.kind === 'problem' || !isOfClock(text)),
      ...others.map(({ kind, shared }) => textOf(kind, [unit], shared)),
    ],
  };
}

/** Such a clock alone may be what a unit is critical for. */
const isWorse = ({ kind }: Found): boolean => kind === 'contradicts' || kind === 'limit';

/** Those sentences, each once whatever its figures, and whose they are. */
function alsoOf(units: readonly FleetUnit[]): AlsoWrong[] {
  const found = new Map<string, { readonly text: string; readonly units: string[] }>();
  for (const unit of units)
    for (const text of causeOf(unit).also) {
      const like = alike(text);
      const one = found.get(like);
      if (one === undefined) found.set(like, { text, units: [unit.unit] });
      else if (one.units.at(-1) !== unit.unit) one.units.push(unit.unit);
    }
  return [...found.values()];
}

/** Runs of those that fell silent together; times may be missing, and are then of nobody else. */
function silentTogether(units: readonly FleetUnit[]): FleetUnit[][] {
  const groups: FleetUnit[][] = [];
  let last_ms = -Infinity;
  for (const unit of [...units].sort((a, b) => (a.heard_ms ?? 0) - (b.heard_ms ?? 0))) {
    const { heard_ms = -Infinity } = unit;
    const first_ms = groups.at(-1)?.[0]?.heard_ms ?? -Infinity;
    if (heard_ms - last_ms <= together_ms && heard_ms - first_ms <= allTogether_ms) groups.at(-1)?.push(unit);
    else groups.push([unit]);
    last_ms = heard_ms;
  }
  return groups;
}

const gravest = ({ problems }: FleetUnit): string => problems[0] ?? '';

/** The gravest word of the first; whether the others say the same. */
function saidBy(units: readonly FleetUnit[]): string {
  const [first = '', ...others] = units.map(gravest);
  return others.every((text) => text === first) ? first : `${first}, and the like of others.`;
}

/** What those units have in common, as a sentence. */
function textOf(kind: FleetCause['kind'], units: readonly FleetUnit[], shared = ''): string {
  const isOne = units.length === 1;
  const said = saidBy(units);
  const why = units[0]?.measured?.why;
  switch (kind) {
    case 'offline':
      if (!isOne) return 'Silent, all since the same time.';
      return said === '' ? 'Silent.' : `Silent. Its last words: ${said}`;
    case 'contradicts':
      if (isOne) return why ?? 'Its clock is not where it says it is.';
      return `Clocks are not where they say they are; all follow ${shared}.`;
    case 'limit':
      return `${isOne ? 'Its clock' : 'Clocks'} may be off by more than the limit. ${isOfClock(said) ? said : ''}`.trim();
    case 'holdover':
      if (shared === '') return 'The clock runs on without its source.';
      return `${units[0]?.clock?.grandmaster === shared ? 'Grandmaster' : 'NTP server'} ${shared} is gone; ${isOne ? 'the clock runs' : 'the clocks run'} on without it.`;
    case 'expired':
      return 'A certificate or a login has ended.';
    case 'two_speak':
      return 'Two agents speak under this id: what is shown of it is of the one heard last.';
    case 'problem':
      if (said !== '') return said;
      return units[0]?.unread ? 'Why is not known yet.' : 'No record that has come here says why.';
  }
}

/** Since when it is so: what is wrong with a clock may be younger, and older, than the state of its unit. */
function sinceOf(kind: FleetCause['kind'], { since_ms, clock, measured }: FleetUnit): number | undefined {
  switch (kind) {
    case 'contradicts':
      return measured?.since_ms;
    case 'holdover':
      return clock?.since_ms;
    case 'limit':
    case 'expired':
    case 'two_speak':
      return undefined; // nobody has noted it
    default:
      return since_ms;
  }
}

function causeFrom({ kind, by, shared }: Found, units: readonly FleetUnit[]): FleetCause {
  const [first] = units as readonly [FleetUnit];
  const care = careOf(first) as FleetCause['care'];
  const times = units.flatMap((unit) => sinceOf(kind, unit) ?? []);
  const since_ms = times.length === 0 ? undefined : Math.min(...times);
  return {
    kind,
    key: `${care}:${kind}:${kind === 'offline' ? units.map(({ unit }) => unit).sort()[0] : by}`,
    care,
    state: first.state,
    units,
    text: textOf(kind, units, shared),
    also: alsoOf(units),
    ...known({ since_ms, shared }),
  };
}

/** The causes of all that is wrong, in the order of the worst unit of each; `ranked` by rankUnits. */
export function causesOf(ranked: readonly FleetUnit[]): FleetCause[] {
  const groups = new Map<string, { found: Found; units: FleetUnit[] }>();
  const place = new Map(ranked.map(({ unit }, index) => [unit, index]));
  for (const unit of ranked) {
    const care = careOf(unit);
    if (care === 'quiet' || care === 'fine') continue;
    const { found } = causeOf(unit);
    const key = JSON.stringify([care, found.kind, found.by]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { found, units: [unit] });
    else group.units.push(unit);
  }
  const of = ({ unit }: FleetUnit): number => place.get(unit) ?? 0;
  return [...groups.values()]
    .flatMap(({ found, units }) =>
      found.kind === 'offline'
        ? silentTogether(units).map((some) =>
            causeFrom(
              found,
              some.sort((a, b) => of(a) - of(b)),
            ),
          )
        : [causeFrom(found, units)],
    )
    .sort(
      (a, b) =>
        cares.indexOf(a.care) - cares.indexOf(b.care) ||
        of(a.units[0] as FleetUnit) - of(b.units[0] as FleetUnit),
    );
}
