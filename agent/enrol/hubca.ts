// Finds the CA of a hub by its pin in the chain that the hub sends. Until then nothing is believed of it, and nothing sent.
import { createConnection, isIP, type Socket } from 'node:net';
import { connect as connectTls, type DetailedPeerCertificate } from 'node:tls';
import { certificatePem } from '../config/formats/pem.ts';
import { defaultPorts } from '../lib/defaults.ts';
import { pinOf } from './request.ts';

/** A hub that speaks TLS first says nothing before us. */
const silence_ms = 1500;
/** The hub ends a connection that we have ended. */
const farewell_ms = 2000;

/** Settles once the socket has done something: which of these events it was. */
const firstOf = (socket: Socket, ...events: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed by the server')));
    for (const event of events) socket.once(event, () => resolve(event));
  });

/** Waits for the first line of a NATS server, which may come in pieces, or until it is clear that none comes. */
async function greeting(socket: Socket): Promise<void> {
  const over = (): void => void socket.emit('greeted');
  const quiet = setTimeout(over, silence_ms);
  const take = (piece: Buffer): void => {
    quiet.refresh();
    if (piece.includes('\n')) over();
  };
  socket.on('data', take);
  await firstOf(socket, 'greeted').finally(() => clearTimeout(quiet));
  socket.off('data', take).pause();
}

/** The certificates from that of the server up, each once. */
function chainOf(first: DetailedPeerCertificate): Buffer[] {
  const chain = new Map<string, Buffer>();
  for (let one = first; one?.raw !== undefined && !chain.has(one.fingerprint256); one = one.issuerCertificate)
    chain.set(one.fingerprint256, one.raw);
  return [...chain.values()];
}

/** The CA of that pin, as PEM, which the hub at `url` sends with its certificate. Throws an Error with why there is none. */
export async function findCa(url: string, pin: string, limit_ms: number): Promise<string> {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const plain = createConnection({
    host,
    port: Number(port || (protocol === 'wss:' ? 443 : defaultPorts.client)),
  });
  let outer: Socket = plain; // alone destroyed: node crashes where what is under TLS goes first
  let isPolite = false;
  const late = setTimeout(() => outer.destroy(new Error('no answer in time')), limit_ms);
  try {
    await firstOf(plain, 'connect');
    await greeting(plain);
    const names = isIP(host) === 0 ? { servername: host } : { host };
    const secure = connectTls({ ...names, socket: plain, rejectUnauthorized: false });
    outer = secure;
    await firstOf(secure, 'secureConnect');
    isPolite = true;
    const found = chainOf(secure.getPeerCertificate(true)).find((der) => pinOf(der) === pin);
    if (found !== undefined) return certificatePem(found);
    throw new Error('it shows the certificate of another hub than the token names');
  } finally {
    clearTimeout(late);
    leave(outer, isPolite);
  }
}

/** Ends a connection; politely after what was sent, since a hub reports a handshake that was broken off as an error. */
function leave(socket: Socket, isPolite: boolean): void {
  socket.on('error', () => {}); // its errors matter no more
  if (!isPolite) return void socket.destroy();
  const late = setTimeout(() => socket.destroy(), farewell_ms);
  socket.once('close', () => clearTimeout(late));
  socket.end();
}
