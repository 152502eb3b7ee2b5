// The least that nats.js needs to answer an echo as the agent does; what the agent costs beyond it is its own.
// Usage: minimal URL SUBJECT
import { connect, headers, type Msg } from '@nats-io/transport-node';

const [, , url = '', subject = ''] = process.argv;

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

async function main(): Promise<void> {
  const { host, username, password } = new URL(url);
  const nc = await connect({ servers: host, user: username, pass: password, noAsyncTraces: true });
  nc.subscribe(subject, {
    callback: (error, message) => {
      if (error === null) answer(message);
    },
  });
}

void main();
