import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  confParts,
  hubIdOf,
  keptHubFault,
  renderLeaf,
  withHubOf,
} from '../../../../agent/leaf/conf/server.ts';
import { leafFiles } from '../../../../agent/leaf/render/files.ts';
import { type AskedHub, lastGoodHub } from '../../../../agent/leaf/render/lastgood.ts';
import { statePath } from '../../../../agent/leaf/statefiles.ts';
import { leafControl } from '../../../../agent/leaf/supervisor/process.ts';
import type { ServerProgram } from '../../../../agent/natsserver/program.ts';
import { configOf, secretsOf } from '../../../kit/leaf/leafconfig.ts';
import { fakeTicker } from '../../../kit/lib/faketicker.ts';
import { tempDir } from '../../../kit/process/daemon.ts';
import { agentFileOf } from '../../../kit/unit/unitfakes.ts';

const configFor = (host: string) =>
  configOf(host === '' ? '' : `config hub 'hub'\n list url 'nats://${host}:7422'`);
function confFor(host: string): string {
  const config = configFor(host);
  return renderLeaf(config, secretsOf(config), [2, 14, 0]).text;
}
const idFor = (host: string): string => hubIdOf(confFor(host)) ?? '';

/** A run directory and a folder on flash, both empty. */
function place(t: TestContext) {
  const [run, flash] = [tempDir(t, 'run'), tempDir(t, 'flash')];
  const files = leafFiles(run);
  const server = (complaint?: string): ServerProgram => ({
    version: async () => ({ why: 'not asked' }),
    test: async () => complaint,
  });
  const hub = lastGoodHub(files, flash);
  return {
    hub: {
      ...hub,
      async apply(asked: AskedHub) {
        const { problems, ...inUse } = await hub.apply(asked);
        assert.deepEqual(problems, []);
        files.commit(agentFileOf(''));
        return inUse;
      },
    },
    ram: statePath(run, 'lastGoodHub'),
    flash: statePath(flash, 'lastGoodHub'),
    tried: statePath(flash, 'triedHub'),
    fallback: statePath(run, 'fallbackConf'),
    /** The agent saw it join. */
    joinedOnFlash: (host: string) => leafControl(fakeTicker(), run, flash).keepJoined(idFor(host)),
    /** All that is in RAM is lost. */
    reboot: () => {
      for (const name of readdirSync(run)) rmSync(join(run, name), { recursive: true });
      mkdirSync(statePath(run, 'state'));
    },
    conf: (host: string) => writeFileSync(statePath(run, 'conf'), confFor(host)),
    joined: (text: string) => writeFileSync(statePath(run, 'joined'), `${text}\n`),
    readConf: () => files.readConf(),
    asked: (host: string, { isHubWrong = false, complaint = undefined as string | undefined } = {}) => ({
      config: configFor(host),
      isHubWrong,
      server: server(complaint),
      test: true,
    }),
  };
}

/** A text that somebody changed who knows how its checksum is made. */
const renamed = (text: string): string =>
  text.replace(
    /^# hub: .*/m,
    `# hub: ${createHash('sha256')
      .update(confParts(text).get('hub') ?? '')
      .digest('hex')
      .slice(0, 32)}`,
  );

/** With the hub part of host `old` as the last good one. */
function withOld(t: TestContext) {
  const one = place(t);
  one.conf('old');
  one.joined(idFor('old'));
  assert.deepEqual(one.hub.keepJoined(), []);
  return one;
}

test('a hub part is kept in RAM and on flash once the agent saw it join, and not before', (t) => {
  const { hub, ram, flash, conf, joined } = place(t);
  assert.deepEqual(hub.keepJoined(), [], 'there is no leaf.conf');
  conf('old');
  hub.keepJoined();
  joined(idFor('other'));
  hub.keepJoined();
  assert.equal(existsSync(ram) || existsSync(flash), false, 'another one joined');
  joined(idFor('old'));
  assert.deepEqual(hub.keepJoined(), []);
  for (const path of [ram, flash]) {
    assert.equal(hubIdOf(readFileSync(path, 'utf8')), idFor('old'));
    assert.match(readFileSync(path, 'utf8'), /nats.*:\/\/old:7422/);
  }
});

