// rpcd's plugin of luci-app-nunect under busybox ash, in front of a web server that stands for the agent.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type RpcdStage, rpcdStage } from '../kit/openwrt/rpcd.ts';
import { tempDir } from '../kit/process/daemon.ts';
import { lacking } from '../kit/process/tools.ts';

const thisFile = { after: () => {} }; // its directories go when the process ends
const document = { schema: 1, unit: 'u-1', status: 'healthy', text: 'a"b\\c <&> ü' };
const most = 256 * 1024; // what rpcd takes

describe("rpcd's plugin", { skip: lacking('busybox') }, () => {
  let stage: RpcdStage;
  let server: Server;
  let body: string;
  let dir: string;
  const asked: string[] = [];

  before(async () => {
    stage = rpcdStage(thisFile);
    dir = tempDir(thisFile, 'rendered');
    server = createServer((request, response) => {
      asked.push(`${request.headers.host} ${request.url}`);
      response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  after(() => server.close());

  const port = (): number => (server.address() as AddressInfo).port;
  /** A router whose agent was rendered like this. */
  function router(
    status: object,
    opts: { enabled?: boolean; running?: boolean; nunect?: string } = {},
  ): void {
    const config = { agent: { enabled: opts.enabled ?? true }, status };
    writeFileSync(join(dir, 'agent.json'), JSON.stringify({ config }));
    stage.rendered(dir);
    stage.program('etc/init.d/nunect', `[ "$1" = running ] && exit ${opts.running === false ? 1 : 0}`);
    stage.program('usr/bin/nunect', opts.nunect ?? 'echo "unexpected: $*"; exit 9');
    body = JSON.stringify(document);
    asked.length = 0;
  }
  const call = async (method: string) => {
    const { stdout, stderr, code } = await stage.run(['call', method]);
    assert.equal(stderr, '');
    assert.equal(code, 0);
    assert.ok(Buffer.byteLength(stdout) < most);
    return JSON.parse(stdout);
  };
  const listening = (more = {}) => ({ enabled: true, listen: '127.0.0.1', port: port(), ...more });

  it('lists its methods', async () => {
    const { stdout } = await stage.run(['list']);
    assert.deepEqual(JSON.parse(stdout), {
      status: {},
      check: {},
      clock: {},
      curve: {},
      service: { action: 'String' },
    });
  });

  it('gives the document of the agent, and where its page is, without starting node', async () => {
    router(listening());
    assert.deepEqual(await call('status'), {
      agent: 'up',
      page: { enabled: true, address: '127.0.0.1', port: port() },
      status: document,
    });
    assert.deepEqual(asked, [`127.0.0.1:${port()} /status.json`]);
  });

  it('asks an agent that listens everywhere on loopback, and tells where it listens', async () => {
    router(listening({ listen: '0.0.0.0' }));
    const { page } = await call('status');
    assert.equal(page.address, '0.0.0.0');
    assert.deepEqual(asked, [`127.0.0.1:${port()} /status.json`]);
  });

  it('finds the address of an interface, and loopback while it has none', async () => {
    for (const name of ['lo', 'nowhere']) {
      router(listening({ listen: '192.0.2.1', interface: name }));
      assert.equal((await call('status')).agent, 'up', name);
    }
  });

  it('asks nunect where the page is switched off, whatever the health in its exit code', async () => {
    router(listening({ enabled: false }), { nunect: `echo '${JSON.stringify({ schema: 1 })}'; exit 2` });
    const { agent, page, status } = await call('status');
    assert.deepEqual([agent, page.enabled, status], ['up', false, { schema: 1 }]);
    assert.deepEqual(asked, []);
  });

  it('says why there is no agent', async () => {
    stage.rendered(undefined);
    assert.equal((await call('status')).why, 'stopped');
    const gone = { enabled: true, listen: '127.0.0.1', port: 1 };
    router(gone, { enabled: false });
    assert.equal((await call('status')).why, 'disabled');
    router(gone, { running: false });
    assert.equal((await call('status')).why, 'stopped');
    router(gone, { nunect: `echo '{"error":"the agent does not answer"}'; exit 3` });
    assert.equal((await call('status')).why, 'silent');
  });

  it('passes on nothing but a document of status, of a size that rpcd takes', async () => {
    const large = JSON.stringify({ ...document, text: 'x'.repeat(most) });
    for (const other of ['', '<html>', '[]', '{"schema":1', large]) {
      router(listening());
      body = other;
      const { agent, why } = await call('status');
      assert.deepEqual([agent, why], ['down', 'silent'], other.slice(0, 20));
    }
  });

  it('gives what nunect check says as one text, whatever characters are in it', async () => {
    const said = 'line 3: "a\\b"\tü \u2028 100 % $HOME `id` \\n';
    const file = join(dir, 'said');
    writeFileSync(file, `${said}\nsecond\u0007\u001b[1m line\n`);
    router(listening(), {
      nunect: `[ "$*" = check ] && while read -r line; do printf '%s\\n' "$line"; done <${file} >&2; exit 1`,
    });
    assert.deepEqual(await call('check'), { code: 1, output: `${said}\nsecond[1m line` });
  });

  it('gives what the service of the clock would set up, and changes nothing', async () => {
    router(listening());
    stage.program('etc/init.d/nunect-time', '[ "$*" = show ] && echo "## ptp4l.conf" && echo "note: x" >&2');
    assert.deepEqual(await call('clock'), { code: 0, output: '## ptp4l.conf\nnote: x' });
  });

  it('answers a method that it does not have, and a call without input', async () => {
    const { stdout, code } = await stage.run(['call', 'reboot']);
    assert.equal(code, 1);
    assert.match(JSON.parse(stdout).error, /status, check, clock, curve and service/);
    router(listening());
    assert.equal((await stage.run(['call', 'status'], '')).code, 0);
  });
});
