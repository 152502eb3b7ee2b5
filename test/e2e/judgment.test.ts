// One judgment everywhere: of each broken set-up page, status, heartbeat, /healthz, metrics, LuCI and doctor say the same.
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect } from '@nats-io/transport-node';
import type { Browser, Page } from 'playwright-core';
import type { FindingCode, Weight } from '../../agent/health/finding.ts';
import { stateFiles } from '../../agent/leaf/statefiles.ts';
import type { StatusSnapshot } from '../../agent/status/snapshot.ts';
import { authority } from '../kit/leaf/leafdaemon.ts';
import { luciSources, startLuci } from '../kit/openwrt/lucisite.ts';
import { openPage, startBrowser } from '../kit/page/browser.ts';
import { type Cleanup, newOwner } from '../kit/process/cleanup.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { lacking as missing, natsServers, need, projectRoot } from '../kit/process/tools.ts';
import { type Hub, nunect, type RunningUnit, startHub, startUnit } from '../kit/unit/site.ts';
import { type Beat, disagreements } from '../kit/unit/speakers.ts';

const server = natsServers().newest ?? need('nats-server');
const skip = missing('chromium');
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
  /** Takes back what `breakIt` did. */
  mendIt?(site: Site): unknown;
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

/** The stream of the records as it was made, but for `change`; made anew where it is gone. */
async function stream({ hub }: Site, change: object = {}): Promise<void> {
  const original = readFileSync(join(projectRoot, 'config/hub/stream.json'), 'utf8');
  const body = JSON.stringify({ ...JSON.parse(original), ...change });
  const ask = async (api: string): Promise<object | undefined> =>
    (await hub.nc.request(`$JS.API.STREAM.${api}.NUNECT`, body, { timeout: 10_000 })).json<{
      error?: object;
    }>().error;
  if ((await ask('UPDATE')) !== undefined) assert.equal(await ask('CREATE'), undefined);
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
    deaf: true,
    breakIt: ({ hub }) => hub.nc.request('$JS.API.STREAM.DELETE.NUNECT'),
    mendIt: stream,
  },
  {
    name: 'the stream is full',
    code: 'records_refused',
    weight: 'degraded',
    breakIt: (site) => stream(site, { max_msgs: 1, discard: 'new' }),
    mendIt: stream,
  },
  {
    name: 'the stream takes heartbeats only',
    code: 'subject_unstored',
    weight: 'degraded',
    breakIt: (site) => stream(site, { subjects: ['ops.heartbeat.>'] }),
    mendIt: stream,
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
    deaf: true,
    config: withCa(-1),
  },
  {
    name: 'a certificate with five days left',
    code: 'certificate_expiring',
    weight: 'degraded',
    deaf: true,
    config: withCa(5),
  },
  {
    name: 'a certificate with twenty days left',
    code: 'certificate_expiring',
    weight: 'note',
    deaf: true,
    config: withCa(20),
  },
  {
    name: 'a file that is no certificate',
    code: 'config_problem',
    weight: 'degraded',
    deaf: true,
    config: (text, { dir }) => {
      writeFileSync(join(dir, 'ca.pem'), 'rubbish');
      return add('hub', `option tls_ca '${join(dir, 'ca.pem')}'`)(text);
    },
  },
  {
    name: 'a file that is not there',
    code: 'config_problem',
    weight: 'degraded',
    deaf: true,
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
    weight: 'degraded',
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
    code: 'leaf_config',
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
    async breakIt({ unit, dir }) {
      await unit.leaf().end('SIGKILL');
      const late =
        "[1] 2026/11/30 00:00:00.000000 [ERR] 127.0.0.1:1 - lid:5 - Leafnode Error 'Authentication Timeout'";
      appendFileSync(join(dir, stateFiles.log), `${late}\n`); // that it had trouble when it ran says nothing of now
    },
  },
];

/** Listens to the heartbeats that the unit sends, at its own leaf. */
async function listener(owner: Cleanup, unit: RunningUnit): Promise<() => Beat | undefined> {
  let last: Beat | undefined;
  const nc = await connect({
    servers: `nats://127.0.0.1:${unit.leafPort}`,
    user: 'watch',
    pass: 'w',
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
  });
  owner.after(() => nc.close());
  nc.subscribe('ops.heartbeat.demo-01', {
    callback: (_error, message) => {
      last = message.json();
    },
  });
  await nc.flush();
  return () => last;
}

interface Watched extends Site {
  /** The config without a fault. */
  readonly sound: string;
  beat(): Beat | undefined;
  /** The status view of LuCI. */
  readonly view: Page;
}

