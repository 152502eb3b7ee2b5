import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type DataSetId,
  type PmcReply,
  parseDataSet,
  replySplitter,
} from '../../../../agent/clock/ptp4l/pmc.ts';
import { type DataSetStore, dataSetStore, type Received } from '../../../../agent/clock/ptp4l/store.ts';
import { syncAge } from '../../../../agent/clock/ptp4l/syncage.ts';

const status = (fields: string): string =>
  `\t46c098.fffe.57f671-0 seq 7 RESPONSE MANAGEMENT TIME_STATUS_NP \n${fields}`;
const goodFields =
  '\t\tmaster_offset              -12\n\t\tingress_time               1795218750862372953\n\t\tgmPresent                  true\n\t\tgmIdentity                 c6fbd5.fffe.c2ee14\n';

const only = (text: string): PmcReply => {
  const splitter = replySplitter();
  const [reply, ...more] = [...splitter.push(text), ...splitter.flush()];
  assert.ok(reply !== undefined && more.length === 0);
  return reply;
};

test('a reply is held back until something follows it or pmc falls silent at the end of a line', () => {
  const splitter = replySplitter();
  assert.deepEqual(splitter.push(status(goodFields)), []);
  assert.deepEqual(splitter.push('\t\tlate'), []);
  assert.deepEqual(splitter.flush(), [], 'in the middle of a line');
  assert.equal(splitter.push('Field 1\nsending: GET DOMAIN\n')[0]?.fields.get('lateField'), '1');
  assert.deepEqual(splitter.flush(), []);
});

test('ingress time keeps its nanoseconds', () => {
  const parsed = parseDataSet('TIME_STATUS_NP', only(status(goodFields)));
  assert.ok(parsed.ok);
  assert.equal(parsed.value.ingress_time_ns, 1795218750862372953n);
  assert.equal(parsed.value.master_offset_ns, -12);
});

test('garbled replies give a reason that names the field', () => {
  const why = (id: DataSetId, text: string): string => {
    const parsed = parseDataSet(id, only(text));
    return parsed.ok ? 'read' : parsed.why;
  };
  assert.equal(why('TIME_STATUS_NP', status('')), 'TIME_STATUS_NP: master_offset is missing');
  assert.equal(
    why('TIME_STATUS_NP', status(goodFields.replace('true', 'maybe'))),
    "TIME_STATUS_NP: gmPresent is 'maybe'",
  );
  assert.equal(why('PORT_DATA_SET', status(goodFields)), 'not a PORT_DATA_SET');
  const port =
    '\ta-1 seq 0 RESPONSE MANAGEMENT PORT_DATA_SET \n\t\tportIdentity a-1\n\t\tportState toString\n';
  assert.equal(why('PORT_DATA_SET', port), "PORT_DATA_SET: portState is 'toString'");
});

test('noise never throws and never becomes a reply that is understood', () => {
  let seed = 1;
  const random = (): number => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  const letters = [
    '\t',
    '\n',
    ' ',
    'a',
    '0',
    '-',
    '.',
    'RESPONSE',
    'MANAGEMENT',
    ' seq 1 ',
    'sending: ',
    'é',
  ];
  for (let i = 0; i < 2000; i++) {
    const splitter = replySplitter();
    const noise = Array.from({ length: 40 }, () => letters[Math.floor(random() * letters.length)]).join('');
    for (const reply of [...splitter.push(noise), ...splitter.push('\n'), ...splitter.flush()]) {
      assert.equal(parseDataSet('TIME_STATUS_NP', reply).ok, false);
    }
  }
});

test('endless output without a line end or a header takes no memory', () => {
  const splitter = replySplitter();
  for (let i = 0; i < 1000; i++) splitter.push('x'.repeat(10_000));
  for (let i = 0; i < 1000; i++) assert.deepEqual(splitter.push('\t\tfield value\n'), []);
  assert.deepEqual(splitter.push('\n\tok-1 seq 1 RESPONSE MANAGEMENT DOMAIN \n'), []);
  for (let i = 0; i < 1000; i++) splitter.push(`\t\tf${i} 1\n`);
  assert.equal(splitter.flush()[0]?.fields.size, 256);
});

const timeStatus = (ingress_time_ns: bigint): Received => ({
  id: 'TIME_STATUS_NP',
  value: { master_offset_ns: 5, ingress_time_ns, gmPresent: true, gmIdentity: 'gm' },
});
const port = (portIdentity: string): Received => ({
  id: 'PORT_DATA_SET',
  value: {
    portIdentity,
    portState: 'SLAVE',
    logSyncInterval: 0,
    delayMechanism: 1,
    peerMeanPathDelay_ns: 0,
    logMinDelayInterval: 0,
  },
});
const always = (): number => Number.POSITIVE_INFINITY;
const newStore = (): DataSetStore => dataSetStore(syncAge());

