import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileState } from '../../../../agent/config/checks/filecheck.ts';
import { overlap } from '../../../../agent/config/checks/subjectoverlap.ts';
import { publishedBy, subjectsOf } from '../../../../agent/wire/subjects.ts';
import { loadUci, said } from '../../../kit/unit/config.ts';

const hub = "config hub\n list url 'tls://h'\n";
const joe = ' option user joe\n option password x\n';

const cases: readonly (readonly [name: string, text: string, problems: readonly string[]])[] = [
  ['no hub', '', []],
  ['user and password', hub + joe, []],
  ['user and password file', `${hub} option user joe\n option password_file /p\n`, []],
  ['mutual TLS alone', `${hub} option tls_cert /c\n option tls_key /k\n`, []],
  [
    'no credentials',
    hub,
    ['f:2: warning: hub.url: is joined without any credentials: no user, token, creds, nkey or certificate'],
  ],
  [
    'two kinds of login',
    `${hub + joe} option creds_file /c\n`,
    ['f:5: hub.creds_file: use only one of hub.user, hub.creds_file'],
  ],
  [
    'creds and nkey',
    `${hub} option creds_file /c\n option nkey_file /n\n`,
    ['f:4: hub.nkey_file: use only one of hub.creds_file, hub.nkey_file'],
  ],
  [
    'two passwords',
    `${hub + joe} option password_file /p\n`,
    ['f:5: hub.password_file: use only one of hub.password, hub.password_file'],
  ],
  ['a user alone', `${hub} option user joe\n`, ['f:3: hub.user: needs hub.password or hub.password_file']],
  ['a password alone', `${hub} option password x\n`, ['f:3: hub.password: needs hub.user']],
  ['a password file alone', `${hub} option password_file /p\n`, ['f:3: hub.password_file: needs hub.user']],
  [
    'a certificate without key',
    `${hub + joe} option tls_cert /c\n`,
    ['f:5: hub.tls_cert: needs hub.tls_key'],
  ],
  [
    'a key without certificate',
    'config leaf\n option tls_key /k\n',
    ['f:2: leaf.tls_key: needs leaf.tls_cert'],
  ],
  [
    'mixed transports',
    `${hub} list url wss://h\n${joe}`,
    ['f:2: hub.url: ws and wss cannot be mixed with nats and tls'],
  ],
  [
    'an unchecked hub',
    `${hub + joe} option tls_insecure 1\n`,
    ['f:5: warning: hub.tls_insecure: allows a man-in-the-middle attack'],
  ],
  [
    'mode off without hub',
    'config leaf\n option mode off\n',
    ['f:2: leaf.mode: off needs a hub.url to connect to'],
  ],
  [
    'mode off by websocket',
    `config leaf\n option mode off\nconfig hub\n list url wss://h\n${joe}`,
    ['f:4: hub.url: scheme must be nats or tls with leaf.mode off'],
  ],
  [
    'mode external with hub',
    `config leaf\n option mode external\n${hub}${joe}`,
    ['f:5: warning: hub.user: is not used with leaf.mode external: that server has its own config'],
  ],
  ['mode external at a server that is joined to a hub', `config leaf\n option mode external\n${hub}`, []],
  [
    'client certificates without CA',
    'config leaf\n option tls_verify 1\n',
    ['f:2: leaf.tls_verify: needs leaf.tls_ca', 'f:2: leaf.tls_verify: needs leaf.tls_cert'],
  ],
  [
    'websocket TLS without certificate',
    'config leaf\n option websocket_tls 1\n',
    ['f:2: leaf.websocket_tls: needs leaf.tls_cert'],
  ],
  [
    'thresholds the wrong way round',
    'config time\n option locked_sw_ns 10000000\n option tracking_ntp_us 10\n',
    [
      'f:1: time.locked_ntp_us: must be below time.tracking_ntp_us (5000 and 10 given)',
      'f:2: time.locked_sw_ns: must be below time.tracking_ns (10000000 and 10000000 given)',
    ],
  ],
  [
    'two listeners on one port',
    'config status\n option port 4222\n',
    ['f:2: status.port: 4222 is taken by leaf.port'],
  ],
  ['one port on two addresses', 'config status\n option port 4222\n option listen 192.168.1.1\n', []],
  [
    'one port, one of all addresses',
    'config status\n option port 4222\n option listen ::\n',
    ['f:2: status.port: 4222 is taken by leaf.port'],
  ],
  [
    'one port on an unknown address',
    'config status\n option port 4222\n option interface lan\n',
    ['f:2: status.port: 4222 is taken by leaf.port'],
  ],
  [
    'one port on an unknown address of the leaf',
    'config leaf\n option interface lan\nconfig status\n option port 4222\n option listen 192.168.1.9\n',
    ['f:4: status.port: 4222 is taken by leaf.port'],
  ],
  ['a port of what does not run', 'config status\n option port 4222\n option enabled 0\n', []],
  [
    'websocket on the port of the leaf',
    'config leaf\n option websocket_port 4222\n',
    ['f:2: leaf.websocket_port: 4222 is taken by leaf.port'],
  ],
  [
    'JetStream without room',
    'config leaf\n option jetstream 1\n option jetstream_max_memory_mb 0\n option jetstream_max_storage_mb 0\n',
    ['f:2: leaf.jetstream: has neither memory nor storage to use'],
  ],
  [
    'an unknown anonymous user',
    'config leaf\n option anonymous joe\n',
    ["f:2: leaf.anonymous: there is no usable user section named 'joe'"],
  ],
  [
    'two secrets of a user',
    'config user\n option name joe\n option password x\n option password_file /p\n',
    ['f:4: user[0].password_file: use only one of password, password_file'],
  ],
  [
    'a user who may publish as the unit',
    "config user joe\n option password x\n list publish 'ops.heartbeat.*'\n list publish 'ops.echo.*'\n",
    ["f:3: warning: user.joe.publish 'ops.heartbeat.*': lets this user publish as the unit (unit-1)"],
  ],
];
for (const [name, text, problems] of cases) {
  test(`cross check: ${name}`, () => assert.deepEqual(said(loadUci(text)), problems));
}

