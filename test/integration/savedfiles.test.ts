// Credentials, TLS files and addresses as people save and write them: what is accepted joins a real hub, with the oldest
// nats-server and with the newest one, and as a client without a leaf.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect as dial } from 'node:net';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { connect } from '@nats-io/transport-node';
import { render } from '../../agent/cli/render.ts';
import { type AgentFile, parseAgentFile } from '../../agent/config/agentfile.ts';
import { connectionOptions } from '../../agent/nats/session.ts';
import { newOperator } from '../kit/hub/jwt.ts';
import { authority, connectAs, linksOf, startServer } from '../kit/leaf/leafdaemon.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { lacking, natsServers, need } from '../kit/process/tools.ts';

interface Place {
  readonly program: string;
  readonly dir: string;
  /** For clients. */
  readonly port: number;
  readonly leafPort: number;
}

/** A hub whose config begins with its addresses. `tls` goes into both listeners. */
async function hubOf(t: TestContext, program: string, conf: string, tls = ''): Promise<Place> {
  const dir = tempDir(t, 'hub');
  const [port, leafPort] = [await reservePort(), await reservePort()];
  const file = join(dir, 'hub.conf');
  writeFileSync(
    file,
    `listen: "127.0.0.1:${port}"\n${tls}\nleafnodes { listen: "127.0.0.1:${leafPort}"\n${tls} }\n${conf}\n`,
  );
  await startServer(t, program, file);
  return { program, dir, port, leafPort };
}

interface Rendered {
  readonly code: number;
  readonly stderr: string;
  readonly dir: string;
  readonly file: AgentFile;
}

async function rendered(
  t: TestContext,
  program: string,
  mode: string,
  hub: readonly string[],
): Promise<Rendered> {
  const dir = tempDir(t, 'unit');
  const config = join(dir, 'nunect');
  const lines = hub.map((line) => ` ${line}\n`).join('');
  const leaf = ` option mode '${mode}'\n option port '${await reservePort()}'\n option server '${program}'\n`;
  const text = `config agent\n option unit 'demo-01'\nconfig hub\n${lines} option reconnect_s '1'\nconfig leaf\n${leaf}`;
  writeFileSync(config, text, { mode: 0o600 });
  let stderr = '';
  const io = {
    stdout: () => {},
    stderr: (said: string) => {
      stderr += said;
    },
  };
  const code = await render(['--config', config, '--out', dir], io);
  return {
    code,
    stderr,
    dir,
    file: parseAgentFile(readFileSync(join(dir, 'agent.json'), 'utf8'), 'agent.json'),
  };
}

/** Renders a unit with a leaf, and waits until it is joined. */
async function joins(t: TestContext, program: string, hub: readonly string[]): Promise<Rendered> {
  const unit = await rendered(t, program, 'managed', hub);
  assert.equal(unit.code, 0, unit.stderr);
  const leaf = await startServer(t, program, join(unit.dir, 'leaf.conf'));
  const { connection, monitor } = unit.file;
  assert.ok(monitor?.kind === 'system');
  const nc = await connectAs({ ...connection, user: monitor.user, password: monitor.password });
  try {
    await eventually('the hub is joined', async () => (await linksOf(nc)) === 1);
  } catch (error) {
    throw new Error(`${leaf.output()}\n${unit.stderr}`, { cause: error });
  } finally {
    await nc.close();
    await leaf.end();
  }
  return unit;
}

/** Renders a unit without a leaf, and connects as its agent does. */
async function connects(t: TestContext, program: string, hub: readonly string[]): Promise<void> {
  const { code, stderr, file } = await rendered(t, program, 'off', hub);
  assert.equal(code, 0, stderr);
  const nc = await connect(
    connectionOptions({ ...file.connection, name: 'x', inboxPrefix: '_INBOX_demo-01' }),
  );
  await nc.flush();
  await nc.close();
}

type Save = (text: string) => string | Uint8Array;
const bom: Save = (text) => `\uFEFF${text}`;
const crlf: Save = (text) => text.replaceAll('\n', '\r\n');
const cr: Save = (text) => text.replaceAll('\n', '\r');
const wide: Save = (text) => Buffer.from(`\uFEFF${text}`, 'utf16le');
const indented: Save = (text) => text.replace(/^/gm, '  ');
const fourDashes: Save = (text) => text.replace(/-{5,6}(BEGIN|END)/g, '----$1');
const bare: Save = (text) => text.trimEnd();

