// JSON Schemas (draft 2020-12) of every record and of status.json, from the tables that the documents are made of.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clockQualities, clockSources } from '../agent/clock/types.ts';
import { weights } from '../agent/health/finding.ts';
import { causeKinds } from '../agent/hub/fleet/causes.ts';
import { admissions, states, unjudgedReasons } from '../agent/hub/fleet/model.ts';
import { cares } from '../agent/hub/fleet/rank.ts';
import { healths } from '../agent/wire/messages.ts';
import { type Documented, documented, type Field } from './recordfields.ts';

const draft = 'https://json-schema.org/draft/2020-12/schema';

interface Schema {
  [keyword: string]: unknown;
  type?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
}

const leaf = ({ type, help, values }: Field): Schema => ({
  ...(type === 'any' ? {} : { type }),
  ...(values === undefined ? {} : { enum: values }),
  ...(help === '' ? {} : { description: help }),
});

/** Puts a field where its path leads: `a.b` is in an object, `a[]` in each element of a list. */
function place(root: Schema, path: string, field: Field): void {
  let at = root;
  for (const step of path.split('.')) {
    const name = step.replace(/\[\]$/, '');
    at.properties ??= {};
    at.type ??= 'object';
    at.properties[name] ??= {};
    at = at.properties[name];
    if (step.endsWith('[]')) {
      at.type = 'array';
      at.items ??= {};
      at = at.items;
    }
  }
  Object.assign(at, leaf(field));
}

/** What is not in `required` may be missing; there may be fields that are not described, of a later version. */
function schemaOf(
  title: string,
  fields: Readonly<Record<string, Field>>,
  required: readonly string[],
  description?: string,
): Schema {
  const schema: Schema = {
    $schema: draft,
    title,
    ...(description === undefined ? {} : { description }),
    type: 'object',
    required,
  };
  for (const [path, field] of Object.entries(fields)) place(schema, path, field);
  return schema;
}

/** `ops.metric.time.<unit>` is `metric.time`. */
export const schemaName = ({ subjects }: Documented): string =>
  (subjects[0] ?? '')
    .replace(/^ops\./, '')
    .replace(/\.[A-Z]+(?=\.<)/, '')
    .replace(/\.?<.*/, '');

const always = (fields: Readonly<Record<string, Field>>, names: readonly string[]): string[] =>
  names.filter((name) => name in fields);

/** The schemas of all records, by name. */
export const recordSchemas = (): Readonly<Record<string, Schema>> =>
  Object.fromEntries(
    documented.map((one) => [
      schemaName(one),
      schemaOf(
        `${one.subjects.join(', ')}`,
        one.fields,
        always(one.fields, [
          'unit_id',
          'ts',
          'seq',
          'sequence',
          'status',
          'interval_s',
          'active_source',
          'event',
          'lvl',
          'unit',
          'condition',
          'severity',
        ])
          .filter((name) => !(name === 'status' && 'event' in one.fields))
          .filter((name) => one.slim?.always.includes(name) ?? true),
        `Published ${one.when}.`,
      ),
    ]),
  );

/** Texts and flags of status.json; every other value is a number. */
const ofStatus: Told = {
  texts:
    /(^|\.)(unit|tenant|version|status|code|key|weight|text|about|stage|cause|remedy|source|quality|name|evidence|seen|why|absent_reason|basis|portIdentity|portState|gmIdentity|parentPortIdentity|timestamping|selected|mode|state|server|server_version|last_error|to|sensor|path|model|revision|target|kernel|file|subject|error|kind|event|user|address|traffic)$|(problems|reasons)\[\]$/,
  flags: /(^|\.)(connected|hub_up)$/,
  values: {
    status: healths,
    'troubles[].weight': weights,
    'clock.source': clockSources,
    'clock.quality': clockQualities,
  },
};

/** What is said of the values of a document of which most are numbers. */
interface Told {
  readonly texts: RegExp;
  readonly flags: RegExp;
  readonly values: Readonly<Record<string, readonly string[]>>;
}

