import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ptpSchedule } from '../../../../agent/clock/ptp4l/schedule.ts';

/** What is due so many seconds after all was asked, of a daemon that pushes this. */
function dueAfter(seconds: number, events: Parameters<ReturnType<typeof ptpSchedule>['next']>[1]): string[] {
  const schedule = ptpSchedule(1000);
  const askAll = (now_ms: number): string[] => {
    const asked: string[] = [];
    for (;;) {
      const question = schedule.next(now_ms, events, true);
      if (question === undefined) return asked;
      schedule.done(question.id, now_ms);
      asked.push(question.id);
    }
  };
  askAll(0);
  return askAll(seconds * 1000);
}

test('what a bound rests on is asked at each poll of a daemon that does not push it', () => {
  const fresh = ['CURRENT_DATA_SET', 'PARENT_DATA_SET', 'TIME_PROPERTIES_DATA_SET'];
  assert.deepEqual(dueAfter(1, []), ['PORT_DATA_SET', 'TIME_STATUS_NP', ...fresh]);
  assert.deepEqual(dueAfter(1, ['port_state']), ['TIME_STATUS_NP', ...fresh]);
});

test('of a daemon that pushes its events nothing is asked at each poll, and what it does not push with each Announce', () => {
  const all = ['port_state', 'time_sync', 'parent_data_set'] as const;
  assert.deepEqual(dueAfter(1, all), []);
  assert.deepEqual(dueAfter(2, all), ['TIME_PROPERTIES_DATA_SET']);
  assert.ok(dueAfter(5, all).includes('PARENT_DATA_SET'));
});