const credsForms: Readonly<Record<string, Save>> = {
  normal: (text) => text,
  bom,
  crlf,
  cr,
  wide,
  indented,
  fourDashes,
  bare,
  blankLine: (text) => text.replace('\n------END', '\n\n------END'),
  comment: (text) => `# issued for ship 7\n\n${text}`,
  wrapped: (text) => text.replace(/^(eyJ.{100})/m, '$1\n'),
};

/** Forms of CA, certificate and key; nothing: as they are. */
const pemForms: Readonly<Record<string, { ca?: Save; cert?: Save; key?: Save }>> = {
  bom: { ca: bom, cert: bom, key: bom },
  crlf: { ca: crlf, cert: crlf, key: crlf },
  cr: { ca: cr, cert: cr, key: cr },
  wide: { ca: wide, cert: wide, key: wide },
  fourDashes: { ca: fourDashes, cert: fourDashes, key: fourDashes },
  indented: { ca: indented, cert: indented, key: indented },
  bare: { ca: bare, cert: bare, key: bare },
  putTogether: { ca: (text) => text.trimEnd() + text, cert: (text) => text.trimEnd() + text },
  commented: { ca: (text) => `Bag Attributes\n    friendlyName: hub\n${text}` },
  withParameters: {
    key: (text) => `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${text}`,
  },
};

for (const [name, program = ''] of Object.entries(natsServers())) {
  describe(`files and addresses as people write them, ${name} nats-server`, {
    skip: program === '' && 'no such server',
  }, () => {
    test('credentials in every form join', async (t) => {
      const operator = newOperator();
      const { port, leafPort } = await hubOf(t, program, operator.config(true));
      for (const [form, save] of Object.entries(credsForms)) {
        const file = join(tempDir(t, 'creds'), 'unit.creds');
        writeFileSync(file, save(operator.creds('demo-01')), { mode: 0o600 });
        const login = [`option creds_file '${file}'`];
        const { stderr, dir } = await joins(t, program, [
          `list url 'nats://127.0.0.1:${leafPort}'`,
          ...login,
        ]);
        await connects(t, program, [`list url 'nats://127.0.0.1:${port}'`, ...login]);
        const isCopied = /creds_file '.*': is not saved as nats-server reads it/.test(stderr);
        assert.equal(isCopied, !['normal', 'bom', 'comment'].includes(form), form);
        assert.equal(isCopied, readFileSync(join(dir, 'leaf.conf'), 'utf8').includes('rewritten/'), form);
      }
    });

    test('TLS files in every form join', { skip: lacking('openssl') }, async (t) => {
      const dir = tempDir(t, 'tls');
      const ca = authority(join(dir, 'ca'));
      const [hub, own] = [ca.issue('hub', '/CN=hub'), ca.issue('unit', '/CN=demo-01')];
      const tls = `tls { cert_file: "${hub.cert}", key_file: "${hub.key}", ca_file: "${ca.ca}", verify: true }`;
      const { port, leafPort } = await hubOf(t, program, '', tls);
      for (const [form, saves] of Object.entries(pemForms)) {
        const save = (part: 'ca' | 'cert' | 'key', source: string): string => {
          const file = join(dir, `${form}-${part}.pem`);
          const text = readFileSync(source, 'utf8');
          writeFileSync(file, saves[part]?.(text) ?? text, { mode: part === 'key' ? 0o600 : 0o644 });
          return `option tls_${part} '${file}'`;
        };
        const files = [save('ca', ca.ca), save('cert', own.cert), save('key', own.key)];
        await joins(t, program, [`list url 'tls://localhost:${leafPort}'`, ...files]).catch(
          (error: unknown) => {
            throw new Error(form, { cause: error });
          },
        );
        await connects(t, program, [`list url 'tls://localhost:${port}'`, ...files]);
      }
    });

    test('a token opens the hub, or the version that can is named', async (t) => {
      const { port, leafPort, dir } = await hubOf(t, program, 'authorization { token: "s3/c:r@t" }');
      const file = join(dir, 'token');
      writeFileSync(file, '\uFEFFs3/c:r@t\r\n', { mode: 0o600 });
      for (const login of ["option token 's3/c:r@t'", `option token_file '${file}'`]) {
        await connects(t, program, [`list url 'nats://127.0.0.1:${port}'`, login]);
        const url = `list url 'nats://127.0.0.1:${leafPort}'`;
        if (name === 'newest') await joins(t, program, [url, login]);
        else {
          const { code, stderr } = await rendered(t, program, 'managed', [url, login]);
          assert.equal(code, 1);
          assert.match(
            stderr,
            /hub\.token(_file)?: is not possible: nats-server 2\.9\.10 cannot do it; it needs 2\.12\.0 or newer/,
          );
          assert.doesNotMatch(stderr, /s3/);
        }
      }
    });

    test('addresses in every spelling join', { skip: lacking('openssl') }, async (t) => {
      const ca = authority(join(tempDir(t, 'tls'), 'ca'));
      const hub = ca.issue('hub', '/CN=hub');
      const tls = `tls { cert_file: "${hub.cert}", key_file: "${hub.key}" }`;
      const secure = await hubOf(t, program, '', tls);
      const plain = await hubOf(t, program, '');
      const nobody = await reservePort();
      for (const [url, more] of [
        [`TLS://localhost.:0${secure.leafPort}`, `option tls_ca '${ca.ca}'`],
        [`Nats-Leaf://LOCALHOST:${plain.leafPort}`, ''],
        [`nats-leaf://127.0.0.1:${nobody}, nats-leaf://127.0.0.1:${plain.leafPort}`, ''],
      ] as const)
        await joins(t, program, [`list url '${url}'`, more]);
      await connects(t, program, [`list url 'TLS://localhost.:0${secure.port}'`, `option tls_ca '${ca.ca}'`]);
      await connects(t, program, [`list url 'NATS://localhost.:${plain.port},nats://127.0.0.1:${nobody}'`]);
      const { code, stderr } = await rendered(t, program, 'managed', ["list url 'nats://hub_server:7422'"]);
      assert.equal(code, 0, stderr);
    });

    test('a websocket behind the path of a proxy joins, or the version that can is named', async (t) => {
      const port = await reservePort();
      const { leafPort: _, ...hub } = await hubOf(
        t,
        program,
        `websocket { listen: "127.0.0.1:${port}", no_tls: true }`,
      );
      assert.ok(hub.port > 0);
      const proxy = createServer();
      const asked: (string | undefined)[] = [];
      proxy.on('upgrade', (request, socket) => {
        asked.push(request.url);
        const behind = dial(port, '127.0.0.1', () => {
          const lines = Object.entries(request.headers).map(([key, value]) => `${key}: ${value}\r\n`);
          behind.write(`GET /leafnode HTTP/1.1\r\n${lines.join('')}\r\n`);
          socket.pipe(behind).pipe(socket);
        });
        for (const end of [behind, socket]) end.on('error', () => socket.destroy());
        t.after(() => void [socket.destroy(), behind.destroy()]);
      });
      const front = await reservePort();
      proxy.listen(front, '127.0.0.1');
      t.after(() => proxy.close());
      const lines = [`list url 'ws://127.0.0.1:${front}/nats/hub/'`];
      if (name === 'newest') {
        await joins(t, program, lines);
        assert.equal(asked[0], '/nats/hub/leafnode');
        return;
      }
      const { code, stderr } = await rendered(t, program, 'managed', lines);
      assert.equal(code, 1);
      assert.match(
        stderr,
        /hub\.url: a path is not possible: nats-server 2\.9\.10 cannot do it; it needs 2\.10\.5 or newer/,
      );
    });
  });
}

