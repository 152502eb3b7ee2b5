// What `nunect-hub init` is asked, put together with what the hub's folder says already.
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { numberFlag, type readFlags, wholeFlag } from '../../cli/flags.ts';
import { UsageError } from '../../cli/io.ts';
import { host as hostRule } from '../../config/rules.ts';
import { defaultHubPorts, type HubFile, type HubPorts, type HubTls } from './hubdir.ts';

/** The flags of init that hub.json remembers. */
export const planFlags = {
  host: { type: 'string' },
  cluster: { type: 'string' },
  keys: { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'tls-ca': { type: 'string' },
  'behind-proxy': { type: 'boolean' },
  'own-ca': { type: 'boolean' },
  days: { type: 'string' },
  keep: { type: 'string' },
  store: { type: 'string' },
  isolate: { type: 'string' },
  port: { type: 'string', multiple: true },
} as const;

/** Their values. */
export type PlanGiven = Partial<ReturnType<typeof readFlags<typeof planFlags>>>;

/** hub.json but for the keys. */
export type HubPlan = Omit<HubFile, 'publicKeys'>;

const gib = 1024 ** 3;

/** To listen on, not to go to. */
const nowhere: ReadonlySet<string> = new Set(['0.0.0.0', '::', '0:0:0:0:0:0:0:0']);

function hostOf(text: string, flag: string): string {
  const name = text.trim();
  if (!hostRule.pattern.test(name)) throw new UsageError(`--${flag} '${name}' must be ${hostRule.allowed}`);
  const isNumeric = /^[\d.]+$/.test(name) && isIP(name) === 0;
  if (isNumeric || nowhere.has(name))
    throw new UsageError(`--${flag} '${name}' must be a name or an address by which units reach it`);
  return name;
}

/** A hub of one server has no way to become one of three: a server that joins others leaves its streams behind. */
function serversOf(given: PlanGiven, before: HubPlan | undefined): readonly string[] {
  if (given.cluster === undefined) {
    if (before !== undefined && before.servers.length > 1) return before.servers;
    const host = given.host ?? before?.server;
    if (host === undefined) throw new UsageError('--host is missing: the name by which units reach the hub');
    return [hostOf(host, 'host')];
  }
  const servers = given.cluster.split(',').map((one) => hostOf(one, 'cluster'));
  if (new Set(servers).size !== 3 || servers.length !== 3)
    throw new UsageError(`--cluster '${given.cluster}' must be three different hosts, separated by commas`);
  const other = before?.servers;
  if (other !== undefined && [...other].sort().join() !== [...servers].sort().join())
    throw new UsageError(
      `--cluster '${given.cluster}': this hub is ${other.join(', ')}, and its streams would not follow; make a new hub in another folder`,
    );
  return servers;
}

function serverOf(given: PlanGiven, before: HubPlan | undefined, servers: readonly string[]): string {
  const [first = ''] = servers;
  if (servers.length === 1) return first;
  const server = given.host?.trim() ?? before?.server ?? first;
  if (servers.includes(server)) return server;
  throw new UsageError(`--host '${server}' must be one of --cluster: ${servers.join(', ')}`);
}

function tlsOf(given: PlanGiven, before: HubPlan | undefined): HubTls {
  const { 'tls-cert': cert, 'tls-key': key, 'tls-ca': ca } = given;
  const asked = [given['own-ca'], given['behind-proxy'], cert ?? key].filter(Boolean);
  if (asked.length > 1)
    throw new UsageError('only one of --own-ca, --behind-proxy and --tls-cert can be meant');
  if ((cert === undefined) !== (key === undefined))
    throw new UsageError('--tls-cert and --tls-key belong together');
  const trusted = ca === undefined ? {} : { ca: resolve(ca) };
  if (cert !== undefined && key !== undefined)
    return { by: 'given', cert: resolve(cert), key: resolve(key), ...trusted };
  if (given['behind-proxy']) return { by: 'proxy', ...trusted };
  if (ca !== undefined) throw new UsageError('--tls-ca needs --tls-cert or --behind-proxy');
  return given['own-ca'] ? { by: 'own' } : (before?.tls ?? { by: 'own' });
}

function portsOf(given: PlanGiven, before: HubPlan | undefined): HubPorts {
  const ports = { ...(before?.ports ?? defaultHubPorts) };
  for (const pair of given.port ?? []) {
    const [, name = '', number = ''] = /^([a-z]+)=(.*)$/.exec(pair) ?? [];
    if (!Object.hasOwn(ports, name))
      throw new UsageError(
        `--port '${pair}' must be NAME=NUMBER; the names are ${Object.keys(ports).join(', ')}`,
      );
    ports[name as keyof HubPorts] = wholeFlag(number, 'port', [1, 65_535]);
  }
  const own = Object.entries(ports).filter(([name]) => name !== 'proxy');
  const twice = own.find(([, port], at) => own.findIndex(([, other]) => other === port) < at);
  if (twice === undefined) return ports;
  throw new UsageError(`--port: ${twice[1]} is given twice`);
}

function isIsolated({ isolate }: PlanGiven, before: HubPlan | undefined): boolean {
  if (isolate === undefined) return before?.isolated === true;
  if (isolate === 'yes' || isolate === 'no') return isolate === 'yes';
  throw new UsageError(`--isolate '${isolate}' must be yes or no`);
}

/** What the hub is to be: what is not given stays as it was. Throws a UsageError where that cannot be. */
export function hubPlan(given: PlanGiven, before: HubPlan | undefined): HubPlan {
  const servers = serversOf(given, before);
  const whole = (flag: 'days' | 'keep', most: number, otherwise: number): number =>
    given[flag] === undefined ? otherwise : wholeFlag(given[flag], flag, [1, most]);
  return {
    v: 1,
    servers,
    server: serverOf(given, before, servers),
    tls: tlsOf(given, before),
    ports: portsOf(given, before),
    keysDir: given.keys === undefined ? (before?.keysDir ?? 'keys') : resolve(given.keys),
    days: whole('days', 3650, before?.days ?? 90),
    kept: {
      days: whole('keep', 36_500, before?.kept.days ?? 30),
      bytes:
        given.store === undefined
          ? (before?.kept.bytes ?? 4 * gib)
          : Math.round(numberFlag(given.store, 'store', [0.01, 1e6]) * gib),
    },
    ...(isIsolated(given, before) ? { isolated: true } : {}),
  };
}
