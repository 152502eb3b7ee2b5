import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Connection } from '../../../agent/config/agentfile.ts';
import { inboxPrefixOf } from '../../../agent/wire/subjects.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { type Daemon, daemon, eventually } from '../process/daemon.ts';
import { need, projectRoot } from '../process/tools.ts';

/** What the log file of a config holds by now, where it has one: then the server prints next to nothing. */
function loggedBy(conf: string): string {
  try {
    const [, file] = /^log_file: "(.*)"$/m.exec(readFileSync(conf, 'utf8')) ?? [];
    return file === undefined ? '' : readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Starts a nats-server with a finished config file; rejects with its log when it ends instead of getting ready. */
export async function startServer(owner: Cleanup, program: string, conf: string): Promise<Daemon> {
  const before = loggedBy(conf).length;
  const started = daemon(owner, program, ['-c', conf]);
  const server = { ...started, output: () => started.output() + loggedBy(conf).slice(before) };
  const ready = await eventually(
    `${conf} ready`,
    () => /Server is ready|nats-server: |\[FTL\]/.exec(server.output())?.[0],
  );
  if (ready !== 'Server is ready') throw new Error(`${conf}: ${server.output()}`);
  return server;
}

/** What the server itself says of a config file; undefined when it takes it. */
export function refusal(program: string, conf: string): string | undefined {
  try {
    execFileSync(program, ['-t', '-c', conf], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
  }
}

/** Connects as agent.json says the agent does. */
export function connectAs(
  to: Connection,
  unit = 'demo-01',
  inboxPrefix = inboxPrefixOf(unit),
): Promise<NatsConnection> {
  return connect({
    servers: [...to.servers],
    inboxPrefix,
    reconnect: false,
    timeout: 5000,
    ...(to.user === undefined ? {} : { user: to.user }),
    ...(to.password === undefined ? {} : { pass: to.password }),
    ...(to.tls === undefined ? {} : { tls: to.tls }),
  });
}

/** How many hub links a leaf has, as its monitor user sees it. */
export async function linksOf(monitor: NatsConnection): Promise<number> {
  const answer = await monitor.request('$SYS.REQ.SERVER.PING.LEAFZ', '', { timeout: 5000 });
  const { data } = JSON.parse(answer.string()) as { data: { leafs?: unknown[] } };
  return data.leafs?.length ?? 0;
}

/** One of the example hub configs with its addresses and paths moved to where a test may be. */
export function exampleHub(
  name: 'hub' | 'hub-mtls',
  dir: string,
  ports: { readonly client: number; readonly leaf: number },
): string {
  const moved = readFileSync(join(projectRoot, 'config/hub', `${name}.conf`), 'utf8')
    .replace('"0.0.0.0:4222"', `"127.0.0.1:${ports.client}"`)
    .replace('"0.0.0.0:7422"', `"127.0.0.1:${ports.leaf}"`)
    .replace('"hub.example.org:7422"', `"127.0.0.1:${ports.leaf}"`)
    .replace('"/var/lib/nats/jetstream"', `"${dir}/${name}-js"`)
    .replaceAll('"/etc/nats/', `"${dir}/`);
  const file = join(dir, `${name}.conf`);
  writeFileSync(file, moved);
  return file;
}

/** A certificate and its key, both PEM files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate may differ in: the names it is made out to, and for how many days; negative: it ran out. */
export interface CertificateOptions {
  readonly names?: string;
  readonly days?: number;
}

/** An authority of one test; the certificates it issues are fit for servers on loopback and for clients. */
export function authority(
  dir: string,
  name = 'test ca',
): {
  readonly ca: string;
  issue(name: string, subject: string, options?: CertificateOptions): Certificate;
} {
  mkdirSync(dir, { recursive: true });
  const at = (name: string): string => join(dir, name);
  const openssl = (...args: string[]): void =>
    void execFileSync(need('openssl'), args, { stdio: 'pipe', cwd: dir });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    at('ca-key.pem'),
    '-out',
    at('ca.pem'),
  );
  return {
    ca: at('ca.pem'),
    issue(name, subject, { names = 'DNS:localhost,IP:127.0.0.1,IP:::1', days = 2 } = {}) {
      const [cert, key, csr, ext] = ['pem', 'key', 'csr', 'ext'].map((end) => at(`${name}.${end}`)) as [
        string,
        string,
        string,
        string,
      ];
      writeFileSync(ext, `subjectAltName=${names}\nextendedKeyUsage=serverAuth,clientAuth\n`);
      openssl('req', ...newKey, '-subj', subject, '-keyout', key, '-out', csr);
      openssl(
        'x509',
        '-req',
        '-in',
        csr,
        '-CA',
        at('ca.pem'),
        '-CAkey',
        at('ca-key.pem'),
        '-CAcreateserial',
        '-days',
        String(days),
        '-extfile',
        ext,
        '-out',
        cert,
      );
      return { cert, key };
    },
  };
}
