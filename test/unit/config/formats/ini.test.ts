import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIni } from '../../../../agent/config/formats/ini.ts';
import { loadIni, loadUci, said } from '../../../kit/unit/config.ts';

/** The one value of a file with one option. */
const textOf = (line: string): string | undefined =>
  parseIni(`[a]\n${line}\n`).sections[0]?.options[0]?.values[0]?.text;

test('sections, names, lists and lines', () => {
  const { sections, errors } = parseIni(
    '; c\n[hub]\nurl[] = tls://a\r\nurl[] = tls://b\n\n[user.radio]\npassword = x\n[hub]\nuser = u\n',
  );
  assert.deepEqual(errors, []);
  assert.deepEqual(sections, [
    {
      type: 'hub',
      line: 2,
      options: [
        {
          name: 'url',
          kind: 'list',
          values: [
            { text: 'tls://a', line: 3 },
            { text: 'tls://b', line: 4 },
          ],
        },
        { name: 'user', kind: 'option', values: [{ text: 'u', line: 9 }] },
      ],
    },
    {
      type: 'user',
      name: 'radio',
      line: 6,
      options: [{ name: 'password', kind: 'option', values: [{ text: 'x', line: 7 }] }],
    },
  ]);
});

for (const [line, text] of [
  ['x = plain text ', 'plain text'],
  ['x = cut # here', 'cut'],
  ['x = "kept # here"', 'kept # here'],
  [String.raw`x = a\#b\;c\d`, String.raw`a#b;c\d`],
  [`x = '1.0'`, '1.0'],
  [`x = '{"a":1}'`, '{"a":1}'],
  [`x = '"x"'`, '"x"'],
  ['x = true', 'true'],
  ['x = null', 'null'],
  ['x = 1e3', '1e3'],
  ['x = a=b', 'a=b'],
  ['x[] = "a b"', 'a b'],
  ['x[] =', ''],
  ['x =', undefined],
] as const) {
  test(`value of ${line}`, () => assert.equal(textOf(line), text));
}

test('a repeated key makes a list', () => {
  const { sections } = parseIni('[hub]\nurl = a\nurl = b\nurl[] = c\n');
  assert.equal(sections[0]?.options[0]?.kind, 'list');
  assert.deepEqual(
    sections[0]?.options[0]?.values.map(({ text }) => text),
    ['a', 'b', 'c'],
  );
});

test('a line that says nothing is an error with its line, and the others count', () => {
  const { sections, errors } = parseIni(
    'stray = 1\n[]\nlost = 1\n[hub]\nurl\n__proto__ = 1\nuser = u\n[__proto__]\n',
  );
  assert.deepEqual(
    errors.map(({ line, message }) => `${line}: ${message}`),
    [
      '1: stray stands outside of any section',
      '2: section without a name',
      '3: lost stands outside of any section',
      '5: neither [section] nor option = value',
      '6: neither [section] nor option = value',
      '8: section without a name',
    ],
  );
  assert.deepEqual(
    sections.map(({ type, options }) => [type, options.length]),
    [['hub', 1]],
  );
});

test('a byte order mark is no matter', () => {
  assert.equal(parseIni('\uFEFF[hub]\nuser = u\n').sections[0]?.type, 'hub');
});

const uci = `
config agent 'agent'
	option unit 'ship-01'
	option interval_s '10'
	option enabled 'yes'
config hub 'hub'
	list url 'tls://a.example.org:7422'
	list url 'tls://b.example.org'
	option user 'joe'
	option password 'it'\\''s # a "secret";'
	option tls_insecure 'on'
config user 'radio'
	option password '007'
	list publish 'voice.>'
	list subscribe 'voice.*'
config user 'other'
	option password 'true'
config probe 'ship_02'
	option interval_s '3'
config time 'time'
	option asymmetry_ns '-1'
	list ptp_socket '/var/run/ptp4l'
config bogus
	option x '1'
`;
const ini = `
[agent]
unit = ship-01
interval_s = 10
enabled = yes
[hub]
url[] = tls://a.example.org:7422
url[] = "tls://b.example.org"
user = joe
password = "it's # a \\"secret\\";"
tls_insecure = on
[user.radio]
password = 007
publish = voice.>
subscribe[] = voice.*
[user.other]
password = true
[probe.ship_02]
interval_s = 3
[time]
asymmetry_ns = -1
ptp_socket[] = /var/run/ptp4l
[bogus]
x = 1
`;

test('UCI and INI that say the same mean the same', () => {
  const [fromUci, fromIni] = [loadUci(uci), loadIni(ini)];
  assert.deepEqual(fromIni.config, fromUci.config);
  assert.equal(fromUci.config.hub.password, `it's # a "secret";`);
  assert.equal(fromIni.set, fromUci.set);
  assert.deepEqual(
    said(fromIni).map((line) => line.replace(/:\d+:/, ':')),
    ['f: warning: hub.tls_insecure: allows a man-in-the-middle attack', "f: unknown section type 'bogus'"],
  );
  assert.deepEqual(
    said(fromUci).map((line) => line.replace(/:\d+:/, ':')),
    said(fromIni).map((line) => line.replace(/:\d+:/, ':')),
  );
});
