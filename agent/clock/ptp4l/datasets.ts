import type {
  CurrentDataSet,
  DefaultDataSet,
  ParentDataSet,
  PortState,
  PtpFacts,
  PtpPort,
  TimeProperties,
  TimeStatus,
  Timestamping,
} from '../facts.ts';
import { type Parsed, textReader, unparsed } from '../textreader.ts';
import type { PmcReply } from './pmc.ts';

/** PORT_DATA_SET alone. */
export type PortDataSet = Omit<PtpPort, 'timestamping' | 'interface' | 'phcIndex'>;

/** PORT_PROPERTIES_NP: what the port is made of. Told over the writable socket only. */
export interface PortProperties {
  readonly portIdentity: string;
  readonly timestamping: Timestamping;
  readonly interface: string;
}

/** PORT_HWCLOCK_NP (linuxptp 4.0 and newer). Told over the writable socket only. */
export interface PortHwclock {
  readonly portIdentity: string;
  readonly phcIndex: number;
}

/** SUBSCRIBE_EVENTS_NP: what the daemon will push, and for how long. */
export interface Subscription {
  readonly duration_s: number;
  readonly events: PtpFacts['events'];
}

/** The data sets that are understood, by the names that pmc gives them. */
export interface DataSets {
  readonly TIME_STATUS_NP: TimeStatus;
  readonly CURRENT_DATA_SET: CurrentDataSet;
  readonly PORT_DATA_SET: PortDataSet;
  readonly PARENT_DATA_SET: ParentDataSet;
  readonly TIME_PROPERTIES_DATA_SET: TimeProperties;
  readonly DEFAULT_DATA_SET: DefaultDataSet;
  readonly PORT_PROPERTIES_NP: PortProperties;
  readonly PORT_HWCLOCK_NP: PortHwclock;
  readonly SUBSCRIBE_EVENTS_NP: Subscription;
}
export type DataSetId = keyof DataSets;

const same = <K extends string>(...words: K[]): Readonly<Record<string, K>> =>
  Object.fromEntries(words.map((word) => [word, word]));

const portStates: Readonly<Record<string, PortState>> = same(
  'INITIALIZING',
  'FAULTY',
  'DISABLED',
  'LISTENING',
  'PRE_MASTER',
  'MASTER',
  'GRAND_MASTER',
  'PASSIVE',
  'UNCALIBRATED',
  'SLAVE',
);
const timestampings: Readonly<Record<string, Timestamping>> = same(
  'SOFTWARE',
  'HARDWARE',
  'LEGACY_HW',
  'ONESTEP',
  'P2P1STEP',
);
const flags = { '0': false, '1': true };
const truths = { false: false, true: true };

type Fields = ReturnType<typeof fieldsOf>;

/** The reader of parsed.ts over the fields of one reply: a field is asked for by its name alone. */
function fieldsOf(reply: PmcReply) {
  const read = textReader();
  const at = (name: string): string | undefined => reply.fields.get(name);
  return {
    int: (name: string, least?: number, most?: number) => read.int(name, at(name), least, most),
    uint8: (name: string) => read.int(name, at(name), 0, 255),
    int8: (name: string) => read.int(name, at(name), -128, 127),
    uint16: (name: string) => read.int(name, at(name), 0, 65535),
    int16: (name: string) => read.int(name, at(name), -32768, 32767),
    hex: (name: string, most: number) => read.inBase(name, at(name), 16, most),
    number: (name: string) => read.number(name, at(name)),
    bigint: (name: string) => read.bigint(name, at(name)),
    word: (name: string) => read.word(name, at(name)),
    flag: (name: string) => read.oneOf(name, at(name), flags, false),
    truth: (name: string) => read.oneOf(name, at(name), truths, false),
    oneOf: <T>(name: string, meanings: Readonly<Record<string, T>>, filler: T) =>
      read.oneOf(name, at(name), meanings, filler),
    isOn: (name: string) => at(name) === 'on',
    result: read.result,
  };
}

