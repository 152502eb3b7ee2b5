// What `nunect check` and `nunect render` say of the contents of the files that options name.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { check } from '../../agent/cli/check.ts';
import { render } from '../../agent/cli/render.ts';
import { newOperator } from '../kit/hub/jwt.ts';
import { authority } from '../kit/leaf/leafdaemon.ts';
import { tempDir } from '../kit/process/daemon.ts';
import { lacking, need } from '../kit/process/tools.ts';

interface Said {
  readonly code: number;
  /** Its lines, without the name of the config file and of folders. */
  readonly lines: readonly string[];
}

async function said(dir: string, command: 'check' | 'render', sections: string): Promise<Said> {
  const config = join(dir, 'nunect');
  const server = need('nats-server');
  writeFileSync(
    config,
    `config agent\n option unit u\n${sections}\nconfig leaf\n option server '${server}'\n`,
    {
      mode: 0o600,
    },
  );
  let text = '';
  const take = (more: string): void => {
    text += more;
  };
  const ignore = (): void => {};
  const code =
    command === 'check'
      ? await check(['--config', config], { stdout: take, stderr: ignore })
      : await render(['--config', config, '--out', join(dir, 'out'), '--no-test'], {
          stdout: ignore,
          stderr: take,
        });
  const lines = text.trim().replaceAll(`${dir}/`, '').split('\n');
  return { code, lines: lines.map((line) => line.replace(/^nunect:(\d+:)? /, '')) };
}

interface Files {
  readonly dir: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly issuer: ReturnType<typeof authority>;
  openssl(...args: string[]): void;
}

function filesOf(t: TestContext): Files {
  const dir = tempDir(t, 'keyfiles');
  const issuer = authority(join(dir, 'authority'));
  const own = issuer.issue('unit', '/CN=u');
  const [ca, cert, key] = [join(dir, 'ca.pem'), join(dir, 'cert.pem'), join(dir, 'key.pem')];
  copyFileSync(issuer.ca, ca);
  copyFileSync(own.cert, cert);
  writeFileSync(key, readFileSync(own.key), { mode: 0o600 });
  const openssl = (...args: string[]): void => {
    const out = args[args.indexOf('-out') + 1] ?? '';
    execFileSync(need('openssl'), [...args, '-out', `${out}.new`], { stdio: 'pipe' }); // it cannot replace what it reads
    renameSync(`${out}.new`, out);
  };
  return { dir, ca, cert, key, issuer, openssl };
}

const pem = (path: string): string => readFileSync(path, 'utf8');
const toPem = 'must be PEM text';

