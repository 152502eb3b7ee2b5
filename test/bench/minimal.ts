// The least that nats.js needs to answer an echo as the agent does; what the agent costs beyond it is its own.
// Usage: minimal URL SUBJECT [SECONDS]; with SECONDS it also publishes three small records at that interval
import { connect, headers, type Msg, type NatsConnection } from '@nats-io/transport-node';

const [, , url = '', subject = '', seconds] = process.argv;

const micros = (): string => String(Math.round((performance.timeOrigin + performance.now()) * 1000));

function answer(message: Msg): void {
  const received = micros();
  const own = headers();
  for (const [name, values] of message.headers ?? []) for (const value of values) own.append(name, value);
  own.set('X-Unit-ID', 'bench-js');
  own.set('X-Server-Received-At', received);
  own.set('X-Clock-Source', 'unsynced');
  own.set('X-Clock-Quality', 'freerun');
  own.set('X-Server-Sent-At', micros());
  message.respond(message.data, { headers: own });
}

/** The least that a unit has to tell: who it is, how far away, and what time it has. */
function beat(nc: NatsConnection): void {
  const own = headers();
  own.set('X-Unit-ID', 'bench-js');
  own.set('X-Timestamp', String(Date.now()));
  nc.publish('bench.heartbeat', JSON.stringify({ status: 'healthy', ts: Date.now() }), { headers: own });
  nc.publish('bench.rtt', JSON.stringify({ native_rtt_us: 168, app_rtt_us: 412 }));
  nc.publish('bench.time', JSON.stringify({ source: 'ptp', quality: 'locked', offset_ns: -1204 }));
}

async function main(): Promise<void> {
  const { host, username, password } = new URL(url);
  const nc = await connect({ servers: host, user: username, pass: password, noAsyncTraces: true });
  nc.subscribe(subject, {
    callback: (error, message) => {
      if (error === null) answer(message);
    },
  });
  if (seconds !== undefined) setInterval(() => beat(nc), Number(seconds) * 1000);
}

void main();
