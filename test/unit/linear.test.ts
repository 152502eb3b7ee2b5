// Whatever is read costs time in proportion to its length: a value, a file or an answer that somebody made long and odd must
// not hold the agent up. Judged by the ratio of the times of two lengths, never by a time.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { linkOptions } from '../../agent/cli/connect/connect.ts';
import { numberFlag, readArgs, readFlags } from '../../agent/cli/flags.ts';
import { unknownCommand } from '../../agent/cli/program.ts';
import { commandLines, printable, wrap } from '../../agent/cli/terminal.ts';
import { parseChronyc, parseSource, parseTracking } from '../../agent/clock/chronyd/csv.ts';
import { disciplinesOf, parseInterference } from '../../agent/clock/disciplines.ts';
import { interfacesOf } from '../../agent/clock/host/neighbours.ts';
import { confFileOfChronyd } from '../../agent/clock/host/probe.ts';
import { parseDropInRecord } from '../../agent/clock/host/timedir.ts';
import { parseDataSet, replySplitter } from '../../agent/clock/ptp4l/pmc.ts';
import { confFileOf, piServoOf } from '../../agent/clock/ptp4l/servosettings.ts';
import { parseAppliedTime } from '../../agent/clock/setup/applied.ts';
import {
  linesOf,
  parseChronyConf,
  parseConfLinks,
  withoutLines,
} from '../../agent/clock/setup/chronyconf.ts';
import { parseProgramVersion } from '../../agent/clock/setup/programs.ts';
import { trialConf } from '../../agent/clock/setup/ptp4lconf.ts';
import { parseForeignSegments } from '../../agent/clock/setup/segments.ts';
import { parseAgentFile } from '../../agent/config/agentfile.ts';
import { findAccount } from '../../agent/config/checks/accounts.ts';
import { neededCopies } from '../../agent/config/checks/contents.ts';
import { overlap } from '../../agent/config/checks/subjectoverlap.ts';
import { tlsFileProblems } from '../../agent/config/checks/tlsfilecheck.ts';
import { parseEnrolledHub } from '../../agent/config/enrolled.ts';
import { parseIni } from '../../agent/config/formats/ini.ts';
import { parseUci } from '../../agent/config/formats/uci.ts';
import { sections } from '../../agent/config/options.ts';
import { formatProblem, showable } from '../../agent/config/problem.ts';
import { readSecrets } from '../../agent/config/secrets.ts';
import type { OptionTable } from '../../agent/config/section.ts';
import { suggest } from '../../agent/config/suggest.ts';
import { deriveUnitId, readUnitState } from '../../agent/config/unitid.ts';
import { parseFirstExpiry } from '../../agent/device/certs.ts';
import * as proc from '../../agent/device/proc.ts';
import { parseWsFrame } from '../../agent/enrol/wsrelay.ts';
import { parseAlertOptions } from '../../agent/hub/alerts/options.ts';
import { parseAlertState } from '../../agent/hub/alerts/statefile.ts';
import { parseApiReply } from '../../agent/hub/asks/api.ts';
import { parseBoundRecord } from '../../agent/hub/book/bindings.ts';
import { parseSpan } from '../../agent/hub/enrol/commands/span.ts';
import { parseClockLimits } from '../../agent/hub/fleet/limits.ts';
import { parseRecord } from '../../agent/hub/fleet/record/unitrecord.ts';
import { plainText } from '../../agent/hub/fleet/record/values.ts';
import { isLoopback, parseHubFile } from '../../agent/hub/kit/hubdir.ts';
import { revocationsIn } from '../../agent/hub/kit/jwt.ts';
import { parseTimeReply } from '../../agent/hub/measure/reply.ts';
import { parseFleetQuery } from '../../agent/hub/page/fleet/query.ts';
import { parsePageOptions } from '../../agent/hub/page/options.ts';
import {
  deviceOf,
  eventOf,
  lateBacklogOf,
  lookOf,
  minutesOf,
} from '../../agent/hub/page/unit/past/records.ts';
import { parseProblems } from '../../agent/hub/page/unit/problems.ts';
import { parseRecording } from '../../agent/hub/page/unit/recorder.ts';
import { parseUpState } from '../../agent/hub/run/runfiles.ts';
import { parseLoginName, parseServerAnswer, rawText } from '../../agent/hub/servers/answers.ts';
import { parseConnections, parseLeafs } from '../../agent/hub/servers/connections.ts';
import { parseConnectionEvent } from '../../agent/hub/servers/events.ts';
import { parseJetstream, parseStream } from '../../agent/hub/servers/jetstreamfacts.ts';
import { parseAccounts, parseHealth, parseRoutes, parseServer } from '../../agent/hub/servers/serverfacts.ts';
import { matchesFilter } from '../../agent/hub/top/sorting.ts';
import { causeOf } from '../../agent/leaf/causes.ts';
import { confParts, hubAddresses, hubIdOf, keptHubFault, withHubOf } from '../../agent/leaf/conf/server.ts';
import { splitUrl, userinfo } from '../../agent/leaf/conf/url.ts';
import { parseDue } from '../../agent/leaf/render/outcome.ts';
import { parseConnz } from '../../agent/leaf/watch/clients.ts';
import { parseKeptBytes } from '../../agent/leaf/watch/linkbook.ts';
import { parseLeafLine } from '../../agent/leaf/watch/logline.ts';
import { parseLeafz, parseVarz } from '../../agent/leaf/watch/reports.ts';
import { parseSs, plainAddress } from '../../agent/leaf/watch/sockets.ts';
import { prettyText, shellWord, visible } from '../../agent/lib/format.ts';
import { formatEntry } from '../../agent/lib/log.ts';
import { parseObject } from '../../agent/lib/parse.ts';
import { parseServerLine } from '../../agent/natsserver/line.ts';
import { quoted } from '../../agent/natsserver/syntax.ts';
import { parseServerVersion } from '../../agent/natsserver/version.ts';
import { readPubAck } from '../../agent/records/puback.ts';
import { readSnapshot } from '../../agent/records/snapshottext.ts';
import { parseEnrolAnswer, parseEnrolRequest, parseEnrolToken } from '../../agent/wire/enrol.ts';
import { headerValue, parseGoDuration, subjectMatches } from '../../agent/wire/values.ts';
import { withOptions } from '../kit/leaf/leafconfig.ts';
import { projectRoot } from '../kit/process/tools.ts';
import { loadUci } from '../kit/unit/config.ts';

