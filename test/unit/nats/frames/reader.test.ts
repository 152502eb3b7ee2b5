import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Kind, Parser, type ProtocolHandler } from '@nats-io/transport-node';
import { FrameReader } from '../../../../agent/nats/frames/reader.ts';
import { type FramedHandler, Replies } from '../../../../agent/nats/frames/replies.ts';
import { noMessage, scanMessage, unusual } from '../../../../agent/nats/frames/scan.ts';

const max_payload = 100;
const mostWaiting_bytes = 8192;

/** A reader whose subscription 7 is answered where it lies, with all that it hands over and writes, in order. */
function readerAt() {
  const seen: string[] = [];
  const kept: Uint8Array[] = [];
  const writes: string[] = [];
  let refused = 0;
  const protocol = {
    info: { max_payload },
    inMsgs: 0,
    inBytes: 0,
    outMsgs: 0,
    outBytes: 0,
    push({ kind, msg, data }: Parameters<ProtocolHandler['push']>[0]) {
      if (kind === Kind.MSG && msg && data) {
        kept.push(data);
        const left = Buffer.from(data).includes('413');
        seen.push(`general ${msg.sid} ${left ? 'left out' : Buffer.from(data).toString('latin1')}`);
      } else seen.push(`kind ${kind}`);
    },
  };
  const handler: FramedHandler = {
    answer({ bytes, reply, replyEnd, headers, payload, payloadEnd }, replies) {
      if (reply === replyEnd) return undefined;
      const text = (from: number, to: number): string => bytes.toString('latin1', from, to);
      const answer = `${text(reply, replyEnd)} ${text(headers, payload)}|${text(payload, payloadEnd)}\n`;
      seen.push(`framed ${text(payload, payloadEnd)}`);
      if (!replies.hasRoom(answer.length)) return undefined;
      replies.used += replies.bytes.write(answer, replies.used, 'latin1');
      return payloadEnd - headers;
    },
    seal: (replies) => void seen.push(`seal ${replies.used > 0}`),
  };
  const of = {
    isOver: false,
    socket: { cork() {}, uncork() {} },
    refuse() {
      refused += 1;
      of.isOver = true;
    },
  };
  const replies = new Replies((bytes) => writes.push(bytes.toString('latin1')) > 0);
  const reader = new FrameReader(of, replies);
  reader.handlers.set(7, handler);
  const parser = new Parser(protocol as unknown as ProtocolHandler);
  return { reader, parser, protocol, seen, kept, writes, refused: () => refused };
}

/** Reads the pieces as a socket does that reads into the same memory, which has something else in it before each. */
function readInto(at: ReturnType<typeof readerAt>, pieces: readonly Buffer[]): void {
  const memory = Buffer.alloc(2 * mostWaiting_bytes, 'M');
  let waiting = 0;
  for (const piece of pieces) {
    memory.fill('SG 1 2', waiting);
    piece.copy(memory, waiting);
    const end = waiting + piece.length;
    const taken = at.reader.take(at.parser, memory, end, true, mostWaiting_bytes);
    memory.copyWithin(0, taken, end);
    waiting = end - taken;
  }
}

/** The same with memory of its own for each piece. */
function readOwned(at: ReturnType<typeof readerAt>, pieces: readonly Buffer[]): void {
  let waiting = Buffer.alloc(0);
  for (const piece of pieces) {
    const bytes = Buffer.concat([waiting, piece]);
    const taken = at.reader.take(at.parser, bytes, bytes.length, false, mostWaiting_bytes);
    waiting = Buffer.from(bytes.subarray(taken));
  }
}

