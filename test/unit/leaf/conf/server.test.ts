import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { confParts, renderLeaf } from '../../../../agent/leaf/conf/server.ts';
import { remoteUrl, splitUrl, userinfo } from '../../../../agent/leaf/conf/url.ts';
import { knows } from '../../../../agent/leaf/conf/version.ts';
import { quoted } from '../../../../agent/natsserver/syntax.ts';
import { atLeast, parseServerVersion } from '../../../../agent/natsserver/version.ts';
import { configOf, secretsOf, userSection, withOptions } from '../../../kit/leaf/leafconfig.ts';
import { seededRandom } from '../../../kit/lib/random.ts';
import { projectRoot } from '../../../kit/process/tools.ts';

const folder = join(projectRoot, 'test/fixtures/leaf');
const old = [2, 9, 10] as const;
const newest = [2, 15, 2] as const;
const textOf = (
  config: Parameters<typeof renderLeaf>[0],
  version = newest as readonly [number, number, number],
) => renderLeaf(config, secretsOf(config), version).text;

// UPDATE_GOLDEN=1 writes them anew; read the difference before it is committed
describe('golden leaf configs', () => {
  const names = readdirSync(folder).filter((name) => name.endsWith('.uci'));
  assert.ok(names.length >= 12);
  for (const name of names) {
    test(basename(name, '.uci'), () => {
      const uci = readFileSync(join(folder, name), 'utf8');
      const version = parseServerVersion(uci.split('\n', 1)[0] ?? '');
      const config = configOf(uci);
      const { text, notes } = renderLeaf(config, secretsOf(config), version, '/var/run/nunect');
      const rendered = `${text}\n${notes.map((note) => `# note: ${note}\n`).join('')}`;
      const golden = join(folder, name.replace('.uci', '.conf'));
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, rendered);
      assert.equal(rendered, readFileSync(golden, 'utf8'));
    });
  }
});

test('a version is read from what nats-server prints, or is unknown', () => {
  assert.deepEqual(parseServerVersion('nats-server: v2.9.10\n'), [2, 9, 10]);
  assert.deepEqual(parseServerVersion('nats-server: v2.12.0-RC.1'), [2, 12, 0]);
  assert.equal(parseServerVersion('nats-server: dev'), undefined);
});

test('versions compare by number, not by text', () => {
  assert.equal(atLeast([2, 10, 0], [2, 9, 25]), true);
  assert.equal(atLeast([2, 9, 10], [2, 10, 0]), false);
  assert.equal(atLeast([3, 0, 0], [2, 14, 5]), true);
  assert.equal(atLeast([2, 10, 8], [2, 10, 8]), true);
});

test('a key appears with the first version that knows it and not before', () => {
  const config = withOptions({
    hub: { url: ['tls://hub:7422'], handshake_first: true, nkey_file: '/etc/nunect/seed' },
  });
  const firsts = {
    compression: [2, 10, 0],
    handshake_first: [2, 10, 0],
    nkey: [2, 10, 8],
    first_info_timeout: [2, 10, 26],
    ignore_discovered_servers: [2, 14, 0],
    dial_timeout: [2, 14, 5],
  } as const;
  for (const [key, [major, minor, patch]] of Object.entries(firsts)) {
    const before = patch > 0 ? ([major, minor, patch - 1] as const) : ([major, minor - 1, 99] as const);
    assert.match(textOf(config, [major, minor, patch]), new RegExp(`\\b${key}: `), key);
    assert.doesNotMatch(textOf(config, before), new RegExp(`\\b${key}: `), key);
  }
  assert.equal(knows(undefined, 'compression'), false);
});

test('what an old server cannot do is said, with the version it takes', () => {
  const { notes } = renderLeaf(
    withOptions({ hub: { url: ['nats://hub'] } }),
    secretsOf(withOptions({})),
    old,
  );
  assert.deepEqual(notes, [
    'leaf.compression is left out: nats-server 2.9.10 cannot do it; it needs 2.10.0 or newer.',
    'hub.connect_timeout_s (for the first answer) is left out: nats-server 2.9.10 cannot do it; it needs 2.10.26 or newer.',
    'hub.connect_timeout_s (for dialling) is left out: nats-server 2.9.10 cannot do it; it needs 2.14.5 or newer.',
    'hub.ignore_discovered is left out: nats-server 2.9.10 cannot do it; it needs 2.14.0 or newer.',
  ]);
});

