// Every recorded reply of a real daemon is either understood, and then agrees with what is read from it here
// by other means, or is named as something that is not ours to understand.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseChronyc, parseSource, parseTracking } from '../../../agent/clock/chronyd/csv.ts';
import {
  type CmdmonCommand,
  decodeCount,
  decodeReply,
  decodeSource,
  decodeTracking,
  encodeRequest,
} from '../../../agent/clock/chronyd/protocol.ts';
import {
  type DataSetId,
  isDataSetId,
  type PmcReply,
  parseDataSet,
  replySplitter,
} from '../../../agent/clock/ptp4l/pmc.ts';
import type { ParseResult } from '../../../agent/lib/parse.ts';
import { projectRoot } from '../../kit/process/tools.ts';

const captures = join(projectRoot, 'test/fixtures/captures');

const filesOf = (folder: string): string[] =>
  readdirSync(join(captures, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

const textOf = (file: string): string => readFileSync(file, 'utf8');
const stdoutOf = (file: string): string =>
  textOf(file).split('# --- stdout\n')[1]?.split('# --- stderr')[0] ?? '';

function factsOf<T>(parsed: ParseResult<T>, where: string): T {
  if (!parsed.ok) throw new Error(`${where}: ${parsed.why}`);
  return parsed.value;
}

const repliesIn = (text: string): PmcReply[] => {
  const splitter = replySplitter();
  return [...splitter.push(text), ...splitter.flush()];
};

/** A field of a reply, cut out of the text by position, with no help of the code under test. */
const rawField = (text: string, name: string): string => {
  const line = text.split('\n').find((one) => one.trim().split(/\s+/)[0] === name);
  if (line === undefined) throw new Error(`no ${name}`);
  return line.trim().split(/\s+/).slice(1).join(' ');
};

/** Which fact each field of pmc becomes. */
const pmcFields: { readonly [K in DataSetId]: Readonly<Record<string, string>> } = {
  TIME_STATUS_NP: {
    master_offset: 'master_offset_ns',
    ingress_time: 'ingress_time_ns',
    gmPresent: 'gmPresent',
    gmIdentity: 'gmIdentity',
  },
  CURRENT_DATA_SET: {
    stepsRemoved: 'stepsRemoved',
    meanPathDelay: 'meanPathDelay_ns',
  },
  PORT_DATA_SET: {
    portIdentity: 'portIdentity',
    portState: 'portState',
    logSyncInterval: 'logSyncInterval',
    delayMechanism: 'delayMechanism',
    peerMeanPathDelay: 'peerMeanPathDelay_ns',
    logMinDelayReqInterval: 'logMinDelayInterval',
  },
  PORT_STATS_NP: { portIdentity: 'portIdentity', rx_Delay_Resp: 'delayResponses' }, // those recorded are all E2E
  PARENT_DATA_SET: {
    parentPortIdentity: 'parentPortIdentity',
    grandmasterIdentity: 'grandmasterIdentity',
    'gm.ClockClass': 'gmClockClass',
    'gm.ClockAccuracy': 'gmClockAccuracy',
  },
  TIME_PROPERTIES_DATA_SET: {
    currentUtcOffset: 'currentUtcOffset_s',
    currentUtcOffsetValid: 'currentUtcOffsetValid',
    ptpTimescale: 'ptpTimescale',
    timeTraceable: 'timeTraceable',
  },
  DEFAULT_DATA_SET: {
    numberPorts: 'numberPorts',
    domainNumber: 'domainNumber',
  },
  PORT_PROPERTIES_NP: {
    portIdentity: 'portIdentity',
    timestamping: 'timestamping',
    interface: 'interface',
  },
  SUBSCRIBE_EVENTS_NP: {}, // its events are several fields in one
};

const sameAs = (fact: unknown, raw: string): boolean => {
  if (typeof fact === 'boolean') return raw === 'true' || raw === '1' ? fact : !fact;
  if (typeof fact === 'bigint') return String(fact) === raw;
  return typeof fact === 'number' ? fact === Number(raw) : fact === raw;
};

/** Data sets that pmc knows and nobody here asks for. */
const notAsked =
  /^(ALTERNATE_TIME_OFFSET_PROPERTIES|CLOCK_ACCURACY|CLOCK_DESCRIPTION|CMLDS_INFO_NP|DOMAIN|GRANDMASTER_SETTINGS_NP|LOG_SYNC_INTERVAL|MASTER_ONLY|NULL_MANAGEMENT|PORT_DATA_SET_NP|PORT_HWCLOCK_NP|PORT_SERVICE_STATS_NP|PORT_STATS_NP|POWER_PROFILE_SETTINGS_NP|SYNCHRONIZATION_UNCERTAIN_NP|TIMESCALE_PROPERTIES|TRACEABILITY_PROPERTIES|UNICAST_MASTER_TABLE_NP)$/;

test('each recorded reply of pmc is understood, or is one that is not asked for', () => {
  const understood = new Map<string, number>();
  const files = filesOf('linuxptp-4.4').filter((file) => !file.includes('persistent_pmc'));
  for (const file of files) {
    const text = stdoutOf(file);
    const replies = repliesIn(text);
    assert.equal(replies.length, text.split(' RESPONSE ').length - 1, file);
    for (const reply of replies) {
      if (reply.kind === 'refused') {
        assert.match(text, /RESPONSE MANAGEMENT_ERROR_STATUS/, file);
        continue;
      }
      if (!isDataSetId(reply.id)) {
        assert.match(reply.id || 'NULL_MANAGEMENT', notAsked, file);
        continue;
      }
      const block = text.slice(text.indexOf(`MANAGEMENT ${reply.id} `));
      const facts = new Map<string, unknown>(Object.entries(factsOf(parseDataSet(reply.id, reply), file)));
      for (const [field, fact] of Object.entries(pmcFields[reply.id])) {
        const raw = rawField(block, field);
        assert.ok(sameAs(facts.get(fact), raw), `${file}: ${field} ${raw} became ${facts.get(fact)}`);
      }
      understood.set(reply.id, (understood.get(reply.id) ?? 0) + 1);
    }
  }
  assert.deepEqual([...understood.keys()].sort(), Object.keys(pmcFields).sort());
});

test('a recorded session with a long-lived pmc gives the same replies however it is cut', () => {
  for (const file of filesOf('linuxptp-4.4/persistent_pmc')) {
    const text = textOf(file)
      .split('\n')
      .map((line) => line.replace(/^ *\d+\.\d /, ''))
      .join('\n');
    const whole = repliesIn(text);
    assert.ok(whole.length > 4 && whole.every((r) => isDataSetId(r.id) && parseDataSet(r.id, r).ok), file);
    for (const size of [1, 2, 7, 64, 1000]) {
      const splitter = replySplitter();
      const cut = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
        splitter.push(text.slice(i * size, (i + 1) * size)),
      ).flat();
      assert.deepEqual([...cut, ...splitter.flush()], whole, `${file} in pieces of ${size}`);
    }
  }
});

/** A column that no fact is read from. */
const notAFact = (line: string, column: number): number => Number(line.split(',')[column]);

/** The numbers of a report, in the order of its columns in chronyc -c. */
const columns: { readonly [report: string]: (line: string) => readonly (string | number)[] } = {
  tracking: (line) => {
    const t = factsOf(parseTracking(line), line);
    return [
      t.refid,
      t.name ?? '',
      t.stratum,
      t.ref_time_s,
      t.system_time_s,
      t.last_offset_s,
      notAFact(line, 6),
      t.freq_ppm,
      t.resid_freq_ppm,
      t.skew_ppm,
      t.root_delay_s,
      t.root_dispersion_s,
      t.update_interval_s,
      t.leap === 'normal' ? 'Normal' : 'Not synchronised',
    ];
  },
  sources: (line) => {
    const s = factsOf(parseSource(line), line);
    return [
      { server: '^', peer: '=', refclock: '#' }[s.mode],
      {
        selected: '*',
        combined: '+',
        not_combined: '-',
        unusable: '?',
        falseticker: 'x',
        too_variable: '~',
      }[s.state],
      s.name,
      s.stratum,
      s.poll,
      Number(s.reach.toString(8)),
      s.last_rx_s ?? 4294967295,
      s.offset_s,
      notAFact(line, 8),
      s.error_margin_s,
    ];
  },
};

test('each recorded report of chronyc -c is understood, or is one that is not asked for', () => {
  const seen = new Map<string, number>();
  for (const file of filesOf('chrony-4.6.1').filter((name) => name.endsWith('.csv'))) {
    const report =
      file
        .split('/')
        .at(-1)
        ?.replace(/(_-a)?\.csv$/, '') ?? '';
    const read = columns[report];
    if (read === undefined) {
      assert.match(
        report,
        /^(activity|authdata|clients|ntpdata|rtcdata|selectdata|serverstats|smoothing|sourcestats)$/,
        file,
      );
      continue;
    }
    for (const line of stdoutOf(file)
      .split('\n')
      .filter((one) => one !== '')) {
      if (/^50\d /.test(line)) {
        const refused = parseChronyc(line);
        assert.ok(!refused.ok && refused.code === Number(line.slice(0, 3)), file);
        continue;
      }
      const cells = line.split(',').map((cell, i) => {
        const words =
          /[^\d.+-]|^$/.test(cell) || (report === 'tracking' && i < 2) || (report === 'sources' && i < 3);
        return words ? cell : Number(cell);
      });
      assert.deepEqual(read(line), cells, file);
      seen.set(report, (seen.get(report) ?? 0) + 1);
    }
  }
  assert.deepEqual([...seen.keys()].sort(), Object.keys(columns).sort());
});

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

test('each recorded exchange over UDP is encoded and decoded as it was', () => {
  let decoded = 0;
  for (const file of filesOf('chrony-4.6.1').filter((name) => name.includes('/native_'))) {
    const [, command, index = '0'] = /native_([a-z_]+)(\d?)\.hex/.exec(file) ?? [];
    if (command === undefined) {
      assert.match(file, /native_error\.txt$/); // a socket error, no datagram
      continue;
    }
    if (command === 'sourcestats' || command === 'activity') continue; // not asked for
    const name = command as CmdmonCommand;
    const line = (key: string): string => rawField(textOf(file), key);
    const seq = Number.parseInt(line('REQ').slice(16, 24), 16);
    assert.equal(Buffer.from(encodeRequest(name, seq, Number(index))).toString('hex'), line('REQ'), file);

    const reply = decodeReply(name, seq, bytesOf(line('REP')));
    assert.ok(reply?.ok, file);
    const dec = JSON.parse(line('DEC'));
    const { body } = reply;
    const where = `${file}`;
    if (name === 'tracking') {
      const t = factsOf(decodeTracking(body), where);
      assert.deepEqual(
        [t.refid, t.stratum, t.leap === 'normal' ? 0 : 3, t.system_time_s, t.last_offset_s],
        [dec.refid, dec.stratum, dec.leap, dec.corr, dec.last],
        where,
      );
      assert.deepEqual(
        [t.freq_ppm, t.resid_freq_ppm, t.skew_ppm, t.root_delay_s, t.root_dispersion_s, t.update_interval_s],
        [dec.freq, dec.resid, dec.skew, dec.rdelay, dec.rdisp, dec.upd],
        where,
      );
      assert.ok(Math.abs(t.ref_time_s - Number(dec.ref_ns) / 1e9) < 1e-6, where);
      assert.equal(t.name, dec.refid === '50545030' ? 'PTP0' : undefined, where);
    } else if (name === 'source_data') {
      const s = factsOf(decodeSource(body), where);
      assert.deepEqual(
        [s.poll, s.stratum, s.reach, s.last_rx_s ?? 4294967295],
        [dec.poll, dec.stratum, dec.reach, dec.since],
        where,
      );
      assert.deepEqual([s.offset_s, s.error_margin_s], [dec.latest, dec.err], where);
      assert.equal(s.name, dec.mode === 2 ? 'PTP0' : dec.ip, where);
      assert.equal(
        s.state,
        { 0: 'selected', 1: 'unusable', 5: 'not_combined' }[dec.state as 0 | 1 | 5],
        where,
      );
    } else {
      assert.equal(decodeCount(body), dec, where);
    }
    decoded += 1;
  }
  assert.equal(decoded, 7);
});
