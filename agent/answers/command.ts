import type { Link } from '../nats/link.ts';
import { headerNames } from '../wire/headers.ts';
import { anyMatches, encodeRecord, headerValue, knownHeaders } from '../wire/values.ts';

/** What a read-only command gives, at once or later: an object that is sent as JSON. */
export type Command = () => object | Promise<object>;

export interface CommandDeps {
  readonly link: Pick<Link, 'publish' | 'subscribe'>;
  /** By name, in capitals: HEALTH_PROBE and the like. Whatever else a command does, it does in here. */
  readonly commands: Readonly<Record<string, Command>>;
}

const nameLimit = 64;
const requestLimit_bytes = 4096;

/** The command asked for: plain text, or JSON `{"cmd": "..."}`. */
function nameOf(data: Uint8Array): string {
  if (data.length > requestLimit_bytes) return '';
  const text = new TextDecoder().decode(data).trim();
  if (!text.startsWith('{')) return text.toUpperCase();
  try {
    const asked = JSON.parse(text) as { cmd?: unknown };
    return typeof asked.cmd === 'string' ? asked.cmd.trim().toUpperCase() : '';
  } catch {
    return '';
  }
}

/** Answers `ops.cmd.<role>.<unit>`. What is not known gets an error reply that lists what is. Returns its end. */
export function answerCommands(
  deps: CommandDeps,
  opts: { readonly subject: string; readonly replySubjects: readonly string[] },
): () => void {
  const known = Object.keys(deps.commands);
  const isAllowed = anyMatches(opts.replySubjects);

  function refuse(reply: string, code: number, error: string): void {
    const headers = knownHeaders({ [headerNames.serviceErrorCode]: code, [headerNames.serviceError]: error });
    deps.link.publish(reply, encodeRecord({ error, commands: known }), { headers });
  }

  return deps.link.subscribe(opts.subject, async (message) => {
    const reply = isAllowed(message.reply) ? message.reply : undefined;
    const name = nameOf(message.data);
    const command = Object.hasOwn(deps.commands, name) ? deps.commands[name] : undefined;
    if (command === undefined) {
      const shown = headerValue(name.slice(0, nameLimit));
      if (reply !== undefined)
        refuse(reply, 400, shown === '' ? 'no command given' : `unknown command '${shown}'`);
      return;
    }
    try {
      const result = encodeRecord(await command()); // also without a reply: HEALTH_PROBE is published as well
      if (reply !== undefined) deps.link.publish(reply, result);
    } catch (error) {
      if (reply !== undefined) refuse(reply, 500, `${name} failed`);
      throw error;
    }
  });
}