test('when the delay changed and when its requests were answered are told apart', () => {
  const store = newStore();
  store.put(port('a-1'), 0);
  store.put(timeStatus(100n), 0);
  const changed = (at: number): number | undefined => store.facts(at, always)?.delayChanged_ms;
  const answered = (at: number): number | undefined => store.facts(at, always)?.ports[0]?.answered_ms;
  const delay = (meanPathDelay_ns: number): Received => ({
    id: 'CURRENT_DATA_SET',
    value: { stepsRemoved: 1, meanPathDelay_ns },
  });
  const answers = (delayResponses: number, portIdentity = 'a-1'): Received => ({
    id: 'PORT_STATS_NP',
    value: { portIdentity, delayResponses },
  });
  store.put(delay(2800), 10);
  store.put(delay(2800), 20);
  assert.deepEqual([changed(20), answered(20)], [10, undefined]);
  store.put(delay(2801), 30);
  store.put(answers(7), 40);
  assert.deepEqual([changed(40), answered(40)], [30, 40]);
  store.put(answers(8), 60);
  store.put(answers(8), 70);
  store.put(answers(3, 'a-2'), 80);
  store.put(answers(4, 'a-2'), 90);
  assert.deepEqual([changed(90), answered(90)], [30, 60], 'those of another port are its own');
  assert.equal(store.facts(90, always)?.ports[0]?.delayResponses, 8);
});

test('the age of a Sync is counted from when it changed, not from when it was first seen', () => {
  const store = newStore();
  store.put(port('a-1'), 0);
  const seen = (at: number): number | undefined => store.facts(at, always)?.ingressSeen_ms;
  assert.equal(seen(0), undefined, 'no facts without a time status');
  store.put(timeStatus(100n), 10);
  assert.equal(seen(10), Number.NEGATIVE_INFINITY, 'it may be of last year');
  store.put(timeStatus(100n), 20);
  assert.equal(seen(20), Number.NEGATIVE_INFINITY);
  store.put(timeStatus(200n), 30);
  store.put(timeStatus(200n), 40);
  assert.equal(seen(40), 30);
  store.put(timeStatus(0n), 50);
  assert.equal(seen(50), 30, 'zero is no Sync');
});

test('ports keep their properties, and one that is not heard of any more is gone', () => {
  const store = newStore();
  store.put(timeStatus(1n), 0);
  for (const name of ['a-1', 'a-2']) assert.equal(store.put(port(name), 0), true);
  store.put(
    { id: 'PORT_PROPERTIES_NP', value: { portIdentity: 'a-2', timestamping: 'HARDWARE', interface: 'eth1' } },
    0,
  );
  const [first, second] = store.facts(1, always)?.ports ?? [];
  assert.deepEqual([first?.interface, second?.interface], [undefined, 'eth1']);
  assert.equal(second?.timestamping, 'HARDWARE');
  assert.equal(store.put(port('a-2'), 900), false, 'nothing new');
  store.put(timeStatus(2n), 900);
  assert.deepEqual(
    store.facts(1001, () => 1000)?.ports.map((one) => one.portIdentity),
    ['a-2'],
  );
});

test('an offset of years is an offset; what no data set can hold is a reason', () => {
  const read = (fields: string, id: DataSetId = 'TIME_STATUS_NP') =>
    parseDataSet(id, only(status(fields).replace('TIME_STATUS_NP', id)));
  const years = read(goodFields.replace('-12', '1795218725620692526'));
  assert.ok(years.ok && years.value !== undefined && 'master_offset_ns' in years.value);
  assert.equal(years.value.master_offset_ns, Number('1795218725620692526'));
  for (const [text, id] of [
    [goodFields.replace('-12', '9'.repeat(19)), 'TIME_STATUS_NP'],
    ['\t\tstepsRemoved 1\n\t\tmeanPathDelay 1e999\n', 'CURRENT_DATA_SET'],
    ['\t\tstepsRemoved -1\n\t\tmeanPathDelay 1.0\n', 'CURRENT_DATA_SET'],
    ['\t\tnumberPorts -2\n\t\tdomainNumber 0\n', 'DEFAULT_DATA_SET'],
  ] as const)
    assert.equal(read(text, id).ok, false, text);
});

test('a field that is not asked for cannot fail its data set', () => {
  const text =
    '\ta-0 seq 0 RESPONSE MANAGEMENT CURRENT_DATA_SET \n' +
    '\t\tstepsRemoved 1\n\t\toffsetFromMaster what?\n\t\tmeanPathDelay 2812.5\n';
  assert.deepEqual(parseDataSet('CURRENT_DATA_SET', only(text)), {
    ok: true,
    value: { stepsRemoved: 1, meanPathDelay_ns: 2812.5 },
  });
});

test('a reply that has all that is read of it is whole at once, however it was cut; one that tells of events is not', () => {
  const splitter = replySplitter();
  const text = status(goodFields);
  splitter.push(text.slice(0, -30));
  assert.deepEqual(splitter.takeWhole(), [], 'in the middle of a line');
  assert.ok(splitter.isOpen());
  splitter.push(text.slice(-30));
  assert.equal(splitter.takeWhole()[0]?.id, 'TIME_STATUS_NP');
  assert.ok(!splitter.isOpen());
  splitter.push('\t\tlateField 1\n');
  assert.deepEqual([splitter.flush(), splitter.isOpen()], [[], false], 'nobody reads it');
  splitter.push(
    '\t46c098.fffe.57f671-0 seq 1 RESPONSE MANAGEMENT SUBSCRIBE_EVENTS_NP \n\t\tNOTIFY_PORT_STATE on\n',
  );
  assert.deepEqual(splitter.takeWhole(), [], 'a newer daemon tells of more');
  assert.ok(splitter.isOpen());
  splitter.flush();
  splitter.push('\t46c098.fffe.57f671-0 seq 1 RESPONSE MANAGEMENT_ERROR_STATUS \n');
  assert.equal(splitter.takeWhole()[0]?.kind, 'refused');
});
