import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SpokenPort } from '../../../agent/clock/setup/ports.ts';
import type { Finding } from '../../../agent/health/finding.ts';
import { findingsBetween, type HealthFacts, judgeHealth } from '../../../agent/health/health.ts';
import { commandsOf } from '../../../agent/health/host.ts';
import type { SpoolStats } from '../../../agent/records/stats.ts';
import { epoch_s } from '../../kit/clock/evidence.ts';
import { withOptions } from '../../kit/leaf/leafconfig.ts';
import { findingLike, goodVerdict, noVerdict, spoolStats } from '../../kit/unit/unitfakes.ts';

const wall_ms = epoch_s * 1000;
const day_ms = 86_400_000;
const config = withOptions({ hub: { url: ['nats://hub'] } });
const noHub = withOptions({});
const notSetUp = ['not_set_up', 'setup not set up'];
const good: HealthFacts = {
  config,
  host: commandsOf('openwrt'),
  problems: [],
  leaf: { state: 'current', conf: '/c', notes: [] },
  link: { connected: true, since_ms: 0 },
  hubUp: true,
  spool: spoolStats(),
  clock: goodVerdict(),
  denied: [],
  certificates: [],
  wall_ms,
};
const judged = (changes: Partial<HealthFacts>) => judgeHealth({ ...good, ...changes });
/** `status` and the keys of the findings with their weights. */
const said = (changes: Partial<HealthFacts>): string[] => {
  const { status, findings } = judged(changes);
  return [status, ...findings.map(({ weight, key }) => `${weight} ${key}`)];
};
const cert = (days_left: number) => ({
  file: '/c.pem',
  subject: 'CN=u',
  not_before_ms: wall_ms - day_ms,
  not_after_ms: wall_ms + days_left * day_ms,
  days_left,
});

test('a unit of which everything works is healthy and nothing is found wrong', () => {
  assert.deepEqual(said({}), ['healthy']);
});

test('without its local server a unit is critical, and the reason is told; the hub is then no news', () => {
  const link = { connected: false, since_ms: 0, lastError: { text: 'connection refused' } };
  assert.deepEqual(said({ link, hubUp: false }), ['critical', 'critical local server']);
  assert.match(judged({ link }).findings[0]?.text ?? '', /: connection refused$/);
  assert.doesNotMatch(
    judged({ link: { connected: false, since_ms: 0 } }).findings[0]?.text ?? '',
    /undefined/,
  );
});

test('hub settings in use that nobody asked for degrade, also while they work', () => {
  assert.deepEqual(said({ rolledBack: 'the last good ones are in use' }), [
    'degraded',
    'degraded hub settings',
  ]);
});

test('a hub that is configured and not joined degrades; one that is not configured or not known of does not', () => {
  assert.deepEqual(said({ hubUp: false }), ['degraded', 'degraded hub']);
  assert.match(judged({ hubUp: false, hubError: 'no link' }).findings[0]?.text ?? '', /no link/);
  const known = judged({
    hubUp: false,
    hubError: 'no link',
    hubCause: { code: 'auth', text: 'the hub refuses the credentials' },
  });
  assert.equal(known.findings[0]?.text, 'the hub is not joined: the hub refuses the credentials');
  assert.deepEqual(said({ hubUp: undefined }), ['healthy']);
  assert.deepEqual(said({ config: noHub, hubUp: false }), notSetUp);
});

test('a leaf that runs another config than the one asked for is a finding, no config at all a critical one', () => {
  const leaf = (state: 'last_good' | 'hub_only' | 'local_only' | 'none') => ({
    state,
    conf: '/c',
    notes: [],
  });
  for (const state of ['last_good', 'hub_only', 'local_only'] as const)
    assert.deepEqual(said({ leaf: leaf(state) }), ['degraded', 'degraded leaf config']);
  assert.deepEqual(said({ leaf: leaf('none') }), ['critical', 'critical leaf config']);
  assert.deepEqual(said({ leaf: undefined }), ['healthy'], 'not ours to run');
});

