// The files of the unit's program. A process loads dist/nunect.cjs, and of the others those that it needs.

/** By how their path begins: which file what is imported later goes to; the rest is for the commands besides `run`. */
const later = [
  ['agent/allparts.ts', 'agent'], // what `run` needs once its echo answers
  ['agent/clock/orders/', 'orders'], // where nunect-time runs the clock daemons
  ['agent/enrol/', 'enrol'], // where the device is enrolled, or has a token to
  ['agent/status/', 'page'], // when somebody looks at the unit
  // what `run` needs where something is wrong or asked for, beside the commands
  ['agent/clock/chronyd/chronyc.ts', 'seldom'],
  ['agent/config/checks/tlsfilecheck.ts', 'seldom'],
  ['agent/leaf/watch/hubprobe.ts', 'seldom'],
  ['agent/records/snapshot.ts', 'seldom'],
];

/** The part of the program that a source belongs to which is imported later. */
export const partOf = (source) => later.find(([begin]) => source.startsWith(begin))?.[1] ?? 'tools';

/** The part whose file has what all of these need: the commands load those of what is seldom needed, `run` does not. */
export const partFor = (parts) =>
  parts.length === 1
    ? parts[0]
    : (['seldom', 'enrol'].find((one) => parts.every((part) => part === 'tools' || part === one)) ??
      'shared');

/** Their names without .cjs. */
export const unitFiles = [
  'nunect',
  ...['agent', 'enrol', 'orders', 'page', 'seldom', 'shared', 'tools'].map((part) => `nunect-${part}`),
];
