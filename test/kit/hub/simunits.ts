// Units that are not there: thousands in one process, over few connections or each over one of its own, with the records, at the
// times and with the ids of a real one. What they say, whether they are heard and what they lose is the test's.
import { trafficProfiles } from '../../../agent/config/traffic.ts';
import { clockHeaders } from '../../../agent/wire/messages.ts';
import { echoOf, inboxPrefixOf, timeSyncOf } from '../../../agent/wire/subjects.ts';
import { seededRandom } from '../lib/random.ts';
import type { SimLink, SimMessage } from './simlink.ts';
import {
  eventRecord,
  fullRecords,
  intervalOf,
  lastRecord,
  type SimRecord,
  type SimRun,
  type SimState,
  slimRecords,
  usualState,
} from './simrecords.ts';

/** One of them. */
export interface SimUnit {
  readonly id: string;
  state(): SimState;
  /** Says so from now on; a change of health, clock or link at once, in a full set. */
  set(change: Partial<SimState>): void;
  /** As a unit that lost its power: nothing more is said or answered. */
  kill(): void;
  /** Power is back: another run of the agent. */
  boot(): void;
  /** Agent restarted without a pause. */
  restart(): void;
  /** Stopped on purpose, which its last heartbeat says. */
  stop(): void;
  /** So many records are lost, as it says. */
  drop(count: number): void;
}

export interface SimUnits {
  readonly units: readonly SimUnit[];
  /** Records sent, and those of them that a stream has acknowledged. */
  sent(): number;
  stored(): number;
  /** Sends nothing more; the connections are the caller's. */
  end(): void;
}

export interface SimOptions {
  readonly count: number;
  /** Ids are `<prefix>00000` and so on. */
  readonly prefix?: string;
  /** What is otherwise than usual, of each. */
  readonly state?: (index: number) => Partial<SimState>;
  readonly seed?: number;
  /** They answer `ops.echo` and `ops.time.sync` too, unless told otherwise. */
  readonly answers?: boolean;
  /** All first heartbeats come within this; by default spread over the interval. */
  readonly spread_ms?: number;
  /** Each has the link of its own number, where it hears only what is for itself. */
  readonly isApart?: boolean;
  /** Full sets after the first come as from units that were started at any time; else all start now. */
  readonly isSteady?: boolean;
}

interface Sim {
  readonly id: string;
  readonly link: SimLink;
  /** Where its PubAcks go. */
  readonly inbox: string;
  state: SimState;
  run: SimRun;
  isOn: boolean;
  isChanged: boolean;
  due_ms: number;
  full: number | undefined;
  full_ms: number;
  asked_ms: number;
  facts_ms: number;
  /** By which share of the time between two full sets the second comes earlier. */
  readonly phase: number;
}

const tick_ms = 50;
const wall_us = (): number => (performance.timeOrigin + performance.now()) * 1000;

function newRun(id: string, boots: () => number): SimRun {
  const now_ms = Date.now();
  const boot = Math.floor(boots() * 2 ** 40)
    .toString(36)
    .padStart(8, '0');
  return { unit: id, boot, started_ms: now_ms, clock_ms: now_ms, link_ms: now_ms, sequence: 0, n: 0 };
}

/** Records of the interval that begins now. */
function recordsOf(sim: Sim, now_ms: number): SimRecord[] {
  const profile = trafficProfiles[sim.state.traffic];
  const { run, state } = sim;
  const wall_ms = Date.now();
  run.sequence += 1;
  const isFull = sim.full === undefined || sim.isChanged || now_ms - sim.full_ms >= profile.full_s * 1000;
  if (isFull) {
    const hasFacts = now_ms - sim.facts_ms >= profile.facts_s * 1000;
    if (hasFacts) sim.facts_ms = now_ms;
    const isFirst = run.sequence === 1;
    const full_ms = now_ms - (isFirst ? sim.phase * profile.full_s * 1000 : 0);
    Object.assign(sim, { full: run.sequence, full_ms, asked_ms: now_ms, isChanged: false });
    const start = { event: 'start', after: { boot: run.boot, restored: 0, broken: 0 } };
    return [
      ...fullRecords(run, state, wall_ms, hasFacts),
      ...(isFirst ? [eventRecord(run, state, wall_ms, start)] : []),
    ];
  }
  const isAsked = profile.asked_s > 0 && now_ms - sim.asked_ms >= profile.asked_s * 1000;
  if (isAsked) sim.asked_ms = now_ms;
  return slimRecords(run, state, wall_ms, sim.full, isAsked);
}

const fresh = { full: undefined, full_ms: -Infinity, asked_ms: -Infinity, facts_ms: -Infinity } as const;

/** What `ops.time.sync` and `ops.echo` of a unit say, by its clock as it is. */
function answer(sim: Sim, message: SimMessage, isEcho: boolean): void {
  const { clock } = sim.state;
  const received_us = Math.round(wall_us() + clock.off_us);
  if (!isEcho) {
    const asked = message.text === '' ? {} : (JSON.parse(message.text) as { t1_us?: number });
    const { source, quality, error_bound_ns, error_rel_ns } = clock;
    const t3_us = Math.round(wall_us() + clock.off_us);
    const told = { t2_us: received_us, t3_us, source, quality, error_bound_ns, error_rel_ns };
    message.respond(JSON.stringify({ ...asked, ...told }));
    return;
  }
  message.respond(message.text, {
    ...message.headers,
    'X-Unit-ID': [sim.id],
    ...clockHeaders(clock),
    'X-Server-Received-At': [String(received_us)],
    'X-Server-Sent-At': [String(Math.round(wall_us() + clock.off_us))],
  });
}