/** What is done to the files, and what is said then. */
const faults: readonly (readonly [string, (files: Files) => void, readonly RegExp[]])[] = [
  ['as they should be', () => {}, []],
  [
    'a key with a passphrase',
    ({ key, openssl }) =>
      openssl('pkcs8', '-topk8', '-v2', 'aes256', '-passout', 'pass:hush', '-in', key, '-out', key),
    [
      /^hub\.tls_key 'key\.pem': is encrypted: must be without a passphrase, as 'openssl pkey -in FILE -out NEW' makes it$/,
    ],
  ],
  [
    'a key with a passphrase in the old form',
    ({ key, openssl }) => openssl('ec', '-aes256', '-passout', 'pass:hush', '-in', key, '-out', key),
    [/^hub\.tls_key 'key\.pem': is encrypted: /],
  ],
  [
    'the key of another certificate',
    ({ key, issuer }) => copyFileSync(issuer.issue('other', '/CN=o').key, key),
    [/^hub\.tls_key 'key\.pem': is not the key of the certificate$/],
  ],
  [
    'a key of another kind',
    ({ key, openssl }) => openssl('genpkey', '-algorithm', 'RSA', '-out', key),
    [/^hub\.tls_key 'key\.pem': is not the key of the certificate$/],
  ],
  [
    'certificate and key swapped',
    ({ cert, key }) => {
      const [one, two] = [pem(cert), pem(key)];
      writeFileSync(cert, two);
      writeFileSync(key, one);
    },
    [
      /^hub\.tls_cert 'cert\.pem': holds a private key: must be certificates in PEM form$/,
      /^hub\.tls_key 'key\.pem': holds a certificate: must be a private key in PEM form$/,
    ],
  ],
  [
    'CA and certificate swapped',
    ({ ca, cert }) => {
      const [one, two] = [pem(ca), pem(cert)];
      writeFileSync(ca, two);
      writeFileSync(cert, one);
    },
    [/^hub\.tls_key 'key\.pem': is not the key of the certificate$/],
  ],
  [
    'binary files',
    ({ ca, cert, key, openssl }) => {
      for (const file of [ca, cert]) openssl('x509', '-in', file, '-outform', 'der', '-out', file);
      openssl('pkcs8', '-topk8', '-nocrypt', '-in', key, '-outform', 'der', '-out', key);
    },
    [
      new RegExp(
        `^hub\\.tls_ca 'ca\\.pem': is in binary form \\(DER\\): ${toPem}, as 'openssl x509 -inform der -in FILE'`,
      ),
      new RegExp(`^hub\\.tls_cert 'cert\\.pem': is in binary form \\(DER\\): ${toPem}, as 'openssl x509`),
      new RegExp(`^hub\\.tls_key 'key\\.pem': is in binary form \\(DER\\): ${toPem}, as 'openssl pkey`),
    ],
  ],
  [
    'PKCS#12',
    ({ cert, key, openssl }) =>
      openssl('pkcs12', '-export', '-in', cert, '-inkey', key, '-passout', 'pass:', '-out', cert),
    [/^hub\.tls_cert 'cert\.pem': is binary, such as PKCS#12: must be certificates in PEM form$/],
  ],
  [
    'no certificate at all, and a damaged one',
    ({ ca, cert }) => {
      writeFileSync(ca, '<html>404</html>');
      writeFileSync(cert, `${pem(cert)}${pem(cert).replace(/^MII./m, 'MIIA')}`);
    },
    [
      /^hub\.tls_ca 'ca\.pem': there is no PEM block in it: must be certificates in PEM form$/,
      /^hub\.tls_cert 'cert\.pem': certificate 2 of 2 in it is damaged$/,
    ],
  ],
  [
    'a damaged key',
    ({ key }) => writeFileSync(key, pem(key).replace(/^M.*\n/m, '')),
    [/^hub\.tls_key 'key\.pem': the private key in it is damaged, or of an unknown kind$/],
  ],
  [
    'the chain in the wrong order',
    ({ ca, cert }) => writeFileSync(cert, pem(ca) + pem(cert)),
    [/^hub\.tls_cert 'cert\.pem': certificate 2 in it is that of the key: it must be the first$/],
  ],
  [
    'an authority of the same name, made anew',
    ({ dir, ca }) => copyFileSync(authority(join(dir, 'anew')).ca, ca),
    [
      /^warning: hub\.tls_ca 'ca\.pem': has the name of the authority that has signed the certificate, but another key$/,
    ],
  ],
  [
    'the certificate in place of its authority',
    ({ ca, cert }) => copyFileSync(cert, ca),
    [/^warning: hub\.tls_ca 'ca\.pem': holds the certificate itself: must be that of its authority$/],
  ],
  [
    'an authority of another name, as a hub may have',
    ({ ca, dir, openssl }) =>
      openssl(
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=hub ca',
        '-keyout',
        join(dir, 'k'),
        '-out',
        ca,
      ),
    [],
  ],
  [
    'a certificate that ran out',
    ({ cert, key, issuer }) => {
      const old = issuer.issue('old', '/CN=old', { days: -1 });
      copyFileSync(old.cert, cert);
      copyFileSync(old.key, key);
    },
    [
      /^warning: certificate cert\.pem has expired, by a clock that is not synchronised and shows \d{4}-\d\d-\d\d$/,
    ],
  ],
];

for (const [what, change, expected] of faults)
  test(`check and render: ${what}`, { skip: lacking('openssl') }, async (t) => {
    const files = filesOf(t);
    change(files);
    const { dir, ca, cert, key } = files;
    const hub = `config hub\n list url 'tls://127.0.0.1:9'\n option tls_ca '${ca}'\n option tls_cert '${cert}'\n option tls_key '${key}'\n`;
    for (const command of ['check', 'render'] as const) {
      const { code, lines } = await said(dir, command, hub);
      // the certificates of this test run out within days
      const about = lines.filter((line) => /(hub\.tls|certificate) ?/.test(line) && !/expires in/.test(line));
      assert.equal(about.length, expected.length, about.join('\n'));
      for (const [at, pattern] of expected.entries()) assert.match(about[at] ?? '', pattern);
      const isError = expected.some((pattern) => !pattern.source.startsWith('^warning'));
      assert.equal(code, isError ? 1 : 0, lines.join('\n'));
      const secret = pem(key).split('\n')[1] ?? '';
      assert.ok(secret.length < 10 || !lines.join('\n').includes(secret));
    }
  });

test('clients whose certificates are verified: the authority must be that of the unit as well', {
  skip: lacking('openssl'),
}, async (t) => {
  const { dir, ca, cert, key, openssl } = filesOf(t);
  const leaf = `config leaf l\n option tls_ca '${ca}'\n option tls_cert '${cert}'\n option tls_key '${key}'\n option tls_verify 1\n`;
  const good = await said(dir, 'check', leaf);
  assert.equal(good.code, 0, good.lines.join('\n'));
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-subj',
    '/CN=other',
    '-keyout',
    join(dir, 'k'),
    '-out',
    ca,
  );
  const { code, lines } = await said(dir, 'check', leaf);
  assert.equal(code, 1);
  assert.ok(
    lines.includes(`leaf.tls_ca 'ca.pem': is not the authority that has signed the certificate`),
    lines.join('\n'),
  );
});

test('check reads the files of secrets: what is wrong with one, and when its JWT ran out', async (t) => {
  const dir = tempDir(t, 'secrets');
  const [creds, seed] = [join(dir, 'unit.creds'), join(dir, 'seed')];
  const operator = newOperator();
  const hub = `config hub\n list url 'nats://127.0.0.1:9'\n option creds_file '${creds}'\n`;
  writeFileSync(creds, operator.creds('u', { exp: Math.floor(Date.now() / 1000) - 60 }), { mode: 0o600 });
  const old = await said(dir, 'check', hub);
  assert.equal(old.code, 0);
  assert.match(old.lines[0] ?? '', /^warning: user JWT unit\.creds has expired, by a clock/);
  writeFileSync(seed, 'SUA', { mode: 0o600 });
  const { code, lines } = await said(
    dir,
    'check',
    `config hub\n list url 'nats://127.0.0.1:9'\n option nkey_file '${seed}'\n`,
  );
  assert.equal(code, 1);
  assert.match(lines[0] ?? '', /^hub\.nkey_file 'seed': there is no nkey seed in it/);
});
