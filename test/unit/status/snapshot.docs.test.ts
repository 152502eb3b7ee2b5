import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type StatusSnapshot, snapshotSchema } from '../../../agent/status/snapshot.ts';
import { filledSnapshot } from '../../kit/page/snapshot.ts';
import { documentedFields, fieldsOf } from '../../kit/page/statusfields.ts';
import { projectRoot } from '../../kit/process/tools.ts';

/** With every field that the type has: a new one does not compile until it is here, and then it has to be documented. */
type Whole<T> = T extends readonly (infer E)[]
  ? readonly Whole<E>[]
  : T extends object
    ? { readonly [K in keyof T]-?: Whole<Exclude<T[K], undefined>> }
    : T;

const why = 'because';
const packets = { rx_packets: 1, rx_dropped: 0, tx_packets: 1, tx_dropped: 0 };
const everything: Whole<StatusSnapshot> = {
  ...filledSnapshot,
  problems: [why],
  troubles: [
    {
      code: 'hub_down',
      key: 'k',
      weight: 'note',
      text: why,
      remedy: 'true',
      about: 'f',
      stage: '7 days',
      cause: 'auth',
    },
  ],
  clock: { ...filledSnapshot.clock, holdover: { source: 'ptp', since_ms: 1 } },
  ptp: {
    ...filledSnapshot.ptp,
    why,
    absent_reason: 'no_reply',
    lost_master: { gmIdentity: 'g', until_ms: 1 },
  },
  ntp: { ...filledSnapshot.ntp, why, absent_reason: 'refused' },
  link: {
    ...filledSnapshot.link,
    bytes: {
      ...filledSnapshot.link.bytes,
      last_month: { ...filledSnapshot.link.bytes.last_month, with_headers_bytes: 1 },
      total: { ...filledSnapshot.link.bytes.total, with_headers_bytes: 1 },
    },
    last_error: why,
    cause: 'auth',
  },
  certificates: [
    { file: 'f', kind: 'user JWT', subject: 's', not_before_ms: 1, not_after_ms: 2, days_left: 3 },
    { file: 'f', error: why },
  ],
  system: {
    ...filledSnapshot.system,
    firmware: {
      ...filledSnapshot.system.firmware,
      revision: 'r1',
      target: 'mediatek/filogic',
      kernel: '6.6',
    },
    interfaces: filledSnapshot.system.interfaces.map((one) => ({ ...one, ...packets })),
  },
};

test('docs/status.md describes every field of status.json, and no other', () => {
  const documented = documentedFields();
  assert.equal(new Set(documented).size, documented.length, 'each once');
  assert.deepEqual(documented.sort(), [...new Set(fieldsOf(everything))].sort());
});

test('docs/status.md names the schema that is served', () => {
  const text = readFileSync(join(projectRoot, 'docs/status.md'), 'utf8');
  assert.match(text, new RegExp(`## status\\.json, schema ${snapshotSchema}\\n`));
});
