import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hubPaths } from '../../../../agent/hub/kit/hubdir.ts';
import { makePrivateFolder } from '../../../../agent/hub/kit/keys.ts';
import {
  parseUpState,
  readUpState,
  removeUpState,
  runPath,
  serverPid,
  upHolder,
  writeUpState,
} from '../../../../agent/hub/run/runfiles.ts';
import { daemon, eventually, tempDir } from '../../../kit/process/daemon.ts';
import { need } from '../../../kit/process/tools.ts';

const state = { phase: 'ready', since_ms: 1, pid: 7, version: '1', starts: 1 } as const;

test('what up says of itself is read back, and nothing else is taken for it', (t) => {
  const dir = tempDir(t, 'run');
  assert.equal(readUpState(dir), undefined);
  makePrivateFolder(hubPaths(dir).run);
  writeUpState(dir, state);
  assert.deepEqual(readUpState(dir), state);
  removeUpState(dir);
  assert.equal(readUpState(dir), undefined);
  for (const text of ['', '[]', '{"phase":"ready"}', '{"phase":"x","since_ms":1,"pid":1,"starts":1}'])
    assert.equal(parseUpState(text).ok, false, text);
});

test('a server is known by its pid file and its config: an old pid may be anybody', async (t) => {
  const dir = tempDir(t, 'run');
  const [pidFile, conf] = [join(dir, 'nats.pid'), join(dir, 'nats.conf')];
  assert.equal(serverPid({ pidFile, conf }), undefined);
  const other = daemon(t, 'sleep', ['1000'], { endBy: 'SIGKILL' });
  writeFileSync(pidFile, `${other.pid}\n`);
  assert.equal(serverPid({ pidFile, conf }), undefined);
  const own = daemon(t, 'tail', ['-f', '/dev/null', conf], { endBy: 'SIGKILL' });
  writeFileSync(conf, '');
  writeFileSync(pidFile, `${own.pid}\n`);
  await eventually('the process runs', () => serverPid({ pidFile, conf }) === own.pid);
  for (const text of ['1', '0', '-1', 'x', '']) {
    writeFileSync(pidFile, text);
    assert.equal(serverPid({ pidFile, conf }), undefined, text);
  }
});

test('who has the lock of up is told once it is surely up', async (t) => {
  const dir = tempDir(t, 'run');
  assert.equal(await upHolder(dir), undefined);
  makePrivateFolder(hubPaths(dir).run);
  const path = runPath(dir, 'lock');
  const up = daemon(t, need('flock'), ['-F', path, 'tail', '-f', '/dev/null', 'up'], { endBy: 'SIGKILL' });
  await eventually('it is locked', () => upHolder(dir));
  for (const text of ['', '0\n', `${process.pid}\n`]) {
    writeFileSync(path, text); // not written yet, or that of an earlier one
    assert.deepEqual(await upHolder(dir), { pid: undefined }, text);
  }
  writeFileSync(path, `${up.pid}\n`);
  assert.deepEqual(await upHolder(dir), { pid: up.pid });
});

test('what is no file is not read', (t) => {
  const dir = tempDir(t, 'run');
  mkdirSync(join(dir, 'nats.pid'));
  assert.equal(serverPid({ pidFile: join(dir, 'nats.pid'), conf: 'x' }), undefined);
  assert.equal(runPath('/h', 'lock'), '/h/run/up.lock');
});
