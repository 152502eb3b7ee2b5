// Kills the rendering at each of its changes to the file system, and in half a write, then renders again.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type AgentFile, parseAgentFile } from '../../../../agent/config/agentfile.ts';
import { readBytes } from '../../../../agent/config/checks/machinefiles.ts';
import { confParts, hubIdOf } from '../../../../agent/leaf/conf/server.ts';
import { leafFiles } from '../../../../agent/leaf/render/files.ts';
import type { Outcome } from '../../../../agent/leaf/render/outcome.ts';
import { renderInto } from '../../../../agent/leaf/render/render.ts';
import { statePath } from '../../../../agent/leaf/statefiles.ts';
import { readIfThere } from '../../../../agent/lib/files.ts';
import { tempDir } from '../../../kit/process/daemon.ts';
import { killedAt } from '../../../kit/process/killed.ts';

const boot = 'boot-1';
const unit = "config agent\n option unit 'demo-01'\n";
const managed = (port: number, more = ''): string =>
  `${unit}config leaf\n option port '${port}'\nconfig hub\n list url 'nats://hub-${port}.example:7422'\n option user 'u'\n option password 'p${port}'\n${more}`;
const user = "config user 'radio'\n option password 'x'\n list publish 'radio.>'\n";
const configs = {
  first: managed(7001),
  hub: managed(7002),
  user: managed(7001, user),
  both: managed(7003, user),
  external: `${unit}config leaf\n option mode 'external'\n option external_url 'nats://127.0.0.1:4333'\n`,
  unfit: managed(7004, " option tls_ca '/no/such.pem'\n"),
} as const;
type Name = keyof typeof configs;

