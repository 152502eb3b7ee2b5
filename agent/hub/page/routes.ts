// Which page is at which path. What is made of one moment is made once, however many look.
import { messageOf } from '../../lib/errors.ts';
import { jsonReply, type Reply, type Routes, textReply, type WebRequest } from '../../web/reply.ts';
import { fleetJson } from '../fleet/export/json.ts';
import { fleetMetrics } from '../fleet/export/metrics.ts';
import { hubQuestions } from '../servers/ask.ts';
import { hubPagePolicy, renderHubNow, renderHubPage } from './look/frame.ts';
import { unitPath } from './look/marks.ts';
import type { FleetMoment } from './sources.ts';
import { notForgottenPage } from './unit/page.ts';
import { frameOf, hubDocument, type PageMatter, type ShownPage, shownAt, unitDocument } from './views.ts';

const htmlReply = ({ status, page }: ShownPage, body: string): Reply => ({
  status,
  type: 'text/html; charset=utf-8',
  body,
  policy: hubPagePolicy(page),
});

const seeOther = (location: string): Reply => ({
  ...textReply(303, `see ${location}`),
  location,
});

/** Pages of one moment that are kept, by path and query, and documents by their path alone; the oldest goes first. */
const mostKept = 64;

/** Gives what was made of the same moment, or makes it. */
function keeper() {
  let of: FleetMoment | undefined;
  const kept = new Map<string, Promise<Reply | undefined>>();
  return {
    clear: () => kept.clear(),
    get(moment: FleetMoment, key: string, make: () => Promise<Reply | undefined>) {
      if (of !== moment) kept.clear();
      of = moment;
      const found = kept.get(key);
      if (found !== undefined) return found;
      const made = make();
      kept.set(key, made);
      const [oldest] = kept.keys();
      if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
      return made;
    },
  };
}

/** The words of a path behind its first /; undefined where it is not encoded as it must be. */
function wordsOf(path: string): string[] | undefined {
  try {
    return path.slice(1).split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/** All units for Prometheus, in pieces: of 10,000 units they are 16 MB. */
function metrics({ sources }: PageMatter): Reply {
  const { units, ...situation } = sources.moment();
  return {
    status: 200,
    type: 'text/plain; version=0.0.4; charset=utf-8',
    body: fleetMetrics(units, situation),
  };
}

/** Whether units are seen: for whoever watches the watcher. */
function health({ sources }: PageMatter): Reply {
  const { connected, notes } = sources.moment();
  const isWell = connected && sources.isRosterRead();
  return textReply(isWell ? 200 : 503, [isWell ? 'ok' : 'the units are not seen', ...notes].join('\n'));
}

/** For programs: a query changes nothing of it, so that who varies it gets what was made already. */
const isDocument = ([first = '', second = '', ...more]: readonly string[]): boolean =>
  (second === '' && ['fleet.json', 'hub.json', 'healthz'].includes(first)) ||
  (first === 'units' && second.endsWith('.json') && more.length === 0) ||
  (first === 'hub' && second === 'raw');

async function document(matter: PageMatter, words: readonly string[]): Promise<Reply | undefined> {
  const [first = '', second = '', third = '', ...more] = words;
  if (more.length > 0) return undefined;
  if (words.length === 1) {
    if (first === 'fleet.json') {
      const { units, ...situation } = matter.sources.moment();
      return jsonReply(fleetJson(units, situation));
    }
    if (first === 'hub.json') return jsonReply(await hubDocument(matter));
    if (first === 'healthz') return health(matter);
  }
  if (words.length === 2 && first === 'units' && second.endsWith('.json')) {
    const found = unitDocument(matter, second.slice(0, -'.json'.length));
    return found && jsonReply(found);
  }
  const question = hubQuestions.find((one) => one === third);
  if (first === 'hub' && second === 'raw' && question !== undefined) {
    const answers = matter.sources.hub.raw(question);
    const body = answers.map(({ server, json }) => `${JSON.stringify(server)}:${json}`).join(',');
    return { status: 200, type: 'application/json', body: `{${body}}\n` };
  }
  return undefined;
}

/** The hub tells us, too, that a unit is off its roster; mostly at once. */
async function untilGone({ sources, ticker }: PageMatter, unit: string): Promise<void> {
  for (let left = 30; left > 0 && sources.unit(unit) !== undefined; left -= 1)
    await new Promise<void>((resolve) => void ticker.after(100, resolve));
}

async function act(matter: PageMatter, words: readonly string[]): Promise<Reply | undefined> {
  const [first, unit = '', what, ...more] = words;
  const found = first === 'units' && more.length === 0 ? matter.sources.unit(unit) : undefined;
  if (found === undefined) return undefined;
  if (what === 'ask') {
    await matter.actions.ask(unit);
    return seeOther(`${unitPath(unit)}#ask`);
  }
  if (what !== 'forget') return undefined;
  const outcome = await matter.actions.forget(unit);
  if (outcome.state === 'done') {
    await untilGone(matter, unit);
    return seeOther('/');
  }
  const moment = matter.sources.moment();
  const shown: ShownPage = { status: 409, page: notForgottenPage(unit, outcome) };
  return htmlReply(shown, renderHubPage(shown.page, frameOf(matter, moment)));
}

/** All paths of the page. */
export function pageRoutes(matter: PageMatter): Routes {
  const kept = keeper();
  /** First words of paths that failed the last time. */
  const failing = new Set<string>();

  const shown = async (
    query: string,
    words: readonly string[],
    moment: FleetMoment,
  ): Promise<Reply | undefined> => {
    const isNow = words[0] === 'now';
    const found = await shownAt(matter, { words: isNow ? words.slice(1) : words, query }, moment);
    if (found === undefined) return undefined;
    const render = isNow ? renderHubNow : renderHubPage;
    return htmlReply(found, render(found.page, frameOf(matter, moment)));
  };

  const reply = async (request: WebRequest): Promise<Reply> => {
    const words = wordsOf(request.path);
    const none = textReply(404, 'no such page');
    if (words === undefined) return none;
    const kind = (words[0] === 'now' ? words[1] : words[0]) ?? '';
    try {
      if (request.method === 'POST') {
        const done = await act(matter, words);
        matter.sources.renew();
        kept.clear(); // who is sent back to a page sees what came of it
        return done ?? none;
      }
      if (request.path === '/metrics') return metrics(matter); // each is sent as it is made
      const moment = matter.sources.moment();
      const key = JSON.stringify(isDocument(words) ? words : [words, request.query]);
      const made = await kept.get(
        moment,
        key,
        async () => (await document(matter, words)) ?? shown(request.query, words, moment),
      );
      failing.delete(kind);
      return made ?? none;
    } catch (error) {
      if (!failing.has(kind)) matter.log.error(`/${kind} cannot be shown`, { error: messageOf(error) });
      failing.add(kind);
      return textReply(500, 'this page cannot be shown');
    }
  };
  return reply;
}
