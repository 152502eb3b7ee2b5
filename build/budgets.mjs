// What ships must stay small: fails when something is over its budget.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { contentsOf, ipkName } from './contents.mjs';
import { ipk } from './ipk.mjs';
import { nunect } from './packages/nunect.mjs';
import { root } from './source.mjs';

const fileSize = (path) => statSync(join(root, path)).size;
const anyTime = 0; // it does not change the size

const budgets = [
  // 72 KB of it are nats.js, the rest is ours. They grew by 24, 26 and 7 KB when the clock was held against
  // a truth that is not zero: what is doubted, remembered and compared since then is worth more than the bytes;
  // and by 33, 4 and 13 KB when nothing was to stay untold: the contents of credentials and TLS files, who may make root
  // do what, renders that are killed, a leaf without the part that cannot start, streams that take nothing;
  // and by 4 KB and 2 KB when others had tried to break that: pipes and links in root's way, restarts that were lost, gaps
  // that a power cut took, renewed files that are not in use;
  // and by 31, 8 and 13 KB for what people see: the page with its chart, tiles, changes and words, a day of history, who is
  // on the leaf, findings as metrics, the kinds of host, help, completion and the details of a unit in `top`;
  // and by 43 and 25 KB when a unit's clock daemons came to be set up by it: what is planned of UCI, tried on the real
  // programs, put in place and taken back, when PTP may steer, what a server announces, the service with its scripts
  // and by 5 and 3 KB when it came to sleep: timers that share wake-ups, polls that slow down, a search for new processes
  { what: 'dist/nunect.cjs', limit: 505_500, size: fileSize('dist/nunect.cjs') },
  { what: 'dist/nunect-hub.cjs', limit: 210_000, size: fileSize('dist/nunect-hub.cjs') },
  {
    what: ipkName(nunect, 'all'),
    limit: 213_500,
    size: ipk(nunect, 'all', contentsOf(nunect, 'all', 'dist'), anyTime).length,
  },
];

for (const { what, limit, size } of budgets) {
  console.log(`${what}: ${size} of ${limit} bytes, ${((100 * size) / limit).toFixed(0)} %`);
  if (size <= limit) continue;
  console.error(`${what} is over its budget by ${size - limit} bytes`);
  process.exitCode = 1;
}
