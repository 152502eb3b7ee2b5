import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planOf } from '../../../kit/clock/timehost.ts';

const wan = 'list interface wan';
const codes = (plan: ReturnType<typeof planOf>): string[] => plan.notes.map(({ code }) => code);

test('nothing is planned without an interface, or when it is off', () => {
  for (const lines of [[], ['option domain 7'], [wan, 'option enabled 0']]) {
    const plan = planOf(lines, { ptp4l: undefined });
    assert.deepEqual([plan.files, plan.fault, plan.notes], [undefined, undefined, []]);
  }
});

test('chronyd is fed where there is one; what feeds it waits for it by the means that it has', () => {
  for (const [chronyd, gate] of [
    [[4, 3], 'start'],
    [[4, 4], 'selectopts'],
    [[4, 8], 'selectopts'],
  ] as const) {
    const plan = planOf([wan], { chronyd });
    assert.deepEqual([plan.feed, plan.gate, plan.hardware, plan.notes], ['chronyd', gate, false, []]);
    assert.match(plan.files?.ptp4lConf ?? '', /\nclock_servo ntpshm\nntpshm_segment 8\n/);
    assert.match(plan.files?.dropIn ?? '', /\nrefclock SHM 8 refid PTP0 /);
    assert.equal(plan.files?.phc2sysArgs, undefined);
  }
});

test('without chronyd ptp4l steers, and that there is no fallback is said', () => {
  const plan = planOf([wan, 'list ntp_server 192.0.2.1'], { chronyd: undefined });
  assert.deepEqual([plan.feed, plan.gate, codes(plan)], ['clock', 'none', ['no_fallback']]);
  assert.equal(plan.files?.dropIn, undefined);
  assert.doesNotMatch(plan.files?.ptp4lConf ?? '', /ntpshm|free_running/);
});

test('the hardware feeds chronyd by phc2sys, which follows all that ptp4l says', () => {
  const plan = planOf(['list interface eth8', 'list interface eth9', 'option domain 7']);
  assert.deepEqual([plan.feed, plan.hardware], ['chronyd', true]);
  assert.deepEqual(plan.files?.phc2sysArgs, [
    ...['-a', '-r', '-E', 'ntpshm', '-M', '8'],
    ...['-z', '/run/time/ptp4l', '-n', '7', '-m', '-q', '-u', '1024'],
  ]);
  assert.match(plan.files?.ptp4lConf ?? '', /\ntime_stamping hardware\n/);
  assert.doesNotMatch(plan.files?.ptp4lConf ?? '', /ntpshm/, 'only one of them feeds');
  const alone = planOf(['list interface eth8'], { chronyd: undefined });
  assert.deepEqual(alone.files?.phc2sysArgs?.slice(0, 3), ['-a', '-r', '-z']);
  const gPTP = planOf(['list interface eth8', 'option profile gPTP']);
  assert.ok(gPTP.files?.phc2sysArgs?.includes('--transportSpecific=1'));
  assert.deepEqual([gPTP.domain, gPTP.transportSpecific], [0, 1]);
});

test('a server serves the clock of chronyd, and moves none', () => {
  const soft = planOf([wan, 'option role server'], { printed: 'refclock SHM 0 refid GPS\n' });
  assert.deepEqual([soft.feed, soft.gate, soft.notes], ['nowhere', 'none', []]);
  assert.equal(soft.files?.dropIn, undefined, 'chronyd has nothing to be told');
  assert.match(soft.files?.ptp4lConf ?? '', /\nmasterOnly 1\nfree_running 1\n/);
  const hard = planOf(['list interface eth8', 'option role server', 'list ntp_server 192.0.2.1']);
  assert.deepEqual(hard.files?.phc2sysArgs?.slice(0, 5), ['-s', 'CLOCK_REALTIME', '-c', 'eth8', '-w']);
  assert.ok(!hard.files?.phc2sysArgs?.includes('-O'), 'which would announce UTC as TAI');
  assert.deepEqual(hard.files?.dropIn?.match(/^\w+/gm), ['server']);
  assert.deepEqual(codes(hard), ['no_reference']);
  const without = planOf([wan, 'option role server'], { chronyd: undefined });
  assert.equal(without.fault?.code, 'server_without_chronyd');
  assert.equal(without.files, undefined);
});

test('role auto with stamps of the hardware cannot serve a reference, and that is said where there is one', () => {
  const gps = { printed: 'refclock PPS /dev/pps0 refid GPS\n' };
  const auto = ['option role auto', 'list interface eth8'];
  const plan = planOf(auto, gps);
  assert.deepEqual(
    [plan.hardware, plan.files?.phc2sysArgs?.[0], codes(plan)],
    [true, '-a', ['no_reference']],
  );
  assert.match(plan.notes[0]?.text ?? '', /not traceable, for phc2sys sets that of a card for role server/);
  assert.deepEqual(codes(planOf(auto)), []);
  assert.deepEqual(codes(planOf([...auto, 'option timestamping software'], gps)), []);
  assert.deepEqual(codes(planOf(['list interface eth8'], gps)), []);
});

test('a port that is not there yet is noted, and chronyd is told all the same', () => {
  const plan = planOf(['list interface usb0'], {});
  assert.deepEqual([plan.files?.ptp4lConf, codes(plan)], [undefined, ['interface_missing']]);
  assert.equal(plan.files?.dropIn, planOf([wan]).files?.dropIn);
  assert.equal(planOf(['list interface usb0', 'option timestamping hardware']).fault, undefined);
});

test('what is missing is the fault', () => {
  assert.equal(planOf([wan], { ptp4l: undefined }).fault?.code, 'no_ptp4l');
  assert.equal(planOf(['list interface usb0'], { ptp4l: undefined }).fault?.code, 'no_ptp4l');
  const hardware = ['list interface eth8', 'option timestamping hardware'];
  assert.equal(planOf(hardware, { phc2sys: false }).fault?.code, 'no_phc2sys');
  assert.equal(planOf(['list interface eth8'], { phc2sys: false }).hardware, false);
});

test("refclocks of chronyd's own that go badly along with PTP are named, for who follows PTP", () => {
  const printed = 'refclock PHC /dev/ptp0 poll 0\nrefclock SHM 8 refid X\nrefclock PPS /dev/pps0\n';
  const plan = planOf([wan], { printed });
  assert.deepEqual(codes(plan), ['refclock', 'refclock']);
  assert.match(plan.notes[0]?.text ?? '', /refclock PHC \/dev\/ptp0: it runs on when PTP is lost/);
  assert.match(plan.files?.ptp4lConf ?? '', /\nntpshm_segment 9\n/);
  const card = planOf(['list interface eth8', 'option profile G.8275.1'], { printed });
  assert.deepEqual(card.files?.phc2sysArgs?.slice(4, 9), ['-M', '9', '-z', '/run/time/ptp4l', '-n']);
  assert.equal(card.files?.phc2sysArgs?.[9], '24', 'the domain of the profile');
  assert.deepEqual(codes(planOf([wan, 'option role server'], { printed })), []);
});
