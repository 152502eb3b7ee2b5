import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unanswered } from '../../../../agent/leaf/watch/ask.ts';
import { parseConnz, watchClients } from '../../../../agent/leaf/watch/clients.ts';
import { fakeTicker } from '../../../kit/lib/faketicker.ts';

interface Conn {
  readonly cid: number;
  readonly kind?: string;
  readonly name?: string;
  readonly authorized_user?: string;
  readonly in_msgs?: number;
  readonly out_msgs?: number;
  readonly pending_bytes?: number;
}

const report = (connections: readonly Conn[], total = connections.length): string =>
  JSON.stringify({
    server_id: 'S',
    num_connections: connections.length,
    total,
    connections: connections.map((one) => ({ ip: '192.0.2.7', kind: 'Client', ...one })),
  });

/** A watch whose server answers in turn what it is given. */
function watching(...answers: (string | Unanswered)[]) {
  const ticker = fakeTicker();
  let asked = 0;
  const watch = watchClients(
    {
      ticker,
      isOwn: ({ user }) => user === 'nunect-agent',
      async ask(what) {
        assert.equal(what, 'connz');
        const answer = answers[Math.min(asked, answers.length - 1)] ?? '';
        asked += 1;
        if (answer instanceof Unanswered) throw answer;
        return answer;
      },
    },
    { intervalMs: 9000 },
  );
  const facts = () => {
    const reading = watch.read();
    return reading.kind === 'fresh' ? reading.value : reading;
  };
  return { ticker, watch, facts };
}
const own = { cid: 1, name: 'nunect demo-01', authorized_user: 'nunect-agent', in_msgs: 5000, out_msgs: 1 };

test('the link to the hub, which the system account lists too, is no app', async () => {
  const { ticker, facts } = watching(report([{ cid: 6, kind: 'Leafnode', in_msgs: 37 }, own, { cid: 7 }]));
  await ticker.pass(0);
  const seen = facts();
  assert.ok('count' in seen);
  assert.equal(seen.count, 1);
  assert.equal(seen.busiest.length, 1);
});

test('clients are counted without the agent, and rated by what came since the look before', async () => {
  const { ticker, facts } = watching(
    report([own, { cid: 7, name: 'ptt', authorized_user: 'radio', in_msgs: 100, out_msgs: 10 }, { cid: 8 }]),
    report([
      { ...own, in_msgs: 9000 },
      { cid: 7, name: 'ptt', authorized_user: 'radio', in_msgs: 280, out_msgs: 55, pending_bytes: 2048 },
      { cid: 8 },
      { cid: 9, name: 'new', in_msgs: 1_000_000 },
    ]),
  );
  await ticker.pass(0);
  assert.deepEqual(facts(), {
    count: 2,
    busiest: [
      { address: '192.0.2.7', pending_bytes: 0, name: 'ptt', user: 'radio' },
      { address: '192.0.2.7', pending_bytes: 0 },
    ],
  });
  await ticker.pass(9000);
  const seen = facts();
  assert.ok('count' in seen);
  assert.equal(seen.count, 3);
  assert.deepEqual([seen.in_msgs_per_s, seen.out_msgs_per_s], [20, 5]); // what a new one sent before is not known
  assert.deepEqual(seen.busiest[0], {
    address: '192.0.2.7',
    pending_bytes: 2048,
    name: 'ptt',
    user: 'radio',
    in_msgs_per_s: 20,
    out_msgs_per_s: 5,
  });
});

test('of many clients the ten busiest are told of one by one, both ways of their traffic counted', async () => {
  const all = (looks: number): string =>
    report(
      Array.from({ length: 30 }, (_, i) => ({
        cid: i + 1,
        name: `app-${i}`,
        [i % 2 ? 'in_msgs' : 'out_msgs']: i * 9 * looks,
      })),
    );
  const { ticker, facts } = watching(all(0), all(1));
  await ticker.pass(9000);
  const seen = facts();
  assert.ok('busiest' in seen);
  assert.deepEqual(
    seen.busiest.map(({ name }) => name),
    Array.from({ length: 10 }, (_, i) => `app-${29 - i}`),
  );
  assert.deepEqual([seen.count, seen.in_msgs_per_s, seen.out_msgs_per_s], [30, 225, 210]);
});

test('the link to the hub, which a server of today lists among its connections, is no client', async () => {
  const hub = { cid: 6, kind: 'Leafnode' };
  const { ticker, facts } = watching(
    report([own, hub, { cid: 2, in_msgs: 1 }], 10),
    report([own, { ...hub, in_msgs: 9000, out_msgs: 9000 }, { cid: 2, in_msgs: 10 }], 10),
  );
  await ticker.pass(9000);
  const seen = facts();
  assert.ok('count' in seen);
  assert.deepEqual([seen.count, seen.in_msgs_per_s, seen.out_msgs_per_s], [8, 1, 0]);
});

test('clients that the report does not list are counted too', async () => {
  const { ticker, facts } = watching(report([own, { cid: 2 }], 1000));
  await ticker.pass(0);
  assert.equal('count' in facts() && (facts() as { count: number }).count, 999);
});

test('a server that does not tell leaves no figures of before', async () => {
  const { ticker, facts } = watching(
    report([{ cid: 2 }]),
    new Unanswered('unauthorised', 'denied'),
    '{"server_id":"S"}',
    report([{ cid: 2, in_msgs: 10 }]),
  );
  await ticker.pass(9000);
  assert.deepEqual(facts(), { kind: 'absent', why: 'unauthorised', detail: 'denied' });
  await ticker.pass(3000); // asked sooner, as it may just have been started

  assert.equal('why' in facts() && (facts() as { why: string }).why, 'garbled');
  await ticker.pass(3000);
  const seen = facts();
  assert.ok('count' in seen && seen.in_msgs_per_s === undefined);
});

test('a counter that began anew is no negative rate', async () => {
  const { ticker, facts } = watching(report([{ cid: 2, in_msgs: 100 }]), report([{ cid: 2, in_msgs: 3 }]));
  await ticker.pass(9000);
  const seen = facts();
  assert.ok('count' in seen && seen.in_msgs_per_s === 0);
});

test('what is no report is none', () => {
  for (const text of ['', '[]', '{}', '{"server_id":"S"}', '{"server_id":"S","total":1,"connections":5}'])
    assert.equal(parseConnz(text), undefined, text);
  assert.deepEqual(parseConnz('{"server_id":"S","total":0,"connections":null}'), { total: 0, clients: [] });
  const odd = parseConnz(
    '{"server_id":"S","total":3,"connections":[null,{"cid":-1},{"cid":4,"in_msgs":-1}]}',
  );
  assert.deepEqual(odd?.clients, [{ id: 4, address: '', in_msgs: 0, out_msgs: 0, pending_bytes: 0 }]);
});