test('where it cannot be kept is a problem, and no more', (t) => {
  const { hub, ram, flash, conf, joined } = place(t);
  conf('old');
  joined(idFor('old'));
  mkdirSync(join(flash, 'in the way'), { recursive: true });
  const [problem, ...others] = hub.keepJoined();
  assert.match(problem?.message ?? '', /cannot be kept/);
  assert.equal(others.length, 0);
  assert.ok(existsSync(ram));
});

test('a leaf.conf with another hub part has a fallback with the last good one', async (t) => {
  const { hub, fallback, conf, asked, readConf } = withOld(t);
  conf('new');
  const inUse = await hub.apply(asked('new'));
  assert.equal(inUse.hub, idFor('new'));
  assert.equal(inUse.fallback?.hub, idFor('old'));
  assert.match(inUse.fallback.urls.join(), /\/\/old:7422$/);
  assert.equal(hubIdOf(readFileSync(fallback, 'utf8')), idFor('old'));
  assert.equal(hubIdOf(readConf() ?? ''), idFor('new'), 'leaf.conf stays as asked for');
});

test('there is no fallback for the same hub part, for no hub, or where the server does not take it', async (t) => {
  const { hub, fallback, conf, asked } = withOld(t);
  for (const [host, complaint] of [
    ['old', undefined],
    ['', undefined],
    ['new', 'unknown field'],
  ] as const) {
    conf('new');
    await hub.apply(asked('new'));
    assert.ok(existsSync(fallback));
    conf(host);
    assert.deepEqual(await hub.apply(asked(host, { complaint })), { hub: idFor(host) });
    assert.equal(existsSync(fallback), false, `for ${host}`);
  }
});

test('a leaf.conf without a hub for mistakes in its section gets the last good one, also after a reboot', async (t) => {
  const { hub, ram, fallback, conf, asked, readConf } = withOld(t);
  rmSync(ram); // what is in RAM is lost
  conf('');
  const inUse = await hub.apply(asked('', { isHubWrong: true }));
  assert.equal(inUse.hub, idFor('old'));
  assert.match(inUse.adopted?.join() ?? '', /\/\/old:7422$/);
  assert.equal(hubIdOf(readConf() ?? ''), idFor('old'));
  assert.equal(existsSync(fallback), false);
});

test('a hub.good that is a link, or no hub part, counts as none', async (t) => {
  const { hub, ram, flash, conf, asked } = withOld(t);
  const elsewhere = `${ram}.elsewhere`;
  writeFileSync(elsewhere, readFileSync(ram));
  rmSync(ram);
  symlinkSync(elsewhere, ram);
  writeFileSync(flash, 'rubbish');
  conf('new');
  assert.deepEqual(await hub.apply(asked('new')), { hub: idFor('new') });
});

test('joined, rebooted, then others that do not join: the good ones are there, and flash was written twice', async (t) => {
  const { hub, flash, tried, fallback, conf, asked, reboot, joinedOnFlash } = place(t);
  const render = async (host: string) => {
    const problems = hub.keepJoined();
    conf(host);
    return { problems, ...(await hub.apply(asked(host))) };
  };
  await render('old'); // with no render after the join
  joinedOnFlash('old');
  reboot();
  assert.deepEqual(await render('bad'), {
    problems: [],
    hub: idFor('bad'),
    fallback: { conf: fallback, hub: idFor('old'), urls: ['nats://old:7422'] },
  });
  const written = (): number[] => [flash, tried].map((path) => statSync(path).mtimeMs);
  const before = written();
  for (let boot = 0; boot < 3; boot++) {
    reboot();
    assert.equal((await render('bad')).fallback?.hub, idFor('old'), 'what never joined is never kept');
  }
  assert.deepEqual(written(), before);
  await render('old');
  assert.equal(existsSync(tried), false, 'nothing is kept of what did not join');
});

