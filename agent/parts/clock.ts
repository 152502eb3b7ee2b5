import { join } from 'node:path';
import type { OrderKeeper } from '../clock/orders/keeper.ts';
import { watchClock } from '../clock/part.ts';
import { timeFiles } from '../clock/setup/applied.ts';
import { isManaged, watchedTime } from '../clock/setup/watched.ts';
import { type AgentInput, part } from './part.ts';

const timeOf = ({ config, timeSetup }: AgentInput) => watchedTime(config, timeSetup);

/** The clock daemons, watched and judged. */
export const clockPart = part({
  name: 'clock',
  inputs: (input) => [timeOf(input), isManaged(input.timeSetup)],
  start(input, context, signal) {
    const { timeSetup } = input;
    const interferenceFile = isManaged(timeSetup)
      ? join(timeSetup.runDir, timeFiles.interference)
      : undefined;
    return watchClock({ ...context, interferenceFile }, timeOf(input), signal);
  },
});

const noOrders: OrderKeeper = {
  gate: () => undefined,
  isSilent: () => false,
  stop: () => {},
};

/** Decides what the clock daemons that nunect-time runs are told; the code for that is loaded where it runs them. */
export const ordersPart = part({
  name: 'orders',
  uses: { clock: clockPart },
  inputs(input) {
    const { timeSetup, config } = input;
    if (!isManaged(timeSetup)) return [];
    const { notes: _notes, ...decisive } = timeSetup.applied;
    return [timeSetup.runDir, decisive, config.time.tracking_ns];
  },
  async start({ config, timeSetup }, { clock, wall, ticker, log }) {
    if (!isManaged(timeSetup)) return noOrders;
    const { fifoWriter } = await import('../clock/orders/fifo.ts');
    const { keepOrders } = await import('../clock/orders/keeper.ts');
    const fifo = fifoWriter(join(timeSetup.runDir, timeFiles.orders));
    const { tracking_ns } = config.time;
    return keepOrders(
      { clock, wall, ticker, fifo, log: log.part('clock') },
      { ...timeSetup.applied, tracking_ns },
    );
  },
});
