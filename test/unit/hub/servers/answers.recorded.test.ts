// Every parser on what real servers said.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseServerAnswer, rawText } from '../../../../agent/hub/servers/answers.ts';
import { parseConnections, parseLeafs } from '../../../../agent/hub/servers/connections.ts';
import { parseConnectionEvent } from '../../../../agent/hub/servers/events.ts';
import { parseJetstream } from '../../../../agent/hub/servers/jetstreamfacts.ts';
import {
  parseAccounts,
  parseHealth,
  parseRoutes,
  parseServer,
} from '../../../../agent/hub/servers/serverfacts.ts';
import { projectRoot } from '../../../kit/process/tools.ts';

type Recorded = Readonly<Record<string, object>> & {
  readonly CONNECT: readonly object[];
  readonly DISCONNECT: readonly object[];
  readonly 'AUTH.ERR': readonly object[];
};

const read = (version: string): Recorded =>
  JSON.parse(readFileSync(join(projectRoot, `test/fixtures/hubsys/${version}.json`), 'utf8')) as Recorded;

for (const version of ['2.11.16', '2.15.2'])
  describe(`nats-server ${version}`, () => {
    const recorded = read(version);
    const answer = (question: string) => {
      const found = parseServerAnswer(JSON.stringify(recorded[question]));
      assert.ok(found.ok);
      return found.value;
    };
    const dataOf = (question: string) => answer(question).data;

    it('tells of itself', () => {
      const server = parseServer(dataOf('VARZ'));
      assert.equal(answer('VARZ').server, '127.0.0.1');
      assert.deepEqual(
        [server?.version, server?.leafs, server?.clients, server?.cores, server?.max_pending_bytes],
        [version, 1, 5, 2, 67_108_864],
      );
      assert.deepEqual([server?.certificate_days, server?.store_max_bytes], [1094, 1_073_741_824]);
      assert.ok((server?.uptime_s ?? 0) > 1 && (server?.uptime_s ?? 9) < 3);
      assert.equal(parseHealth(dataOf('HEALTHZ')), undefined);
      assert.deepEqual(parseRoutes(dataOf('ROUTEZ')), []);
    });

    it('tells of its accounts', () => {
      const accounts = parseAccounts(dataOf('STATZ'));
      assert.deepEqual(accounts.map(({ name, leafs, clients }) => [name, leafs, clients]).toSorted(), [
        ['BOOK', 0, 1],
        ['ENROL', 0, 1],
        ['FLEET', 1, 2],
        ['SYS', 0, 1],
      ]);
    });

    it('tells of links, and who they are', () => {
      const [leaf, ...others] = parseLeafs(dataOf('LEAFZ'));
      assert.equal(others.length, 0);
      assert.deepEqual([leaf?.id, leaf?.name], [27, 'ship-7']);
      assert.ok((leaf?.rtt_us ?? 0) > 100 && (leaf?.rtt_us ?? 0) < 1000, 'in µs');
      const { total, listed } = parseConnections(dataOf('CONNZ'));
      assert.equal(total, 6);
      const unit = listed.find(({ kind }) => kind === 'leaf');
      assert.deepEqual([unit?.id, unit?.login, unit?.account], [27, 'ship-7', 'FLEET']);
      const app = listed.find(({ name }) => name === 'my-app');
      assert.deepEqual([app?.kind, app?.login], ['client', 'app-1']);
    });

    it('tells of its streams', () => {
      const { streams, leader, behind } = parseJetstream(dataOf('JSZ'));
      assert.deepEqual([leader, behind], [undefined, []], 'there is one server');
      const nunect = streams.find(({ name }) => name === 'NUNECT');
      assert.deepEqual(
        [nunect?.account, nunect?.max_bytes, nunect?.max_age_s, nunect?.isPlain, nunect?.discard],
        ['FLEET', 268_435_456, 2_592_000, true, 'old'],
      );
      assert.equal(nunect?.first_ms, undefined, 'it is empty');
      assert.equal(streams.find(({ name }) => name === 'UNITS')?.isPlain, false);
      assert.equal(streams.find(({ name }) => name === 'BOUND')?.discard, 'new');
    });

    it('tells who comes, leaves and is refused', () => {
      const all = (['CONNECT', 'DISCONNECT', 'AUTH.ERR'] as const).map((subject, at) =>
        recorded[subject].map((one) =>
          parseConnectionEvent(
            (['came', 'left', 'refused'] as const)[at] ?? 'came',
            JSON.stringify(one),
            Date.UTC(2027, 0),
          ),
        ),
      );
      const told = all.map((list) =>
        list.flatMap((one) => (one === undefined ? [] : [[one.event.who, one.event.kind, one.event.reason]])),
      );
      assert.deepEqual(told[0]?.toSorted(), [
        ['my-app', 'client', undefined],
        ['ship-7', 'leaf', undefined],
      ]);
      assert.deepEqual(told[1]?.toSorted(), [
        ['my-app', 'client', 'Client Closed'],
        ['ship-7', 'leaf', 'Client Closed'],
      ]);
      const refused = ['127.0.0.1', 'client', 'Authentication Failure'];
      assert.deepEqual(told[2], [refused, refused], 'told a second time as DISCONNECT from 2.12 on');
    });

    it('is shown without logins and keys', () => {
      for (const [question, one] of Object.entries(recorded)) {
        const raw = rawText(JSON.stringify({ server: {}, data: one }));
        assert.ok(raw.length > 100, question);
        assert.doesNotMatch(raw, /eyJ|signature/, question);
      }
    });
  });
