import { echo } from '../cli/echo.ts';
import { endOnceWritten } from '../cli/process.ts';
import type { Program } from '../cli/program.ts';
import { exportHub } from './kit/export.ts';
import { init } from './kit/init.ts';
import { down } from './run/down.ts';
import { hubStatus } from './run/status/status.ts';
import { up } from './run/up.ts';
import { top } from './top/top.ts';

const onReload = (fn: () => void): void => void process.on('SIGHUP', fn);

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
        endOnceWritten(await up(args, io, { stop: stopSignal(), onReload, parts: [] })),
    },
    status: {
      about: 'show whether the hub runs, what it holds, and what expires',
      call: async (args, { io, stopSignal }) => endOnceWritten(await hubStatus(args, io, stopSignal())),
    },
    down: { about: 'stop the hub', call: (args, { io }) => down(args, io) },
    top: {
      about: 'show all units at a glance, live',
      call: async (args, { io, stopSignal }) => endOnceWritten(await top(args, io, stopSignal(), process)),
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
