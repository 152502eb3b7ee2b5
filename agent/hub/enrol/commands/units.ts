import { readFlags } from '../../../cli/flags.ts';
import type { CommandIo } from '../../../cli/io.ts';
import { formatShortSpan, formatUtc, visible } from '../../../lib/format.ts';
import { known } from '../../../lib/known.ts';
import type { Bindings, BoundUnit, PendingRecord } from '../../book/bindings.ts';
import { lastHeard, unboundUnits, unboundWords } from '../../book/roster.ts';
import { hubFlags, hubUsage, withHub } from './opened.ts';

const unitsUsage = `usage: nunect-hub units [--json] [--dir DIR]

Lists the units: which are in, until when their logins last, and when each was last heard of. One that is heard of, and that
the hub has no record of, is unknown.
Exit code: 0 done, 1 the hub cannot be reached, 2 wrong usage.
  --json        print one JSON object per unit
${hubUsage}`;

const pendingUsage = `usage: nunect-hub pending [--json] [--dir DIR]

Lists the routers that wait for 'nunect-hub approve', with the reason.
Exit code: 0 done, 1 the hub cannot be reached, 2 wrong usage.
  --json        print one JSON object per router
${hubUsage}`;

const flags = { ...hubFlags, json: { type: 'boolean', default: false } } as const;

/** A unit as it is listed. */
interface ListedUnit extends Partial<Omit<BoundUnit, 'v' | 'kind' | 'voids' | 'state' | 'unit'>> {
  readonly unit: string;
  readonly state: 'bound' | 'revoked' | 'unknown';
  readonly heard_ms?: number;
}

function listed({ units }: Bindings, heard: ReadonlyMap<string, number>): ListedUnit[] {
  const own = [...units.values()].flatMap(({ v, kind, voids, state, ...record }) =>
    state === 'forgotten' ? [] : [{ ...record, state, ...known({ heard_ms: heard.get(record.unit) }) }],
  );
  const names = new Set(own.map(({ unit }) => unit));
  const others = [...heard].filter(([unit]) => !names.has(unit));
  const rest = others.map(([unit, heard_ms]) => ({ unit, state: 'unknown', heard_ms }) as const);
  return [...own, ...rest].sort((a, b) => (a.unit < b.unit ? -1 : 1));
}

const stateWords: Readonly<Record<ListedUnit['state'], string>> = {
  bound: 'in',
  revoked: 'shut out',
  unknown: 'unknown',
};

const ago = (at_ms: number | undefined, now_ms: number): string =>
  at_ms === undefined ? 'never' : `${formatShortSpan(Math.max(0, now_ms - at_ms) / 1000)} ago`;

function unitLine({ unit, state, role, until_ms, heard_ms, was }: ListedUnit, now_ms: number): string {
  const until = until_ms === undefined || state !== 'bound' ? '' : `login until ${formatUtc(until_ms)}`;
  const cells = [
    unit.padEnd(24),
    stateWords[state].padEnd(8),
    (role ?? '').padEnd(8),
    ago(heard_ms, now_ms).padEnd(12),
  ];
  return `${visible([...cells, until, was === undefined ? '' : `was ${was}`].join(' ').trimEnd())}\n`;
}

/** `nunect-hub units`. Gives the exit code; wrong arguments throw a UsageError. */
export async function units(args: readonly string[], io: CommandIo, signal: AbortSignal): Promise<number> {
  const { json, help, dir } = readFlags(args, flags);
  if (help === true) {
    io.stdout(unitsUsage);
    return 0;
  }
  return withHub({ io, signal, name: 'units', dir }, async ({ book, links }) => {
    const heard = await lastHeard(links.fleet);
    const all = listed(book.bindings(), heard);
    const now_ms = Date.now();
    const unbound = unboundUnits(book.bindings(), heard, now_ms);
    if (!json) io.stdout(`${'UNIT'.padEnd(24)} ${'STATE'.padEnd(8)} ${'ROLE'.padEnd(8)} HEARD\n`);
    for (const unit of all) io.stdout(json ? `${JSON.stringify(unit)}\n` : unitLine(unit, now_ms));
    if (unbound.length > 0) io.stderr(`nunect-hub units: ${visible(unboundWords(unbound))}\n`);
    return 0;
  });
}

const pendingWords: Readonly<Record<PendingRecord['why'], string>> = {
  approval: 'its token wants approval',
  other_hardware: 'THE KEY OF THIS UNIT ON ANOTHER MACHINE: a copy, or its flash in a new board',
  not_bound: 'the hub lets it in, but its binding is lost',
};

/** `nunect-hub pending`. Gives the exit code; wrong arguments throw a UsageError. */
export async function pending(args: readonly string[], io: CommandIo, signal: AbortSignal): Promise<number> {
  const { json, help, dir } = readFlags(args, flags);
  if (help === true) {
    io.stdout(pendingUsage);
    return 0;
  }
  return withHub({ io, signal, name: 'pending', dir }, async ({ book }) => {
    const all = [...book.bindings().pending.values()].sort((a, b) => a.asked_ms - b.asked_ms);
    for (const { v, kind, nonce, ...one } of all) {
      const { unit, key, why, asked_ms } = one;
      const line = `${unit.padEnd(24)} ${key}  ${ago(asked_ms, Date.now())}: ${pendingWords[why]}`;
      io.stdout(`${json ? JSON.stringify(one) : visible(line)}\n`);
    }
    if (all.length === 0 && !json) io.stdout('no router waits\n');
    return 0;
  });
}
