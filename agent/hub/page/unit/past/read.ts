// Reads the last day of a unit from stream NUNECT by direct gets: few, bounded, and no more of them than the day has moments.
// A day of a unit is some 50,000 records: reading all would cost the server every block of the stream. A moment costs one.
import { messageOf } from '../../../../lib/errors.ts';
import { isObject } from '../../../../lib/parse.ts';
import type { Link } from '../../../../nats/link.ts';
import { subjectsOf } from '../../../../wire/subjects.ts';
import { askOver } from '../../../asks/api.ts';
import { type DirectGet, getDirect, type StreamMessage } from '../../../asks/streamread.ts';
import { type DayOptions, type DayRead, forgetOld, unreadMoments } from './day.ts';
import { momentsUpTo, silencesIn } from './grid.ts';
import { deviceOf, eventOf, lateBacklogOf, logLineOf, lookOf, lookSubjects, minutesOf } from './records.ts';

const stream = 'NUNECT';
/** For one reading, whatever there is to read; a unit and day that are read anew cost no more than that. */
const most = { requests: 300, bytes: 2 * 1024 ** 2, ms: 3000 };
const atOnce = 4;
/** A server that takes so long for an answer holds up what it is to store meanwhile: then it is asked no more. */
const slow_ms = 1500;
/**
 * A stream that takes more in a day: what is rare in it is not searched for, as the server would go through all of its blocks
 * (8 MiB each) and store nothing meanwhile: 1.7 ms for a block that it had not in its memory, 0.2 ms else, measured on 2.15.2.
 */
const large_bytes = 2 * 1024 ** 3;
/** From this interval on a unit tells of its minutes in records of their own. */
const seldom_s = 60;
const mostEvents = 250;
/** Of each level. */
const mostLines = 40;
const mostSilences = 12;

/** One reading. */
interface Run {
  readonly link: Link;
  readonly day: DayRead;
  readonly opts: DayOptions;
  /** Monotonic. */
  readonly mono_ms: () => number;
  readonly until_ms: number;
  /** At its begin. */
  readonly spent: { readonly requests: number; readonly bytes: number };
}

const iso = (ms: number): string => new Date(ms).toISOString();

function isSpent({ day, spent, mono_ms, until_ms }: Run): boolean {
  const isOver = day.requests - spent.requests >= most.requests || day.bytes - spent.bytes >= most.bytes;
  return isOver || day.trouble !== undefined || mono_ms() > until_ms;
}

interface Got {
  readonly messages: readonly StreamMessage[];
  /** So many follow. */
  readonly left: number;
  /** False where nothing may be asked any more. */
  readonly isAsked: boolean;
}

/** Throws where the answer stays out. */
async function get(run: Run, ask: DirectGet): Promise<Got> {
  const { day, mono_ms } = run;
  const messages: StreamMessage[] = [];
  if (isSpent(run)) return { messages, left: 0, isAsked: false };
  day.requests += 1;
  const begun_ms = mono_ms();
  const left = await getDirect(run.link, stream, ask, (message) => {
    day.bytes += message.data.length;
    messages.push(message);
  });
  if (mono_ms() - begun_ms > slow_ms)
    day.trouble = 'The hub takes long to search its stream; no more is asked now.';
  return { messages, left, isAsked: true };
}

/** How much the stream takes in a day decides what may be searched. */
async function size({ link, day, opts }: Run): Promise<void> {
  day.requests += 1;
  const info = await askOver(link)(`$JS.API.STREAM.INFO.${stream}`);
  if (!info.ok) throw new Error(`stream ${stream}: ${info.why}`);
  const { bytes, first_ts } = isObject(info.value['state']) ? info.value['state'] : {};
  const over_ms = Math.max(3_600_000, opts.now_ms - Date.parse(String(first_ts)));
  day.isLarge = (Number(bytes) * Math.min(86_400_000, over_ms)) / over_ms > large_bytes;
}

/** In a large stream only what comes at each interval, so that it stands near. */
function subjectsToLook({ day, opts }: Run): string[] {
  const { heartbeat, time, rtt, nats } = lookSubjects(opts.unit);
  if (!day.isLarge) return [heartbeat, time, rtt, nats];
  return (opts.interval_s ?? 0) >= seldom_s ? [heartbeat] : [heartbeat, time, rtt];
}

async function lookAt(run: Run, moment: number): Promise<void> {
  const { day, opts } = run;
  const up_to_time = iso(moment * opts.grid.step_ms);
  day.unanswered.add(moment);
  const { messages, isAsked } = await get(run, { multi_last: subjectsToLook(run), up_to_time });
  day.unanswered.delete(moment);
  if (isAsked) day.looks.set(moment, lookOf(messages) ?? null);
}

async function readLooks(run: Run): Promise<void> {
  while (!isSpent(run)) {
    const next: number[] = [];
    for (const moment of unreadMoments(run.day, run.opts)) {
      if (!next.includes(moment)) next.push(moment);
      if (next.length >= (run.day.looks.size === 0 ? 1 : atOnce)) break;
    }
    if (next.length === 0) return;
    await Promise.all(next.map((moment) => lookAt(run, moment)));
  }
}

