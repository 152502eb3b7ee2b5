import { known } from '../lib/known.ts';

/** Clock ticks since boot, over all cores. Only differences mean something. */
export interface CpuTicks {
  readonly busy: number;
  readonly total: number;
  readonly cores: number;
}

/** The memory of the device. */
export interface Memory {
  readonly total_bytes: number;
  /** The kernel's MemAvailable: what can be had without swapping. */
  readonly available_bytes: number;
  readonly used_percent: number;
}

/** What /proc/net/dev counts of one interface since it appeared. */
export interface InterfaceCounters {
  readonly rx_bytes: number;
  readonly rx_packets: number;
  readonly rx_errors: number;
  readonly rx_dropped: number;
  readonly tx_bytes: number;
  readonly tx_packets: number;
  readonly tx_errors: number;
  readonly tx_dropped: number;
}

/** What runs on the device. */
export interface Firmware {
  readonly name: string;
  readonly version?: string;
  readonly revision?: string;
  /** OpenWrt's target and subtarget, such as mediatek/filogic. */
  readonly target?: string;
  readonly kernel?: string;
}

/** All of the words as numbers, or undefined: an empty word is not zero. */
const numbers = (words: readonly string[]): number[] | undefined =>
  words.every((word) => /^-?\d+(\.\d+)?$/.test(word)) ? words.map(Number) : undefined;

const words = (line: string): string[] => line.trim().split(/\s+/);

/** The load averages over 1, 5 and 15 minutes, of /proc/loadavg. */
export function parseLoad(text: string): readonly [number, number, number] | undefined {
  const [one, five, fifteen] = numbers(words(text).slice(0, 3)) ?? [];
  return one === undefined || five === undefined || fifteen === undefined ? undefined : [one, five, fifteen];
}

/** The cpu lines of /proc/stat (man 5 proc). Time for guests is part of user time there, so it is not added. */
export function parseCpuTicks(text: string): CpuTicks | undefined {
  const lines = text.split('\n').filter((line) => line.startsWith('cpu'));
  const all = numbers(words(lines[0] ?? '').slice(1, 9));
  const [user, nice, system, idle, iowait = 0, irq = 0, softirq = 0, steal = 0] = all ?? [];
  if (user === undefined || nice === undefined || system === undefined || idle === undefined)
    return undefined;
  const busy = user + nice + system + irq + softirq + steal;
  return { busy, total: busy + idle + iowait, cores: Math.max(1, lines.length - 1) };
}

const tenths = (value: number): number => Math.round(value * 10) / 10;

/** MemTotal and MemAvailable of /proc/meminfo, which counts in KiB. */
export function parseMemory(text: string): Memory | undefined {
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1]) * 1024;
  const [total_bytes, available_bytes] = [bytes('MemTotal'), bytes('MemAvailable')];
  const used_percent = tenths((1 - available_bytes / total_bytes) * 100);
  return Number.isFinite(used_percent) ? { total_bytes, available_bytes, used_percent } : undefined;
}

/** Busy share between two readings in percent, to a tenth; undefined when no time passed or the counters went back. */
export function busyPercent(before: CpuTicks, now: CpuTicks): number | undefined {
  const total = now.total - before.total;
  const busy = now.busy - before.busy;
  return total > 0 && busy >= 0 && busy <= total ? tenths((busy / total) * 100) : undefined;
}

/** Seconds since boot, of /proc/uptime. */
export const parseUptime = (text: string): number | undefined => numbers(words(text).slice(0, 1))?.[0];

/** Each interface of /proc/net/dev with its counters; lines that cannot be read are left out. */
export function parseNetDev(text: string): Map<string, InterfaceCounters> {
  const found = new Map<string, InterfaceCounters>();
  for (const line of text.split('\n')) {
    const colon = line.lastIndexOf(':'); // an alias has a colon in its name
    const row = colon < 0 ? undefined : numbers(words(line.slice(colon + 1)));
    if (row === undefined || row.length < 12) continue;
    const at = (column: number): number => row[column] ?? 0;
    found.set(line.slice(0, colon).trim(), {
      rx_bytes: at(0),
      rx_packets: at(1),
      rx_errors: at(2),
      rx_dropped: at(3),
      tx_bytes: at(8),
      tx_packets: at(9),
      tx_errors: at(10),
      tx_dropped: at(11),
    });
  }
  return found;
}

/** Degrees Celsius of a thermal or hwmon file, which count thousandths. What no sensor can mean is left out. */
export function parseMilliCelsius(text: string): number | undefined {
  const value = /^-?\d+$/.test(text.trim()) ? Number(text) / 1000 : Number.NaN;
  return value > -100 && value < 250 ? value : undefined;
}

/** One line of text from a foreign file: without control characters, at most 128 characters, never empty. */
export function cleanLine(text: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: device tree strings end in NUL
  const line = text.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim();
  return line === '' ? undefined : line.slice(0, 128);
}

/** Without its quotes, as a shell reads it; no name or version of a system has anything else that a shell would expand. */
const unquoted = (value: string): string =>
  /^(["']).*\1$/.test(value) ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;

/** An os-release style file: shell assignments, one a line. */
function parseRelease(text: string): (key: string) => string | undefined {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^(\w+)=(.*)$/.exec(line.trim()) ?? [];
    if (key !== undefined && value !== undefined) values.set(key, unquoted(value));
  }
  return (key) => {
    const value = values.get(key);
    return value === undefined || value === '' ? undefined : cleanLine(value);
  };
}

/** Name and version of the system: of /etc/openwrt_release where there is one, else of /etc/os-release. */
export function parseFirmware(openwrtRelease: string, osRelease: string): Firmware | undefined {
  const openwrt = parseRelease(openwrtRelease);
  const os = parseRelease(osRelease);
  const name = openwrt('DISTRIB_ID') ?? os('NAME');
  if (name === undefined) return undefined;
  return {
    name,
    ...known({
      version: openwrt('DISTRIB_RELEASE') ?? os('VERSION_ID'),
      revision: openwrt('DISTRIB_REVISION'),
      target: openwrt('DISTRIB_TARGET'),
    }),
  };
}
