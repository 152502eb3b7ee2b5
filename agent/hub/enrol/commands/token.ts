import { randomBytes } from 'node:crypto';
import { readFlags, wholeFlag } from '../../../cli/flags.ts';
import { type CommandIo, UsageError } from '../../../cli/io.ts';
import { formatUtc, visible } from '../../../lib/format.ts';
import { createUser } from '../../../lib/nkeys/nkeymakers.ts';
import { type Bindings, keysOfToken, type TokenRecord } from '../../book/bindings.ts';
import { seedText } from '../../kit/keys.ts';
import { tokenOf } from '../answers.ts';
import { carryOut } from '../carryout.ts';
import { orderToken, orderWithdrawal } from '../orders.ts';
import { unitIdRule } from '../unitrecords.ts';
import { closeLogins, hubFlags, hubUsage, withHub } from './opened.ts';
import { parseSpan } from './span.ts';

const usage = `usage: nunect-hub token [options]
       nunect-hub token --list [--json]
       nunect-hub token --withdraw ID

Prints one string, to be given to a router: 'nunect enrol TOKEN', or the option enrol_token of its hub. Whoever has it may
ask to come into the fleet, until it ends or is used up; it lets nobody read or send records. Without --auto each router
waits for 'nunect-hub approve'.
Exit code: 0 done, 1 not done, 2 wrong usage.
  --unit ID     for this unit only: ${unitIdRule}
  --prefix P    for units whose ids begin so; a router without an id gets one
  --uses N      how many routers, counted by their keys (default 1)
  --expires T   from now on, such as 7d, 12h, 30m (default 7d)
  --auto        nobody has to approve
  --replace     with --unit: a router with another key takes the place of the present one, whose login is closed
  --list        show the tokens that have not ended
  --withdraw ID let this token admit nobody any more
  --json        print JSON
${hubUsage}`;

const flags = {
  ...hubFlags,
  unit: { type: 'string' },
  prefix: { type: 'string' },
  uses: { type: 'string', default: '1' },
  expires: { type: 'string', default: '7d' },
  auto: { type: 'boolean', default: false },
  replace: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
  withdraw: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

const mostUses = 100_000;

/** A token for people. */
function tokenLine(bindings: Bindings, token: TokenRecord): string {
  const { id, uses, auto, replace, unit, prefix, until_ms } = token;
  const of = unit ?? (prefix === undefined ? 'any unit' : `${prefix}*`);
  const marks = [...(auto ? ['auto'] : []), ...(replace ? ['replaces'] : [])];
  const used = `${keysOfToken(bindings, id).size} of ${uses} used, until ${formatUtc(until_ms)}`;
  return `${visible([`${id}  ${of.padEnd(24)} ${used}`, ...marks].join(', '))}\n`;
}

function list(bindings: Bindings, isJson: boolean, io: CommandIo): number {
  const open = [...bindings.tokens.values()].filter(
    ({ until_ms, withdrawn_ms }) => until_ms > Date.now() && withdrawn_ms === undefined,
  );
  for (const token of open) {
    const used = keysOfToken(bindings, token.id).size;
    io.stdout(isJson ? `${JSON.stringify({ ...token, used })}\n` : tokenLine(bindings, token));
  }
  if (open.length === 0 && !isJson) io.stdout('no token is open\n');
  return 0;
}

/** `nunect-hub token`. Gives the exit code; wrong arguments throw a UsageError. */
export async function makeToken(
  args: readonly string[],
  io: CommandIo,
  signal: AbortSignal,
): Promise<number> {
  const given = readFlags(args, flags);
  if (given.help === true) {
    io.stdout(usage);
    return 0;
  }
  const uses = wholeFlag(given.uses, 'uses', [1, mostUses]);
  const life_ms = parseSpan(given.expires);
  if (!life_ms.ok) throw new UsageError(`--expires '${given.expires}' ${life_ms.why}`);
  const command = { io, signal, name: 'token', dir: given.dir };
  return withHub(command, async (opened) => {
    const { book, hub } = opened;
    if (given.list) return list(book.bindings(), given.json, io);
    const now_ms = Date.now();
    const { withdraw, unit, prefix, auto, replace } = given;
    if (withdraw !== undefined) {
      const done = await carryOut(
        opened,
        (all) => orderWithdrawal(all, withdraw, now_ms),
        (record) => record,
      );
      if (!done.ok) throw new UsageError(done.why);
      io.stdout(`${visible(withdraw)} admits nobody any more\n`);
      return closeLogins(opened, command);
    }
    const user = createUser();
    const id = randomBytes(6).toString('hex');
    const wish = {
      id,
      login: user.getPublicKey(),
      unit,
      prefix,
      uses,
      life_ms: life_ms.value,
      auto,
      replace,
    };
    const made = await carryOut(
      opened,
      (all) => orderToken(all, wish, now_ms),
      (record) => record,
    );
    if (!made.ok) throw new UsageError(made.why);
    const text = tokenOf(made.value, seedText(user), hub);
    io.stdout(given.json ? `${JSON.stringify({ ...made.value, token: text })}\n` : `${text}\n`);
    return 0;
  });
}
