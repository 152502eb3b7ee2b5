import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatProblem, showable } from '../../../agent/config/problem.ts';
import { loadIni, loadUci, said } from '../../kit/unit/config.ts';

const hubAt = (url: string): string => `config hub\n list url '${url}'\n option user u\n option password p\n`;

/** Text, and the problems that a person is shown for it. */
const cases: readonly (readonly [name: string, text: string, problems: readonly string[]])[] = [
  [
    'a bad value is quoted, with what is allowed',
    "config hub\n list url 'htp://x'\n option user u\n option password p\n",
    [
      "f:2: hub.url 'htp://x': scheme must be one of nats, nats-leaf, tls, ws, wss, as in tls://hub.example.org:7422, without user or password",
    ],
  ],
  ...(
    [
      ['tls://h:99999', 'port 99999 is out of range, 1 to 65535'],
      ['tls://[::1]:0', 'port 0 is out of range, 1 to 65535'],
      ['tls://h:port', 'must be such as tls://hub.example.org:7422'],
    ] as const
  ).map(([url, why]) => [`an address: ${url}`, hubAt(url), [`f:2: hub.url '${url}': ${why}`]] as const),
  [
    'an address with a login, which is not shown',
    hubAt('nats://u:s3cret@h:99999'),
    ["f:2: hub.url 'nats://***@h:99999': must not contain credentials; they have options of their own"],
  ],
  [
    'an unknown option',
    'config agent\n option intervall 5\n',
    ["f:2: agent.intervall: unknown option (did you mean 'interval_s'?)"],
  ],
  [
    'an option without its unit',
    'config agent\n option interval 5\n',
    ["f:2: agent.interval: unknown option (did you mean 'interval_s'?)"],
  ],
  [
    'an option of another section',
    'config agent\n option websocket_port 5\n',
    ["f:2: agent.websocket_port: unknown option (did you mean 'leaf.websocket_port'?)"],
  ],
  ['an option like no other', 'config agent\n option zzzzzz 5\n', ['f:2: agent.zzzzzz: unknown option']],
  [
    'two letters swapped',
    'config leaf\n option prot 5\n',
    ["f:2: leaf.prot: unknown option (did you mean 'port'?)"],
  ],
  ['an unknown section', 'config huub\n', ["f:1: unknown section type 'huub' (did you mean 'hub'?)"]],
  [
    'a list where one value belongs',
    'config agent\n list role a\n',
    ['f:2: agent.role: takes one value, not a list'],
  ],
  [
    'several values where one belongs',
    'config agent\n list role a\n list role b\n',
    ['f:2: agent.role: takes one value, 2 given'],
  ],
  [
    'an option given twice',
    'config agent\n option role a\n option role b\n',
    ['f:3: warning: agent.role: replaces the value in line 2'],
  ],
  [
    'a single section twice',
    'config agent one\nconfig agent two\n',
    ['f:2: warning: agent: a second section of type agent; the first is in line 1. Both are read as one'],
  ],
  [
    'a quote that is left open in the first line, and seen at the end of the file',
    "config agent 'a\n option role x\n\n\n",
    ["f:1: cannot be read: unterminated '"],
  ],
  [
    'a mistake in a command of several lines',
    'config agent\n option role "a\n b" c d\n',
    ['f:2: cannot be read: too many arguments at byte 22'],
  ],
  ['a file that cannot be read', 'config agent\n foo\n', ['f:2: cannot be read: invalid command at byte 1']],
  ['a quote that is left open', "config agent\n option role 'x\n\n", ["f:2: cannot be read: unterminated '"]],
  [
    'two users of one name',
    'config user a\n option password x\nconfig user b\n option name a\n option password y\n',
    ["f:3: user.b: 'a' is already defined in line 1; left out"],
  ],
  [
    'a nameless user',
    'config user\n option password x\n',
    ['f:1: user[0]: needs a section name or a name; left out'],
  ],
  ['a nameless probe', 'config probe\n', ['f:1: probe[0]: needs a section name or a unit; left out']],
  [
    'a user without a secret',
    'config user a\n',
    ['f:1: user.a: has neither password, password_file nor nkey; left out'],
  ],
];
for (const [name, text, problems] of cases) {
  test(`reported: ${name}`, () => assert.deepEqual(said(loadUci(text)), problems));
}

test('an empty file gives the defaults and the derived unit', () => {
  const { config, problems, set } = loadUci('');
  assert.deepEqual([problems, set], [[], 0]);
  assert.equal(config.agent.unit, 'unit-1');
  assert.equal(config.leaf.port, 4222);
  assert.deepEqual(config.hub.reply_subject, ['_INBOX.>']);
  assert.deepEqual(config.user, []);
});

