// The clock of the agent is set by decades, forth and back, past the ends of 32 bit: it goes on, and tells the new time.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from '@nats-io/transport-node';
import { startAgent } from '../../agent/agent.ts';
import { render } from '../../agent/cli/render.ts';
import { parseAgentFile } from '../../agent/config/agentfile.ts';
import { machineClocks } from '../../agent/lib/ticker.ts';
import { startServer } from '../kit/leaf/leafdaemon.ts';
import { agentSpawn, eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, need } from '../kit/process/tools.ts';

const program = natsServers().newest ?? need('nats-server');

test('steps to 2106, 1970, 2038 and back: heartbeats count on and carry the new time', async (t) => {
  const dir = tempDir(t, 'years');
  const [port, page] = [await reservePort(), await reservePort()];
  const conf = join(dir, 'nats.conf');
  writeFileSync(conf, `listen: "127.0.0.1:${port}"\n`);
  await startServer(t, program, conf);
  const config = join(dir, 'nunect');
  writeFileSync(
    config,
    `config agent 'agent'\n\toption unit 'demo-01'\n\toption interval_s '1'\n\toption traffic 'lan'
config leaf 'leaf'\n\toption mode 'external'\n\toption external_url 'nats://127.0.0.1:${port}'
config status 'status'\n\toption port '${page}'
config time 'time'\n\toption chrony_port '${await reservePort()}'\n\tlist ptp_socket '${dir}/none'\n`,
  );
  await render(['--config', config, '--out', dir], { stdout: () => {}, stderr: () => {} });
  const nc = await connect({ servers: `127.0.0.1:${port}` });
  t.after(() => nc.close());
  const beats: { sequence: number; ts: number; uptime_s: number }[] = [];
  nc.subscribe('ops.heartbeat.>', { callback: (_error, message) => void beats.push(message.json()) });
  let offset_ms = 0;
  let said = '';
  const path = join(dir, 'agent.json');
  const agent = await startAgent(parseAgentFile(readFileSync(path, 'utf8'), path), {
    spawn: agentSpawn,
    write: (line) => {
      said += line;
    },
    stateDir: dir,
    clocks: { ...machineClocks, dateNow_ms: () => Date.now() + offset_ms },
  });
  t.after(() => agent.stop());
  await eventually('a heartbeat', () => beats.length > 0);
  for (const date of ['2106-02-07T06:28:15Z', '1970-01-01T00:00:10Z', '2038-01-19T03:14:06Z', undefined]) {
    const wanted_ms = date === undefined ? Date.now() : Date.parse(date);
    offset_ms = wanted_ms - Date.now();
    const count = beats.length;
    const found = await eventually(`two heartbeats of ${date}`, () => {
      const late = beats.slice(count).filter(({ ts }) => ts >= wanted_ms - 50 && ts < wanted_ms + 30_000);
      return late.length >= 2 && late;
    });
    assert.ok((found[1]?.ts ?? 0) > (found[0]?.ts ?? 0));
    const echo = await nc.request('ops.echo.demo-01', 'x', { timeout: 5000 });
    const received_ms = Number(echo.headers?.get('X-Server-Received-At')) / 1000;
    assert.ok(Math.abs(received_ms - (Date.now() + offset_ms)) < 5000, `${received_ms}`);
    const state = (await (await fetch(`http://127.0.0.1:${page}/status.json`)).json()) as {
      at_ms: number;
      uptime_s: number;
      link: { since_ms: number };
    };
    assert.ok(state.uptime_s >= 0 && state.uptime_s < 120, `${state.uptime_s}`);
    assert.ok(state.at_ms - state.link.since_ms >= 0 && state.at_ms - state.link.since_ms < 120_000);
  }
  const sequences = beats.map(({ sequence }) => sequence);
  assert.deepEqual(
    sequences,
    sequences.map((_, at) => (sequences[0] ?? 0) + at),
    'none is missing or doubled',
  );
  assert.ok(beats.every(({ uptime_s }, at) => uptime_s >= (beats[at - 1]?.uptime_s ?? 0)));
  assert.doesNotMatch(said, /ERROR|FATAL|failed/);
});