/** The fields that a table of docs/ describes, below that heading. */
function tableFields(file: string, heading: string, { texts, flags, values }: Told): Record<string, Field> {
  const text =
    readFileSync(join(__dirname, '../docs', file), 'utf8')
      .split(heading)[1]
      ?.split('\n## ')[0] ?? '';
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  return Object.fromEntries(
    rows.flatMap((row) => {
      const [names = '', help = ''] = row.slice(2, -2).split(' | ');
      return [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']): [string, Field] => {
        const type = texts.test(name) ? 'string' : flags.test(name) ? 'boolean' : 'number';
        const allowed = values[name];
        return [name, { type, help, ...(allowed === undefined ? {} : { values: allowed }) }];
      });
    }),
  );
}

/** The schema of /status.json. */
export const statusSchema = (): Schema =>
  schemaOf('/status.json', tableFields('status.md', '## status.json', ofStatus), [
    'schema',
    'unit',
    'version',
    'at_ms',
    'uptime_s',
    'status',
    'problems',
    'troubles',
    'link',
    'rtt',
    'certificates',
  ]);

/** Of fleet.json. What a unit says of its clock is not held to words: it may be the Go guardian, or newer. */
const ofFleet: Told = {
  texts:
    /(^|\.)(key|kind|care|state|shared|text|unit|tenant|role|version|claims|source|quality|reason|evidence|grandmaster|ntp_server|what|verdict|against|why)$|(notes|units|problems)\[\]$/,
  flags: /(^|\.)(connected|holdover|limit_is_set|two_speak|unheard|up)$/,
  values: {
    'units[].kind': ['unit', 'client'],
    'units[].care': cares,
    'units[].state': states,
    'causes[].care': cares,
    'causes[].state': states,
    'causes[].kind': causeKinds,
    'units[].enrolment.state': admissions,
    'units[].measured.verdict': ['holds', 'contradicts', 'unjudged'],
    'units[].measured.against': ['utc', 'grandmaster'],
    'units[].measured.reason': unjudgedReasons,
  },
};

/** The schema of /fleet.json. */
export const fleetSchema = (): Schema =>
  schemaOf('/fleet.json', tableFields('fleet.md', '## fleet.json', ofFleet), [
    'schema',
    'at_ms',
    'connected',
    'notes',
    'counts',
    'causes',
    'units',
  ]);

const hubWhats = ['came', 'left', 'refused'];
const hubKinds = ['leaf', 'client', 'websocket', 'mqtt', 'other'];

/** Of hub.json. */
const ofHub: Told = {
  texts:
    /(^|\.)(trouble|cluster|key|weight|text|remedy|command|where|name|state|why|address|version|from|to|server|who|unit|account|rtt_by|description|by|discard|kind|leader|stream|what|reason)$|(^|\.)(accounts|servers)\[\]\.id$|(told|subjects)\[\]$/,
  flags: /(^|\.)(connected|is_leader|websocket|offline|paused)$/,
  values: {
    'told[]': ['routes', 'links', 'accounts', 'streams', 'connections'],
    'findings[].weight': ['critical', 'degraded'],
    'servers[].state': ['healthy', 'degraded', 'gone', 'unknown'],
    'links[].rtt_by': ['server', 'unit'],
    'streams[].limit.by': ['bytes', 'messages', 'store'],
    'streams[].discard': ['old', 'new'],
    'streams[].left.kind': ['days', 'full', 'steady', 'unlimited', 'unknown'],
    'streams[].left.by': ['age', 'rate'],
    'slow.now[].kind': hubKinds,
    'slow.late[].kind': hubKinds,
    'slow.late[].what': hubWhats,
    'events[].kind': hubKinds,
    'events[].what': hubWhats,
  },
};

/** The schema of /hub.json. */
export const hubSchema = (): Schema =>
  schemaOf('/hub.json', tableFields('hubview.md', '## hub.json', ofHub), [
    'schema',
    'at_ms',
    'since_ms',
    'connected',
    'told',
    'findings',
    ...['servers', 'routes', 'links', 'accounts', 'streams', 'consumers', 'slow', 'events', 'minutes'],
  ]);

/** A schema as a file. */
export const schemaText = (schema: Schema): string => `${JSON.stringify(schema, undefined, 2)}\n`;