test('a single section may have any name, and two of them count as one', () => {
  const { config } = loadUci(
    'config hub first\n list url tls://a\n option user a\nconfig hub\n list url tls://b\n option user b\n',
  );
  assert.deepEqual(config.hub.url, ['tls://a', 'tls://b']);
  assert.equal(config.hub.user, 'b');
});

test('an option stands for a list of one, and an empty element empties a list', () => {
  const { config, problems } = loadUci("config hub\n option deny_export 'a.>'\n list reply_subject ''\n");
  assert.deepEqual(problems, []);
  assert.deepEqual(config.hub.deny_export, ['a.>']);
  assert.deepEqual(config.hub.reply_subject, []);
});

test('a bad element leaves the rest of its list', () => {
  const { config, problems } = loadUci("config hub\n list deny_import 'a..b'\n list deny_import 'c'\n");
  assert.deepEqual(config.hub.deny_import, ['c']);
  assert.equal(problems[0]?.line, 2);
});

test('a bad value keeps the last good one, an absent one goes back to the default', () => {
  const lastGood = loadUci(
    'config agent\n option unit old\n option interval_s 9\n option tenant t\nconfig hub\n list deny_import x\n' +
      'config user a\n option password good\n list publish b\nconfig leaf\n option port 5000\n',
  ).config;
  const { config } = loadUci(
    "config agent\n option unit 'o l d'\n option interval_s soon\nconfig hub\n list deny_import 'a b'\n" +
      "config user a\n option password 'b\u0001d'\n list publish 'b c'\nconfig leaf\n list port 1\n",
    { lastGood },
  );
  assert.deepEqual(config.agent, { ...lastGood.agent, tenant: undefined });
  assert.deepEqual(config.hub.deny_import, ['x']);
  assert.deepEqual(config.user, lastGood.user);
  assert.equal(config.leaf.port, 5000);
});

test('an unreadable file leaves what ran before, or the defaults', () => {
  const lastGood = loadUci('config agent\n option interval_s 9\n').config;
  assert.equal(loadUci('nonsense\n', { lastGood }).config, lastGood);
  assert.equal(loadUci('nonsense\n').config.agent.interval_s, 5);
});

test('users and probes are named by their section or by their own option', () => {
  const { config, problems } = loadUci(
    'config user radio\n option password x\nconfig user\n option name desk\n option password y\n' +
      'config probe ship_02\nconfig probe p\n option unit ship-03\n',
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(
    config.user.map(({ section, name }) => [section, name]),
    [
      ['radio', 'radio'],
      ['user[1]', 'desk'],
    ],
  );
  assert.deepEqual(
    config.probe.map(({ section, unit }) => [section, unit]),
    [
      ['ship_02', 'ship_02'],
      ['p', 'ship-03'],
    ],
  );
});

test('a section name that cannot be a login is refused', () => {
  assert.deepEqual(said(loadIni('[user.two words]\npassword = x\n')), [
    'f:1: user.two words: section name must be 1 to 64 of A-Z a-z 0-9 _ -; left out',
  ]);
});

test('only the anonymous user may do without a secret', () => {
  const { config, problems } = loadUci(
    'config leaf\n option anonymous guest\nconfig user guest\n list publish a\n',
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(
    config.user.map(({ name }) => name),
    ['guest'],
  );
});

test('problems come in the order of their lines, those of the whole file last', () => {
  const { problems } = loadUci('config leaf\n option port 8224\nconfig agent\n option interval_s 0\n');
  assert.deepEqual(
    problems.map(({ line }) => line),
    [4, undefined],
  );
});

test('what is shown of a value has no user or password in it and stays on one line', () => {
  assert.equal(showable('nats://joe:s3@cret@h:1'), 'nats://***@h:1');
  assert.equal(showable('nats://token@h'), 'nats://***@h');
  assert.equal(showable('joe:s3cret@h'), '***@h');
  assert.equal(showable('/etc/a@b'), '/etc/a@b');
  assert.equal(showable('joe\n\toption password s3cret'), 'joe...');
  assert.equal(showable('x'.repeat(500)).length, 123);
});

test('a problem of the whole file is one line too', () => {
  assert.equal(formatProblem({ file: 'f', message: 'm', severity: 'warning' }), 'f: warning: m');
  assert.equal(formatProblem({ file: 'f', option: 'a.b', message: 'm', severity: 'error' }), 'f: a.b: m');
});

test('of two users with one nkey the second is left out: nats-server would refuse both', () => {
  const nkey = `U${'A'.repeat(55)}`;
  const { config, problems } = loadUci(
    `config user one\n option nkey ${nkey}\nconfig user two\n option nkey ${nkey}\n`,
  );
  assert.deepEqual(
    config.user.map(({ name }) => name),
    ['one'],
  );
  assert.deepEqual(
    problems.map(({ line, option, message }) => [line, option, message]),
    [[3, 'user.two', 'has the nkey of another user; left out']],
  );
});
