// Echo requests over a bare socket, so that what is measured is who answers and not the client: it costs 1 to 2 us of CPU
// per request, a tenth of what a client library does.
import { connect, type Socket } from 'node:net';

/** What is asked, and how much of it at once. */
export interface Load {
  readonly subject: string;
  readonly count: number;
  readonly inFlight: number;
  readonly payload: number;
  /** Request headers, as lines. */
  readonly headers?: readonly string[];
}

/** What came of it: requests per second, and each round trip in us. */
export interface Answered {
  readonly perSecond: number;
  readonly rtts: readonly number[];
}

/** A client of a nats-server that asks for echoes. */
export interface LoadClient {
  ask(load: Load): Promise<Answered>;
  close(): void;
}

const inbox = '_INBOX.load';
/** Every responder sends more header bytes than that, and a server that knows of none sends fewer. */
const leastHeaders = 40;

function requestOf({ subject, payload, headers = [] }: Load): Buffer {
  const body = Buffer.alloc(payload, 'x');
  const end = Buffer.from('\r\n');
  if (headers.length === 0)
    return Buffer.concat([Buffer.from(`PUB ${subject} ${inbox} ${payload}\r\n`), body, end]);
  const block = Buffer.from(`NATS/1.0\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`);
  const first = `HPUB ${subject} ${inbox} ${block.length} ${block.length + payload}\r\n`;
  return Buffer.concat([Buffer.from(first), block, body, end]);
}

/** Takes the protocol apart; `onMessage` hears the size of each message, headers and payload together. */
function reader(socket: Socket, onMessage: (size: number) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  let skip = 0; // of the message at hand, with its line end
  socket.on('data', (data) => {
    let at = Math.min(skip, data.length);
    skip -= at;
    const chunk = rest.length === 0 ? data : Buffer.concat([rest, data]);
    if (rest.length > 0) at = 0;
    for (;;) {
      const end = chunk.indexOf('\r\n', at, 'latin1');
      if (end < 0) break;
      const line = chunk.toString('latin1', at, end);
      at = end + 2;
      if (line.startsWith('MSG ') || line.startsWith('HMSG ')) {
        const size = Number(line.slice(line.lastIndexOf(' ') + 1));
        onMessage(size);
        const left = size + 2 - (chunk.length - at);
        skip = Math.max(0, left);
        at = Math.min(chunk.length, at + size + 2);
      } else if (line === 'PING') socket.write('PONG\r\n');
      else if (line.startsWith('-ERR')) socket.destroy(new Error(`the server says ${line}`));
    }
    rest = chunk.subarray(at);
  });
}

/** Connects with a password to a nats-server of loopback. */
export async function loadClient(port: number, user: string, pass: string): Promise<LoadClient> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let onMessage: (size: number) => void = () => {};
  let failed: (error: Error) => void = () => {};
  socket.on('error', (error) => failed(error));
  socket.on('close', () => failed(new Error('the server has closed the connection')));
  await new Promise<void>((resolve, reject) => {
    failed = reject;
    socket.once('connect', resolve);
  });
  reader(socket, (size) => onMessage(size));
  const hello = {
    verbose: false,
    pedantic: false,
    headers: true,
    no_responders: true,
    user,
    pass,
    protocol: 1,
  };
  socket.write(`CONNECT ${JSON.stringify(hello)}\r\nSUB ${inbox} 1\r\n`);
  return {
    ask(load) {
      const request = requestOf(load);
      const batch = Buffer.concat(Array.from({ length: Math.min(load.inFlight, load.count) }, () => request));
      const sent = new Float64Array(load.count);
      const rtts = new Array<number>(load.count).fill(0);
      let asked = 0;
      let answered = 0;
      return new Promise((resolve, reject) => {
        const begun = performance.now();
        const late = setTimeout(() => {
          reject(new Error(`${load.subject}: ${answered} of ${load.count} echoes within 60 s`));
        }, 60_000);
        failed = (error) => {
          clearTimeout(late);
          reject(error);
        };
        onMessage = (size) => {
          if (size < load.payload + leastHeaders) return; // nobody answers: said at the end, by what is missing
          const now = performance.now();
          rtts[answered] = (now - (sent[answered] ?? now)) * 1000; // one who answers does so in turn
          answered += 1;
          if (asked < load.count) {
            sent[asked] = now;
            asked += 1;
            socket.write(request);
          } else if (answered === load.count) {
            clearTimeout(late);
            onMessage = () => {};
            resolve({ perSecond: (load.count * 1000) / (now - begun), rtts });
          }
        };
        sent.fill(begun, 0, Math.min(load.inFlight, load.count));
        asked = Math.min(load.inFlight, load.count);
        socket.cork();
        socket.write(batch);
        socket.uncork();
      });
    },
    close: () => void socket.destroy(),
  };
}
