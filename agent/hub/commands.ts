import { echo } from '../cli/echo.ts';
import type { CommandIo } from '../cli/io.ts';
import { endOnceWritten } from '../cli/process.ts';
import type { Program, ProgramCommand } from '../cli/program.ts';
import { approve } from './enrol/commands/approve.ts';
import { forget, rename, revoke } from './enrol/commands/revoke.ts';
import { makeToken } from './enrol/commands/token.ts';
import { pending, units } from './enrol/commands/units.ts';
import { issuerPart } from './enrol/part.ts';
import { exportHub } from './kit/export.ts';
import { init } from './kit/init.ts';
import { page } from './page/command.ts';
import { pagePart } from './page/part.ts';
import { down } from './run/down.ts';
import { hubStatus } from './run/status/status.ts';
import { up } from './run/up.ts';
import { top } from './top/top.ts';

const onReload = (fn: () => void): void => void process.on('SIGHUP', fn);

type UnitsCall = (args: readonly string[], io: CommandIo, signal: AbortSignal) => Promise<number>;

/** A command about units, which asks the running hub. */
const asking = (about: string, call: UnitsCall): ProgramCommand => ({
  about,
  call: async (args, { io, stopSignal }) => endOnceWritten(await call(args, io, stopSignal())),
});

/** The commands of an operator. */
export const nunectHub: Program = {
  name: 'nunect-hub',
  about: "the operator's commands for a NATS backbone of nunect units",
  commands: {
    init: { about: 'make a hub, or mend and change it', call: (args, { io }) => init(args, io) },
    export: {
      about: 'write the files of its servers for other machines',
      call: (args, { io }) => exportHub(args, io),
    },
    up: {
      about: 'run the hub, and keep it running',
      call: async (args, { io, stopSignal }) =>
        endOnceWritten(await up(args, io, { stop: stopSignal(), onReload, parts: [issuerPart, pagePart] })),
    },
    status: {
      about: 'show whether the hub runs, what it holds, and what expires',
      call: async (args, { io, stopSignal }) => endOnceWritten(await hubStatus(args, io, stopSignal())),
    },
    token: asking('make a token by which routers come into the fleet', makeToken),
    units: asking('list the units of the fleet', units),
    pending: asking('list the routers that wait for approval', pending),
    approve: asking('let in a router that waits', approve),
    revoke: asking('shut a unit out, at once', revoke),
    rename: asking('give a unit another id', rename),
    forget: asking('shut a unit out and free its id', forget),
    down: { about: 'stop the hub', call: (args, { io }) => down(args, io) },
    top: {
      about: 'show all units at a glance, live',
      call: async (args, { io, stopSignal }) => endOnceWritten(await top(args, io, stopSignal(), process)),
    },
    page: {
      about: 'show fleet and hub as web pages, and tell alerts; up does it, too',
      call: async (args, { io, stopSignal }) => endOnceWritten(await page(args, io, stopSignal())),
    },
    echo: {
      about: 'ask a unit for its echo, like ping',
      call: async (args, { io, stopSignal }) =>
        endOnceWritten(await echo(args, io, stopSignal(), 'nunect-hub')),
    },
  },
  elsewhere: Object.fromEntries(
    ['run', 'render', 'check', 'doctor'].map((command) => [command, `'nunect ${command}' on the unit`]),
  ),
};