test('how much a clock that nothing steers weighs is for time.required to say', () => {
  const withTime = (time: Partial<typeof config.time>) => ({
    ...config,
    time: { ...config.time, ...time },
  });
  const clock = noVerdict();
  assert.deepEqual(said({ clock }), ['healthy', 'note clock']); // no daemon, and none was ever seen
  assert.deepEqual(said({ clock, wasSteered: true }), ['degraded', 'degraded clock']);
  assert.deepEqual(said({ clock, config: withTime({ mode: 'ptp' }) }), ['degraded', 'degraded clock']);
  const lost = { ...clock, reasons: ['ptp_listening'] } as typeof clock;
  assert.deepEqual(said({ clock: lost }), ['degraded', 'degraded clock']);
  assert.deepEqual(said({ clock, config: withTime({ required: 'yes' }) }), ['critical', 'critical clock']);
  assert.deepEqual(said({ clock: lost, wasSteered: true, config: withTime({ required: 'no' }) }), [
    'healthy',
    'note clock',
  ]);
});

test('that NTP has taken over from PTP is told, with the grandmaster that is gone', () => {
  const lostMaster = { gmIdentity: 'aabbcc.fffe.ddeeff', until_ms: wall_ms };
  const clock = { ...goodVerdict(), source: 'ntp' } as const;
  const { status, findings } = judged({ lostMaster, clock });
  assert.equal(status, 'healthy');
  assert.match(findings[0]?.text ?? '', /^PTP lost its grandmaster aabbcc.fffe.ddeeff at 20.* UTC: NTP has/);
  assert.deepEqual(said({ lostMaster }), ['healthy']); // in holdover and the like the clock says it itself
});

const spoken = { ports: [{ name: 'wan', transport: 'UDPv4' }], domain: 0 } as const;

test('a grandmaster that was never heard degrades, with the firewall or the bridge as what may be in its way', () => {
  const silent = (one: SpokenPort, host: 'openwrt' | 'bare' = 'openwrt') =>
    judged({
      timeSetup: { ...spoken, ports: [one], notes: [] },
      isPtpSilent: true,
      host: commandsOf(host),
    });
  const outside = silent({ name: 'wan', transport: 'UDPv4' });
  assert.equal(outside.status, 'degraded');
  assert.equal(outside.findings[0]?.text, 'no grandmaster is heard on wan (UDPv4) in domain 0');
  assert.match(outside.findings[0]?.remedy ?? '', /^uci add firewall rule; .*dest_port='319 320'/);
  const bridged = silent({ name: 'lan1', transport: 'L2', bridge: 'br-lan' });
  assert.match(
    bridged.findings[0]?.text ?? '',
    /as a port of br-lan it hears no grandmaster that speaks UDP/,
  );
  assert.match(bridged.findings[0]?.remedy ?? '', /^tcpdump -ni lan1 /);
  const elsewhere = silent({ name: 'wan', transport: 'UDPv6' }, 'bare');
  assert.match(elsewhere.findings[0]?.remedy ?? '', /^nft list ruleset/);
  assert.deepEqual(said({ timeSetup: { ...spoken, notes: [] } }), ['healthy']);
});

test('PTP that is withheld, and a set-up that failed, degrade; what went otherwise than asked is a note', () => {
  assert.deepEqual(said({ ptpWithheld: 'by PTP this clock is 37.0 s behind' }), [
    'degraded',
    'degraded PTP withheld',
  ]);
  const fault = { code: 'interface_bridge', text: 'br-lan is a bridge' } as const;
  const { status, findings } = judged({ timeSetup: { ...spoken, notes: [], fault } });
  assert.deepEqual([status, findings[0]?.text], ['degraded', 'PTP is not set up: br-lan is a bridge']);
  assert.match(findings[0]?.remedy ?? '', /nunect\.ptp\.interface/);
  const missing = (name: string) => ({ code: 'interface_missing', text: `there is no ${name}` }) as const;
  const notes = judged({ timeSetup: { ...spoken, notes: [missing('wan'), missing('lan1')] } });
  assert.equal(notes.status, 'healthy');
  assert.deepEqual(
    notes.findings.map(({ key, text }) => [key, text]),
    [['time set-up interface_missing', 'there is no wan; there is no lan1']],
  );
});

