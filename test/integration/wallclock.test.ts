import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { wallClock } from '../../agent/clock/wallclock.ts';
import { machineClocks } from '../../agent/lib/ticker.ts';
import { owned } from '../kit/process/daemon.ts';
import { tool } from '../kit/process/tools.ts';

// Answers each line with CLOCK_MONOTONIC, CLOCK_REALTIME and CLOCK_MONOTONIC again, read one after the other.
const reader = `
import sys, time
for line in sys.stdin:
    a = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    r = time.clock_gettime_ns(time.CLOCK_REALTIME)
    b = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    print(a, r, b, flush=True)
`;

const rounds = 400;

test('wall time agrees with clock_gettime read by python3 within both bounds', async (t) => {
  const python = tool('python3');
  if (python === undefined) return t.skip('python3 is not installed');
  const child = spawn(python, ['-c', reader], { stdio: ['pipe', 'pipe', 'inherit'] });
  owned(t, child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const clock = wallClock(machineClocks);
  const errors_us: number[] = [];
  let widest_us = 0;
  for (let i = 0; i < rounds; i++) {
    child.stdin.write('\n');
    const answer = await lines.next();
    const [a = 0n, r = 0n, b = 0n] = String(answer.value).split(' ').map(BigInt);
    assert.deepEqual(clock.check(), {}, 'no step where none was');
    // what our clock says of the moment at which python read CLOCK_REALTIME
    const mono_ns = process.hrtime.bigint();
    const ours_us = clock.now_us();
    const bracket_us = Number(process.hrtime.bigint() - mono_ns) / 1e3;
    const theirs_us = Number(r) / 1e3 + Number(mono_ns - (a + b) / 2n) / 1e3;
    const allowed_us = clock.error_us() + bracket_us + Number(b - a) / 2e3 + 1;
    const error_us = ours_us - theirs_us;
    assert.ok(
      error_us >= -allowed_us && error_us <= allowed_us,
      `off by ${error_us} us, allowed ${allowed_us}`,
    );
    errors_us.push(Math.abs(error_us));
    widest_us = Math.max(widest_us, clock.error_us());
  }
  errors_us.sort((x, y) => x - y);
  const at = (share: number): string => (errors_us[Math.floor(share * (rounds - 1))] ?? 0).toFixed(2);
  t.diagnostic(
    `${rounds} readings: |difference| p50 ${at(0.5)} us, p99 ${at(0.99)} us, max ${at(1)} us; claimed at most ${widest_us} us`,
  );
});
