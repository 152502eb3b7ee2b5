// An answer to `ops.time.sync.<unit>`, parsed. Others wrote it: one that cannot be is none.
import type { TimeSyncReply } from '../../answers/timesync.ts';
import { clockQualities, clockSources } from '../../clock/types.ts';
import { isObject } from '../../lib/parse.ts';
import { figure, mostOf } from '../fleet/record/values.ts';

/** What a unit tells in an answer. */
export type TimeReply = Omit<TimeSyncReply, 't1_us' | 'utc_offset_s'>;

/** An answer has some 130 bytes. */
const longest_bytes = 1024;

const isNatural = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const boundOf = (value: unknown): number | undefined => figure(value, mostOf.error_ns);
const wordOf = <W extends string>(words: readonly W[], value: unknown): W | undefined =>
  words.find((word) => word === value);

/** Undefined where it is no answer: not JSON, no times, no words of the contract, or one that left before it was asked. */
export function parseTimeReply(data: Uint8Array): TimeReply | undefined {
  if (data.length === 0 || data.length > longest_bytes) return undefined;
  let told: unknown;
  try {
    told = JSON.parse(new TextDecoder().decode(data));
  } catch {
    return undefined;
  }
  if (!isObject(told)) return undefined;
  const { t2_us, t3_us } = told;
  const source = wordOf(clockSources, told['source']);
  const quality = wordOf(clockQualities, told['quality']);
  if (!isNatural(t2_us) || !isNatural(t3_us) || t3_us < t2_us || !source || !quality) return undefined;
  const reply: { -readonly [K in keyof TimeReply]: TimeReply[K] } = { t2_us, t3_us, source, quality };
  const bound_ns = boundOf(told['error_bound_ns']);
  const rel_ns = boundOf(told['error_rel_ns']);
  if (bound_ns !== undefined) reply.error_bound_ns = bound_ns;
  if (rel_ns !== undefined) reply.error_rel_ns = rel_ns;
  return reply;
}

/** The finest step in which both times of a unit can be told: its clock may be one of whole ms. */
export const resolutionOf_us = ({ t2_us, t3_us }: Pick<TimeReply, 't2_us' | 't3_us'>): number =>
  t2_us % 1000 === 0 && t3_us % 1000 === 0 ? 1000 : 1;
