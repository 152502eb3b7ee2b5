// config/hub/examples as they stand there, but for names, ports and folders, with the real programs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { logTo } from '../../agent/lib/log.ts';
import { type Routes, textReply } from '../../agent/web/reply.ts';
import { serveWeb } from '../../agent/web/server.ts';
import { type HubProgram, hubProgram } from '../kit/hub/hubprogram.ts';
import { startServer } from '../kit/leaf/leafdaemon.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { type Daemon, daemon, eventually, runToEnd, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { lacking, natsServers, need, projectRoot, runtime, withoutNewest } from '../kit/process/tools.ts';
import { hubBundle } from '../kit/unit/site.ts';

const owner = newOwner();
after(() => owner.end());
const program = natsServers().newest ?? '';
const example = (name: string): string =>
  readFileSync(join(projectRoot, 'config/hub/examples', name), 'utf8');

/** Replaces each of them, which must be there. */
const withThese = (text: string, changes: readonly (readonly [string, string])[]): string =>
  changes.reduce((made, [from, to]) => {
    assert.ok(made.includes(from), `${from} in the example`);
    return made.replaceAll(from, to);
  }, text);

/** By what name people come to the page; nothing resolves it. */
const pageName = 'hub.example.org';

/** A folder with the Caddyfile of the example for localhost, and Caddy with a CA of its own. */
async function caddySite(websocket: number) {
  const dir = tempDir(owner, 'caddy');
  const [https, admin, page] = [await reservePort(), await reservePort(), await reservePort()];
  const global = `{\n\tadmin 127.0.0.1:${admin}\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n`;
  const site = withThese(example('Caddyfile'), [
    ['\nhub.example.org {', `\nhttps://localhost:${https}, https://${pageName}:${https} {\n\ttls internal`],
    ['127.0.0.1:8443', `127.0.0.1:${websocket}`],
    ['127.0.0.1:8480', `127.0.0.1:${page}`],
  ]);
  writeFileSync(join(dir, 'Caddyfile'), global + site);
  const env = { ...process.env, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir };
  return { dir, https, admin, page, env, ca: join(dir, 'caddy/pki/authorities/local/root.crt') };
}
type CaddySite = Awaited<ReturnType<typeof caddySite>>;

const asIs = ['run', '--config', 'Caddyfile', '--adapter', 'caddyfile'];

/** A page of a hub behind the proxy, served as all of them are; it answers to that name. */
async function pageAt(port: number, host: string): Promise<void> {
  const routes: Routes = async ({ method }) => textReply(200, method === 'POST' ? 'done' : 'the page');
  const web = { name: 'page', routes, log: logTo(() => {}), mostForm: 1024 };
  const at = { listen: '127.0.0.1', port, hosts: [host] };
  const { stop } = await serveWeb(web, at, new AbortController().signal);
  owner.after(stop);
}

/** Status and body of the page, as a browser has it; with an `origin` it sends a form from a page of there. */
const browse = ({ https, ca }: CaddySite, auth?: string, origin?: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const asked = request(
      {
        ...{ host: '127.0.0.1', port: https, servername: pageName, ca: readFileSync(ca) },
        ...(auth === undefined ? {} : { auth }),
        method: origin === undefined ? 'GET' : 'POST',
        headers: { host: `${pageName}:${https}`, ...(origin === undefined ? {} : { origin }) },
      },
      (answer) => {
        let body = '';
        answer.on('data', (data: Buffer) => {
          body += data;
        });
        answer.on('end', () => resolve(`${answer.statusCode} ${body}`.trim()));
      },
    );
    asked.on('error', reject);
    asked.end();
  });

/** An echo of the hub, by the nats command through that address. */
const echo = async (hub: HubProgram, url: string, ca?: string): Promise<string> => {
  const tls = ca === undefined ? [] : ['--tlsca', ca];
  const login = ['--creds', join(hub.dir, 'operator.creds')];
  const { stdout, stderr } = await runToEnd(need('nats'), [
    ...['--server', url, ...tls, ...login, 'request', '--raw', 'ops.echo._localhost', 'hello'],
  ]);
  return stdout.trim() || stderr;
};

