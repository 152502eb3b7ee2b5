// What a unit finds wrong with itself, in full: its records have the sentences, and the remedies only its answer to PROBLEMS.
import { isObject, type ParseResult, parsed, parseObject, unparsed } from '../../../lib/parse.ts';
import type { Ticker } from '../../../lib/ticker.ts';
import type { Link } from '../../../nats/link.ts';
import { subjectsOf } from '../../../wire/subjects.ts';
import type { FleetUnit } from '../../fleet/model.ts';
import { plainText } from '../../fleet/record/values.ts';
import { isSilent, type ToldProblems, type UnitProblem } from './data.ts';

const most = 12;
const longest_bytes = 65_536;
const weights = ['critical', 'degraded', 'setup', 'note'] as const;

function problemIn(value: unknown): UnitProblem[] {
  if (!isObject(value)) return [];
  const [text, remedy] = [plainText(value['text'], 600), plainText(value['remedy'], 600)];
  const weight = weights.find((one) => one === value['weight']) ?? 'degraded';
  return text === undefined ? [] : [{ text, weight, ...(remedy === undefined ? {} : { remedy }) }];
}

/** Reads the answer to PROBLEMS. */
export function parseProblems(data: Uint8Array): ParseResult<readonly UnitProblem[]> {
  if (data.length > longest_bytes) return unparsed('the answer is longer than any');
  const found = parseObject(new TextDecoder().decode(data));
  if (!found.ok) return found;
  const { problems, error } = found.value;
  if (!Array.isArray(problems)) return unparsed(plainText(error, 200) ?? 'the answer has no problems');
  return parsed(problems.slice(0, most).flatMap(problemIn));
}

/** Keeps what units answered, for as long as it holds. */
export interface ProblemsKeeper {
  /**
   * The last answer of a unit that has problems, asked anew where its records say other ones, and at most each 20 s; undefined
   * where there is none yet. A unit that tells little is asked only then, others each 5 minutes, too.
   */
  look(unit: FleetUnit): ToldProblems | undefined;
}

interface Kept {
  told?: ToldProblems;
  isAsking: boolean;
  asked_ms: number;
  about: string;
}

const mostKept = 64;
const again_ms = { changed: 20_000, same: 300_000 };
const seldom_s = 60;
const idle = { isAsking: false, asked_ms: Number.NEGATIVE_INFINITY, about: '' };
/** The same sentences about other figures. */
const aboutOf = ({ problems }: FleetUnit): string => problems.join('\n').replace(/\d+/g, '#');

/** Asks the units that somebody looks at. `wall_ms`: Unix ms. */
export function keepProblems(
  link: Pick<Link, 'request'>,
  ticker: Pick<Ticker, 'now_ms'>,
  wall_ms: () => number,
): ProblemsKeeper {
  const kept = new Map<string, Kept>();

  function ask(unit: string, role: string, one: Kept): void {
    one.isAsking = true;
    one.asked_ms = ticker.now_ms();
    void askProblems(link, unit, role, wall_ms()).then((told) => {
      one.told = told;
      one.isAsking = false;
    });
  }

  return {
    look(unit) {
      const { unit: id, role, problems, interval_s = 0 } = unit;
      if (role === undefined || problems.length === 0 || isSilent(unit)) return undefined;
      const one: Kept = kept.get(id) ?? { ...idle };
      kept.delete(id);
      kept.set(id, one);
      const [oldest] = kept.keys();
      if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
      const about = aboutOf(unit);
      const isOther = about !== one.about;
      const wait_ms = isOther
        ? again_ms.changed
        : interval_s >= seldom_s
          ? Number.POSITIVE_INFINITY
          : again_ms.same;
      if (!one.isAsking && ticker.now_ms() - one.asked_ms >= wait_ms) {
        one.about = about;
        ask(id, role, one);
      }
      return isOther && one.about !== about ? undefined : one.told;
    },
  };
}

const answer_ms = 5000;
const silence = {
  no_responders: 'the unit does not answer: its agent takes no commands, or its role is another one',
  timeout: 'the unit did not answer within 5 s',
  denied: 'the hub does not permit this page to ask',
  too_large: 'the question is too large',
  closed: 'there is no connection to the hub',
} as const;

/** Asks a unit, which costs its link about 1 KB. Never rejects. */
export async function askProblems(
  link: Pick<Link, 'request'>,
  unit: string,
  role: string,
  at_ms: number,
): Promise<ToldProblems> {
  const answer = await link.request(subjectsOf(unit, role).command, 'PROBLEMS', { timeout_ms: answer_ms });
  if (answer.kind !== 'reply') return { at_ms, why: silence[answer.kind] };
  const found = parseProblems(answer.message.data);
  return found.ok ? { at_ms, problems: found.value } : { at_ms, why: found.why };
}