/** When it was heard again, and what waited in the meantime. */
async function readSilences(run: Run): Promise<void> {
  const { day, opts } = run;
  const { heartbeat, nats } = lookSubjects(opts.unit);
  const { last } = momentsUpTo(opts.now_ms, opts.grid);
  for (const { from_ms, seen_ms } of silencesIn(day.looks, opts.grid.step_ms).slice(-mostSilences)) {
    if (seen_ms >= last * opts.grid.step_ms || isSpent(run)) continue; // it lasts
    if (!day.ends.has(from_ms)) {
      const [first] = (await get(run, { next_by_subj: heartbeat, start_time: iso(seen_ms) })).messages;
      if (first !== undefined) day.ends.set(from_ms, first.at_ms);
    }
    const end_ms = day.ends.get(from_ms);
    if (day.isLarge || end_ms === undefined || day.late.has(from_ms) || isSpent(run)) continue;
    const ask = { next_by_subj: nats, start_time: iso(end_ms - 1000), batch: 32, max_bytes: 65_536 };
    const { messages } = await get(run, ask);
    day.late.set(
      from_ms,
      messages.flatMap((message) => lateBacklogOf(message) ?? []),
    );
  }
}

/** The newest of the day: where there are more, from a later moment on, found by halves. Undefined where nothing may be asked. */
async function readNewest(run: Run, next_by_subj: string, mostOfThem: number) {
  const { opts } = run;
  const ask = (from_ms: number, batch: number) =>
    get(run, { next_by_subj, start_time: iso(from_ms), batch, max_bytes: 262_144 });
  let from_ms = opts.now_ms - opts.grid.span_ms;
  for (let tries = 0; tries < 8; tries++) {
    const first = await ask(from_ms, 1);
    if (!first.isAsked) return undefined;
    if (first.left === 0) return { from_ms, messages: first.messages };
    if (first.left < mostOfThem) break;
    from_ms = Math.floor((from_ms + opts.now_ms) / 2);
  }
  return isSpent(run) ? undefined : { from_ms, messages: (await ask(from_ms, mostOfThem)).messages };
}

async function readEvents(run: Run): Promise<void> {
  const { day, opts } = run;
  const { status, log } = subjectsOf(opts.unit, '*');
  const found = await readNewest(run, status, mostEvents);
  if (found !== undefined) {
    day.events = found.messages
      .flatMap((message) => eventOf(message) ?? [])
      .sort((a, b) => a.at_ms - b.at_ms);
    day.events_from_ms = found.from_ms;
  }
  const lines: StreamMessage[] = [];
  for (const subject of [log.fatal, log.error, log.warn]) {
    const some = await readNewest(run, subject, mostLines);
    if (some === undefined) return; // those of before stay
    lines.push(...some.messages);
  }
  day.lines = lines.flatMap((message) => logLineOf(message) ?? []).sort((a, b) => a.at_ms - b.at_ms);
}

async function readMinutes(run: Run): Promise<void> {
  const { day, opts } = run;
  if ((opts.interval_s ?? 0) < seldom_s) return;
  const start_time = iso(opts.now_ms - opts.grid.span_ms);
  const next_by_subj = subjectsOf(opts.unit, '*').metric.minutes;
  const { messages, isAsked } = await get(run, { next_by_subj, start_time, batch: 110, max_bytes: 786_432 });
  if (isAsked) day.minutes = messages.flatMap(minutesOf);
}

/** The newest record, and of an earlier one what is not in each. */
async function readDevice(run: Run): Promise<void> {
  const { day, opts } = run;
  const { system } = subjectsOf(opts.unit, '*').metric;
  const [newest] = (await get(run, { multi_last: [system] })).messages;
  if (newest === undefined) return;
  const device = { ...day.device, ...deviceOf(newest) };
  day.device = device;
  const { linked_ms } = opts;
  if (device.board !== undefined || linked_ms === undefined || day.isLarge) return;
  const days = Math.floor((opts.now_ms - linked_ms) / 86_400_000);
  for (const from_ms of new Set([linked_ms + days * 86_400_000 - 60_000, linked_ms - 5000])) {
    const ask = { next_by_subj: system, start_time: iso(from_ms), batch: 3, max_bytes: 65_536 };
    const known = (await get(run, ask)).messages.map(deviceOf).find(({ board }) => board !== undefined);
    if (known === undefined) continue;
    day.device = { ...known, ...device };
    return;
  }
}

/** Goes on reading; what is read already is not read again. Never rejects: `trouble` says what failed. */
export async function readDay(
  link: Link,
  day: DayRead,
  opts: DayOptions,
  mono_ms: () => number,
): Promise<void> {
  const spent = { requests: day.requests, bytes: day.bytes };
  const run: Run = { link, day, opts, mono_ms, until_ms: mono_ms() + most.ms, spent };
  forgetOld(day, opts);
  day.trouble = undefined;
  try {
    await size(run);
    await readDevice(run);
    if (!day.isLarge) {
      await readEvents(run);
      await readMinutes(run);
    }
    await readLooks(run);
    await readSilences(run);
  } catch (error) {
    day.trouble = messageOf(error);
  }
}
