import type { CommandIo } from './io.ts';

const overview = `nunect: the leaf agent of a NATS backbone

usage: nunect COMMAND [options]

  run      run the agent
  render   make the config of the local nats-server, and that of the agent
  check    check the config
  echo     ask a unit for its echo, like ping
  top      all units at a glance, live
  version  print the version
  help     print this

'nunect COMMAND --help' tells more of one.
`;

/** `nunect help`. */
export function help(io: CommandIo): number {
  io.stdout(overview);
  return 0;
}