const readers: { readonly [K in DataSetId]: (f: Fields) => DataSets[K] } = {
  TIME_STATUS_NP: (f) => ({
    master_offset_ns: f.int('master_offset', -(2 ** 63), 2 ** 63), // years, before a clock without battery is set
    ingress_time_ns: f.bigint('ingress_time'),
    gmPresent: f.truth('gmPresent'),
    gmIdentity: f.word('gmIdentity'),
  }),
  CURRENT_DATA_SET: (f) => ({
    stepsRemoved: f.uint16('stepsRemoved'),
    offsetFromMaster_ns: f.number('offsetFromMaster'), // printed as %.1f
    meanPathDelay_ns: f.number('meanPathDelay'),
  }),
  PORT_DATA_SET: (f) => ({
    portIdentity: f.word('portIdentity'),
    portState: f.oneOf('portState', portStates, 'FAULTY'),
    logSyncInterval: f.int8('logSyncInterval'),
    logAnnounceInterval: f.int8('logAnnounceInterval'),
    announceReceiptTimeout: f.uint8('announceReceiptTimeout'),
    delayMechanism: f.uint8('delayMechanism'),
    peerMeanPathDelay_ns: f.int('peerMeanPathDelay'),
  }),
  PARENT_DATA_SET: (f) => ({
    parentPortIdentity: f.word('parentPortIdentity'),
    grandmasterIdentity: f.word('grandmasterIdentity'),
    gmClockClass: f.uint8('gm.ClockClass'),
    gmClockAccuracy: f.hex('gm.ClockAccuracy', 0xff),
    gmOffsetScaledLogVariance: f.hex('gm.OffsetScaledLogVariance', 0xffff),
    grandmasterPriority1: f.uint8('grandmasterPriority1'),
    grandmasterPriority2: f.uint8('grandmasterPriority2'),
  }),
  TIME_PROPERTIES_DATA_SET: (f) => ({
    currentUtcOffset_s: f.int16('currentUtcOffset'),
    leap61: f.flag('leap61'),
    leap59: f.flag('leap59'),
    currentUtcOffsetValid: f.flag('currentUtcOffsetValid'),
    ptpTimescale: f.flag('ptpTimescale'),
    timeTraceable: f.flag('timeTraceable'),
    frequencyTraceable: f.flag('frequencyTraceable'),
    timeSource: f.hex('timeSource', 0xff),
  }),
  DEFAULT_DATA_SET: (f) => ({
    slaveOnly: f.flag('slaveOnly'),
    numberPorts: f.uint16('numberPorts'),
    clockClass: f.uint8('clockClass'),
    clockIdentity: f.word('clockIdentity'),
    domainNumber: f.uint8('domainNumber'),
  }),
  PORT_PROPERTIES_NP: (f) => ({
    portIdentity: f.word('portIdentity'),
    timestamping: f.oneOf('timestamping', timestampings, 'SOFTWARE'),
    interface: f.word('interface'),
  }),
  PORT_HWCLOCK_NP: (f) => ({
    portIdentity: f.word('portIdentity'),
    phcIndex: f.int('phcIndex', -1, 0x7fffffff),
  }),
  SUBSCRIBE_EVENTS_NP: (f) => ({
    duration_s: f.uint16('duration'),
    events: [
      ...(f.isOn('NOTIFY_PORT_STATE') ? (['port_state'] as const) : []),
      ...(f.isOn('NOTIFY_TIME_SYNC') ? (['time_sync'] as const) : []), // linuxptp 4.0
      ...(f.isOn('NOTIFY_PARENT_DATA_SET') ? (['parent_data_set'] as const) : []), // linuxptp 4.2
    ],
  }),
};

/** Whether this is the name of a data set that is understood. */
export const isDataSetId = (id: string): id is DataSetId => Object.hasOwn(readers, id);

/** Reads the data set that the reply must be. Fields that are not asked for may be anything. */
export function parseDataSet<K extends DataSetId>(id: K, reply: PmcReply): Parsed<DataSets[K]> {
  if (reply.kind !== 'response' || reply.id !== id) return unparsed(`not a ${id}`);
  const fields = fieldsOf(reply);
  const read = fields.result(readers[id](fields));
  return read.ok ? read : unparsed(`${id}: ${read.why}`);
}
