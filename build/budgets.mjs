// What ships must stay small: fails when something is over its budget.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { contentsOf, ipkName } from './contents.mjs';
import { ipk } from './ipk.mjs';
import { nunect } from './packages/nunect.mjs';
import { root } from './source.mjs';
import { unitFiles } from './unitfiles.mjs';

const fileSize = (path) => statSync(join(root, path)).size;
const anyTime = 0; // it does not change the size

const sizeOf = (names) => names.reduce((sum, name) => sum + fileSize(`dist/${name}.cjs`), 0);

const budgets = [
  // Each is what is there and 1 %. 63 KB are nats.js, the rest is ours: 95 KB of texts, 138 KB of the names of properties, which
  // are those of the wire, of UCI and of files: they are not shortened, and if all were it would still be 430 KB. What was
  // raised before and why is in the history of this file.
  // Enrolment took 28 KB: 19 of them in a file of its own, which a unit loads that is enrolled; its command has 4.
  { what: 'all of dist/nunect*.cjs', limit: 574_000, size: sizeOf(unitFiles) },
  // a unit whose page nobody looks at, with clock daemons of its own setting
  {
    what: 'what run loads',
    limit: 357_500, // with keys that are made and public ones that are held to signatures, and what an enrolment adds to the config
    size: sizeOf(['nunect', 'nunect-agent', 'nunect-shared']),
  },
  // 1.2 KB are what status says of void logins and of records that are not stored, and revocations by any clock
  // 27 KB of it are init and export, 26 KB up, status and down, 30 KB the issuer and the commands about units; 13 KB they share
  // with the agent: TLS files, the log, certificates
  // 5 KB more: a new issuer, the accounts that up keeps, units without a record. 1 KB: links and certificates that follow a
  // reload, a lock that is only looked at. 2 KB: the roster in top, apps that are no units, what the page reads of records
  // 0.5 KB: a fault of ours is told and outlived. 1.5 KB: a page.json with a mistake, or an address that is not there, leaves all as it was
  // 8 KB: what else is wrong beside a cause, two agents under one id, the last full sets after a start, when what changed began, a
  // doubted hub in headline and notes, figures without end
  // 3.5 KB: what of a unit is not read yet is told as such, a flag is of one run, who answers no more, who was renamed
  // 5 KB: each cause an alert of its own, receivers that are new are told what fires, what the hub does not tell is said
  { what: 'dist/nunect-hub.cjs', limit: 626_000, size: sizeOf(['nunect-hub']) },
  {
    what: ipkName(nunect, 'all'),
    limit: 243_400, // 4 KB of it are what the files take from each other: they save a third of the code that is loaded
    size: ipk(nunect, 'all', contentsOf(nunect, 'all', 'dist'), anyTime).length,
  },
  // what an app loads beside nats.js: 2 KB of it are the clock, 2 KB the connection, 1.5 KB the log
  {
    what: 'dist/nunect-client/nunect-client.js',
    limit: 10_240,
    size: fileSize('dist/nunect-client/nunect-client.js'),
  },
];

for (const { what, limit, size } of budgets) {
  console.log(`${what}: ${size} of ${limit} bytes, ${((100 * size) / limit).toFixed(0)} %`);
  if (size <= limit) continue;
  console.error(`${what} is over its budget by ${size - limit} bytes`);
  process.exitCode = 1;
}
