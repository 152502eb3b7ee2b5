import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { nkeys } from '@nats-io/transport-node';
import * as fc from 'fast-check';
import { crossCheck } from '../../agent/config/checks/crosscheck.ts';
import type { Config } from '../../agent/config/options.ts';
import { anyText, serverUrl, subjectPattern } from '../../agent/config/rules.ts';
import { readSecrets } from '../../agent/config/secrets.ts';
import { leafProblems } from '../../agent/leaf/conf/checks.ts';
import { renderLeaf } from '../../agent/leaf/conf/server.ts';
import { holds } from '../kit/fuzz/fuzz.ts';
import { hostileText } from '../kit/fuzz/hostile.ts';
import { refusal } from '../kit/leaf/leafdaemon.ts';
import { type ConfTree, readNatsConf } from '../kit/leaf/natsconf.ts';
import { natsServers, withoutNewest } from '../kit/process/tools.ts';
import { loadUci } from '../kit/unit/config.ts';

const text = hostileText(40)
  .map((one) => one.replace(/\p{Cc}|\p{Cs}/gu, ''))
  .filter((one) => anyText.pattern.test(one));
const path = text.map((one) => `/${one.slice(0, 60)}x`);
const url = fc.oneof(
  fc.constantFrom(
    'nats://h',
    'nats-leaf://[2001:db8::1]:7422',
    'tls://hub.example.org:443',
    'nats://h/p',
    'tls://h',
  ),
  text.map((one) => `nats://h/${one}`).filter((one) => serverUrl.pattern.test(one)),
);
const websocket = fc.oneof(
  fc.constantFrom('ws://h', 'ws://h/', 'ws://127.0.0.1:8080/leaf'),
  text.map((one) => `ws://h/${one}`).filter((one) => serverUrl.pattern.test(one)),
);
const subject = fc.oneof(
  fc.constantFrom('>', 'ops.>', '*.*', 'a.b.c', '_INBOX.>', '$JS.>', 'ops.*.demo-01'),
  text.map((one) => one.replace(/[\s.*>]/g, '')).filter((one) => subjectPattern.pattern.test(one)),
);
const name = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_]{1,10}$/),
  fc.constantFrom('constructor', 'toString', '__proto__', 'hasOwnProperty', 'null', 'true', '1'),
);
const nkeyPool = Array.from({ length: 6 }, () => nkeys.createUser().getPublicKey());
const list = <T>(one: fc.Arbitrary<T>, maxLength = 4) => fc.array(one, { maxLength });
const perhaps = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });

type Setting = string | readonly string[] | undefined;
const quote = (one: string): string => `'${one.replaceAll("'", String.raw`'\''`)}'`;
const section = (type: string, id: string, options: Readonly<Record<string, Setting>>): string =>
  `config ${type} ${id}\n${Object.entries(options)
    .flatMap(([key, value]) =>
      value === undefined
        ? []
        : typeof value === 'string'
          ? [`\toption ${key} ${quote(value)}\n`]
          : value.map((one) => `\tlist ${key} ${quote(one)}\n`),
    )
    .join('')}`;

const users = fc.uniqueArray(
  fc.record({
    id: name,
    login: fc.oneof(
      text.map((password) => ({ password })),
      fc.constantFrom(...nkeyPool).map((nkey) => ({ nkey })),
      fc.constant({ password_file: '/secret' }),
      fc.constant({ password_file: '/lost' }),
      fc.constant({}),
    ),
    publish: list(subject),
    subscribe: list(subject),
  }),
  { maxLength: 4, selector: ({ id }) => id },
);

/** UCI text with an answer for each question that the generator asks. `files` are options that name one. */
const uci = (files: boolean) =>
  fc
    .record({
      agent: fc.record({ role: perhaps(name), tenant: perhaps(name) }),
      hub: fc.record({
        url: fc.oneof(list(url, 3), list(websocket, 2)),
        login: perhaps(fc.tuple(text, text)),
        deny_export: list(subject),
        deny_import: list(subject),
        reply_subject: list(subject),
        creds_file: files ? perhaps(path) : fc.constant(undefined),
        tls_ca: files ? perhaps(path) : fc.constant(undefined),
        tls_cert: files ? perhaps(path) : fc.constant(undefined),
      }),
      leaf: fc.record({
        listen: fc.constantFrom('127.0.0.1', '0.0.0.0', '::1', '::'),
        websocket_port: fc.constantFrom('0', '8080'),
        websocket_origin: list(
          text.map((one) => `https://${one.replace(/[\s/?#]/g, '')}h`),
          2,
        ),
        jetstream: fc.constantFrom('0', '1'),
        jetstream_store_dir: files ? path : fc.constant('/tmp/fuzz/js {"'),
        log_debug: fc.constantFrom('0', '1'),
        compression: fc.constantFrom('off', 's2_auto', 's2_best'),
        anonymous: perhaps(fc.nat()),
      }),
      users,
      peers: list(fc.stringMatching(/^[a-z0-9_]{1,8}$/), 3),
    })
    .map(({ agent, hub: { login, tls_cert, ...hub }, leaf, users: people, peers }) =>
      [
        section('agent', '', agent),
        section('hub', '', {
          ...hub,
          ...(login === undefined || hub.creds_file !== undefined
            ? {}
            : { user: login[0], password: login[1] }),
          ...(tls_cert === undefined ? {} : { tls_cert, tls_key: `${tls_cert}.key` }),
        }),
        section('leaf', '', { ...leaf, anonymous: people[(leaf.anonymous ?? -1) % (people.length + 1)]?.id }),
        ...people.map(({ id, login: by, ...lists }) => section('user', id, { ...by, ...lists })),
        ...peers.map((peer) => section('probe', peer, {})),
      ].join('\n'),
    );

