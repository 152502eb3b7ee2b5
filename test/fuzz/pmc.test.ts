import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { isDataSetId, type PmcReply, parseDataSet, replySplitter } from '../../agent/clock/ptp4l/pmc.ts';
import { holds } from '../kit/fuzz/fuzz.ts';
import { damaged, hostileText, numbersIn, oddNumber } from '../kit/fuzz/hostile.ts';
import { projectRoot } from '../kit/process/tools.ts';

const folder = join(projectRoot, 'test/fixtures/captures/linuxptp-4.4');
const captures = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
  .filter((text) => text.includes(' seq '));

const repliesIn = (...chunks: readonly string[]): PmcReply[] => {
  const splitter = replySplitter();
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.flush()];
};

/** The ranges of IEEE 1588 and of linuxptp's own data sets: what is beyond was never sent. */
const ranges: Readonly<Record<string, readonly [number, number]>> = {
  stepsRemoved: [0, 65535],
  logSyncInterval: [-128, 127],
  delayMechanism: [0, 255],
  gmClockClass: [0, 255],
  gmClockAccuracy: [0, 255],
  currentUtcOffset_s: [-32768, 32767],
  numberPorts: [0, 65535],
  domainNumber: [0, 255],
  master_offset_ns: [-(2 ** 63), 2 ** 63],
};

function assertSane(replies: readonly PmcReply[]): void {
  for (const reply of replies) {
    if (!isDataSetId(reply.id)) continue;
    const read = parseDataSet(reply.id, reply);
    if (!read.ok) {
      assert.ok(read.why.length > 3 && read.why.length < 120, read.why);
      continue;
    }
    const say = `${reply.id} ${JSON.stringify([...reply.fields])}`;
    for (const number of numbersIn(read.value)) assert.ok(Number.isFinite(number), say);
    for (const [name, value] of Object.entries(read.value)) {
      const [least, most] = ranges[name] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
      if (typeof value === 'number') assert.ok(value >= least && value <= most, `${name} ${value}`);
      // a fact is what the text says, or there is none
      if (typeof value === 'bigint')
        assert.ok(
          [...reply.fields.values()].some((text) => BigInt(text) === value),
          say,
        );
    }
  }
}

holds('a damaged reply gives facts within their ranges or a reason', damaged(captures, 8), (text) => {
  assertSane(repliesIn(text));
});

holds('any text gives facts within their ranges or a reason', hostileText(300), (text) => {
  assertSane(
    repliesIn(
      `\t46c098.fffe.57f671-1 seq 0 RESPONSE MANAGEMENT TIME_STATUS_NP \n\t\tmaster_offset ${text}\n`,
    ),
  );
  assertSane(repliesIn(text));
});

const whole = captures
  .flatMap((text) => repliesIn(text))
  .filter(({ id, kind }) => kind === 'response' && isDataSetId(id));
holds(
  'one number exchanged in a whole reply gives that number, or a reason that names the field',
  fc.tuple(fc.constantFrom(...whole), fc.nat(), oddNumber),
  ([reply, which, number]) => {
    if (!isDataSetId(reply.id)) return;
    const names = [...reply.fields.keys()];
    const name = names[which % names.length] ?? '';
    const changed = { ...reply, fields: new Map(reply.fields).set(name, number) };
    assertSane([changed]);
    const read = parseDataSet(reply.id, changed);
    if (!read.ok) assert.ok(read.why.includes(name.split('.').at(-1) ?? ''), `${read.why}: not ${name}`);
  },
  1500,
);

holds(
  'replies are the same however the text was chunked',
  fc.tuple(damaged(captures, 3), fc.array(fc.nat(), { maxLength: 20 })),
  ([text, cuts]) => {
    // beyond that a line is given up as no line of pmc
    if (text.split('\n').some((line) => line.length > 4096)) return;
    const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
    const chunks = places.slice(1).map((end, i) => text.slice(places[i], end));
    assert.deepEqual(repliesIn(...chunks), repliesIn(text));
  },
);
