import { known } from '../../lib/known.ts';
import type { PtpFacts, PtpPort, Sync } from '../facts.ts';
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
function sameValue(a: object, b: object): boolean {
  const [one, other] = [a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>];
  for (const key in one) if (one[key] !== other[key] && String(one[key]) !== String(other[key])) return false;
  return true;
}

/** Data sets are kept by name and, where they are a port's own, by port. */
const keyOf = ({ id, value }: Received): string =>
  'portIdentity' in value ? `${id} ${value.portIdentity}` : id;

/** Since when each thing has the value that it has. */
function changeTimes() {
  const seen = new Map<string, { readonly value: number; readonly at_ms: number }>();
  return {
    see(what: string, value: number, now_ms: number): void {
      if (seen.get(what)?.value !== value) seen.set(what, { value, at_ms: now_ms });
    },
    /** When the last of these changed. */
    lastOf(...all: readonly string[]): number | undefined {
      const times = all.flatMap((what) => seen.get(what)?.at_ms ?? []);
      return times.length === 0 ? undefined : Math.max(...times);
    },
  };
}

const mostSyncs = 64;

/** The last Syncs, oldest first. */
function lastSyncs() {
  let syncs: readonly Sync[] = [];
  return {
    take({ ingress_time_ns, master_offset_ns }: Sync): void {
      if (syncs.at(-1)?.ingress_time_ns === ingress_time_ns) syncs = syncs.slice(0, -1);
      syncs = [...syncs.slice(1 - mostSyncs), { ingress_time_ns, master_offset_ns }];
    },
    all: () => syncs,
  };
}

/** What shows only over time. */
function history(sync: SyncAge) {
  const changes = changeTimes();
  const syncs = lastSyncs();
  return {
    take({ id, value }: Received, now_ms: number): void {
      if (id === 'PORT_STATS_NP') changes.see(value.portIdentity, value.delayResponses, now_ms);
      else if (id === 'CURRENT_DATA_SET') changes.see('delay', value.meanPathDelay_ns, now_ms);
      else if (id === 'PORT_DATA_SET') changes.see('delay of a peer', value.peerMeanPathDelay_ns, now_ms);
      else if (id === 'TIME_STATUS_NP') {
        sync.take(value.ingress_time_ns, now_ms);
        syncs.take(value);
      }
    },
    /** When delay requests of this port were answered last. */
    answered_ms: (portIdentity: string) => changes.lastOf(portIdentity),
    delayChanged_ms: () => changes.lastOf('delay', 'delay of a peer'),
    syncs: syncs.all,
  };
}

/** An empty store. `sync` may remember what the store before saw. */
export function dataSetStore(sync: SyncAge): DataSetStore {
  const all = new Map<string, { readonly received: Received; readonly at_ms: number }>();
  const seen = history(sync);

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
              ...known({ answered_ms: seen.answered_ms(received.value.portIdentity) }),
            },
          ]
        : [],
    );

  return {
    put(received, now_ms) {
      const before = all.get(keyOf(received))?.received;
      all.set(keyOf(received), { received, at_ms: now_ms });
      seen.take(received, now_ms);
      return before === undefined || !sameValue(received.value, before.value);
    },
    facts(now_ms, life_ms) {
      for (const [key, { received, at_ms }] of all) {
        if (now_ms - at_ms > life_ms(received.id)) all.delete(key);
      }
      const timeStatus = get('TIME_STATUS_NP');
      const portsNow = ports();
      if (timeStatus === undefined || portsNow.length === 0) return undefined;
      const current = get('CURRENT_DATA_SET');
      const parent = get('PARENT_DATA_SET');
      const timeProperties = get('TIME_PROPERTIES_DATA_SET');
      const defaults = get('DEFAULT_DATA_SET');
      return {
        events: get('SUBSCRIBE_EVENTS_NP')?.events ?? [],
        ports: portsNow,
        timeStatus,
        syncs: seen.syncs(),
        ingressSeen_ms: sync.arrived_ms(),
        ingressAfter_ms: sync.after_ms(),
        delayChanged_ms: seen.delayChanged_ms() ?? now_ms,
        ...known({ current, parent, timeProperties, defaults }),
      };
    },
    numberPorts: () => get('DEFAULT_DATA_SET')?.numberPorts ?? 1,
  };
}
