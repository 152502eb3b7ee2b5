// The files of the unit's program. A process loads dist/nunect.cjs, and of the others those that it needs.

/** By how their path begins: which file what is imported later goes to; the rest is for the commands besides `run`. */
const later = [
  ['agent/allparts.ts', 'agent'], // what `run` needs once its echo answers
  ['agent/clock/orders/', 'orders'], // where nunect-time runs the clock daemons
  ['agent/status/', 'page'], // when somebody looks at the unit
];

/** The part of the program that a source belongs to which is imported later. */
export const partOf = (source) => later.find(([begin]) => source.startsWith(begin))?.[1] ?? 'tools';

/** Their names without .cjs; what more than one part needs is in `shared`. */
export const unitFiles = [
  'nunect',
  ...['agent', 'orders', 'page', 'shared', 'tools'].map((part) => `nunect-${part}`),
];
