import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Cleanup } from '../process/cleanup.ts';
import { undoLater } from '../process/cleanup.ts';
import { eventually } from '../process/daemon.ts';

/** A message that a hub sent over the leaf link. */
export interface LeafMessage {
  readonly subject: string;
  readonly reply: string;
  /** The header block as it came, empty where there is none. */
  readonly headers: string;
  readonly text: string;
}

/** A leaf node that keeps to no permissions: it sends what it is told to. */
export interface RawLeaf {
  readonly messages: LeafMessage[];
  /** Subjects that the hub asks for. */
  readonly wanted: string[];
  /** What the hub complained about, as in `-ERR`. */
  readonly errors: string[];
  closed(): boolean;
  /** Announces interest (LS+). */
  listen(subject: string): void;
  publish(
    subject: string,
    text: string,
    more?: { readonly reply?: string; readonly headers?: Readonly<Record<string, string>> },
  ): void;
  /** Waits until the hub has dealt with all that was sent; false when it closed the link. */
  settled(): Promise<boolean>;
  stop(): void;
}

interface Login {
  readonly port: number;
  /** PEM of the CA, where the hub has TLS. */
  readonly ca?: string;
  /** Fields of its CONNECT by which it logs in; the hub has sent the nonce. */
  login(nonce: string): object;
  /** Name of the server that it claims to be. */
  readonly name: string;
  /** Further fields of its CONNECT, such as `is_hub`. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

const crlf = '\r\n';

/**
 * A leaf node written by hand, which speaks the leaf protocol of nats-server (INFO, CONNECT, LS+, LMSG, HMSG) to
 * the leafnode listener of a hub, logged in as a unit. Resolves when the hub has answered its CONNECT.
 */
export async function rawLeaf(owner: Cleanup, login: Login): Promise<RawLeaf> {
  let socket: Socket = connect(login.port, '127.0.0.1');
  undoLater(owner, () => socket.destroy());
  const messages: LeafMessage[] = [];
  const wanted: string[] = [];
  const errors: string[] = [];
  let closed = false;
  let greeted = false;
  let pongs = 0;
  let buffer = Buffer.alloc(0);

  const send = (line: string): void => {
    if (!closed) socket.write(line + crlf);
  };

  const greet = (nonce: string): void => {
    greeted = true;
    const { name, claims, ca } = login;
    if (ca !== undefined) {
      socket.removeAllListeners('data');
      socket = connectTls({ socket, ca, host: '127.0.0.1' });
      attend();
    }
    const about = { name, headers: true, no_responders: true, version: '2.9.10' };
    send(`CONNECT ${JSON.stringify({ ...about, ...login.login(nonce), ...claims })}`);
    send('PING');
  };

  /** One control line; gives how many bytes of body follow it. */
  function heed(line: string): number {
    const [verb = '', ...words] = line.split(' ');
    if (verb === 'INFO' && !greeted) greet((JSON.parse(line.slice(5)) as { nonce?: string }).nonce ?? '');
    else if (verb === 'PING') send('PONG');
    else if (verb === 'PONG') pongs += 1;
    else if (verb === '-ERR') errors.push(line.slice(5).replaceAll("'", ''));
    else if (verb === 'LS+') wanted.push(words[0] ?? '');
    else if (verb === 'LMSG' || verb === 'HMSG') return Number(words.at(-1));
    return 0;
  }

  /** `LMSG subject [reply | + reply queues... | queues...] size`; HMSG has the size of the headers before it. */
  function deliver(line: string, body: Buffer): void {
    const [verb, subject = '', ...words] = line.split(' ');
    const sizes = verb === 'HMSG' ? 2 : 1;
    const routing = words.slice(0, -sizes);
    const reply = routing[0] === '+' ? (routing[1] ?? '') : routing.length === 1 ? (routing[0] ?? '') : '';
    const cut = verb === 'HMSG' ? Number(words.at(-2)) : 0;
    messages.push({
      subject,
      reply,
      headers: body.toString('utf8', 0, cut),
      text: body.toString('utf8', cut),
    });
  }

  const take = (chunk: Buffer): void => {
    buffer = Buffer.concat([buffer, chunk]);
    for (;;) {
      const end = buffer.indexOf(crlf);
      if (end < 0) return;
      const line = buffer.toString('utf8', 0, end);
      const isMessage = /^[LH]MSG /.test(line);
      const size = isMessage ? Number(line.split(' ').at(-1)) : 0;
      const whole = end + 2 + (isMessage ? size + 2 : 0);
      if (buffer.length < whole) return;
      const body = buffer.subarray(end + 2, end + 2 + size);
      buffer = buffer.subarray(whole);
      if (isMessage) deliver(line, body);
      else heed(line);
    }
  };
  function attend(): void {
    socket.on('data', take);
    socket.on('error', () => {});
    socket.on('close', () => {
      closed = true;
    });
  }
  attend();
  await eventually(`leaf ${login.name} greeted`, () => closed || pongs > 0);

  return {
    messages,
    wanted,
    errors,
    closed: () => closed,
    listen: (subject) => send(`LS+ ${subject}`),
    publish(subject, text, { reply, headers } = {}) {
      const route = reply === undefined ? subject : `${subject} ${reply}`;
      const block =
        headers === undefined
          ? ''
          : `NATS/1.0${crlf}${Object.entries(headers)
              .map(([name, value]) => `${name}: ${value}${crlf}`)
              .join('')}${crlf}`;
      const [cut, size] = [Buffer.byteLength(block), Buffer.byteLength(block + text)];
      send(
        `${block === '' ? `LMSG ${route} ${size}` : `HMSG ${route} ${cut} ${size}`}${crlf}${block}${text}`,
      );
    },
    async settled() {
      const before = pongs;
      send('PING');
      await eventually('the hub has dealt with it', () => closed || pongs > before);
      return !closed;
    },
    stop: () => socket.destroy(),
  };
}
