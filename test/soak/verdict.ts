import type { ChaosResult } from './chaos.ts';

/** Most by which the agent may have grown between the two calm times. */
const growth = { heap_mb: 2, external_mb: 2, rss_mb: 12, files: 2, children: 0, threads: 0 } as const;

/** spool.window: so many may have been on their way before each report. */
const onTheWay = 64;

/** The records of a second come together, and may do so between the status and the count of the stream. */
const oneSecond = 8;

/** A table of the figures, and the faults; no faults means passed. */
export function judge(result: ChaosResult): { readonly table: string; readonly faults: readonly string[] } {
  const { ledger, begin, end, done } = result;
  const faults: string[] = [...result.oddities, ...result.lockedInVain];
  const say = (isWrong: boolean, what: string): void => {
    if (isWrong) faults.push(what);
  };
  const { ofLast } = ledger;
  say(ledger.doubled.length > 0, `stored twice: ${ledger.doubled.slice(0, 10).join(' ')}`);
  say(ledger.disordered.length > 0, `out of order: ${ledger.disordered.slice(0, 10).join(' ')}`);
  say(ledger.lost > ledger.mayBeLost, `${ledger.lost} records lost, at most ${ledger.mayBeLost} expected`);
  // one that was on its way when the way broke may be stored, given up, and reported all the same
  const both = ofLast.reported - ofLast.missing.length;
  say(
    both < 0 || both > onTheWay * ofLast.reports,
    `since the last start ${ofLast.missing.length} records are missing (${ofLast.missing.slice(0, 10).join(' ')}), ${ofLast.reported} were reported as dropped`,
  );
  say(
    result.acknowledged + result.published + Math.max(0, both) + oneSecond < result.arrived,
    `the stream received ${result.arrived} records, but only ${result.acknowledged} were acknowledged or published`,
  );
  const rows = [
    ['heap_mb', begin.heap.heap_mb, end.heap.heap_mb],
    ['external_mb', begin.heap.external_mb, end.heap.external_mb],
    ['rss_mb', begin.rss_mb, end.rss_mb],
    ['files', begin.files, end.files],
    ['children', begin.children, end.children],
    ['threads', begin.threads, end.threads],
  ] as const;
  for (const [name, was, is] of rows)
    say(!(is - was <= growth[name]), `${name} grew from ${was.toFixed(1)} to ${is.toFixed(1)}`);
  const total = [...done.values()].reduce((sum, times) => sum + times, 0);
  const table = [
    `${total} actions of ${done.size} kinds, ${result.runs} runs of the agent`,
    ...[...done]
      .sort(([, a], [, b]) => b - a)
      .map(([name, times]) => `  ${String(times).padStart(3)}  ${name}`),
    `records: ${ledger.stored} stored, ${ledger.doubled.length} of them twice, ${ledger.missing} missing: ${ledger.reported} reported as dropped, ${ledger.lost} lost with a killed agent (at most ${ledger.mayBeLost} expected)`,
    `second half: ${result.acknowledged} acknowledged, ${result.published} published without, ${result.arrived} received, ${ofLast.missing.length} missing, ${ofLast.reported} reported as dropped${both > 0 ? `, of which ${both} had been stored` : ''}`,
    `clock: locked in ${result.locks} polls, daemons silent for long ${result.silences} times, wrongly locked ${result.lockedInVain.length} times`,
    `${'idle'.padEnd(12)} ${'begin'.padStart(8)} ${'end'.padStart(8)}  allowed growth`,
    ...rows.map(
      ([name, was, is]) =>
        `${name.padEnd(12)} ${was.toFixed(1).padStart(8)} ${is.toFixed(1).padStart(8)}  ${growth[name]}`,
    ),
  ].join('\n');
  return { table, faults };
}
