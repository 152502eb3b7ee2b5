import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keepLog } from '../../../config/clients/nunect-client/src/log.ts';
import { recordComplaints } from '../../kit/lib/schema.ts';

interface Sent {
  readonly subject: string;
  readonly body: Record<string, unknown>;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** A log whose server takes what comes while it is up, and says so when it is told to. */
function place() {
  const sent: Sent[] = [];
  const server = { isUp: true, largest_bytes: Infinity };
  let confirm = (): void => {};
  let lose = (): void => {};
  const log = keepLog({
    id: 'app-1',
    now_us: () => 1_790_000_000_123_456,
    publish(subject, payload, headers) {
      if (!server.isUp) return false;
      if (payload.length > server.largest_bytes) throw new Error('max_payload');
      sent.push({ subject, body: JSON.parse(payload), headers: { ...headers } });
      return true;
    },
    flush: () =>
      new Promise((resolve, reject) => {
        confirm = resolve;
        lose = () => reject(new Error('disconnected'));
      }),
  });
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    sent,
    log,
    logger: log.logger('test'),
    server,
    /** The server has all that was sent. */
    async confirm() {
      confirm();
      await settle();
    },
    /** The connection ends; what awaits an answer is told, or as by nats.js never hears of it. */
    async lose(isTold = true) {
      server.isUp = false;
      if (isTold) lose();
      confirm = () => {}; // nobody answers any more
      await settle();
      log.disconnected();
    },
    back() {
      server.isUp = true;
      log.connected();
    },
  };
}

const complaints = (body: unknown): string[] => recordComplaints.get('log')?.(body) ?? ['no schema'];
const isHeld = ({ body }: Sent): boolean => complaints(body).length === 0;

