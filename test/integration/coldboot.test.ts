// The agent in this process, on clocks that the test sets, with real servers and a real chronyd beside it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startAgent } from '../../agent/agent.ts';
import { render } from '../../agent/cli/render.ts';
import { clockCaveat } from '../../agent/clock/trust.ts';
import { parseAgentFile } from '../../agent/config/agentfile.ts';
import { causeOfLink, linkErrorText } from '../../agent/leaf/linkcause.ts';
import { type LogEntry, logTo } from '../../agent/lib/log.ts';
import { machineClocks, systemTicker } from '../../agent/lib/ticker.ts';
import { openLink } from '../../agent/nats/link.ts';
import { chronyPair } from '../kit/clock/chrony.ts';
import { natsFleet } from '../kit/hub/nats.ts';
import { startServer } from '../kit/leaf/leafdaemon.ts';
import { agentSpawn, eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { lacking, natsServers, need } from '../kit/process/tools.ts';
import { type Hub, startHub, writeUci } from '../kit/unit/site.ts';

const run = promisify(execFile);
const unit = 'demo-01';
const server = natsServers().newest;
const away_ms = 56 * 31_557_600_000;

interface Stored {
  readonly subject: string;
  readonly headers: string;
  readonly body: Record<string, unknown>;
}

/** All that the stream of the hub has, in its order. */
async function storedAt(hub: Hub): Promise<Stored[]> {
  const found: Stored[] = [];
  const count = await hub.stored();
  for (let seq = 1; seq <= count; seq++) {
    const got = await hub.nc.request('$JS.API.STREAM.MSG.GET.NUNECT', JSON.stringify({ seq }));
    const {
      subject,
      hdrs = '',
      data,
    } = got.json<{
      message: Record<'subject' | 'data', string> & { hdrs?: string }; // slim metrics have none
    }>().message;
    const text = (base64: string): string => Buffer.from(base64, 'base64').toString();
    found.push({ subject, headers: text(hdrs), body: JSON.parse(text(data)) as Stored['body'] });
  }
  return found;
}

test('a unit that boots in 1970 behind a closed hub delivers its records with the right time', {
  skip: server === undefined ? 'no nats-server' : lacking('chronyd', 'chronyc', 'setpriv'),
}, async (t) => {
  const dir = tempDir(t, 'coldboot');
  const hub = await startHub(t, dir, server ?? '');
  await hub.server().end('SIGKILL');
  const { client } = await chronyPair(t, [], { steering: true });
  const ports = { leaf: await reservePort(), status: await reservePort() };
  const config = await writeUci(
    {
      dir,
      unit,
      server: server ?? '',
      hubPort: hub.leafPort,
      interval_s: 1,
      time: [`option chrony_port '${client.cmdport}'`, `list ptp_socket '${dir}/no-ptp4l'`],
    },
    ports,
  );
  await render(['--config', config, '--out', dir], { stdout: () => {}, stderr: () => {} });
  await startServer(t, server ?? '', join(dir, 'leaf.conf'));

  const bootedAt_ms = Date.now();
  let offset_ms = -away_ms;
  let lines = '';
  const agent = await startAgent(
    parseAgentFile(readFileSync(join(dir, 'agent.json'), 'utf8'), 'agent.json'),
    {
      spawn: agentSpawn,
      write: (line) => {
        lines += line;
      },
      stateDir: dir,
      clocks: { ...machineClocks, dateNow_ms: () => Date.now() + offset_ms },
    },
  );
  t.after(() => agent.stop());
  const status = async () =>
    (await (await fetch(`http://127.0.0.1:${ports.status}/status.json`)).json()) as {
      at_ms: number;
      clock: { quality: string; source: string };
      spool: { records: number };
    };
  const before = await eventually('records of several intervals wait', async () => {
    const seen = await status().catch(() => undefined);
    return seen !== undefined && seen.spool.records > 32 && seen;
  });
  assert.ok(before.at_ms < bootedAt_ms - away_ms + 60_000);
  assert.notEqual(before.clock.quality, 'locked');

  const steppedAt_ms = Date.now();
  offset_ms = 0;
  await eventually('the step is noticed', () => lines.includes('56.0 years forward'));
  await hub.restart();
  await eventually('locked to NTP', async () => (await status()).clock.quality === 'locked', 60_000);
  await eventually('all is delivered', async () => (await status()).spool.records < 5, 60_000);

  const stored = await storedAt(hub);
  const corrected = stored.filter(({ body }) => body['ts_corrected'] === true);
  assert.ok(corrected.length > 10, `${corrected.length} of ${stored.length}`);
  const at_ms = (ts: unknown): number => (typeof ts === 'number' ? ts : Date.parse(String(ts)));
  /** A slim heartbeat has its time in the header only. */
  const timeOf = ({ headers, body }: Stored): number =>
    at_ms(body['ts'] ?? Number(/X-Timestamp: (\d+)/.exec(headers)?.[1]));
  for (const record of stored) {
    const { subject, body } = record;
    if (subject === 'ops.time.config') continue;
    const ts_ms = timeOf(record);
    assert.ok(ts_ms >= bootedAt_ms - 100 && ts_ms <= Date.now(), `${subject} ${JSON.stringify(body)}`);
  }
  const isSlim = ({ subject, body }: Stored): boolean =>
    subject.startsWith('ops.heartbeat.') && body['ts'] === undefined;
  assert.ok(corrected.some(isSlim), 'slim ones that were kept, too');
  for (const record of corrected) {
    const { subject, body, headers } = record;
    assert.ok(at_ms(body['ts_original']) < 1e11, subject);
    assert.ok(timeOf(record) <= steppedAt_ms + 2000, subject);
    assert.equal(body['backfill'], true);
    if (subject.startsWith('ops.heartbeat.') && !isSlim(record))
      assert.match(headers, new RegExp(`X-Timestamp: ${body['ts']}\\r`));
  }
  const kinds = new Set(corrected.map(({ subject }) => subject.split('.').slice(0, 3).join('.')));
  for (const kind of [`ops.heartbeat.${unit}`, 'ops.metric.time', 'ops.log.INFO'])
    assert.ok(kinds.has(kind), kind);
  const step = stored.find(({ body }) => body['event'] === 'clock_step');
  assert.ok(step !== undefined && !('ts_corrected' in step.body), 'the step itself is told in the new time');

  const recorded = await eventually(
    'the recorder tells of the lock',
    async () => (await storedAt(hub)).findLast(({ subject }) => subject === `ops.metric.recorder.${unit}`),
    90_000,
    500,
  );
  const { columns, rows, changes } = recorded.body as {
    columns: string[];
    rows: (string | number)[][];
    changes: { evidence: string }[];
  };
  assert.ok(rows.length > 5 && changes.length > 0);
  const column = (name: string): (string | number | undefined)[] =>
    rows.map((row) => row[columns.indexOf(name)]);
  assert.ok(column('ntp_source').includes('127.0.0.1'));
  assert.ok(column('quality').length > 1);
  const whole = await (await fetch(`http://127.0.0.1:${ports.status}/recorder.json`)).json();
  assert.ok((whole as { rows: unknown[] }).rows.length >= rows.length);
});

for (const [words, cause, from, to] of [
  ['certificate is not yet valid', 'cert_not_yet', '20900101000000Z', '20910101000000Z'],
  ['certificate has expired', 'cert_expired', '20010101000000Z', '20020101000000Z'],
] as const) {
  test(`${words}: the link names the clock that says so, once`, {
    skip: server === undefined ? 'no nats-server' : lacking('openssl'),
  }, async (t) => {
    const dir = tempDir(t, 'dated');
    const [key, csr, cert] = ['key.pem', 'csr.pem', 'cert.pem'].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ];
    const ca = join(dir, 'ca.conf');
    writeFileSync(
      ca,
      `[ca]\ndefault_ca = c\n[c]\nnew_certs_dir = ${dir}\ndatabase = ${dir}/index\nrand_serial = yes\ndefault_md = sha256\npolicy = p\nx509_extensions = x\n[p]\ncommonName = supplied\n[x]\nsubjectAltName = IP:127.0.0.1\nbasicConstraints = CA:TRUE\n`,
    );
    writeFileSync(join(dir, 'index'), '');
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key];
    await run(need('openssl'), ['req', '-new', ...newKey, '-subj', '/CN=hub', '-out', csr]);
    const dates = ['-startdate', from, '-enddate', to];
    const signed = ['-selfsign', '-keyfile', key, '-in', csr, '-out', cert, '-notext', '-batch'];
    await run(need('openssl'), ['ca', '-config', ca, ...signed, ...dates]);
    const fleet = natsFleet(server ?? '');
    t.after(() => fleet.stop());
    const hub = await fleet.server('dated', `tls { cert_file: "${cert}", key_file: "${key}" }`);
    await hub.start();

    const logged: LogEntry[] = [];
    const stop = new AbortController();
    t.after(() => stop.abort());
    const link = openLink(
      {
        ticker: systemTicker(),
        log: logTo((entry) => logged.push(entry)),
        textOf: (error) => linkErrorText(error, clockCaveat('freerun', Date.now() - away_ms)),
      },
      { servers: [`tls://127.0.0.1:${hub.port}`], name: 'a', inboxPrefix: '_INBOX_a', tls: { caFile: cert } },
      stop.signal,
    );
    const error = await eventually('an error', () => link.state().lastError);
    assert.equal(causeOfLink(error), cause);
    const why = await eventually(
      'a warning',
      () => logged.find(({ level }) => level === 'warn')?.fields['why'],
    );
    assert.match(
      String(why),
      new RegExp(`^${words}, by a clock that is not synchronised and shows 19[67]\\d-`),
    );
    await new Promise((resolve) => setTimeout(resolve, 1500)); // several attempts more
    assert.equal(logged.filter(({ level }) => level === 'warn').length, 1);
    await link.stop();
  });
}