test('every subject on which a unit is heard is guarded, for any role', () => {
  const impersonates = (publish: string): boolean =>
    loadUci(`config user joe\n option password x\n list publish '${publish}'\n`).problems.length > 0;
  const own = publishedBy(subjectsOf('unit-1', 'leaf')).filter((subject) => subject.endsWith('.unit-1'));
  assert.ok(own.length > 10);
  for (const subject of [...own, 'ops.>', 'ops.*.*', 'ops.log.*.*'])
    assert.ok(impersonates(subject), subject);
  for (const subject of [
    '>',
    '*.*.*',
    '*.heartbeat.unit-1',
    'voice.>',
    'ops.echo.>',
    'ops.heartbeat.unit-2',
    'ops.cmd.leaf.*',
  ]) {
    assert.ok(!impersonates(subject), subject);
  }
});

test('two patterns overlap when one subject fits both', () => {
  for (const [a, b, want] of [
    ['a.b', 'a.b', true],
    ['a.*', '*.b', true],
    ['>', 'a', true],
    ['a.>', 'a', false],
    ['a.>', 'a.b.c', true],
    ['a.*', 'a.b.c', false],
    ['a.b', 'a.c', false],
    ['a.*.c.>', 'a.b.>', true],
  ] as const) {
    assert.equal(overlap(a, b), want, `${a} ${b}`);
    assert.equal(overlap(b, a), want, `${b} ${a}`);
  }
});

test('files that options name are looked at', () => {
  const states: Readonly<Record<string, FileState>> = {
    '/gone': { kind: 'missing' },
    '/folder': { kind: 'other' },
    '/locked': { kind: 'unknown' },
    '/open': { kind: 'file', mode: 0o100644, uid: 0, gid: 0 },
  };
  const stat = (path: string): FileState => states[path] ?? { kind: 'file', mode: 0o100600, uid: 0, gid: 0 };
  const text =
    `config hub\n list url tls://h\n option tls_ca /open\n option tls_cert /gone\n option tls_key /open\n` +
    'config user joe\n option password_file /folder\nconfig user jim\n option password_file /locked\n' +
    'config user\n option name jan\n option password_file /open\n';
  assert.deepEqual(said(loadUci(text, { stat })), [
    "f:4: hub.tls_cert '/gone': there is no such file",
    "f:5: warning: hub.tls_key '/open': readable by everybody (mode 0644, owner root, group root): chmod 600 /open",
    "f:7: user.joe.password_file '/folder': is not a file",
    "f:12: warning: user[2].password_file '/open': readable by everybody (mode 0644, owner root, group root): chmod 600 /open",
  ]);
});
