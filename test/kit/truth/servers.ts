import { spawn } from 'node:child_process';
import type { NetnsEnd } from '../net/netns.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { eventually, owned } from '../process/daemon.ts';
import type { Truthlab } from './build.ts';

/** What an NTP server tells that is not so, or how it tells it. Nothing given: the truth, as stratum 1, at once. */
export interface NtpLies {
  /** Its time minus the truth. */
  readonly offset_s?: number;
  readonly drift_ppm?: number;
  /** Standard deviation of each of its time stamps. */
  readonly jitter_s?: number;
  readonly stratum?: number;
  readonly leap?: 0 | 1 | 2 | 3;
  readonly refid?: string;
  readonly root_delay_s?: number;
  readonly root_dispersion_s?: number;
  /** Time that a request takes to it. */
  readonly delay_in_s?: number;
  /** Time that a reply takes back. */
  readonly delay_out_s?: number;
  /** Mean of an exponentially distributed further time of the request. */
  readonly jitter_in_s?: number;
  readonly jitter_out_s?: number;
  readonly mute?: boolean;
  /** It refuses service with DENY. */
  readonly kiss_of_death?: boolean;
  /** Age of its own reference. */
  readonly ref_age_s?: number;
}

/** The same of a grandmaster. Nothing given: traceable, class 6, 100 ns, TAI - UTC = 37 s, all flags as they should be. */
export interface GmLies {
  /** clockIdentity in 16 hex digits. */
  readonly identity?: string;
  /** Its time minus the truth, beside that of tai_s. */
  readonly offset_s?: number;
  readonly drift_ppm?: number;
  /** Standard deviation of each of its time stamps. */
  readonly jitter_s?: number;
  /** Its time minus UTC. */
  readonly tai_s?: number;
  /** Its time stands still. */
  readonly frozen?: boolean;
  readonly clock_class?: number;
  readonly accuracy?: number;
  readonly variance?: number;
  /** The currentUtcOffset that it announces. */
  readonly utc_offset_s?: number;
  /** The second octet of flagField; see `gmFlags`. */
  readonly flags?: number;
  readonly time_source?: number;
  readonly steps_removed?: number;
  readonly priority1?: number;
  readonly priority2?: number;
  readonly domain?: number;
  readonly announce_s?: number;
  readonly sync_s?: number;
  readonly no_announce?: boolean;
  readonly no_sync?: boolean;
  /** It answers no Delay_Req. */
  readonly no_response?: boolean;
  /** It answers each Delay_Req as if another slave of the segment had sent it. */
  readonly answers_another?: boolean;
  /** Added to the time at which it says that a Delay_Req came: the way to it seems that much longer. */
  readonly request_shift_s?: number;
  /** Added to the time at which it says that a Sync left; negative: the way from it seems longer. */
  readonly sync_shift_s?: number;
  /** Announce messages of so many other clocks, new ones each time. */
  readonly flood?: number;
}

/** Flags of Announce (IEEE 1588-2019, table 37). */
export const gmFlags = {
  leap61: 0x01,
  leap59: 0x02,
  utcOffsetValid: 0x04,
  ptpTimescale: 0x08,
  timeTraceable: 0x10,
  frequencyTraceable: 0x20,
} as const;

/** All that a good grandmaster sets. */
export const goodFlags =
  gmFlags.utcOffsetValid | gmFlags.ptpTimescale | gmFlags.timeTraceable | gmFlags.frequencyTraceable;

/** A server that can be told to lie otherwise while it runs. */
export interface Liar<Lies> {
  /** Changes these; the others stay. */
  set(lies: Lies): void;
  end(): Promise<void>;
}

/** An NTP server. */
export interface NtpServer extends Liar<NtpLies> {
  readonly address: string;
  /** Its line of chrony.conf; it is asked each second by default. */
  line(options?: string): string;
}

const wordOf = (value: unknown): string =>
  typeof value === 'boolean' ? String(Number(value)) : String(value);

async function liar<Lies extends object>(
  owner: Cleanup,
  words: readonly string[],
  lies: Lies,
): Promise<Liar<Lies>> {
  const [program = '', ...args] = words;
  const child = spawn(program, args, { stdio: 'pipe' });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      output += String(text);
    });
  child.stdin.on('error', () => {}); // it has ended
  const tracked = owned(owner, child, { endBy: 'SIGKILL' });
  const set = (changed: Lies): void => {
    for (const [name, value] of Object.entries(changed)) child.stdin.write(`${name} ${wordOf(value)}\n`);
  };
  set(lies);
  child.stdin.write('start now\n');
  await eventually(`${words.join(' ')} ready`, () => {
    if (child.exitCode !== null) throw new Error(`${words.join(' ')}: ${output}`);
    return output.includes('ready');
  });
  return { set, end: () => tracked.end() };
}

/** Starts an NTP server on an address of loopback. */
export async function ntpServer(
  owner: Cleanup,
  lab: Truthlab,
  at: { readonly address: string; readonly port: number },
  lies: NtpLies,
): Promise<NtpServer> {
  const started = await liar(owner, [lab.program, 'ntp', at.address, String(at.port)], lies);
  return {
    ...started,
    address: at.address,
    line: (options = 'minpoll 0 maxpoll 0 iburst') => `server ${at.address} port ${at.port} ${options}`,
  };
}

/** Starts a PTP grandmaster at one end of a cable: over Ethernet, or over UDP and IPv4. */
export const grandmaster = (
  owner: Cleanup,
  lab: Truthlab,
  at: NetnsEnd,
  lies: GmLies,
  transport: 'L2' | 'UDPv4' = 'L2',
): Promise<Liar<GmLies>> => {
  const words = [...at.exec, lab.program, 'gm', at.interface];
  return liar(owner, transport === 'UDPv4' ? [...words, 'udp'] : words, lies);
};
