// What nunect-time has set up on this unit, as it hands it to the agent in time/applied.json of the run directory.
import type { SectionValues } from '../../config/options.ts';
import { isObject } from '../../lib/parse.ts';
import type { TimePlan } from './plan.ts';

/** Files below the run directory, made by `nunect time apply` as root. Group nunect may read them, and use the sockets. */
export const timeFiles = {
  /** Setgid for group nunect: so it has the sockets that ptp4l makes there, after each start. */
  dir: 'time',
  ptp4lConf: 'time/ptp4l.conf',
  phc2sysArgs: 'time/phc2sys.args',
  /** Management sockets of ptp4l. */
  ptp4lSocket: 'time/ptp4l',
  ptp4lReadOnly: 'time/ptp4lro',
  /** Applied, see above. JSON. */
  applied: 'time/applied.json',
  /** Path of chronyd's command socket, where it is not where chronyc looks for it. */
  chronydSocket: 'time/chronyd.socket',
  /** What a ptp4l may do that ujail runs. */
  capabilities: 'time/capabilities.json',
  /** `PROGRAM SECONDS`: which daemon has said in its log that something else changes the clock, and the uptime then. */
  interference: 'time/interference',
  /** FIFO from which root's helper reads what the agent orders; it ends with the agent. */
  orders: 'time/orders',
  /** Folder that an operator may name in a confdir line for us. */
  chronyDir: 'time/chrony.d',
  /** Where the drop-in of chronyd is, and whether chronyd has yet to be started anew for it. For root alone. JSON. */
  dropInRecord: 'time/dropin.json',
  /** Files of a trial, while it is under way. */
  trial: 'time/trial',
  /** Locked while the set-up is changed; pid of the last one. */
  lock: 'time.lock',
} as const;

/** A daemon or helper that is to run. */
export type TimeProgram = 'ptp4l' | 'phc2sys' | 'orders';

/** applied.json. */
export interface AppliedTime extends Omit<TimePlan, 'files'>, Pick<SectionValues<'ptp'>, 'role' | 'grace_s'> {
  /** What runs; nothing where there is a fault. */
  readonly runs: readonly Exclude<TimeProgram, 'orders'>[];
}

/** What is handed to the agent of a plan. */
export function appliedOf(
  { files, ...plan }: TimePlan,
  { role, grace_s }: SectionValues<'ptp'>,
): AppliedTime {
  const { ptp4lConf, phc2sysArgs } = files ?? {};
  return {
    ...{ role, grace_s, ...plan },
    runs: [
      ...(ptp4lConf === undefined ? [] : (['ptp4l'] as const)),
      ...(phc2sysArgs === undefined ? [] : (['phc2sys'] as const)),
    ],
  };
}

/** What was set up, and below which run directory its files are. */
export interface TimeSetup {
  readonly runDir: string;
  readonly applied: AppliedTime;
}

const oneOf =
  (...words: readonly string[]) =>
  (value: unknown): boolean =>
    words.some((word) => word === value);
const isCount = (most: number) => (value: unknown) =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most;

const isNote = (value: unknown): boolean =>
  isObject(value) && typeof value['code'] === 'string' && typeof value['text'] === 'string';
const isPort = (value: unknown): boolean =>
  isObject(value) && typeof value['name'] === 'string' && typeof value['transport'] === 'string';
const isListOf =
  (isFit: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.every(isFit);

const fields: { readonly [K in keyof AppliedTime]-?: (value: unknown) => boolean } = {
  role: oneOf('client', 'server', 'auto'),
  runs: isListOf(oneOf('ptp4l', 'phc2sys')),
  feed: oneOf('chronyd', 'clock', 'nowhere'),
  gate: oneOf('selectopts', 'start', 'none'),
  hardware: (value) => typeof value === 'boolean',
  grace_s: isCount(3600),
  domain: isCount(255),
  transportSpecific: isCount(15),
  ports: isListOf(isPort),
  notes: isListOf(isNote),
  fault: (value) => value === undefined || isNote(value),
};

/** Reads applied.json; undefined where it is none, or one of another version. */
export function parseAppliedTime(text: string): AppliedTime | undefined {
  try {
    const json: unknown = JSON.parse(text);
    const isFit = isObject(json) && Object.entries(fields).every(([name, fits]) => fits(json[name]));
    return isFit ? (json as unknown as AppliedTime) : undefined;
  } catch {
    return undefined;
  }
}
