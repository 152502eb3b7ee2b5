// What the operator wants of the page: page.json in the folder of the hub. Pure.
import { isIP } from 'node:net';
import { defaultPorts } from '../../lib/defaults.ts';
import { type ParseResult, parsed, parseObject, unparsed } from '../../lib/parse.ts';
import { type AlertOptions, parseAlertOptions } from '../alerts/options.ts';
import { type ClockLimits, parseClockLimits } from '../fleet/limits.ts';

export interface PageOptions {
  /** Address to listen on; who may look is decided by a proxy in front where that is not this machine alone. */
  readonly listen: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Names by which browsers come through a proxy; besides them IP addresses and localhost are answered. */
  readonly hosts: readonly string[];
  readonly limits: ClockLimits;
  /** Undefined where nobody is to be woken from here. */
  readonly alerts: AlertOptions | undefined;
}

const keys = ['listen', 'port', 'hosts', 'clock_limits', 'alerts'] as const;

const isPort = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65535;
const isHost = (value: unknown): value is string =>
  typeof value === 'string' && /^[\w.-]{1,253}$/.test(value);

function parseHosts(hosts: unknown): ParseResult<readonly string[]> {
  if (!Array.isArray(hosts)) return unparsed('hosts must be a list of names, such as ["hub.example.org"]');
  const wrong: unknown = hosts.find((one) => !isHost(one));
  if (wrong === undefined) return parsed(hosts.filter(isHost));
  const value = JSON.stringify(wrong).slice(0, 80);
  return unparsed(
    `hosts: ${value} must be a name alone, such as "hub.example.org", without https:// and without a port`,
  );
}

/** Reads page.json, `{}` where there is none; `readSecret` gives the text of a file that it names, or throws with why it cannot. */
export function parsePageOptions(
  text: string,
  readSecret: (path: string) => string,
): ParseResult<PageOptions> {
  const read = parseObject(text);
  if (!read.ok) return read;
  const found = read.value;
  const other = Object.keys(found).find((key) => !(keys as readonly string[]).includes(key));
  if (other !== undefined) return unparsed(`${other} is not known: ${keys.join(', ')} are`);
  const { listen = '127.0.0.1', port = defaultPorts.hubPage } = found;
  if (typeof listen !== 'string' || isIP(listen) === 0)
    return unparsed('listen must be an IP address of this machine, such as 127.0.0.1 or ::1');
  if (!isPort(port)) return unparsed('port must be a number from 0 to 65535');
  const hosts = parseHosts(found['hosts'] ?? []);
  if (!hosts.ok) return hosts;
  const limits = parseClockLimits(found['clock_limits']);
  if (!limits.ok) return limits;
  const common = { listen, port, hosts: hosts.value, limits: limits.value };
  if (found['alerts'] === false) return parsed({ ...common, alerts: undefined });
  const alerts = parseAlertOptions(found['alerts'], readSecret);
  if (!alerts.ok) return alerts;
  return parsed({ ...common, alerts: alerts.value });
}
