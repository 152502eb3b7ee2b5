// One judgment everywhere: of each broken set-up page, status, heartbeat, /healthz, metrics, LuCI and doctor say the same.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { connect } from '@nats-io/transport-node';
import type { Browser } from 'playwright-core';
import type { FindingCode, Weight } from '../../agent/health/finding.ts';
import type { StatusSnapshot } from '../../agent/status/snapshot.ts';
import { authority } from '../kit/leaf/leafdaemon.ts';
import { luciSources, startLuci } from '../kit/openwrt/lucisite.ts';
import { openPage, startBrowser } from '../kit/page/browser.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { lacking, natsServers, need } from '../kit/process/tools.ts';
import { type Hub, nunect, type RunningUnit, startHub, startUnit } from '../kit/unit/site.ts';
import { type Beat, disagreements } from '../kit/unit/speakers.ts';

const server = natsServers().newest ?? need('nats-server');
const skip = lacking('chromium');
const owner = newOwner();
let browser: Browser;
before(async () => {
  if (skip === false) browser = await startBrowser(owner);
});
after(() => owner.end());

/** What a set-up is broken with. */
interface Site {
  readonly dir: string;
  readonly hub: Hub;
  readonly unit: RunningUnit;
}

interface Broken {
  readonly name: string;
  /** What is found at least. */
  readonly code: FindingCode;
  readonly weight: Weight;
  /** Changes the config. */
  config?(text: string, site: Site): string | Promise<string>;
  /** Does the rest, before the config is taken over. */
  breakIt?(site: Site): unknown;
  /** The leaf is not restarted though that is due. */
  readonly leafStays?: true;
  /** The heartbeat waits with the other records, or nobody is there to take it. */
  readonly deaf?: true;
}

const add =
  (section: string, ...lines: readonly string[]) =>
  (text: string): string =>
    text.replace(new RegExp(`^config ${section} .*$`, 'm'), (head) =>
      [head, ...lines.map((line) => `\t${line}`)].join('\n'),
    );
const url = (text: string, to: string): string =>
  add('leaf', "option confirm_s '3600'")(text.replace(/list url '.*'/, `list url '${to}'`));

/** A certificate that is valid for so many days. */
const withCa =
  (days: number) =>
  (text: string, { dir }: Site): string =>
    add(
      'hub',
      `option tls_ca '${authority(join(dir, 'ca')).issue('short', '/CN=short', { days }).cert}'`,
    )(text);

async function stream({ hub }: Site, change: object): Promise<void> {
  const info = await hub.nc.request('$JS.API.STREAM.INFO.NUNECT', '', { timeout: 10_000 });
  const { config } = info.json<{ config: object }>();
  const answer = await hub.nc.request(
    '$JS.API.STREAM.UPDATE.NUNECT',
    JSON.stringify({ ...config, ...change }),
  );
  assert.equal(answer.json<{ error?: object }>().error, undefined);
}

/** A port that somebody else listens on. */
async function taken(t: { after(fn: () => void): void }): Promise<number> {
  const port = await reservePort();
  const other: Server = createServer().listen(port, '127.0.0.1');
  t.after(() => other.close());
  return port;
}

