import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { newOwner, undoLater } from '../../../kit/process/cleanup.ts';
import { answering, childOf, daemon, eventually, runToEnd, tempDir } from '../../../kit/process/daemon.ts';
import { projectRoot } from '../../../kit/process/tools.ts';

/** A shell that says that it is ready, and takes `work` to end when it is asked to. */
const slow = (work: string): [string, string[]] => [
  'sh',
  ['-c', `trap '${work}; exit 7' TERM; echo ready; while :; do sleep 0.05; done`],
];

async function slowDaemon(t: Pick<TestContext, 'after'>, work: string) {
  const started = daemon(t, ...slow(work));
  await eventually('ready', () => started.output().includes('ready'));
  return started;
}

test('what is undone is undone in turn, the last first, each when the one before is done', async () => {
  const owner = newOwner();
  const done: string[] = [];
  undoLater(owner, () => done.push('first'));
  owner.after(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    done.push('second');
  });
  undoLater(owner, () => {
    throw new Error('it would not');
  });
  undoLater(owner, () => done.push('third'));
  await assert.rejects(owner.end(), /it would not/);
  assert.deepEqual(done, ['third', 'second', 'first']);
  await owner.end(); // nothing is undone twice
  assert.equal(done.length, 3);
});

describe('the end of an owner waits for the exit of its processes', () => {
  test('which have the time to write before they end', async (t) => {
    const owner = newOwner();
    const dir = tempDir(t, 'ends');
    const started = await slowDaemon(owner, `sleep 0.3; echo whole >"${dir}/file"`);
    await owner.end();
    assert.equal(readFileSync(join(dir, 'file'), 'utf8'), 'whole\n');
    assert.equal(await started.exited, 7);
  });

  test('a test itself is such an owner', async (t) => {
    const dir = tempDir(t, 'ends');
    await t.test('within', async (inner) => {
      await slowDaemon(inner, `sleep 0.3; echo whole >"${dir}/file"`);
    });
    assert.equal(readFileSync(join(dir, 'file'), 'utf8'), 'whole\n');
  });

  test('one that is stopped ends too, and one that was ended before is no fault', async () => {
    const owner = newOwner();
    const stopped = await slowDaemon(owner, ':');
    stopped.kill('SIGSTOP');
    const ended = await slowDaemon(owner, ':');
    await ended.end();
    assert.equal(await ended.exited, null);
    await owner.end();
    assert.equal(await stopped.exited, 7);
  });

  test('a program that is not there is said in its output', async () => {
    const owner = newOwner();
    const absent = daemon(owner, '/nonexistent/program', []);
    await owner.end();
    assert.match(absent.output(), /ENOENT/);
  });

  test('where it is a starter, its child is signalled', async () => {
    const owner = newOwner();
    const words = [
      '-c',
      `trap : TERM; sh -c 'trap "echo heard; exit" TERM; echo ready; while :; do sleep 0.05; done'; exit 3`,
    ];
    const started = daemon(owner, 'sh', words, { target: childOf });
    await eventually('ready', () => started.output().includes('ready'));
    await started.end('SIGTERM');
    assert.equal(await started.exited, 3);
    assert.match(started.output(), /heard/);
    await owner.end();
  });
});

test('a program that runs to its end gives its code and what it printed', async () => {
  const { code, stdout, stderr } = await runToEnd('sh', ['-c', 'cat; echo no >&2; exit 4'], { input: 'yes' });
  assert.deepEqual([code, stdout, stderr], [4, 'yes', 'no\n']);
});

test('a program of ours answers what it is asked, and does not leave who asks waiting when it ends', async (t) => {
  const file = join(tempDir(t, 'asked'), 'answers.cjs');
  writeFileSync(
    file,
    "process.on('message', (asked) => asked === 'end' ? process.exit(3) : process.send([asked, process.argv[2]]));",
  );
  const started = answering(t, file, ['seven']);
  assert.deepEqual(await started.ask('how'), ['how', 'seven']);
  await assert.rejects(started.ask('end'), /ended with 3/);
  assert.equal(await started.exited, 3);
});

/** Files that may start a process themselves: the owner of all, what hands it a process with stdin, and what kills its own. */
const starters = new Set([
  'kit/process/daemon.ts',
  'kit/process/pty.ts',
  'kit/truth/servers.ts',
  'integration/wallclock.test.ts',
]);

test('no other file starts a process that somebody would have to wait for', () => {
  const folder = join(projectRoot, 'test');
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (file) =>
      file.endsWith('.ts') &&
      /import \{[^}]*\b(spawn|fork|exec)\b[^}]*\} from 'node:child_process'/.test(
        readFileSync(join(folder, file), 'utf8'),
      ),
  );
  assert.deepEqual(new Set(found.filter((file) => !file.startsWith('unit/'))), starters);
});
