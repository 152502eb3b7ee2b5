// The section `alerts` of page.json: who is told, and from when on. Pure.
import { type ClockQuality, clockQualities } from '../../clock/types.ts';
import { suggest } from '../../config/suggest.ts';
import { messageOf, reasonOf } from '../../lib/errors.ts';
import { isObject, type ParseResult, parsed, unparsed } from '../../lib/parse.ts';
import type { Json } from '../fleet/record/values.ts';
import { alertConditions, alertRules, type Condition } from './alert.ts';

/** What is judged by. */
export interface AlertLimits {
  readonly off: ReadonlySet<Condition>;
  /** Days before certificates and logins run out, and streams have no more room. */
  readonly certificate_days: number;
  readonly login_days: number;
  readonly stream_days: number;
  readonly spool_percent: number;
  readonly disk_percent: number;
  /** The worst quality that the clock of such a unit may have; undefined where the unit itself says whether it needs one. */
  classOf(unit: {
    readonly role: string | undefined;
    readonly tenant: string | undefined;
  }): ClockQuality | undefined;
}

/** Times of the keeper. */
export interface KeeperTimes {
  hold_ms(condition: Condition): { readonly for_ms: number; readonly keep_ms: number };
  /** More than this share of the units, 0 to 1, and at least so many, are told of by one alert. */
  readonly group_share: number;
  readonly group_least: number;
}

export interface WebhookOptions {
  /** A secret: it may have a token. Says nothing of itself where it is logged. */
  readonly url: string;
  /** A file of CAs; else those of node. */
  readonly ca_file?: string;
  readonly timeout_s: number;
  /** So often what fires is sent again, for receivers that forget; 0: never. */
  readonly repeat_s: number;
}

export interface CommandOptions {
  readonly argv: readonly string[];
  readonly timeout_s: number;
}

/** All of the section. */
export interface AlertOptions {
  readonly limits: AlertLimits;
  readonly times: KeeperTimes;
  readonly webhook?: WebhookOptions;
  readonly command?: CommandOptions;
  readonly heartbeat_s: number;
  /** Notices that wait for an output that is away. */
  readonly queue: number;
}

/** A mistake in the section; the message names the place, what stands there, and what is allowed. */
class WrongOption extends Error {}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 60);

/** Where a URL with a token may stand, or an argument that is a password, be it in the wrong place. */
const isSecret = (path: string): boolean => /^alerts(\.(webhook|command)\b.*)?$/.test(path);
const kindOf = (value: unknown): string =>
  typeof value === 'string' ? 'a text' : Array.isArray(value) ? 'a list' : 'an object';

function fail(path: string, value: unknown, allowed: string): never {
  const isHidden =
    isSecret(path) && (typeof value === 'string' || (typeof value === 'object' && value !== null));
  throw new WrongOption(
    `${path}: ${isHidden ? `${kindOf(value)} stands there; it` : shown(value)} must be ${allowed}`,
  );
}

/** An object with no other keys than these. */
function objectAt(path: string, value: unknown, keys: readonly string[]): Json {
  if (value === undefined) return {};
  if (!isObject(value)) fail(path, value, `an object with ${keys.join(', ')}`);
  for (const key of Object.keys(value)) {
    if (keys.includes(key)) continue;
    const similar = suggest(key.slice(0, 64), keys);
    const hint = similar === undefined ? '' : `, did you mean '${similar}'?`;
    throw new WrongOption(`${path}: unknown key ${shown(key)}${hint} (allowed: ${keys.join(', ')})`);
  }
  return value;
}

const numberAt = (path: string, value: unknown, usual: number, least: number, most: number): number => {
  if (value === undefined) return usual;
  if (typeof value !== 'number' || !(value >= least && value <= most))
    fail(path, value, `a number from ${least} to ${most}`);
  return value;
};

function pathAt(path: string, value: unknown): string {
  if (typeof value !== 'string' || !value.startsWith('/') || value.includes('\0'))
    fail(path, value, 'an absolute path');
  return value;
}

