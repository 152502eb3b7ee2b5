// What stands on top of a unit's page: how it is, and what to do about it. Pure.
import { commandSteps, prettyMoment, prettyNs, prettySpan, prettyText } from '../../../lib/format.ts';
import { type Html, html } from '../../../web/html.ts';
import { nothing, type Tone, toned } from '../../../web/pieces.ts';
import { type FleetUnit, hasEnded } from '../../fleet/model.ts';
import { isAboveLimit } from '../../fleet/rank.ts';
import { rowOf, standingMark } from '../fleet/standing.ts';
import { clockLine } from '../look/clocks.ts';
import { capital, counted, stateTones } from '../look/marks.ts';
import { boundOfUnit, isSilent, type UnitPageData, type UnitProblem } from './data.ts';

/** A sentence, what follows it, and what to do. */
interface Said {
  readonly title: string;
  readonly more?: string | undefined;
  /** A command; of the unit itself. */
  readonly remedy?: string | undefined;
  /** What to do, in words. */
  readonly todo?: string | undefined;
}

const remarkWords = (remark: string): string => remark.replace(/^at the hub/, 'at the hub, not on the unit');

function fixOf({ remedy, todo }: Pick<Said, 'remedy' | 'todo'>): Html {
  if (remedy === undefined) return todo === undefined ? nothing : html`<p class="todo"><b>${todo}</b></p>`;
  const { steps, remark } = commandSteps(remedy);
  const words = remark === undefined ? 'on the unit, as root' : remarkWords(remark);
  return html`<div class="fix"><code>${steps.join('\n')}</code><button type="button" class="copy">Copy</button><span class="sub">${words}</span></div>`;
}

/** All as far as the first colon, and what comes behind it. */
function partsOf(text: string): readonly [string, string | undefined] {
  const at = text.indexOf(': ');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 2)];
}

function saidBy({ text, remedy }: Pick<UnitProblem, 'text' | 'remedy'>): Said {
  const [title, more] = partsOf(prettyText(text));
  return { title: capital(title), more: more && capital(more), remedy };
}

const since = ({ since_ms }: FleetUnit, at_ms: number): string =>
  since_ms === undefined ? '' : ` since ${prettyMoment(since_ms, at_ms)}`;

function silentWords({ unit, at_ms }: UnitPageData): Said {
  const { state, problems, enrolment, heard_ms } = unit;
  const heard =
    heard_ms === undefined
      ? 'When it was last heard is not known.'
      : `It was last heard ${prettyMoment(heard_ms, at_ms)}, ${prettySpan((at_ms - heard_ms) / 1000)} ago.`;
  const last = problems.length === 0 ? '' : ` Its last words: ${problems.join('; ')}.`;
  if (unit.unheard)
    return {
      title: 'How it is now is not known',
      more: `${heard} The hub was away, or this page has just begun to look: whether it is well or silent shows within three of its intervals.${last}`,
    };
  if (state === 'away')
    return { title: `Away${since(unit, at_ms)}`, more: `${heard} An app that is silent is no fault.` };
  if (state === 'stopped' && enrolment?.state === 'revoked')
    return { title: 'Its login is revoked', more: `${heard} The hub lets it in no more.` };
  if (state === 'stopped')
    return { title: `Stopped on purpose${since(unit, at_ms)}`, more: `${heard} Its last heartbeat said so.` };
  if (state === 'invited')
    return {
      title: 'Let in, and never heard',
      more: enrolment && `The invitation ends ${prettyMoment(enrolment.until_ms, at_ms)}.`,
      todo: 'Give the token to the device, or withdraw it.',
    };
  return {
    title: `Silent${since(unit, at_ms)}`,
    more: `${heard}${last}`,
    todo: 'See that it has power and a way to the hub; if it is not needed any more, forget it.',
  };
}

/** What the hub finds, where the unit itself does not; the gravest first. */
function foundByHub({ unit, at_ms }: UnitPageData): Said[] {
  const { measured, clock, expires, claims, link } = unit;
  const bound = boundOfUnit(unit);
  const found: Said[] = [];
  if (unit.two_speak)
    found.push({
      title: 'Two agents speak under this id',
      more: 'What is shown here is of the one heard last; the day below may be of both.',
      todo: 'Find the second device, often a copy of the first, and give it an id of its own: nunect-hub token lets it in.',
    });
  if (measured?.verdict === 'contradicts')
    found.push({
      title: 'Its clock is not where it says it is',
      more: [
        measured.why && `${capital(prettyText(measured.why.replace(/\.$/, '')))}.`,
        measured.since_ms === undefined ? '' : `So since ${prettyMoment(measured.since_ms, at_ms)}.`,
      ]
        .filter(Boolean)
        .join(' '),
      todo: 'See what its clock follows: what it trusts tells it the wrong time.',
    });
  if (clock && bound && isAboveLimit(unit))
    found.push({
      title: `Its clock may be off by ${prettyNs(bound.ns)}${bound.isRelative ? ' vs GM' : ''}`,
      more: `Its limit is ${prettyNs(clock.limit_ns)}.${clock.evidence === undefined ? '' : ` ${capital(prettyText(clock.evidence))}`}`,
    });
  if (clock && bound === undefined && isAboveLimit(unit))
    found.push({
      title: 'Nothing bounds its clock: it may be off by anything',
      more: `Its limit is ${prettyNs(clock.limit_ns)}.${clock.evidence === undefined ? '' : ` ${capital(prettyText(clock.evidence))}`}`,
    });
  if (unit.enrolment?.state === 'revoked')
    found.push({
      title: 'Its login is revoked, and it is heard',
      more: 'For some seconds that is usual. After that somebody speaks in its name by another login.',
      todo: 'See by which server and address it comes; revoke that login.',
    });
  if (unit.enrolment?.state === 'forgotten')
    found.push({
      title: 'It was forgotten, and still runs',
      more: 'Its login holds until its end, or until `nunect-hub revoke` is called where the keys of the hub are.',
    });
  for (const { what, days_left } of expires.filter(hasEnded))
    found.push({ title: `${what} has ended`, more: `${prettySpan(-days_left * 86_400)} ago.` });
  if (claims !== undefined)
    found.push({
      title: `Its records name another unit: ${claims}`,
      todo: 'Two devices may share a login, or one was renamed and not restarted.',
    });
  if (link?.dropped) found.push({ title: `${counted(link.dropped, 'record')} lost since its agent started` });
  return found;
}

