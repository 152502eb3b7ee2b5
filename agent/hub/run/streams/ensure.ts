import { formatNs } from '../../../lib/format.ts';
import { isObject } from '../../../lib/parse.ts';
import type { Ask } from '../../asks/api.ts';
import {
  planStream,
  type StreamDifference,
  type StreamPlan,
  type StreamThere,
  type WantedStream,
} from './plan.ts';

/** What became of a stream, with what was mended of it and what stays; or why nothing did, which may pass by itself. */
export type StreamOutcome =
  | { readonly state: 'made' }
  | ({ readonly state: 'there' } & Pick<StreamPlan, 'mended' | 'kept'>)
  | { readonly why: string };

/** Errors of JetStream's API, by the numbers of its errors.json. */
const apiErrors = { inUse: 10058, noStream: 10059 } as const;

/** A stream as STREAM.INFO has it. */
export function streamThere(info: Readonly<Record<string, unknown>>): StreamThere {
  const { config, state } = info;
  const messages = isObject(state) ? Number(state['messages']) : 0;
  return { config: isObject(config) ? config : {}, messages };
}

/** Makes the stream, or mends of it what can be mended without losing records. Never rejects. */
export async function ensureStream(ask: Ask, wanted: WantedStream): Promise<StreamOutcome> {
  const { name, config } = wanted;
  let info = await ask(`$JS.API.STREAM.INFO.${name}`);
  if (!info.ok && info.code === apiErrors.noStream) {
    const made = await ask(`$JS.API.STREAM.CREATE.${name}`, { ...config, name });
    if (made.ok) return { state: 'made' };
    if (made.code !== apiErrors.inUse) return made;
    info = await ask(`$JS.API.STREAM.INFO.${name}`); // another server's `up` was first
  }
  if (!info.ok) return info;
  const { update, mended, kept } = planStream(wanted, streamThere(info.value));
  if (update === undefined) return { state: 'there', mended, kept };
  const updated = await ask(`$JS.API.STREAM.UPDATE.${name}`, update);
  return updated.ok ? { state: 'there', mended, kept } : updated;
}

const spans = ['max_age', 'duplicate_window'];
const sizes = ['max_bytes', 'max_msg_size'];
/** Flags of `nats stream edit` that set a limit. */
const flagOf = (field: string): string =>
  field === 'num_replicas' ? 'replicas' : field.replaceAll('_', '-');

const [mib, gib] = [2 ** 20, 2 ** 30];

/** A value of a config for people. */
export function fieldWords(field: string, value: unknown): string {
  if (value === undefined) return 'not set';
  if (typeof value !== 'number') return JSON.stringify(value);
  if (value <= 0 && (spans.includes(field) || field.startsWith('max_'))) return 'no limit';
  if (spans.includes(field))
    return value >= day_ns ? `${+(value / day_ns).toFixed(1)} days` : formatNs(value);
  if (sizes.includes(field) && value >= mib)
    return value < gib ? `${+(value / mib).toFixed(1)} MiB` : `${+(value / gib).toFixed(2)} GiB`;
  return String(value);
}

const day_ns = 86_400e9;
const cliValue = (field: string, value: unknown): string =>
  field === 'max_age' ? `${Math.round(Number(value) / 1e9)}s` : String(value);

/** A difference that was mended. */
export const mendedWords = ({ field, has, wants }: StreamDifference): string =>
  `${field} is now ${fieldWords(field, wants)}, it was ${fieldWords(field, has)}`;

/** A difference that stays, and why. */
export function keptWords({ field, has, wants, why }: StreamPlan['kept'][number]): string {
  const stays = `${field} stays ${fieldWords(field, has)}, not ${fieldWords(field, wants)}`;
  switch (why) {
    case 'loses':
      return `${stays}: the stream holds records, and some would go`;
    case 'fixed':
      return `${stays}: nats-server changes it for no stream; only one that is made anew would have it`;
    case 'more':
      return `it also stores ${moreThan(has, wants)}, which somebody added: that stays`;
  }
}

/** What to call for a difference that stays because records would go. `nats` is that command with its login. */
export const shrinkCommand = (
  nats: string,
  name: string,
  { field, wants, why }: StreamPlan['kept'][number],
): string | undefined =>
  why === 'loses' ? `${nats} stream edit ${name} --${flagOf(field)}=${cliValue(field, wants)}` : undefined;

const moreThan = (has: unknown, wants: unknown): string =>
  (Array.isArray(has) ? has : []).filter((one) => !(Array.isArray(wants) && wants.includes(one))).join(', ');
