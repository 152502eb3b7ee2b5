import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ConfigLimits, limitsOf, withinLimits } from '../../../../agent/config/checks/trust.ts';
import { sections } from '../../../../agent/config/options.ts';
import { program } from '../../../../agent/config/rules.ts';
import { tempDir } from '../../../kit/process/daemon.ts';
import { loadUci } from '../../../kit/unit/config.ts';

const notRoot = process.geteuid?.() !== 0 && 'not root';

/** Nothing that an option sets is allowed. */
const nothing: ConfigLimits = {
  secret: ({ path }) => `${path} is refused`,
  program: (name) => (name.startsWith('/x/') ? `${name} is refused` : undefined),
  told: (problem) => problem,
};
const programs = Object.entries(sections).flatMap(([type, { options }]) =>
  Object.entries(options)
    .filter(([, { pattern }]) => pattern === program.pattern)
    .map(([name]) => ({ type, name })),
);
const named = (folder: string) =>
  loadUci(programs.map(({ type, name }) => `config ${type}\n option ${name} ${folder}${name}\n`).join(''))
    .config;

test('every option that names a program is limited: it keeps its last good value, else its default', () => {
  assert.ok(programs.length >= 3);
  const options = programs.map(({ type, name }) => `${type}.${name}`).sort();
  const given = named('/x/');
  for (const [last, expected] of [
    [undefined, loadUci('').config],
    [named('/good/'), named('/good/')],
    [named('/x/'), loadUci('').config],
  ] as const) {
    const { config, refused } = withinLimits(given, nothing, last);
    assert.deepEqual(refused.map(({ option }) => option).sort(), options);
    assert.deepEqual(
      [config.leaf.server, config.time, config.ptp],
      [expected.leaf.server, expected.time, expected.ptp],
    );
  }
});

test('what root itself runs or reads has the name of what it is for', () => {
  const ptp = (lines: string) => loadUci(`config ptp\n${lines}`).config;
  const given = ptp(
    ' option ptp4l /bin/sh\n option phc2sys reboot\n option chronyd /usr/bin/env\n option chrony_conf /etc/shadow\n',
  );
  const { config, refused } = withinLimits(given, nothing, undefined);
  assert.deepEqual(config.ptp, ptp('').ptp);
  assert.deepEqual(refused.map(({ option }) => option).sort(), [
    'ptp.chrony_conf',
    'ptp.chronyd',
    'ptp.phc2sys',
    'ptp.ptp4l',
  ]);
  assert.match(refused.map(({ message }) => message).join(), /its name must be ptp4l, as root uses it/);
  const fit = ptp(
    ' option ptp4l /opt/ptp4l\n option phc2sys phc2sys\n option chronyd /opt/chronyd\n option chrony_conf /etc/chrony.conf\n',
  );
  assert.deepEqual(withinLimits(fit, nothing, undefined), { config: fit, refused: [] });
  assert.equal(withinLimits(given, nothing, fit).config.ptp.chrony_conf, '/etc/chrony.conf');
  const upload = ptp(' option chrony_conf /x/chrony.conf\n');
  assert.equal(withinLimits(upload, nothing, undefined).config.ptp.chrony_conf, undefined);
});

test('a program that is not there yet may only be named where nobody but root can put it', {
  skip: notRoot,
}, (t) => {
  const open = tempDir(t, 'open');
  const config = join(open, 'nunect');
  writeFileSync(config, '');
  chmodSync(config, 0o666); // others than root can write it
  mkdirSync(join(open, 'closed'), { mode: 0o755 });
  const limits = limitsOf(config);
  const why = (path: string) => limits?.program(join(open, path));
  assert.equal(why('closed/ptp4l'), undefined);
  assert.equal(why('closed/none/ptp4l'), undefined);
  chmodSync(open, 0o1777);
  assert.match(why('ptp4l') ?? '', /is not used: .* is writable by others than root/);
  assert.match(why('none/chrony.conf') ?? '', /is writable by others than root/);
  assert.equal(why('closed/ptp4l'), undefined, 'nobody replaces what is in a sticky folder');
  assert.match(limits?.program('/etc/nunect/uploads/ptp4l') ?? '', /is for files that are uploaded/);
});

test('every secret that root reads is limited, and no file that only nats-server reads', () => {
  const { config } =
    loadUci(`config hub\n option url nats://h\n option password_file /a\n option creds_file /b\n option nkey_file /c
 option tls_ca /d\n option tls_key /e\n option tls_cert /f
config leaf\n option external_password_file /g\n option external_creds_file /h\n option tls_key /i
config user u\n option password_file /j\n`);
  const { refused } = withinLimits(config, nothing, undefined);
  assert.deepEqual(refused.map(({ value }) => value).sort(), ['/a', '/b', '/c', '/g', '/h', '/j']);
  assert.deepEqual(withinLimits(config, undefined, undefined), { config, refused: [] });
});
