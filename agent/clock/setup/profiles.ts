import type { SectionValues } from '../../config/options.ts';
import type { Transport } from './ports.ts';

/** What a PTP profile says where an option leaves it open, and lines of [global] that ptp4l needs for it. */
export interface Profile {
  readonly domain: number;
  readonly transport: Transport;
  readonly delayMechanism: 'E2E' | 'P2P';
  /** majorSdoId; 1 for IEEE 802.1AS. */
  readonly transportSpecific: number;
  /** Whether its servers are asked one by one. */
  readonly unicast?: true;
  readonly lines: readonly string[];
}

const telecom = ['dataset_comparison G.8275.x', 'G.8275.defaultDS.localPriority 128', 'maxStepsRemoved 255'];
/** A destination that no bridge passes on. */
const linkLocal = 'ptp_dst_mac 01:80:C2:00:00:0E';

/** By the standards: IEEE 1588-2019 annex I, ITU-T G.8275.1 and G.8275.2, IEEE 802.1AS-2020, IEC/IEEE 61850-9-3. */
const profiles: Readonly<Record<SectionValues<'ptp'>['profile'], Profile>> = {
  default: { domain: 0, transport: 'UDPv4', delayMechanism: 'E2E', transportSpecific: 0, lines: [] },
  'G.8275.1': {
    ...{ domain: 24, transport: 'L2', delayMechanism: 'E2E', transportSpecific: 0 },
    lines: [
      ...telecom,
      'logAnnounceInterval -3',
      'logSyncInterval -4',
      'logMinDelayReqInterval -4',
      linkLocal,
    ],
  },
  'G.8275.2': {
    ...{ domain: 44, transport: 'UDPv4', delayMechanism: 'E2E', transportSpecific: 0, unicast: true },
    lines: [...telecom, 'logAnnounceInterval 0', 'inhibit_multicast_service 1'],
  },
  gPTP: {
    ...{ domain: 0, transport: 'L2', delayMechanism: 'P2P', transportSpecific: 1 },
    lines: [
      ...[
        'gmCapable 1',
        'priority1 248',
        'priority2 248',
        'logAnnounceInterval 0',
        'logSyncInterval -3',
        'syncReceiptTimeout 3',
      ],
      ...['assume_two_step 1', 'path_trace_enabled 1', 'follow_up_info 1', linkLocal],
      // software stamps scatter by more than a port of 802.1AS may be away
      'neighborPropDelayThresh 20000000',
    ],
  },
  power: {
    ...{ domain: 0, transport: 'L2', delayMechanism: 'P2P', transportSpecific: 0 },
    lines: ['logAnnounceInterval 0', 'logSyncInterval 0', 'logMinPdelayReqInterval 0'],
  },
};

/** The profile, with what the options decide instead. */
export function profileOf({ profile, domain, delay_mechanism }: SectionValues<'ptp'>): Profile {
  const usual = profiles[profile];
  return {
    ...usual,
    domain: domain < 0 ? usual.domain : domain,
    delayMechanism: delay_mechanism === 'auto' ? usual.delayMechanism : delay_mechanism,
  };
}
