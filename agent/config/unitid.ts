import { createHash } from 'node:crypto';
import { token } from './rules.ts';

/** What the id of a unit is derived from: the places of a Linux system that tell machines apart. */
export interface Machine {
  readonly hostname: string;
  /** The text of a file, or undefined where it is missing or may not be read. */
  readFile(path: string): string | undefined;
  /** The names in a folder; none where it is missing. */
  listDir(path: string): readonly string[];
}

/** Where machines keep an id, best first. dbus comes last: on OpenWrt its id is a new one after each boot. */
const idFiles = [
  '/etc/machine-id',
  '/sys/class/dmi/id/product_uuid',
  '/proc/device-tree/serial-number',
] as const;
const dbusId = '/var/lib/dbus/machine-id';
const netDir = '/sys/class/net';
/** On a board whose MACs are random (BPi-R4) OpenWrt keeps those of these interfaces over a reboot. */
const keptInterfaces = ['eth0', 'lan', 'br-lan'] as const;

const placeholders =
  /^(?:uninitialized|none|unknown|not specified|not applicable|default string|system serial number|to be filled by o\.?e\.?m\.?|0?123456789(?:abcdef)?|03000200-0400-0500-0006-000700080009)$/i;

/** Whether an id is one that many machines share: too short, a placeholder, or one digit over and over. */
const isBogus = (id: string): boolean =>
  id.length < 6 || placeholders.test(id) || new Set(id.replace(/[-:\s]/g, '').toLowerCase()).size === 1;

const cleanId = (text: string | undefined): string | undefined => {
  // device tree strings end with a NUL
  const id = text?.replaceAll('\0', '').trim();
  return id === undefined || isBogus(id) ? undefined : id;
};

/** The second digit of a MAC says whether a maker gave it (even, bit 1 clear) or a machine made it up. */
const isLocal = (mac: string): boolean => (Number.parseInt(mac.slice(0, 2), 16) & 0x02) !== 0;
const isUnicastMac = (mac: string): boolean =>
  /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac) && (Number.parseInt(mac.slice(0, 2), 16) & 0x01) === 0;

function macId(machine: Machine): string | undefined {
  const macOf = (name: string): string | undefined => {
    const mac = cleanId(machine.readFile(`${netDir}/${name}/address`))?.toLowerCase();
    return mac !== undefined && isUnicastMac(mac) ? mac : undefined;
  };
  const all = machine.listDir(netDir).flatMap((name) => macOf(name) ?? []);
  const [byMaker] = all.filter((mac) => !isLocal(mac)).sort();
  return byMaker ?? keptInterfaces.map(macOf).find((mac) => mac !== undefined);
}

/** A stable id of the machine, or undefined where it has none. */
function machineId(machine: Machine): string | undefined {
  for (const path of idFiles) {
    const id = cleanId(machine.readFile(path));
    if (id !== undefined) return id;
  }
  return macId(machine) ?? cleanId(machine.readFile(dbusId));
}

/** The host's name as far as a subject token may have it; without its domain. */
const hostToken = (hostname: string): string =>
  (hostname.slice(0, 64).split('.')[0] ?? '') // of Linux none is longer
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 57) || 'unit';

/**
 * The unit id of a machine that was given none: its host name and 6 hex digits of the SHA-256 of its
 * machine id. `unique` is false where there is no such id, so that two machines of one name get the same.
 */
export function deriveUnitId(machine: Machine): { readonly unit: string; readonly unique: boolean } {
  const id = machineId(machine);
  const hash = createHash('sha256')
    .update(`nunect unit ${id ?? machine.hostname}`)
    .digest('hex');
  return { unit: `${hostToken(machine.hostname)}-${hash.slice(0, 6)}`, unique: id !== undefined };
}

/** What tells the machine apart for a hub, which is not told the id itself: 32 hex digits of a hash. */
export const hardwareOf = (machine: Machine): string =>
  createHash('sha256')
    .update(`nunect hardware ${machineId(machine) ?? 'unknown'}`)
    .digest('hex')
    .slice(0, 32);

/** The text of the state file: the id, and a checksum that shows what flash has done to it. */
export const unitStateOf = (unit: string): string =>
  `${unit}\n# sha256: ${createHash('sha256').update(unit).digest('hex')}\n`;

/**
 * The unit id in the text of the state file, and whether it is without its checksum, as it was once written; undefined
 * where there is none, 'damaged' where the text is another than was written.
 */
export function readUnitState(
  text: string | undefined,
): { readonly unit: string; readonly isBare: boolean } | 'damaged' | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const [unit = '', ...rest] = text.trimEnd().split('\n');
  const isBare = rest.length === 0;
  return token.pattern.test(unit) && (isBare || text === unitStateOf(unit)) ? { unit, isBare } : 'damaged';
}
