// Full sets of records that units refer to and that came before we looked, off stream NUNECT: without them nobody knows why a unit
// is unwell, whom its clock follows, what waits in it and when its certificates end, for an hour at satellite traffic.
import { isObject } from '../../lib/parse.ts';
import type { Ticker } from '../../lib/ticker.ts';
import type { Link } from '../../nats/link.ts';
import { subjectsOf } from '../../wire/subjects.ts';
import { askOver, momentIn } from '../asks/api.ts';
import { type DirectGet, getDirect, type StreamMessage } from '../asks/streamread.ts';
import type { Fleet, LackedSet } from './fleet.ts';
import { parseRecord, type RecordKind, type UnitRecord } from './record/unitrecord.ts';

const stream = 'NUNECT';
const look_ms = 1000;
/** Units in one look: their sets come by themselves in the end, and what the server searches for it does not store meanwhile. */
const mostInLook = 50;
const atOnce = 4;
/** A server that takes so long for an answer is let alone for a while; so is one that gives none. */
const slow_ms = 1500;
const pause_ms = 30_000;

type Sets = Pick<Fleet, 'lacking' | 'addSet'>;

/** A record, and when it came into the stream, Unix ms of the hub. */
interface Found {
  readonly record: UnitRecord;
  readonly seq: number;
  readonly at_ms: number;
}

/** One look. */
interface Look {
  readonly link: Link;
  readonly ticker: Ticker;
  readonly sets: Sets;
  /** What the monotonic clock shows when the hub's shows 0. */
  readonly epoch_ms: number;
  isSlow: boolean;
}

function kindOf(subject: string): RecordKind | undefined {
  const [, first, second] = subject.split('.');
  if (first === 'heartbeat') return first;
  return second === 'time' || second === 'nats' ? second : undefined;
}

function foundIn({ subject, data, headers, seq, at_ms }: StreamMessage): Found | undefined {
  const kind = kindOf(subject);
  const record = kind && parseRecord(kind, { subject, data, headers, size: () => data.length });
  return record && { record, seq, at_ms };
}

/** Throws where the answer stays out. */
async function get(look: Look, ask: DirectGet): Promise<Found[]> {
  const { link, ticker } = look;
  const found: Found[] = [];
  const begun_ms = ticker.now_ms();
  await getDirect(link, stream, ask, (message) => {
    const one = foundIn(message);
    if (one !== undefined) found.push(one);
  });
  if (ticker.now_ms() - begun_ms > slow_ms) look.isSlow = true;
  return found;
}

/** The set of which the record of the link is the last: there are no slim ones of that kind, so it is found at once. */
async function readSet(look: Look, nats: Found): Promise<void> {
  const { sets, ticker, epoch_ms } = look;
  const { unit, seq: set, boot } = nats.record;
  const { heartbeat, metric } = subjectsOf(unit, '*');
  const others = await get(look, { multi_last: [heartbeat, metric.time], up_to_seq: nats.seq });
  const isOfSet = ({ record }: Found) => record.isFull && record.seq === set && record.boot === boot;
  const all = [nats, ...others.filter(isOfSet)];
  const stored = all.map(({ record, at_ms }) => ({ record, at_ms: at_ms + epoch_ms }));
  sets.addSet(unit, stored, ticker.now_ms());
}

/** When the hub's clock shows 0, monotonic; undefined where it does not say what its time is. */
async function epochOf(link: Link, ticker: Ticker): Promise<number | undefined> {
  const info = await askOver(link)(`$JS.API.STREAM.INFO.${stream}`);
  const at_ms = info.ok && isObject(info.value) ? momentIn(info.value['ts']) : undefined;
  return at_ms === undefined ? undefined : ticker.now_ms() - at_ms;
}

/** Reads those sets. Throws where the hub does not answer. */
async function readSets(look: Look, wanted: readonly LackedSet[]): Promise<void> {
  const multi_last = wanted.map(({ unit }) => subjectsOf(unit, '*').metric.nats);
  const setOf = new Map(wanted.map(({ unit, set }) => [unit, set]));
  const last = (await get(look, { multi_last })).filter(
    ({ record }) => setOf.get(record.unit) === record.seq,
  );
  while (last.length > 0 && !look.isSlow)
    await Promise.all(last.splice(0, atOnce).map((nats) => readSet(look, nats)));
}

/** Reads the sets that a fleet lacks, each once, until link and ticker stop. */
export function followSets(link: Link, ticker: Ticker, sets: Sets): void {
  /** By unit the set that was asked for last. */
  const asked = new Map<string, number>();
  let isLooking = false;
  let notBefore_ms = -Infinity;
  async function look(): Promise<void> {
    const lacked = sets.lacking();
    const lacking = new Set(lacked.map(({ unit }) => unit));
    for (const unit of asked.keys()) if (!lacking.has(unit)) asked.delete(unit); // read, or forgotten
    const wanted = lacked.filter(({ unit, set }) => asked.get(unit) !== set).slice(0, mostInLook);
    if (wanted.length === 0) return;
    const epoch_ms = await epochOf(link, ticker);
    const one = { link, ticker, sets, epoch_ms: epoch_ms ?? 0, isSlow: epoch_ms === undefined };
    if (epoch_ms !== undefined) await readSets(one, wanted);
    if (one.isSlow) notBefore_ms = ticker.now_ms() + pause_ms;
    else for (const { unit, set } of wanted) asked.set(unit, set);
  }
  ticker.every(look_ms, () => {
    if (isLooking || !link.state().connected || ticker.now_ms() < notBefore_ms) return;
    isLooking = true;
    void look()
      .catch(() => {
        notBefore_ms = ticker.now_ms() + pause_ms; // it is asked again: what is not known is said where it is missing
      })
      .finally(() => {
        isLooking = false;
      });
  });
}
