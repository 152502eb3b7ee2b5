import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect, nkeys, RequestError } from '@nats-io/transport-node';
import type { LocalSecrets } from '../../agent/config/agentfile.ts';
import { crossCheck } from '../../agent/config/checks/crosscheck.ts';
import type { Config } from '../../agent/config/options.ts';
import { leafProblems } from '../../agent/leaf/conf/checks.ts';
import { connectionOf, monitorOf } from '../../agent/leaf/conf/connection.ts';
import { renderLeaf } from '../../agent/leaf/conf/server.ts';
import { knows } from '../../agent/leaf/conf/version.ts';
import type { ServerVersion } from '../../agent/natsserver/version.ts';
import { secretsOf, userSection, withOptions } from '../kit/leaf/leafconfig.ts';
import { authority, type Certificate, connectAs, refusal, startServer } from '../kit/leaf/leafdaemon.ts';
import { type Combination, pairwise } from '../kit/lib/matrix.ts';
import { seededRandom } from '../kit/lib/random.ts';
import { reservePort } from '../kit/process/ports.ts';
import { lacking, natsServers } from '../kit/process/tools.ts';

const { debian, newest } = natsServers();
const servers: readonly (readonly [string | undefined, ServerVersion])[] = [
  [debian, [2, 9, 10]],
  [newest, [2, 15, 2]],
];

const dimensions = {
  hub: ['none', 'nats', 'two', 'tls', 'ws', 'path', 'wss', 'ipv6'],
  login: ['none', 'plain', 'hostile', 'creds', 'nkey', 'certificate'],
  hubTls: ['plain', 'ca', 'insecure', 'handshake_first'],
  listen: ['127.0.0.1', '0.0.0.0', '::1'],
  clientTls: ['off', 'on', 'verify'],
  websocket: ['off', 'plain', 'tls', 'origins'],
  jetstream: ['off', 'on', 'no memory'],
  users: ['none', 'password', 'nkey', 'hostile'],
  anonymous: ['no', 'yes'],
  compression: ['off', 's2_auto', 's2_fast', 's2_better', 's2_best'],
  lists: ['none', 'deny', 'replies'],
  debug: ['0', '1'],
  probes: ['none', 'two'],
} as const;
type Choice = Combination<typeof dimensions>;

const isPossible =
  (version: ServerVersion) =>
  (one: Choice): boolean =>
    (one.login !== 'nkey' || knows(version, 'nkey')) &&
    (one.hubTls !== 'handshake_first' || knows(version, 'handshake_first')) &&
    (one.hub !== 'path' || knows(version, 'websocket_path')) &&
    (!['ws', 'path'].includes(one.hub) || (one.hubTls === 'plain' && one.login !== 'certificate')) &&
    (one.websocket !== 'tls' || one.clientTls !== 'off') &&
    (one.anonymous === 'no' || one.users === 'password' || one.users === 'hostile');

const hostile = '" \\ # { $ % @ : / ü \u{1f4fb} $HOME \' include';
const urls: Readonly<Record<Choice['hub'], readonly string[]>> = {
  none: [],
  nats: ['nats://127.0.0.1:9'],
  two: ['nats-leaf://127.0.0.1:9', 'nats://localhost:9'],
  tls: ['tls://localhost:9'],
  ws: ['ws://127.0.0.1:9'],
  path: ['ws://127.0.0.1:9/leaf'],
  wss: ['wss://127.0.0.1:9'],
  ipv6: ['tls://[::1]:9'],
};

