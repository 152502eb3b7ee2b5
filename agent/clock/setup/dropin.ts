// What chronyd is told of PTP and of its fallback, in a file of its own that chrony.conf includes.
import type { SectionValues } from '../../config/options.ts';
import type { ChronyConf } from './chronyconf.ts';
import type { SetupNote } from './note.ts';
import { has, type ProgramVersion } from './programs.ts';

/** The drop-in, in a folder that chronyd reads. */
export const dropInName = '50-nunect-time.conf';
/** How chronyd calls PTP. */
export const ptpRefid = 'PTP0';
/** Segments 0 and 1 are gpsd's for root, 2 to 7 those for others. */
const firstSegment = 8;

/** The first segment of shared memory that no refclock of chronyd reads, and that is not another user's. */
export function freeSegment({ segments }: ChronyConf, foreign: readonly number[]): number {
  let free = firstSegment;
  while (segments.includes(free) || foreign.includes(free)) free += 1;
  return free;
}

/** Assumed of a path of which nothing is known: a few switches, by software stamps. */
const usualAsymmetry_ns = 50_000;

/** chronyd halves a delay to have the error that it may hide: so it is told of twice the bound. */
function delay_s(ptp: SectionValues<'ptp'>, time: Pick<SectionValues<'time'>, 'asymmetry_ns'>): string {
  const bound_ns = [ptp.asymmetry_ns, time.asymmetry_ns].find((one) => one >= 0) ?? usualAsymmetry_ns;
  return ((Math.max(bound_ns, 1) * 2) / 1e9).toExponential();
}

/**
 * A server is asked often, and its samples are few: chronyd leaves a refclock that has fallen silent only when its last
 * sample is older than the oldest of a server (facts/timestack.md: 8 h with the usual ones). Measured after ten minutes:
 * 119 s and more with 8 samples 16 s apart; 6 of them keep within 2 min.
 */
const serverLine = (server: string): string => `server ${server} iburst minpoll 4 maxpoll 6 maxsamples 6`;

/**
 * PTP as chronyd reads it. Where it can be told so, a silent one is left after 8 polls to be called so and 8 more (measured:
 * 66 s, whatever the servers); withheld, it is measured and not used.
 */
function refclockLine(segment: number, delay: string, chronyd: ProgramVersion): string {
  const words = [
    ...(has(chronyd, 'maxunreach') ? ['maxunreach 8'] : []),
    ...(has(chronyd, 'selectopts') ? ['noselect'] : []),
  ];
  const start = `refclock SHM ${segment} refid ${ptpRefid} poll 2 precision 1e-6 delay ${delay} prefer`;
  return [start, ...words].join(' ');
}

/** Servers of ours that chronyd does not have already. */
function newServers(wanted: readonly string[], conf: ChronyConf, notes: SetupNote[]): readonly string[] {
  const own = [...new Set(wanted)];
  const has = (one: string): boolean =>
    conf.sources.some((source) => source.toLowerCase() === one.toLowerCase());
  for (const one of own.filter(has))
    notes.push({
      code: 'ntp_server_known',
      text: `ptp.ntp_server ${one} stands in chronyd's own config already, and is polled as that says`,
    });
  return own.filter((one) => !has(one));
}

/**
 * The drop-in; undefined where chronyd has nothing to be told. PTP is preferred, never trusted: so it must agree with the
 * majority. Where chronyd can be told so later, it is withheld until the agent has seen that it agrees with NTP.
 */
export function dropIn(
  ptp: SectionValues<'ptp'>,
  time: Pick<SectionValues<'time'>, 'asymmetry_ns'>,
  chronyd: ProgramVersion,
  conf: ChronyConf,
  segment: number | undefined,
  notes: SetupNote[],
): string | undefined {
  const servers = newServers(ptp.ntp_server, conf, notes).map(serverLine);
  const lines = [
    ...servers,
    ...(segment === undefined ? [] : [refclockLine(segment, delay_s(ptp, time), chronyd)]),
  ];
  return lines.length === 0
    ? undefined
    : `# Made by nunect-time from /etc/config/nunect; changes are lost.\n${lines.join('\n')}\n`;
}
