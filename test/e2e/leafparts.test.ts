// What nats-server finds only when it starts, after it accepted the config: the leaf joins its hub without the part that
// cannot start, says so, and gets it back by itself.
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import type { StatusSnapshot } from '../../agent/status/snapshot.ts';
import { serversToTest } from '../kit/hub/fleet.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { nunect, startHub, startUnit } from '../kit/unit/site.ts';
import { until } from '../kit/unit/until.ts';

const unit = 'demo-01';

/** Takes a port, until it is given back. */
async function take(t: TestContext, port: number, host = '127.0.0.1'): Promise<() => Promise<void>> {
  const server = createServer((socket) => socket.destroy());
  await eventually(
    `port ${port} can be had`,
    () =>
      new Promise<boolean>((resolve) => {
        server.removeAllListeners().once('error', () => resolve(false));
        server.listen(port, host, () => resolve(true));
      }),
    10_000,
    5,
  );
  const free = (): Promise<void> => new Promise((resolve) => void server.close(() => resolve()));
  t.after(() => void server.close());
  return free;
}

/** Whether something takes connections there. */
const isServed = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

async function site(t: TestContext, program: string) {
  const dir = tempDir(t, 'leafparts');
  const hub = await startHub(t, dir, program);
  const one = await startUnit(t, {
    dir,
    unit,
    server: program,
    hubPort: hub.leafPort,
    interval_s: 1,
    kept: true,
  });
  await until(one, 'joined', ({ link }) => link.hub_up === true);
  return {
    ...{ dir, one },
    /** As the init script takes over a change. */
    async change(leaf: Readonly<Record<string, string | number>>) {
      const lines = Object.entries(leaf).map(([name, value]) => `\toption ${name} '${value}'\n`);
      appendFileSync(one.config, `config leaf 'leaf'\n${lines.join('')}`);
      const { code, stderr } = await nunect(['render', '--config', one.config, '--out', dir]);
      assert.equal(code, 0, stderr);
      one.agent().kill('SIGHUP');
      one.leaf().kill('SIGTERM');
    },
  };
}

describe('with real servers', { concurrency: 2 }, () => {
  for (const { name, program } of serversToTest()) {
    test(`nats-server ${name}: without JetStream and websockets the hub is joined; what can start returns`, async (t) => {
      const { one, change } = await site(t, program);
      const port = await reservePort();
      const free = await take(t, port);
      await change({ jetstream: 1, jetstream_store_dir: '/proc/none', websocket_port: port });
      const noStore = /^the leaf runs without JetStream: Can't start JetStream: .*mkdir \/proc\/none/;
      const noWebsocket =
        /^the leaf runs without its websocket listener: Unable to listen for websocket connections: .* address already in use$/;
      const has = ({ problems }: StatusSnapshot, text: RegExp): boolean =>
        problems.some((one) => text.test(one));
      await until(
        one,
        'joined without both',
        (now) =>
          now.status === 'degraded' && now.link.hub_up === true && has(now, noStore) && has(now, noWebsocket),
      );
      await free();
      await until(
        one,
        'joined with websockets again',
        (now) => now.link.hub_up === true && has(now, noStore) && !has(now, noWebsocket),
      );
      await eventually('the leaf has its port', () => isServed(port));
    });

    test(`nats-server ${name}: a listener that is taken on the LAN leaves that on loopback`, async (t) => {
      const { one, change } = await site(t, program);
      const free = await take(t, one.leafPort, '127.0.0.2'); // as another program on one address of the unit
      await change({ listen: '127.0.0.1' });
      await until(one, 'joined', ({ link }) => link.hub_up === true);
      await change({ listen: '0.0.0.0' });
      const said =
        /^the leaf runs without its listener on leaf.listen, for this device only: Error listening on port/;
      await until(
        one,
        'joined on loopback',
        ({ link, problems }) => link.hub_up === true && problems.some((text) => said.test(text)),
      );
      await free();
      await until(
        one,
        'joined with its listener again',
        ({ link, problems }) => link.hub_up === true && !problems.some((text) => said.test(text)),
      );
    });

    test(`nats-server ${name}: why it does not start at all is in log, problems and doctor`, async (t) => {
      const { dir, one } = await site(t, program);
      one.leaf().kill('SIGKILL');
      const free = await take(t, one.leafPort);
      const said = new RegExp(`Error listening on port: 127.0.0.1:${one.leafPort}, .*address already in use`);
      await until(one, 'it is said', ({ problems }) =>
        problems.some((text) => text.startsWith('not connected to the local server') && said.test(text)),
      );
      assert.match(one.agent().output(), new RegExp(`FATAL leaf: ${said.source}`));
      const { stdout } = await nunect(['doctor', '--config', one.config, '--dir', dir]);
      assert.match(
        stdout.replace(/\s+/g, ' '),
        new RegExp(`FAIL leaf not connected to the local server: ${said.source}`),
      );
      await free();
      await until(one, 'joined again', ({ link }) => link.hub_up === true);
    });
  }
});