/** What the unit finds wrong with itself: in full where it was asked, else as its records say it. */
function problemsOf({ unit, told }: UnitPageData): readonly UnitProblem[] {
  if (told !== undefined && 'problems' in told && told.problems.length > 0) return told.problems;
  const weight = unit.state === 'critical' ? 'critical' : 'degraded';
  return unit.problems.map((text) => ({ text, weight }));
}

/** The gravest first. */
const tones: readonly Tone[] = ['bad', 'warn', 'mild', 'good'];
const weightTones: Readonly<Record<UnitProblem['weight'], Tone>> = {
  critical: 'bad',
  degraded: 'warn',
  setup: 'mild',
  note: 'mild',
};

/** What a unit of which nothing is wrong has to show for it. */
function goodWords({ clock, link, ...unit }: FleetUnit): string {
  const bound = boundOfUnit({ clock, ...unit } as FleetUnit);
  const words = [
    bound && `clock within ${prettyNs(bound.ns)} of ${bound.isRelative ? 'its grandmaster' : 'true time'}`,
    clock?.holdover === true ? 'it runs on without its source' : undefined,
    link?.up === true ? 'linked to the hub' : undefined,
    link?.backlog === 0
      ? 'nothing waits'
      : link?.backlog && `${counted(link.backlog, 'record')} on their way`,
  ].filter(Boolean);
  return words.length === 0 ? '' : `${capital(words.join(', '))}.`;
}

function wellWords({ unit }: UnitPageData): Said {
  if (unit.kind === 'client')
    return { title: 'An app that answers', more: 'It is no router, and tells no health.' };
  if (unit.state === 'unknown')
    return { title: 'It says nothing of its health', more: 'Records come, but none with its state yet.' };
  if (unit.state === 'healthy') return { title: 'Everything works', more: goodWords(unit) };
  const clock = unit.clock && `Its clock: ${clockLine(unit.clock)}.`;
  return {
    title: `It is ${unit.state}`,
    more: `No record that has come here says why.${clock === undefined ? '' : ` ${clock}`}`,
  };
}

const other = (tone: Tone, said: Said, id: number): Html =>
  html`<li id="finding-${id}" class="also"><p>${toned(tone, said.title)}${said.more ? html`<br><span class="sub">${said.more}</span>` : html``}</p>${fixOf(said)}</li>`;

/** Why remedies are missing, where they are. */
function askedWords({ unit, told, at_ms }: UnitPageData): Html {
  if (isSilent(unit) || unit.problems.length === 0 || told === undefined) return nothing;
  if ('why' in told) return html`<p class="sub">Remedies are not known: ${told.why}.</p>`;
  return html`<p class="sub">Remedies: as the unit answered ${prettySpan((at_ms - told.at_ms) / 1000)} ago.</p>`;
}

/** How bad the unit is, with what the hub has found. */
export function toneOfUnit(unit: FleetUnit): Tone {
  const tone = stateTones[unit.state];
  if (isSilent(unit) || tone === 'bad') return tone;
  const isBad = unit.measured?.verdict === 'contradicts' || unit.expires.some(hasEnded) || unit.two_speak;
  return isBad || isAboveLimit(unit) ? 'bad' : unit.clock?.holdover === true ? 'warn' : tone;
}

/** What is said first, of the hub or of the unit itself, and all else that is found. */
function allSaid(data: UnitPageData): readonly [Said, readonly (readonly [Tone, Said])[]] {
  if (isSilent(data.unit)) return [silentWords(data), []];
  const own = problemsOf(data).map((problem) => [weightTones[problem.weight], saidBy(problem)] as const);
  const hub = foundByHub(data).map((said) => ['bad', said] as const);
  const isOwnFirst = data.unit.state === 'critical' || hub.length === 0;
  const [first, ...others] = isOwnFirst ? [...own, ...hub] : [...hub, ...own];
  const rest = others.sort(([a], [b]) => tones.indexOf(a) - tones.indexOf(b));
  if (first === undefined || (data.unit.state === 'healthy' && first[0] === 'mild'))
    return [wellWords(data), first === undefined ? [] : [first, ...rest]];
  return [first[1], rest];
}

/** The first sentence, for the title of the page. */
export const headline = (data: UnitPageData): string => allSaid(data)[0].title;

/** The verdict with its remedy, and what else is found. */
export function unitVerdict(data: UnitPageData): Html {
  const [first, rest] = allSaid(data);
  const more = first.more ? html`<p>${first.more}</p>` : nothing;
  const list =
    rest.length === 0
      ? nothing
      : html`<ul id="findings" aria-label="What else is found">${rest.map(([tone, said], at) => other(tone, said, at))}</ul>`;
  return html`<section id="verdict" class="card verdict ${toneOfUnit(data.unit)}"><p class="state">${standingMark(rowOf(data.unit).standing)}</p><div role="status"><h2>${first.title}</h2></div>${more}${fixOf(first)}${list}${askedWords(data)}</section>`;
}
