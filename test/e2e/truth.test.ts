// What units say of their clock, held against the truth, in labs side by side; all of them and longer: `make truth`.
// Nothing here can move the clock of this machine: those of the units are files.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { kernelClock } from '../kit/clock/unsteered.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { runToEnd, tempDir } from '../kit/process/daemon.ts';
import { withoutNewerDaemons } from '../kit/process/timetools.ts';
import { runtime } from '../kit/process/tools.ts';
import { noTruthlab } from '../kit/truth/build.ts';
import { type Judgement, judgeUnit } from '../kit/truth/judgement.ts';
import { type LabHall, openHall, play, type Scenario } from '../kit/truth/lab.ts';
import { logOf, tableOf, wrongOf } from '../kit/truth/report.ts';
import { scenarioOf } from '../kit/truth/scenarios/all.ts';
import { randomScenario } from '../kit/truth/scenarios/random.ts';
import { pause } from '../kit/truth/unit.ts';
import { hostEpoch_ns, type VirtualClock, virtualClock } from '../kit/truth/vclock.ts';

const skip = noTruthlab();
/** The same in each run of `make test`, so that a red suite is about what was changed; `make truth` draws others. */
const seed = Number(process.env['LAB_SEED'] ?? 20261128);
const names = [
  'ptp-asym', // the whole path delay may lie in one direction
  'ptp-noresp2', // a delay that is measured no more
  'ptp-flags', // a claim that is withdrawn
  'ptp-utc36', // what no grandmaster can mean
  'ptp-2gm', // a second grandmaster with another time
  'wit-servesutc', // PTP and NTP that differ by 37 s
  'ntp-step60', // a small step between two polls
  'ntp-mon3s', // a clock that is not steered
  'ntp-false4', // a falseticker, by name
  'field-filter4', // few of the samples are taken
  'field-refid-ptp', // an untraceable grandmaster behind chronyd
  'lie-gm', // a claim that only the hub sees to be wrong: a rogue grandmaster,
  'lie-denied', // a path that the config denies to be uneven,
  'lie-sat', // a server that lies; and the hub is behind a satellite
  'sat-honest', // two that are as far off as they say, behind satellites
];
/** The time stack as three options make it; these need what the newer daemons can be told. */
const stackNames = [
  'stack-three', // PTP, its loss, NTP, its return
  'stack-tai1', // a grandmaster 37 s off
  'stack-near', // one that is off by less than a second: chronyd alone would follow nobody
  'stack-pool', // a fallback that is next asked in minutes
];

const owner = newOwner();
const kernelBefore = kernelClock();
const judged: Judgement[] = [];
let hall: LabHall;
let started = 0;

before(async () => {
  if (skip === false) hall = await openHall(owner);
});
after(async () => {
  await owner.end();
  if (skip === false) console.log(`LAB_SEED=${seed}\n${tableOf(judged)}`);
});

/** Plays a scenario; units start one after the other, since that is what costs most. */
async function played(scenario: Scenario) {
  started += 1;
  await pause(started * 0.7);
  return play(hall, scenario);
}

/** No record of its units lies outside, is falsely locked or contradicts itself. */
async function holds(scenario: Scenario): Promise<void> {
  const units = await played(scenario);
  const results = units.map(judgeUnit);
  judged.push(...results);
  const wrong = results.flatMap(wrongOf);
  assert.deepEqual(wrong, [], [...wrong, ...units.map(logOf)].join('\n'));
}

