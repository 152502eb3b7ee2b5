// The days that certificates have left, told by an agent whose wall clock the test moves.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from '@nats-io/transport-node';
import { startAgent } from '../../agent/agent.ts';
import { render } from '../../agent/cli/render.ts';
import { parseAgentFile } from '../../agent/config/agentfile.ts';
import { machineClocks } from '../../agent/lib/ticker.ts';
import { newOperator } from '../kit/hub/jwt.ts';
import { authority, startServer } from '../kit/leaf/leafdaemon.ts';
import { agentSpawn, eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { lacking, natsServers, need } from '../kit/process/tools.ts';

const day_ms = 86_400_000;
const server = natsServers().newest ?? '';

interface Status {
  readonly status: string;
  readonly problems: string[];
  readonly certificates: { file: string; days_left?: number; not_after_ms?: number }[];
}

test('each of 30, 7 and 1 days and the end is told once, for certificates and a user JWT, in record, page and metrics', {
  skip: server === '' ? 'no nats-server' : lacking('openssl'),
}, async (t) => {
  const dir = tempDir(t, 'certdays');
  const at = (name: string): string => join(dir, name);
  const { ca, issue } = authority(dir);
  const openssl = (...args: string[]): string =>
    execFileSync(need('openssl'), args, { stdio: 'pipe' }).toString();
  /** The end of the first certificate in a file, as openssl says it. */
  const endOf = (file: string): number =>
    Date.parse(openssl('x509', '-in', file, '-noout', '-enddate').trim().replace('notAfter=', ''));
  const selfSigned = (name: string, days: number): string => {
    const file = at(`${name}.pem`);
    const key = [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      at(`${name}.key`),
    ];
    openssl('req', '-x509', ...key, '-days', String(days), '-subj', `/CN=${name}`, '-out', file);
    return file;
  };
  const long = selfSigned('long', 400);
  const short = selfSigned('short', 40);
  const bundle = at('bundle.pem');
  writeFileSync(bundle, readFileSync(long, 'utf8') + readFileSync(short, 'utf8'));
  const end_ms = endOf(short);
  const leaf = issue('leaf', '/CN=leaf');
  const creds = at('unit.creds');
  const jwtEnd_ms = end_ms + 100 * day_ms;
  writeFileSync(creds, newOperator().creds('u', { exp: jwtEnd_ms / 1000 }), { mode: 0o600 });
  const ports = { leaf: await reservePort(), status: await reservePort(), chrony: await reservePort() };
  writeFileSync(
    at('nunect'),
    `config agent\n option unit u1\n option interval_s 1
 option traffic lan
config hub\n option tls_ca ${bundle}\n option creds_file ${creds}
config leaf\n option server ${server}\n option port ${ports.leaf}\n option tls_cert ${leaf.cert}\n option tls_key ${leaf.key}\n option tls_ca ${ca}
config user spy\n option password p\n list subscribe ops.>
config status\n option port ${ports.status}
config time\n option chrony_port ${ports.chrony}\n list ptp_socket ${at('none')}\n`,
    { mode: 0o600 },
  );
  const complaints: string[] = [];
  const io = { stdout: () => {}, stderr: (text: string) => void complaints.push(text) };
  assert.equal(await render(['--config', at('nunect'), '--out', dir], io), 0, complaints.join(''));
  await startServer(t, server, at('leaf.conf'));

  let now_ms = end_ms - 31 * day_ms;
  const begun_ms = performance.now();
  let lines = '';
  const agent = await startAgent(parseAgentFile(readFileSync(at('agent.json'), 'utf8'), 'agent.json'), {
    spawn: agentSpawn,
    write: (line) => {
      lines += line;
    },
    stateDir: dir,
    clocks: {
      ...machineClocks,
      dateNow_ms: () => Math.floor(now_ms + performance.now() - begun_ms),
    },
  });
  t.after(() => agent.stop());
  const spy = await connect({ port: ports.leaf, user: 'spy', pass: 'p', tls: { rejectUnauthorized: false } });
  t.after(() => spy.close());
  const told: string[] = [];
  let metric: { certificate_days_left?: number; certificates?: { file: string; days_left: number }[] } = {};
  spy.subscribe('ops.status.leaf.u1', {
    callback: (_, m) => {
      const body = m.json<{ event: string; after?: { key: string; weight: string; stage?: string } }>();
      if (body.after?.key === `certificate ${bundle}`) told.push(`${body.after.stage} ${body.after.weight}`);
    },
  });
  spy.subscribe('ops.metric.nats.u1', {
    callback: (_, m) => {
      metric = m.json();
    },
  });
  await spy.flush();
  const get = async (path: string): Promise<string> =>
    (await fetch(`http://127.0.0.1:${ports.status}/${path}`)).text();

  for (const [left, stage] of [
    [31, undefined],
    [29.55, '30 days note'],
    [6.55, '7 days degraded'],
    [0.55, '1 days degraded'],
    [-1.45, 'expired degraded'],
  ] as const) {
    now_ms = end_ms - left * day_ms - (performance.now() - begun_ms);
    const expected =
      Math.floor((end_ms - (now_ms + performance.now() - begun_ms) - 5000) / (day_ms / 10)) / 10;
    const status = await eventually(`${left} days are left by the page`, async () => {
      const seen = JSON.parse(await get('status.json')) as Status;
      return seen.certificates.find(({ file }) => file === bundle)?.days_left === expected && seen;
    });
    assert.deepEqual(
      status.certificates.map(({ file, not_after_ms }) => [file, not_after_ms]),
      [
        [bundle, endOf(short)],
        [leaf.cert, endOf(leaf.cert)],
        [ca, endOf(ca)],
        [creds, jwtEnd_ms],
      ],
      'by openssl x509 -enddate',
    );
    const days = await eventually(
      `${left} days in the record`,
      () =>
        metric.certificates?.find(({ file, days_left }) => file === bundle && days_left === expected) &&
        metric.certificates,
    );
    assert.equal(days.length, 4);
    assert.equal(metric.certificate_days_left, Math.min(...days.map(({ days_left }) => days_left)));
    const metrics = await get('metrics');
    assert.ok(metrics.includes(`nunect_certificate_days_left{file="${bundle}"} ${expected}\n`), metrics);
    assert.ok(
      metrics.includes(`nunect_certificate_not_after_timestamp_seconds{file="${creds}"} ${jwtEnd_ms / 1000}`),
    );
    const problem = status.problems.find((text) => text.includes(bundle));
    if (stage === undefined) assert.equal(problem, undefined);
    else await eventually(`the event of ${stage}`, () => told.at(-1) === stage);
    if (left > 0 && stage !== undefined)
      assert.match(
        problem ?? '',
        new RegExp(`expires in ${expected} days, by a clock that is not synchronised`),
      );
  }
  assert.deepEqual(
    told,
    ['30 days note', '7 days degraded', '1 days degraded', 'expired degraded'],
    'each once',
  );
  const logged = lines.split('\n').filter((line) => line.includes(`certificate ${bundle}`));
  assert.equal(logged.length, 4, logged.join('\n'));
  for (const line of logged) assert.match(line, /^WARN/);
});
