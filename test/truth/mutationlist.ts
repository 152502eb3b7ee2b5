// The mends of the clock's judgment, each with the code as it would be without it; mutations.ts undoes them in turn.

/** What was mended, and the code as it would be without that. */
interface Mutation {
  readonly mend: string;
  /** Below agent/clock/. */
  readonly file: string;
  readonly code: string;
  readonly without: string;
}

export const mutations: readonly Mutation[] = [
  {
    mend: 'all of the path delay may lie in one direction',
    file: 'verdict/bounds/ptpbound.ts',
    code: 'hardware ? 0.05 : 1;',
    without: 'hardware ? 0.05 : 0.5;',
  },
  {
    mend: 'a negative path delay is a doubt',
    file: 'verdict/doubts.ts',
    code: '(delay_ns ?? 0) < -noisyDelay_ns(spread)',
    without: 'noisyDelay_ns(spread) < 0',
  },
  {
    mend: "ref_time is on chronyd's time",
    file: 'verdict/ntp.ts',
    code: 'wall_s + tracking.system_time_s - tracking.ref_time_s',
    without: 'wall_s - tracking.ref_time_s',
  },
  {
    mend: 'a witness that falls silent takes nothing back',
    file: 'verdict/assess.ts',
    code: 'return { ...before, heard_ms: now_ms };',
    without: 'return undefined;',
  },
  {
    mend: 'small steps count',
    file: 'verdict/judge.ts',
    code: 'const before = step_s === 0 ?',
    without: 'const before = Math.abs(step_s) < 0.1 ?',
  },
  {
    mend: 'not only system_time counts',
    file: 'verdict/bounds/ntpbound.ts',
    code: 'Math.max(Math.abs(system_time_s) + Math.abs(source.offset_s), all.at(-1)?.offset_s ?? 0) * 1e9',
    without: '(Math.abs(system_time_s) + 0 * (source.offset_s + all.length)) * 1e9',
  },
  {
    mend: 'quality follows the bound',
    file: 'verdict/judge.ts',
    code: 'const now_ns = measured ? bound_ns : Math.abs(sample.offset_ns);',
    without: 'const now_ns = measured && bound_ns < 0 ? bound_ns : Math.abs(sample.offset_ns);',
  },
  {
    mend: 'one sample far outside is enough',
    file: 'verdict/hysteresis.ts',
    code: 'const farOutside = 2;',
    without: 'const farOutside = Infinity;',
  },
  {
    mend: 'a path delay that is no longer measured is a doubt',
    file: 'verdict/ptp.ts',
    code: 'sign(answered_ms, 8, 8000)',
    without: 'sign(answered_ms, Infinity, 8000)',
  },
  {
    mend: 'answers to other slaves show nothing',
    file: 'verdict/ptp.ts',
    code: "clock === 'system' ? [sign(",
    without: "clock === 'system' && answered_ms === undefined ? [sign(",
  },
  {
    mend: 'who asks is told by what is known now',
    file: 'timekeeper.ts',
    code: 'if (isOld || isStepped || !isSame) judgeNow(keeping);',
    without: 'if (isOld && isStepped && !isSame) judgeNow(keeping);',
  },
  {
    mend: 'what a claim rests on is as fresh as the claim',
    file: 'ptp4l/schedule.ts',
    code: "command: 'GET TIME_PROPERTIES_DATA_SET',\n    every_s: 0,",
    without: "command: 'GET TIME_PROPERTIES_DATA_SET',\n    every_s: 10,",
  },
  {
    mend: 'currentUtcOffset cannot be below 37',
    file: 'verdict/grandmaster.ts',
    code: 'currentUtcOffset_s < leastUtcOffset_s',
    without: 'currentUtcOffset_s < leastUtcOffset_s - 99',
  },
  {
    mend: 'clockClass 6 and 7 are of the PTP timescale',
    file: 'verdict/grandmaster.ts',
    code: 'if (!ptpTimescale && ptpTimescaleClasses.has(gmClockClass))',
    without: 'if (!ptpTimescale && ptpTimescaleClasses.has(-gmClockClass))',
  },
  {
    mend: 'another currentUtcOffset than before',
    file: 'verdict/doubts.ts',
    code: 'utcOffset_s !== undefined && now_s !== utcOffset_s;',
    without: 'utcOffset_s !== undefined && now_s < -utcOffset_s;',
  },
  {
    mend: 'falsetickers are named',
    file: 'verdict/ntp.ts',
    code: 'if (liars.length > 0 &&',
    without: 'if (liars.length > 99 &&',
  },
  {
    mend: 'the window begins anew with each regime',
    file: 'verdict/bounds/offsets.ts',
    code: 'const isSame = before.regime === regime;',
    without: "const isSame = before.regime === regime || regime !== '';",
  },
  {
    mend: 'liveness is not counted in samples',
    file: 'verdict/ntp.ts',
    code: 'return selected.resolved && selected.last_rx_s !== undefined &&',
    without:
      'return selected.resolved && (selected.last_rx_s ?? 1e9) <= Math.max(5, threePolls_s(selected)) &&',
  },
  {
    mend: 'no name of a refclock decides trust',
    file: 'verdict/chronypath.ts',
    code: '? !/^PHC/.test(name)',
    without: '? /^(PTP|SHM)/.test(name)',
  },
  {
    mend: 'a chronyd that refuses is not absent',
    file: 'verdict/ntp.ts',
    code: 'if (chronydMonitorOnly !== undefined &&',
    without: 'if (chronydMonitorOnly !== undefined && otherNtp !== undefined &&',
  },
  {
    mend: 'in holdover the correction may be lost',
    file: 'verdict/holdover.ts',
    code: "Math.max(drift_ppb, path === 'chrony' ? ntpDrift_ppb : crystal_ppb)",
    without: "path === 'chrony' && ntpDrift_ppb + crystal_ppb < 0 ? 0 : drift_ppb",
  },
  {
    mend: 'a servo is known by its way',
    file: 'verdict/past/servomodel.ts',
    code: 'servo && (servo.rate_ppb - servo.usual_ppb) * interval_s;',
    without: 'servo && 0 * (servo.rate_ppb - servo.usual_ppb) * interval_s;',
  },
  {
    mend: 'a claim is as wide as its samples scatter, not as the bound of the moment',
    file: 'verdict/past/past.ts',
    code: 'noise === undefined ? bound_ns : noise + source_ns;',
    without: 'noise === undefined || noise > 0 ? bound_ns : noise + source_ns;',
  },
  {
    mend: 'chronyd is known by its way',
    file: 'verdict/past/slewed.ts',
    code: 'slewed_ns: isMissed ? 0 : slewed_ns,',
    without: 'slewed_ns: isMissed ? 0 : 0 * slewed_ns,',
  },
  {
    mend: 'both claims count until it is known which is true',
    file: 'verdict/conclusion.ts',
    code: 'ns: Math.abs(pending.ns) + pending.half_ns });',
    without: 'ns: 0 * pending.ns });',
  },
  {
    mend: 'the scatter of the others counts on top of an outlier',
    file: 'verdict/bounds/offsets.ts',
    code: 'farthest_ns + 3 * noise_ns',
    without: 'farthest_ns + 0 * noise_ns',
  },
  {
    mend: 'a witness is as old as its last measurement',
    file: 'verdict/bounds/ptpbound.ts',
    code: 'Math.max(largest_ns, sumOfKinds',
    without: 'Math.max(0 * largest_ns, sumOfKinds',
  },
  {
    mend: 'in holdover somebody else may steer',
    file: 'verdict/conclusion.ts',
    code: 'return widerAbsolute(bound, asRead(other, background));',
    without: 'return [bound, widerAbsolute(bound, asRead(other, background))][0] ?? bound;',
  },
  {
    mend: 'an announced leap second is no jump',
    file: 'verdict/leap.ts',
    code: '< sameStep_s ? leap.step_s : 0',
    without: '< sameStep_s ? 0 * leap.step_s : 0',
  },
  {
    mend: 'a refclock that goes on without PTP is not fed by it',
    file: 'verdict/chronypath.ts',
    code: 'fed.fed_ms > limit_ms;',
    without: 'fed.fed_ms > limit_ms * 1e9;',
  },
  {
    mend: 'a limit is entered well below it',
    file: 'verdict/hysteresis.ts',
    code: 'const wellBelow = 0.8;',
    without: 'const wellBelow = 1;',
  },
  {
    mend: 'a servo has moved the clock since before its Sync was seen',
    file: 'verdict/past/past.ts',
    code: 'followed_ms: after_ms,',
    without: 'followed_ms: Math.max(after_ms, now_ms),',
  },
];
