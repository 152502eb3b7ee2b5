import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hubIdOf, renderLeaf } from '../../../../agent/leaf/conf/server.ts';
import { leafFiles } from '../../../../agent/leaf/render/files.ts';
import { lastGoodHub } from '../../../../agent/leaf/render/lastgood.ts';
import type { LeafServer } from '../../../../agent/leaf/render/server.ts';
import { statePath } from '../../../../agent/leaf/statefiles.ts';
import { configOf, secretsOf } from '../../../kit/leaf/leafconfig.ts';
import { tempDir } from '../../../kit/process/daemon.ts';

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
  const server = (complaint?: string): LeafServer => ({
    version: async () => ({ why: 'not asked' }),
    test: async () => complaint,
  });
  return {
    hub: lastGoodHub(files, flash),
    ram: statePath(run, 'lastGoodHub'),
    flash: statePath(flash, 'lastGoodHub'),
    fallback: statePath(run, 'fallbackConf'),
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
