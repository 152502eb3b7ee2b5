import { suggest } from '../config/suggest.ts';
import type { CommandIo } from './io.ts';

const overview = `nunect: the leaf agent of a NATS backbone

usage: nunect COMMAND [options]

  run      run the agent
  render   make the config of the local nats-server, and that of the agent
  check    check the config
  echo     ask a unit for its echo, like ping
  top      all units at a glance, live
  status   show how the unit is
  doctor   look for what is wrong, and tell the command that mends it
  version  print the version
  help     print this; help COMMAND: how that one is called

'nunect COMMAND --help' tells more of one.
`;

/** `nunect help`. */
export function help(io: CommandIo): number {
  io.stdout(overview);
  return 0;
}

/** Of a word that is no command, with the one that was likely meant. */
export function noCommand(word: string): string {
  const names = [...overview.matchAll(/^ {2}(\w+) /gm)].flatMap(([, name]) => name ?? []);
  const meant = suggest(word, names);
  const hint = meant === undefined ? 'see nunect help' : `is 'nunect ${meant}' meant?`;
  return `there is no command '${word.replace(/\p{Cc}/gu, '?')}'; ${hint}`;
}
