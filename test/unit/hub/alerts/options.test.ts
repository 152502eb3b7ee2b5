import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAlertOptions } from '../../../../agent/hub/alerts/options.ts';

const secret = 'https://am.example/api/v2/alerts?token=s3cret';
const read = (section: unknown) =>
  parseAlertOptions(section, (path) => {
    if (path === '/etc/hook') return `${secret}\n`;
    throw new Error(`${path} cannot be read: ENOENT`);
  });
const whyNot = (section: unknown): string => {
  const found = read(section);
  assert.ok(!found.ok, 'it was taken');
  return found.why;
};
function taken(section: unknown) {
  const found = read(section);
  assert.ok(found.ok, JSON.stringify(found));
  return found.value;
}

test('nothing is needed: the times are those of config/prometheus', () => {
  for (const section of [undefined, {}]) {
    const { times, heartbeat_s, queue, webhook, command } = taken(section);
    assert.deepEqual(times.hold_ms('offline'), { for_ms: 120_000, keep_ms: 30_000 });
    assert.deepEqual([heartbeat_s, queue, times.group_share, times.group_least], [60, 1000, 0.2, 3]);
    assert.deepEqual([webhook, command], [undefined, undefined]);
  }
});

test('a webhook by its URL or a file; Alertmanager is told again, others are not', () => {
  assert.deepEqual(taken({ webhook: { url_file: '/etc/hook' } }).webhook, {
    url: secret,
    timeout_s: 10,
    repeat_s: 60,
  });
  assert.equal(taken({ webhook: { url: 'http://[::1]:9/x' } }).webhook?.repeat_s, 0);
  assert.equal(taken({ webhook: { url: secret, repeat_s: 0 } }).webhook?.repeat_s, 0);
});

test('hold times, and what is off', () => {
  const { times, limits } = taken({ hold: { offline: { for_s: 5 } }, off: ['clock_bound'] });
  assert.deepEqual(times.hold_ms('offline'), { for_ms: 5000, keep_ms: 30_000 });
  assert.deepEqual([...limits.off], ['clock_bound']);
});

test('a mistake is told with its place, its value and what is allowed', () => {
  for (const [section, why] of [
    [[], /^alerts: a list stands there; it must be an object with webhook, command, /],
    [{ webhok: {} }, /^alerts: unknown key "webhok", did you mean 'webhook'\? \(allowed: webhook, command, /],
    [
      { hold: { ofline: {} } },
      /^alerts\.hold: unknown key "ofline", did you mean 'offline'\? \(allowed: offline, /,
    ],
    [
      { hold: { offline: { for: 1 } } },
      /^alerts\.hold\.offline: unknown key "for".*\(allowed: for_s, keep_s\)$/,
    ],
    [
      { hold: { offline: { for_s: -1 } } },
      /^alerts\.hold\.offline\.for_s: -1 must be a number from 0 to 604800$/,
    ],
    [{ hold: { offline: { keep_s: 0 } } }, /^alerts\.hold\.offline\.keep_s: 0 must be a number from 1 to /],
    [{ heartbeat_s: '60' }, /^alerts\.heartbeat_s: "60" must be a number from 5 to 3600$/],
    [{ off: ['offlin'] }, /^alerts\.off: \["offlin"\] must be a list of these: offline, critical, /],
    [
      { clock_class: 'good' },
      /^alerts\.clock_class: "good" must be one of locked, tracking, acquiring, freerun$/,
    ],
    [{ clock_class: { roles: { dj: 1 } } }, /^alerts\.clock_class\.roles\.dj: 1 must be one of /],
    [{ clock_class: { roles: [] } }, /^alerts\.clock_class\.roles: \[\] must be an object of names/],
    [
      { command: 'reboot' },
      /^alerts\.command: a text stands there; it must be an object with argv, timeout_s$/,
    ],
    [
      { command: { argv: 'echo x' } },
      /^alerts\.command\.argv: a text stands there; it must be a list of texts/,
    ],
    [{ command: { argv: [] } }, /^alerts\.command\.argv: a list stands there; it must be a list of texts/],
    [
      { command: { argv: ['echo'] } },
      /^alerts\.command\.argv\[0\]: a text stands there; it must be an absolute path$/,
    ],
    [{ command: { argv: ['/bin/x', 'a\0b'] } }, /^alerts\.command\.argv: /],
    [{ webhook: {} }, /^alerts\.webhook: one of url and url_file must be there$/],
    [{ webhook: { url: secret, url_file: '/etc/hook' } }, /^alerts\.webhook: one of url and url_file/],
    [
      { webhook: { url_file: '/none' } },
      /^alerts\.webhook\.url_file: "\/none" must be a file that has the URL, and it cannot be read: .*ENOENT$/,
    ],
    [
      { webhook: { url_file: 'hook' } },
      /^alerts\.webhook\.url_file: a text stands there; it must be an absolute path$/,
    ],
    [{ group_percent: 101 }, /^alerts\.group_percent: 101 must be a number from 1 to 100$/],
    [{ certificate_days: Number.NaN }, /^alerts\.certificate_days: null must be a number from 0 to 3650$/],
    [JSON.parse('{"__proto__": 1}'), /^alerts: unknown key "__proto__"/],
  ] as const)
    assert.match(whyNot(section), why);
});

test('a URL that is none is not repeated: it may have a token', () => {
  for (const url of ['ftp://s3cret', 's3cret', 'https://', 7, null])
    assert.equal(whyNot({ webhook: { url } }).includes('s3cret'), false);
});

test('what fires is sent again no more often than there is a sign of life', () => {
  const url = 'http://127.0.0.1:9093/api/v2/alerts';
  for (const [section, repeat_s] of [
    [{ webhook: { url } }, 60],
    [{ webhook: { url }, heartbeat_s: 900 }, 900],
    [{ webhook: { url, repeat_s: 1800 }, heartbeat_s: 900 }, 1800],
    [{ webhook: { url, repeat_s: 0 }, heartbeat_s: 900 }, 0],
  ] as const) {
    const read = parseAlertOptions(section, () => '');
    assert.equal(read.ok && read.value.webhook?.repeat_s, repeat_s, JSON.stringify(section));
  }
});

test('what may be a secret is in no message, wherever in the section it stands by mistake', () => {
  const { href } = new URL(secret);
  for (const section of [
    href,
    [href],
    { webhook: href },
    { webhook: [href] },
    { webhook: { url: `x${href}` } },
    { webhook: { url: [href] } },
    { webhook: { url: { of: href } } },
    { webhook: { url_file: href } },
    { webhook: { url: href, ca_file: href } },
    { webhook: { url: href, timeout_s: href } },
    { command: `/bin/curl ${href}` },
    { command: { argv: `/bin/curl ${href}` } },
    { command: { argv: ['curl', href] } },
    { command: { argv: [href] } },
    { command: { argv: { 0: href } } },
  ])
    assert.doesNotMatch(whyNot(section), /s3cret/, JSON.stringify(section));
});