/** A unit: its files, and what its services run. */
function unitOf(t: TestContext) {
  const dir = tempDir(t, 'killed');
  const out = join(dir, 'run');
  const runs: { leaf?: string | undefined; agent?: AgentFile } = {};
  const conf = (): string | undefined => readIfThere(statePath(out, 'conf'));
  const agentFile = (): AgentFile =>
    parseAgentFile(readFileSync(statePath(out, 'agentFile'), 'utf8'), 'agent.json');
  async function render(name: Name, { printed = true } = {}): Promise<Outcome> {
    const configFile = join(dir, 'nunect');
    writeFileSync(configFile, configs[name], { mode: 0o600 });
    const files = leafFiles(out);
    await renderInto(files, files.begin(boot), {
      configFile,
      boot,
      test: true,
      serverOf: () => ({
        version: async () => ({ known: [2, 15, 2] }),
        test: async (path) =>
          readFileSync(path, 'utf8').includes('/no/such.pem') ? 'no such file' : undefined,
      }),
      readSecret: readBytes,
      readFile: readBytes,
      keepUnit: false,
      keepDir: join(dir, 'flash'),
      addressOf: () => undefined,
    });
    const outcome = files.outcome();
    if (printed) files.settle();
    return outcome;
  }
  /** Does what the init scripts do. */
  function act({ leaf, agent }: Outcome): void {
    if (leaf === 'restart') runs.leaf = conf();
    if (leaf === 'reload' && runs.leaf !== undefined) {
      const now = confParts(conf() ?? '');
      runs.leaf = runs.leaf
        .split(/^(?=# \[)/m)
        .map((part) => (/^# \[users\]/.test(part) ? `# [users]\n${now.get('users')}\n\n` : part))
        .join('');
    }
    if (agent !== 'nothing') runs.agent = agentFile();
  }
  function assertFits(when: string): void {
    const text = conf();
    const file = agentFile();
    const parts = (of: string | undefined) => Object.fromEntries(confParts(of ?? ''));
    assert.deepEqual(parts(runs.leaf), parts(text), `${when}: the leaf runs leaf.conf`);
    assert.deepEqual(runs.agent, file, `${when}: the agent runs agent.json`);
    assert.equal(file.leaf?.hub ?? 'none', hubIdOf(text ?? '') ?? 'none', when);
    if (text !== undefined) {
      assert.ok(text.includes(file.connection.password ?? '?'), when);
      assert.ok(text.includes(`port: ${file.connection.servers[0]?.split(':').at(-1)}`), when);
    }
    assert.equal(existsSync(statePath(out, 'fallbackConf')), file.leaf?.fallback !== undefined, when);
    const allowed = ['agent.json', 'hub.good', 'hub.good.new', 'leaf.conf', 'leaf.fallback.conf', 'state'];
    assert.deepEqual(
      readdirSync(out).filter((name) => !allowed.includes(name)),
      [],
      when,
    );
  }
  return {
    ...{ out, render, act, assertFits, runs },
    join: () => {
      mkdirSync(statePath(out, 'state'), { recursive: true });
      writeFileSync(statePath(out, 'joined'), `${hubIdOf(conf() ?? '')}\n`);
    },
    wholeOrNone() {
      for (const name of ['conf', 'fallbackConf'] as const) {
        const text = readIfThere(statePath(out, name));
        const { system } = Object.fromEntries(confParts(text ?? ''));
        assert.ok(text === undefined || (hubIdOf(text) && system?.startsWith('system_account: "SYS"')), text);
      }
      const text = readIfThere(statePath(out, 'agentFile'));
      if (text !== undefined) parseAgentFile(text, 'agent.json');
    },
  };
}

const sequences: readonly (readonly [from: Name | undefined, killed: Name, then: Name])[] = [
  [undefined, 'first', 'first'],
  ['first', 'hub', 'hub'],
  ['first', 'hub', 'first'],
  ['first', 'hub', 'user'],
  ['first', 'hub', 'unfit'],
  ['first', 'user', 'user'],
  ['first', 'both', 'both'],
  ['first', 'both', 'external'],
  ['first', 'external', 'external'],
  ['first', 'external', 'first'],
  ['first', 'unfit', 'unfit'],
  ['external', 'first', 'first'],
];

for (const [from, killed, then] of sequences)
  test(`from ${from ?? 'nothing'}, killed at any step on the way to ${killed}: ${then} is what runs after the next`, async (t) => {
    let kills = 0;
    for (const half of [false, true])
      for (let n = 1; ; n++) {
        const one = unitOf(t);
        if (from !== undefined) {
          one.act(await one.render(from));
          one.assertFits('before');
          if (from !== 'external') one.join();
        }
        const came = await killedAt(t, n, half, () => one.render(killed).then(one.act));
        if (!came) break;
        kills += 1;
        one.wholeOrNone();
        if (n % 4 === 0 && (await killedAt(t, n, false, () => one.render(killed).then(one.act))))
          one.wholeOrNone();
        one.act(await one.render(then));
        one.assertFits(`killed at change ${n}`);
        const { leaf, agent } = await one.render(then);
        assert.deepEqual([leaf, agent], ['nothing', 'nothing'], 'and no more is due');
      }
    assert.ok(kills > 10, `${kills} kills`);
  });

test('two in a row are killed, the first before it has printed what it asked for, the second at any step', async (t) => {
  for (const [first, second] of [
    ['user', 'both'],
    ['first', 'hub'],
    ['both', 'external'],
  ] as const)
    for (let n = 1; ; n++) {
      const one = unitOf(t);
      one.act(await one.render('first'));
      one.join();
      await one.render(first, { printed: false });
      if (!(await killedAt(t, n, false, () => one.render(second).then(one.act)))) break;
      one.act(await one.render(second));
      one.assertFits(`${first}, ${second}, killed at change ${n}`);
    }
});

test('a leaf that runs a copy without a part is restarted for what another would read again', async (t) => {
  const one = unitOf(t);
  one.act(await one.render('first'));
  writeFileSync(statePath(one.out, 'without'), 'jetstream\nno space left\n');
  assert.equal(
    (await one.render('user')).leaf,
    'restart',
    'it would read the copy, with the users of before',
  );
  rmSync(statePath(one.out, 'without'));
  assert.equal((await one.render('first')).leaf, 'reload');
});
