import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { MsgHdrsImpl } from '@nats-io/transport-node';
import * as fc from 'fast-check';
import { answerEcho } from '../../agent/answers/echo.ts';
import { holds } from '../kit/fuzz/fuzz.ts';
import { hostileText } from '../kit/fuzz/hostile.ts';
import {
  clock,
  fakeLink,
  headers,
  incoming,
  mayGo,
  payload,
  reply,
  replySubjects,
} from '../kit/fuzz/hostilemessages.ts';

const hash = (data: Uint8Array | string): string => createHash('sha256').update(data).digest('hex');
/** By nats-server: what it acts upon when it stands in a message. */
const serverActs = /^nats-(trace|expected|rollup|schedule|ttl|incr)/i;

holds(
  'an echo goes back once, with the same payload, to where replies may go, or not at all',
  fc.tuple(fc.record({ data: payload, reply, headers }), fc.constantFrom(1 << 20, 64 * 1024, 9000)),
  ([given, max_payload]) => {
    const fake = fakeLink(max_payload);
    let now_us = 1e15;
    const echo = answerEcho(
      { link: fake.link, clock, now_us: () => now_us++ },
      { subject: 'ops.echo.u1', unit: 'u1', replySubjects },
    );
    const before = hash(given.data);
    fake.receive(incoming('ops.echo.u1', given));
    if (!mayGo(given.reply)) {
      assert.equal(fake.published.length, 0, `answered ${JSON.stringify(given.reply)}`);
      assert.deepEqual([echo.counters().requests, echo.counters().ignored], [0, 1]);
      return;
    }
    const [answer, ...more] = fake.published;
    assert.ok(answer !== undefined && more.length === 0);
    assert.equal(answer.subject, given.reply);
    assert.deepEqual([echo.counters().requests, echo.counters().ignored], [1, 0]);
    const size = Object.entries(answer.headers).reduce(
      (sum, [name, values]) =>
        sum + values.reduce((s, v) => s + Buffer.byteLength(name) + Buffer.byteLength(v) + 4, 0),
      12,
    );
    assert.ok(answer.payload.length + size <= max_payload, 'the server would close the connection');
    if (answer.headers['Nats-Service-Error'] === undefined || answer.payload.length > 0)
      assert.equal(hash(answer.payload), before);
    else if (given.data.length > 0) {
      assert.ok(given.data.length > max_payload - 1000, 'left out though there was room');
      assert.deepEqual(answer.headers['Nats-Service-Error-Code'], ['413']);
    }
    for (const name of Object.keys(answer.headers)) assert.doesNotMatch(name, serverActs);
    const own = { 'X-Unit-ID': 'u1', 'X-Server-Received-At': '1000000000000000', 'X-Clock-Source': 'ptp' };
    for (const [name, value] of Object.entries(own)) assert.deepEqual(answer.headers[name], [value]);
    const names = Object.keys(answer.headers).map((name) => name.toLowerCase());
    for (const name of Object.keys(own))
      assert.equal(names.filter((one) => one === name.toLowerCase()).length, 1);
    // what was left is as it was sent
    if (Array.isArray(given.headers) && answer.headers['X-Echo-Note'] === undefined) {
      const sent = new Map(given.headers);
      for (const [name, values] of Object.entries(answer.headers))
        if (sent.has(name) && !(name in own) && !/^(X-(Server|Clock)|Nats-Service)/.test(name))
          assert.deepEqual(values, sent.get(name));
    }
  },
);

const wireName = fc.stringMatching(/^[!-9;-~]{1,12}$/).filter((name) => !serverActs.test(name));
const wireValue = hostileText(30)
  .map((text) => text.replace(/[\r\n]/g, '').trim())
  .filter((text) => !/\p{Cs}/u.test(text));
holds(
  'headers come back from the wire as they went onto it, by the library that both ends use',
  fc.uniqueArray(fc.tuple(wireName, fc.array(wireValue, { minLength: 1, maxLength: 3 })), {
    maxLength: 8,
    selector: ([name]) => name.toLowerCase(),
  }),
  (given) => {
    const sent = new MsgHdrsImpl();
    for (const [name, values] of given) for (const value of values) sent.append(name, value);
    const received = MsgHdrsImpl.decode(sent.encode());
    const fake = fakeLink(1 << 20);
    answerEcho({ link: fake.link, clock, now_us: () => 1 }, { subject: 'e', unit: 'u1', replySubjects });
    const message = { subject: 'e', data: new Uint8Array(0), reply: '_INBOX.a', headers: received };
    fake.receive({ ...message, size: () => 'e_INBOX.a'.length + sent.encode().length });
    const back = new MsgHdrsImpl();
    for (const [name, values] of Object.entries(fake.published[0]?.headers ?? {}))
      for (const value of values) back.append(name, value);
    const seen = MsgHdrsImpl.decode(back.encode());
    for (const [name, values] of given)
      if (!/^(X-(Server|Clock|Unit|Echo)|Nats-Service)/i.test(name))
        assert.deepEqual(seen.values(name), values, name);
  },
  300,
);
