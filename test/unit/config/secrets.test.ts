import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nkeys } from '@nats-io/transport-node';
import { formatCreds, readCreds } from '../../../agent/config/formats/creds.ts';
import { type ReadBytes, readSecrets } from '../../../agent/config/secrets.ts';
import { newOperator, seedOf } from '../../kit/hub/jwt.ts';
import { userSection, withOptions } from '../../kit/leaf/leafconfig.ts';

const readFrom =
  (files: Readonly<Record<string, string | Uint8Array>>): ReadBytes =>
  (path) => {
    const content = files[path];
    return typeof content === 'string' ? Buffer.from(content) : content;
  };

const seed = seedOf(nkeys.createUser());
const creds = newOperator().creds('ship-7');
const [, jwt = ''] = /(eyJ\S+)/.exec(creds) ?? [];
const [credsSeed = ''] = /^SU\S+/m.exec(creds) ?? [];
const normal = formatCreds({ jwt, seed: credsSeed });

/** The same text as editors, mail programs and people save it. */
const saved: Readonly<Record<string, (text: string) => string | Uint8Array>> = {
  'as it was': (text) => text,
  'line ends of Windows': (text) => text.replaceAll('\n', '\r\n'),
  'line ends of an old Mac': (text) => text.replaceAll('\n', '\r'),
  'a byte order mark': (text) => `\uFEFF${text}`,
  'UTF-16': (text) => Buffer.from(`\uFEFF${text}`, 'utf16le'),
  'no final line end': (text) => text.replace(/\n$/, ''),
  'line ends that were escaped': (text) => text.replaceAll('\n', '\\n'),
};
const savedCreds: typeof saved = {
  ...saved,
  'an empty line before END': (text) => text.replaceAll('\n------END', '\n\n------END'),
  'four dashes': (text) => text.replaceAll('-----BEGIN', '----BEGIN').replaceAll('------END', '----END'),
  'six dashes before BEGIN': (text) => text.replaceAll('-----BEGIN', '------BEGIN'),
  'text before it': (text) => `# issued for ship 7\nby the office\n\n${text}`,
  indented: (text) => text.replace(/^/gm, '  '),
  'a JWT of several lines': (text) => text.replace(jwt, jwt.replace(/.{64}/g, '$&\n')),
};

for (const [how, save] of Object.entries(savedCreds))
  test(`credentials with ${how} are read`, () => {
    const config = withOptions({ hub: { creds_file: '/c' }, leaf: { external_creds_file: '/c' } });
    const { secrets, findings } = readSecrets(config, readFrom({ '/c': save(creds) }));
    assert.deepEqual(findings, []);
    assert.deepEqual([secrets.hubCreds, secrets.externalCreds], [normal, normal]);
  });

for (const [how, save] of Object.entries(saved))
  test(`a password, a token and a seed with ${how} are read`, () => {
    const config = withOptions(
      {
        hub: { password_file: '/p', token_file: '/p', nkey_file: '/n' },
        leaf: { external_password_file: '/p' },
      },
      { user: [userSection('a', { password_file: '/p' })] },
    );
    const isEscaped = how.includes('escaped'); // a password may have a backslash in it
    const files = { '/p': isEscaped ? 'p w ü \n' : save('p w ü \n'), '/n': save(`# of ship 7\n${seed}\n`) };
    const { secrets, findings } = readSecrets(config, readFrom(files));
    assert.deepEqual(findings, []);
    assert.deepEqual(secrets, {
      hubPassword: 'p w ü ',
      hubToken: 'p w ü ',
      hubNkeySeed: seed,
      externalPassword: 'p w ü ',
      userPasswords: { a: 'p w ü ' },
    });
  });

test('what a file of a secret must be is said, and nothing of what is in it', () => {
  const account = seedOf(nkeys.createAccount());
  const of = (claims: object): string =>
    `eyJ0.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
  const accountJwt = of({ sub: `A${'B'.repeat(55)}` });
  const mistyped = `${seed.slice(0, 20)}${seed[20] === 'A' ? 'B' : 'A'}${seed.slice(21)}`;
  const cert = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
  const cases: readonly (readonly ['password_file' | 'nkey_file' | 'creds_file', string, string])[] = [
    ['password_file', '\nsecond\n', 'its first line is empty: must be the secret'],
    ['password_file', creds, 'holds credentials or a key: must be the secret in its first line'],
    ['nkey_file', 'hello\n', 'there is no nkey seed in it: must be a line that begins with SU'],
    ['nkey_file', account, 'the nkey seed in it is of an account: must be of a user'],
    ['nkey_file', mistyped, 'the nkey seed in it is damaged: mistyped or cut off'],
    ['creds_file', '', 'there is no JWT in it: must be NATS credentials, a JWT and a seed'],
    ['creds_file', cert, 'holds a certificate or its key: must be NATS credentials'],
    ['creds_file', jwt, 'there is no nkey seed in it: must be a line that begins with SU'],
    ['creds_file', creds.replace(jwt, accountJwt), 'the JWT in it is of an account: must be of a user'],
    ['creds_file', creds.replace(jwt, of({})), 'the JWT in it is damaged'],
    ['creds_file', creds.replace(credsSeed, seed), 'the nkey seed in it is not that of its JWT'],
    ['creds_file', creds.replace(credsSeed, mistyped), 'the nkey seed in it is damaged: mistyped or cut off'],
  ];
  for (const [name, text, message] of cases) {
    const { secrets, findings } = readSecrets(
      withOptions({ hub: { [name]: '/f' } }),
      readFrom({ '/f': text }),
    );
    assert.deepEqual(findings, [
      { option: `hub.${name}`, value: '/f', message, severity: 'error', ofFile: true },
    ]);
    assert.deepEqual(secrets, { userPasswords: {} });
  }
});

test('a file that cannot be read leaves its secret out', () => {
  const config = withOptions(
    { leaf: { external_password_file: '/none' } },
    { user: [userSection('b', { password: 'direct' })] },
  );
  const { secrets, findings } = readSecrets(config, readFrom({}));
  assert.deepEqual(secrets, { userPasswords: { b: 'direct' } });
  assert.deepEqual(
    findings.map(({ option, message }) => `${option}: ${message}`),
    ['leaf.external_password_file: cannot be read'],
  );
});

test('a credentials file of the largest size is looked through in time that grows with its size', () => {
  const used = process.cpuUsage();
  readCreds('BEGIN A'.repeat(2 ** 17));
  assert.ok(process.cpuUsage(used).user < 2e6);
});

test('a password that is not saved as UTF-8 is not handed on as another one', () => {
  const config = withOptions({ hub: { user: 'u', password_file: '/p' } });
  for (const bytes of [Buffer.from('gr\u00fcn\n', 'latin1'), Buffer.from('\uFEFFpw\n', 'utf16le').swap16()]) {
    const { secrets, findings } = readSecrets(config, readFrom({ '/p': bytes }));
    assert.equal(secrets.hubPassword, undefined);
    assert.match(findings[0]?.message ?? '', /not saved as UTF-8/);
  }
});
