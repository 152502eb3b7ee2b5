import { type CauseCode, causeOf } from '../causes.ts';

/** How far a client that does not log in comes at an address of a hub. */
export interface HubProbe {
  readonly url: string;
  /** The IP address and port that were tried. */
  readonly address?: string;
  /** The step that failed, or `open` when none did. */
  readonly step: 'dns' | 'tcp' | 'info' | 'tls' | 'open';
  /** Why it went no further, with the code of node or OpenSSL. */
  readonly why?: string;
  /** The cause, where the probe itself found it; else `why` is the text of node or OpenSSL for it. */
  readonly cause?: CauseCode;
}

/** How TLS is spoken with the hub; the names are those of the options. */
export interface ProbeTls {
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly handshakeFirst?: boolean;
  readonly insecure?: boolean;
}

/** Something accepted the connection. */
export const isReached = ({ step }: HubProbe): boolean => step !== 'dns' && step !== 'tcp';

/** What keeps a probe from the hub; undefined where no cause is known for it. */
export const causeOfProbe = ({ step, cause, why = '' }: HubProbe): CauseCode | undefined =>
  cause ?? (step === 'dns' ? 'dns' : causeOf(why)); // a DNS server that refuses is no hub that refuses
