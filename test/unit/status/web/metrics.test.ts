import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatMetrics } from '../../../../agent/status/web/metrics.ts';
import { quantities } from '../../../../agent/status/web/quantities.ts';
import { parseExposition } from '../../../kit/lib/exposition.ts';
import { emptySnapshot, fullSnapshot } from '../../../kit/page/snapshot.ts';

test('names, units and help texts are as promtool wants them', () => {
  const abbreviated = /_(s|ms|us|ns|sec|secs|min|kb|mb|pct|percent|msgs|byte|second)(_total)?$/;
  for (const { name, type, help } of quantities) {
    assert.match(name, /^nunect_[a-z0-9]+(_[a-z0-9]+)*$/);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    assert.doesNotMatch(name, abbreviated);
    assert.doesNotMatch(name, /_(gauge|counter|count|sum|bucket)$/);
    assert.match(help, /^[A-Z0-9].*[^\s]\.$/, name);
  }
  assert.equal(new Set(quantities.map(({ name }) => name)).size, quantities.length);
});

test('every quantity appears for a unit of which all is known', () => {
  const families = parseExposition(formatMetrics({ ...fullSnapshot, troubles: emptySnapshot.troubles }));
  assert.deepEqual(
    [...families.keys()],
    quantities.map(({ name }) => name),
  );
});

test('values are in base units', () => {
  const families = parseExposition(formatMetrics(fullSnapshot));
  const value = (name: string): number | undefined => families.get(name)?.samples[0]?.value;
  assert.equal(value('nunect_clock_error_bound_seconds'), 180e-9);
  assert.equal(value('nunect_clock_offset_seconds'), -350e-9);
  assert.equal(value('nunect_clock_changed_timestamp_seconds'), (fullSnapshot.clock?.since_ms ?? 0) / 1000);
  assert.equal(value('nunect_clock_error_relative_seconds'), (fullSnapshot.clock?.error_rel_ns ?? 0) / 1e9);
  assert.equal(value('nunect_hub_rtt_seconds'), 0.00125);
  assert.equal(value('nunect_link_sent_bytes_total'), 1_100_000_000);
  assert.equal(value('nunect_link_received_bytes_total'), 120_000_000);
  assert.equal(value('nunect_link_month_bytes'), 200_000_000);
  assert.equal(value('nunect_link_bytes_basis'), 1);
  assert.equal(value('nunect_leaf_clients'), 3);
  assert.equal(value('nunect_leaf_client_receive_message_rate'), 42.25);
  assert.equal(value('nunect_leaf_client_transmit_message_rate'), 17);
  assert.equal(value('nunect_leaf_slow_consumers_total'), 1);
  assert.equal(value('nunect_rtt_median_seconds'), 168e-6);
  assert.equal(value('nunect_cpu_busy_ratio'), 0.125);
  assert.equal(value('nunect_interface_speed_bytes'), 312_500_000);
  assert.equal(value('nunect_agent_cpu_seconds_total'), 1.5);
});

test('there is a series for each state, and one of them is 1', () => {
  const families = parseExposition(formatMetrics(fullSnapshot));
  const present = (name: string): string[] =>
    (families.get(name)?.samples ?? []).filter(({ value }) => value === 1).map(({ labels }) => labels);
  assert.deepEqual(present('nunect_status'), ['status="healthy"']);
  assert.deepEqual(present('nunect_clock_source'), ['source="ptp"']);
  assert.deepEqual(present('nunect_clock_quality'), ['quality="locked"']);
  const count = (name: string): number | undefined => families.get(name)?.samples.length;
  assert.deepEqual(
    ['status', 'clock_source', 'clock_quality'].map((name) => count(`nunect_${name}`)),
    [4, 3, 4],
  );
  const ports = fullSnapshot.ptp?.ports.length ?? 0;
  assert.deepEqual(
    [present('nunect_ptp_port_state').length, count('nunect_ptp_port_state')],
    [ports, 10 * ports],
  );
});

test('findings are counted by what they are about: several mistakes may be in one file', () => {
  const mistake = {
    code: 'config_problem',
    weight: 'note',
    key: 'k',
    about: '/f',
    text: 't',
    remedy: 'r',
  } as const;
  const families = parseExposition(formatMetrics({ ...emptySnapshot, troubles: [mistake, mistake] }));
  assert.deepEqual(families.get('nunect_finding')?.samples, [
    { labels: 'code="config_problem",weight="note",about="/f"', value: 2 },
  ]);
  assert.deepEqual(
    families.get('nunect_findings')?.samples.map(({ value }) => value),
    [0, 0, 0, 2],
  );
});

test('what is not known does not appear', () => {
  const families = parseExposition(formatMetrics(emptySnapshot));
  assert.deepEqual(
    [...families.keys()],
    [
      'nunect_unit_info',
      'nunect_build_info',
      'nunect_uptime_seconds',
      'nunect_status',
      'nunect_findings',
      'nunect_finding',
      'nunect_leaf_connected',
    ],
  );
  const bent = { ...emptySnapshot, uptime_s: Number.NaN };
  assert.ok(!formatMetrics(bent).includes('uptime'));
});

test('a label cannot break out of its quotes', () => {
  const to = 'a"b\\c\nd{e="f"} 1';
  const families = parseExposition(formatMetrics({ ...emptySnapshot, rtt: [{ to, loss: 0.5 }] }));
  assert.deepEqual(families.get('nunect_rtt_loss_ratio')?.samples, [
    { labels: 'to="a\\"b\\\\c\\nd{e=\\"f\\"} 1"', value: 0.5 },
  ]);
});
