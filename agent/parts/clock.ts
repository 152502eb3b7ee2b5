import { watchClock } from '../clock/part.ts';
import { part } from './part.ts';

/** The daemons of the time section, watched and judged. */
export const clockPart = part({
  name: 'clock',
  inputs: ({ config }) => config.time,
  start: ({ config }, context, signal) => watchClock(context, config.time, signal),
});
