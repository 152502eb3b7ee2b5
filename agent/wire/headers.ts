/** The headers of the wire contract, read without regard to case. The only place where one is spelled. */
export const headerNames = {
  unitId: 'X-Unit-ID',
  tenant: 'X-Tenant',
  sequence: 'X-Sequence',
  /** Unix ms. */
  timestamp: 'X-Timestamp',
  /** Go durations. */
  nativeRtt: 'X-Native-RTT',
  appRtt: 'X-App-RTT',
  clockSource: 'X-Clock-Source',
  clockQuality: 'X-Clock-Quality',
  /** Half-width in ns. */
  clockErrorBound: 'X-Clock-Error-Bound',
  /** The same around the grandmaster's time. */
  clockErrorRel: 'X-Clock-Error-Rel',
  healthStatus: 'X-Health-Status',
  cpuLoad: 'X-CPU-Load',
  memoryUsage: 'X-Memory-Usage',
  /** Seconds. */
  uptime: 'X-Uptime',
  /** On a record that comes late: `true`. */
  backfill: 'X-Backfill',
  /** Of an echo: Unix µs. */
  serverReceivedAt: 'X-Server-Received-At',
  serverSentAt: 'X-Server-Sent-At',
  /** Of an echo: what was left out. */
  echoNote: 'X-Echo-Note',
  /** By which JetStream knows a record that it has already (ADR-4). */
  messageId: 'Nats-Msg-Id',
  /** Of a reply that is an error (ADR-32). */
  serviceError: 'Nats-Service-Error',
  serviceErrorCode: 'Nats-Service-Error-Code',
} as const;

/** The first value of each header, by a name of any case. */
export function headerReader(
  headers: Iterable<readonly [string, readonly string[]]> | undefined,
): (name: string) => string | undefined {
  const found = new Map<string, string>();
  for (const [name, [value = '']] of headers ?? []) found.set(name.toLowerCase(), value);
  return (name) => found.get(name.toLowerCase());
}
