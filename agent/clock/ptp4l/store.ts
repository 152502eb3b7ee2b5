import type { PtpFacts, PtpPort } from '../facts.ts';
import type { DataSetId, DataSets } from './pmc.ts';
import type { SyncAge } from './syncage.ts';

/** One data set that ptp4l sent. */
export type Received = {
  readonly [K in DataSetId]: { readonly id: K; readonly value: DataSets[K] };
}[DataSetId];

/** The data sets of one ptp4l, which come one by one. */
export interface DataSetStore {
  /** Keeps a data set. Returns whether it differs from the one before. */
  put(received: Received, now_ms: number): boolean;
  /**
   * The facts that are not older than `life_ms` says for each data set. Undefined without ports and time
   * status, by which all others are judged.
   */
  facts(now_ms: number, life_ms: (id: DataSetId) => number): PtpFacts | undefined;
  /** How many ports answer a question about ports; 1 until DEFAULT_DATA_SET has come. */
  numberPorts(): number;
}

/** Values of data sets are flat but for one list of words. */
const sameValue = (a: object, b: object): boolean => {
  const other = new Map<string, unknown>(Object.entries(b));
  return Object.entries(a).every(([key, value]) => String(value) === String(other.get(key)));
};

/** Data sets are kept by name and, where they are a port's own, by port. */
const keyOf = ({ id, value }: Received): string =>
  'portIdentity' in value ? `${id} ${value.portIdentity}` : id;

/** When the path delay was last measured: seen by the count of responses, or by the delay where nobody counts. */
function delayAge() {
  const counts = new Map<string, number>();
  let last = '';
  let measured_ms: number | undefined;
  const see = (what: string, now_ms: number): void => {
    if (what !== last) measured_ms = now_ms;
    last = what;
  };
  return {
    take({ id, value }: Received, now_ms: number): void {
      if (id === 'PORT_STATS_NP') {
        counts.set(value.portIdentity, value.delayResponses);
        see([...counts.values()].join(' '), now_ms);
      } else if (id === 'CURRENT_DATA_SET' && counts.size === 0) see(String(value.meanPathDelay_ns), now_ms);
    },
    measured_ms: () => measured_ms,
  };
}

/** An empty store. `sync` may remember what the store before saw. */
export function dataSetStore(sync: SyncAge): DataSetStore {
  const all = new Map<string, { readonly received: Received; readonly at_ms: number }>();

  const delays = delayAge();

  const get = <K extends DataSetId>(id: K, port = ''): DataSets[K] | undefined =>
    all.get(port === '' ? id : `${id} ${port}`)?.received.value as DataSets[K] | undefined;

  const ports = (): PtpPort[] =>
    [...all.values()].flatMap(({ received }) =>
      received.id === 'PORT_DATA_SET'
        ? [
            {
              ...received.value,
              ...get('PORT_PROPERTIES_NP', received.value.portIdentity),
              ...get('PORT_STATS_NP', received.value.portIdentity),
            },
          ]
        : [],
    );

  return {
    put(received, now_ms) {
      const before = all.get(keyOf(received))?.received;
      if (received.id === 'TIME_STATUS_NP') sync.take(received.value.ingress_time_ns, now_ms);
      all.set(keyOf(received), { received, at_ms: now_ms });
      delays.take(received, now_ms);
      return before === undefined || !sameValue(received.value, before.value);
    },
    facts(now_ms, life_ms) {
      for (const [key, { received, at_ms }] of all) {
        if (now_ms - at_ms > life_ms(received.id)) all.delete(key);
      }
      const timeStatus = get('TIME_STATUS_NP');
      const known = ports();
      if (timeStatus === undefined || known.length === 0) return undefined;
      const current = get('CURRENT_DATA_SET');
      const parent = get('PARENT_DATA_SET');
      const timeProperties = get('TIME_PROPERTIES_DATA_SET');
      const defaults = get('DEFAULT_DATA_SET');
      return {
        events: get('SUBSCRIBE_EVENTS_NP')?.events ?? [],
        ports: known,
        timeStatus,
        ingressSeen_ms: sync.arrived_ms(),
        delaySeen_ms: delays.measured_ms() ?? now_ms,
        ...(current === undefined ? {} : { current }),
        ...(parent === undefined ? {} : { parent }),
        ...(timeProperties === undefined ? {} : { timeProperties }),
        ...(defaults === undefined ? {} : { defaults }),
      };
    },
    numberPorts: () => get('DEFAULT_DATA_SET')?.numberPorts ?? 1,
  };
}
