import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DataSetId, parseDataSet } from '../../../../agent/clock/ptp4l/datasets.ts';
import { type PmcReply, replySplitter } from '../../../../agent/clock/ptp4l/pmc.ts';
import { ptpView, type Received } from '../../../../agent/clock/ptp4l/store.ts';

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
    logAnnounceInterval: 1,
    announceReceiptTimeout: 3,
    delayMechanism: 1,
    peerMeanPathDelay_ns: 0,
  },
});
const always = (): number => Number.POSITIVE_INFINITY;

test('the age of a Sync is counted from when it changed, not from when it was first seen', () => {
  const view = ptpView();
  view.take(port('a-1'), 0);
  const seen = (at: number): number | undefined => view.facts('s', false, at, always)?.ingressSeen_ms;
  assert.equal(seen(0), undefined, 'no facts without a time status');
  view.take(timeStatus(100n), 10);
  assert.equal(seen(10), Number.NEGATIVE_INFINITY, 'it may be of last year');
  view.take(timeStatus(100n), 20);
  assert.equal(seen(20), Number.NEGATIVE_INFINITY);
  view.take(timeStatus(200n), 30);
  view.take(timeStatus(200n), 40);
  assert.equal(seen(40), 30);
  view.take(timeStatus(0n), 50);
  assert.equal(seen(50), 30, 'zero is no Sync');
});

test('ports keep their properties, and one that is not heard of any more is gone', () => {
  const view = ptpView();
  view.take(timeStatus(1n), 0);
  for (const name of ['a-1', 'a-2']) assert.equal(view.take(port(name), 0), true);
  view.take({ id: 'PORT_HWCLOCK_NP', value: { portIdentity: 'a-2', phcIndex: -1 } }, 0);
  view.take(
    { id: 'PORT_PROPERTIES_NP', value: { portIdentity: 'a-2', timestamping: 'HARDWARE', interface: 'eth1' } },
    0,
  );
  const [first, second] = view.facts('s', true, 1, always)?.ports ?? [];
  assert.deepEqual([first?.interface, first?.phcIndex, second?.interface], [undefined, undefined, 'eth1']);
  assert.deepEqual([second?.timestamping, second?.phcIndex], ['HARDWARE', -1]);
  assert.equal(view.take(port('a-2'), 900), false, 'nothing new');
  view.take(timeStatus(2n), 900);
  assert.deepEqual(
    view.facts('s', true, 1001, () => 1000)?.ports.map((one) => one.portIdentity),
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
    ['\t\tstepsRemoved 1\n\t\toffsetFromMaster 1e999\n\t\tmeanPathDelay 1.0\n', 'CURRENT_DATA_SET'],
    ['\t\tstepsRemoved -1\n\t\toffsetFromMaster 1.0\n\t\tmeanPathDelay 1.0\n', 'CURRENT_DATA_SET'],
    ['\t\tportIdentity a-1\n\t\tphcIndex -2\n', 'PORT_HWCLOCK_NP'],
  ] as const)
    assert.equal(read(text, id).ok, false, text);
});