test('a copy goes when the file is put right, and another one when it changes', async (t) => {
  const program = need('nats-server');
  const operator = newOperator();
  const dir = tempDir(t, 'copies');
  const [file, out, config] = [join(dir, 'unit.creds'), join(dir, 'out'), join(dir, 'nunect')];
  writeFileSync(
    config,
    `config agent\n option unit u\nconfig hub\n list url 'nats://127.0.0.1:9'\n option creds_file '${file}'\nconfig leaf\n option server '${program}'\n`,
    { mode: 0o600 },
  );
  const run = async (text: string): Promise<{ last: string; copies: string[] }> => {
    writeFileSync(file, text, { mode: 0o600 });
    let stdout = '';
    const take = (said: string): void => {
      stdout += said;
    };
    await render(['--config', config, '--out', out], { stdout: take, stderr: () => {} });
    return { last: stdout.trim().split('\n').at(-1) ?? '', copies: readdirSync(join(out, 'rewritten')) };
  };
  const [one, two] = [operator.creds('u'), operator.creds('u')];
  const first = await run(`\uFEFF${one.replaceAll('\n', '\r\n')}`);
  assert.equal(first.copies.length, 1);
  assert.deepEqual(await run(`\uFEFF${one.replaceAll('\n', '\r\n')}`), { ...first, last: 'nothing to do' });
  const second = await run(two.replaceAll('\n', '\r\n'));
  assert.equal(second.copies.length, 1);
  assert.notDeepEqual(second.copies, first.copies);
  assert.equal(second.last, 'restart: leaf; reload: agent');
  assert.deepEqual((await run(two)).copies, []);
});