const fileSecret = 'from a "file" \\ {';
const readBytes = (file: string): Uint8Array | undefined =>
  file === '/secret' ? Buffer.from(`${fileSecret}\n`) : undefined;

/** The config and its secrets, or undefined where a check finds that it is not fit to be rendered. */
function fit(uciText: string, version: readonly [number, number, number]) {
  const { config } = loadUci(uciText, { unit: 'demo-01' });
  const findings = [...crossCheck(config), ...leafProblems(config, version, () => 'directory')];
  if (findings.some(({ severity }) => severity === 'error')) return undefined;
  const { secrets } = readSecrets(config, readBytes);
  return { config, secrets: { ...secrets, agent: 'agent-password', monitor: 'monitor-password' } };
}

type Block = Readonly<Record<string, ConfTree>>;

/** What the users of the unit's account must be, from the config alone. */
function expectedUsers(config: Config): Block[] {
  return config.user.flatMap((user): Block[] => {
    if (user.nkey !== undefined) return [{ nkey: user.nkey }];
    const password = user.password ?? (user.password_file === '/secret' ? fileSecret : undefined);
    const login = user.name ?? user.section;
    if (password !== undefined) return [{ user: login, password }];
    return login === config.leaf.anonymous ? [{ user: login }] : [];
  });
}

holds(
  'whatever stands in passwords, names, paths and subjects, they come back from the config as they went in',
  fc
    .tuple(uci(true), fc.constantFrom([2, 9, 10] as const, [2, 15, 2] as const))
    .filter(([uciText, version]) => fit(uciText, version) !== undefined),
  ([uciText, version]) => {
    const ready = fit(uciText, version);
    if (ready === undefined) return;
    const { config, secrets } = ready;
    const { text: conf } = renderLeaf(config, secrets, version);
    const tree = readNatsConf(conf) as {
      accounts: { UNIT: { users: Block[] }; SYS: Block };
      leafnodes?: {
        remotes: { urls: string[]; credentials?: string; deny_exports: string[]; tls?: Block }[];
      };
      jetstream?: Block;
      websocket?: Block;
      no_auth_user?: string;
    };
    assert.deepEqual(Object.keys(tree.accounts), ['UNIT', 'SYS']);
    const [agent, ...others] = tree.accounts.UNIT.users;
    assert.equal(agent?.['user'], 'nunect-agent');
    const logins = others.map(({ permissions: _, ...login }) => login);
    assert.deepEqual(logins, expectedUsers(config));
    for (const [i, user] of config.user
      .filter((one) => expectedUsers({ ...config, user: [one] }).length > 0)
      .entries()) {
      const permissions = others[i]?.['permissions'] as { publish: Block; subscribe: Block };
      for (const kind of ['publish', 'subscribe'] as const) {
        const allow = permissions[kind]['allow'];
        assert.deepEqual(allow, user[kind].length === 0 ? undefined : [...new Set(user[kind])]);
        if (allow === undefined) assert.deepEqual(permissions[kind]['deny'], ['>']);
      }
    }
    const remote = tree.leafnodes?.remotes[0];
    assert.equal(remote === undefined, config.hub.url.length === 0);
    if (remote !== undefined) {
      for (const one of remote.urls) {
        const login = /^[a-z-]+:\/\/(?:([^@/]*):([^@/]*)@)?[^@]*$/.exec(one);
        assert.ok(login !== null, one);
        assert.deepEqual(
          login.slice(1).map((part) => part && decodeURIComponent(part)),
          [config.hub.user, config.hub.user === undefined ? undefined : config.hub.password],
        );
      }
      assert.equal(remote.credentials, config.hub.creds_file);
      assert.deepEqual(remote.deny_exports.slice(0, 2), ['ops.echo.demo-01', '_INBOX_demo-01.>']);
      for (const denied of config.hub.deny_export) assert.ok(remote.deny_exports.includes(denied));
      assert.equal(remote.tls?.['ca_file'], config.hub.tls_ca);
      assert.equal(remote.tls?.['cert_file'], config.hub.tls_cert);
    }
    assert.equal(
      tree.jetstream?.['store_dir'],
      config.leaf.jetstream ? config.leaf.jetstream_store_dir : undefined,
    );
    // somebody without credentials may be let in as a user that is there, and as nobody else
    if (tree.no_auth_user !== undefined)
      assert.ok(
        logins.some(({ user }) => user === tree.no_auth_user),
        conf,
      );
  },
);

const dir = mkdtempSync(join(tmpdir(), 'nunect-fuzz-'));
after(() => rmSync(dir, { recursive: true, force: true }));

for (const [program, version] of [
  [natsServers().debian, [2, 9, 10]],
  [natsServers().newest, [2, 15, 2]],
] as const) {
  holds(
    `nats-server ${version.join('.')} takes what passed the checks`,
    uci(false).filter((uciText) => fit(uciText, version) !== undefined),
    (uciText) => {
      assert.ok(program !== undefined, 'no server: make tools');
      const ready = fit(uciText, version);
      if (ready === undefined) return;
      const conf = join(dir, 'leaf.conf');
      writeFileSync(conf, renderLeaf(ready.config, ready.secrets, version).text);
      assert.equal(refusal(program, conf), undefined);
    },
    20,
    program === undefined && withoutNewest(),
  );
}
