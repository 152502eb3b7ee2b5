import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import type { Config } from '../../../agent/config/options.ts';
import { type HostKind, hostKinds } from '../../../agent/device/hostkind.ts';
import type { FindingCode, FindingData, RemedyContext } from '../../../agent/health/finding.ts';
import { findingOf, findings } from '../../../agent/health/findings.ts';
import { commandsOf } from '../../../agent/health/host.ts';
import { withOptions } from '../../kit/leaf/leafconfig.ts';

type Options = Parameters<typeof withOptions>[0];
const hub = { url: ['tls://hub.example.org'], user: 'u' };
const contextOf = ({ hub: ofHub, ...others }: Options = {}, host: HostKind = 'openwrt'): RemedyContext => ({
  config: withOptions({ hub: { ...hub, ...ofHub }, ...others }),
  host: commandsOf(host),
});
const inMode = (mode: Config['leaf']['mode']) => contextOf({ leaf: { mode } });
const remedy = <C extends FindingCode>(code: C, data: FindingData[C], context = contextOf()): string =>
  findingOf(code, data, context).remedy;

const dated = { about: '/a.pem', kind: 'certificate' };
const unstored = { why: 'no PubAck came', isNearEnd: false };
/** One of each. */
const samples: { readonly [C in FindingCode]: FindingData[C] } = {
  not_set_up: {},
  enrolment: {
    kind: 'waiting',
    step: 'pending',
    why: 'the hub waits for approval by a person',
    hasHub: false,
  },
  server_down: { mode: 'managed' },
  hub_down: { why: ': no link', cause: 'auth' },
  hub_silent: {},
  hub_settings: { why: 'the last good ones are in use', cause: 'timeout' },
  hub_limit: { about: 'payload_in', why: 'too large', cause: 'payload_in' },
  leaf_part: { about: 'websocket', why: 'address already in use' },
  leaf_config: { state: 'last_good' },
  leaf_behind: {},
  clock_unsynchronised: { evidence: 'e', reasons: ['no_daemon'], weight: 'degraded' },
  ptp_lost: { gmIdentity: 'aabbcc.fffe.ddeeff', until_ms: 0 },
  ptp_withheld: { why: 'by PTP this clock is 37.0 s behind, by 192.0.2.1 it is 0.2 ms ahead' },
  ptp_silent: { ports: [{ name: 'wan', transport: 'UDPv4' }], domain: 0 },
  time_setup: { code: 'interface_bridge', text: 'br-lan is a bridge', isFault: true },
  not_permitted: { about: 'publish a' },
  no_stream: { ...unstored, published: 3 },
  records_refused: unstored,
  subject_unstored: { about: 'ops.log.INFO.u', ...unstored },
  snapshot_failed: { why: '/x: ENOSPC' },
  records_dropped: { count: 1, reasons: { memory: 1 }, budget_bytes: 4 * 2 ** 20 },
  duplicate_ids: { count: 1 },
  certificate_unreadable: { about: '/a.pem', error: 'ENOENT' },
  certificate_early: { ...dated, from_ms: 0 },
  certificate_expired: dated,
  certificate_expiring: { ...dated, days_left: 6.9, stage_days: 7 },
  file_unused: { about: '/a.pem', why: 'is not the key of the certificate' },
  config_problem: { about: 'f', problem: { file: 'f', line: 3, message: 'm', severity: 'error' } },
};