/** Characters, or pieces of them, that a value is made long with. */
const short = [
  ...[
    'a',
    'A',
    '0',
    'é',
    '\u{1f468}',
    ':',
    '.',
    '/',
    '-',
    '@',
    ' ',
    '\t',
    '\n',
    '\r\n',
    '\r',
    '\\',
    '"',
    "'",
    '[',
    ']',
  ],
  ...[
    '=',
    '#',
    ';',
    ',',
    '%',
    '*',
    '>',
    '{',
    '(',
    '\0',
    '\x1b',
    '\u2028',
    '\ud800',
    '::',
    '://',
    '1.',
    'a.',
    '1m',
  ],
  ...[
    "' ",
    ' a',
    '@:',
    'a:',
    ':a',
    '--',
    '-1 ',
    '\\\n',
    '= ',
    '\n\n[',
    "a='\n",
    '"a://',
    '[ERR] ',
    'lid:1 - ',
  ],
];
const ends = ['', " x\u2028'", '\r@'];

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const incoming = (text: string, name = 'X-Clock-Source') => ({
  subject: 'ops.heartbeat.u',
  data: bytes(text),
  headers: [[name, [text]]] as const,
});
const reply = (fields: Record<string, string>) =>
  ({ kind: 'response', id: 'TIME_STATUS_NP', fields: new Map(Object.entries(fields)) }) as const;
const secretFiles = withOptions({
  hub: { user: 'u', password_file: '/p', nkey_file: '/n', creds_file: '/c' },
});
const tlsFiles = withOptions({ hub: { url: ['tls://h'], tls_ca: '/a', tls_cert: '/c', tls_key: '/k' } });
const options = Object.entries<{ readonly options: OptionTable }>(sections).flatMap(([section, table]) =>
  Object.entries(table.options).map(([name, option]) => [`${section}.${name}`, option] as const),
);
/** Each pattern once. */
const distinct = new Map(
  options.map(([name, option]) => [String(option.pattern ?? option.allowed), [name, option] as const]),
);
const quiet = (fn: () => unknown): void => {
  try {
    fn();
  } catch {
    // that it is refused is right
  }
};
const program = { name: 'nunect', about: '', commands: {} };

