import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChronyFacts, PtpFacts, PtpPort } from '../../../agent/clock/facts.ts';
import type { Verdict } from '../../../agent/clock/types.ts';
import { clockSummary } from '../../../agent/clock/types.ts';
import { absent, fresh, stale } from '../../../agent/lib/reading.ts';
import {
  clockHeaders,
  type HeartbeatFacts,
  heartbeat,
  logRecord,
  timeMetric,
} from '../../../agent/wire/messages.ts';
import {
  anyMatches,
  encodeRecord,
  goDuration,
  headerValue,
  knownHeaders,
  subjectMatches,
} from '../../../agent/wire/values.ts';

test('durations read like those of Go', () => {
  const expected: [number, string][] = [
    [0, '0s'],
    [0.5, '500ns'],
    [168, '168µs'],
    [168.25, '168.25µs'],
    [1250, '1.25ms'],
    [999_999, '999.999ms'],
    [2_500_000, '2.5s'],
    [60_500_000, '1m0.5s'],
    [3_600_000_000, '1h0m0s'],
    [-42, '-42µs'],
  ];
  for (const [us, text] of expected) assert.equal(goDuration(us), text);
});

test('what is not known never reaches the wire, at any depth', () => {
  const record = {
    a: null,
    b: undefined,
    c: Number.NaN,
    d: Infinity,
    e: 0,
    f: false,
    g: '',
    h: [1, null, NaN],
  };
  assert.equal(
    encodeRecord({ ...record, nested: { ...record } }),
    '{"e":0,"f":false,"g":"","h":[1],"nested":{"e":0,"f":false,"g":"","h":[1]}}',
  );
  assert.equal(encodeRecord({ ns: 12345678901234n }), '{"ns":12345678901234}');
});

test('a header value cannot begin a new line', () => {
  assert.equal(headerValue('a\r\nX-Evil: 1\u0000'), 'a X-Evil: 1');
  assert.equal(headerValue('a\u0085b'), 'a b');
  assert.deepEqual(knownHeaders({ A: 'x\ny', B: undefined, C: Number.NaN, D: 0 }), { A: ['x y'], D: ['0'] });
});

test('subjects match patterns as the server does it', () => {
  const cases: [string, string, boolean][] = [
    ['_INBOX.>', '_INBOX.a', true],
    ['_INBOX.>', '_INBOX.a.b', true],
    ['_INBOX.>', '_INBOX', false],
    ['_INBOX.>', '_INBOX_u1.a', false],
    ['a.*.c', 'a.b.c', true],
    ['a.*.c', 'a.b.c.d', false],
    ['a.*', 'a', false],
    ['a', 'a', true],
    ['>', 'ops.echo.u1', true],
  ];
  for (const [pattern, subject, matches] of cases) {
    assert.equal(subjectMatches(pattern, subject), matches, `${pattern} ${subject}`);
  }
  assert.equal(anyMatches(['>'])(undefined), false);
  assert.equal(anyMatches(['>'])(''), false);
});

const facts: HeartbeatFacts = {
  wall_ms: 1_700_000_000_123.7,
  sequence: 42,
  interval_s: 5,
  uptime_s: 99.9,
  status: 'degraded',
  problems: ['the hub cannot be reached'],
  clock: { source: 'ptp', quality: 'locked', error_bound_ns: 8000.2 },
  native_rtt_us: 168.4,
  app_rtt_us: 1250,
  cpu_percent: 12.4,
  memory_percent: 45,
};

test('a heartbeat has the body and the headers of the contract', () => {
  const { body, headers } = heartbeat({ unit: 'u1', tenant: 'fire', version: '0.1.0' }, facts);
  assert.deepEqual(body, {
    status: 'degraded',
    sequence: 42,
    ts: 1_700_000_000_123,
    unit_id: 'u1',
    interval_s: 5,
    version: '0.1.0',
    uptime_s: 99,
    problems: ['the hub cannot be reached'],
  });
  assert.deepEqual(
    Object.entries(headers).map(([name, values]) => `${name}: ${values.join()}`),
    [
      'X-Unit-ID: u1',
      'X-Sequence: 42',
      'X-Timestamp: 1700000000123',
      'X-Native-RTT: 168µs',
      'X-App-RTT: 1.25ms',
      'X-Health-Status: DEGRADED',
      'X-CPU-Load: 12%',
      'X-Memory-Usage: 45%',
      'X-Uptime: 99',
      'X-Tenant: fire',
      'X-Clock-Source: ptp',
      'X-Clock-Quality: locked',
      'X-Clock-Error-Bound: 8001',
    ],
  );
});

