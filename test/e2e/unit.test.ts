// A unit from its UCI file on, seen from the hub as an operator sees it: with the real CLI, and by the wire contract.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { connect, type Msg } from '@nats-io/transport-node';
import { parseGoDuration } from '../../agent/wire/values.ts';
import { chronyPair } from '../kit/clock/chrony.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { natsServers, need, tool } from '../kit/process/tools.ts';
import { type Hub, nunect, operator, type RunningUnit, startHub, startUnit } from '../kit/unit/site.ts';

const unit = 'demo-01';
const run = promisify(execFile);
const server = natsServers().newest ?? need('nats-server');
const owner = newOwner();

let hub: Hub;
let site: RunningUnit;
let chrony: Awaited<ReturnType<typeof chronyPair>>;
const seen: Msg[] = [];

/** Runs the real CLI as the operator. */
const nats = async (...args: string[]): Promise<string> => {
  const env = {
    ...process.env,
    NATS_URL: hub.url,
    NATS_USER: operator.user,
    NATS_PASSWORD: operator.password,
  };
  const { stdout, stderr } = await run(need('nats'), args, { env, timeout: 20_000 });
  return stdout + stderr;
};
const latest = (subject: string): Promise<Msg> =>
  eventually(
    `a message on ${subject}`,
    () => seen.findLast((message) => message.subject === subject),
    90_000,
  );
type Json = Record<string, unknown>;
const body = async (subject: string): Promise<Json> => (await latest(subject)).json<Json>();

before(async () => {
  const dir = tempDir(owner, 'e2e');
  hub = await startHub(owner, dir, server);
  hub.nc.subscribe('ops.>', { callback: (_error, message) => void seen.push(message) });
  await hub.nc.flush();
  chrony = await chronyPair(owner, [], { steering: true });
  const time = [`option chrony_port '${chrony.client.cmdport}'`, `list ptp_socket '${dir}/no-ptp4l'`];
  // where each record is full: what is in them is what these tests are about
  const traffic = 'lan';
  site = await startUnit(owner, { dir, unit, server, hubPort: hub.leafPort, time, interval_s: 1, traffic });
});
after(() => owner.end());