const setups: readonly Broken[] = [
  {
    name: 'no hub',
    code: 'not_set_up',
    weight: 'setup',
    config: (text) =>
      text.replace(/(config hub .*\n)(?:\t(?:list url|option user|option password) '.*'\n)+/, '$1'),
  },
  {
    name: 'nobody listens at the hub',
    code: 'hub_down',
    weight: 'degraded',
    deaf: true,
    config: async (text) => url(text, `nats://127.0.0.1:${await reservePort()}`),
  },
  {
    name: 'the hub has no address',
    code: 'hub_down',
    weight: 'degraded',
    deaf: true,
    config: (text) => url(text, 'nats://hub.invalid:7422'),
  },
  {
    name: 'a wrong password',
    code: 'hub_down',
    weight: 'degraded',
    deaf: true,
    config: (text) =>
      url(text, /list url '(.*)'/.exec(text)?.[1] ?? '').replace(
        /option password '.*'/,
        "option password 'wrong'",
      ),
  },
  {
    name: 'the port for clients',
    code: 'hub_down',
    weight: 'degraded',
    deaf: true,
    config: (text, { hub }) => url(text, hub.url),
  },
  {
    name: 'TLS is asked of a hub without',
    code: 'hub_down',
    weight: 'degraded',
    deaf: true,
    config: (text) =>
      text
        .replace("list url 'nats:", "list url 'tls:")
        .replace("config leaf 'leaf'", "config leaf 'leaf'\n\toption confirm_s '3600'"),
  },
  {
    name: 'settings that do not join',
    code: 'hub_settings',
    weight: 'degraded',
    config: (text) =>
      add('leaf', "option confirm_s '1'")(text.replace(/option password '.*'/, "option password 'wrong'")),
  },
  {
    name: 'new hub settings, and the leaf of before',
    code: 'leaf_behind',
    weight: 'degraded',
    leafStays: true,
    config: add('hub', "option connect_timeout_s '9'"),
  },
  {
    name: 'the stream is gone',
    code: 'no_stream',
    weight: 'degraded',
    breakIt: ({ hub }) => hub.nc.request('$JS.API.STREAM.DELETE.NUNECT'),
  },
  {
    name: 'the stream is full',
    code: 'records_refused',
    weight: 'degraded',
    breakIt: (site) => stream(site, { max_msgs: 1, discard: 'new' }),
  },
  {
    name: 'the stream takes heartbeats only',
    code: 'subject_unstored',
    weight: 'degraded',
    breakIt: (site) => stream(site, { subjects: ['ops.heartbeat.>'] }),
  },
  {
    name: 'a snapshot that cannot be kept',
    code: 'config_problem',
    weight: 'degraded',
    config: (text, { unit }) =>
      `${text}\nconfig spool 'spool'\n\toption snapshot_file '${unit.config}/spool'\n`,
  },
  {
    name: 'a certificate that has expired',
    code: 'certificate_expired',
    weight: 'degraded',
    config: withCa(-1),
  },
  {
    name: 'a certificate with five days left',
    code: 'certificate_expiring',
    weight: 'degraded',
    config: withCa(5),
  },
  {
    name: 'a certificate with twenty days left',
    code: 'certificate_expiring',
    weight: 'note',
    config: withCa(20),
  },
  {
    name: 'a file that is no certificate',
    code: 'config_problem',
    weight: 'degraded',
    config: (text, { dir }) => {
      writeFileSync(join(dir, 'ca.pem'), 'rubbish');
      return add('hub', `option tls_ca '${join(dir, 'ca.pem')}'`)(text);
    },
  },
  {
    name: 'a file that is not there',
    code: 'config_problem',
    weight: 'degraded',
    config: add('hub', "option tls_ca '/none/ca.pem'"),
  },
  {
    name: 'a value that is none',
    code: 'config_problem',
    weight: 'degraded',
    config: add('spool', "option window 'many'"),
  },
  {
    name: 'an option that is none',
    code: 'config_problem',
    weight: 'degraded',
    config: add('agent', "option intervall_s '5'"),
  },
  {
    name: 'a section that is none',
    code: 'config_problem',
    weight: 'note',
    config: (text) => `${text}\nconfig hubs 'x'\n`,
  },
  { name: 'no clock daemon', code: 'clock_unsynchronised', weight: 'note' },
  {
    name: 'no clock daemon, but one is required',
    code: 'clock_unsynchronised',
    weight: 'critical',
    config: add('time', "option required 'yes'"),
  },
  {
    name: 'no chronyd, but it is to be watched',
    code: 'clock_unsynchronised',
    weight: 'degraded',
    config: add('time', "option mode 'chrony'"),
  },
  {
    name: 'a folder of JetStream that cannot be made',
    code: 'leaf_part',
    weight: 'degraded',
    config: (text, { unit }) =>
      add('leaf', "option jetstream '1'", `option jetstream_store_dir '${unit.config}/js'`)(text),
  },
  {
    name: 'a websocket port that is in use',
    code: 'leaf_part',
    weight: 'degraded',
    config: async (text) => add('leaf', `option websocket_port '${await taken(owner)}'`)(text),
  },
  {
    name: 'a leaf that is dead',
    code: 'server_down',
    weight: 'critical',
    deaf: true,
    breakIt: ({ unit }) => unit.leaf().end('SIGKILL'),
  },
];

