import type { Trouble } from '../../lib/watch.ts';
import type { ChronyActivity, ChronyFacts, ChronySource } from '../facts.ts';
import { type CmdmonClient, type CmdmonOutcome, statusTrouble } from './client.ts';
import {
  decodeActivity,
  decodeCount,
  decodeSource,
  decodeSourcestats,
  decodeTracking,
  statusNoSuchSource,
} from './protocol.ts';

/** Facts, or why there are none. */
export type Asked = { readonly value: ChronyFacts } | { readonly trouble: Trouble };

/** More sources than any sane chronyd has; those beyond are left out, the selected one of them too. */
const mostSources = 64;

type Command = Parameters<CmdmonClient['ask']>[0];

const troubleOf = (command: Command, outcome: Exclude<CmdmonOutcome, { kind: 'body' }>): Trouble =>
  outcome.kind === 'trouble' ? outcome.trouble : statusTrouble(command, outcome.status);

const garbled = (detail: string): { readonly trouble: Trouble } => ({ trouble: { why: 'garbled', detail } });

/** One source with its statistics. Undefined when it went away meanwhile. */
async function askSource(
  client: CmdmonClient,
  index: number,
): Promise<{ readonly source: ChronySource | undefined } | { readonly trouble: Trouble }> {
  const data = await client.ask('source_data', index);
  if (data.kind === 'status' && data.status === statusNoSuchSource) return { source: undefined };
  if (data.kind !== 'body') return { trouble: troubleOf('source_data', data) };
  const source = decodeSource(data.body);
  if (!source.ok) return garbled(source.why);
  const asked = await client.ask('sourcestats', index);
  const named = asked.kind === 'body' ? decodeSourcestats(asked.body) : undefined;
  // The list may have moved between the two, and an admin may have closed this report: then without.
  if (named?.name !== source.value.name) return { source: source.value };
  return { source: { ...source.value, stats: named.stats } };
}

async function askActivity(client: CmdmonClient): Promise<ChronyActivity | undefined> {
  const asked = await client.ask('activity');
  return asked.kind === 'body' ? decodeActivity(asked.body) : undefined;
}

/** Asks chronyd over UDP for all that the facts hold. Gives up at the first trouble. */
export async function askChronyd(client: CmdmonClient): Promise<Asked> {
  const asked = await client.ask('tracking');
  if (asked.kind !== 'body') return { trouble: troubleOf('tracking', asked) };
  const tracking = decodeTracking(asked.body);
  if (!tracking.ok) return garbled(tracking.why);

  const count = await client.ask('n_sources');
  if (count.kind !== 'body') return { trouble: troubleOf('n_sources', count) };
  const sources: ChronySource[] = [];
  for (let index = 0; index < Math.min(decodeCount(count.body), mostSources); index++) {
    const one = await askSource(client, index);
    if ('trouble' in one) return one;
    if (one.source !== undefined) sources.push(one.source);
  }
  const activity = await askActivity(client);
  return {
    value: {
      via: 'udp',
      tracking: tracking.value,
      sources,
      ...(activity === undefined ? {} : { activity }),
    },
  };
}
