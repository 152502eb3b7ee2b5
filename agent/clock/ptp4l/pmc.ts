// What pmc prints, as facts. The grammar (linuxptp pmc.c) is the same from 3.1.1 to 4.4:
//
//   sending: GET TIME_STATUS_NP
//   \t46c098.fffe.57f671-0 seq 0 RESPONSE MANAGEMENT TIME_STATUS_NP \n
//   \t\tmaster_offset              -1614\n
//   ...

import { type ParseResult, unparsed } from '../../lib/parse.ts';
import {
  type CurrentDataSet,
  type DefaultDataSet,
  type ParentDataSet,
  type PortState,
  type PtpFacts,
  type PtpPort,
  portStates,
  type TimeProperties,
  type TimeStatus,
  type Timestamping,
} from '../facts.ts';
import { textReader } from '../textreader.ts';

/** One message of ptp4l as pmc printed it: an answer, a refusal, or an event that was subscribed to. */
export interface PmcReply {
  /** `refused` is MANAGEMENT_ERROR_STATUS, which does not say what was refused. */
  readonly kind: 'response' | 'refused' | 'other';
  /** Name of the data set; empty in a refusal. */
  readonly id: string;
  readonly fields: ReadonlyMap<string, string>;
}

/** Cuts pmc's output into replies, however it was chunked. */
export interface ReplySplitter {
  /** Takes more output and gives the replies that are known to be whole: another line begins behind them. */
  push(chunk: string): PmcReply[];
  /** Gives the last reply too, for when pmc has fallen silent: it flushes a reply as a whole. */
  flush(): PmcReply[];
  /** Gives the last reply if all that is read of it has come; fields that come behind it then are lost. */
  takeWhole(): PmcReply[];
  /** A reply has begun that may go on. */
  isOpen(): boolean;
}

/** Nothing that is read of it can still come; of which events there will be, an old daemon tells some, a new one more. */
const isWhole = (reply: PmcReply): boolean =>
  reply.kind === 'refused' ||
  (isDataSetId(reply.id) && reply.id !== 'SUBSCRIBE_EVENTS_NP' && parseDataSet(reply.id, reply).ok);

const header = /^\t\S+ seq \d{1,10} (\S+) (\S+)(?: (\S*))? *$/;
const field = /^\t\t(\S+) *(.*)$/s; // without s a \r would be sought for in every way

/** More than any reply has; what goes beyond is no reply of pmc. */
const longestLine = 4096;
const mostFields = 256;

function openReply(line: string): PmcReply & { readonly fields: Map<string, string> } {
  const [, action, message, id = ''] = header.exec(line) ?? [];
  const response = action === 'RESPONSE' && message === 'MANAGEMENT' && id !== '';
  const refused = action === 'RESPONSE' && message === 'MANAGEMENT_ERROR_STATUS';
  return { kind: response ? 'response' : refused ? 'refused' : 'other', id, fields: new Map() };
}

/** A splitter that has seen nothing yet. Its memory is bounded, whatever it is fed. */
export function replySplitter(): ReplySplitter {
  let rest = '';
  let open: ReturnType<typeof openReply> | undefined;

  const close = (): PmcReply[] => {
    const closed = open;
    open = undefined;
    return closed === undefined ? [] : [closed];
  };
  const takeLine = (line: string): PmcReply[] => {
    if (line.startsWith('\t\t')) {
      const [, name, value] = field.exec(line) ?? [];
      if (name !== undefined && open !== undefined && open.fields.size < mostFields) {
        open.fields.set(name, (value ?? '').trimEnd());
      }
      return [];
    }
    // Anything else ends the reply before it: a header, the echo `sending:`, or noise.
    const closed = close();
    if (line.startsWith('\t')) open = openReply(line);
    return closed;
  };

  return {
    push(chunk) {
      const lines = (rest + chunk).split('\n');
      const unfinished = lines.pop() ?? '';
      rest = unfinished.length > longestLine ? '' : unfinished;
      return lines.flatMap(takeLine);
    },
    flush: () => (rest === '' ? close() : []), // in the middle of a line: more is to come
    takeWhole: () => (rest === '' && open !== undefined && isWhole(open) ? close() : []),
    isOpen: () => open !== undefined || rest !== '',
  };
}