const said = Buffer.from(
  [
    'MSG a 7 _INBOX.1 5\r\nfirst\r\n',
    'PING\r\n',
    'HMSG a 7 _INBOX.2 12 18\r\nNATS/1.0\r\n\r\nsecond\r\n',
    'MSG b 8 _INBOX.3 13\r\nMSG a 7 r 0\r\n\r\n',
    'MSG a 7 _INBOX.4 0\r\n\r\n',
    'MSG a 7 4\r\nnone\r\n',
    "+OK\r\n-ERR 'x'\r\n",
    'MSG a 7 _INBOX.5 4\r\nlast\r\n',
    `MSG a 7 _INBOX.6 150\r\n${'x'.repeat(150)}\r\n`,
    `MSG c 8 150\r\n${'y'.repeat(150)}\r\n`,
    'MSG a 7 _INBOX.7 3\r\nend\r\n',
  ].join(''),
);

for (const [what, read] of [
  ['memory that is used again', readInto],
  ['memory of its own', readOwned],
] as const)
  test(`read into ${what}, everything comes once and in order, wherever it is cut`, () => {
    const whole = readerAt();
    read(whole, [said]);
    assert.deepEqual(
      whole.seen.filter((line) => !line.includes('seal')),
      [
        'framed first',
        `kind ${Kind.PING}`,
        'framed second',
        'general 8 MSG a 7 r 0\r\n',
        'framed ',
        'general 7 none',
        `kind ${Kind.OK}`,
        `kind ${Kind.ERR}`,
        'framed last',
        `framed ${'x'.repeat(150)}`,
        `general 8 ${'y'.repeat(150)}`,
        'framed end',
      ],
    );
    assert.equal(whole.writes.length, 1, 'the replies to one read are one write');
    assert.equal(whole.seen.at(-1), 'seal true');
    let left = 0;
    const cuts = [...said.keys()].flatMap((at) => [[at], [at, at + 1], [at, at + 30], [at, at + 170]]);
    for (const ends of [[...said.keys()], ...cuts]) {
      const at = readerAt();
      const pieces = [...ends.filter((end) => end < said.length), said.length].map((end, i) =>
        said.subarray(ends[i - 1] ?? 0, end),
      );
      read(at, pieces);
      const when = `cut at ${ends.slice(0, 3)}`;
      const plain = (lines: readonly string[]): string[] =>
        lines
          .filter((line) => !line.includes('seal'))
          // what is larger than max_payload is left out where it is cut
          .map((line) => line.replace(/^(framed x{150}|general 7 (x{150}|left out))$/, 'large 7'))
          .map((line) => line.replace(/^general 8 (y{150}|left out)$/, 'large 8'));
      assert.deepEqual(plain(at.seen), plain(whole.seen), when);
      assert.equal(at.refused(), 0, when);
      left += at.seen.filter((line) => line.endsWith(' left out')).length;
      const large = at.writes.join('').includes('_INBOX.6');
      assert.equal(
        at.writes.join(''),
        whole.writes.join('').replace(/^_INBOX\.6.*\n/m, (line) => (large ? line : '')),
      );
      assert.equal(at.protocol.outMsgs, large ? 6 : 5, when);
      // whoever kept what nats.js handed on still has it
      const general = at.seen.filter((line) => line.startsWith('general'));
      for (const [i, data] of at.kept.entries())
        if (!general[i]?.includes('left out'))
          assert.equal(
            `general ${general[i]?.split(' ')[1]} ${Buffer.from(data).toString('latin1')}`,
            general[i],
          );
    }
    assert.ok(left > 100, `${left} were left out`);
  });

test('what is handed over where it lies is counted as nats.js would count it', () => {
  const at = readerAt();
  readOwned(at, [Buffer.from('MSG a 7 r 5\r\nabcde\r\nHMSG a 7 r 12 14\r\nNATS/1.0\r\n\r\nxy\r\n')]);
  const { inMsgs, inBytes, outMsgs, outBytes } = at.protocol;
  assert.deepEqual(
    { inMsgs, inBytes, outMsgs, outBytes },
    { inMsgs: 2, inBytes: 19, outMsgs: 2, outBytes: 19 },
  );
});

