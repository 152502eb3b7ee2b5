import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { askSs, parseSs, plainAddress } from '../../../../agent/leaf/watch/sockets.ts';
import { agentSpawn, tempDir } from '../../../kit/process/daemon.ts';
import { lacking } from '../../../kit/process/tools.ts';

/** `ss -tinH` of iproute2 6.1.0 on Linux 6.1. */
const recorded = `ESTAB 0      0      127.0.0.1:34080 127.0.0.1:42161
\t bbr wscale:10,10 rto:204 rtt:0.069/0.081 ato:40 mss:47616 pmtu:65535 rcvmss:34464 advmss:65483 cwnd:13 bytes_sent:100000 bytes_acked:100001 bytes_received:90000 segs_out:7 segs_in:6 data_segs_out:3 data_segs_in:3 bbr:(bw:9523190912bps,mrtt:0.033,pacing_gain:2.88672,cwnd_gain:2.88672) send 71769043478bps lastsnd:8 lastrcv:8 lastack:8 pacing_rate 226833702760bps delivery_rate 2514376232bps delivered:4 rcv_rtt:0.196 rcv_space:67232 rcv_ssthresh:94806 minrtt:0.033 snd_wnd:95232
`;
const socket = {
  local: '127.0.0.1:34080',
  ip: '127.0.0.1',
  port: 42161,
  sent: 100_000,
  received: 90_000,
  headers: 13 * 52,
};

test('what is sent, received and around it is read of what ss prints', () => {
  assert.deepEqual(parseSs(recorded), [socket]);
  assert.deepEqual(parseSs(recorded + recorded).length, 2);
});

test('an address is the same however it is written', () => {
  const at = (address: string) =>
    parseSs(recorded.replace('127.0.0.1:42161', address)).map(({ ip, port, headers }) => [
      ip,
      port,
      headers / 13,
    ]);
  assert.deepEqual(at('[2001:db8::1]:7422'), [['2001:db8::1', 7422, 72]]);
  assert.deepEqual(at('[fe80::1]%eth0:7422'), [['fe80::1', 7422, 72]]);
  assert.deepEqual(at('[fe80::1%eth0]:7422'), [['fe80::1', 7422, 72]]);
  assert.deepEqual(at('192.0.2.1%wan:7422'), [['192.0.2.1', 7422, 52]]);
  assert.deepEqual(at('[::ffff:192.0.2.1]:7422'), [['192.0.2.1', 7422, 52]]);
  assert.equal(plainAddress('FE80::1%br-lan'), 'fe80::1');
});

test('before iproute2 4.20 what was acknowledged is what was sent', () => {
  const old = recorded.replace('bytes_sent:100000 ', '').replace('bytes_acked:100001', 'bytes_acked:99001');
  assert.deepEqual(
    parseSs(old).map(({ sent }) => sent),
    [99_001],
  );
});

test('what is no figure is no connection', () => {
  const without = (name: string): string => recorded.replace(new RegExp(` ${name}:\\d+`, 'g'), '');
  for (const [what, text] of Object.entries({
    nothing: '',
    'no output of ss': 'bash: ss: command not found\n',
    'no kernel counters, without inet_diag': recorded.replace(/\t.*\n/, ''),
    'an empty line of details': recorded.replace(/\t.*/, '\t'),
    'nothing received yet': without('bytes_received'),
    'neither sent nor acknowledged': without('bytes_sent').replace(/ bytes_acked:\d+/, ''),
    'more than a number holds': recorded.replace(
      'bytes_received:90000',
      'bytes_received:18446744073709551615',
    ),
    'a figure below zero': recorded.replace('bytes_received:90000', 'bytes_received:-5'),
    'a figure with letters': recorded.replace('bytes_received:90000', 'bytes_received:90k'),
    'a connection that ends': recorded.replace('ESTAB', 'FIN-WAIT-1'),
    'a line that was cut off within a figure': recorded.slice(0, recorded.indexOf('bytes_received:') + 17),
    'no port': recorded.replace('127.0.0.1:42161', '127.0.0.1'),
  }))
    assert.deepEqual(parseSs(text), [], what);
});

/** Asks an `ss` that is this shell script. */
function asking(t: TestContext, script: string) {
  const dir = tempDir(t, 'ss');
  writeFileSync(join(dir, 'ss'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const calls: (readonly string[])[] = [];
  const ask = askSs((command, args) => {
    calls.push(args);
    return agentSpawn(join(dir, command), args);
  });
  return { ask, calls };
}

test('it is asked for ports alone', async (t) => {
  const { ask, calls } = asking(t, `cat <<'END'\n${recorded}END`);
  assert.deepEqual(await ask([7422, 443]), [socket]);
  assert.deepEqual(calls, [['-tinH', '(', 'dport', '=', ':7422', 'or', 'dport', '=', ':443', ')']]);
});

test('an ss that fails, is no program, hangs or floods tells nothing, and kills nothing', async (t) => {
  const failing = `cat <<'END'\n${recorded}END\nexit 1`;
  assert.equal(await asking(t, failing).ask([7422]), undefined);
  assert.equal(await asking(t, 'exec sleep 60').ask([7422]), undefined);
  assert.equal(await asking(t, 'kill -9 $$').ask([7422]), undefined);
  assert.deepEqual(await asking(t, 'head -c 3000000 /dev/zero | tr "\\0" x').ask([7422]), []);
  const missing = askSs((command, args) => agentSpawn(`/nowhere/${command}`, args));
  assert.equal(await missing([7422]), undefined);
});

test('the ss of this machine takes the question', { skip: lacking('ss') }, async (t) => {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const ask = askSs(agentSpawn);
  assert.deepEqual(await ask([1, 2]), []);
});