async function start(owner: Cleanup, kept: boolean): Promise<Watched> {
  const dir = tempDir(owner, 'broken');
  for (const name of ['hub', 'unit']) mkdirSync(join(dir, name));
  const hub = await startHub(owner, join(dir, 'hub'), server);
  const unit = await startUnit(owner, {
    dir: join(dir, 'unit'),
    unit: 'demo-01',
    server,
    hubPort: hub.leafPort,
    interval_s: 1,
    traffic: 'lan', // every heartbeat has its words
    kept,
    more: "config user 'watch'\n\toption password 'w'\n\tlist subscribe 'ops.heartbeat.demo-01'\n\nconfig spool 'spool'\n",
  });
  const [source] = luciSources();
  assert.ok(source);
  const luci = await startLuci(owner, source, async () => [
    0,
    await unit.status().then(
      (status) => ({ agent: 'up', status, page: { enabled: false } }),
      () => ({ agent: 'down', why: 'silent', error: '' }),
    ),
  ]);
  const { page } = await openPage(browser, luci.url('nunect/status'));
  owner.after(() => page.context().close());
  const sound = readFileSync(unit.config, 'utf8');
  return { dir: join(dir, 'unit'), hub, unit, sound, beat: await listener(owner, unit), view: page };
}

/** Takes over a config, as procd does. */
async function take({ unit, dir }: Site, text: string, leafStays = false): Promise<void> {
  writeFileSync(unit.config, text);
  const { stdout } = await nunect(['render', '--config', unit.config, '--out', dir]);
  if (/restart: [a-z]*leaf/.test(stdout) && !leafStays) unit.leaf().kill('SIGTERM');
  unit.agent().kill('SIGHUP');
}

/** Until it holds; a status server that is being started anew does not answer for a moment. */
const until = (what: string, holds: () => Promise<boolean>, timeout_ms: number): Promise<unknown> =>
  eventually(what, () => holds().catch(() => false), timeout_ms, 300);

const stateOf = async ({ unit }: Site): Promise<StatusSnapshot> =>
  (await unit.status()) as unknown as StatusSnapshot;

const isSound = async (site: Site): Promise<boolean> => {
  const { link, troubles } = await stateOf(site);
  return link.hub_up === true && troubles.every(({ weight }) => weight === 'note');
};

/** Breaks it, waits until all say so, and mends it. */
async function judge(site: Watched, broken: Broken): Promise<void> {
  const { unit, sound } = site;
  await broken.breakIt?.(site);
  await take(site, (await broken.config?.(sound, site)) ?? sound, broken.leafStays ?? false);
  const { code, weight, deaf } = broken;
  await until(
    `${weight} ${code}`,
    async () => (await stateOf(site)).troubles.some((one) => one.code === code && one.weight === weight),
    90_000,
  ).catch(async (error: Error) => {
    const found = (await stateOf(site)).troubles.map((one) => `  ${one.weight} ${one.code}: ${one.text}`);
    throw new Error([error.message, ...found, unit.agent().output().slice(-1500)].join('\n'));
  });
  let lacking: readonly string[] = [];
  await until(
    'all agree',
    async () => {
      lacking = await disagreements(unit, { beat: deaf ? 'deaf' : site.beat(), view: site.view });
      return lacking.length === 0;
    },
    60_000,
  ).catch((error: Error) => {
    throw new Error([error.message, ...lacking].join('\n'));
  });
  if (code === 'server_down') return;
  await broken.mendIt?.(site);
  await take(site, sound);
  await until('what is mended', () => isSound(site), 60_000);
}

/** One unit after another would wait most of the time; a leaf that is dead stays so. */
const lanes = 3;
const dead = setups.filter(({ code }) => code === 'server_down');
const others = setups.filter((one) => !dead.includes(one));
const groups = [
  ...Array.from({ length: lanes }, (_, lane) => others.filter((_one, i) => i % lanes === lane)),
  dead,
];

describe('of a broken set-up all say the same', { skip, concurrency: lanes }, () => {
  for (const [lane, group] of groups.entries())
    test(`unit ${lane + 1}`, async (t) => {
      const site = await start(t, group !== dead);
      await until('the hub', () => isSound(site), 60_000);
      for (const broken of group)
        await t.test(`${broken.name}: ${broken.code}, ${broken.weight}`, () => judge(site, broken));
    });
});

test('there are at least 25 of them, of every weight', () => {
  assert.ok(setups.length >= 25);
  assert.deepEqual([...new Set(setups.map(({ weight }) => weight))].sort(), [
    'critical',
    'degraded',
    'note',
    'setup',
  ]);
});
