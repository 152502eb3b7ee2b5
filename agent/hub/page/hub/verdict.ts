// What stands on top of the hub's page: how the hub is, and what to do about it. Pure.
import { prettyText } from '../../../lib/format.ts';
import { type Html, html } from '../../../web/html.ts';
import { nothing, type Tone, toned } from '../../../web/pieces.ts';
import type { HubFinding, HubView } from '../../servers/model.ts';
import { rowId } from '../look/grid.ts';
import { count, counted } from '../look/marks.ts';
import { partsOfKey, type Remedy, remedyOf } from './remedies.ts';

const tones = { critical: 'bad', degraded: 'warn' } as const satisfies Record<HubFinding['weight'], Tone>;

/** Shown below the worst; the rest is folded away. */
const mostShown = 6;

/** How good the hub is as a whole. */
export const hubTone = ({ findings }: HubView): Tone => {
  const [worst] = findings;
  return worst === undefined ? 'good' : tones[worst.weight];
};

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** A finding as a sentence begins; names stay as they are. */
const begun = ({ key, text }: HubFinding): string =>
  partsOfKey(key)[0] === 'slow_consumer' ? prettyText(text) : capital(prettyText(text));

/** As far as the first `; ` or `: `, and what comes behind. */
function splitText(text: string): readonly [string, string | undefined] {
  const [whole, head = text, rest] = /^(.*?)[;:] (.*)$/s.exec(text) ?? [];
  return whole === undefined ? [text, undefined] : [head, rest];
}

function fixPart({ command, where }: Remedy): Html {
  if (command === undefined) return html``;
  return html`<div class="fix"><code>${command}</code><button type="button" class="copy">Copy</button><span class="sub">${where}</span></div>`;
}

const ended = (text: string): string => text + (/[.!?]$/.test(text) ? '' : '.');
const wordsPart = (words: string | undefined): Html =>
  words === undefined ? html`` : html` ${ended(capital(words))}`;

/** The worst, in one line as the title of the page has it. */
export function hubHeadline(view: HubView): string {
  const [worst] = view.findings;
  if (worst === undefined) return 'The hub is well';
  return splitText(begun(worst))[0];
}

function worstPart(finding: HubFinding, view: HubView): Html {
  const remedy = remedyOf(finding, view);
  const [, rest] = splitText(prettyText(finding.text));
  const tone = tones[finding.weight];
  const said = rest === undefined ? html`` : html`${ended(capital(rest))}`;
  const more = rest ?? remedy.words;
  const words = more === undefined ? nothing : html`<p>${said}${wordsPart(remedy.words)}</p>`;
  return html`<section id="verdict" class="card verdict ${tone}"><div role="status"><h2>${toned(tone, hubHeadline(view))}</h2></div>${words}${fixPart(remedy)}</section>`;
}

function otherPart(finding: HubFinding, view: HubView): Html {
  const remedy = remedyOf(finding, view);
  return html`<li id="${rowId('f', finding.key)}"><p>${toned(tones[finding.weight], ended(begun(finding)))}${wordsPart(remedy.words)}</p>${fixPart(remedy)}</li>`;
}

/** What a hub of which nothing is wrong has to show for it. */
function goodWords({ servers, links, streams, slow, told }: HubView): string {
  const all =
    servers.length === 1 ? 'The server is healthy' : `All ${count(servers.length)} servers are healthy`;
  const words = [
    all,
    told.includes('links') ? `${counted(links.length, 'leaf link')}` : undefined,
    told.includes('streams') && streams.length > 0 ? 'every stream has room' : undefined,
    told.includes('connections') && slow.now.length === 0 ? 'nobody reads too slowly' : undefined,
  ];
  return `${words.filter(Boolean).join(', ')}.`;
}

/** The verdict, and what else is wrong, the worst first. */
export function hubVerdict(view: HubView): Html {
  const [worst, ...others] = view.findings;
  if (worst === undefined)
    return html`<section id="verdict" class="card verdict good"><div role="status"><h2>${toned('good', hubHeadline(view))}</h2></div><p>${goodWords(view)}</p></section>`;
  if (others.length === 0) return html`${worstPart(worst, view)}`;
  const [shown, folded] = [others.slice(0, mostShown), others.slice(mostShown)];
  const list = (some: readonly HubFinding[]): Html =>
    html`<ul class="hf">${some.map((one) => otherPart(one, view))}</ul>`;
  const rest =
    folded.length === 0
      ? nothing
      : html`<details id="morefindings"><summary>${count(folded.length)} more</summary>${list(folded)}</details>`;
  return html`${worstPart(worst, view)}<section id="hub-findings" class="card"><h3>What else is found</h3>${list(shown)}${rest}</section>`;
}