/** Listens to the heartbeats that the unit sends, at its own leaf. */
async function listener(t: TestContext, unit: RunningUnit): Promise<() => Beat | undefined> {
  let last: Beat | undefined;
  const nc = await connect({
    servers: `nats://127.0.0.1:${unit.leafPort}`,
    user: 'watch',
    pass: 'w',
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
  });
  t.after(() => nc.close());
  nc.subscribe('ops.heartbeat.demo-01', {
    callback: (_error, message) => {
      last = message.json();
    },
  });
  await nc.flush();
  return () => last;
}

async function take(site: Site, broken: Broken): Promise<void> {
  const { unit, dir } = site;
  const text = readFileSync(unit.config, 'utf8');
  if (broken.config !== undefined) writeFileSync(unit.config, await broken.config(text, site));
  const { stdout } = await nunect(['render', '--config', unit.config, '--out', dir]);
  if (/restart: [a-z]*leaf/.test(stdout) && broken.leafStays === undefined) unit.leaf().kill('SIGTERM');
  unit.agent().kill('SIGHUP');
}

describe('of a broken set-up all say the same', { skip, concurrency: 3 }, () => {
  for (const broken of setups)
    test(`${broken.name}: ${broken.code}, ${broken.weight}`, { timeout: 240_000 }, async (t) => {
      const dir = tempDir(t, 'broken');
      for (const name of ['hub', 'unit']) mkdirSync(join(dir, name));
      const hub = await startHub(t, join(dir, 'hub'), server);
      const unit = await startUnit(t, {
        dir: join(dir, 'unit'),
        unit: 'demo-01',
        server,
        hubPort: hub.leafPort,
        interval_s: 1,
        kept: broken.code !== 'server_down',
        more: "config user 'watch'\n\toption password 'w'\n\tlist subscribe 'ops.heartbeat.demo-01'\n\nconfig spool 'spool'\n",
      });
      const site = { dir: join(dir, 'unit'), hub, unit };
      const beat = await listener(t, unit);
      await eventually(
        'the hub',
        async () => ((await unit.status()) as unknown as StatusSnapshot).link.hub_up,
      );
      await broken.breakIt?.(site);
      await take(site, broken);
      const [source] = luciSources();
      assert.ok(source);
      const luci = await startLuci(t, source, async () => [
        0,
        { agent: 'up', status: await unit.status(), page: { enabled: false } },
      ]);
      const { page } = await openPage(browser, luci.url('nunect/status'));
      t.after(() => page.context().close());
      let last: Awaited<ReturnType<typeof disagreements>> | undefined;
      await eventually(
        'all agree',
        async () => {
          last = await disagreements(unit, { beat: broken.deaf ? 'deaf' : beat(), view: page });
          const isThere = last.state.troubles.some(
            ({ code, weight }) => code === broken.code && weight === broken.weight,
          );
          return isThere && last.lacking.length === 0;
        },
        200_000,
        300,
      ).catch((error: Error) => {
        const found =
          last?.state.troubles.map(({ code, weight, text }) => `  ${weight} ${code}: ${text}`) ?? [];
        throw new Error(
          [error.message, ...(last?.lacking ?? []), ...found, unit.agent().output().slice(-1500)].join('\n'),
        );
      });
    });
});
