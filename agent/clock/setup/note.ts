/** What a note of the set-up is about: the option that mends it, or the program. */
export type SetupCode =
  | 'no_ptp4l'
  | 'no_phc2sys'
  | 'no_chronyd'
  | 'interface_missing'
  | 'interface_bridge'
  | 'interface_kind'
  | 'interface_stamps'
  | 'bridged_udp'
  | 'bridged_l2'
  | 'bridged_server'
  | 'no_hardware'
  | 'unicast_family'
  | 'chrony_refuses'
  | 'chrony_confdir'
  | 'chrony_silent'
  | 'ptp4l_refuses'
  | 'ptp4l_runs'
  | 'server_without_chronyd'
  | 'ntp_server_known'
  | 'no_fallback'
  | 'refclock'
  | 'no_reference'
  | 'steerer';

/** Something that whoever configured the clock has to know. */
export interface SetupNote {
  readonly code: SetupCode;
  /** One sentence, with the reason and what to do. */
  readonly text: string;
}

/** Prevents that anything is run; the first one counts. */
export class SetupFault extends Error {
  readonly note: SetupNote;
  constructor(code: SetupCode, text: string) {
    super(text);
    this.note = { code, text };
  }
}
