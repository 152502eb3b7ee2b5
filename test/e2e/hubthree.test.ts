// A hub of three servers as `init --cluster`, `export` and `up` make it, on three addresses of this machine: servers and their
// `up` killed by chance while units enrol and records come in, one server after the other restarted, two of them gone.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect, credsAuthenticator, headers, type NatsConnection, nkeys } from '@nats-io/transport-node';
import { hubKeysDir, hubPaths } from '../../agent/hub/kit/hubdir.ts';
import { readHub, settleAccountJwt } from '../../agent/hub/kit/hubfiles.ts';
import { hubKeysIn } from '../../agent/hub/kit/keys.ts';
import { jetstream, streamInfo } from '../kit/hub/fleet.ts';
import { pageAnywhere, reserveHubPorts } from '../kit/hub/hubprogram.ts';
import { allStored, readStream } from '../kit/hub/storedids.ts';
import { seededRandom } from '../kit/lib/random.ts';
import { seenOf } from '../kit/page/markup.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { type Daemon, daemon, eventually, runToEnd, tempDir } from '../kit/process/daemon.ts';
import { natsServers, runtime, withoutNewest } from '../kit/process/tools.ts';
import { type SelfRendering, tokenUnit } from '../kit/unit/selfrendering.ts';
import { hubBundle } from '../kit/unit/site.ts';
import { until } from '../kit/unit/until.ts';

const program = natsServers().newest ?? '';
/** What an operator's client publishes: no heartbeat, which would be that of a unit that nobody has let in. */
const subject = 'ops.log.test.u1';
const owner = newOwner();
/** The same order for the same seed. */
const seed = Number(process.env['NUNECT_SEED'] ?? 7);
const random = seededRandom(seed);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const hosts = ['127.0.0.1', '127.0.0.2', '127.0.0.3'] as const;
type Host = (typeof hosts)[number];
const dirs = new Map<Host, string>();
const ups = new Map<Host, Daemon>();
let clientPort = 0;
/** Where the hub was made, and its keys are. */
let keysAt = '';

const dirOf = (host: Host): string => dirs.get(host) ?? assert.fail(host);
const upOf = (host: Host): Daemon => ups.get(host) ?? assert.fail(host);
const hub = (command: string, host: Host, ...more: readonly string[]) =>
  runToEnd(runtime(), [hubBundle, command, '--dir', dirOf(host), ...more]);
const start = (host: Host): void => {
  pageAnywhere(dirOf(host));
  ups.set(host, daemon(owner, runtime(), [hubBundle, 'up', '--dir', dirOf(host), '--nats-server', program]));
};
const ready = (host: Host): Promise<unknown> =>
  eventually(`${host} is READY`, () => /^READY/m.test(upOf(host).output()), 120_000).catch((error) => {
    throw new Error(`${error.message}\n${upOf(host).output()}`);
  });
const healthy = (host: Host): Promise<unknown> =>
  eventually(`${host} is healthy`, async () => (await hub('status', host)).code === 0, 120_000, 500);
/** Of the server that runs, or that `up` is about to start again. */
const serverPid = (host: Host): Promise<number> =>
  eventually(`the server of ${host} runs`, () => {
    const pid = Number(readFileSync(join(dirOf(host), 'run/nats.pid'), 'utf8'));
    return existsSync(`/proc/${pid}/exe`) && pid;
  });

/** Ends well, for the folder of the hub or what else is named. */
async function call(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await runToEnd(runtime(), [hubBundle, ...args]);
  assert.equal(code, 0, stderr);
}

const exportTo = (dir: string): Promise<void> =>
  call('export', '--dir', keysAt, '--issuer', '--out', join(dir, '..'), '--at', dir);

/** One folder for each machine: where it lies is written in it. */
async function makeThree(): Promise<void> {
  const made = tempDir(owner, 'hubthree');
  const { ports, words } = await reserveHubPorts();
  const portArgs = words.flatMap((word) => ['--port', word]);
  keysAt = join(made, 'first');
  await call('init', '--dir', keysAt, '--cluster', hosts.join(), ...portArgs);
  clientPort = ports.client;
  for (const host of hosts) {
    const dir = join(made, `machine-${host}`, host);
    await exportTo(dir);
    dirs.set(host, dir);
  }
}

const connectAll = async (login = 'operator.creds'): Promise<NatsConnection> => {
  const nc = await connect({
    servers: hosts.map((host) => `tls://${host}:${clientPort}`),
    tls: { caFile: join(dirOf('127.0.0.1'), 'tls/ca.pem') },
    authenticator: credsAuthenticator(readFileSync(join(dirOf('127.0.0.1'), login))),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
  });
  owner.after(() => nc.close());
  return nc;
};

