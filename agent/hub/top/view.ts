// What there is to show of the units of a hub at a moment.
import { shownServers } from '../../cli/connect/connect.ts';
import type { Listening } from '../fleet/listen.ts';
import { plainText } from '../fleet/record/values.ts';
import { matchesFilter, sortUnits } from './sorting.ts';
import type { TopView } from './table.ts';

/** Why and since when there is no connection; undefined while there is one. */
function lossOf({ link, ticker }: Listening, at_ms: number): TopView['lost'] {
  const { connected, since_ms, lastError } = link.state();
  if (connected) return undefined;
  const for_ms = ticker.now_ms() - since_ms;
  return {
    since_ms: at_ms - for_ms,
    for_s: for_ms / 1000,
    why: plainText(lastError?.text, 200) ?? 'no answer',
  };
}

/** What is there to show at this moment. */
export function viewOf(listening: Listening, order: string, filter: string): TopView {
  const { link, ticker, options, fleet, unreadable, roster } = listening;
  const at_ms = Date.now();
  const units = fleet.units(ticker.now_ms());
  const lost = lossOf(listening, at_ms);
  const unread = unreadable.words(ticker.now_ms());
  return {
    server: shownServers(options),
    at_ms,
    ...(lost === undefined ? {} : { lost }),
    notes: [
      ...link.denied().map((what) => `the server does not permit this: ${what}`),
      ...(fleet.isTruncated()
        ? [`there are more than ${listening.mostUnits} units: the others are not shown`]
        : []),
      ...(typeof roster === 'string'
        ? []
        : [`who was silent before is not known: ${plainText(roster.failed, 200) ?? ''}`]),
      ...(unread === undefined ? [] : [unread]),
    ],
    units,
    shown: sortUnits(
      units.filter((unit) => matchesFilter(unit, filter)),
      order,
    ),
    order,
    filter,
  };
}
