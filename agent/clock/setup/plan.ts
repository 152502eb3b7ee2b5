import type { Config, SectionValues } from '../../config/options.ts';
import { known } from '../../lib/known.ts';
import type { ChronyConf } from './chronyconf.ts';
import { dropIn, freeSegment, ptpRefid } from './dropin.ts';
import type { TimeHost } from './host.ts';
import { SetupFault, type SetupNote } from './note.ts';
import { type PtpPortPlan, portsOf, type SpokenPort, usesHardware } from './ports.ts';
import { type Profile, profileOf } from './profiles.ts';
import { has } from './programs.ts';
import { ptp4lConf } from './ptp4lconf.ts';
import { isWanted } from './wanted.ts';

/** The files that clock daemons are to be run with. */
export interface TimeFiles {
  /** Undefined where no interface exists yet. */
  readonly ptp4lConf?: string;
  /** Arguments of phc2sys, where it is to run. */
  readonly phc2sysArgs?: readonly string[];
  /** Drop-in of chronyd, where there is one. */
  readonly dropIn?: string;
}

/** How PTP reaches the system clock: through chronyd, or by ptp4l or phc2sys themselves; `nowhere`: it is served, not followed. */
export type Feed = 'chronyd' | 'clock' | 'nowhere';

/** How chronyd is kept from PTP until that is proven: by an option, or by a ptp4l that starts later. */
export type Gate = 'selectopts' | 'start' | 'none';

/** What is to be run, and what whoever configured it has to know. */
export interface TimePlan {
  /** Undefined: nothing is to be run. */
  readonly files?: TimeFiles;
  readonly feed: Feed;
  readonly gate: Gate;
  readonly hardware: boolean;
  /** domainNumber and majorSdoId of ptp4l. */
  readonly domain: number;
  readonly transportSpecific: number;
  /** Where PTP is spoken. */
  readonly ports: readonly SpokenPort[];
  readonly notes: readonly SetupNote[];
  /** Why nothing can be run as it is configured. */
  readonly fault?: SetupNote;
}

/** Where the sockets and files of the daemons are. */
export interface TimePlaces {
  readonly socketDir: string;
}

interface Chosen {
  readonly ptp: SectionValues<'ptp'>;
  readonly profile: Profile;
  readonly ports: readonly PtpPortPlan[];
  readonly hardware: boolean;
  readonly feed: Feed;
  readonly segment: number | undefined;
}

/** What phc2sys is run with: it follows what ptp4l says of its ports, and the grandmaster's UTC offset. */
function phc2sysArgs({ ptp, profile, ports, feed, segment }: Chosen, places: TimePlaces): string[] {
  const where = ['-z', `${places.socketDir}/ptp4l`, '-n', String(profile.domain)];
  const specific =
    profile.transportSpecific === 0 ? [] : [`--transportSpecific=${profile.transportSpecific}`];
  const common = [...where, ...specific, '-m', '-q', '-u', '1024'];
  if (ptp.role === 'server') {
    const [{ device } = { device: { name: '' } }] = ports;
    return ['-s', 'CLOCK_REALTIME', '-c', device.name, '-w', ...common];
  }
  const servo = feed === 'chronyd' ? ['-E', 'ntpshm', '-M', String(segment)] : [];
  return ['-a', '-r', ...servo, ...common];
}

function feedOf({ role }: SectionValues<'ptp'>, { chronyd, chrony }: TimeHost): Feed {
  const withChronyd = chronyd !== undefined && chrony !== undefined;
  if (role !== 'server') return withChronyd ? 'chronyd' : 'clock';
  if (!withChronyd)
    throw new SetupFault(
      'server_without_chronyd',
      'role server needs chronyd, which holds the clock that is served',
    );
  return 'nowhere';
}

function chosen({ ptp }: Pick<Config, 'ptp'>, host: TimeHost, notes: SetupNote[]): Chosen {
  if (host.ptp4l === undefined)
    throw new SetupFault('no_ptp4l', `there is no program '${ptp.ptp4l}': install linuxptp`);
  const profile = profileOf(ptp);
  const ports = portsOf(ptp, profile.transport, host, notes);
  const hardware = ports.length > 0 && usesHardware(ptp, ports, host);
  const feed = feedOf(ptp, host);
  const segment =
    feed === 'chronyd' && host.chrony !== undefined
      ? freeSegment(host.chrony, host.foreignSegments)
      : undefined;
  return { ptp, profile, ports, hardware, feed, segment };
}

