import type { Ticker } from '../../lib/ticker.ts';
import type { Trouble } from '../../lib/watch.ts';
import { type CmdmonCommand, decodeReply, encodeRequest, statusUnauthorised } from './protocol.ts';
import type { OpenUdp, UdpLink } from './udp.ts';

/** What came of a request: the body of the reply, the status of a refusal, or why nothing came. */
export type CmdmonOutcome =
  | { readonly kind: 'body'; readonly body: DataView }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'trouble'; readonly trouble: Trouble };

/** Asks one chronyd, one request at a time. */
export interface CmdmonClient {
  ask(command: CmdmonCommand, index?: number): Promise<CmdmonOutcome>;
  /** Requests that were not answered in time, retries counted. */
  timeouts(): number;
  close(): void;
}

const answerMs = 200;
const attempts = 2;

/** The trouble that a status means to one who only reads. */
export const statusTrouble = (command: CmdmonCommand, status: number): Trouble =>
  status === statusUnauthorised
    ? { why: 'unauthorised', detail: `not authorised: ${command}` }
    : { why: 'garbled', detail: `${command}: status ${status}` };

const troubleOf = (errno: string): Trouble =>
  errno === 'ECONNREFUSED'
    ? { why: 'refused' }
    : { why: errno === 'EACCES' || errno === 'EPERM' ? 'no_permission' : 'no_reply', detail: errno };

/** `random` gives [0, 1): sequence numbers are drawn from it, so that nobody off the path can forge a reply. */
export function cmdmonClient(
  deps: { readonly open: OpenUdp; readonly ticker: Ticker; readonly random: () => number },
  host: string,
  port: number,
): CmdmonClient {
  const { open, ticker, random } = deps;
  let link: UdpLink | undefined;
  let onData = (_bytes: Uint8Array): void => {};
  let onError = (_errno: string): void => {};
  let timeouts = 0;
  let closed = false;

  async function connect(): Promise<UdpLink | Trouble> {
    if (link !== undefined) return link;
    if (closed) return { why: 'disabled' };
    try {
      const opened = await open(host, port);
      opened.listen(
        (bytes) => onData(bytes),
        (errno) => onError(errno),
      );
      link = opened;
      if (closed) close();
      return opened;
    } catch (error) {
      return troubleOf((error as NodeJS.ErrnoException).code ?? String(error));
    }
  }

  function once(to: UdpLink, command: CmdmonCommand, index: number, attempt: number): Promise<CmdmonOutcome> {
    const seq = Math.floor(random() * 2 ** 32);
    return new Promise((resolve) => {
      const finish = (outcome: CmdmonOutcome): void => {
        cancel();
        onData = () => {};
        onError = () => {};
        resolve(outcome);
      };
      const cancel = ticker.after(answerMs, () => {
        timeouts += 1;
        finish({ kind: 'trouble', trouble: { why: 'no_reply', detail: `${host} port ${port}` } });
      });
      onData = (bytes) => {
        const reply = decodeReply(command, seq, bytes);
        if (reply === undefined) return; // late, or not for us
        finish(reply.ok ? { kind: 'body', body: reply.body } : { kind: 'status', status: reply.status });
      };
      onError = (errno) => finish({ kind: 'trouble', trouble: troubleOf(errno) });
      to.send(encodeRequest(command, seq, index, attempt));
    });
  }

  function close(): void {
    link?.close();
    link = undefined;
  }

  return {
    async ask(command, index = 0) {
      let outcome: CmdmonOutcome | undefined;
      for (let attempt = 0; attempt < attempts; attempt++) {
        const to = await connect();
        if (!('send' in to)) return { kind: 'trouble', trouble: to };
        outcome = await once(to, command, index, attempt);
        if (outcome.kind !== 'trouble' || outcome.trouble.why !== 'no_reply') return outcome;
      }
      close(); // the name may stand for another address by now
      return outcome ?? { kind: 'trouble', trouble: { why: 'no_reply' } };
    },
    timeouts: () => timeouts,
    close() {
      closed = true;
      onError('closed');
      close();
    },
  };
}
