import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check } from '../../../agent/cli/check.ts';
import { doctor } from '../../../agent/cli/doctor.ts';
import { echo } from '../../../agent/cli/echo.ts';
import { readArgs, readFlags } from '../../../agent/cli/flags.ts';
import { UsageError } from '../../../agent/cli/io.ts';
import { render } from '../../../agent/cli/render.ts';
import { run } from '../../../agent/cli/run.ts';
import { status } from '../../../agent/cli/status.ts';
import { time } from '../../../agent/cli/time.ts';
import { top } from '../../../agent/hub/top/top.ts';

function spoken() {
  let [stdout, stderr] = ['', ''];
  const io = {
    stdout(text: string) {
      stdout += text;
    },
    stderr(text: string) {
      stderr += text;
    },
  };
  return { io, out: () => ({ stdout, stderr }) };
}
const never = new AbortController().signal;
const signals = { stop: never, onReload: () => {} };
const commands = {
  check: (args: readonly string[], io: ReturnType<typeof spoken>['io']) => check(args, io),
  render: (args: readonly string[], io: ReturnType<typeof spoken>['io']) => render(args, io),
  run: (args: readonly string[], io: ReturnType<typeof spoken>['io']) => run(args, io, signals),
  status: (args: readonly string[], io: ReturnType<typeof spoken>['io']) => status(args, io, never),
  doctor: (args: readonly string[], io: ReturnType<typeof spoken>['io']) => doctor(args, io),
  echo: (args: readonly string[], io: ReturnType<typeof spoken>['io']) => echo(args, io, never, 'nunect'),
  time: (args: readonly string[], io: ReturnType<typeof spoken>['io']) => time(args, io),
  top: (args: readonly string[], io: ReturnType<typeof spoken>['io']) => top(args, io, never, process),
};
const isUsage = (said: RegExp) => (error: unknown) =>
  error instanceof UsageError && said.test(error.message) && !error.message.includes('\n');

for (const [name, command] of Object.entries(commands)) {
  test(`${name}: --help and -h print the usage to stdout and do nothing else`, async () => {
    for (const flag of ['--help', '-h']) {
      const { io, out } = spoken();
      assert.equal(await command([flag], io), 0);
      assert.match(out().stdout, new RegExp(`^usage: nunect(-hub)? ${name} `));
      assert.equal(out().stderr, '');
    }
  });

  test(`${name}: an unknown flag is wrong usage`, async () => {
    await assert.rejects(command(['--no-such'], spoken().io), isUsage(/^unknown option '--no-such'$/));
  });
}

test('echo: what is asked for is checked before anything is connected', async () => {
  const wrong: [readonly string[], RegExp][] = [
    [[], /expected exactly one UNIT/],
    [['a', 'b'], /expected exactly one UNIT/],
    [['a.b'], /unit 'a\.b' must be/],
    [['u', '-c', '0'], /--count '0' must be a number from 1/],
    [['u', '-c', 'many'], /--count 'many'/],
    [['u', '-c', ''], /--count ''/],
    [['u', '-c', '1.5'], /--count '1\.5' must be a whole number/],
    [['u', '-i', '-1'], /^option '-i' needs a value; one that begins with - is given as --interval=-1$/],
    [['u', '-W', '61'], /--timeout '61'/],
    [['u', '-s', '1e9'], /--size '1e9'/],
    [['u', '-s', '0.5'], /--size '0\.5'/],
    [['u', '--password-file', '/no/such/file'], /\/no\/such\/file: ENOENT/],
  ];
  for (const [args, said] of wrong) {
    await assert.rejects(echo(args, spoken().io, never, 'nunect'), (error: unknown) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, said);
      return true;
    });
  }
});

test('top: what is asked for is checked before anything is connected', async () => {
  const wrong: [readonly string[], RegExp][] = [
    [['--sort', 'colour'], /--sort 'colour' must be one of state, clock, bound,/],
    [['-i', '0'], /--interval '0' must be a number from 0\.1 to 3600/],
    [['-i', 'soon'], /--interval 'soon'/],
    [['demo-01'], /demo-01/],
    [['--password-file', '/no/such/file'], /\/no\/such\/file: ENOENT/],
  ];
  for (const [args, said] of wrong) {
    await assert.rejects(top(args, spoken().io, never, process), (error: unknown) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, said);
      return true;
    });
  }
});

test('echo: the usage names the program that was called', async () => {
  const { io, out } = spoken();
  assert.equal(await echo(['--help'], io, never, 'nunect-hub'), 0);
  assert.match(out().stdout, /^usage: nunect-hub echo UNIT /);
});

test('time: what is asked for is checked before anything is done', async () => {
  for (const [args, saidOf] of [
    [[], /^expected one of 'apply', 'confirm', 'stop' and 'show'$/],
    [['start'], /^expected one of/],
    [['apply', 'now'], /^unexpected argument 'now'$/],
    [['apply', '--device', 'lan'], /^--device 'lan' must be NETWORK=DEVICE$/],
    [['show', '--device', '=br-lan'], /^--device '=br-lan'/],
  ] as const)
    await assert.rejects(time(args, spoken().io), isUsage(saidOf));
});

test('check: a format that does not exist is wrong usage', async () => {
  await assert.rejects(check(['--format', 'toml'], spoken().io), isUsage(/'toml' must be uci or ini/));
});

test('run: without an agent.json it fails and names the file and what makes it', async () => {
  const process_ = process.listenerCount('uncaughtException');
  await assert.rejects(
    run(['--dir', '/no/such/dir'], spoken().io, signals),
    /\/no\/such\/dir\/agent\.json cannot be read: has 'nunect render'/,
  );
  assert.equal(process.listenerCount('uncaughtException'), process_, 'nothing is left behind');
});

test('flags: words besides flags only where the command takes them', () => {
  const flags = { count: { type: 'string', short: 'c' } } as const;
  assert.equal(readFlags(['-c', '3'], flags).count, '3');
  assert.throws(() => readFlags(['word'], flags), UsageError);
  assert.deepEqual(readArgs(['word', '-c', '3'], flags).positionals, ['word']);
});

test('flags: what is wrong with them is one line in our words', () => {
  const flags = { count: { type: 'string', short: 'c' }, json: { type: 'boolean' } } as const;
  for (const [args, said] of [
    [['word'], "unexpected argument 'word'"],
    [['--', '-c'], "unexpected argument '-c'"],
    [['-x'], "unknown option '-x'"],
    [['--toString'], "unknown option '--toString'"],
    [['--json=1'], "option '--json' takes no value"],
    [['--count'], "option '--count' needs a value"],
    [['-c', '--json'], "option '-c' needs a value; one that begins with - is given as --count=--json"],
  ] as const)
    assert.throws(() => readFlags(args, flags), { code: 'USAGE', message: said });
  assert.deepEqual({ ...readFlags(['--count=-1', '--json'], flags) }, { count: '-1', json: true });
  assert.equal(readFlags(['-c', '-'], flags).count, '-');
});
