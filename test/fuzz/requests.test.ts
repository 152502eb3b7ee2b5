import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { answerCommands } from '../../agent/answers/command.ts';
import { answerTimeSync } from '../../agent/answers/timesync.ts';
import { holds, holdsAsync } from '../kit/fuzz/fuzz.ts';
import { hostileText, oddNumber } from '../kit/fuzz/hostile.ts';
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

const commandText = fc.oneof(
  hostileText(80),
  fc.constantFrom(
    'HEALTH_PROBE',
    ' health_probe\n',
    '{"cmd":"health_probe"}',
    '{"cmd":"FAILS"}',
    '{"cmd":["HEALTH_PROBE"]}',
    'ﬀails',
  ),
  fc.constantFrom(
    '__proto__',
    '{"cmd":"constructor"}',
    '{"cmd":"__proto__"}',
    '{"__proto__":{"cmd":"HEALTH_PROBE"}}',
    '{',
    'ß'.repeat(99),
  ),
  fc.jsonValue().map((cmd) => JSON.stringify({ cmd })),
);
holdsAsync(
  'a command is answered once, where replies may go, with a JSON object or an error that lists what there is',
  fc.tuple(
    fc.oneof(
      commandText.map((text) => new TextEncoder().encode(text)),
      payload,
    ),
    reply,
    headers,
  ),
  async ([data, to, given]) => {
    const fake = fakeLink(1 << 20);
    let ran = 0;
    const commands = {
      HEALTH_PROBE: () => {
        ran += 1;
        return { ok: true, bad: Number.NaN };
      },
      FAILS: () => Promise.reject(new Error('a detail that is nobody else’s business')),
    };
    answerCommands({ link: fake.link, commands }, { subject: 'c', replySubjects });
    // it may reject: the guard around handlers counts and logs that
    const failed = await Promise.resolve(
      fake.receive(incoming('c', { data, reply: to, headers: given })),
    ).then(
      () => false,
      () => true,
    );
    assert.equal(fake.published.length, mayGo(to) ? 1 : 0);
    const [answer] = fake.published;
    if (answer === undefined) return;
    assert.equal(answer.subject, to);
    const body = JSON.parse(String(answer.payload)) as { error?: string; commands?: string[] };
    if (ran > 0) {
      assert.deepEqual(body, { ok: true });
      return;
    }
    assert.deepEqual(body.commands, ['HEALTH_PROBE', 'FAILS']);
    assert.doesNotMatch(body.error ?? '', /detail|\p{Cc}/u);
    assert.deepEqual(answer.headers['Nats-Service-Error-Code'], [failed ? '500' : '400']);
    for (const value of Object.values(answer.headers).flat()) {
      assert.doesNotMatch(value, /[\r\n\0]/);
      assert.ok(value.length < 200);
    }
  },
);

const t1 = fc.oneof(
  fc.integer().map(String),
  fc.double().map((value) => JSON.stringify(value)),
  oddNumber,
  fc.constantFrom('1e400', '"1"', 'null', '[1]', '{}', '-0', '9007199254740993'),
);
const syncText = fc.oneof(
  t1.map((text) => `{"t1_us":${text}}`),
  t1.map((text) => `{"t1_us":${text},"pad":"${'x'.repeat(1100)}"}`),
  fc.json(),
  hostileText(),
);
holds(
  'a time request is answered once, where replies may go, in the order of time, with t1 as it was sent or without',
  fc.tuple(
    fc.oneof(
      syncText.map((text) => new TextEncoder().encode(text)),
      payload,
    ),
    reply,
    headers,
  ),
  ([data, to, given]) => {
    const fake = fakeLink(1 << 20);
    let now_us = 1e15;
    answerTimeSync(
      { link: fake.link, clock, now_us: () => now_us++, utcOffset_s: () => 37 },
      { subject: 't', replySubjects },
    );
    fake.receive(incoming('t', { data, reply: to, headers: given }));
    assert.equal(fake.published.length, mayGo(to) ? 1 : 0);
    const [answer] = fake.published;
    if (answer === undefined) return;
    assert.equal(answer.subject, to);
    const { t1_us, t2_us, t3_us, ...rest } = JSON.parse(String(answer.payload)) as Record<string, number>;
    assert.deepEqual(rest, { source: 'ptp', quality: 'locked', error_bound_ns: 180, utc_offset_s: 37 });
    assert.ok((t2_us ?? 0) < (t3_us ?? 0));
    let asked: unknown;
    try {
      asked =
        data.length > 1024
          ? undefined
          : (JSON.parse(new TextDecoder().decode(data)) as { t1_us?: unknown } | null)?.t1_us;
    } catch {
      // no JSON, no t1
    }
    if (t1_us === undefined) assert.ok(typeof asked !== 'number' || !Number.isFinite(asked), String(asked));
    else assert.equal(t1_us, Number(asked) + 0, 'as it was sent'); // -0 is 0 in JSON
  },
);