function urlAt(path: string, value: unknown): string {
  const allowed = 'a URL that begins with https:// or http://'; // the value is a secret: it is not shown
  if (typeof value !== 'string' || !/^https?:\/\//.test(value) || !URL.canParse(value))
    throw new WrongOption(`${path}: it must be ${allowed}`);
  return value;
}

function secretAt(path: string, value: unknown, readSecret: (path: string) => string): string {
  const file = pathAt(path, value);
  try {
    return readSecret(file).trim();
  } catch (error) {
    throw new WrongOption(
      `${path}: ${shown(file)} must be a file that has the URL, and it cannot be read: ${reasonOf(error)}`,
    );
  }
}

const day_s = 86_400;

function webhookAt(
  value: unknown,
  heartbeat_s: number,
  readSecret: (path: string) => string,
): Pick<AlertOptions, 'webhook'> | undefined {
  if (value === undefined) return undefined;
  const path = 'alerts.webhook';
  const found = objectAt(path, value, ['url', 'url_file', 'ca_file', 'timeout_s', 'repeat_s']);
  if ((found['url'] === undefined) === (found['url_file'] === undefined))
    throw new WrongOption(`${path}: one of url and url_file must be there`);
  const url =
    found['url_file'] === undefined
      ? urlAt(`${path}.url`, found['url'])
      : urlAt(`${path}.url_file`, secretAt(`${path}.url_file`, found['url_file'], readSecret));
  const isAlertmanager = /\/api\/v2\/alerts\/?$/.test(new URL(url).pathname); // which forgets what is not sent again
  const repeat_s = numberAt(`${path}.repeat_s`, found['repeat_s'], isAlertmanager ? 60 : 0, 0, day_s);
  const timeout_s = numberAt(`${path}.timeout_s`, found['timeout_s'], 10, 1, 120);
  const ca = found['ca_file'];
  return {
    webhook: {
      url,
      timeout_s,
      repeat_s: repeat_s > 0 ? Math.max(repeat_s, heartbeat_s) : 0, // it goes with the sign of life
      ...(ca === undefined ? {} : { ca_file: pathAt(`${path}.ca_file`, ca) }),
    },
  };
}

function commandAt(value: unknown): Pick<AlertOptions, 'command'> | undefined {
  if (value === undefined) return undefined;
  const path = 'alerts.command';
  const found = objectAt(path, value, ['argv', 'timeout_s']);
  const { argv } = found;
  const isWord = (one: unknown): boolean => typeof one === 'string' && !one.includes('\0');
  if (!Array.isArray(argv) || argv.length === 0 || !argv.every(isWord))
    fail(`${path}.argv`, argv, 'a list of texts: a program and its arguments, without a shell');
  pathAt(`${path}.argv[0]`, argv[0]);
  return { command: { argv, timeout_s: numberAt(`${path}.timeout_s`, found['timeout_s'], 10, 1, 600) } };
}

const conditionNames: readonly string[] = alertConditions;

function timesAt(found: Json): KeeperTimes {
  const path = 'alerts.hold';
  const hold = objectAt(path, found['hold'], conditionNames);
  const set = new Map(
    alertConditions.map((condition) => {
      const at = `${path}.${condition}`;
      const { for_s, keep_s } = objectAt(at, hold[condition], ['for_s', 'keep_s']);
      const rule = alertRules[condition];
      const for_ms = numberAt(`${at}.for_s`, for_s, rule.for_s, 0, 7 * day_s) * 1000;
      const keep_ms = numberAt(`${at}.keep_s`, keep_s, rule.keep_s, 1, 7 * day_s) * 1000;
      return [condition, { for_ms, keep_ms }] as const;
    }),
  );
  return {
    hold_ms: (condition) => set.get(condition) ?? fail(path, condition, conditionNames.join(', ')),
    group_share: numberAt('alerts.group_percent', found['group_percent'], 20, 1, 100) / 100,
    group_least: numberAt('alerts.group_least', found['group_least'], 3, 2, 1e6),
  };
}

/** A class for all, or `{default, roles: {}, tenants: {}}`. */
function classesAt(value: unknown): AlertLimits['classOf'] {
  const path = 'alerts.clock_class';
  const one = (at: string, name: unknown): ClockQuality | undefined => {
    if (name === undefined) return undefined;
    const found = clockQualities.find((quality) => quality === name);
    return found ?? fail(at, name, `one of ${clockQualities.join(', ')}`);
  };
  if (value === undefined || typeof value === 'string') {
    const all = one(path, value);
    return () => all;
  }
  const found = objectAt(path, value, ['default', 'roles', 'tenants']);
  const byName = (key: string): ReadonlyMap<string | undefined, ClockQuality | undefined> => {
    const names = found[key] ?? {};
    if (!isObject(names)) fail(`${path}.${key}`, names, 'an object of names with a class each');
    return new Map(Object.entries(names).map(([name, of]) => [name, one(`${path}.${key}.${name}`, of)]));
  };
  const [usual, roles, tenants] = [
    one(`${path}.default`, found['default']),
    byName('roles'),
    byName('tenants'),
  ];
  return ({ role, tenant }) => roles.get(role) ?? tenants.get(tenant) ?? usual;
}

function offAt(value: unknown): ReadonlySet<Condition> {
  const names: unknown = value ?? [];
  if (!Array.isArray(names) || !names.every((name) => conditionNames.includes(name)))
    fail('alerts.off', names, `a list of these: ${conditionNames.join(', ')}`);
  return new Set(names);
}

const keys = [
  'webhook',
  'command',
  'heartbeat_s',
  'queue',
  'hold',
  'group_percent',
  'group_least',
  'off',
  'clock_class',
  'certificate_days',
  'login_days',
  'stream_days',
  'spool_percent',
  'disk_percent',
] as const;

/** Reads the section; `readSecret` gives the text of a file, or throws with why it cannot. */
export function parseAlertOptions(
  section: unknown,
  readSecret: (path: string) => string,
): ParseResult<AlertOptions> {
  try {
    const found = objectAt('alerts', section, keys);
    const days = (key: string, usual: number): number =>
      numberAt(`alerts.${key}`, found[key], usual, 0, 3650);
    const percent = (key: string, usual: number): number =>
      numberAt(`alerts.${key}`, found[key], usual, 1, 100);
    const heartbeat_s = numberAt('alerts.heartbeat_s', found['heartbeat_s'], 60, 5, 3600);
    return parsed({
      limits: {
        off: offAt(found['off']),
        certificate_days: days('certificate_days', 14),
        login_days: days('login_days', 3),
        stream_days: days('stream_days', 7),
        spool_percent: percent('spool_percent', 80),
        disk_percent: percent('disk_percent', 90),
        classOf: classesAt(found['clock_class']),
      },
      times: timesAt(found),
      ...webhookAt(found['webhook'], heartbeat_s, readSecret),
      ...commandAt(found['command']),
      heartbeat_s,
      queue: numberAt('alerts.queue', found['queue'], 1000, 10, 100_000),
    });
  } catch (error) {
    return unparsed(messageOf(error));
  }
}