test('what differs from what was written is refused in a sentence, and written anew after the join', async (t) => {
  const { hub, ram, flash, conf, asked } = withOld(t);
  rmSync(ram);
  const good = readFileSync(flash, 'utf8');
  const flipped = (at: number, bit: number): string => {
    const bytes = Buffer.from(good);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
    return bytes.toString('latin1');
  };
  const listener = renamed(good.replace('leafnodes: {', 'leafnodes: {\n  port: 7422'));
  const cases: [string, RegExp][] = [
    ...Array.from({ length: good.length / 3 }, (_, at): [string, RegExp] => [
      flipped(at * 3, at % 7),
      /is not used, for/,
    ]),
    [good.replace('  reconnect', '  port: 7422\n  reconnect'), /for its checksum does not match its text;/],
    [listener, /for it holds something else than the hub settings/],
    [renamed(good.replace('remotes: [{', 'remotes: [{\n    ws_compression: true')), /something else/],
    [renamed(good.replace('  remotes', '  include "/etc/other.conf"\n  remotes')), /something else/],
    [renamed(good.replace('}]\n}', '}]\n}\nport: 4222')), /something else/],
    [`${good}\n# [server]\nport: 4222\n`, /something else/],
    [good.slice(0, -20), /checksum/],
    ['', /checksum|something else/],
  ];
  for (const [text, sentence] of cases) {
    writeFileSync(flash, text, 'latin1');
    conf('new');
    const [problem] = hub.keepJoined();
    assert.match(problem?.message ?? 'none', sentence, text);
    assert.ok(problem?.message.startsWith(flash));
    assert.equal((await hub.apply(asked('new'))).fallback, undefined);
  }
  conf('old');
  hub.keepJoined();
  assert.equal(readFileSync(flash, 'utf8'), good);
});

test('every hub part that is written is one that is taken back', () => {
  const more: Record<string, string>[] = [
    { user: 'u', password: 'p"\\#ü', deny_export: 'a.>', ignore_discovered: '1' },
    { creds_file: '/c', tls_ca: '/ca', tls_cert: '/cert', tls_key: '/key', handshake_first: '1' },
    { nkey_file: '/n', tls_insecure: '1' },
  ];
  const quote = (text: string): string => `'${text}'`;
  for (const options of more)
    for (const compression of ['off', 's2_auto'])
      for (const version of [undefined, [2, 9, 10], [2, 10, 27], [2, 14, 0], [2, 15, 2]] as const) {
        const lines = Object.entries(options).map(([key, value]) =>
          key.startsWith('deny')
            ? ` list ${key} ${quote(value)}\n list ${key} 'b'\n list deny_import 'c'`
            : ` option ${key} ${quote(value)}`,
        );
        const config = configOf(
          `config hub 'hub'\n list url 'tls://one:7422'\n list url 'tls://two'\n${lines.join('\n')}\nconfig leaf 'leaf'\n option compression ${compression}`,
        );
        const { text } = renderLeaf(config, { ...secretsOf(config), hubNkeySeed: 'SU' }, version);
        assert.equal(keptHubFault(withHubOf('', text)), undefined, text);
      }
});

test('last good settings with a copy that a reboot has taken are not returned to, which is told', async (t) => {
  const [run, flash] = [tempDir(t, 'run'), tempDir(t, 'flash')];
  const files = leafFiles(run);
  const config = configOf(
    "config hub 'hub'\n list url 'nats://a:7422'\n option creds_file '/etc/nunect/u.creds'\n",
  );
  const copy = files.writeCopy('hub.creds_file-0123', 'the creds in normal form');
  const withCopy = { ...config, hub: { ...config.hub, creds_file: copy } };
  writeFileSync(statePath(run, 'conf'), renderLeaf(withCopy, secretsOf(withCopy), [2, 14, 0]).text);
  mkdirSync(statePath(run, 'state'), { recursive: true });
  writeFileSync(statePath(run, 'joined'), `${hubIdOf(files.readConf() ?? '')}\n`);
  const server: ServerProgram = { version: async () => ({ why: '' }), test: async () => undefined };
  const hub = lastGoodHub(files, flash);
  assert.deepEqual(hub.keepJoined(), []);
  const asked = { config: configFor('b'), isHubWrong: false, server, test: true };
  writeFileSync(statePath(run, 'conf'), confFor('b'));
  const before = await hub.apply(asked);
  assert.equal(before.fallback?.urls[0], 'nats://a:7422');
  rmSync(copy); // as a reboot does
  const after = await hub.apply(asked);
  assert.equal(after.fallback, undefined);
  assert.match(
    after.problems.map(({ message }) => message).join(),
    /cannot be returned to: .*hub\.creds_file-0123/,
  );
});