test('a unit without a hub is not set up, which is graver than a note; the leaf of others has its own', () => {
  assert.deepEqual(said({ config: noHub }), notSetUp);
  assert.deepEqual(said({ config: noHub, clock: noVerdict() }), [...notSetUp, 'note clock']);
  assert.match(judged({ config: noHub }).findings[0]?.remedy ?? '', /^uci set nunect.hub.url='nats:/);
  const nowhere = withOptions({ leaf: { mode: 'off' } });
  assert.deepEqual(said({ config: nowhere, link: { connected: false, since_ms: 0 } }), notSetUp);
  const external = withOptions({ leaf: { mode: 'external' } });
  assert.deepEqual(said({ config: external }), ['healthy']);
  assert.equal(said({ config: noHub, denied: ['publish a'] })[0], 'degraded');
});

const unstored = (
  state: 'plain' | 'refused' | 'failing' | 'partly',
  for_s = 20,
  more: Partial<SpoolStats> = {},
) =>
  spoolStats({
    state,
    unstored: [
      { subject: 'ops.heartbeat.u', state: state === 'partly' ? 'refused' : state, why: 'full', for_s },
    ],
    ...more,
  });

test('what the hub does not store degrades after 15 s, and is critical when the memory is nearly full', () => {
  for (const [state, key] of [
    ['refused', 'hub refuses records'],
    ['failing', 'no stream'],
    ['partly', 'unstored ops.heartbeat.u'],
  ] as const) {
    assert.deepEqual(said({ spool: unstored(state, 14) }), ['healthy']);
    assert.deepEqual(said({ spool: unstored(state, 15) }), ['degraded', `degraded ${key}`]);
    const full = { bytes: 850, budget_bytes: 1000 };
    assert.deepEqual(said({ spool: unstored(state, 15, full) }), ['critical', `critical ${key}`]);
    assert.match(
      judged({ spool: unstored(state) }).findings[0]?.text ?? '',
      /: full$/,
      'in the words of the stream',
    );
  }
  const plain = judged({ spool: unstored('plain', 20, { published: 12 }) }).findings[0];
  assert.match(plain?.text ?? '', /12 were published without being stored$/);
  assert.deepEqual(said({ spool: unstored('plain', 20, { state: 'offline', stored: 0 }) }), [
    'degraded',
    'degraded hub silent',
  ]);
});

test('what is not permitted, not stored, refused or lost degrades', () => {
  assert.deepEqual(said({ denied: ['publish a', 'subscription b'] }), [
    'degraded',
    'degraded permission publish a',
    'degraded permission subscription b',
  ]);
  assert.deepEqual(said({ spool: unstored('plain') }), ['degraded', 'degraded no stream']);
  assert.deepEqual(said({ spool: unstored('plain'), config: noHub }), notSetUp);
  assert.deepEqual(said({ spool: spoolStats({ state: 'offline' }) }), ['degraded', 'degraded hub silent']);
  assert.deepEqual(said({ spool: spoolStats({ state: 'offline' }), hubUp: false }), [
    'degraded',
    'degraded hub',
  ]);
  assert.deepEqual(said({ spool: spoolStats({ state: 'offline' }), config: noHub }), notSetUp);
  assert.deepEqual(said({ snapshotTrouble: '/x: ENOSPC' }), ['degraded', 'degraded spool snapshot']);
  const lost = judged({
    spool: spoolStats({
      dropped: { metric: 3, log: 1, event: 0 },
      drop_reasons: { memory: 1, max_msg_size: 3 },
    }),
  });
  assert.deepEqual(
    lost.findings.map(({ key }) => key),
    ['records dropped'],
  );
  assert.match(lost.findings[0]?.text ?? '', /^4 records .*: 3: larger than max_msg_size .*; 1: the memory/);
});

test('a certificate is a note in its last 30 days, degrades in the last 7, is critical once expired; one that cannot be read degrades', () => {
  const key = 'certificate /c.pem';
  assert.deepEqual(said({ certificates: [cert(30)] }), ['healthy']);
  assert.deepEqual(said({ certificates: [cert(29.9)] }), ['healthy', `note ${key}`]);
  assert.deepEqual(said({ certificates: [cert(7)] }), ['healthy', `note ${key}`]);
  for (const days_left of [6.9, 1, 0.9, 0])
    assert.deepEqual(said({ certificates: [cert(days_left)] }), ['degraded', `degraded ${key}`]);
  assert.deepEqual(said({ certificates: [cert(-0.1)] }), ['critical', `critical ${key}`]);
  assert.deepEqual(said({ certificates: [{ file: '/c.pem', error: 'ENOENT' }] }), [
    'degraded',
    `degraded ${key}`,
  ]);
});

test('of a certificate each threshold is told once, of 30, 7 and 1 days and the end, and its renewal', () => {
  const told: string[] = [];
  let before: readonly Finding[] = [];
  for (const days_left of [31, 29.9, 29.8, 7, 6.9, 1, 0.9, 0.1, -0.1, -5, 90]) {
    const { findings } = judged({ certificates: [cert(days_left)] });
    const { began, ended } = findingsBetween(before, findings);
    told.push(
      ...began.map(({ text, stage }) => `${stage}: ${text}`),
      ...ended.map(({ key }) => `problem ended: ${key}`),
    );
    before = findings;
  }
  assert.deepEqual(told, [
    '30 days: certificate /c.pem expires in 29.9 days',
    '7 days: certificate /c.pem expires in 6.9 days',
    '1 days: certificate /c.pem expires in 0.9 days',
    'expired: certificate /c.pem has expired',
    'problem ended: certificate /c.pem',
  ]);
});

test('a user JWT is judged like a certificate and called what it is; it need not have a beginning', () => {
  const { not_before_ms: _, ...dates } = cert(-1);
  const [finding] = judged({ certificates: [{ ...dates, kind: 'user JWT' }] }).findings;
  assert.deepEqual([finding?.weight, finding?.text], ['critical', 'user JWT /c.pem has expired']);
});

test('mistakes in the config degrade, warnings are notes', () => {
  const problem = { file: 'f', message: 'm' };
  assert.deepEqual(said({ problems: [{ ...problem, severity: 'warning' }] }), [
    'healthy',
    'note f: warning: m',
  ]);
  assert.deepEqual(said({ problems: [{ ...problem, severity: 'error' }] }), ['degraded', 'degraded f: m']);
});

test('the gravest finding comes first and names the status', () => {
  const { status, findings } = judged({
    clock: noVerdict(),
    denied: ['publish a'],
    certificates: [cert(-1)],
    problems: [{ file: 'f', message: 'm', severity: 'warning' }],
  });
  assert.equal(status, 'critical');
  assert.deepEqual(
    findings.map(({ weight }) => weight),
    ['critical', 'degraded', 'note', 'note'],
  );
});

test('a finding is the same when only its figures change', () => {
  const finding = (key: string, text = key): Finding => findingLike({ key, text });
  const before = [finding('a', '1 lost'), finding('b')];
  const { began, ended } = findingsBetween(before, [finding('a', '2 lost'), finding('c')]);
  assert.deepEqual(
    began.map(({ key }) => key),
    ['c'],
  );
  assert.deepEqual(
    ended.map(({ key }) => key),
    ['b'],
  );
});
