// What a program of several commands makes of a command line.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../agent/cli/io.ts';
import { callCommand, overview, type Program, unknownCommand } from '../../../agent/cli/program.ts';
import { version } from '../../../agent/lib/version.ts';

const called: (readonly string[])[] = [];
const command = (name: string) => ({
  about: `about ${name}`,
  call(args: readonly string[]) {
    called.push([name, ...args]);
    return args.length;
  },
});
const program: Program = {
  name: 'nunect',
  about: 'an agent',
  commands: { run: command('run'), status: command('status'), doctor: command('doctor') },
  elsewhere: { top: "'nunect-hub top' on the operator's machine" },
};

async function call(...argv: string[]): Promise<{ code: number; stdout: string }> {
  let stdout = '';
  const io = {
    stdout(text: string) {
      stdout += text;
    },
    stderr: () => assert.fail('nothing is an error'),
  };
  called.length = 0;
  const code = await callCommand(program, argv, { io, stopSignal: () => assert.fail('nobody stops') });
  return { code, stdout };
}

test('a command gets the arguments after its name, and its exit code is that of the program', async () => {
  assert.deepEqual(await call('run', '--dir', '/tmp'), { code: 2, stdout: '' });
  assert.deepEqual(called, [['run', '--dir', '/tmp']]);
});

test('help shows every command in a line; help COMMAND asks the command itself', async () => {
  for (const word of ['help', '--help', '-h']) {
    const { code, stdout } = await call(word);
    assert.equal(code, 0);
    assert.equal(stdout, overview(program));
  }
  for (const name of ['run', 'status', 'doctor', 'version', 'help'])
    assert.match(overview(program), new RegExp(`^  ${name} +\\w`, 'm'));
  assert.doesNotMatch(overview(program), /top/);
  await call('help', 'status');
  assert.deepEqual(called, [['status', '--help']]);
});

test('version names the program', async () => {
  for (const word of ['version', '--version', '-V'])
    assert.deepEqual(await call(word), { code: 0, stdout: `nunect ${version}\n` });
});

test('without a word a program shows what it can do', async () => {
  assert.deepEqual(await call(), await call('help'));
});

test('an unknown command and a word of every object are wrong usage', async () => {
  for (const word of ['frobnicate', 'constructor', '__proto__'])
    await assert.rejects(call(word), (error: unknown) => {
      return error instanceof UsageError && error.message.includes(`no command '${word}'`);
    });
});

test('a word that is no command is answered with the one that was likely meant', () => {
  assert.match(unknownCommand(program, 'statsu'), /no command 'statsu'; did you mean 'nunect status'\?/);
  assert.match(unknownCommand(program, 'doktor'), /'nunect doctor'/);
  assert.match(unknownCommand(program, 'frobnicate'), /see 'nunect help'/);
  assert.ok(!unknownCommand(program, 'a\x1b[2Jb').includes('\x1b'));
});

test('what a command says of its arguments is one line, with where its help is', async () => {
  const call = () => assert.fail(new UsageError("unknown option '--\x1b\n[2J'"));
  const one = { ...program, commands: { one: { about: '', call } } };
  const io = { stdout: () => {}, stderr: () => {} };
  await assert.rejects(
    callCommand(one, ['one'], { io, stopSignal: () => assert.fail('nobody stops') }),
    new UsageError("unknown option '--\\x1b\\x0a[2J'; see 'nunect help one'"),
  );
});

test('a command of the other program is answered with how that is called', () => {
  assert.match(
    unknownCommand(program, 'top'),
    /no command 'top'; call 'nunect-hub top' on the operator's machine/,
  );
});

test('wrong usage of a command is one line, and where its help is', async () => {
  const failing = (error: Error): Program => ({
    ...program,
    commands: { run: { about: '', call: () => Promise.reject(error) } },
  });
  const io = { stdout: () => {}, stderr: () => {} };
  const edge = { io, stopSignal: () => assert.fail('nobody stops') };
  await assert.rejects(callCommand(failing(new UsageError('no')), ['run', '-x'], edge), (error: unknown) => {
    return error instanceof UsageError && error.message === "no; see 'nunect help run'";
  });
  const other = new Error('broken');
  await assert.rejects(callCommand(failing(other), ['run'], edge), (error: unknown) => error === other);
});
