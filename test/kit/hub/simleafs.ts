// Leaf links of units that are not there: thousands in one process, each with a TCP connection, TLS handshake, JWT and interest of
// its own, so that what they cost the hub is what as many nats-servers cost it. The protocol as nats-server speaks it (leafnode.go:
// INFO, TLS, CONNECT, LS+, LMSG, HMSG, PING), without compression, which no unit asks for on a LAN.
import { connect, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import { fromSeed } from '../../../agent/lib/nkeys/nkeys.ts';
import { answeredBy, subjectsOf } from '../../../agent/wire/subjects.ts';
import type { Headers } from '../../../agent/wire/values.ts';
import { decodeHeaders, encodeHeaders } from './headerblock.ts';
import type { SimLink, SimMessage } from './simlink.ts';

/** Who logs in, and where; of several addresses the next is tried when one fails. */
export interface SimLogin {
  readonly unit: string;
  readonly role: string;
  readonly jwt: string;
  readonly seed: string;
}

export interface LeafCounts {
  /** Joined now, logins that succeeded, and those that failed or were cut. */
  joined: number;
  joins: number;
  failures: number;
  /** Bytes of the leaf protocol to the hub and from it, without TLS, TCP and IP; of the latter, lines of interest. */
  to_hub_bytes: number;
  from_hub_bytes: number;
  interest_bytes: number;
  interest_lines: number;
  /** Records that had no link to go by. */
  unsent: number;
  /** The last thing that went wrong. */
  trouble: string;
}

export interface SimLeafsOptions {
  readonly ports: readonly { readonly host: string; readonly port: number }[];
  readonly ca: string;
  /** So many log in at a time at first; after a cut each comes back by itself, as nats-server does. */
  readonly inFlight: number;
  onJoined?(index: number): void;
}

/** As nunect renders it where nothing is set: hub.reconnect_s, hub.tls_timeout_s; and the jitter of nats-server. */
const reconnectMs = 2000;
const jitterMs = 1000;
/** For the first answer and the TLS handshake; how long the hub then takes to let it in has no limit, as in nats-server. */
const handshakeMs = 5000;
/** The same until it has joined once: that they are too many for this machine at first is not what is measured. */
const firstHandshakeMs = 60_000;

const crlf = '\r\n';
const lineFeed = 10;

type Place = SimLeafsOptions['ports'][number];

interface Deps {
  readonly counts: LeafCounts;
  readonly context: SecureContext;
  readonly ports: readonly Place[];
  onJoined(): void;
}

/** One link, as the sum of its connections. */
class Leaf implements SimLink {
  private socket: Socket | undefined;
  private isJoined = false;
  private hasJoined = false;
  private isEnded = false;
  private rest: Buffer | undefined;
  private out: string[] = [];
  private next: number;
  private readonly hearers = new Map<string, (message: SimMessage) => void>();
  private readonly subjects: Set<string>;
  private readonly me: SimLogin;
  private readonly deps: Deps;

  constructor(me: SimLogin, at: number, deps: Deps) {
    this.me = me;
    this.deps = deps;
    this.next = at;
    const { unit, role } = me;
    const loop = `$LDS.${unit.padStart(22, '0')}`; // by which servers notice that they are joined in a ring
    this.subjects = new Set([...answeredBy(subjectsOf(unit, role)), loop]);
  }

  hear(subject: string, heard: (message: SimMessage) => void): void {
    this.hearers.set(subject, heard);
    this.subjects.add(subject);
    if (this.isJoined) this.put(`LS+ ${subject}${crlf}`);
  }

  /** Tries to join; what fails is tried again until the end. */
  join(): void {
    if (this.isEnded) return;
    const { ports, context } = this.deps;
    const { host, port } = ports[this.next++ % ports.length] as Place;
    const plain = connect({ host, port, noDelay: true });
    const late = setTimeout(
      () => plain.destroy(new Error('the handshake took too long')),
      this.hasJoined ? handshakeMs : firstHandshakeMs,
    );
    this.socket = plain;
    this.rest = undefined;
    plain.once('data', (info) => {
      const { nonce = '' } = JSON.parse(info.toString('latin1').slice(5)) as { nonce?: string };
      const socket = connectTls({ socket: plain, secureContext: context, host });
      this.socket = socket;
      socket.on('data', (chunk) => this.take(chunk));
      socket.on('error', (error) => plain.destroy(error));
      socket.once('secureConnect', () => {
        clearTimeout(late);
        this.greet(nonce);
      });
    });
    plain.on('error', (error) => {
      this.deps.counts.trouble = error.message;
    });
    plain.once('close', () => {
      clearTimeout(late);
      this.lost();
    });
  }

  private greet(nonce: string): void {
    const { unit, jwt, seed } = this.me;
    const sig = Buffer.from(fromSeed(Buffer.from(seed)).sign(Buffer.from(nonce))).toString('base64url');
    const about = { version: '2.15.2', server_id: unit, name: unit, headers: true, remote_account: 'UNIT' };
    this.put(`CONNECT ${JSON.stringify({ ...about, jwt, sig, protocol: 1 })}${crlf}`);
    this.put([...this.subjects].map((subject) => `LS+ ${subject}${crlf}`).join(''));
    this.put(`PING${crlf}`);
  }

  private lost(): void {
    const { counts } = this.deps;
    if (this.isJoined) counts.joined -= 1;
    else counts.failures += 1;
    this.isJoined = false;
    this.socket = undefined;
    this.out = [];
    if (!this.isEnded) setTimeout(() => this.join(), reconnectMs + Math.random() * jitterMs).unref();
  }

  end(): void {
    this.isEnded = true;
    this.socket?.destroy();
  }

  send(subject: string, text: string, headers: Headers, reply: string): void {
    if (!this.isJoined) {
      this.deps.counts.unsent += 1;
      return;
    }
    const route = reply === '' ? subject : `${subject} ${reply}`;
    const head = encodeHeaders(headers);
    const [cut, size] = [Buffer.byteLength(head), Buffer.byteLength(text)];
    if (head === '') this.put(`LMSG ${route} ${size}${crlf}${text}${crlf}`);
    else this.put(`HMSG ${route} ${cut} ${cut + size}${crlf}${head}${text}${crlf}`);
  }

  /** What is said in one turn goes in one write, as a server's writeLoop does it. */
  private put(text: string): void {
    if (this.out.push(text) > 1) return;
    queueMicrotask(() => {
      const all = this.out.join('');
      this.out = [];
      if (this.socket === undefined || all === '') return;
      this.deps.counts.to_hub_bytes += Buffer.byteLength(all);
      this.socket.write(all);
    });
  }

  private take(chunk: Buffer): void {
    this.deps.counts.from_hub_bytes += chunk.length;
    const bytes = this.rest === undefined ? chunk : Buffer.concat([this.rest, chunk]);
    let at = 0;
    for (;;) {
      const end = bytes.indexOf(lineFeed, at);
      if (end < 0) break;
      const verb = bytes[at];
      // LS+ and LS- come by the hundred thousand in a large fleet: they are not made strings
      if (verb === 0x4c && bytes[at + 1] === 0x53) {
        this.deps.counts.interest_lines += 1;
        this.deps.counts.interest_bytes += end + 1 - at;
        at = end + 1;
        continue;
      }
      const line = bytes.toString('latin1', at, end - 1);
      const isMessage = line.startsWith('LMSG ') || line.startsWith('HMSG ');
      const size = isMessage ? Number(line.slice(line.lastIndexOf(' ') + 1)) + 2 : 0;
      if (bytes.length < end + 1 + size) break;
      if (isMessage) this.deliver(line, bytes.subarray(end + 1, end + size - 1));
      else this.heed(line);
      at = end + 1 + size;
    }
    this.rest = at === bytes.length ? undefined : Buffer.from(bytes.subarray(at));
  }

  private heed(line: string): void {
    const { counts, onJoined } = this.deps;
    if (line === 'PING') this.put(`PONG${crlf}`);
    else if (line.startsWith('-ERR')) counts.trouble = `${this.me.unit}: ${line}`;
    else if (line === 'PONG' && !this.isJoined) {
      this.isJoined = true;
      this.hasJoined = true;
      counts.joined += 1;
      counts.joins += 1;
      onJoined();
    }
  }

  /** `LMSG subject [reply | + reply queue... | queue...] size`; HMSG has the size of the headers before that. */
  private deliver(line: string, body: Buffer): void {
    const [verb, subject = '', ...words] = line.split(' ');
    const sizes = verb === 'HMSG' ? 2 : 1;
    const routing = words.slice(0, -sizes);
    const reply = routing[0] === '+' ? (routing[1] ?? '') : routing.length === 1 ? (routing[0] ?? '') : '';
    const cut = sizes === 2 ? Number(words.at(-2)) : 0;
    this.hearers.get(subject)?.({
      subject,
      headers: decodeHeaders(body.toString('utf8', 0, cut)),
      text: body.toString('utf8', cut),
      respond: (text, headers = {}) => this.send(reply, text, headers, ''),
    });
  }
}

/** Nothing has happened yet. */
export const noCounts = (): LeafCounts => ({
  ...{ joined: 0, joins: 0, failures: 0, to_hub_bytes: 0, from_hub_bytes: 0 },
  ...{ interest_bytes: 0, interest_lines: 0, unsent: 0, trouble: '' },
});

export interface SimLeafs {
  readonly links: readonly SimLink[];
  counts(): Readonly<LeafCounts>;
  end(): void;
}

/** Joins them all, in turn. */
export function simLeafs(logins: readonly SimLogin[], options: SimLeafsOptions): SimLeafs {
  const counts = noCounts();
  const context = createSecureContext({ ca: options.ca });
  let next = 0;
  let trying = 0;
  const tryNext = (): void => {
    for (; trying < options.inFlight && next < leafs.length; trying += 1) leafs[next++]?.join();
  };
  const leafs = logins.map((me, at) => {
    let isFirst = true;
    return new Leaf(me, at, {
      ...{ counts, context, ports: options.ports },
      onJoined() {
        if (isFirst) trying -= 1;
        isFirst = false;
        tryNext();
        options.onJoined?.(at);
      },
    });
  });
  tryNext();
  return {
    links: leafs,
    counts: () => counts,
    end() {
      for (const leaf of leafs) leaf.end();
    },
  };
}