test('a heartbeat leaves out what is not known and says when it is the last', () => {
  const { body, headers } = heartbeat(
    { unit: 'u1', version: '0.1.0' },
    {
      wall_ms: 1,
      sequence: 1,
      interval_s: 5,
      uptime_s: 0,
      status: 'healthy',
      problems: [],
      clock: { source: 'unsynced', quality: 'freerun' },
      native_rtt_us: Number.NaN,
      cpu_percent: Number.NaN,
      stopping: true,
    },
  );
  assert.equal(body.stopping, true);
  for (const name of ['X-Native-RTT', 'X-App-RTT', 'X-CPU-Load', 'X-Tenant', 'X-Clock-Error-Bound']) {
    assert.equal(name in headers, false, name);
  }
  assert.deepEqual(headers['X-Health-Status'], ['OK']);
});

const verdict: Verdict = {
  source: 'ptp',
  quality: 'locked',
  since_ms: 5,
  offset_ns: -350,
  bound: { absolute_ns: 8000.5, relative_ns: 5000.1, terms: [] },
  reasons: ['ptp_locked'],
  evidence: 'ptp4l port 1 is SLAVE',
};

const port = (portState: PtpPort['portState'], n: number): PtpPort => ({
  portIdentity: `aabbcc.fffe.ddeeff-${n}`,
  portState,
  logSyncInterval: 0,
  delayMechanism: 1,
  peerMeanPathDelay_ns: 0,
  logMinDelayInterval: 0,
});

const ptp = (...ports: PtpPort[]): PtpFacts => ({
  events: [],
  ports,
  timeStatus: { master_offset_ns: -350.4, ingress_time_ns: 1n, gmPresent: true, gmIdentity: 'gm' },
  syncs: [{ master_offset_ns: -350.4, ingress_time_ns: 1n }],
  ingressSeen_ms: 1,
  ingressAfter_ms: 1,
  delayChanged_ms: 1,
  current: { stepsRemoved: 1, meanPathDelay_ns: 2812.5 },
  parent: {
    parentPortIdentity: 'gm-1',
    grandmasterIdentity: 'gm',
    gmClockClass: 6,
    gmClockAccuracy: 0x21,
  },
});

const ntp: ChronyFacts = {
  via: 'udp',
  tracking: {
    refid: '0A000001',
    name: '10.0.0.1',
    stratum: 2,
    leap: 'normal',
    ref_time_s: 1,
    system_time_s: 0.0005,
    last_offset_s: 0,
    freq_ppm: 1,
    resid_freq_ppm: 0,
    skew_ppm: 0,
    root_delay_s: 0.001,
    root_dispersion_s: 0.002,
    update_interval_s: 64,
  },
  sources: [
    {
      mode: 'server',
      state: 'selected',
      name: '10.0.0.1',
      resolved: true,
      stratum: 1,
      poll: 6,
      reach: 255,
      last_rx_s: 3,
      offset_s: 0.0001,
      error_margin_s: 0.001,
    },
  ],
};
const stamp = { ts: 1, unit_id: 'u1', seq: 42 };

test('the clock metric begins with the fields of the guardian in their order', () => {
  const record = timeMetric(stamp, {
    verdict,
    since_wall_ms: 1_700_000_000_000.9,
    ptp_follows: true,
    ptp: fresh(ptp(port('MASTER', 1), port('SLAVE', 2)), 1),
    ntp: fresh(ntp, 1),
    ntp_servers: ['10.0.0.1'],
  });
  const sent = JSON.parse(encodeRecord(record)) as Record<string, unknown>;
  assert.deepEqual(Object.entries(sent).slice(0, 22), [
    ['ts', 1],
    ['unit_id', 'u1'],
    ['seq', 42],
    ['ptp_enabled', true],
    ['ptp_master', 'gm'],
    ['ptp_offset_ns', -350],
    ['ptp_path_delay_ns', 2813],
    ['ptp_stratum', 1],
    ['ptp_state', 'SLAVE'],
    ['ntp_enabled', true],
    ['ntp_offset_ms', -0.5],
    ['ntp_stratum', 2],
    ['ntp_servers', ['10.0.0.1']],
    ['ntp_current_server', '10.0.0.1'],
    ['active_source', 'ptp'],
    ['clock_quality', 'locked'],
    ['error_bound_ns', 8001],
    ['error_rel_ns', 5001],
    ['holdover', false],
    ['since_ms', 1_700_000_000_000],
    ['evidence', 'ptp4l port 1 is SLAVE'],
    ['reasons', ['ptp_locked']],
  ]);
  assert.equal((sent['ptp'] as Record<string, unknown>)['port'], 'aabbcc.fffe.ddeeff-2');
  assert.equal((sent['ntp'] as { sources: unknown[] }).sources.length, 1);
});