/** What reads a text, by what it is, and between which texts the odd ones stand besides alone. */
const readers: Readonly<
  Record<string, readonly [(text: string) => unknown, ...(readonly [string, string])[]]>
> = {
  ...Object.fromEntries([...distinct.values()].map(([name, option]) => [`option ${name}`, [option.parse]])),
  'option hub.url of each scheme': [
    sections.hub.options.url.parse,
    ['tls://', ''],
    ['wss://h/', ''],
    ['nats://[', ']'],
    ['nats://h:', ''],
  ],
  parseUci: [parseUci, ["config x '", "'"], ['config x\n option a "', '"'], ['config x\n list a ', '']],
  parseIni: [parseIni, ['[', ']'], ['[a]\nb = ', ''], ["[a]\nb = '", "'"], ['[a]\n', ' = 1']],
  'showable, formatProblem': [
    (text) => [showable(text), formatProblem({ file: 'f', value: text, message: 'x', severity: 'error' })],
    ['tls://', ''],
    ['a:', '@'],
  ],
  readSecrets: [
    (text) => readSecrets(secretFiles, () => new TextEncoder().encode(text)),
    ['S', ''],
    ['\nSU', ''],
    ['-----BEGIN ', ''],
  ],
  'neededCopies, tlsFileProblems': [
    (text) => [neededCopies(tlsFiles, () => bytes(text)), tlsFileProblems(tlsFiles, () => bytes(text))],
    ['-----BEGIN CERTIFICATE-----\n', '\n-----END CERTIFICATE-----'],
  ],
  suggest: [(text) => suggest(text, ['url'])],
  deriveUnitId: [
    (text) => deriveUnitId({ hostname: text, readFile: () => text, listDir: () => [] }),
    ['a', 'b'],
  ],
  readUnitState: [readUnitState],
  findAccount: [(text) => findAccount('nunect', text, text), ['nunect:x:1:', ''], ['x:x:1:', '']],
  parseAgentFile: [(text) => quiet(() => parseAgentFile(text, '/x')), ['{"schema":1,"config":"', '"}']],
  parseWsFrame: [(text) => parseWsFrame(Buffer.from(text, 'latin1')), ['\x82\x7e', '']],
  parseEnrolledHub: [parseEnrolledHub, ['{"v":1,"unit":"', '"}']],
  parseEnrolToken: [parseEnrolToken, ['nunect-', ''], ['', 'nunect-']],
  'parseEnrolRequest, parseEnrolAnswer': [
    (text) => [
      parseEnrolRequest(text, () => true),
      parseEnrolAnswer(text, { hub: text, key: text, nonce: text }, () => true),
    ],
    ['e30.', ''],
    ['', '.e30'],
  ],
  overlap: [(text) => overlap(text, `${text}.>`)],
  'log lines': [(text) => formatEntry({ level: 'info', comp: 'a', msg: text, fields: { a: text } })],
  visible: [(text) => [visible(text), printable(text), printable(text, true)], ['\x1b[', ''], ['', '\r']],
  'words for people': [
    (text) => [prettyText(text), shellWord(text), wrap(text, 0, 0), commandLines(text, 0)],
    ['-', ''],
  ],
  splitUrl: [splitUrl, ['tls://', ''], ['tls://[', ''], ['tls://h:1/', ''], ['', '://']],
  'quoted, userinfo': [(text) => quiet(() => [quoted(text), userinfo(text, text)])],
  parseKeptBytes: [(text) => parseKeptBytes(text, 'b'), ['{"boot":"', '"}']],
  parseSs: [
    (text) => [parseSs(text), plainAddress(text)],
    ['ESTAB 0 0 ', '\n\tx\n'],
    ['ESTAB 0 0 a:1 b:2\n\t', ' bytes_received:1\n'],
  ],
  parseServerLine: [parseServerLine, ['[7] 2026/11/21 06:13:11.123456 [ERR] ', '']],
  parseLeafLine: [
    parseLeafLine,
    ['[7] [ERR] ', ''],
    ["[7] [ERR] 1.2.3.4:5 - lid:6 - Leafnode Error '", "'"],
    ['[7] [ERR] x://', '@'],
  ],
  causeOf: [causeOf, ['x509: ', ''], ['lookup ', ''], ['connection closed: ', '']],
  'parseVarz, parseLeafz, parseConnz': [
    (text) => [parseVarz(text), parseLeafz(text), parseConnz(text)],
    ['{"server_id":"', '"}'],
    ['{"server_id":"a","connections":1,"leafnodes":1,"leafs":[', '1]}'],
  ],
  parseDue: [parseDue, ['{"leaf":"', '"}']],
  parseProblems: [(text) => parseProblems(bytes(text)), ['{"problems":[{"text":"', '"}]}']],
  parseRecording: [
    (text) => parseRecording(bytes(text), 0),
    ['{"columns":["', '"],"rows":[]}'],
    ['{"columns":["wall_ms","mono_ms"],"rows":[[1,1]', ']}'],
  ],
  'what a stream has of a unit': [
    (text) =>
      [lookOf, (list: never) => [eventOf, minutesOf, deviceOf, lateBacklogOf].map((of) => of(list[0]))].map(
        (of) => of([{ ...incoming(text), at_ms: 1 }] as never),
      ),
    ['{"event":"hub","evidence":"', '"}'],
    ['{"since_ms":1,"columns":["at_s"],"rows":[[1]', ']}'],
  ],
  parseObject: [parseObject, ['{"a":"', '"}']],
  parseApiReply: [(text) => parseApiReply(bytes(text)), ['{"error":"', '"}']],
  parseAlertOptions: [
    (text) => parseAlertOptions({ [text]: 1, webhook: { url: text }, off: [text] }, () => text),
    ['', ''],
    ['https://', ''],
  ],
  parseAlertState: [parseAlertState, ['{"layout":1,"keeper":{"held":[["', '"]]}}']],
  parseUpState: [parseUpState, ['{"phase":"', '"}']],
  'parseServerAnswer, rawText, parseLoginName, parseConnectionEvent': [
    (text) => [
      parseServerAnswer(text),
      rawText(text),
      parseLoginName(text),
      parseConnectionEvent('came', text, 0),
    ],
    ['{"server":{"id":"a","name":"', '"},"data":{"a":"//"},"client":{"id":1,"jwt":"a.b.c"}}'],
    ['{"server":{"id":"a"},"client":{"id":1,"name":"', '"}}'],
    ['a.', '.b'],
    ['{"a":"//', '@"}'],
  ],
  'what a hub says of itself': [
    (text) => {
      const one = {
        name: text,
        rtt: text,
        start: text,
        status: text,
        error: text,
        acc: text,
        sent: {},
        id: 1,
      };
      const all = {
        ...one,
        server_id: text,
        connections: 1,
        remote_name: text,
        state: { messages: 1 },
        cluster: one,
      };
      const list = [{ ...all, cid: 1, jwt: text, subscriptions_list: [text] }];
      return [
        parseServer(all),
        parseHealth(all),
        parseRoutes({ routes: list }),
        parseAccounts({ account_statz: list }),
        parseLeafs({ leafs: list }),
        parseConnections({ connections: list }),
        parseStream(text, all),
        parseJetstream({ account_details: [{ name: text, stream_detail: list }] }),
      ];
    },
    ['1', 's'],
  ],
  parseServerVersion: [parseServerVersion, ['nats-server: v', '']],
  'a rendered leaf.conf': [
    (text) => [hubIdOf(text), hubAddresses(text), withHubOf(text, text), confParts(text), keptHubFault(text)],
    ['# hub: ', '\n'],
    ['# [hub]\n"tls://', '"'],
    ['# [', ']\n'],
  ],
  'chronyc, parseChronyc': [
    (text) => [parseChronyc(text), parseTracking(text), parseSource(text)],
    ['501 ', ''],
    ['^,*,', ',1,1,1,1,1,1,1'],
    ['A,', ',1,1,1,1,1,1,1,1,1,1,1,Normal'],
  ],
  'parseChronyConf, parseConfLinks, withoutLines': [
    (text) => [
      parseChronyConf(text, []),
      parseConfLinks(text),
      linesOf(text),
      withoutLines(text, ['a', 'b']),
    ],
    ['confdir ', ''],
    ['refclock SHM ', ''],
    ['bindcmdaddress /', ''],
    ['a\n', 'b'],
  ],
  parseProgramVersion: [parseProgramVersion, ['version ', ''], ['4', '']],
  parseForeignSegments: [parseForeignSegments, ['key\n', ' 1 600'], ['key\n1 2', '\n']],
  'parseAppliedTime, parseDropInRecord': [
    (text) => [parseAppliedTime(text), parseDropInRecord(text)],
    ['{"runs":[],"notes":[],"a":"', '"}'],
    ['{"due":true,"path":"', '"}'],
  ],
  'interfaces of a ptp4l, conf of a chronyd': [
    (text) => [
      interfacesOf(['ptp4l', `-${text}`, '-f', '/x'], () => text),
      confFileOfChronyd(['chronyd', `-${text}`, text]),
    ],
    ['i', ''],
    ['[', ']'],
  ],
  trialConf: [(text) => trialConf(text, '/x', [4, 4]), ['[global]\n', '\n[a]\n']],
  'pmc, replySplitter': [
    (text) => {
      const splitter = replySplitter();
      return [splitter.push(`${text}\nx`), splitter.flush()];
    },
    ['\tp-0 seq 0 RESPONSE MANAGEMENT ', ''],
    ['\tp-0 seq 0 RESPONSE ', ' b c d'],
    ['\t', ''],
    ['\tp-0 seq 0 RESPONSE MANAGEMENT TIME_STATUS_NP\n\t\ta', ''],
    ['\tp-0 seq 0 RESPONSE MANAGEMENT TIME_STATUS_NP\n\t\tmaster_offset ', ''],
  ],
  parseDataSet: [
    (text) =>
      parseDataSet('TIME_STATUS_NP', reply({ master_offset: text, ingress_time: text, gmIdentity: text })),
    ['-', ''],
    ['1.', ''],
  ],
  'ptp4l.conf and its command line': [
    (text) => [piServoOf(['ptp4l', text, `--${text}`], text), confFileOf(['ptp4l', `-${text}`, text])],
    ['[global]\n', ''],
    ['a=', ''],
  ],
  'command lines of daemons': [
    (text) => disciplinesOf([{ comm: 'chronyd', args: ['chronyd', ...text.split(' ')] }]),
    ['-', ''],
  ],
  'parseGoDuration, subjectMatches, headerValue': [
    (text) => [parseGoDuration(text), subjectMatches(text, text), headerValue(text)],
    ['1', ''],
    ['', 's'],
  ],
  parseAppliedTime: [parseAppliedTime, ['{"role":"', '"}'], ['{"notes":["', '"]}']],
  parseInterference: [(text) => parseInterference(text, 1), ['chronyd ', ''], ['', ' 1']],
  parseSpan: [parseSpan, ['1', 'd']],
  parseBoundRecord: [parseBoundRecord, ['{"v":1,"kind":"', '"}'], ['{"v":1,"kind":"unit","unit":"', '"}']],
  parseTimeReply: [(text) => parseTimeReply(bytes(text)), ['{"t2_us":1,"t3_us":', '}']],
  readPubAck: [(text) => readPubAck(bytes(text)), ['{"stream":"', '"}']],
  readSnapshot: [(text) => readSnapshot(text.split('\n'), 'u'), ['{"check":"00000000",', '}']],
  'parseHubFile, isLoopback': [
    (text) => [parseHubFile(text), isLoopback(text)],
    ['{"v":1,"servers":["', '"]}'],
    ['127', '.1'],
  ],
  revocationsIn: [revocationsIn, ['a.', '.b'], ['', '.e30.']],
  parseRecord: [
    (text) =>
      [
        incoming(text),
        incoming(text, 'Nats-Msg-Id'),
        incoming(text, text),
        incoming(text, 'X-Native-RTT'),
      ].map((one) => parseRecord('heartbeat', one as never)),
    ['{"status":"', '"}'],
    ['u-', ''],
  ],
  parsePageOptions: [
    (text) =>
      [{ [text]: 1 }, { hosts: [text] }, { listen: text }].map((one) =>
        parsePageOptions(JSON.stringify(one), () => text),
      ),
  ],
  parseClockLimits: [(text) => [{ [text]: 1 }, { by_role: { [text]: 0 } }].map(parseClockLimits)],
  parseFleetQuery: [
    (text) => [text, ...['q', 'sort', 'n', 'state']].map((key) => parseFleetQuery([[key, text]])),
  ],
  'what top shows': [
    (text) => [plainText(text, 200), matchesFilter({ unit: text, problems: [text] } as never, text)],
  ],
  'linkOptions (--server)': [
    (text) => quiet(() => linkOptions({ server: [text] }, {}, { name: 'x', inboxPrefix: '_INBOX' })),
    ['tls://', ''],
    ['nats://', '@h'],
    ['nats://h:', ''],
  ],
  'readFlags, readArgs, numberFlag, unknownCommand': [
    (text) => {
      quiet(() => readFlags([text], { a: { type: 'string' } }));
      quiet(() => readArgs([`--a=${text}`], { a: { type: 'string' } }));
      quiet(() => numberFlag(text, 'a', [0, 1]));
      return unknownCommand(program, text);
    },
    ['--', ''],
  ],
  parseFirstExpiry: [
    parseFirstExpiry,
    ['-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----'],
    ['-----BEGIN NATS USER JWT-----\n', '\n------END NATS USER JWT------'],
    ['-----BEGIN NATS USER JWT-----\na', ''],
  ],
  'files of /proc and /sys': [
    (text) => [
      ...[proc.parseLoad, proc.parseCpuTicks, proc.parseMemory, proc.parseUptime, proc.parseNetDev].map(
        (parse) => parse(text),
      ),
      [proc.parseMilliCelsius(text), proc.cleanLine(text), proc.parseFirmware(text, text)],
    ],
    ['cpu ', ''],
    ['MemTotal: ', ' kB'],
    ["NAME='", "'"],
    ['lo: ', ''],
  ],
};

