import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { keyOf } from '../../../../../agent/hub/alerts/alert.ts';
import { noneDropped, type Queued } from '../../../../../agent/hub/alerts/journal.ts';
import { commandOutput } from '../../../../../agent/hub/alerts/outputs/command.ts';
import { newOwner } from '../../../../kit/process/cleanup.ts';
import { eventually, tempDir } from '../../../../kit/process/daemon.ts';

const owner = newOwner();
after(() => owner.end());
const dir = tempDir(owner, 'alert-command');
const at = (name: string): string => join(dir, name);

const notice: Queued = {
  seq: 1,
  id: 'j-1',
  event: 'fired',
  at_ms: 1,
  alert: {
    key: keyOf('critical', 'u1'),
    condition: 'critical',
    severity: 'critical',
    unit: 'u1',
    since_ms: 1,
    text: '$(id); `id`',
    remedy: 'y',
  },
};

/** What comes of a command that is this script. */
function send(name: string, script: string, args: readonly string[] = [], timeout_s = 10) {
  writeFileSync(at(name), `#!/bin/sh\n${script}\n`);
  chmodSync(at(name), 0o700);
  const output = commandOutput({ argv: [at(name), ...args], timeout_s });
  return output.send([notice], noneDropped);
}
const failure = (name: string, why: string) => ({ ok: false, why: `${at(name)} ${why}` });

test('it reads the notice on its stdin, and its arguments as they are', async () => {
  const odd = ['a b', '$HOME', "'; id", '*', ''];
  assert.deepEqual(await send('echo', `cat > ${at('in')}; printf '%s\\n' "$@" > ${at('args')}`, odd), {
    ok: true,
  });
  assert.equal(JSON.parse(readFileSync(at('in'), 'utf8')).text, '$(id); `id`');
  assert.equal(readFileSync(at('args'), 'utf8'), odd.map((one) => `${one}\n`).join(''));
});

test('it need not read, and may leave something running that holds its outputs', async () => {
  assert.deepEqual(await send('deaf', 'exec true'), { ok: true });
  assert.deepEqual(await send('leaves', 'sleep 5 & exit 0', [], 2), { ok: true });
});

test('whatever goes wrong is said', async () => {
  assert.deepEqual(await send('fails', 'exit 3'), failure('fails', 'ended with 3'));
  assert.deepEqual(await send('dies', 'kill -9 $$'), failure('dies', 'ended with SIGKILL'));
  const none = commandOutput({ argv: [at('none')], timeout_s: 1 });
  assert.deepEqual(await none.send([notice], noneDropped), failure('none', 'cannot be run: ENOENT'));
  writeFileSync(at('text'), 'no program');
  const text = commandOutput({ argv: [at('text')], timeout_s: 1 });
  assert.deepEqual(await text.send([notice], noneDropped), failure('text', 'cannot be run: EACCES'));
});

test('one that is not there is known before an alert is to be told, and again with each sign of life', async () => {
  const output = commandOutput({ argv: [at('later')], timeout_s: 1 });
  const why = `${at('later')} cannot be run: ENOENT`;
  const beat = { at_ms: 1, interval_s: 60, firing: [], sees: true, version: '1', teller: 'hub' };
  assert.equal(output.fault?.(), why);
  assert.deepEqual(await output.beat?.(beat), { ok: false, why });
  writeFileSync(at('later'), `#!/bin/sh\ntouch ${at('was-run')}\n`);
  assert.equal(output.fault?.(), `${at('later')} cannot be run: EACCES`);
  chmodSync(at('later'), 0o700);
  assert.equal(output.fault?.(), undefined);
  assert.deepEqual(await output.beat?.(beat), { ok: true });
  assert.equal(existsSync(at('was-run')), false, 'a sign of life runs nothing');
  assert.match(commandOutput({ argv: [dir], timeout_s: 1 }).fault?.() ?? '', /it is no file$/);
});

test('one that hangs is killed with all that it has started', async () => {
  const script = `(sleep 600 & echo $! > ${at('pid')}; wait) & wait`;
  assert.deepEqual(await send('hangs', script, [], 1), failure('hangs', 'did not end within 1 s'));
  const pid = readFileSync(at('pid'), 'utf8').trim();
  await eventually(
    'its child has ended',
    () => !existsSync(`/proc/${pid}`) || /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')),
  );
});

test('the end of the alerts is its end, with all that it has started', async () => {
  const script = `(sleep 600 & echo $! > ${at('pid-end')}; wait) & wait`;
  writeFileSync(at('long'), `#!/bin/sh\n${script}\n`);
  chmodSync(at('long'), 0o700);
  const output = commandOutput({ argv: [at('long')], timeout_s: 20 });
  const sent = output.send([notice], noneDropped);
  await eventually('it runs', () => existsSync(at('pid-end')) && readFileSync(at('pid-end'), 'utf8') !== '');
  output.end?.();
  assert.deepEqual(await sent, failure('long', 'was ended with the alerts'));
  const pid = readFileSync(at('pid-end'), 'utf8').trim();
  await eventually(
    'its child has ended',
    () => !existsSync(`/proc/${pid}`) || /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')),
  );
  output.end?.(); // nothing is under way
});
