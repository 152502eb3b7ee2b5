import type { Config, SectionValues } from '../../config/options.ts';
import { type TimeSetup, timeFiles } from './applied.ts';
import { isWanted } from './wanted.ts';

/** Whether the ptp4l of this unit is the one that nunect-time runs. */
export const isManaged = (setup: TimeSetup | undefined): setup is TimeSetup =>
  setup?.applied.runs.includes('ptp4l') === true;

/** How the clock daemons are watched and judged: as the time section says, and as those were set up that nunect-time runs. */
export function watchedTime(
  { time, ptp }: Pick<Config, 'time' | 'ptp'>,
  setup?: TimeSetup,
): SectionValues<'time'> {
  const published = {
    ...time,
    ntp_server: time.ntp_server.length > 0 || !isWanted(ptp) ? time.ntp_server : ptp.ntp_server,
  };
  if (!isManaged(setup)) return published;
  const { runDir, applied } = setup;
  const own = [timeFiles.ptp4lSocket, timeFiles.ptp4lReadOnly].map((file) => `${runDir}/${file}`);
  return {
    ...published,
    ptp_socket: [...own, ...time.ptp_socket],
    ptp_domain: applied.domain,
    transport_specific: applied.transportSpecific,
    timestamping: applied.hardware ? 'hardware' : 'software',
    asymmetry_ns: ptp.asymmetry_ns >= 0 ? ptp.asymmetry_ns : time.asymmetry_ns,
  };
}
