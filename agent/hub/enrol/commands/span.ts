import { type ParseResult, parsed, unparsed } from '../../../lib/parse.ts';

const units_ms = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const longest_ms = 3652 * units_ms.d;

/** Reads a span of time such as `7d` or `90s`, in ms. */
export function parseSpan(text: string): ParseResult<number> {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const span_ms = Number(count) * units_ms[(unit ?? 's') as keyof typeof units_ms];
  if (span_ms > 0 && span_ms <= longest_ms) return parsed(span_ms);
  return unparsed('must be a number with s, m, h or d, up to ten years');
}