/** The data sets that are understood, by the names that pmc gives them. */
export interface DataSets {
  readonly TIME_STATUS_NP: TimeStatus;
  readonly CURRENT_DATA_SET: CurrentDataSet;
  readonly PORT_DATA_SET: Omit<PtpPort, 'timestamping' | 'interface' | 'delayResponses' | 'answered_ms'>;
  readonly PARENT_DATA_SET: ParentDataSet;
  readonly TIME_PROPERTIES_DATA_SET: TimeProperties;
  readonly DEFAULT_DATA_SET: DefaultDataSet;
  /** What the port is made of; given over the writable socket only. */
  readonly PORT_PROPERTIES_NP: Required<Pick<PtpPort, 'portIdentity' | 'timestamping' | 'interface'>>;
  /** What the port has counted. */
  readonly PORT_STATS_NP: Required<Pick<PtpPort, 'portIdentity' | 'delayResponses'>>;
  /** What the daemon will push. */
  readonly SUBSCRIBE_EVENTS_NP: Pick<PtpFacts, 'events'>;
}
export type DataSetId = keyof DataSets;

const same = <K extends string>(...words: K[]): Readonly<Record<string, K>> =>
  Object.fromEntries(words.map((word) => [word, word]));

const portStateOf: Readonly<Record<string, PortState>> = same(...portStates);
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

/** The text reader over the fields of one reply: a field is asked for by its name alone. */
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

const isPeerToPeer = (f: Fields): boolean => f.uint8('delayMechanism') === 2;

const readers: { readonly [K in DataSetId]: (f: Fields) => DataSets[K] } = {
  TIME_STATUS_NP: (f) => ({
    master_offset_ns: f.int('master_offset', -(2 ** 63), 2 ** 63), // years, before a clock without battery is set
    ingress_time_ns: f.bigint('ingress_time'),
    gmPresent: f.truth('gmPresent'),
    gmIdentity: f.word('gmIdentity'),
  }),
  CURRENT_DATA_SET: (f) => ({
    stepsRemoved: f.uint16('stepsRemoved'),
    meanPathDelay_ns: f.number('meanPathDelay'), // printed as %.1f
  }),
  PORT_DATA_SET: (f) => ({
    portIdentity: f.word('portIdentity'),
    portState: f.oneOf('portState', portStateOf, 'FAULTY'),
    logSyncInterval: f.int8('logSyncInterval'),
    delayMechanism: f.uint8('delayMechanism'),
    peerMeanPathDelay_ns: f.int('peerMeanPathDelay'),
    logMinDelayInterval: f.int8(isPeerToPeer(f) ? 'logMinPdelayReqInterval' : 'logMinDelayReqInterval'),
  }),
  PARENT_DATA_SET: (f) => ({
    parentPortIdentity: f.word('parentPortIdentity'),
    grandmasterIdentity: f.word('grandmasterIdentity'),
    gmClockClass: f.uint8('gm.ClockClass'),
    gmClockAccuracy: f.hex('gm.ClockAccuracy', 0xff),
  }),
  TIME_PROPERTIES_DATA_SET: (f) => ({
    currentUtcOffset_s: f.int16('currentUtcOffset'),
    currentUtcOffsetValid: f.flag('currentUtcOffsetValid'),
    ptpTimescale: f.flag('ptpTimescale'),
    timeTraceable: f.flag('timeTraceable'),
    leap61: f.flag('leap61'),
    leap59: f.flag('leap59'),
  }),
  DEFAULT_DATA_SET: (f) => ({
    numberPorts: f.uint16('numberPorts'),
    domainNumber: f.uint8('domainNumber'),
  }),
  PORT_PROPERTIES_NP: (f) => ({
    portIdentity: f.word('portIdentity'),
    timestamping: f.oneOf('timestamping', timestampings, 'SOFTWARE'),
    interface: f.word('interface'),
  }),
  PORT_STATS_NP: (f) => ({
    portIdentity: f.word('portIdentity'),
    delayResponses: f.int('rx_Delay_Resp', 0) + f.int('rx_Pdelay_Resp', 0),
  }),
  SUBSCRIBE_EVENTS_NP: (f) => ({
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
export function parseDataSet<K extends DataSetId>(id: K, reply: PmcReply): ParseResult<DataSets[K]> {
  if (reply.kind !== 'response' || reply.id !== id) return unparsed(`not a ${id}`);
  const fields = fieldsOf(reply);
  const read = fields.result(readers[id](fields));
  return read.ok ? read : unparsed(`${id}: ${read.why}`);
}
