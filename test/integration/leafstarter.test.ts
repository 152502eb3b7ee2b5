// The starter of the leaf under busybox ash: which config the server gets, and what it leaves behind.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { confParts, hubAddresses, hubIdOf, renderLeaf, withHubOf } from '../../agent/leaf/conf/server.ts';
import { leafFiles } from '../../agent/leaf/render/files.ts';
import { lastGoodHub } from '../../agent/leaf/render/lastgood.ts';
import { secretsOf, withOptions } from '../kit/leaf/leafconfig.ts';
import { tempDir } from '../kit/process/daemon.ts';
import { need, projectRoot } from '../kit/process/tools.ts';

const textFor = (port: number, leafPort = 4222): string => {
  const hub = { url: [`nats://hub.example:${port}`], user: 'u', password: 'hub-secret' };
  const config = withOptions({ hub, leaf: { port: leafPort } });
  return renderLeaf(config, secretsOf(config), [2, 15, 2]).text;
};
const [asked, good] = [textFor(1), textFor(2)];

interface Place {
  readonly dir: string;
  write(name: string, text: string): void;
  /** Starts with a program that prints what it is told; gives that. */
  start(): string;
}

function place(t: TestContext): Place {
  const dir = tempDir(t, 'starter');
  mkdirSync(join(dir, 'state'));
  const write = (name: string, text: string): void => writeFileSync(join(dir, name), text);
  write('leaf.conf', asked);
  const script = join(projectRoot, 'openwrt/nunect/leaf');
  return {
    dir,
    write,
    start: () =>
      execFileSync(need('busybox'), ['sh', script, dir, 'echo'], { encoding: 'utf8' }).replaceAll(dir, ''),
  };
}

test('the config that was asked for is used, and its hub settings are named', (t) => {
  const { dir, write, start } = place(t);
  write('leaf.fallback.conf', good);
  write('state/leaf.log.2026.11.21', 'old');
  assert.equal(start(), '-c /leaf.conf\n');
  assert.match(readFileSync(join(dir, 'state/running'), 'utf8'), new RegExp(`^\\d+ ${hubIdOf(asked)}\n$`));
  assert.equal(existsSync(join(dir, 'state/leaf.log.2026.11.21')), false);
});

test('the last good hub settings are used while the ones asked for are those that did not join', (t) => {
  const { dir, write, start } = place(t);
  write('state/fallback', `${hubIdOf(asked)}\nthe hub refuses the credentials\n`);
  assert.equal(start(), '-c /leaf.conf\n', 'there are none');
  write('leaf.fallback.conf', good);
  assert.equal(start(), '-c /leaf.fallback.conf\n');
  assert.match(readFileSync(join(dir, 'state/running'), 'utf8'), new RegExp(` ${hubIdOf(good)}\n$`));
  write('leaf.conf', textFor(3));
  assert.equal(start(), '-c /leaf.conf\n', 'other settings are asked for');
});

test('what cannot start is left out of a copy, of the config that is used', (t) => {
  const { dir, write, start } = place(t);
  const leaf = { listen: '192.0.2.1', jetstream: true, websocket_port: 8080 };
  const config = withOptions({ hub: { url: ['nats://hub.example:1'] }, leaf });
  const { text } = renderLeaf(config, secretsOf(config), [2, 15, 2]);
  write('leaf.conf', text);
  write('state/without', 'jetstream listen\nno space left\n');
  assert.equal(start(), '-c /state/leaf.conf\n');
  const [whole, copy] = [text, readFileSync(join(dir, 'state/leaf.conf'), 'utf8')].map(confParts);
  assert.deepEqual(
    [...(whole ?? [])].flatMap(([name, part]) => (copy?.get(name) === part ? [] : [name])),
    ['server', 'jetstream'],
  );
  assert.equal(copy?.has('jetstream'), false);
  assert.match(copy?.get('server') ?? '', /^host: "127.0.0.1"$/m);
  assert.match(copy?.get('websocket') ?? '', /host: "127.0.0.1"|host: "0.0.0.0"/);
  assert.equal(statSync(join(dir, 'state/leaf.conf')).mode & 0o077, 0, 'it holds passwords');
  assert.match(
    readFileSync(join(dir, 'state/running'), 'utf8'),
    new RegExp(` ${hubIdOf(text)} jetstream listen\n$`),
  );
  write('leaf.fallback.conf', good);
  write('state/fallback', `${hubIdOf(text)}\nwhy\n`);
  assert.equal(start(), '-c /state/leaf.fallback.conf\n');
});

test('the log of a server that never starts does not fill the RAM', (t) => {
  const { dir, write } = place(t);
  write('refuses', '#!/bin/sh\necho "nats-server: no"\nexit 1\n');
  const start = (): unknown =>
    spawnSync(need('busybox'), ['sh', join(projectRoot, 'openwrt/nunect/leaf'), dir, join(dir, 'refuses')]);
  execFileSync('chmod', ['755', join(dir, 'refuses')]);
  start();
  const log = (): string => readFileSync(join(dir, 'state/leaf.log'), 'utf8');
  assert.match(log(), /^\[\d+\] \[FTL\] nats-server: no\n$/);
  start();
  assert.equal(log().split('\n').length, 3);
  write('state/leaf.log', 'x'.repeat(256 * 1024));
  start();
  assert.match(log(), /^\[\d+\] \[FTL\] nats-server: no\n$/);
});

test('a good hub part joins what is local and new, and its addresses show no login', () => {
  const mixed = withHubOf(textFor(1, 5555), good);
  assert.equal(hubIdOf(mixed), hubIdOf(good));
  assert.equal(confParts(mixed).get('hub'), confParts(good).get('hub'));
  assert.match(confParts(mixed).get('server') ?? '', /port: 5555/);
  assert.deepEqual(hubAddresses(good), ['nats://hub.example:2']);
  assert.equal(hubIdOf(withHubOf('', good)), hubIdOf(good), 'as it is kept');
});

test('what the user nunect puts in the way is not followed, and does not hang the rendering', (t) => {
  const out = join(tempDir(t, 'foreign'), 'out');
  const flash = join(out, 'flash');
  const files = leafFiles(out);
  const target = join(out, 'target');
  writeFileSync(join(out, 'leaf.conf'), good);
  const joined = join(out, 'state/joined');
  const learn = (): boolean => {
    lastGoodHub(files, flash).keepJoined();
    return existsSync(join(flash, 'hub.good'));
  };
  writeFileSync(target, `${hubIdOf(good)}\n`);
  symlinkSync(target, joined);
  assert.equal(learn(), false, 'a link');
  execFileSync('rm', [joined]);
  execFileSync('sh', ['-c', `mkfifo '${joined}'`]);
  assert.equal(learn(), false, 'a pipe');
  execFileSync('rm', [joined]);
  writeFileSync(joined, `${hubIdOf(good)}\n`);
  assert.equal(learn(), true);
});
