/** Why a value is not there at all. */
export type AbsentReason =
  | 'not_installed' // the program or file does not exist on this machine
  | 'no_socket' // the daemon's socket is not there: it does not run, or listens elsewhere
  | 'no_permission' // the system refused access
  | 'unauthorised' // the daemon answered that we may not ask this
  | 'no_reply' // asked, and nothing came back in time
  | 'refused' // connection refused: nobody listens
  | 'garbled' // an answer came that cannot be understood
  | 'disabled' // switched off in the config
  | 'not_yet'; // nothing was asked so far

const absenceWords: Readonly<Record<AbsentReason, string>> = {
  not_installed: 'not installed',
  no_socket: 'no management socket',
  no_permission: 'no permission',
  unauthorised: 'not authorised',
  no_reply: 'no reply',
  refused: 'connection refused',
  garbled: 'invalid reply',
  disabled: 'disabled in the config',
  not_yet: 'not queried yet',
};

/** Why a value is absent, in words: `no management socket (tried /var/run/ptp4l)`. */
export const absenceText = (of: { readonly why: AbsentReason; readonly detail?: string }): string =>
  `${absenceWords[of.why]}${of.detail === undefined ? '' : ` (${of.detail})`}`;

/** A value and how far it may be trusted. `at_ms` is monotonic milliseconds (see lib/ticker.ts), never wall time. */
export type Reading<T> =
  | { readonly kind: 'fresh'; readonly at_ms: number; readonly value: T }
  | { readonly kind: 'stale'; readonly at_ms: number; readonly value: T; readonly why: string }
  | { readonly kind: 'absent'; readonly why: AbsentReason; readonly detail?: string };

export const fresh = <T>(value: T, at_ms: number): Reading<T> => ({ kind: 'fresh', at_ms, value });

export const stale = <T>(value: T, at_ms: number, why: string): Reading<T> => ({
  kind: 'stale',
  at_ms,
  value,
  why,
});

export const absent = (why: AbsentReason, detail?: string): Reading<never> =>
  detail === undefined ? { kind: 'absent', why } : { kind: 'absent', why, detail };

/** The value of a fresh reading, else undefined. */
export const freshValue = <T>(reading: Reading<T>): T | undefined =>
  reading.kind === 'fresh' ? reading.value : undefined;

/** `fresh`, `stale` or `absent: <why>`. */
export const presenceOf = (reading: Reading<unknown>): string =>
  reading.kind === 'absent' ? `absent: ${reading.why}` : reading.kind;
