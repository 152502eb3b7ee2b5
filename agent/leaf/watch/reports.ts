// The monitoring JSON of nats-server, 2.9 to 2.15, as facts: /varz and /leafz, or the replies to the system requests.

import { known } from '../../lib/known.ts';
import { isObject } from '../../lib/parse.ts';
import { parseGoDuration } from '../../wire/values.ts';

/** One leaf connection of the local server towards a hub. Counts are since it was made. */
export interface HubLink {
  readonly ip: string;
  readonly port: number;
  /** Number of the connection within the server; known from 2.11. */
  readonly id?: number;
  /** Missing until the hub has answered a first PING: until then the link is not up. */
  readonly rtt_us?: number;
  readonly in_msgs?: number;
  readonly out_msgs?: number;
  readonly in_bytes?: number;
  readonly out_bytes?: number;
}

/** The local server. */
export interface ServerFacts {
  readonly id: string;
  readonly name?: string;
  readonly version?: string;
  /** Since its start. */
  readonly slow_consumers?: number;
  /** Addresses of the hubs that it is configured to join; the server leaves out credentials. */
  readonly remotes: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

/** The report itself: plain over HTTP, under `data` in the reply to a system request. */
export function reportIn(text: string): Json | undefined {
  try {
    const json: unknown = JSON.parse(text);
    const report = isObject(json) && isObject(json['server']) ? json['data'] : json;
    return isObject(report) && typeof report['server_id'] === 'string' ? report : undefined;
  } catch {
    return undefined;
  }
}

/** Not below zero, and nowhere near the end of what a number can hold. */
export const amount = (value: unknown): number | undefined =>
  typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : undefined;

/** A whole number of them. */
export const wholeNumber = (value: unknown): number | undefined =>
  Number.isInteger(value) ? amount(value) : undefined;

/** A short text that is not empty. */
export const word = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value.slice(0, 256) : undefined;

function parseLink(entry: unknown): HubLink[] {
  // is_spoke is false where another leaf joined us; before 2.9.15 there is no such field
  if (!isObject(entry) || entry['is_spoke'] === false) return [];
  const ip = word(entry['ip']);
  const port = wholeNumber(entry['port']);
  if (ip === undefined || port === undefined || port > 65535) return [];
  const rtt_us = parseGoDuration(word(entry['rtt']) ?? '');
  return [
    {
      ip,
      port,
      ...known({
        id: wholeNumber(entry['id']),
        rtt_us: rtt_us === 0 ? undefined : rtt_us, // "0s": not measured yet
        in_msgs: wholeNumber(entry['in_msgs']),
        out_msgs: wholeNumber(entry['out_msgs']),
        in_bytes: wholeNumber(entry['in_bytes']),
        out_bytes: wholeNumber(entry['out_bytes']),
      }),
    },
  ];
}

/** The links to hubs in a LEAFZ report; undefined when it cannot be understood. */
export function parseLeafz(text: string): HubLink[] | undefined {
  const report = reportIn(text);
  if (report === undefined || wholeNumber(report['leafnodes']) === undefined) return undefined;
  const leafs: unknown = report['leafs'] ?? []; // null in 2.9 when there are none
  return Array.isArray(leafs) ? leafs.flatMap(parseLink) : undefined;
}

function parseRemotes(leaf: unknown): string[] {
  const remotes: unknown = isObject(leaf) ? leaf['remotes'] : undefined;
  const lists = Array.isArray(remotes) ? remotes.filter(isObject).map(({ urls }) => urls) : [];
  return lists.flatMap((urls: unknown) =>
    Array.isArray(urls) ? urls.flatMap((url) => word(url) ?? []) : [],
  );
}

/** The server in a VARZ report; undefined when it cannot be understood. */
export function parseVarz(text: string): ServerFacts | undefined {
  const report = reportIn(text);
  const id = word(report?.['server_id']);
  if (report === undefined || id === undefined || wholeNumber(report['connections']) === undefined)
    return undefined;
  return {
    id,
    ...known({
      name: word(report['server_name']),
      version: word(report['version']),
      slow_consumers: wholeNumber(report['slow_consumers']),
    }),
    remotes: parseRemotes(report['leaf']),
  };
}
