// The log of a real leaf: followed while it is rotated, and named causes of hubs that do not want it.
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { connect } from '@nats-io/transport-node';
import { type CauseCode, causeIn, noOutage, withSign } from '../../agent/leaf/causes.ts';
import { renderLeaf } from '../../agent/leaf/conf/server.ts';
import { parseLeafLine } from '../../agent/leaf/watch/logline.ts';
import { systemTicker } from '../../agent/lib/ticker.ts';
import { followLog } from '../../agent/natsserver/logfile.ts';
import { parseServerVersion } from '../../agent/natsserver/version.ts';
import { serversToTest } from '../kit/hub/fleet.ts';
import { secretsOf, withOptions } from '../kit/leaf/leafconfig.ts';
import { authority, startServer } from '../kit/leaf/leafdaemon.ts';
import { fakeTicker } from '../kit/lib/faketicker.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { need } from '../kit/process/tools.ts';

test('no line is lost or doubled when the log is rotated, and what was rotated is taken away', async (t) => {
  const dir = tempDir(t, 'log');
  const path = join(dir, 'leaf.log');
  const got: string[] = [];
  const ticker = fakeTicker();
  writeFileSync(path, 'before\n');
  const olds: boolean[] = [];
  const follower = followLog(
    {
      ticker,
      onLines: (lines, old) => {
        got.push(...lines);
        olds.push(old);
      },
    },
    { path, everyMs: 1000 },
  );
  t.after(() => follower.stop());
  appendFileSync(path, 'one\nhalf ');
  await ticker.pass(1000);
  appendFileSync(path, 'two\nlast\n');
  renameSync(path, `${path}.2026.11.21.11.30.20.123`);
  writeFileSync(path, 'first\n');
  await ticker.pass(1000);
  assert.deepEqual(got, ['before', 'one', 'half two', 'last', 'first']);
  assert.deepEqual(olds, [true, false, false, false]);
  assert.deepEqual(readdirSync(dir), ['leaf.log']);
});

for (const { name, program } of serversToTest()) {
  describe(`the log of a leaf of nats-server ${name}`, { concurrency: 3 }, () => {
    const version = parseServerVersion(name === 'debian' ? '2.9.10' : '2.15.2');

    test('is rotated at its limit, and no more than one of it stays', async (t) => {
      const dir = tempDir(t, 'rotated');
      const state = join(dir, 'state');
      mkdirSync(state);
      const conf = join(dir, 'leaf.conf');
      const config = withOptions({
        hub: { url: [`nats://127.0.0.1:${await reservePort()}`] },
        leaf: { port: await reservePort() },
      });
      const { text } = renderLeaf(config, secretsOf(config), version, dir);
      writeFileSync(conf, text.replace(/(logfile_size_limit:) \d+/, '$1 5000'));
      const seen: string[] = [];
      const path = join(state, 'leaf.log');
      const onLines = (lines: readonly string[]): void => void seen.push(...lines);
      const follower = followLog({ ticker: systemTicker(), onLines }, { path, everyMs: 20 });
      t.after(() => follower.stop());
      await startServer(t, program, conf);
      const { port } = config.leaf;
      for (let at = 0; at < 60; at++)
        await assert.rejects(connect({ port, user: `nobody-${at}`, pass: 'x', reconnect: false }));
      const refused = () =>
        seen.flatMap((line) => /authentication error - User "(nobody-\d+)"/.exec(line)?.[1] ?? []);
      await eventually('the last line', () => refused().includes('nobody-59'));
      assert.equal(new Set(refused()).size, 60, 'none was lost');
      assert.equal(refused().length, 60, 'none was doubled');
      await eventually(
        'one log',
        () => readdirSync(state).filter((one) => one.startsWith('leaf.log')).length === 1,
      );
    });

    const dir = tempDir({ after: (fn) => process.on('exit', fn as () => void) }, 'causes');
    const [ca, other] = [authority(join(dir, 'ca')), authority(join(dir, 'other'))];
    const expired = ca.issue('expired', '/CN=localhost', { days: -1 });
    const good = ca.issue('good', '/CN=localhost');
    const tls = ({ cert, key }: typeof good): string => `tls { cert_file: "${cert}", key_file: "${key}" }`;
    const users = 'accounts { A { users: [ { user: "u", password: "right" } ] } }';
    const cases: readonly (readonly [string, string, Parameters<typeof withOptions>[0]['hub'], CauseCode])[] =
      [
        ['a wrong password', users, { user: 'u', password: 'wrong' }, 'auth'],
        ['an expired certificate', `TLS ${tls(expired)}`, { tls_ca: ca.ca }, 'cert_expired'],
        ['a wrong CA', `TLS ${tls(good)}`, { tls_ca: other.ca }, 'ca'],
        ['a hub that demands a newer leaf', 'TLS min_version: "2.99.0"', {}, 'version'],
        ['the port of clients', 'CLIENTS', {}, 'wrong_port'],
      ];
    for (const [what, hub, options, cause] of cases) {
      test(`names ${what}`, async (t) => {
        const own = join(dir, `case-${cause}`);
        mkdirSync(join(own, 'state'), { recursive: true });
        const [clients, leafs, port] = [await reservePort(), await reservePort(), await reservePort()];
        const inside = hub.startsWith('TLS ') ? hub.slice(4) : '';
        const outside = hub === users ? users : '';
        const hubConf = join(own, 'hub.conf');
        writeFileSync(
          hubConf,
          `listen: "127.0.0.1:${clients}"\nleafnodes { listen: "127.0.0.1:${leafs}"\n${inside} }\n${outside}\n`,
        );
        await startServer(t, serversToTest().at(-1)?.program ?? need('nats-server'), hubConf);
        const to = hub === 'CLIENTS' ? clients : leafs;
        const config = withOptions({
          hub: { url: [`nats-leaf://localhost:${to}`], reconnect_s: 1, ...options },
          leaf: { port },
        });
        const conf = join(own, 'leaf.conf');
        writeFileSync(conf, renderLeaf(config, secretsOf(config), version, own).text);
        let outage = noOutage;
        const onLines = (lines: readonly string[]): void => {
          for (const { sign } of lines.flatMap((line) => parseLeafLine(line) ?? []))
            if (sign !== undefined) outage = withSign(outage, sign, 0);
        };
        const follower = followLog(
          { ticker: systemTicker(), onLines },
          { path: join(own, 'state/leaf.log'), everyMs: 50 },
        );
        t.after(() => follower.stop());
        await startServer(t, program, conf);
        await eventually(`cause ${cause}`, () => causeIn(outage)?.code === cause).catch((error) => {
          throw new Error(`${error}: ${JSON.stringify(causeIn(outage))}`);
        });
      });
    }
  });
}