/** So long a name is like no other: what it may have been meant to be is not looked for, which would take longer than all else. */
const odd = 'o'.repeat(65);

/** Many of a thing, which each have their number. */
const many: Readonly<Record<string, (count: number) => unknown>> = {
  'colons of an address': (count) => loadUci(`config leaf\n option listen '${':'.repeat(count)}'\n`),
  'odd characters of a URL': (count) => loadUci(`config hub\n list url 'tls://${'@:/'.repeat(count)}'\n`),
  'addresses in one value': (count) => loadUci(`config hub\n list url '${',tls://a:1'.repeat(count)}'\n`),
  'probes of a UCI file, of which all were there before': (count) => {
    const text = numbered(count, (i) => `config probe p${i}\n option unit u${i}\n`);
    return loadUci(text, { lastGood: loadUci(text).config });
  },
  'named sections of a UCI file': (count) => parseUci(numbered(count, (i) => `config user u${i}\n`)),
  'users without a name': (count) =>
    loadUci(numbered(count, (i) => `config user\n option name u${i}\n option nkey x\n`)),
  'options of a UCI section': (count) =>
    loadUci(`config hub\n${numbered(count, (i) => ` option ${odd}${i} x\n`)}`),
  'values of a UCI list': (count) =>
    parseUci(`config hub\n${numbered(count, (i) => ` list url nats://h${i}\n`)}`),
  'values of a UCI option': (count) =>
    parseUci(`config hub\n${numbered(count, (i) => ` option user u${i}\n`)}`),
  'sections of one type': (count) => loadUci(numbered(count, (i) => `config hub\n option ${odd}${i} x\n`)),
  'lines of a quoted value': (count) => parseUci(`config a\n option b '${numbered(count, (i) => `${i}\n`)}'`),
  'lines that go on': (count) => parseUci(`config a\n option b ${numbered(count, (i) => `${i}\\\n`)}`),
  'lines that go on within a quote': (count) =>
    parseUci(`config a\n option b "${numbered(count, (i) => `${i}\\\n`)}"`),
  'sections of an INI file': (count) => parseIni(numbered(count, (i) => `[user.u${i}]\npassword = p\n`)),
  'options of an INI section': (count) => parseIni(`[hub]\n${numbered(count, (i) => `o${i} = x\n`)}`),
  'values of an INI list': (count) => parseIni(`[hub]\n${numbered(count, (i) => `url[] = nats://h${i}\n`)}`),
  'dots in the name of an INI section': (count) => parseIni(`[${numbered(count, (i) => `a${i}.`)}]\n`),
  'lines of /etc/passwd': (count) =>
    findAccount(
      'nunect',
      numbered(count, (i) => `u${i}:x:${i}:0\n`),
      '',
    ),
  interfaces: (count) => proc.parseNetDev(numbered(count, (i) => `if${i}: ${'1 '.repeat(12)}\n`)),
  'sources of chronyd': (count) => parseChronyc(numbered(count, (i) => `^,*,h${i},1,1,1,1,1,1,1\n`)),
  "lines of chronyd's config": (count) => {
    const text = numbered(count, (i) => `server h${i}\nrefclock SHM 1 refid X\nconfdir /d${i}\n`);
    return [parseChronyConf(text, []), parseConfLinks(text), withoutLines(text, linesOf('a\nb'))];
  },
  'segments of shared memory': (count) =>
    parseForeignSegments(numbered(count, (i) => `${i} 1 600 9 8 7 0 0 0 0\n`)),
  'replies of pmc': (count) =>
    replySplitter().push(numbered(count, (i) => `\tp-0 seq ${i} RESPONSE MANAGEMENT X\n\t\tf${i} 1\n`)),
  'chunks of pmc': (count) => {
    const splitter = replySplitter();
    for (let at = 0; at < count; at += 1) splitter.push('\t\ta 1');
  },
  'remotes of a server': (count) =>
    parseVarz(
      JSON.stringify({
        server_id: 'a',
        connections: 1,
        leaf: { remotes: Array.from({ length: count }, (_, i) => ({ urls: [`h${i}`] })) },
      }),
    ),
  'lines of a snapshot': (count) =>
    readSnapshot(numbered(count, (i) => `{"check":"00000000",${i}}\n`).split('\n'), 'u'),
};

const numbered = (count: number, one: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => one(i)).join('');

/** Four times as long: 4 times as much is right, 16 times is quadratic; between them is what a busy machine adds. */
const factor = 4;
const mostRatio = 9;
/** Below this, in ms, the long one was too quick for its ratio to mean anything, or for anything but linear time. */
const measurable_ms = 5;
/** What runs beside it, and node's own threads, add to a time and never take away: the least of so many is the length's. */
const mostTries = 20;

/** Of the processor, as other programs may want it at the same time. */
function time_ms(work: () => unknown): number {
  const begun = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000;
}

/**
 * How much longer it takes for four times as much, from a length on at which it can be measured, by the least time of each.
 * 1 where not even quadratic time would be measurable with the longest.
 */
function ratioOf(work: (length: number) => unknown, shortest: number, longest: number): number {
  let long = shortest;
  for (;;) {
    const taken_ms = time_ms(() => work(long));
    if (taken_ms >= measurable_ms) break;
    if (taken_ms * (longest / long) ** 2 < measurable_ms) return 1;
    long *= factor;
    if (long > longest) return 1;
  }
  let [brief_ms, long_ms] = [Infinity, Infinity];
  for (let attempt = 0; attempt < mostTries; attempt += 1) {
    brief_ms = Math.min(
      brief_ms,
      time_ms(() => work(long / factor)),
    );
    long_ms = Math.min(
      long_ms,
      time_ms(() => work(long)),
    );
    if (long_ms < measurable_ms) return 1;
    if (long_ms / brief_ms <= mostRatio) break;
  }
  return long_ms / brief_ms;
}

describe('the time of reading grows with the length, and no more', () => {
  for (const [name, [read, ...frames]] of Object.entries(readers)) {
    test(name, () => {
      for (const [before, behind] of [['', ''] as const, ...frames])
        for (const piece of short)
          for (const end of ends) {
            const ratio = ratioOf(
              (count) => read(`${before}${piece.repeat(count)}${end}${behind}`),
              1000,
              4000,
            );
            const what = `${JSON.stringify([before, piece, end, behind])} takes ${ratio.toFixed(1)} times as long`;
            assert.ok(ratio <= mostRatio, `${factor} times as much of ${what}`);
          }
    });
  }
  for (const [name, work] of Object.entries(many)) {
    test(name, () => {
      const ratio = ratioOf(work, 16_000, 16_000);
      assert.ok(ratio <= mostRatio, `${factor} times as many take ${ratio.toFixed(1)} times as long`);
    });
  }
});

test('no parser is left out', () => {
  const agent = join(projectRoot, 'agent');
  const sources = readdirSync(agent, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  const parsers = sources.flatMap((path) =>
    [...readFileSync(join(agent, path), 'utf8').matchAll(/^export (?:function|const) (parse\w+)/gm)].map(
      ([, name = '']) => name,
    ),
  );
  assert.ok(parsers.length > 20);
  const own = readFileSync(__filename, 'utf8');
  assert.deepEqual(
    parsers.filter((name) => name !== 'parsed' && !new RegExp(`\\b${name}\\b`).test(own)),
    [],
  );
});
