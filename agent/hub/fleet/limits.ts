// How far off a clock may be, by what the operator says of its role or tenant. Pure.
import { isObject, type ParseResult, parsed, unparsed } from '../../lib/parse.ts';

/** Limits in ns; that of the role goes before that of the tenant. */
export interface ClockLimits {
  readonly any_ns?: number;
  readonly by_role: Readonly<Record<string, number>>;
  readonly by_tenant: Readonly<Record<string, number>>;
}

/** Where nothing is set. */
const usual_ns = 1_000_000;

/** Nothing is set. */
export const noLimits: ClockLimits = { by_role: {}, by_tenant: {} };

const own = (limits: Readonly<Record<string, number>>, name = ''): number | undefined =>
  Object.hasOwn(limits, name) ? limits[name] : undefined;

/** The limit of a unit, and whether somebody has set it. */
export function clockLimitOf(limits: ClockLimits, role: string | undefined, tenant: string | undefined) {
  const set = own(limits.by_role, role) ?? own(limits.by_tenant, tenant) ?? limits.any_ns;
  return { limit_ns: set ?? usual_ns, ...(set === undefined ? {} : { limit_is_set: true as const }) };
}

const isLimit = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 1 && value <= 86_400e9;

const allowed = 'must be a number of ns from 1 to 86400000000000';

/** Reads `clock_limits` of page.json: {"any_ns": N, "by_role": {"mast": N}, "by_tenant": {"rail": N}}. */
export function parseClockLimits(value: unknown): ParseResult<ClockLimits> {
  if (value === undefined) return parsed(noLimits);
  if (!isObject(value)) return unparsed('clock_limits must be an object');
  const { any_ns, by_role = {}, by_tenant = {}, ...others } = value;
  const [other] = Object.keys(others);
  if (other !== undefined)
    return unparsed(`clock_limits.${other} is not known: any_ns, by_role and by_tenant are`);
  if (any_ns !== undefined && !isLimit(any_ns)) return unparsed(`clock_limits.any_ns ${allowed}`);
  for (const [name, limits] of Object.entries({ by_role, by_tenant })) {
    if (!isObject(limits)) return unparsed(`clock_limits.${name} must be an object`);
    const wrong = Object.entries(limits).find(([, limit]) => !isLimit(limit));
    if (wrong !== undefined) return unparsed(`clock_limits.${name}.${wrong[0]} ${allowed}`);
  }
  return parsed({ ...(any_ns === undefined ? {} : { any_ns }), by_role, by_tenant } as ClockLimits);
}