describe('a unit seen from the hub', () => {
  test('nats req gets the echo with the headers of the contract', {
    skip: tool('nats') ? false : 'no nats CLI',
  }, async () => {
    const output = await nats('req', `ops.echo.${unit}`, 'hello', '-H', 'X-Sent-At: 42');
    assert.match(output, /\bhello\b/);
    for (const header of [
      'X-Sent-At: 42',
      `X-Unit-ID: ${unit}`,
      'X-Server-Received-At: \\d{16}',
      'X-Server-Sent-At: \\d{16}',
      'X-Clock-Source: (ntp|unsynced)',
      'X-Clock-Quality: \\w+',
    ])
      assert.match(output, new RegExp(`^[\\d:]+ ${header}$`, 'm'));
  });

  test('nats micro lists the unit and its echo endpoint', {
    skip: tool('nats') ? false : 'no nats CLI',
  }, async () => {
    assert.match(await nats('micro', 'ls'), new RegExp(`nunect.*${unit}`));
    const info = await nats('micro', 'info', 'nunect', unit);
    assert.match(info, new RegExp(`ops\\.echo\\.${unit}`));
    assert.match(await nats('micro', 'stats', 'nunect'), new RegExp(unit));
  });

  test('the first heartbeat of a start reports no problem that only a look before its time would see', () => {
    const beats = seen.filter(({ subject }) => subject === `ops.heartbeat.${unit}`);
    const first = beats.find((message) => message.json<Json>()['sequence'] === 1)?.json<Json>();
    assert.ok(first !== undefined, 'it was heard');
    const started_ms = (first['ts'] as number) - (first['uptime_s'] as number) * 1000;
    const [, joined = ''] =
      /\] (\S+ \S{12})\S* \[INF\] .*Leafnode connection created/.exec(hub.server().output()) ?? [];
    const patience_ms = 1000; // of the 3 s that the agent waits for its hub; the rest is what a look and a probe take on a busy machine
    if (Date.parse(joined) - started_ms > patience_ms) return; // by the hub's own log it was not there in time
    assert.doesNotMatch(String(first['problems']), /records wait|not connected|not joined/);
  });

  test('heartbeats carry every header and count on', async () => {
    const first = (await body(`ops.heartbeat.${unit}`))['sequence'] as number;
    await eventually(
      'the next heartbeat',
      async () => ((await body(`ops.heartbeat.${unit}`))['sequence'] as number) > first,
    );
    const message = await latest(`ops.heartbeat.${unit}`);
    const beat = message.json<Json>();
    assert.ok(['healthy', 'degraded'].includes(String(beat['status'])), JSON.stringify(beat));
    assert.equal(beat['interval_s'], 1);
    assert.ok(Math.abs((beat['ts'] as number) - Date.now()) < 5000);
    const header = (name: string): string => message.headers?.get(name) ?? '';
    assert.equal(header('X-Sequence'), String(beat['sequence']));
    assert.equal(header('X-Timestamp'), String(beat['ts']));
    assert.match(header('X-CPU-Load'), /^\d+%$/);
    assert.match(header('X-Memory-Usage'), /^\d+%$/);
    assert.match(header('X-Native-RTT'), /^[\d.]+(µs|ms)$/);
    assert.match(header('X-App-RTT'), /^[\d.]+(µs|ms)$/);
    assert.match(header('X-Health-Status'), /^(OK|DEGRADED)$/);
    assert.match(header('Nats-Msg-Id'), new RegExp(`^${unit}-\\w+-\\d+$`));
  });

  test('the time metric has the guardian fields with their types, and no null anywhere', async () => {
    await eventually(
      'ntp locked',
      async () => (await body(`ops.metric.time.${unit}`))['clock_quality'] === 'locked',
      90_000,
    );
    const time = await body(`ops.metric.time.${unit}`);
    assert.equal(time['active_source'], 'ntp');
    assert.equal(typeof time['ntp_offset_ms'], 'number');
    assert.equal(time['ntp_stratum'], 3);
    assert.equal(time['ntp_current_server'], '127.0.0.1');
    assert.ok((time['error_bound_ns'] as number) > 0);
    assert.equal(time['ptp_offset_ns'], undefined);
    for (const message of seen) {
      if (!message.subject.startsWith('ops.echo.')) assert.doesNotMatch(message.string(), /:null|NaN/);
    }
  });

  test('the chrony figures are those that chronyc gives', async () => {
    const time = await body(`ops.metric.time.${unit}`);
    const columns = (await chrony.client.chronyc('tracking')).trim().split(',');
    assert.equal((time['ntp'] as Json)['refid'], columns[0]);
    assert.equal(time['ntp_stratum'], Number(columns[2]));
    assert.ok(Math.abs((time['ntp_offset_ms'] as number) / -1000 - Number(columns[4])) < 1e-3);
    const dispersion = (time['ntp'] as Json)['root_dispersion_s'] as number;
    assert.ok(Math.abs(dispersion - Number(columns[11])) < 1e-3);
  });

  test('memory and load are those of /proc', async () => {
    const { host } = (await body(`ops.metric.system.${unit}`)) as {
      host: { load: number[]; memory: { total_bytes: number; available_bytes: number } };
    };
    const meminfo = readFileSync('/proc/meminfo', 'utf8');
    const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(meminfo)?.[1]);
    assert.equal(host.memory.total_bytes, kib('MemTotal') * 1024);
    assert.ok(Math.abs(host.memory.available_bytes / 1024 - kib('MemAvailable')) < 0.1 * kib('MemTotal'));
    const load = Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]);
    assert.ok(Math.abs((host.load[0] ?? -1) - load) < 1);
  });

  test('the RTT to the hub agrees with what the hub measures of the same link', async () => {
    const rtt = await eventually('hub_rtt_us', async () => {
      const metric = await body(`ops.metric.rtt.${unit}`);
      return metric['hub_rtt_us'] !== undefined && metric['app_rtt_us'] !== undefined && metric;
    });
    const system = await connect({ servers: hub.url, user: 'system', pass: 'change-me-system' });
    const hubsOwn_us = await eventually('the hub to measure', async () => {
      const answer = await system.request('$SYS.REQ.SERVER.PING.LEAFZ', '');
      const [link] = answer.json<{ data: { leafs?: { rtt: string }[] } }>().data.leafs ?? [];
      return link !== undefined && link.rtt !== '0s' && parseGoDuration(link.rtt);
    }).finally(() => system.close());
    const ours_us = rtt['hub_rtt_us'] as number;
    assert.ok(ours_us > 0 && Math.abs(ours_us - hubsOwn_us) < 20_000, `${ours_us} and ${hubsOwn_us} µs`);
    const [native, app] = [rtt['native'] as Json, rtt['app'] as Json];
    assert.ok((native['min_us'] as number) > 0 && (app['p50_us'] as number) > 0);
    assert.equal(app['loss_percent'], 0);
  });

  test('nats metric: the hub is joined and records are stored', async () => {
    const metric = await eventually('stored', async () => {
      const nats = await body(`ops.metric.nats.${unit}`);
      return (nats['spool'] as Json)['state'] === 'stored' && nats['hub_up'] === true && nats;
    });
    assert.equal(metric['connected'], true);
    assert.ok((await hub.stored()) > 0);
  });

  test('ops.time.config and the log are published', async () => {
    assert.equal((await body('ops.time.config'))['mode'], 'auto');
    const line = await body(`ops.log.INFO.${unit}`);
    assert.match(String(line['ts']), /^\d{4}-\d\d-\d\dT.*Z$/);
    assert.equal(line['unit'], unit);
  });

  test('ops.time.sync gives the four timestamps', async () => {
    const t1_us = Date.now() * 1000;
    const reply = (await hub.nc.request(`ops.time.sync.${unit}`, JSON.stringify({ t1_us }))).json<Json>();
    assert.equal(reply['t1_us'], t1_us);
    assert.ok((reply['t3_us'] as number) >= (reply['t2_us'] as number));
    assert.ok(Math.abs((reply['t2_us'] as number) - t1_us) < 2e6);
    assert.equal(reply['source'], 'ntp');
  });

  test('HEALTH_PROBE is answered and published; an unknown command is refused by name', async () => {
    const subject = `ops.cmd.leaf.${unit}`;
    const health = (await hub.nc.request(subject, 'HEALTH_PROBE')).json<Json>();
    assert.equal(health['event'], 'health');
    await eventually('the published health', () =>
      seen.some((m) => m.subject === `ops.status.leaf.${unit}` && m.json<Json>()['event'] === 'health'),
    );
    assert.equal((await hub.nc.request(subject, '{"cmd":"health_probe"}')).json<Json>()['event'], 'health');
    const refused = (await hub.nc.request(subject, 'REBOOT')).json<Json>();
    assert.match(String(refused['error']), /REBOOT/);
  });

  test('the stream holds every record once', async () => {
    const ids = new Set<string>();
    const count = await hub.stored();
    for (let seq = 1; seq <= count; seq++) {
      const got = await hub.nc.request('$JS.API.STREAM.MSG.GET.NUNECT', JSON.stringify({ seq }));
      const headers = Buffer.from(
        got.json<{ message: { hdrs: string } }>().message.hdrs,
        'base64',
      ).toString();
      const id = /Nats-Msg-Id: (\S+)/.exec(headers)?.[1] ?? '';
      assert.notEqual(id, '');
      assert.ok(!ids.has(id), `${id} twice`);
      ids.add(id);
    }
    assert.ok(ids.size > 5);
  });

  test('nunect echo works like ping and tells the clock of the unit', async () => {
    const env = {
      ...process.env,
      NATS_URL: hub.url,
      NATS_USER: operator.user,
      NATS_PASSWORD: operator.password,
    };
    const good = await nunect(['echo', unit, '-c', '3', '-i', '0.1'], env);
    assert.equal(good.code, 0, good.stderr);
    assert.match(good.stdout, /3 sent, 3 answered, 0 % lost/);
    assert.match(good.stdout, /clock=ntp\/locked ±/);
    const json = await nunect(['echo', unit, '-c', '1', '--json'], env);
    const lines = json.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Json);
    assert.equal(lines.length, 2);
    assert.equal(lines[1]?.['answered'], 1);
    const nobody = await nunect(['echo', 'no-such-unit', '-c', '1'], env);
    assert.equal(nobody.code, 1);
    assert.match(nobody.stdout, /lost: /);
    const wrong = await nunect(['echo', unit, '-c', '1'], { ...env, NATS_PASSWORD: 'wrong' });
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /cannot connect/);
  });

  test('the status server agrees with the records', async () => {
    const status = (await site.status()) as unknown as { unit: string; clock: Json; link: Json; spool: Json };
    assert.equal(status.unit, unit);
    assert.equal(status.clock['source'], 'ntp');
    assert.equal(status.link['hub_up'], true);
    assert.equal(status.spool['state'], 'stored');
    const page = await (await fetch(site.statusUrl)).text();
    assert.match(page, new RegExp(unit));
  });

  test('no secret is in the log, the status or any command line', async () => {
    const secret = `change-me-${unit}`;
    const status = JSON.stringify(await site.status());
    const commandLines = readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid))
      .map((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        } catch {
          return ''; // it ended meanwhile
        }
      });
    const records = seen.map((message) => message.string());
    for (const text of [site.agent().output(), site.leaf().output(), status, ...commandLines, ...records])
      assert.ok(!text.includes(secret));
  });

  test('SIGHUP takes over a new interval without losing the connection', async () => {
    const text = readFileSync(site.config, 'utf8').replace("interval_s '1'", "interval_s '2'");
    writeFileSync(site.config, text, { mode: 0o600 });
    const dir = site.config.replace(/\/nunect$/, '');
    const rendered = await nunect(['render', '--config', site.config, '--out', dir]);
    assert.match(rendered.stdout, /agent\.interval_s/);
    assert.match(rendered.stdout.trim().split('\n').at(-1) ?? '', /^reload: agent$/);
    site.agent().kill('SIGHUP');
    await eventually(
      'the new interval',
      async () => (await body(`ops.heartbeat.${unit}`))['interval_s'] === 2,
    );
    const nats = await body(`ops.metric.nats.${unit}`);
    assert.equal((nats['agent'] as Json)['reconnects'], 0);
  });

  test('SIGTERM: the last heartbeat says so, and the agent is gone within a second or two', async () => {
    const begun = performance.now();
    await site.agent().end('SIGTERM');
    assert.ok(performance.now() - begun < 3000);
    await eventually(
      'the last heartbeat',
      async () => (await body(`ops.heartbeat.${unit}`))['stopping'] === true,
    );
  });
});
