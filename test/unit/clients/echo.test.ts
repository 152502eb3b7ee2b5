import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isCopied } from '../../../agent/answers/copiedlines.ts';
import { headerNames } from '../../../agent/wire/headers.ts';
import type { UnitClock } from '../../../config/clients/nunect-client/src/clock.ts';
import { answerEcho, type EchoDeps } from '../../../config/clients/nunect-client/src/echo.ts';
import type { Headers, Message } from '../../../config/clients/nunect-client/src/transport.ts';

interface Reply {
  readonly payload: string;
  readonly headers: Record<string, unknown>;
}

const message = (
  headers: Readonly<Record<string, string[]>> = {},
  reply = '_INBOX.a',
  data = 'hello',
): Message => {
  const block = Object.assign(Object.entries(headers) as never, { get: () => '', append() {} });
  return {
    ...{ subject: 'ops.echo.app-1', data: new TextEncoder().encode(data), reply, headers: block },
    ...{ respond: () => true, string: () => data, json: () => JSON.parse(data) },
  };
};

/** What comes back, where the server takes what `takes` says. */
function answered(
  request: Message,
  more: Partial<EchoDeps> = {},
  takes = (_payload: Uint8Array, _headers: Headers) => true,
) {
  const replies: Reply[] = [];
  let now_us = 1_790_000_000_000_000;
  answerEcho(
    {
      ...{ id: 'app-1', inboxPrefix: '_INBOX_app-1', clock: undefined, now_us: () => (now_us += 5) },
      respond(_message, payload, headers) {
        if (!takes(payload, headers)) throw new Error('max_payload');
        replies.push({ payload: new TextDecoder().decode(payload), headers: { ...headers } });
      },
      ...more,
    },
    request,
  );
  assert.ok(replies.length <= 1);
  return replies[0];
}

describe('an echo', () => {
  test('has payload, headers, id and both times', () => {
    assert.deepEqual(answered(message({ 'X-Sent-At': ['1'], several: ['a', 'b'] })), {
      payload: 'hello',
      headers: {
        ...{ 'X-Sent-At': ['1'], several: ['a', 'b'] },
        [headerNames.unitId]: 'app-1',
        [headerNames.serverReceivedAt]: 1_790_000_000_000_005,
        [headerNames.serverSentAt]: 1_790_000_000_000_010,
      },
    });
  });

  test('is never sent before it was received, though the clock is set back meanwhile', () => {
    const times = [1_790_000_000_000_000, 1_780_000_000_000_000];
    const { headers } = answered(message(), { now_us: () => times.shift() ?? 0 }) ?? assert.fail();
    assert.equal(headers[headerNames.serverSentAt], headers[headerNames.serverReceivedAt]);
  });

  test('says of its clock what is known, and takes no such word from the request', () => {
    const claims = {
      'x-clock-source': ['ptp'],
      'X-Clock-Error-Bound': ['1'],
      'x-unit-id': ['other'],
      'x-echo-note': ['?'],
    };
    const bare = answered(message(claims))?.headers ?? assert.fail();
    assert.deepEqual(
      Object.keys(bare).sort(),
      [headerNames.serverReceivedAt, headerNames.serverSentAt, headerNames.unitId].sort(),
    );
    const clock = (status: object) => ({ status: () => status }) as UnitClock;
    const told = answered(message(claims), {
      clock: clock({ source: 'ntp', quality: 'locked', error_us: 12.3401 }),
    })?.headers;
    assert.deepEqual(
      [headerNames.clockSource, headerNames.clockQuality, headerNames.clockErrorBound].map(
        (name) => told?.[name],
      ),
      ['ntp', 'locked', 12_341],
    );
    const unbound =
      answered(message(), { clock: clock({ source: 'unsynced', quality: 'freerun' }) })?.headers ?? {};
    assert.ok(!(headerNames.clockErrorBound in unbound));
    assert.ok(
      !(headerNames.clockSource in (answered(message(), { clock: clock({}) })?.headers ?? {})),
      'no time yet',
    );
  });

  test('gives back just the headers that an echo of a unit does', () => {
    const own = [
      headerNames.unitId,
      headerNames.serverReceivedAt,
      headerNames.serverSentAt,
      headerNames.clockSource,
    ];
    const names = [
      ...own,
      ...own.map((name) => name.toLowerCase()),
      'Nats-Trace-Dest',
      'nats-expected-stream',
      'Nats-Rollup',
    ];
    for (const name of [
      ...names,
      'Nats-TTL',
      'Nats-Msg-Id',
      'X-Sent-At',
      'X-Server',
      'XX-Unit-ID',
      '__proto__',
      'toString',
    ])
      assert.equal(
        answered(message(Object.fromEntries([[name, ['mine']]])))?.headers[name]?.toString() === 'mine',
        isCopied(name, own),
        name,
      );
  });

  test('goes to inboxes only', () => {
    for (const reply of ['ops.log.ERROR.x', '_INBOXES.x', '_INBOX', '_INBOX_app-2.x', ''])
      assert.equal(answered(message({}, reply)), undefined, reply);
    for (const reply of ['_INBOX.x', '_INBOX.x.y', '_INBOX_app-1.z'])
      assert.ok(answered(message({}, reply)), reply);
  });

  test('loses the headers of the request first and its payload last', () => {
    const many = message({ large: ['x'.repeat(5000)] });
    assert.match(String(answered(many)?.headers[headerNames.echoNote]), /^request headers left out/);
    assert.equal(answered(many)?.payload, 'hello');
    const small = message({ some: ['x'] });
    const withoutSome = answered(small, {}, (_payload, headers) => !('some' in headers));
    assert.deepEqual(
      [withoutSome?.payload, headerNames.echoNote in (withoutSome?.headers ?? {})],
      ['hello', true],
    );
    const without = answered(small, {}, (payload) => payload.length === 0);
    assert.deepEqual([without?.payload, without?.headers[headerNames.serviceErrorCode]], ['', '413']);
    assert.equal(
      answered(small, {}, () => false),
      undefined,
      'the connection has just ended',
    );
  });
});
