import { keepRecorder } from '../status/flightrecorder.ts';
import { clockPart } from './clock.ts';
import { leafPart } from './leaf.ts';
import { part, subjectsIn } from './part.ts';
import { spoolPart } from './spool.ts';

/** The flight recorder: what is recorded outlives those that are looked at. */
export const recorderPart = part({
  name: 'recorder',
  needs: { spool: spoolPart },
  uses: { clock: clockPart, leaf: leafPart },
  inputs: () => [],
  start: (file, { spool, clock, leaf, trust, wall, ticker }) =>
    keepRecorder(
      { clock, leaf, seen: trust.see, spool, wall, ticker },
      { unit: file.config.agent.unit, subject: subjectsIn(file).metric.recorder },
    ),
});