/** Answers for all over one link, or for each over its own. */
function hearQuestions(sims: readonly Sim[], link: SimLink, isApart: boolean): void {
  for (const [subjectOf, isEcho] of [
    [echoOf, true],
    [timeSyncOf, false],
  ] as const) {
    if (isApart) {
      for (const sim of sims)
        sim.link.hear(subjectOf(sim.id), (message) => sim.isOn && answer(sim, message, isEcho));
      continue;
    }
    const byId = new Map(sims.map((sim) => [sim.id, sim]));
    link.hear(subjectOf('*'), (message) => {
      const sim = byId.get(message.subject.slice(message.subject.lastIndexOf('.') + 1));
      if (sim?.isOn) answer(sim, message, isEcho);
    });
  }
}

/** Begins to speak for them, over these links in turn. */
export function simUnits(links: readonly [SimLink, ...SimLink[]], options: SimOptions): SimUnits {
  const {
    count,
    prefix = 'sim-',
    state = () => ({}),
    seed = 1,
    answers = true,
    isApart = false,
    isSteady = false,
  } = options;
  const random = seededRandom(seed);
  let sent = 0;
  let stored = 0;
  const begin_ms = performance.now();
  const inboxOf = (id: string, at: number): string =>
    isApart ? `${inboxPrefixOf(id)}.sim` : `_INBOX_${prefix}${seed}.${at}`;
  const sims = Array.from({ length: count }, (_, index): Sim => {
    const id = `${prefix}${String(index).padStart(5, '0')}`;
    const all = { ...usualState(index), ...state(index) };
    const at = index % links.length;
    return {
      id,
      link: links[at] ?? links[0],
      inbox: inboxOf(id, at),
      state: all,
      run: newRun(id, random),
      isOn: true,
      isChanged: false,
      phase: isSteady ? random() : 0,
      due_ms: begin_ms + random() * (options.spread_ms ?? intervalOf(all) * 1000),
      ...fresh,
    };
  });

  const send = ({ link, inbox }: Sim, records: readonly SimRecord[]): void => {
    for (const { subject, body, headers, isAsked } of records)
      link.send(subject, body, headers, isAsked ? inbox : '');
    sent += records.length;
  };
  for (const { link, inbox } of sims.slice(0, links.length))
    link.hear(inbox, ({ text }) => {
      if (text.includes('"seq":')) stored += 1;
    });
  if (answers) hearQuestions(sims, links[0], isApart);

  const timer = setInterval(() => {
    const now_ms = performance.now();
    for (const sim of sims) {
      if (!sim.isOn || sim.due_ms > now_ms) continue;
      const interval_ms = intervalOf(sim.state) * 1000;
      sim.due_ms += interval_ms;
      if (sim.due_ms < now_ms) sim.due_ms = now_ms + interval_ms;
      send(sim, recordsOf(sim, now_ms));
    }
  }, tick_ms);

  return {
    units: sims.map((sim) => unitOf(sim, random, (records) => send(sim, records))),
    sent: () => sent,
    stored: () => stored,
    end: () => clearInterval(timer),
  };
}

function unitOf(sim: Sim, random: () => number, send: (records: readonly SimRecord[]) => void): SimUnit {
  const { id } = sim;
  const boot = (): void => {
    Object.assign(sim, { run: newRun(id, random), isOn: true, due_ms: performance.now(), ...fresh });
  };
  return {
    id,
    state: () => sim.state,
    set(change) {
      const { clock, hub_up } = sim.state;
      sim.state = { ...sim.state, ...change };
      const now_ms = Date.now();
      if (change.clock !== undefined) {
        const words = ({ source, quality, holdover }: typeof clock) => ({
          source,
          quality,
          holdover: holdover === true,
        });
        const event = {
          event: 'clock',
          before: words(clock),
          after: words(change.clock),
          evidence: change.clock.evidence,
        };
        sim.run = { ...sim.run, clock_ms: now_ms };
        if (sim.isOn) send([eventRecord(sim.run, sim.state, now_ms, event)]);
      }
      if (change.hub_up !== undefined && change.hub_up !== hub_up) sim.run = { ...sim.run, link_ms: now_ms };
      Object.assign(sim, { isChanged: true, due_ms: performance.now() });
    },
    kill() {
      sim.isOn = false;
    },
    boot,
    restart: boot,
    stop() {
      if (!sim.isOn) return;
      sim.run.sequence += 1;
      send([lastRecord(sim.run, sim.state, Date.now())]);
      sim.isOn = false;
    },
    drop(dropped) {
      const now_ms = Date.now();
      sim.state = { ...sim.state, dropped: sim.state.dropped + dropped };
      const of = { metric: dropped, log: 0, event: 0 };
      const after = { count: dropped, of, from_ms: now_ms - 1000, to_ms: now_ms, why: 'memory' };
      if (sim.isOn) send([eventRecord(sim.run, sim.state, now_ms, { event: 'records_dropped', after })]);
      Object.assign(sim, { isChanged: true, due_ms: performance.now() });
    },
  };
}
