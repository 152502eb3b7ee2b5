import { endOnceWritten } from './cli/process.ts';
import type { Program } from './cli/program.ts';
import { run } from './cli/run.ts';

const onReload = (fn: () => void): void => void process.on('SIGHUP', fn);

/** The commands of a unit. Those that `run` does not need are loaded when they are called. */
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
      call: async (args, { io }) => (await import('./cli/render.ts')).render(args, io),
    },
    enrol: {
      about: 'join the fleet of a hub by a token of it',
      call: async (args, { io, stopSignal }) => {
        const { enrol } = await import('./cli/enrol/enrol.ts');
        return endOnceWritten(await enrol(args, io, stopSignal()));
      },
    },
    check: {
      about: 'check the config',
      call: async (args, { io }) => (await import('./cli/check.ts')).check(args, io),
    },
    echo: {
      about: 'ask a unit for its echo, like ping',
      call: async (args, { io, stopSignal }) => {
        const { echo } = await import('./cli/echo.ts');
        return endOnceWritten(await echo(args, io, stopSignal(), 'nunect'));
      },
    },
    status: {
      about: 'show the state of the unit',
      call: async (args, { io, stopSignal }) =>
        (await import('./cli/status.ts')).status(args, io, stopSignal()),
    },
    doctor: {
      about: 'diagnose faults and show the command that fixes each',
      call: async (args, { io }) => (await import('./cli/doctor.ts')).doctor(args, io),
    },
    time: {
      about: 'set up ptp4l and chronyd, for the service nunect-time',
      call: async (args, { io }) => (await import('./cli/time.ts')).time(args, io),
    },
  },
  elsewhere: { top: "'nunect-hub top' on the operator's machine" },
};
