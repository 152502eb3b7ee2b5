// The real `nunect render`, killed by SIGKILL at any time; two of them at once. The steps between are killed one by one in
// test/unit/leaf/render/files.test.ts.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseAgentFile } from '../../agent/config/agentfile.ts';
import { confParts, hubIdOf } from '../../agent/leaf/conf/server.ts';
import { type Daemon, daemon, eventually, runToEnd, tempDir } from '../kit/process/daemon.ts';
import { need, runtime } from '../kit/process/tools.ts';
import { bundle } from '../kit/unit/site.ts';

const server = need('nats-server');

function unitOf(t: TestContext) {
  const dir = tempDir(t, 'killed');
  const [config, out] = [join(dir, 'nunect'), join(dir, 'run')];
  const words = [bundle, 'render', '--config', config, '--out', out, '--keep', join(dir, 'flash')];
  const conf = (): string => readFileSync(join(out, 'leaf.conf'), 'utf8');
  const runs = { leaf: '', agent: '' };
  return {
    ...{ out, words, conf },
    ask(port: number) {
      const hub = `config hub\n list url 'nats://127.0.0.1:${port}'\n option user 'u'\n option password 'p${port}'\n`;
      const text = `config agent\n option unit 'demo-01'\n${hub}config leaf\n option port '${port}'\n option server '${server}'\n`;
      writeFileSync(config, text, { mode: 0o600 });
    },
    /** One to be killed: what it has run of the sources it could not write down whole. */
    start: (): Daemon => daemon(t, 'env', ['-u', 'NODE_V8_COVERAGE', runtime(), ...words]),
    /** Does what the last line asks for, as the init scripts do, and gives it. */
    act(printed: string): string {
      const isTodo = (line: string): boolean => /^(restart|reload|nothing)/.test(line);
      const todo = printed.split('\n').findLast(isTodo) ?? '';
      if (todo.includes('restart: leaf')) runs.leaf = conf();
      if (/(restart|reload): (leaf )?agent/.test(todo))
        runs.agent = readFileSync(join(out, 'agent.json'), 'utf8');
      return todo;
    },
    /** Renders to the end, and acts. */
    async settle(): Promise<string> {
      const { code, stdout, stderr } = await runToEnd(runtime(), words);
      assert.equal(code, 0, stderr);
      return this.act(stdout);
    },
    assertFits(port: number) {
      const [text, json] = [conf(), readFileSync(join(out, 'agent.json'), 'utf8')];
      const file = parseAgentFile(json, 'agent.json');
      assert.deepEqual([...confParts(runs.leaf)], [...confParts(text)], 'the leaf runs leaf.conf');
      assert.equal(runs.agent, json, 'the agent runs agent.json');
      assert.equal(file.leaf?.hub, hubIdOf(text));
      assert.ok(text.includes(`port: ${port}`) && file.connection.servers[0]?.endsWith(`:${port}`));
      assert.ok(text.includes(file.connection.password ?? '?'));
      const others = ['agent.json', 'hub.good', 'leaf.conf', 'leaf.fallback.conf', 'render.lock', 'state'];
      assert.deepEqual(
        readdirSync(out).filter((name) => !others.includes(name)),
        [],
      );
    },
  };
}

test('killed at any time, the next rendering asks for what is due', async (t) => {
  const unit = unitOf(t);
  const { ask, start, out } = unit;
  ask(7000);
  await unit.settle();
  unit.assertFits(7000);
  const whole_ms = await (async () => {
    const begun = performance.now();
    await unit.settle();
    return performance.now() - begun;
  })();
  let killed = 0;
  for (let n = 1; n <= 24; n++) {
    ask(7000 + n);
    const child = start();
    if (n % 2 === 0) setTimeout(() => child.kill('SIGKILL'), Math.random() * whole_ms * 1.2);
    else {
      // at one of its changes in the directory
      let changes = 1 + Math.floor(Math.random() * 24);
      const watcher = watch(out, () => {
        changes -= 1;
        if (changes === 0) child.kill('SIGKILL');
      });
      void child.exited.then(() => watcher.close());
    }
    if ((await child.exited) === null) killed += 1;
    unit.act(child.output()); // it may have come so far
    await unit.settle();
    unit.assertFits(7000 + n);
  }
  assert.equal(await unit.settle(), 'nothing to do');
  t.diagnostic(`${killed} of 24 were killed`);
  assert.ok(killed >= 8, `${killed} were killed`);
});

test('two at once wait for each other, and a killed one holds nothing up', async (t) => {
  const unit = unitOf(t);
  const { ask, start, out } = unit;
  ask(7000);
  await unit.settle();
  const holder = start();
  await eventually(
    'it holds the lock',
    () => readFileSync(join(out, 'render.lock'), 'utf8').trim() === `${holder.pid}`,
  );
  holder.kill('SIGSTOP');
  ask(7001);
  const waiting = [unit.settle(), unit.settle(), unit.settle()];
  assert.equal(
    await Promise.race([...waiting, new Promise((resolve) => setTimeout(resolve, 1500, 'waits'))]),
    'waits',
  );
  holder.kill('SIGKILL');
  const todo = await Promise.all(waiting);
  assert.deepEqual(todo.sort(), ['nothing to do', 'nothing to do', 'restart: leaf; reload: agent']);
  unit.assertFits(7001);
});

test('what it asks for stays due when whoever started it is gone, and so reads it not', async (t) => {
  const unit = unitOf(t);
  unit.ask(7000);
  await unit.settle();
  unit.ask(7001);
  await runToEnd('sh', ['-c', '"$0" "$@" | :', runtime(), ...unit.words]); // as of an init script that was killed
  assert.ok(unit.conf().includes('port: 7001'));
  assert.equal(await unit.settle(), 'restart: leaf; reload: agent');
  unit.assertFits(7001);
});
