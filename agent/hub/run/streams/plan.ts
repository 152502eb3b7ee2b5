// What to do so that a stream is as it should be, and what to leave as it is because records would be lost. Pure.
import { isObject } from '../../../lib/parse.ts';

/** Config of a stream in the words of JetStream's API; spans in ns. */
export type StreamConfig = Readonly<Record<string, unknown>>;

/** A stream that there should be. What its config does not say is left as it is. */
export interface WantedStream {
  readonly name: string;
  readonly config: StreamConfig;
}

/** A stream that there is. */
export interface StreamThere {
  readonly config: StreamConfig;
  readonly messages: number;
}

/** A field of the config that is not as wanted. */
export interface StreamDifference {
  readonly field: string;
  readonly has: unknown;
  readonly wants: unknown;
}

/** Why a difference stays: records or copies of them would go, or nats-server changes it for no stream. */
export type Keeping = 'loses' | 'fixed' | 'more';

/** Differences that are mended, and those that stay. */
export interface StreamPlan {
  /** The whole config for an update; undefined where nothing is to be mended. */
  readonly update?: StreamConfig;
  readonly mended: readonly StreamDifference[];
  readonly kept: readonly (StreamDifference & { readonly why: Keeping })[];
}

/** Limits by which the oldest records go; 0 or -1 stands for none. */
const limits = ['max_age', 'max_bytes', 'max_msgs', 'max_msgs_per_subject'];
/** nats-server refuses an update of these. */
const fixed = ['name', 'storage', 'retention', 'max_consumers', 'mirror'];
/** Once set, they are set for good. */
const onlySet = ['deny_delete', 'deny_purge'];

const limitOf = (value: unknown): number =>
  typeof value === 'number' && value > 0 ? value : Number.POSITIVE_INFINITY;

/** Whether all that is wanted is there; what the server adds of its own makes no difference. */
function includes(has: unknown, wants: unknown): boolean {
  if (Array.isArray(wants))
    return (
      Array.isArray(has) && has.length === wants.length && wants.every((one, at) => includes(has[at], one))
    );
  if (isObject(wants))
    return isObject(has) && Object.entries(wants).every(([key, one]) => includes(has[key], one));
  return has === wants;
}

/** The server leaves out what is false, 0, empty or none. */
const isNothing = (value: unknown): boolean =>
  value === undefined || value === false || value === 0 || value === '' || value === 'none';

function isAsWanted(field: string, has: unknown, wants: unknown): boolean {
  if (limits.includes(field)) return limitOf(has) === limitOf(wants);
  if (field === 'subjects') return sameTexts(has, wants);
  return includes(has, wants) || (isNothing(has) && isNothing(wants));
}

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const sameTexts = (a: unknown, b: unknown): boolean =>
  JSON.stringify(texts(a).toSorted()) === JSON.stringify(texts(b).toSorted());

/** Why a difference is not mended; undefined where it can be. */
function keepingOf({ field, has, wants }: StreamDifference, messages: number): Keeping | undefined {
  if (fixed.includes(field) || (onlySet.includes(field) && has === true)) return 'fixed';
  if (limits.includes(field) && limitOf(wants) < limitOf(has)) return messages > 0 ? 'loses' : undefined;
  if (field === 'num_replicas' && Number(wants) < Number(has)) return messages > 0 ? 'loses' : undefined;
  if (field === 'subjects' && texts(wants).every((one) => texts(has).includes(one))) return 'more';
  return undefined;
}

/** Subjects that somebody added stay. */
const mendedValue = ({ field, has, wants }: StreamDifference): unknown =>
  field === 'subjects' ? [...new Set([...texts(has), ...texts(wants)])] : wants;

/** What to do with a stream that is there. It never shrinks while it holds records. */
export function planStream({ config }: WantedStream, there: StreamThere): StreamPlan {
  const different = Object.entries(config)
    .map(([field, wants]) => ({ field, has: there.config[field], wants }))
    .filter(({ field, has, wants }) => !isAsWanted(field, has, wants));
  const judged = different.map((one) => ({ ...one, why: keepingOf(one, there.messages) }));
  const kept = judged.flatMap(({ why, ...one }) => (why === undefined ? [] : [{ ...one, why }]));
  const mended = judged.flatMap(({ why, ...one }) => (why === undefined ? [one] : []));
  if (mended.length === 0) return { mended, kept };
  const changes = mended.map((one) => [one.field, mendedValue(one)] as const);
  return { update: { ...there.config, ...Object.fromEntries(changes) }, mended, kept };
}