/** Publishes records until it is stopped, each again and again until it is acknowledged; gives how many there were. */
function publisher(nc: NatsConnection, boot: string) {
  let isOver = false;
  let isAborted = false;
  let count = 0;
  const run = async (): Promise<void> => {
    while (!isOver) {
      const head = headers();
      head.set('Nats-Msg-Id', `u1-${boot}-${++count}`);
      for (let isStored = false; !isStored && !isAborted; ) {
        const reply = await nc
          .request(subject, `{"n":${count}}`, { headers: head, timeout: 2000 })
          .then((message) => message.json<{ seq?: number }>())
          .catch(() => undefined);
        isStored = reply?.seq !== undefined;
        if (!isStored) await sleep(50);
      }
      await sleep(5);
    }
  };
  const done = run();
  owner.after(() => {
    isAborted = true; // a test that failed has left it running
    isOver = true;
  });
  return {
    async stop(): Promise<number> {
      isOver = true;
      await done;
      return count;
    },
  };
}

describe('a hub of three servers by nunect-hub', { skip: withoutNewest() }, () => {
  let nc: NatsConnection;
  let published = 0;
  const stored = async (): Promise<number> => {
    const { state } = await jetstream(nc, 'STREAM.INFO.NUNECT', { subjects_filter: subject });
    return (state as { subjects?: Record<string, number> } | undefined)?.subjects?.[subject] ?? 0;
  };
  /**
   * They enrol while servers are killed, and record until the servers have been restarted one by one; with how many records
   * each had published when it was joined: those from before it had a hub, which nobody was to store.
   */
  const units: { readonly unit: SelfRendering; readonly before: number }[] = [];
  before(makeThree);
  after(() => owner.end());

  it('waits for a second server, says so, and is READY on each', async () => {
    const [first, ...others] = hosts;
    start(first);
    await eventually('it waits', () => /not healthy: .*2 of 3 servers must run/.test(upOf(first).output()));
    assert.doesNotMatch(upOf(first).output(), /^READY/m);
    const url = await eventually(
      'its page is there',
      () => /page url=(http:\S+)/.exec(upOf(first).output())?.[1],
    );
    assert.equal((await fetch(`${url}healthz`)).status, 503);
    const seen = async (at: string): Promise<string> => seenOf(await (await fetch(`${url}${at}`)).text());
    assert.match(await seen(''), /the roster is not read/);
    assert.match(await seen('alerts'), /Nothing fires, but not all is seen or told/);
    for (const host of others) start(host);
    await Promise.all(hosts.map(ready));
    await Promise.all(hosts.map(healthy));
    nc = await connectAll();
    for (const name of ['NUNECT', 'UNITS', 'ENROL'])
      assert.equal((await streamInfo(nc, name)).config['num_replicas'], 3, name);
  });

  it(`stores each record once and lets units in, whatever is killed (seed ${seed})`, async () => {
    const token = (await hub('token', hosts[0], '--prefix', 'ship-', '--uses', '3', '--auto')).stdout.trim();
    const publishing = publisher(nc, 'killed');
    const starting: Promise<unknown>[] = [];
    for (let round = 0; round < 6; round++) {
      if (round < 3)
        starting.push(
          tokenUnit(owner, { program, token, agent: `\toption unit 'ship-${round}'` }).then(async (unit) => {
            const { spool } = await until(
              unit,
              'it is in the fleet',
              (now) => now.link.hub_up === true,
              120_000,
            );
            units.push({ unit, before: spool?.published ?? -1 });
          }),
        );
      const host = hosts[Math.floor(random() * hosts.length)] as Host;
      if (random() < 0.6) process.kill(await serverPid(host), 'SIGKILL');
      else {
        await upOf(host).end('SIGKILL');
        start(host);
        await ready(host);
      }
      await sleep(500 + random() * 2500);
    }
    await Promise.all([...hosts.map(healthy), ...starting]);
    published = await publishing.stop();
    assert.ok(published > 100, `${published} records`);
    assert.equal(await stored(), published);
  });

  it('loses nothing while one server after the other is restarted', async () => {
    const publishing = publisher(nc, 'restarted');
    for (const host of hosts) {
      assert.equal((await hub('down', host)).stdout, 'stopped\n');
      start(host);
      await ready(host);
      await healthy(host);
    }
    published += await publishing.stop();
    assert.equal(await stored(), published);
  });

  it('has every record that the units made in all that once, and each of them as one unit', async () => {
    const listed = (await hub('units', hosts[0], '--json')).stdout.trim().split('\n');
    const bound = listed.map((line) => JSON.parse(line) as { unit: string; state: string; key?: string });
    const ours = bound.filter(({ unit }) => unit.startsWith('ship-'));
    assert.deepEqual(
      ours.map(({ unit, state }) => `${unit} ${state}`),
      ['ship-0 bound', 'ship-1 bound', 'ship-2 bound'],
    );
    for (const { unit, before } of units) {
      const { unit: id, spool } = await until(
        unit,
        'hardly any waits',
        (now) => now.spool && now.spool.records < 9,
      );
      const { key } = JSON.parse(readFileSync(join(unit.keep, 'enrol/hub.json'), 'utf8')) as { key: string };
      assert.equal(ours.find((one) => one.unit === id)?.key, key);
      assert.ok(spool !== undefined && spool.dropped === 0);
      const records = (await readStream(nc, 'NUNECT')).filter((record) => record.id.startsWith(`${id}-`));
      const boots = new Set(records.map(({ boot }) => boot));
      assert.equal(boots.size, 1, `${id}: ${[...boots]}`);
      assert.equal(spool.published, before, 'since it was joined each record was to be stored');
      const book = await allStored(nc, 'NUNECT', [...boots].join(), before);
      assert.equal(book.doubled, 0, id);
      assert.ok(book.stored >= spool.stored, `${id}: ${book.stored} of ${spool.stored}`);
      console.log(`# ${id}: ${book.stored} records, each once`);
      await unit.end();
    }
  });

  it('never brings back an older account: who was shut out while a server was down stays so', async () => {
    const [first, second, third] = hosts;
    await hub('down', third);
    const made = readHub(keysAt) ?? assert.fail('the first folder');
    const keys = hubKeysIn(hubKeysDir(made, keysAt), made.publicKeys);
    const outcast = nkeys.createUser().getPublicKey();
    const now_s = Math.floor(Date.now() / 1000);
    settleAccountJwt(keysAt, 'fleet', made, keys, now_s, { [outcast]: now_s });
    const path = (dir: string): string => hubPaths(dir).accountJwt(made.publicKeys.fleet);
    const [newer, older] = [readFileSync(path(keysAt), 'utf8'), readFileSync(path(dirOf(third)), 'utf8')];
    assert.notEqual(newer, older);
    const sys = await connectAll('issuer/hub-sys.creds');
    await sys.request('$SYS.REQ.CLAIMS.UPDATE', newer, { timeout: 5000 });
    const has = (host: Host): boolean => readFileSync(path(dirOf(host)), 'utf8').trim() === newer.trim();
    await eventually('the two have it', () => has(first) && has(second));
    start(third);
    await ready(third);
    upOf(third).kill('SIGHUP');
    await eventually('it has reloaded', () => /reload: nats-server uses/.test(upOf(third).output()));
    await eventually('the third has it, too', () => has(third));
    assert.deepEqual([has(first), has(second)], [true, true]);
  });

  it('is degraded with two servers, critical with one, and says who is missing', async () => {
    const [first, second, third] = hosts;
    await hub('down', third);
    const two = await hub('status', first);
    assert.equal(two.code, 1, two.stdout);
    assert.match(two.stdout, /of the cluster 127\.0\.0\.3 does not answer/);
    await hub('down', second);
    const one = await hub('status', first);
    assert.equal(one.code, 2, one.stdout);
    assert.match(
      one.stdout.replace(/\s+/g, ' '),
      /127\.0\.0\.2 and 127\.0\.0\.3 do not answer: the rest is no majority/,
    );
    for (const host of [second, third]) start(host);
    await Promise.all([second, third].map(ready));
    await Promise.all(hosts.map(healthy));
  });

  it('gets a new issuer by export and a reload of each: the old logins are of no use at any server', async () => {
    const [first] = hosts;
    const users = ['hub-sys', 'hub-fleet', 'hub-enrol'];
    const creds = (dir: string): Uint8Array[] =>
      [...users.map((user) => `issuer/${user}.creds`), 'operator.creds'].map((file) =>
        readFileSync(join(dir, file)),
      );
    const login = (host: Host, text: Uint8Array): Promise<NatsConnection> =>
      connect({
        servers: `tls://${host}:${clientPort}`,
        tls: { caFile: hubPaths(keysAt).ca },
        authenticator: credsAuthenticator(text),
        reconnect: false,
      });
    const old = creds(dirOf(first));
    const open = await Promise.all(hosts.flatMap((host) => old.map((text) => login(host, text))));
    await call('init', '--dir', keysAt, '--new-issuer');
    for (const host of hosts) await exportTo(dirOf(host));
    for (const host of hosts) upOf(host).kill('SIGHUP');
    await Promise.all(open.map((nc) => nc.closed()));
    await Promise.all(hosts.map(healthy));
    for (const host of hosts) {
      for (const text of old) await assert.rejects(login(host, text), /auth/i);
      for (const text of creds(keysAt)) await (await login(host, text)).close();
    }
    const { code, stderr } = await hub('token', first);
    assert.equal(code, 0, stderr + upOf(first).output());
  });
});
