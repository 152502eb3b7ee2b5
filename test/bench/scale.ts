// What a hub needs for so many units, and what its page needs: CPU, memory, bytes, days that its stream keeps. docs/scale.md has the
// figures and how they grow.
//   node --require ./build/register.cjs test/bench/scale.ts 10 100 1000 10000 [--cluster] [--traffic satellite] [--seconds 60]
//   --no-page: the hub alone; --isolate: as 'init --isolate yes' makes it
//   --by together: all over one client: quick, for the page's own cost, which does not depend on how units are joined
//   --by s2_best, --by off: each by a leaf link of a real nats-server with that compression, which 1,000 are the most for
// Units are simulated in one process, each with a leaf link, a login and the records of its own; dist/ must be built.

import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { type Traffic, traffics } from '../../agent/config/traffic.ts';
import { programApart } from '../kit/process/apart.ts';
import { measureRun } from './scale/measure.ts';
import type { Joined } from './scale/site.ts';

const ways: readonly Joined[] = ['leafs', 'together', 'off', 's2_best'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    by: { type: 'string', default: 'leafs' },
    isolate: { type: 'boolean', default: false },
    cluster: { type: 'boolean', default: false },
    'no-page': { type: 'boolean', default: false },
    traffic: { type: 'string', default: 'standard' },
    seconds: { type: 'string', default: '60' },
    most: { type: 'string', default: '900' },
    back: { type: 'string', default: '180' },
  },
});

async function main(): Promise<void> {
  const traffic = traffics.find((one) => one === values.traffic);
  if (traffic === undefined) throw new Error(`--traffic '${values.traffic}' must be ${traffics.join(', ')}`);
  const by = ways.find((one) => one === values.by);
  if (by === undefined) throw new Error(`--by '${values.by}' must be ${ways.join(', ')}`);
  const counts = positionals.map(Number);
  if (counts.length === 0 || counts.some((count) => !Number.isInteger(count) || count < 1))
    throw new Error(`'${positionals.join(' ')}' must be numbers of units`);
  for (const count of counts) {
    const before = loadavg()[0]?.toFixed(2);
    const row = await measureRun({
      ...{
        count,
        traffic: traffic as Traffic,
        isCluster: values.cluster,
        isIsolated: values.isolate,
        by,
        hasPage: !values['no-page'],
      },
      ...{ seconds: Number(values.seconds), most_s: Number(values.most), back_s: Number(values.back) },
      say: (text) => console.error(`... ${text}`),
    });
    console.log(JSON.stringify({ ...row, load: `${before} ${loadavg()[0]?.toFixed(2)}` }, undefined, 1));
  }
}

programApart(main);
