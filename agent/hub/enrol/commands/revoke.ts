import { readArgs } from '../../../cli/flags.ts';
import { type CommandIo, UsageError } from '../../../cli/io.ts';
import { visible } from '../../../lib/format.ts';
import type { ParseResult } from '../../../lib/parse.ts';
import type { Bindings, BoundRecord } from '../../book/bindings.ts';
import { takeOffRoster } from '../../book/roster.ts';
import { carryOut } from '../carryout.ts';
import { orderForgetting, orderRenaming, orderRevocation } from '../orders.ts';
import { closeLogins, hubFlags, hubUsage, type OpenedHub, withHub } from './opened.ts';

const revokeUsage = `usage: nunect-hub revoke [UNIT ...] [--dir DIR]

Shuts units out: their connections are closed at once, on all servers, and they get no new login. Their ids stay theirs:
a token that replaces lets a router in by one again, 'nunect-hub forget' frees it. Needs the keys of the hub.
Without a UNIT: closes what was shut out while the keys were not at hand.
Exit code: 0 done, 1 not done, 2 wrong usage.
${hubUsage}`;

const renameUsage = `usage: nunect-hub rename UNIT ID [--dir DIR]

Gives a unit another id. Its connection is closed, and it comes back by the new id in half a minute, with the same key; records
that it has sent keep the old one. Needs the keys of the hub.
Exit code: 0 done, 1 not done, 2 wrong usage.
${hubUsage}`;

const forgetUsage = `usage: nunect-hub forget UNIT|KEY ... [--dir DIR]

Shuts units out and takes them off the list: their ids are free for other routers. What they have recorded stays. A KEY, or
a UNIT that only waits for approval: its request is dropped; one that is only heard of: it is off the list until it is again.
Needs the keys of the hub.
Exit code: 0 done, 1 not done, 2 wrong usage.
${hubUsage}`;

/** What is done to units, and how it is told. */
interface Doing<T extends BoundRecord> {
  readonly name: string;
  readonly usage: string;
  /** What the words of the command line mean; wrong ones throw a UsageError. */
  read(words: readonly string[]): readonly string[];
  order(bindings: Bindings, which: string, words: readonly string[]): ParseResult<T>;
  /** The id that is no longer to be listed as heard of. */
  readonly offRoster?: (record: T) => string | undefined;
  /** That of what no order is for: what was done with it, if anything. */
  otherwise?(opened: OpenedHub, which: string): Promise<string | undefined>;
  /** `isClosed`: what the unit could log in with is void everywhere. */
  told(record: T, isClosed: boolean): string;
}

async function doAll<T extends BoundRecord>(
  doing: Doing<T>,
  args: readonly string[],
  io: CommandIo,
  signal: AbortSignal,
): Promise<number> {
  const { values, positionals } = readArgs(args, hubFlags);
  if (values.help === true) {
    io.stdout(doing.usage);
    return 0;
  }
  const units = doing.read(positionals);
  const command = { io, signal, name: doing.name, dir: values.dir };
  return withHub(command, async (opened) => {
    let code = 0;
    const told: ((isClosed: boolean) => string)[] = [];
    const silenced: string[] = [];
    for (const which of units) {
      const done = await carryOut(
        opened,
        (all) => doing.order(all, which, positionals),
        (record) => record,
      );
      const other = done.ok ? undefined : await doing.otherwise?.(opened, which);
      if (done.ok) told.push((isClosed) => doing.told(done.value, isClosed));
      else if (other !== undefined) told.push(() => other);
      else {
        io.stderr(`nunect-hub ${doing.name}: ${visible(done.why)}\n`);
        code = 1;
      }
      const silent = done.ok ? doing.offRoster?.(done.value) : undefined;
      if (silent !== undefined) silenced.push(silent);
    }
    const closed = await closeLogins(opened, command);
    for (const unit of silenced) await takeOffRoster(opened.links.fleet, unit); // now that it sends no more
    for (const line of told) io.stdout(`${visible(line(closed === 0))}\n`);
    return closed || code;
  });
}

const someUnits = (words: readonly string[]): readonly string[] => {
  if (words.length === 0) throw new UsageError('expected a UNIT');
  return words;
};

/** `nunect-hub revoke`. Gives the exit code; wrong arguments throw a UsageError. */
export const revoke = (args: readonly string[], io: CommandIo, signal: AbortSignal): Promise<number> =>
  doAll(
    {
      name: 'revoke',
      usage: revokeUsage,
      read: (words) => words,
      order: (bindings, unit) => orderRevocation(bindings, unit, Date.now()),
      told: ({ unit }, isClosed) => (isClosed ? `${unit} is shut out` : `${unit} gets no new login`),
    },
    args,
    io,
    signal,
  );

/** `nunect-hub rename`. Gives the exit code; wrong arguments throw a UsageError. */
export const rename = (args: readonly string[], io: CommandIo, signal: AbortSignal): Promise<number> =>
  doAll(
    {
      name: 'rename',
      usage: renameUsage,
      read([unit, to, ...more]) {
        if (unit === undefined || to === undefined || more.length > 0)
          throw new UsageError('expected a UNIT and its new ID');
        return [unit];
      },
      order: (bindings, unit, [, to = '']) => orderRenaming(bindings, unit, to, Date.now()),
      offRoster: ({ was }) => was,
      told: ({ unit, was }) => `${was} is ${unit}`,
    },
    args,
    io,
    signal,
  );

/** `nunect-hub forget`. Gives the exit code; wrong arguments throw a UsageError. */
export const forget = (args: readonly string[], io: CommandIo, signal: AbortSignal): Promise<number> =>
  doAll<BoundRecord>(
    {
      name: 'forget',
      usage: forgetUsage,
      read: someUnits,
      order: (bindings, which) => orderForgetting(bindings, which, Date.now()),
      offRoster: (record) => (record.kind === 'unit' ? record.unit : undefined),
      otherwise: async (opened, which) =>
        (await takeOffRoster(opened.links.fleet, which)) ? `${which} is forgotten` : undefined,
      told: (record) =>
        record.kind === 'unit'
          ? `${record.unit} is forgotten`
          : `the request of ${'id' in record ? record.id : ''} is dropped`,
    },
    args,
    io,
    signal,
  );
