// A hub whose name moves to another address, and one that tells units of an address that is not theirs to use.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { serversToTest } from '../kit/hub/fleet.ts';
import { exampleHub, startServer } from '../kit/leaf/leafdaemon.ts';
import { nameServer } from '../kit/net/dns.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { lacking, natsServers, need, withoutNewest } from '../kit/process/tools.ts';
import { type RunningUnit, startUnit } from '../kit/unit/site.ts';

const unit = 'demo-01';
const newest = natsServers().newest ?? need('nats-server');
const isRoot = process.getuid?.() === 0;
const skip = isRoot ? lacking('unshare', 'mount') : 'needs root for mount namespaces';

/** A hub's config with its leafnode listener at `address`, which tells units that it is at `advertise`. */
async function hubConf(
  t: TestContext,
  address: string,
  leafPort: number,
  advertise: string,
): Promise<string> {
  const conf = exampleHub('hub', tempDir(t, 'moves'), { client: await reservePort(), leaf: leafPort });
  const text = readFileSync(conf, 'utf8')
    .replace(`listen: "127.0.0.1:${leafPort}"`, `listen: "${address}:${leafPort}"`)
    .replace(/advertise: "[^"]*"/, `advertise: "${advertise}"`);
  writeFileSync(conf, text);
  return conf;
}

const joined = (one: RunningUnit): Promise<number> =>
  eventually(
    'joined',
    async () => {
      const { link } = (await one.status().catch(() => ({}))) as { link?: { hub_up?: boolean } };
      return link?.hub_up === true && performance.now();
    },
    90_000,
    100,
  ).catch((error) => {
    throw new Error(`${error}\n${one.agent().output()}\n${one.leaf().output().slice(-2000)}`);
  });

for (const { name, program } of serversToTest()) {
  test(`a hub whose name moves to another address is followed, by nats-server ${name}`, {
    skip,
  }, async (t) => {
    const dns = await nameServer(t, '127.0.0.2');
    const port = await reservePort();
    const [here, there] = await Promise.all(
      ['127.0.0.2', '127.0.0.3'].map((address) => hubConf(t, address, port, `hub.test:${port}`)),
    );
    const first = await startServer(t, program, here ?? '');
    const one = await startUnit(t, {
      dir: tempDir(t, 'moves-unit'),
      unit,
      server: dns.wrap(program),
      hubPort: port,
      interval_s: 1,
      plainHub: false,
      more: `config hub 'hub'\n\tlist url 'nats-leaf://hub.test:${port}'\n\toption user '${unit}'\n\toption password 'change-me-${unit}'\n`,
    });
    await joined(one);
    const asked = dns.queries();
    assert.ok(asked > 0, 'the name was asked for');
    await startServer(t, program, there ?? '');
    dns.point('127.0.0.3');
    await first.end('SIGKILL');
    const begun = performance.now();
    const connected = () => [
      ...one
        .leaf()
        .output()
        .matchAll(/127\.0\.0\.3:\d+ - lid:\d+ - Leafnode connection created/g),
    ];
    await eventually('the leaf is at the other address', () => connected().length > 0, 90_000);
    const took_ms = performance.now() - begun;
    await joined(one);
    t.diagnostic(
      `at the other address after ${(took_ms / 1000).toFixed(1)} s, ${dns.queries() - asked} questions`,
    );
    assert.ok(dns.queries() > asked, 'the name was asked for again');
    assert.ok(took_ms < 10_000, `${took_ms} ms with a reconnect time of 1 s`);
  });
}

describe('a hub that tells units of an address that is not theirs to use', {
  skip: withoutNewest(),
  concurrency: false,
}, () => {
  for (const ignored of [true, false]) {
    test(`is ${ignored ? 'not followed there with' : 'followed there without'} hub.ignore_discovered, from 2.14 on`, async (t) => {
      let came = 0;
      const decoy = createServer((socket) => {
        came += 1;
        socket.on('error', () => {});
        socket.end();
      });
      const decoyPort = await reservePort();
      await new Promise<void>((resolve) => decoy.listen(decoyPort, '127.0.0.4', resolve));
      t.after(() => decoy.close());
      const port = await reservePort();
      const conf = await hubConf(t, '127.0.0.1', port, `127.0.0.4:${decoyPort}`);
      const hub = await startServer(t, newest, conf);
      const login = `\tlist url 'nats-leaf://127.0.0.1:${port}'\n\toption user '${unit}'\n\toption password 'change-me-${unit}'\n`;
      const one = await startUnit(t, {
        dir: tempDir(t, 'discovered'),
        unit,
        server: newest,
        hubPort: port,
        interval_s: 1,
        plainHub: false,
        more: `config hub 'hub'\n${login}\toption ignore_discovered '${ignored ? 1 : 0}'\n`,
      });
      await joined(one);
      await hub.end('SIGKILL');
      const tried = () => one.leaf().output().split('Error trying to connect as leafnode').length - 1;
      await eventually('some attempts', () => tried() >= 3 || came >= 1, 90_000);
      await startServer(t, newest, conf);
      await joined(one);
      assert.equal(came > 0, !ignored, `${came} connections at the address that is not ours`);
    });
  }
});
