import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ptpSchedule } from '../../../../agent/clock/ptp4l/schedule.ts';

/** What is due a second after all was asked, of a daemon that pushes this. */
function dueAfterOneSecond(events: Parameters<ReturnType<typeof ptpSchedule>['next']>[1]): string[] {
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
  return askAll(1000);
}

test('what a bound rests on is asked at each poll, also of a daemon that pushes events', () => {
  const fresh = ['CURRENT_DATA_SET', 'PARENT_DATA_SET', 'TIME_PROPERTIES_DATA_SET'];
  assert.deepEqual(dueAfterOneSecond(['port_state', 'time_sync', 'parent_data_set']), fresh);
  assert.deepEqual(dueAfterOneSecond([]), ['PORT_DATA_SET', 'TIME_STATUS_NP', ...fresh]);
});
