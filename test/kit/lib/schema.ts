import Ajv2020 from 'ajv/dist/2020.js';
import { fleetSchema, hubSchema, recordSchemas, statusSchema } from '../../../build/schemas.ts';

/** The same schema with no room for what it does not describe. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([name, one]) => [name, closed(one)]));
  return 'properties' in schema ? { ...inner, additionalProperties: false } : inner;
}

/** What is wrong with a value by a schema, an entry each. */
export type Complain = (value: unknown) => string[];

function complainer(schema: object): Complain {
  const validate = new Ajv2020({ allErrors: true, strict: true, strictTypes: true }).compile(
    closed(schema) as object,
  );
  return (value) =>
    validate(value)
      ? []
      : (validate.errors ?? []).map(
          ({ instancePath, message, params }) =>
            `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
        );
}

/** By the name of the record, such as `metric.time`. */
export const recordComplaints: ReadonlyMap<string, Complain> = new Map(
  Object.entries(recordSchemas()).map(([name, schema]) => [name, complainer(schema)]),
);

export const statusComplaints: Complain = complainer(statusSchema());
export const fleetComplaints: Complain = complainer(fleetSchema());
export const hubComplaints: Complain = complainer(hubSchema());
