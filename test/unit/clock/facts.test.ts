import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decidingPort, isFollowing, type PortState } from '../../../agent/clock/facts.ts';
import { initial, judge } from '../../../agent/clock/verdict/judge.ts';
import { fresh } from '../../../agent/lib/reading.ts';
import { timeMetric } from '../../../agent/wire/messages.ts';
import { clockSettings, evidence, ptpFacts, ptpPort } from '../../kit/clock/evidence.ts';

const portsOf = (...states: PortState[]) =>
  states.map((portState, i) => ptpPort({ portState, portIdentity: `a-${i + 1}` }));

const cases: readonly (readonly [states: readonly PortState[], decides: string])[] = [
  [['MASTER', 'SLAVE'], 'a-2'],
  [['UNCALIBRATED', 'FAULTY'], 'a-1'],
  [['UNCALIBRATED', 'SLAVE'], 'a-2'],
  [['SLAVE', 'SLAVE'], 'a-1'],
  [['UNCALIBRATED', 'UNCALIBRATED'], 'a-1'],
  // nobody is followed: the state that needs mending first
  [['LISTENING', 'FAULTY'], 'a-2'],
  [['FAULTY', 'LISTENING'], 'a-1'],
  [['PASSIVE', 'MASTER'], 'a-2'],
  [['LISTENING', 'DISABLED', 'FAULTY'], 'a-3'],
  [['PASSIVE', 'PRE_MASTER', 'GRAND_MASTER', 'INITIALIZING'], 'a-4'],
];

test('one port decides: a SLAVE, else an UNCALIBRATED one, else the worst; of equals the first', () => {
  for (const [states, decides] of cases)
    assert.equal(decidingPort(portsOf(...states))?.portIdentity, decides, states.join());
  assert.equal(decidingPort([]), undefined);
  assert.deepEqual(portsOf('SLAVE', 'UNCALIBRATED', 'MASTER', 'LISTENING').map(isFollowing), [
    true,
    true,
    false,
    false,
  ]);
});

test('verdict and metric name the same port', () => {
  for (const [states, decides] of cases) {
    const facts = ptpFacts(0, 0, {}, { ports: portsOf(...states) });
    const ptp = fresh(facts, 100); // what the judge is shown as well
    const { verdict } = judge(initial(0), evidence({ ptp: facts }, 100), 100, clockSettings());
    const stamp = { ts: 1, unit_id: 'u', seq: 1 };
    const ntp = { kind: 'absent', why: 'refused' } as const;
    const metric = timeMetric(stamp, { verdict, since_wall_ms: 0, ptp_follows: true, ptp, ntp });
    const port = decides.split('-')[1];
    assert.match(verdict.evidence, new RegExp(`ptp4l port ${port} is ${metric.ptp_state}`), states.join());
    assert.equal(metric.ptp?.port, decides);
  }
});
