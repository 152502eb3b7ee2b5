import { check } from './cli/check.ts';
import { doctor } from './cli/doctor.ts';
import { echo } from './cli/echo.ts';
import { endOnceWritten } from './cli/process.ts';
import type { Program } from './cli/program.ts';
import { render } from './cli/render.ts';
import { run } from './cli/run.ts';
import { status } from './cli/status.ts';
import { time } from './cli/time.ts';

const onReload = (fn: () => void): void => void process.on('SIGHUP', fn);

/** The commands of a unit. */
export const nunect: Program = {
  name: 'nunect',
  about: 'the leaf agent of a NATS backbone',
  commands: {
    run: {
      about: 'run the agent',
      call: (args, { io, stopSignal }) => run(args, io, { stop: stopSignal(), onReload }),
    },
    render: {
      about: 'write the config of nats-server and of the agent',
      call: (args, { io }) => render(args, io),
    },
    check: {
      about: 'check the config',
      call: (args, { io }) => check(args, io),
    },
    echo: {
      about: 'ask a unit for its echo, like ping',
      call: async (args, { io, stopSignal }) => endOnceWritten(await echo(args, io, stopSignal(), 'nunect')),
    },
    status: {
      about: 'show the state of the unit',
      call: (args, { io, stopSignal }) => status(args, io, stopSignal()),
    },
    doctor: {
      about: 'diagnose faults and show the command that fixes each',
      call: (args, { io }) => doctor(args, io),
    },
    time: {
      about: 'set up ptp4l and chronyd, for the service nunect-time',
      call: (args, { io }) => time(args, io),
    },
  },
  elsewhere: { top: "'nunect-hub top' on the operator's machine" },
};
