import { readArgs } from '../../../cli/flags.ts';
import { type CommandIo, UsageError } from '../../../cli/io.ts';
import { visible } from '../../../lib/format.ts';
import { enrolSubjects, sealed } from '../../../wire/enrol.ts';
import { accepted } from '../answers.ts';
import { carryOut } from '../carryout.ts';
import { orderApproval } from '../orders.ts';
import { closeLogins, hubFlags, hubUsage, type OpenedHub, withHub } from './opened.ts';

const usage = `usage: nunect-hub approve UNIT|KEY ... [options]

Lets routers in that wait: see 'nunect-hub pending'. Those that listen get their login at once, others when they ask again.
Exit code: 0 done, 1 not done, 2 wrong usage.
  --as ID       by this id, not by that which it asks for
  --replace     in the place of the router that has the id, whose login is closed
${hubUsage}`;

const flags = { ...hubFlags, as: { type: 'string' }, replace: { type: 'boolean', default: false } } as const;

type Wish = Parameters<typeof orderApproval>[2];

/** Gives why it was not done. */
async function approveOne(
  opened: OpenedHub,
  which: string,
  wish: Wish,
  io: CommandIo,
): Promise<string | undefined> {
  const { hub, links } = opened;
  const done = await carryOut(
    opened,
    (all) => orderApproval(all, which, wish, opened.moment()),
    ({ record }) => record,
  );
  if (!done.ok) return done.why;
  const { record, request } = done.value;
  const answer = accepted(request, record, hub);
  const link = request.account === 'FLEET' ? links.fleet : links.enrol;
  link.publish(enrolSubjects.answer(record.key), sealed(answer, hub.keys.answers));
  io.stdout(`${visible(`${record.unit} is in, with key ${record.key}`)}\n`);
  return undefined;
}

/** `nunect-hub approve`. Gives the exit code; wrong arguments throw a UsageError. */
export async function approve(args: readonly string[], io: CommandIo, signal: AbortSignal): Promise<number> {
  const { values, positionals } = readArgs(args, flags);
  if (values.help === true) {
    io.stdout(usage);
    return 0;
  }
  if (positionals.length === 0) throw new UsageError('expected a UNIT or KEY that waits');
  if (values.as !== undefined && positionals.length > 1) throw new UsageError('--as is for one router');
  const command = { io, signal, name: 'approve', dir: values.dir };
  return withHub(command, async (opened) => {
    let code = 0;
    for (const which of positionals) {
      const why = await approveOne(opened, which, { as: values.as, replace: values.replace }, io);
      if (why === undefined) continue;
      io.stderr(`nunect-hub approve: ${visible(why)}\n`);
      code = 1;
    }
    return (await closeLogins(opened, command)) || code;
  });
}