describe('every option in every company', () => {
  const dir = mkdtempSync(join(tmpdir(), 'nunect-matrix-'));
  const local: LocalSecrets = { boot_id: 'b', agent: 'agent-password', monitor: 'monitor-password' };
  let tls: Certificate & { readonly ca: string };

  before(() => {
    const ca = authority(join(dir, 'tls'));
    tls = { ca: ca.ca, ...ca.issue('leaf', '/CN=leaf') };
    writeFileSync(join(dir, 'unit.creds'), 'not looked into before the first connection\n');
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  const configOf = (one: Choice, port: number, websocket_port: number): Config => {
    const password = one.users === 'hostile' ? hostile : 'secret';
    const nkey = nkeys.createUser().getPublicKey();
    return withOptions(
      {
        hub: {
          url: urls[one.hub],
          ...(one.login === 'plain' || one.login === 'hostile'
            ? { user: 'demo-01', password: one.login === 'plain' ? 'secret' : hostile }
            : {}),
          ...(one.login === 'creds' ? { creds_file: join(dir, 'unit.creds') } : {}),
          ...(one.login === 'nkey' ? { nkey_file: join(dir, 'seed') } : {}),
          ...(one.login === 'certificate' ? { tls_cert: tls.cert, tls_key: tls.key } : {}),
          ...(one.hubTls === 'ca' ? { tls_ca: tls.ca } : {}),
          ...(one.hubTls === 'insecure' ? { tls_insecure: true } : {}),
          ...(one.hubTls === 'handshake_first' ? { handshake_first: true } : {}),
          ...(one.lists === 'deny' ? { deny_export: ['local.>', 'a.*.b'], deny_import: ['admin.>'] } : {}),
          ...(one.lists === 'replies' ? { reply_subject: ['_INBOX.>', '_INBOX_ops.>'] } : {}),
        },
        leaf: {
          listen: one.listen,
          port,
          log_debug: one.debug === '1',
          compression: one.compression,
          ...(one.clientTls === 'off' ? {} : { tls_cert: tls.cert, tls_key: tls.key }),
          ...(one.clientTls === 'verify' ? { tls_ca: tls.ca, tls_verify: true } : {}),
          ...(one.websocket === 'off' ? {} : { websocket_port, websocket_tls: one.websocket === 'tls' }),
          ...(one.websocket === 'origins' ? { websocket_origin: ['https://app.example.org'] } : {}),
          jetstream: one.jetstream !== 'off',
          jetstream_store_dir: join(dir, `js-${port}`),
          jetstream_max_memory_mb: one.jetstream === 'no memory' ? 0 : 16,
          anonymous: one.anonymous === 'yes' ? 'app' : undefined,
        },
      },
      {
        user:
          one.users === 'none'
            ? []
            : [
                userSection('app', {
                  ...(one.users === 'nkey' ? { nkey } : { password }),
                  publish: ['app.>'],
                  subscribe: ['app.>', '_INBOX.>'],
                }),
                userSection('mute', { password: 'secret' }),
              ],
        probe:
          one.probes === 'none'
            ? []
            : ['demo-02', 'demo-03'].map((unit) => ({ section: unit, unit, interval_s: 10 })),
      },
    );
  };

  const logIn = async (one: Choice, config: Config): Promise<void> => {
    const agent = await connectAs(connectionOf(config, local, { userPasswords: {} }));
    const monitor = monitorOf(config, local).monitor;
    assert.ok(monitor?.kind === 'system');
    const asked = agent.request('ops.echo.demo-01', '', { timeout: 3000 });
    await assert.rejects(asked, (error) => error instanceof RequestError && error.isNoResponders());
    await agent.close();
    if (one.users !== 'password' && one.users !== 'hostile') return;
    const logins = [
      { user: 'app', pass: config.user[0]?.password ?? '' },
      ...(one.anonymous === 'yes' ? [{}] : []),
    ];
    for (const login of logins) {
      const { servers: to, tls: secure } = connectionOf(config, local, { userPasswords: {} });
      const app = await connect({
        servers: [...to],
        reconnect: false,
        ...login,
        ...(secure ? { tls: secure } : {}),
      });
      const heard = app.subscribe('app.x', { max: 1 });
      app.publish('app.x', 'hello');
      for await (const message of heard) assert.equal(message.string(), 'hello');
      await app.close();
    }
  };

  for (const [program, version] of servers) {
    const name = `nats-server ${version.join('.')}`;
    test(`${name} takes them all and starts with each`, {
      skip: lacking('openssl') || (program === undefined && 'no server'),
    }, async (t) => {
      assert.ok(program !== undefined);
      const choices = pairwise(dimensions, isPossible(version), seededRandom(version[1]));
      assert.ok(choices.length >= 25, `only ${choices.length} combinations`);
      for (const one of choices) {
        const config = configOf(one, await reservePort(), await reservePort());
        const say = JSON.stringify(one);
        const errors = [...crossCheck(config), ...leafProblems(config, version, () => 'directory')].filter(
          ({ severity }) => severity === 'error',
        );
        assert.deepEqual(errors, [], say);
        const seed = new TextDecoder().decode(nkeys.createUser().getSeed());
        const secrets = { ...secretsOf(config), ...(one.login === 'nkey' ? { hubNkeySeed: seed } : {}) };
        const conf = join(dir, 'leaf.conf');
        writeFileSync(conf, renderLeaf(config, secrets, version).text);
        assert.equal(refusal(program, conf), undefined, say);
        const daemon = await startServer(t, program, conf);
        try {
          await logIn(one, config);
        } catch (error) {
          throw new Error(`${say}\n${daemon.output()}`, { cause: error });
        } finally {
          await daemon.end();
        }
      }
    });
  }
});