describe('a record and the truth', { skip, concurrency: names.length + stackNames.length + 3 }, () => {
  const longestFirst = names.map(scenarioOf).sort((a, b) => b.seconds - a.seconds);
  for (const scenario of longestFirst) test(`${scenario.name}: ${scenario.what}`, () => holds(scenario));

  for (const scenario of stackNames.map(scenarioOf))
    test(`${scenario.name}: ${scenario.what}`, { skip: withoutNewerDaemons() }, () => holds(scenario));

  test(`random lies with seed ${seed}`, () => holds(randomScenario(seed, 75)));

  test('a clock that nobody steers is seen to be off by what it is off by', async () => {
    let behind_s = 0;
    const [unit] = await played({
      name: 'truth-unsteered',
      what: 'watched only',
      seconds: 20,
      async run(lab) {
        const watched = await lab.unit({ offset_s: 0.03 });
        watched.chronyd([(await lab.ntp()).line()], { monitorOnly: true });
        await watched.agent();
        await pause(15);
        behind_s = Number((await watched.chronyc('-c', 'tracking')).split(',')[4]);
      },
    });
    const truth_s = (unit?.rows.at(-1)?.truth.error_ns ?? 0) / 1e9;
    assert.ok(Math.abs(truth_s - 0.03) < 0.001, `${truth_s} s`);
    assert.ok(Math.abs(truth_s + behind_s) < 0.0005, `truth ${truth_s} s, by chronyd ${-behind_s} s`);
  });

  test('a server that lies alone and from the first takes its unit along, and the lab sees it, and so does the hub', async () => {
    const [unit] = await played({
      name: 'truth-liar',
      what: '250 ms off',
      seconds: 30,
      async run(lab) {
        const fooled = await lab.unit();
        fooled.chronyd([(await lab.ntp({ offset_s: 0.25 })).line(), 'makestep 0.1 3']);
        await fooled.agent();
        await fooled.flagged();
      },
    });
    assert.ok(unit !== undefined);
    assert.deepEqual(unit.unsaid, [], logOf(unit));
    const truth_ms = (unit.rows.at(-1)?.truth.error_ns ?? 0) / 1e6;
    assert.ok(Math.abs(truth_ms - 250) < 1, `${truth_ms} ms`);
    assert.ok(judgeUnit(unit).outside > 0, logOf(unit));
  });
});

describe('the clock of a unit', { skip }, () => {
  const clockOf = (offset_s: number, oscillator_ppm: number) =>
    virtualClock(owner, hall.truthlab, join(tempDir(owner, 'clock'), 'clock'), {
      offset_s,
      oscillator_ppm,
      epoch_ns: hostEpoch_ns(hall.truthlab),
    });

  /** What a process of the unit reads, minus what this one does, in ms. */
  async function seen_ms(clock: VirtualClock): Promise<number> {
    const env = { ...process.env, ...clock.env };
    const { stdout } = await runToEnd(runtime(), ['-p', 'Date.now()'], { env });
    return Number(stdout) - Date.now();
  }

  test('is what its processes read, and no process besides', async () => {
    const clock = clockOf(1000, 0);
    assert.ok(Math.abs((await seen_ms(clock)) - 1e6) < 2000);
    clock.step(-2000);
    assert.ok(Math.abs((await seen_ms(clock)) + 1e6) < 2000);
  });

  test('gains by its oscillator, and jumps when it is set', async () => {
    const clock = clockOf(0, 500);
    const before_ns = clock.truth().error_ns;
    await pause(1);
    const gained_ns = clock.truth().error_ns - before_ns;
    assert.ok(Math.abs(gained_ns - 500_000) < 20_000, `${gained_ns} ns in a second at 500 ppm`);
    clock.step(0.25);
    const { error_ns, unstepped_ns } = clock.truth();
    assert.equal(Math.round(error_ns - (unstepped_ns ?? 0)), 250e6);
    clock.oscillator(0);
    const stopped_ns = clock.truth().error_ns;
    await pause(0.3);
    assert.ok(Math.abs(clock.truth().error_ns - stopped_ns) < 2000);
    assert.equal(clock.truth().unstepped_ns, undefined, 'the step is a while ago');
  });
});

test('frequency and status of the kernel clock are as before', () => {
  assert.deepEqual(kernelClock(), kernelBefore);
});