describe('Caddy in front of a hub', { skip: withoutNewest() || lacking('caddy', 'nats') }, () => {
  it('passes on units and clients without a login of its own, and people to the page with one', async () => {
    const websocket = await reservePort();
    const site = await caddySite(websocket);
    daemon(owner, need('caddy'), asIs, { cwd: site.dir, env: site.env });
    await eventually('Caddy has made its CA', () => existsSync(site.ca));
    await pageAt(site.page, pageName);
    const ports = ['--port', `proxy=${site.https}`, '--port', `websocket=${websocket}`];
    const proxied = ['--host', 'localhost', '--behind-proxy', '--tls-ca', site.ca];
    const hub = await hubProgram(owner, program, [...proxied, ...ports]);
    const up = await hub.up();
    assert.doesNotMatch(up.output(), /WRN|WARN|ERROR/);
    assert.equal(await echo(hub, `wss://localhost:${site.https}`, site.ca), 'hello');

    const leaf = await reservePort();
    const conf = join(site.dir, 'leaf.conf');
    writeFileSync(
      conf,
      `listen: "127.0.0.1:${leaf}"
leafnodes { remotes [ { url: "wss://localhost:${site.https}", credentials: "${hub.dir}/operator.creds"
  tls { ca_file: "${site.ca}" } } ] }\n`,
    );
    await startServer(owner, program, conf);
    await eventually(
      'a leaf has joined',
      async () => (await echo(hub, `nats://127.0.0.1:${leaf}`)) === 'hello',
    );
    assert.match((await hub.run('status')).stdout, /^joined +1 unit by a leaf/m);

    assert.match(await browse(site), /^401/);
    assert.match(await browse(site, 'operator:wrong'), /^401/);
    assert.equal(await browse(site, 'operator:change-me'), '200 the page');
    const ours = `https://${pageName}:${site.https}`;
    assert.match(await browse(site, undefined, ours), /^401/);
    assert.equal(await browse(site, 'operator:change-me', ours), '200 done');
    assert.match(await browse(site, 'operator:change-me', `https://${pageName}`), /^403/);
  });

  it('is formatted as Caddy would', async () => {
    const { code, stdout } = await runToEnd(need('caddy'), ['fmt', '-'], { input: example('Caddyfile') });
    assert.equal(code, 0);
    assert.equal(stdout, example('Caddyfile'));
  });
});

describe('process-compose', { skip: withoutNewest() || lacking('caddy', 'process-compose') }, () => {
  it('starts the proxy once the hub is healthy, and the hub again when it was killed', async () => {
    const websocket = await reservePort();
    const site = await caddySite(websocket);
    const ports = ['--port', `proxy=${site.https}`, '--port', `websocket=${websocket}`];
    const hub = await hubProgram(owner, program, ['--host', 'localhost', '--behind-proxy', ...ports]);
    const bin = join(site.dir, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'nunect-hub'), `#!/bin/sh\nexec ${runtime()} ${hubBundle} "$@"\n`, {
      mode: 0o755,
    });
    symlinkSync(program, join(bin, 'nats-server'));
    symlinkSync(need('caddy'), join(bin, 'caddy'));
    const config = join(site.dir, 'process-compose.yaml');
    writeFileSync(
      config,
      withThese(example('process-compose.yaml'), [
        ['/var/lib/nunect-hub', hub.dir],
        ['port: "2019"', `port: "${site.admin}"`],
      ]),
    );
    const env = { ...site.env, PATH: `${bin}:${process.env['PATH']}` };
    const api = String(await reservePort());
    const composed: Daemon = daemon(
      owner,
      need('process-compose'),
      ['--config', config, '--tui=false', '--port', api, 'up'],
      { cwd: site.dir, env },
    );
    const states = (): Record<string, { is_ready: string; restarts: number; status: string }> => {
      try {
        const listed = execFileSync(
          need('process-compose'),
          ['--port', api, 'process', 'list', '-o', 'json'],
          { env },
        );
        const all = JSON.parse(listed.toString()) as { name: string }[];
        return Object.fromEntries(all.map((one) => [one.name, one])) as never;
      } catch {
        return {};
      }
    };
    await eventually('both are ready', () => states()['page']?.is_ready === 'Ready', 60_000, 500).catch(
      (error) => {
        throw new Error(`${error.message}\n${composed.output()}\n${JSON.stringify(states())}`);
      },
    );
    const output = composed.output();
    assert.ok(output.indexOf('READY localhost') < output.indexOf('serving initial configuration'), output);
    const pid = Number(readFileSync(join(hub.dir, 'run/up.lock'), 'utf8'));
    process.kill(pid, 'SIGKILL');
    await eventually('the hub was started again', () => states()['hub']?.restarts === 1, 60_000, 500);
    await eventually('it is healthy again', async () => (await hub.run('status')).code === 0, 60_000, 500);
    composed.kill('SIGTERM');
    await composed.exited;
    assert.equal((await hub.run('status')).code, 3, 'nothing of the hub is left');
  });
});
