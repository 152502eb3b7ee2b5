import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLeafLine } from '../../../agent/leaf/watch/logline.ts';
import { type LogEntry, logTo } from '../../../agent/lib/log.ts';
import { serverComplaints } from '../../../agent/natsserver/complaints.ts';

const hour_ms = 3_600_000;

test('a complaint is passed on once, and again after the hub was joined or an hour without it', () => {
  const logged: LogEntry[] = [];
  const complaints = serverComplaints(logTo((entry) => logged.push(entry), 'leaf'));
  const report = (text: string, now_ms: number): void => {
    const line = parseLeafLine(text);
    if (line !== undefined) complaints.report(line, now_ms);
  };
  const refused = (n: number): string =>
    `[1] [ERR] 10.0.0.1:7422 - lid:${n} - Leafnode Error 'Authorization Violation'`;
  for (let n = 0; n < 100; n++) report(refused(n), n * 2000);
  assert.deepEqual(
    logged.map(({ level, msg }) => [level, msg]),
    [['error', "10.0.0.1:7422 - lid:0 - Leafnode Error 'Authorization Violation'"]],
  );
  complaints.joined(198_000); // the server was asked before it complained
  report(refused(199), 200_000);
  assert.equal(logged.length, 1);
  complaints.joined(200_001);
  report(refused(200), 300_000);
  assert.equal(logged.length, 2);
  report(refused(201), 300_000 + hour_ms - 1);
  assert.equal(logged.length, 2);
  report(refused(202), 300_000 + 3 * hour_ms);
  assert.equal(logged.length, 3);
  report('[1] [INF] 10.0.0.1:7422 - lid:9 - Leafnode connection created for account: UNIT', 0);
  assert.equal(logged.length, 3, 'what is no complaint stays in the log of the server');
  report('[1] [WRN] something', 0);
  assert.deepEqual(logged.at(-1), { level: 'warn', comp: 'leaf', msg: 'something', fields: {} });
});