test('reconnect is a plain number up to 2.10.11 and a duration from 2.10.12 on', () => {
  const config = withOptions({ hub: { url: ['nats://hub'], reconnect_s: 7 } });
  assert.match(textOf(config, [2, 10, 11]), /reconnect: 7\n/);
  assert.match(textOf(config, [2, 10, 12]), /reconnect: "7s"\n/);
});

test('compression that is off is said to servers that would compress by themselves', () => {
  const config = withOptions({ hub: { url: ['nats://hub'] }, leaf: { compression: 'off' } });
  assert.match(textOf(config), /compression: "off"/);
  assert.doesNotMatch(textOf(config, old), /compression/);
});

test('a unit without a hub is local only, and that is said', () => {
  const config = withOptions({});
  const { text, notes } = renderLeaf(config, secretsOf(config), newest);
  assert.doesNotMatch(text, /leafnodes/);
  assert.deepEqual(notes, ['hub.url is not set: the leaf is local only.']);
  const asked = withOptions({ hub: { url: ['tls://h'] } });
  const without = renderLeaf(config, secretsOf(config), newest, undefined, asked);
  assert.deepEqual([without.text, without.notes], [text, []], 'it is set, but was left out');
});

test('no config ever opens a leafnode listener', () => {
  const text = textOf(withOptions({ hub: { url: ['nats://hub'] } }));
  const leafnodes = confParts(text).get('hub') ?? '';
  assert.doesNotMatch(leafnodes, /\b(listen|port|host):/);
});

test('quoting leaves nothing that nats-server would take for more than text', () => {
  assert.equal(quoted('a"b\\c'), '"a\\"b\\\\c"');
  assert.equal(quoted('tab\tnl\nbell\u0007'), '"tab\\x09nl\\x0abell\\x07"');
  assert.equal(quoted('# { $VAR } ü'), '"# { $VAR } ü"');
});

test('any user and password survive the way through a URL', () => {
  const random = seededRandom(7);
  const text = (): string =>
    Array.from({ length: 1 + Math.floor(random() * 20) }, () => {
      const point = random() < 0.7 ? 32 + Math.floor(random() * 95) : Math.floor(random() * 0x10ffff);
      return point >= 0xd800 && point <= 0xdfff ? '\u{1f4fb}' : String.fromCodePoint(point);
    }).join('');
  for (let run = 0; run < 2000; run++) {
    const [user, password] = [text(), text()];
    const login = userinfo(user, password);
    assert.match(login, /^[A-Za-z0-9%._~*-]+:[A-Za-z0-9%._~*-]+@$/);
    const [, u = '', p = ''] = /^(.*):(.*)@$/.exec(login) ?? [];
    assert.deepEqual([decodeURIComponent(u), decodeURIComponent(p)], [user, password]);
  }
});

test('the port of a hub is that of its scheme when none is given', () => {
  const full = (text: string): string => {
    const url = splitUrl(text);
    return url === undefined ? 'none' : remoteUrl(url, userinfo('u', 'p'));
  };
  assert.equal(full('nats://hub'), 'nats://u:p@hub:7422');
  assert.equal(full('tls://[2001:db8::1]'), 'tls://u:p@[2001:db8::1]:7422');
  assert.equal(full('ws://hub/leaf'), 'ws://u:p@hub:80/leaf');
  assert.equal(full('wss://hub/'), 'wss://u:p@hub:443');
  assert.equal(full('tls://hub:443/x'), 'tls://u:p@hub:443');
  assert.equal(full('no url'), 'none');
});

