import { known } from '../lib/known.ts';
import { shared, shareMs } from '../lib/shared.ts';
import { type HostFiles, hostFiles } from './hostfiles.ts';
import { type Interface, type KnownSpeeds, readInterfaces } from './interfaces.ts';
import {
  busyPercent,
  type CpuTicks,
  cleanLine,
  type Firmware,
  type Memory,
  parseCpuTicks,
  parseFirmware,
  parseLoad,
  parseMemory,
  parseUptime,
} from './proc.ts';
import { readStorage, type Storage } from './storage.ts';
import { readTemperatures, type Temperature } from './thermal.ts';

/** The device, as far as it can be read. What is missing or garbled is left out. */
export interface SystemFacts {
  readonly uptime_s?: number;
  /** Averages over 1, 5 and 15 minutes. */
  readonly load?: readonly [number, number, number];
  readonly cores?: number;
  /** Busy share of all cores since the reading before. */
  readonly cpu_percent?: number;
  readonly memory?: Memory;
  readonly temperatures: readonly Temperature[];
  readonly storage: readonly Storage[];
  readonly interfaces: readonly Interface[];
  readonly board?: Board;
  readonly firmware?: Firmware;
}

export interface Board {
  /** For people: "Bananapi BPI-R4". */
  readonly model?: string;
  /** For programs: OpenWrt's board_name, "bananapi,bpi-r4". */
  readonly name?: string;
}

export interface SystemProbe {
  /** Readings within half a second are one; board and firmware are read once. Never rejects, starts no process. */
  read(): Promise<SystemFacts>;
}

export interface SystemDeps {
  /** Where /proc, /sys, /etc and /tmp are found: '/' but in tests. */
  readonly root: string;
  now_ms(): number;
}

function readBoard({ text }: HostFiles): Board | undefined {
  const model =
    cleanLine(text('/tmp/sysinfo/model')) ??
    cleanLine(text('/proc/device-tree/model')) ??
    cleanLine(text('/sys/class/dmi/id/product_name'));
  const board = known({ model, name: cleanLine(text('/tmp/sysinfo/board_name')) });
  return Object.keys(board).length === 0 ? undefined : board;
}

function readFirmware({ text }: HostFiles): Firmware | undefined {
  const found = parseFirmware(text('/etc/openwrt_release'), text('/etc/os-release'));
  return found && { ...found, ...known({ kernel: cleanLine(text('/proc/sys/kernel/osrelease')) }) };
}

/** A probe of the device; `storagePaths` are the places whose free space matters. */
export function systemProbe(
  storagePaths: readonly string[],
  deps: SystemDeps = { root: '/', now_ms: () => performance.now() },
): SystemProbe {
  const files = hostFiles(deps.root);
  const speeds: KnownSpeeds = new Map();
  let ticksBefore: CpuTicks | undefined;
  let identity: { readonly board: Board | undefined; readonly firmware: Firmware | undefined } | undefined;

  const readCpu = () => {
    const ticks = parseCpuTicks(files.text('/proc/stat'));
    const percent = ticks && ticksBefore && busyPercent(ticksBefore, ticks);
    ticksBefore = ticks;
    return { cores: ticks?.cores, percent };
  };

  const readAll = async (): Promise<SystemFacts> => {
    identity ??= { board: readBoard(files), firmware: readFirmware(files) };
    const { cores, percent } = readCpu();
    const [temperatures, storage, interfaces] = await Promise.all([
      readTemperatures(files),
      readStorage(files, storagePaths),
      readInterfaces(files, speeds),
    ]);
    return {
      ...known({
        uptime_s: parseUptime(files.text('/proc/uptime')),
        load: parseLoad(files.text('/proc/loadavg')),
        cores,
        cpu_percent: percent,
        memory: parseMemory(files.text('/proc/meminfo')),
        ...identity,
      }),
      temperatures,
      storage,
      interfaces,
    };
  };

  return { read: shared(readAll, deps.now_ms, shareMs) };
}