test('what is no NATS is refused, however much of it could have waited', () => {
  for (const text of [
    'HTTP/1.1 400 Bad Request\r\n',
    'MXYZ\r\n',
    'MSG a 7 r x\r\n',
    'MSG a 7 r 5\r\nabcdefg\r\nMSG a 7 r 0\r\n\r\nx',
    'HMSG a 7 r 9 5\r\nabcde\r\n',
    '\r\n',
    '\u0000',
    'INFO {nonsense}\r\nrubbish',
  ]) {
    const at = readerAt();
    const { reader, parser } = at;
    const bytes = Buffer.from(text);
    for (let end = 1, waiting = 0; end <= bytes.length; end++)
      waiting =
        end -
        reader.take(parser, bytes.subarray(waiting, end), end - waiting, false, mostWaiting_bytes) -
        waiting;
    assert.ok(at.refused() > 0 || text.startsWith('MSG a 7 r 5'), JSON.stringify(text));
  }
});

test('what has no end does not wait beyond what there is room for', () => {
  for (const endless of ['MSG ', 'MSG a 7 r 1000000\r\n', 'PING', "-ERR '"]) {
    const at = readerAt();
    let bytes = Buffer.from(endless);
    for (let i = 0; i < 200 && at.refused() === 0; i++) {
      bytes = Buffer.concat([bytes, Buffer.alloc(1000, 'a')]);
      const taken = at.reader.take(at.parser, bytes, bytes.length, false, mostWaiting_bytes);
      bytes = bytes.subarray(taken);
      assert.ok(bytes.length <= mostWaiting_bytes, `${bytes.length} bytes of ${endless} wait`);
    }
  }
});

test('a write that is not done at once gets memory of its own', () => {
  let isDone = true;
  const written: Buffer[] = [];
  const replies = new Replies((bytes) => {
    written.push(bytes);
    return isDone;
  });
  const handler: FramedHandler = { answer: () => undefined, seal() {} };
  const write = (text: string): void => {
    replies.beginFor(handler);
    assert.ok(replies.hasRoom(text.length));
    replies.used += replies.bytes.write(text, replies.used);
    replies.flush();
  };
  for (const text of ['one', 'two']) write(text);
  isDone = false;
  for (const text of ['six', 'ten']) write(text);
  assert.equal(written[1], written[0], 'the same memory');
  assert.deepEqual(written.slice(2).map(String), ['six', 'ten'], 'memory of their own');
  assert.equal(replies.hasRoom(1e6), false);
});

test('what is longer than may wait is handed over in pieces', () => {
  const at = readerAt();
  at.protocol.info.max_payload = 100_000;
  const begun = Buffer.from(`MSG a 7 r 20000\r\n${'x'.repeat(5000)}`);
  assert.equal(at.reader.take(at.parser, begun, begun.length, false, mostWaiting_bytes), begun.length);
  const short = readerAt();
  short.protocol.info.max_payload = 100_000;
  const waits = Buffer.from(`MSG a 7 r 6000\r\n${'x'.repeat(5000)}`);
  assert.equal(short.reader.take(short.parser, waits, waits.length, false, mostWaiting_bytes), 0);
});

test('what follows a message without the end of its line ends the connection', () => {
  const at = readerAt();
  at.reader.handlers.clear();
  for (const piece of ['MSG a 9 2\r\nhi', 'h', 'ello\r\n']) {
    const bytes = Buffer.from(piece);
    at.reader.take(at.parser, bytes, bytes.length, false, mostWaiting_bytes);
  }
  assert.equal(at.refused(), 1);
});

test('headers that are longer than all of the message are not believed', () => {
  for (const sizes of ['20 10', '-1 10', '10 10x', '1e1 10']) {
    const bytes = Buffer.from(`HMSG a 7 r ${sizes}\r\n0123456789\r\n0123456789\r\n`);
    assert.equal(scanMessage(bytes, 0, bytes.length, noMessage()), unusual, sizes);
  }
});
