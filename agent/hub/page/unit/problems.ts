// What a unit finds wrong with itself, in full: its records have the sentences, and the remedies only its answer to PROBLEMS.
import { isObject, type ParseResult, parsed, parseObject, unparsed } from '../../../lib/parse.ts';
import type { Link } from '../../../nats/link.ts';
import { subjectsOf } from '../../../wire/subjects.ts';
import { plainText } from '../../fleet/record/values.ts';

/** A finding of a unit, in its own words. */
export interface UnitProblem {
  readonly text: string;
  /** The unit's own word for how bad it is; others than these come from newer units. */
  readonly weight: 'critical' | 'degraded' | 'setup' | 'note';
  /** A command, to be run on the unit unless it says otherwise. */
  readonly remedy?: string;
}

/** What it answered, and when; or why there is no answer. */
export type ToldProblems =
  | { readonly at_ms: number; readonly problems: readonly UnitProblem[] }
  | { readonly at_ms: number; readonly why: string };

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