test('the offset that a dead grandmaster or an unsynchronised chronyd left behind is not published', () => {
  const deadIn = (state: 'LISTENING' | 'SLAVE'): Record<string, unknown> => {
    const dead = timeMetric(stamp, {
      verdict: {
        ...verdict,
        bound: { terms: [], unbounded: 'no source' },
        holdover: { since_ms: 1, source: 'ptp' },
      },
      since_wall_ms: 1,
      ptp_follows: state !== 'SLAVE', // which it stays for some time
      holdover_s: 12,
      ptp: fresh(ptp(port(state, 1)), 1),
      ntp: fresh({ ...ntp, tracking: { ...ntp.tracking, leap: 'unsynchronised' } }, 1),
    });
    return JSON.parse(encodeRecord(dead)) as Record<string, unknown>;
  };
  const sent = deadIn('LISTENING');
  for (const name of [
    'ptp_offset_ns',
    'ptp_master',
    'ntp_offset_ms',
    'error_bound_ns',
    'error_rel_ns',
    'ntp_servers',
  ]) {
    assert.equal(name in sent, false, name);
    assert.equal(name in deadIn('SLAVE'), false, name);
  }
  for (const state of ['LISTENING', 'SLAVE'] as const)
    for (const name of ['gm_identity', 'gm_clock_class', 'steps_removed'])
      assert.equal(name in (deadIn(state)['ptp'] as object), false, `${state} ${name}`);
  assert.equal(sent['ptp_state'], 'LISTENING');
  assert.equal(sent['holdover'], true);
  assert.equal(sent['holdover_s'], 12);
});

test('daemons that are absent or stale leave only the verdict', () => {
  const record = timeMetric(stamp, {
    verdict,
    since_wall_ms: 1,
    ptp_follows: true,
    ptp: stale(ptp(port('SLAVE', 1)), 1, 'silent for 4 s'),
    ntp: absent('refused'),
  });
  const sent = JSON.parse(encodeRecord(record)) as Record<string, unknown>;
  assert.equal(sent['ptp_enabled'], true);
  assert.equal(sent['ntp_enabled'], false);
  for (const name of ['ptp', 'ntp', 'ptp_state', 'ptp_offset_ns']) assert.equal(name in sent, false, name);
});

test('the clock in headers rounds its error up and leaves out what is unbounded', () => {
  const bounded = clockSummary(verdict);
  assert.deepEqual(bounded, {
    source: 'ptp',
    quality: 'locked',
    error_bound_ns: 8001,
    error_rel_ns: 5001,
  });
  const headers = clockHeaders(bounded);
  assert.deepEqual([headers['X-Clock-Error-Bound'], headers['X-Clock-Error-Rel']], [['8001'], ['5001']]);
  assert.deepEqual(clockHeaders({ source: 'ntp', quality: 'tracking' }), {
    'X-Clock-Source': ['ntp'],
    'X-Clock-Quality': ['tracking'],
  });
  assert.deepEqual(clockSummary({ ...verdict, bound: { terms: [] } }), { source: 'ptp', quality: 'locked' });
});

test('a log record tells its time by RFC 3339 and its level in capitals', () => {
  const entry = { level: 'warn', comp: 'link', msg: 'gone', fields: { n: 1 } } as const;
  assert.deepEqual(logRecord('u1', 1_700_000_000_123.9, entry), {
    ts: '2023-11-14T22:13:20.123Z',
    lvl: 'WARN',
    unit: 'u1',
    comp: 'link',
    msg: 'gone',
    fields: { n: 1 },
  });
  assert.equal(logRecord('u1', 0, entry, 't-1').trace, 't-1');
});