test('the agent may say what the contract names, word by word, and hears only its own', () => {
  const config = withOptions(
    {},
    {
      probe: [
        { section: 'a', unit: 'demo-02', interval_s: 1 },
        { section: 'demo-01', unit: undefined, interval_s: 1 },
      ],
    },
  );
  const users = confParts(textOf(config)).get('users') ?? '';
  const agent = users.slice(0, users.indexOf('SYS'));
  for (const subject of agent.matchAll(/"((?:ops|\$SRV)[^"]*)"/g))
    assert.doesNotMatch(subject[1] ?? '', /[*>]/);
  assert.match(agent, /"ops\.echo\.demo-02"/);
  assert.deepEqual(
    [...agent.matchAll(/"([^"]*>)"/g)].map((found) => found[1]),
    ['_INBOX.>', '_INBOX_demo-01.>', '_INBOX_demo-01.>', '_INBOX.demo-01.>'],
  );
});

test('replies may go wherever requesters are said to await them', () => {
  const text = textOf(withOptions({ hub: { reply_subject: ['_INBOX_ops.>'] } }));
  assert.match(text, /"_INBOX_ops\.>"/);
  assert.doesNotMatch(text, /"_INBOX\.>"/);
});

test('a LAN user without a list may do nothing: an empty allow list would allow all', () => {
  const config = withOptions({}, { user: [userSection('app', { password: 'x' })] });
  assert.equal(textOf(config).match(/deny: \[">"\]/g)?.length, 2);
});

test('a LAN user gets the ops subjects and inboxes of the unit only when it asks for them', () => {
  const lists = (...subscribe: string[]): string => {
    const config = withOptions({}, { user: [userSection('app', { password: 'x', subscribe })] });
    const users = confParts(textOf(config)).get('users') ?? '';
    return users.slice(users.lastIndexOf('subscribe:', users.indexOf('SYS:')), users.indexOf('SYS:'));
  };
  assert.match(lists('>'), /deny: \[\s+"ops\.>"\s+"_INBOX_demo-01\.>"\s+"_INBOX\.demo-01\.>"\s+\]/);
  assert.match(lists('*.heartbeat.>'), /deny: \[\s+"ops\.>"\s+"_INBOX_demo-01\.>"\s+\]/);
  assert.doesNotMatch(lists('app.>'), /deny/);
  assert.doesNotMatch(lists('ops.heartbeat.*'), /deny/);
  const mixed = lists('>', 'ops.echo.demo-02', 'ops.metric.>');
  assert.match(mixed, /deny: \[[^\]]*"ops\.heartbeat\.demo-01"[^\]]*"ops\.cmd\.leaf\.demo-01"/, 'not named');
  assert.doesNotMatch(mixed, /deny: \[[^\]]*"ops\.(metric|echo\.demo-02)/, 'named');
  assert.match(lists('_INBOX.>'), /deny: \["_INBOX\.demo-01\.>"\]/);
});

test('a LAN user whose password could not be read is left out', () => {
  const config = withOptions({}, { user: [userSection('app', { password_file: '/nowhere' })] });
  assert.doesNotMatch(textOf(config), /"app"/);
});

test('a unit asking its own echo is not heard at the hub', () => {
  const hub = confParts(textOf(withOptions({ hub: { url: ['nats://hub'], deny_export: ['local.>'] } }))).get(
    'hub',
  );
  assert.match(hub ?? '', /deny_exports: \[\s+"ops\.echo\.demo-01"\s+"_INBOX_demo-01\.>"\s+"local\.>"\s+\]/);
});

test('the same config gives the same text', () => {
  const config = withOptions({ hub: { url: ['nats://hub'] } });
  assert.equal(textOf(config), textOf(config));
});

test('a LAN user may be called like what every object has, and still needs a secret', () => {
  for (const section of ['constructor', 'toString', '__proto__']) {
    const config = withOptions({}, { user: [userSection(section, { password_file: '/nowhere' })] });
    assert.doesNotMatch(textOf(config), new RegExp(`native code|user: "${section}"`));
  }
});

test('the anonymous user is there also without a secret: the server does not start without it', () => {
  const config = withOptions({ leaf: { anonymous: 'guest' } }, { user: [userSection('guest')] });
  const text = textOf(config);
  assert.match(text, /no_auth_user: "guest"/);
  assert.match(text, /user: "guest"\n +permissions/);
});
