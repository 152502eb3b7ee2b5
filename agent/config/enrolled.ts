// The hub that this device is enrolled with: what it answered, and the config that this makes where the owner's names no hub.
import { join } from 'node:path';
import { readForeign } from '../lib/files.ts';
import { isObject, type ParseResult, parsed, unparsed } from '../lib/parse.ts';
import { enrolFiles } from './enrolfiles.ts';
import { claimsOf, jwtIn } from './formats/creds.ts';
import { isCertificate, pemBlocks } from './formats/pem.ts';
import type { Config } from './options.ts';
import type { UnplacedProblem } from './problem.ts';
import { serverUrl, token, userNkey } from './rules.ts';

/** What a hub answered to a device that it let in. */
export interface EnrolledHub {
  readonly v: 1;
  readonly unit: string;
  /** Public nkey of the device. */
  readonly key: string;
  /** Id of the token that it came with. */
  readonly token: string;
  /** Public nkey that signs the answers of this hub. */
  readonly hub: string;
  /** User JWT of the link, and one to ask for a new one with. */
  readonly jwt: string;
  readonly renew_jwt: string;
  readonly leaf_urls: readonly string[];
  readonly urls: readonly string[];
  /** PEM of its own CA; absent where those of the system know it. */
  readonly ca?: string;
  /** End of `jwt`, Unix seconds. */
  readonly until_s: number;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const fits =
  (pattern: RegExp) =>
  (value: unknown): boolean =>
    isText(value) && pattern.test(value);
const areUrls = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.length <= 16 && value.every(fits(serverUrl.pattern));
const isJwtOf = (value: unknown, key: unknown): boolean =>
  isText(value) && jwtIn(value) === value && claimsOf(value)['sub'] === key;
const isCa = (value: unknown): boolean =>
  value === undefined || (isText(value) && pemBlocks(value).some(isCertificate));

/** Reads what a hub answered. Its values go into configs, so each has to be as it is allowed there. */
export function parseEnrolledHub(text: string): ParseResult<EnrolledHub> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return unparsed('is no JSON');
  }
  if (!isObject(value) || value['v'] !== 1) return unparsed('is not of this version of nunect');
  const { key } = value;
  const checks: Readonly<Record<keyof Omit<EnrolledHub, 'v'>, (value: unknown) => boolean>> = {
    unit: fits(token.pattern),
    key: fits(userNkey.pattern),
    token: fits(/^[^\p{Cc}]{1,256}$/u),
    hub: fits(/^[A-Z][A-Z2-7]{55}$/),
    jwt: (jwt) => isJwtOf(jwt, key),
    renew_jwt: (jwt) => isJwtOf(jwt, key),
    leaf_urls: areUrls,
    urls: areUrls,
    ca: isCa,
    until_s: Number.isSafeInteger,
  };
  const given = value;
  const wrong = Object.entries(checks).find(([name, check]) => !check(given[name]))?.[0];
  return wrong === undefined ? parsed(value as unknown as EnrolledHub) : unparsed(`has no valid ${wrong}`);
}

/** What is in the folder of an enrolment. */
export interface Enrolment {
  readonly dir: string;
  readonly hub: EnrolledHub;
}

/** The enrolment in a folder; undefined where there is none, or why it cannot be used. */
export function readEnrolment(dir: string): Enrolment | { readonly why: string } | undefined {
  const bytes = readForeign(join(dir, enrolFiles.hub));
  if (bytes === undefined) return undefined;
  const found = parseEnrolledHub(bytes.toString());
  return found.ok ? { dir, hub: found.value } : { why: found.why };
}

/** Logins of the owner, which would be a second one. */
const logins = [
  'user',
  'password',
  'password_file',
  'token',
  'token_file',
  'nkey_file',
  'creds_file',
] as const satisfies readonly (keyof Config['hub'])[];

const warning = (option: string, message: string): UnplacedProblem => ({
  option,
  message,
  severity: 'warning',
});

const roleIn = (jwt: string): string | undefined => {
  const { nats } = claimsOf(jwt);
  const tags = isObject(nats) && Array.isArray(nats['tags']) ? nats['tags'] : [];
  return tags.find((tag): tag is string => isText(tag) && tag.startsWith('role:'))?.slice(5);
};

/** In what the config differs from what the hub lets this device be. */
function* contradictions({ hub, agent }: Config, enrolled: EnrolledHub): Generator<UnplacedProblem> {
  for (const name of logins)
    if (hub[name] !== undefined)
      yield warning(`hub.${name}`, 'is not used: this device is enrolled, and logs in with its own key');
  if (hub.tls_ca !== undefined && enrolled.ca !== undefined)
    yield warning('hub.tls_ca', 'is not used: the hub gave its CA when this device was enrolled');
  const told = (option: 'agent.unit' | 'agent.role', value: string, theirs: string): UnplacedProblem => ({
    option,
    value,
    message: `is refused by the hub, which has enrolled this device as '${theirs}': remove ${option}, or enrol again`,
    severity: 'error',
  });
  if (agent.unit !== enrolled.unit) yield told('agent.unit', agent.unit, enrolled.unit);
  const role = roleIn(enrolled.jwt);
  if (role !== undefined && role !== agent.role) yield told('agent.role', agent.role, role);
}

/** The config with the hub that this device is enrolled with; as it is where its owner names a hub. */
export function withEnrolment(
  config: Config,
  { dir, hub: enrolled }: Enrolment,
): { readonly config: Config; readonly problems: readonly UnplacedProblem[] } {
  const { hub, leaf } = config;
  if (leaf.mode === 'external') return { config, problems: [] };
  if (hub.url.length > 0) {
    const message = `is used, and not the hub that this device is enrolled with (${enrolled.leaf_urls[0]}): remove it to use that`;
    return { config, problems: [warning('hub.url', message)] };
  }
  const none = Object.fromEntries(logins.map((name) => [name, undefined]));
  const url = (leaf.mode === 'off' ? enrolled.urls : enrolled.leaf_urls).map(normal);
  return {
    config: {
      ...config,
      hub: {
        ...hub,
        ...none,
        url,
        creds_file: join(dir, enrolFiles.creds),
        tls_ca: enrolled.ca === undefined ? hub.tls_ca : join(dir, enrolFiles.ca),
      },
      enrolled: { dir, key: enrolled.key },
    },
    problems: [...contradictions(config, enrolled)],
  };
}

const normal = (url: string): string => serverUrl.normal?.(url) ?? url;

/** The same config as its owner wrote it, without the hub of an enrolment. */
export function withoutEnrolment(config: Config): Config {
  const { enrolled, ...own } = config;
  if (enrolled === undefined) return config;
  return { ...own, hub: { ...own.hub, url: [], creds_file: undefined, tls_ca: undefined } };
}
