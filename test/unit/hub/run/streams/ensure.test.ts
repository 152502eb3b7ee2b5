import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApiAnswer } from '../../../../../agent/hub/asks/api.ts';
import {
  ensureStream,
  fieldWords,
  keptWords,
  shrinkCommand,
} from '../../../../../agent/hub/run/streams/ensure.ts';

const wanted = { name: 'X', config: { subjects: ['x.>'], max_bytes: 1000 } };
const there = (max_bytes: number, messages = 0): ApiAnswer => ({
  ok: true,
  value: { config: { name: 'X', subjects: ['x.>'], max_bytes }, state: { messages } },
});
const none: ApiAnswer = { ok: false, why: 'stream not found', code: 10059 };

/** An API that gives these answers in turn; what it was asked. */
function api(...answers: ApiAnswer[]) {
  const asked: [string, unknown][] = [];
  const ask = (subject: string, body?: unknown): Promise<ApiAnswer> => {
    asked.push([subject, body]);
    const answer = answers.shift();
    assert.ok(answer, `an answer to ${subject}`);
    return Promise.resolve(answer);
  };
  return { ask, asked };
}

describe('a stream', () => {
  it('that is missing is made', async () => {
    const { ask, asked } = api(none, there(1000));
    assert.deepEqual(await ensureStream(ask, wanted), { state: 'made' });
    assert.deepEqual(asked[1], ['$JS.API.STREAM.CREATE.X', { ...wanted.config, name: 'X' }]);
  });

  it('that another server made meanwhile is taken as it is', async () => {
    const { ask } = api(none, { ok: false, why: 'name in use', code: 10058 }, there(1000));
    assert.deepEqual(await ensureStream(ask, wanted), { state: 'there', mended: [], kept: [] });
  });

  it('that is as wanted is only looked at', async () => {
    const { ask, asked } = api(there(1000));
    await ensureStream(ask, wanted);
    assert.deepEqual(
      asked.map(([subject]) => subject),
      ['$JS.API.STREAM.INFO.X'],
    );
  });

  it('that holds records is not even asked to shrink', async () => {
    const { ask, asked } = api(there(2000, 1));
    const outcome = await ensureStream(ask, wanted);
    assert.equal(asked.length, 1);
    assert.deepEqual('kept' in outcome && outcome.kept.map(({ why }) => why), ['loses']);
  });

  it('is not there where JetStream does not answer, has no leader or refuses, and why is said', async () => {
    for (const failure of [
      { ok: false, why: 'JetStream does not answer yet' },
      { ok: false, why: 'JetStream system temporarily unavailable', code: 10008 },
      { ok: false, why: 'insufficient storage resources available', code: 10047 },
    ] as const) {
      for (const answers of [[failure], [none, failure]]) {
        const outcome = await ensureStream(api(...answers).ask, wanted);
        assert.equal('why' in outcome && outcome.why, failure.why);
      }
    }
  });
});

describe('words of a difference', () => {
  it('have units', () => {
    const gib = 2 ** 30;
    assert.equal(fieldWords('max_bytes', 4 * gib), '4 GiB');
    assert.equal(fieldWords('max_bytes', gib / 4), '256 MiB');
    assert.equal(fieldWords('max_age', 36 * 3600e9), '1.5 days');
    assert.equal(fieldWords('max_age', 0), 'no limit');
    assert.equal(fieldWords('max_msgs', -1), 'no limit');
    assert.equal(fieldWords('storage', 'file'), '"file"');
    assert.equal(fieldWords('max_msgs_per_subject', undefined), 'not set');
  });

  it('name the command that shrinks a stream, in the units of the nats command, where one does', () => {
    const one = { field: 'max_age', has: 0, wants: 7 * 86_400e9, why: 'loses' } as const;
    assert.equal(
      keptWords(one),
      'max_age stays no limit, not 7 days: the stream holds records, and some would go',
    );
    assert.equal(shrinkCommand('nats', 'NUNECT', one), 'nats stream edit NUNECT --max-age=604800s');
    const copies = { field: 'num_replicas', has: 3, wants: 1, why: 'loses' } as const;
    assert.equal(shrinkCommand('nats', 'X', copies), 'nats stream edit X --replicas=1');
    assert.equal(shrinkCommand('nats', 'X', { ...one, why: 'fixed' }), undefined);
  });
});
