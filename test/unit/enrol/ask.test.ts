import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AskState, askHub, type FinalAnswer, verifyNkey } from '../../../agent/enrol/ask.ts';
import type { Question } from '../../../agent/enrol/request.ts';
import { parsed, unparsed } from '../../../agent/lib/parse.ts';
import type { Handler, Incoming } from '../../../agent/nats/incoming.ts';
import type { Link, LinkState } from '../../../agent/nats/link.ts';
import type { Answer } from '../../../agent/nats/outgoing.ts';
import type { EnrolAnswer } from '../../../agent/wire/enrol.ts';
import { fakeTicker } from '../../kit/lib/faketicker.ts';

const message = (data: string): Incoming => ({
  subject: 's',
  data: Buffer.from(data),
  size: () => data.length,
});
const stored: Answer = { kind: 'reply', message: message('{"stream":"ENROL","seq":1}') };
const question: Question = {
  subject: 'ops.enrol.t1',
  text: 'sealed',
  answers: 'ops.enrolled.U',
  read: (text) =>
    text.startsWith('{') ? parsed(JSON.parse(text) as EnrolAnswer) : unparsed('of somebody else'),
};

/** A link whose server gives these answers. */
function asking({ connected = true, answer = stored as Answer } = {}) {
  const ticker = fakeTicker();
  const asked: number[] = [];
  const states: AskState[] = [];
  const handlers = new Set<Handler>();
  const listeners = new Set<(state: LinkState) => void>();
  const at = { answer, state: { connected, since_ms: 0 } as LinkState };
  const link = {
    state: () => at.state,
    subscribe(subject: string, handler: Handler) {
      assert.equal(subject, question.answers);
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    onChange(listener: (state: LinkState) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async request(subject: string, text: string) {
      assert.deepEqual([subject, text], [question.subject, question.text]);
      assert.equal(handlers.size, 1, 'it listens before it asks');
      asked.push(ticker.now_ms());
      return at.answer;
    },
  } as unknown as Link;
  const ending = new AbortController();
  const tell = (state: AskState): void => void states.push(state);
  const done = askHub({ link, ticker, random: () => 0 }, question, tell, ending.signal);
  done.catch(() => {});
  return {
    ...{ ticker, asked, states, done, at, ending, handlers },
    hear: (text: string) => void handlers.forEach((handler) => void handler(message(text))),
    change(state: Partial<LinkState>) {
      at.state = { ...at.state, ...state };
      for (const listener of listeners) listener(at.state);
    },
  };
}

const final = (state: string): FinalAnswer => ({ v: 1, key: 'U', nonce: 'n', state }) as FinalAnswer;

test('it asks again, more and more seldom, as an answer may be lost; never more often than each 5 min for long', async () => {
  const { ticker, asked } = asking();
  await ticker.pass(3_600_000);
  const pauses = asked.slice(1).map((at, index) => Math.round((at - (asked[index] ?? 0)) / 1000));
  assert.deepEqual(pauses.slice(0, 4), [15, 23, 34, 51]);
  assert.deepEqual(new Set(pauses.slice(9)), new Set([300]));
});

test('it asks at once when there is a connection again, and tells meanwhile why there is none', async () => {
  const { ticker, asked, states, change } = asking({ connected: false });
  await ticker.pass(60_000);
  assert.equal(asked.length, 0);
  change({ connected: false, lastError: { text: 'ECONNREFUSED' } });
  change({ connected: true });
  await ticker.pass(0);
  assert.equal(asked.length, 1);
  assert.deepEqual(states, [{ step: 'connecting', why: 'ECONNREFUSED' }, { step: 'asked' }]);
});

test('pending stays so until there is an end, which stops all', async () => {
  const { ticker, states, hear, done, asked, handlers } = asking();
  await ticker.pass(0);
  hear('{"state":"pending"}');
  await ticker.pass(60_000);
  assert.deepEqual(states, [{ step: 'asked' }, { step: 'pending' }]);
  hear('something else');
  hear(JSON.stringify(final('refused')));
  assert.equal((await done).state, 'refused');
  const count = asked.length;
  await ticker.pass(3_600_000);
  assert.equal(asked.length, count);
  assert.equal(handlers.size, 0);
});

test('an acknowledgement behind the answer is told to nobody', async () => {
  const { states, hear, done, ticker } = asking();
  hear(JSON.stringify(final('accepted')));
  assert.equal((await done).state, 'accepted');
  await ticker.pass(0);
  assert.deepEqual(states, []);
});

test('what the hub does with the request is told, and asked again', async () => {
  for (const [answer, why] of [
    [{ kind: 'no_responders' }, /nothing there takes enrolments/],
    [{ kind: 'denied' }, /does not let this login ask/],
    [{ kind: 'too_large' }, /no message of that size/],
    [
      { kind: 'reply', message: message('{"error":{"description":"maximum bytes exceeded"}}') },
      /maximum bytes exceeded/,
    ],
  ] as const) {
    const { ticker, states, asked, at } = asking({ answer });
    await ticker.pass(0);
    const [state] = states;
    assert.ok(state?.step === 'not_taken' && why.test(state.why), JSON.stringify(state));
    at.answer = stored;
    await ticker.pass(20_000);
    assert.equal(asked.length, 2);
    assert.deepEqual(states.at(-1), { step: 'asked' });
  }
});

test('stopped by its owner it ends with that', async () => {
  const { ticker, done, ending, handlers } = asking();
  await ticker.pass(0);
  ending.abort();
  await assert.rejects(done, /stopped/);
  assert.equal(handlers.size, 0);
});

test('no key makes a signature of anything right', () => {
  assert.equal(verifyNkey('no key', Buffer.from('a'), Buffer.from('b')), false);
});
