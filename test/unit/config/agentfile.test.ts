import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AgentFile,
  AgentFileError,
  agentFileSchema,
  formatAgentFile,
  parseAgentFile,
  withoutSecrets,
} from '../../../agent/config/agentfile.ts';
import { changedOptions } from '../../../agent/config/changes.ts';
import { connectionOf } from '../../../agent/leaf/conf/connection.ts';
import { userSection, withOptions } from '../../kit/leaf/leafconfig.ts';

const local = { boot_id: 'b', agent: 'a-secret', monitor: 'm-secret' };
const full = withOptions(
  {
    hub: { url: ['nats://h'], user: 'u', password: 'hub-secret' },
    leaf: { external_password: 'ext-secret' },
  },
  {
    user: [userSection('app', { password: 'app-secret' })],
    probe: [{ section: 'p', unit: 'p', interval_s: 5 }],
  },
);
const file = (over: Partial<AgentFile> = {}): AgentFile => ({
  schema: agentFileSchema,
  config: withoutSecrets(full),
  problems: [{ file: 'f', line: 1, message: 'm', severity: 'error' }],
  connection: { servers: ['nats://127.0.0.1:4222'], user: 'u', password: 'p' },
  monitor: { kind: 'system', user: 'u', password: 'p' },
  leaf: { state: 'current', conf: '/c', server_version: '2.9.10', notes: ['n'] },
  local,
  ...over,
});

test('what is written is read back', () => {
  const text = formatAgentFile(file());
  assert.deepEqual(parseAgentFile(text, 'agent.json'), JSON.parse(text));
  assert.equal(formatAgentFile(parseAgentFile(text, 'agent.json')), text);
});

test('a config without secrets has lost all of them and nothing else', () => {
  const stripped = JSON.stringify(withoutSecrets(full));
  assert.doesNotMatch(stripped, /secret/);
  assert.deepEqual(
    changedOptions(full, withoutSecrets(full)).map(({ option }) => option),
    ['hub.password', 'leaf.external_password', 'user.app.password'],
  );
});

test('every garbled place is named, without its value', () => {
  const text = formatAgentFile(file());
  const broken = (path: string, value: unknown): string => {
    const json: unknown = JSON.parse(text);
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    const parent = keys.reduce((at, key) => (at as Record<string, unknown>)[key], json) as object;
    Object.assign(parent, { [last]: value });
    return JSON.stringify(json);
  };
  const cases: readonly (readonly [string, RegExp])[] = [
    ['{', /agent\.json: it is not JSON/],
    ['[]', /it is not an object/],
    [broken('schema', 2), /'schema' is missing or wrong/],
    [broken('config', 'a-secret'), /'config' is missing/],
    [broken('config.hub', undefined), /'config\.hub' is missing/],
    [broken('config.user', {}), /'config\.user'/],
    [broken('config.probe', [{ interval_s: 5 }]), /'config\.probe\.section'/],
    [broken('config.leaf.port', '4222'), /'config\.leaf\.port'/],
    [broken('config.hub.url', 'x'), /'config\.hub\.url'/],
    [broken('config.agent.unit', undefined), /'config\.agent\.unit'/],
    [broken('config.agent.enabled', 1), /'config\.agent\.enabled'/],
    [broken('connection', {}), /'connection\.servers'/],
    [broken('connection.password', 5), /'connection\.password'/],
    [broken('connection.tls', true), /'connection\.tls'/],
    [broken('monitor', { kind: 'system' }), /'monitor'/],
    [broken('leaf', { state: 'fine' }), /'leaf'/],
    [broken('local.agent', 7), /'local\.agent'/],
    [broken('problems', [{}]), /'problems'/],
  ];
  for (const [garbled, expected] of cases) {
    assert.throws(
      () => parseAgentFile(garbled, 'agent.json'),
      (error) =>
        error instanceof AgentFileError && expected.test(error.message) && !/secret/.test(error.message),
      String(expected),
    );
  }
});

test('changes are named by option, also in sections that came or went', () => {
  const before = withOptions(
    { hub: { url: ['nats://a'] } },
    { user: [userSection('old', { password: 'x' })] },
  );
  const after = withOptions({ hub: { url: ['nats://b'] }, agent: { log_level: 'debug' } });
  assert.deepEqual(changedOptions(before, after), [
    { option: 'agent.log_level', restart: 'nothing' },
    { option: 'hub.url', restart: 'leaf' },
    ...['name', 'password', 'publish', 'subscribe'].map((name) => ({
      option: `user.old.${name}`,
      restart: 'leaf',
    })),
  ]);
  assert.deepEqual(changedOptions(after, after), []);
});

test('the agent finds its leaf wherever it listens', () => {
  const at = (listen: string): string | undefined =>
    connectionOf(withOptions({ leaf: { listen } }), local, { userPasswords: {} }).servers[0];
  assert.equal(at('127.0.0.1'), 'nats://127.0.0.1:4222');
  assert.equal(at('0.0.0.0'), 'nats://127.0.0.1:4222');
  assert.equal(at('::'), 'nats://[::1]:4222');
  assert.equal(at('192.168.1.1'), 'nats://192.168.1.1:4222');
});

test('TLS towards the hub is as its options say when there is no leaf', () => {
  const config = withOptions({
    leaf: { mode: 'off' },
    hub: {
      url: ['tls://h', 'tls://h'],
      tls_ca: '/ca',
      tls_cert: '/c',
      tls_key: '/k',
      handshake_first: true,
      tls_insecure: true,
    },
  });
  assert.deepEqual(connectionOf(config, local, { userPasswords: {}, hubNkeySeed: 'S' }), {
    servers: ['tls://h:4222'],
    nkeySeed: 'S',
    tls: { caFile: '/ca', certFile: '/c', keyFile: '/k', handshakeFirst: true, rejectUnauthorized: false },
  });
});
