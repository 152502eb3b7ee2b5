import { isFileUsable, usualSigns } from '../../../agent/clock/chronyd/signs.ts';
import { openUdp } from '../../../agent/clock/chronyd/udp.ts';
import { type ChronyOptions, watchChronyd } from '../../../agent/clock/chronyd/watch.ts';
import { systemSocketFiles } from '../../../agent/clock/ptp4l/keeper.ts';
import { type PtpOptions, watchPtp4l } from '../../../agent/clock/ptp4l/watch.ts';
import { systemTicker } from '../../../agent/lib/ticker.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { agentSpawn, tempDir } from '../process/daemon.ts';
import { need } from '../process/tools.ts';
import { linuxptp } from './ptp.ts';

/** The ptp4l probe on real processes, with the pids of the pmc that it has started. */
export function realPtpWatch(owner: Cleanup, opts: Partial<PtpOptions> & Pick<PtpOptions, 'sockets'>) {
  const pids: number[] = [];
  const stateDir = opts.stateDir ?? tempDir(owner, 'run');
  const watched = watchPtp4l(
    {
      spawn: (command, args) => {
        const child = agentSpawn(command, args);
        pids.push(child.pid ?? -1);
        return child;
      },
      ticker: systemTicker(),
      files: systemSocketFiles,
    },
    { pmc: linuxptp('pmc'), domain: 0, transportSpecific: 0, poll_s: 1, ...opts, stateDir },
    new AbortController().signal,
  );
  owner.after(() => watched.stop());
  return { ...watched, pids, stateDir };
}

/** The chronyd probe on real sockets and processes. */
export function realChronyWatch(owner: Cleanup, opts: Partial<ChronyOptions>) {
  const watched = watchChronyd(
    { open: openUdp, spawn: agentSpawn, isUsable: isFileUsable, ticker: systemTicker(), random: Math.random },
    {
      chrony_host: '127.0.0.1',
      chrony_port: 323,
      chronyc: need('chronyc'),
      poll_s: 1,
      signs: usualSigns,
      ...opts,
    },
    new AbortController().signal,
  );
  owner.after(() => watched.stop());
  return watched;
}
