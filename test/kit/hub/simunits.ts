// Units that are not there: thousands in one process, over few connections, each with the records, at the times and with the ids
// of a real one. What they say, whether they are heard and what they lose is the test's.
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { headers as natsHeaders } from '@nats-io/transport-node';
import { trafficProfiles } from '../../../agent/config/traffic.ts';
import { clockHeaders } from '../../../agent/wire/messages.ts';
import { seededRandom } from '../lib/random.ts';
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
}

interface Sim {
  readonly id: string;
  readonly nc: NatsConnection;
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

function publish(nc: NatsConnection, { subject, body, headers, isAsked }: SimRecord, reply: string): void {
  const head = natsHeaders();
  for (const [name, [value = '']] of Object.entries(headers)) head.append(name, value);
  const isBare = Object.keys(headers).length === 0;
  nc.publish(subject, body, { ...(isBare ? {} : { headers: head }), ...(isAsked ? { reply } : {}) });
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
    Object.assign(sim, { full: run.sequence, full_ms: now_ms, asked_ms: now_ms, isChanged: false });
    const start = { event: 'start', after: { boot: run.boot, restored: 0, broken: 0 } };
    const isFirst = run.sequence === 1;
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
function answer(sim: Sim, message: Msg, isEcho: boolean): void {
  const { clock } = sim.state;
  const received_us = Math.round(wall_us() + clock.off_us);
  if (!isEcho) {
    const asked = message.data.length === 0 ? {} : (JSON.parse(message.string()) as { t1_us?: number });
    const { source, quality, error_bound_ns, error_rel_ns } = clock;
    const t3_us = Math.round(wall_us() + clock.off_us);
    const told = { t2_us: received_us, t3_us, source, quality, error_bound_ns, error_rel_ns };
    message.respond(JSON.stringify({ ...asked, ...told }));
    return;
  }
  const head = message.headers ?? natsHeaders();
  head.set('X-Unit-ID', sim.id);
  for (const [name, [value = '']] of Object.entries(clockHeaders(clock))) head.set(name, value);
  head.set('X-Server-Received-At', String(received_us));
  head.set('X-Server-Sent-At', String(Math.round(wall_us() + clock.off_us)));
  message.respond(message.data, { headers: head });
}

/** Begins to speak for them, over these connections in turn. */
export function simUnits(connections: readonly NatsConnection[], options: SimOptions): SimUnits {
  const { count, prefix = 'sim-', state = () => ({}), seed = 1, answers = true } = options;
  const random = seededRandom(seed);
  let sent = 0;
  let stored = 0;
  const inboxes = connections.map((_nc, index) => `_INBOX_${prefix}${seed}.${index}`);
  const begin_ms = performance.now();
  const sims = Array.from({ length: count }, (_, index): Sim => {
    const id = `${prefix}${String(index).padStart(5, '0')}`;
    const all = { ...usualState(index), ...state(index) };
    const due_ms = begin_ms + random() * (options.spread_ms ?? intervalOf(all) * 1000);
    const nc = connections[index % connections.length] as NatsConnection;
    const inbox = inboxes[index % connections.length] ?? '';
    return {
      id,
      nc,
      inbox,
      state: all,
      run: newRun(id, random),
      isOn: true,
      isChanged: false,
      due_ms,
      ...fresh,
    };
  });
  const byId = new Map(sims.map((sim) => [sim.id, sim]));

  const send = (sim: Sim, records: readonly SimRecord[]): void => {
    for (const record of records) publish(sim.nc, record, sim.inbox);
    sent += records.length;
  };
  for (const [index, nc] of connections.entries()) {
    nc.subscribe(inboxes[index] ?? '', {
      callback: (_error, message) => {
        if (message.string().includes('"seq":')) stored += 1;
      },
    });
  }
  const [first] = connections;
  for (const [subject, isEcho] of [
    ['ops.echo.*', true],
    ['ops.time.sync.*', false],
  ] as const) {
    if (!answers) continue;
    first?.subscribe(subject, {
      callback: (_error, message) => {
        const sim = byId.get(message.subject.slice(message.subject.lastIndexOf('.') + 1));
        if (sim?.isOn) answer(sim, message, isEcho);
      },
    });
  }

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
