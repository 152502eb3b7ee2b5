import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { alertConditions, alertRules } from '../../../../agent/hub/alerts/alert.ts';
import { parseAlertOptions } from '../../../../agent/hub/alerts/options.ts';
import { projectRoot } from '../../../kit/process/tools.ts';

const text = readFileSync(join(projectRoot, 'docs/alerts.md'), 'utf8');

test('docs/alerts.md has each condition as it is', () => {
  const rows = text.split('\n').filter((line) => /^\| `\w+` \| Nunect/.test(line));
  assert.deepEqual(
    rows.map((row) => row.slice(2, -2).split(' | ').slice(0, 5).join(' | ')),
    alertConditions.map((condition) => {
      const { name, severity, for_s, keep_s } = alertRules[condition];
      return `\`${condition}\` | ${name} | ${severity} | ${for_s} s | ${keep_s} s`;
    }),
  );
});

test('the example of docs/alerts.md is taken, and its defaults are those that are', () => {
  const [, example = ''] = /```json\n(.*?)```/s.exec(text) ?? [];
  const read = parseAlertOptions(JSON.parse(example).alerts, () => 'https://a.example/');
  assert.ok(read.ok, JSON.stringify(read));
  const usual = parseAlertOptions({}, () => '');
  assert.ok(usual.ok);
  const { limits, times, heartbeat_s, queue } = usual.value;
  const rows = [
    `| \`heartbeat_s\` | ${heartbeat_s} |`,
    `| \`queue\` | ${queue} |`,
    `| \`group_percent\`, \`group_least\` | ${times.group_share * 100}, ${times.group_least} |`,
    `| ${limits.certificate_days}, ${limits.login_days}, ${limits.stream_days} |`,
    `| ${limits.spool_percent}, ${limits.disk_percent} |`,
  ];
  for (const row of rows) assert.ok(text.includes(row), row);
});

test('an alert of the hub is of nobody else, and each of units says what many of them have', () => {
  for (const condition of alertConditions)
    assert.equal('many' in alertRules[condition], !condition.startsWith('hub_'), condition);
  const names = alertConditions.map((condition) => alertRules[condition].name);
  assert.equal(new Set(names).size, names.length);
});