/** The drop-in does not depend on the ports: one that comes and goes costs no restart of chronyd. */
function filesOf(
  { time }: Pick<Config, 'time'>,
  host: TimeHost,
  places: TimePlaces,
  what: Chosen,
  notes: SetupNote[],
): TimeFiles {
  const { ptp, profile, ports, hardware, feed, segment } = what;
  const { ptp4l: version, chronyd, chrony } = host;
  const isChronyd = feed !== 'clock' && chronyd !== undefined && chrony !== undefined;
  return known({
    dropIn: isChronyd ? dropIn(ptp, time, chronyd, chrony, segment, notes) : undefined,
    ptp4lConf:
      ports.length === 0 || version === undefined
        ? undefined
        : ptp4lConf({
            ...{ ptp, profile, ports, version, hardware, ...places },
            ...(hardware ? {} : known({ segment })),
          }),
    phc2sysArgs: hardware ? phc2sysArgs(what, places) : undefined,
  });
}

function gateOf(feed: Feed, host: TimeHost): Gate {
  if (feed !== 'chronyd' || host.chronyd === undefined) return 'none';
  return has(host.chronyd, 'selectopts') ? 'selectopts' : 'start';
}

const spoken = ({ device: { name, bridge }, transport }: PtpPortPlan): SpokenPort => ({
  ...{ name, transport },
  ...known({ bridge }),
});

const noFallback =
  'there is no chronyd: ptp4l steers the clock alone, and when PTP is lost nothing does; install chrony for a fallback to NTP';

const freeCard =
  'role auto with time stamps of the hardware announces a clock that is not traceable, for phc2sys sets that of a card for role server alone: set ptp.role server, or ptp.timestamping software';

/** What chronyd's own config has that goes badly along with PTP, or is missing from it. */
function refclockNotes(
  { role }: SectionValues<'ptp'>,
  { refclocks }: ChronyConf,
  hardware: boolean,
): readonly SetupNote[] {
  if (role === 'server')
    return refclocks.length > 0
      ? []
      : [
          {
            code: 'no_reference',
            text: "chronyd's config has no refclock, such as GNSS or PPS: role server announces a clock that is not traceable",
          },
        ];
  const isFreeCard = role === 'auto' && hardware && refclocks.length > 0;
  const badly = refclocks
    .filter((one) => /^(PHC|SHM) /i.test(one))
    .map((one) => ({
      code: 'refclock' as const,
      text: /^PHC/i.test(one)
        ? `chronyd's config has refclock ${one}: it runs on when PTP is lost, and keeps chronyd from NTP; remove it, PTP comes as ${ptpRefid}`
        : `chronyd's config has refclock ${one}: if a ptp4l or phc2sys of your own feeds it, remove both, PTP comes as ${ptpRefid}`,
    })) satisfies SetupNote[];
  return [...(isFreeCard ? [{ code: 'no_reference' as const, text: freeCard }] : []), ...badly];
}

/** Plans the clock daemons of a host. Never throws: what cannot be done is the plan's fault. */
export function planTime(config: Pick<Config, 'ptp' | 'time'>, host: TimeHost, places: TimePlaces): TimePlan {
  const notes: SetupNote[] = [];
  const { domain, transportSpecific } = profileOf(config.ptp);
  const nothing = {
    feed: 'nowhere',
    gate: 'none',
    hardware: false,
    domain,
    transportSpecific,
    ports: [],
    notes,
  } as const;
  if (!isWanted(config.ptp)) return nothing;
  try {
    const what = chosen(config, host, notes);
    const { feed, hardware } = what;
    const files = filesOf(config, host, places, what, notes);
    if (feed === 'clock') notes.push({ code: 'no_fallback', text: noFallback });
    else if (host.chrony !== undefined) notes.push(...refclockNotes(config.ptp, host.chrony, hardware));
    const ports = what.ports.map(spoken);
    return { ...nothing, files, feed, gate: gateOf(feed, host), hardware, ports };
  } catch (error) {
    if (!(error instanceof SetupFault)) throw error;
    return { ...nothing, fault: error.note };
  }
}