describe('a record', () => {
  test('of each level is as the schema has it', () => {
    const { logger, sent } = place();
    for (const level of ['debug', 'info', 'warn', 'error', 'fatal'] as const)
      logger[level](`it is ${level}`, { n: 1 });
    logger.of('audio').info('without fields');
    assert.deepEqual(
      sent.map(({ subject }) => subject),
      ['DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL', 'INFO'].map((level) => `ops.log.${level}.app-1`),
    );
    for (const one of sent) assert.deepEqual(complaints(one.body), []);
    assert.deepEqual(sent[0]?.body, {
      ...{ ts: '2026-09-21T14:13:20.123Z', lvl: 'DEBUG', unit: 'app-1', comp: 'test', msg: 'it is debug' },
      fields: { n: 1 },
    });
    assert.equal(sent[5]?.body['comp'], 'audio');
    assert.equal(new Set(sent.map(({ headers }) => headers['Nats-Msg-Id'])).size, 6);
  });

  test('has the message of an error in its fields and its stack as the trace', () => {
    const { logger, sent } = place();
    logger.error('failed', new Error('bare'));
    logger.error('failed', { code: 7, cause: new TypeError('inner'), second: new Error('later') });
    assert.deepEqual(
      sent.map(({ body }) => body['fields']),
      [{ error: 'bare' }, { code: 7, cause: 'inner', second: 'later' }],
    );
    assert.match(String(sent[1]?.body['trace']), /^TypeError: inner\n/);
    assert.ok(sent.every(isHeld));
  });

  test('is sent whatever the app gives it', () => {
    const { logger, sent } = place();
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const hostile = {
      toJSON: () => {
        throw new Error('no JSON of it');
      },
    };
    logger.info('circular', circular);
    logger.info('hostile', { hostile });
    logger.info('large', { text: 'x'.repeat(1e6) });
    logger.info('y'.repeat(1e6), { big: 2n, nothing: null, none: undefined });
    logger.info(undefined as never, 'not an object' as never);
    logger.info(Object.create(null));
    logger.info('no stack', Object.assign(new Error('e'), { stack: Object.create(null) }));
    assert.deepEqual(sent.splice(5).map(isHeld), [true, true]);
    assert.equal(sent.length, 5);
    assert.ok(sent.every(isHeld));
    assert.match(JSON.stringify(sent[0]?.body), /"left_out":"TypeError: .*circular/i);
    assert.match(JSON.stringify(sent[1]?.body), /"left_out":"Error: no JSON of it"/);
    assert.match(JSON.stringify(sent[2]?.body), /"left_out":"10\d{5} characters"/);
    assert.deepEqual(sent[3]?.body['fields'], { big: '2' });
    assert.equal(String(sent[3]?.body['msg']).length, 4096);
  });
});

describe('records', () => {
  test('are let go of when the server has them, and not before', async () => {
    const of = place();
    of.logger.info('one');
    of.logger.info('two');
    assert.equal(of.log.counts().waiting, 2);
    await of.confirm();
    await of.confirm();
    assert.deepEqual(of.log.counts(), { waiting: 0, dropped: 0 });
  });

  test('that the server may not have are sent again under the same id, and say that they are late', async () => {
    const of = place();
    of.logger.info('confirmed');
    await of.confirm();
    of.logger.info('on its way');
    await of.lose();
    of.logger.info('meanwhile');
    assert.equal(of.sent.length, 2);
    of.back();
    of.logger.info('afterwards');
    const bodies = of.sent.map(({ body }) => [body['msg'], body['backfill']]);
    assert.deepEqual(bodies.slice(1), [
      ['on its way', undefined],
      ['on its way', true],
      ['meanwhile', true],
      ['afterwards', undefined],
    ]);
    assert.equal(of.sent[1]?.headers['Nats-Msg-Id'], of.sent[2]?.headers['Nats-Msg-Id']);
    assert.deepEqual(
      of.sent.map(({ headers }) => headers['X-Backfill']),
      [undefined, undefined, 'true', 'true', undefined],
    );
    assert.ok(of.sent.every(isHeld));
    await of.lose();
    of.back();
    const again = of.sent.slice(5).map(({ body }) => [body['msg'], body['backfill']]);
    assert.deepEqual(again, [
      ['on its way', true],
      ['meanwhile', true],
      ['afterwards', true],
    ]);
  });

  test('are let go of on the next connection, though the last one left an answer open for ever', async () => {
    const of = place();
    of.logger.info('on its way');
    await of.lose(false);
    of.back();
    await of.confirm();
    assert.deepEqual(of.log.counts(), { waiting: 0, dropped: 0 });
  });

  test('are 1000 at the most: the oldest go, and their number is told', async () => {
    const of = place();
    await of.lose();
    for (let i = 0; i < 1500; i++) of.logger.info(`record ${i}`);
    assert.deepEqual(of.log.counts(), { waiting: 1000, dropped: 500 });
    of.back();
    assert.equal(of.sent[0]?.body['msg'], 'record 500');
    const last = of.sent.at(-1)?.body;
    assert.deepEqual([last?.['lvl'], last?.['fields']], ['WARN', { count: 500 }]);
    assert.equal(of.sent.length, 1001);
    of.back();
    assert.equal(of.sent.length, 1001, 'told once');
  });

  test('that are sent and not yet confirmed are let go of for newer ones, and are not lost', () => {
    const of = place();
    for (let i = 0; i < 5000; i++) of.logger.info(`record ${i}`);
    assert.equal(of.sent.length, 5000);
    assert.deepEqual(of.log.counts(), { waiting: 1000, dropped: 0 });
  });

  test('that are let go of unconfirmed are dropped where the server did not answer, and told', async () => {
    const of = place();
    for (let i = 0; i < 5000; i++) of.logger.info(`record ${i}`);
    await of.lose(false);
    assert.deepEqual(of.log.counts(), { waiting: 1000, dropped: 4000 });
    of.back();
    const last = of.sent.at(-1)?.body;
    assert.deepEqual([last?.['lvl'], last?.['fields']], ['WARN', { count: 4000 }]);
  });

  test('are dropped by exactly those that no answer of the server was for', async () => {
    const of = place();
    of.logger.info('asked about');
    for (let i = 1; i < 1500; i++) of.logger.info(`record ${i}`); // 1 is asked about, 500 are let go of
    await of.confirm();
    assert.deepEqual(of.log.counts(), { waiting: 1000, dropped: 0 });
    for (let i = 0; i < 300; i++) of.logger.info(`later ${i}`); // 1500 are asked about
    await of.confirm();
    assert.deepEqual(of.log.counts(), { waiting: 300, dropped: 0 });
    for (let i = 0; i < 1700; i++) of.logger.info(`last ${i}`); // 300 are asked about, 1000 are let go of
    await of.confirm();
    await of.lose();
    assert.deepEqual(of.log.counts(), { waiting: 1000, dropped: 700 });
  });

  test('that are too large for the server are dropped, and the others are sent', async () => {
    const of = place();
    of.server.largest_bytes = 200;
    of.logger.info('x'.repeat(300));
    of.logger.info('small');
    assert.deepEqual(
      of.sent.map(({ body }) => body['msg']),
      ['small'],
    );
    assert.deepEqual(of.log.counts(), { waiting: 1, dropped: 1 });
    await of.lose();
    of.back();
    assert.equal(of.log.counts().dropped, 1, 'counted once');
  });
});