test('every finding has a sentence and a command that a shell takes, on every kind of host', () => {
  for (const host of hostKinds)
    for (const code of Object.keys(findings) as FindingCode[]) {
      const found = findingOf(code, samples[code], contextOf({}, host));
      assert.doesNotMatch(`${found.key} ${found.text} ${found.remedy}`, /undefined|\[object/);
      execFileSync('sh', ['-n', '-c', found.remedy]);
      if (host !== 'openwrt') assert.doesNotMatch(found.remedy, /uci |opkg|init\.d|logread/, code);
    }
});

test('a key names the finding as it did from the first version on', () => {
  const keys = (Object.keys(findings) as FindingCode[]).map(
    (code) => findingOf(code, samples[code], contextOf()).key,
  );
  assert.deepEqual(keys, [
    'not set up',
    'enrolment',
    'local server',
    'hub',
    'hub silent',
    'hub settings',
    'limit payload_in',
    'leaf part websocket',
    'leaf config',
    'leaf behind',
    'clock',
    'PTP lost',
    'PTP withheld',
    'no grandmaster',
    'time set-up interface_bridge',
    'permission publish a',
    'no stream',
    'hub refuses records',
    'unstored ops.log.INFO.u',
    'spool snapshot',
    'records dropped',
    'duplicate_id',
    'certificate /a.pem',
    'certificate /a.pem',
    'certificate /a.pem',
    'certificate /a.pem',
    'renewed file /a.pem',
    'f:3: m',
  ]);
});

test('the server that the agent is a client of is mended by the mode', () => {
  assert.equal(remedy('server_down', { mode: 'managed' }), '/etc/init.d/nunect-leaf restart');
  assert.equal(remedy('server_down', { mode: 'external' }, inMode('external')), 'logread -e nunect');
  const auth = { cause: 'auth' } as const;
  assert.match(
    remedy('server_down', { mode: 'external', ...auth }, inMode('external')),
    /^uci set nunect\.leaf\.external_password=/,
  );
  assert.match(
    remedy('server_down', { mode: 'off', ...auth }, inMode('off')),
    /^uci set nunect\.hub\.password=/,
  );
});

test('where no cause is known the log is shown', () => {
  assert.equal(remedy('hub_down', { why: '' }), 'tail -n 20 /var/run/nunect/state/leaf.log');
  assert.equal(remedy('hub_down', { why: '' }, inMode('external')), 'logread -e nunect');
});

test('what is wrong with the records is mended at the hub or by more memory', () => {
  for (const code of ['hub_silent', 'no_stream', 'records_refused'] as const)
    assert.match(remedy(code, samples[code]), /# at the hub$/);
  assert.match(remedy('records_dropped', samples.records_dropped), /nunect\.spool\.memory_kb='8192';/);
  const dropped = (reasons: FindingData['records_dropped']['reasons'], budget_bytes = 2 ** 30) => ({
    ...samples.records_dropped,
    reasons,
    budget_bytes,
  });
  assert.match(remedy('records_dropped', dropped({ memory: 1 })), /='1048576';/);
  assert.match(
    remedy('records_dropped', dropped({ memory: 1, max_msg_size: 2 })),
    /--max-msg-size=-1 # at the hub$/,
  );
  assert.match(
    remedy('records_dropped', dropped({ max_payload: 1 })),
    /nunect\.leaf\.max_payload_kb='2048';/,
  );
  assert.match(remedy('records_dropped', dropped({ max_payload: 1 }), inMode('external')), /max_payload/);
  assert.equal(remedy('not_permitted', { about: 'ops.>' }), '/etc/init.d/nunect-leaf restart');
  assert.match(remedy('not_permitted', { about: 'ops.>' }, inMode('off')), /# at the hub/);
  const unstored = remedy('subject_unstored', samples.subject_unstored);
  assert.match(unstored, /^nats stream edit NUNECT --config stream\.json # at the hub.* ops\.log\.INFO\.u$/);
  assert.match(remedy('duplicate_ids', { count: 1 }), /^\/etc\/init\.d\/nunect restart # .*new login/);
  const config = withOptions({});
  const spool = { ...config.spool, snapshot_file: '/mnt/a b/spool' };
  assert.equal(
    remedy('snapshot_failed', { why: '' }, { config: { ...config, spool }, host: commandsOf('openwrt') }),
    "ls -ld '/mnt/a b'; df -h '/mnt/a b'",
  );
});

test('a mistake in the config is mended where it stands, or by the command that it carries', () => {
  const problem = { file: '/etc/config/nunect', line: 3, message: 'm', severity: 'error' } as const;
  const about = problem.file;
  assert.equal(
    remedy('config_problem', { about, problem }),
    'vi -c 3 /etc/config/nunect; /etc/init.d/nunect reload',
  );
  assert.equal(
    remedy('config_problem', { about, problem: { ...problem, mend: 'chmod 600 /k' } }),
    'chmod 600 /k; /etc/init.d/nunect reload',
  );
});

test('a certificate that ran out is replaced, one that is not valid yet is a matter of the clock', () => {
  assert.equal(remedy('certificate_unreadable', samples.certificate_unreadable), 'ls -l /a.pem');
  assert.match(
    remedy('certificate_expiring', samples.certificate_expiring),
    /root@UNIT:\/a\.pem # at the hub/,
  );
  assert.match(remedy('certificate_early', samples.certificate_early), /^date -u/);
  const jwt = { about: '/c', kind: 'user JWT' };
  assert.match(
    remedy('certificate_expired', jwt, contextOf({ hub: { creds_file: '/c' } })),
    /^nsc .*at the hub/,
  );
});

test('a file name stays one word, whatever is in it', () => {
  for (const about of ['/etc/a.pem', '/etc/it\'s $(reboot); `x` "y".pem', '/etc/a b']) {
    const command = remedy('certificate_unreadable', { about, error: '' });
    const printed = execFileSync('sh', ['-c', command.replace('ls -l', "printf '%s|'")]).toString();
    assert.equal(printed, `${about}|`);
  }
});

test('an enrolment that waits is no fault: of a unit without a hub it is what is left to set up, beside a hub a note', () => {
  const waiting = { kind: 'waiting', step: 'asked', why: 'w' } as const;
  const weightOf = (data: FindingData['enrolment']): string =>
    findingOf('enrolment', data, contextOf()).weight;
  assert.equal(weightOf({ ...waiting, hasHub: false }), 'setup');
  assert.equal(weightOf({ ...waiting, hasHub: true }), 'note');
  assert.equal(weightOf({ kind: 'untaken', hasHub: false }), 'setup');
  for (const kind of ['refused', 'failing'] as const)
    for (const hasHub of [false, true]) assert.equal(weightOf({ kind, why: 'w', hasHub }), 'degraded');
});

test('what keeps a device from its first enrolment is not told as a renewal', () => {
  const textOf = (hasHub: boolean): string =>
    findingOf('enrolment', { kind: 'failing', why: 'w', hasHub }, contextOf()).text;
  assert.deepEqual([false, true].map(textOf), [
    'this device cannot enrol: w',
    'the enrolment is not renewed: w',
  ]);
});

test('of a login that an enrolment gave the remedy is a new token, not a new creds file', () => {
  const context = contextOf({ hub: { creds_file: '/etc/nunect/enrol/unit.creds' } });
  assert.match(remedy('hub_down', { why: '', cause: 'auth_expired' }, context), /^nunect-hub token/);
  const own = contextOf({ hub: { creds_file: '/etc/nunect/hub.creds' } });
  assert.match(remedy('hub_down', { why: '', cause: 'auth_expired' }, own), /^nsc generate/);
});
