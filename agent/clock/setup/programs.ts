// The versions of the clock daemons, and what each of them does not know: an unknown option is fatal to all of them.

/** major, minor of linuxptp or chrony. */
export type ProgramVersion = readonly [number, number];

/** The first version that has it, by the sources of each release (facts/timestack.md). */
const since = {
  /** ptp4l: clientOnly and serverOnly; before, slaveOnly and masterOnly. */
  client_only: [4, 0],
  /** ptp4l: a management socket for reading only. */
  uds_ro: [4, 0],
  /** chronyc: selectopts, by which a source is withheld while chronyd runs. */
  selectopts: [4, 4],
  /** chronyd: maxunreach, for how long a source that is silent may be selected. */
  maxunreach: [4, 8],
} as const satisfies Record<string, ProgramVersion>;

/** Whether a program of that version has it. */
export function has(version: ProgramVersion, feature: keyof typeof since): boolean {
  const [major, minor] = since[feature];
  return version[0] > major || (version[0] === major && version[1] >= minor);
}

/** The version in what `ptp4l -v` or `chronyd -v` prints; undefined when there is none. */
export function parseProgramVersion(text: string): ProgramVersion | undefined {
  const found = /(?:^|[^\d.])(\d{1,3})\.(\d{1,3})/.exec(text.slice(0, 512));
  return found === null ? undefined : [Number(found[1]), Number(found[2])];
}

/** As people write it: 4.4. */
export const showVersion = (version: ProgramVersion): string => version.join('.');
