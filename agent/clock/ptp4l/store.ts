import type { PtpFacts, PtpPort } from '../facts.ts';
import type { DataSetId, DataSets } from './datasets.ts';
import { type SyncAge, syncAge } from './syncage.ts';

/** One data set that ptp4l sent. */
export type Received = {
  readonly [K in DataSetId]: { readonly id: K; readonly value: DataSets[K] };
}[DataSetId];

/** What one ptp4l has said so far, put together from data sets that come one by one. */
export interface PtpView {
  /** Takes a data set in. Tells whether it says anything new. */
  take(received: Received, now_ms: number): boolean;
  /**
   * The facts that are not older than `life_ms` tells for each data set. Undefined without ports and time
   * status, which all others are judged by.
   */
  facts(
    socket: string,
    readOnly: boolean,
    now_ms: number,
    life_ms: (id: DataSetId) => number,
  ): PtpFacts | undefined;
  /** How many ports answer a question about ports; 1 until the clock has said. */
  numberPorts(): number;
}

interface Heard {
  readonly received: Received;
  readonly at_ms: number;
}

/** Values of data sets are flat but for one list of words. */
const sameValue = (a: object, b: object): boolean => {
  const other = new Map<string, unknown>(Object.entries(b));
  return Object.entries(a).every(([key, value]) => String(value) === String(other.get(key)));
};

/** Data sets are kept by name and, where they are a port's own, by port. */
const keyOf = ({ id, value }: Received): string =>
  'portIdentity' in value ? `${id} ${value.portIdentity}` : id;

/** A view of a ptp4l that has said nothing yet. `sync` may remember what its forerunner saw. */
export function ptpView(sync: SyncAge = syncAge()): PtpView {
  const all = new Map<string, Heard>();

  const get = <K extends DataSetId>(id: K, port = ''): DataSets[K] | undefined =>
    all.get(port === '' ? id : `${id} ${port}`)?.received.value as DataSets[K] | undefined;

  const withProperties = (port: DataSets['PORT_DATA_SET']): PtpPort => {
    const properties = get('PORT_PROPERTIES_NP', port.portIdentity);
    const hwclock = get('PORT_HWCLOCK_NP', port.portIdentity);
    return {
      ...port,
      ...(properties === undefined
        ? {}
        : { timestamping: properties.timestamping, interface: properties.interface }),
      ...(hwclock === undefined ? {} : { phcIndex: hwclock.phcIndex }),
    };
  };

  return {
    take(received, now_ms) {
      const before = all.get(keyOf(received))?.received;
      if (received.id === 'TIME_STATUS_NP') sync.take(received.value.ingress_time_ns, now_ms);
      all.set(keyOf(received), { received, at_ms: now_ms });
      return before === undefined || !sameValue(received.value, before.value);
    },
    facts(socket, readOnly, now_ms, life_ms) {
      for (const [key, { received, at_ms }] of all) {
        if (now_ms - at_ms > life_ms(received.id)) all.delete(key);
      }
      const ports = [...all.values()].flatMap(({ received }) =>
        received.id === 'PORT_DATA_SET' ? [withProperties(received.value)] : [],
      );
      const timeStatus = get('TIME_STATUS_NP');
      if (timeStatus === undefined || ports.length === 0) return undefined;
      const current = get('CURRENT_DATA_SET');
      const parent = get('PARENT_DATA_SET');
      const timeProperties = get('TIME_PROPERTIES_DATA_SET');
      const defaults = get('DEFAULT_DATA_SET');
      return {
        socket,
        readOnly,
        events: get('SUBSCRIBE_EVENTS_NP')?.events ?? [],
        ports,
        timeStatus,
        ingressSeen_ms: sync.arrived_ms(),
        ...(current === undefined ? {} : { current }),
        ...(parent === undefined ? {} : { parent }),
        ...(timeProperties === undefined ? {} : { timeProperties }),
        ...(defaults === undefined ? {} : { defaults }),
      };
    },
    numberPorts: () => get('DEFAULT_DATA_SET')?.numberPorts ?? 1,
  };
}
