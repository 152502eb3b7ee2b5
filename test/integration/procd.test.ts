import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fifoWriter } from '../../agent/clock/orders/fifo.ts';
import { readIfThere } from '../../agent/lib/files.ts';
import { type ProcdStage, procdStage } from '../kit/openwrt/procd.ts';
import { daemon, eventually } from '../kit/process/daemon.ts';
import { lacking, need, projectRoot } from '../kit/process/tools.ts';

const config = (changes: { agent?: object; leaf?: object; hub?: object; status?: object } = {}) => ({
  agent: { enabled: true, ...changes.agent },
  hub: { url: [], ...changes.hub },
  leaf: { mode: 'managed', server: 'nats-server', jetstream: false, ...changes.leaf },
  status: { ...changes.status },
});

const common = [
  'set_param env NUNECT_PACE=/var/run/nunect/state',
  'set_param user nunect',
  'set_param group nunect',
  'set_param respawn 3600 5 0',
  'set_param term_timeout 5',
  'set_param stdout 1',
  'set_param stderr 1',
];
const of = (service: string, calls: readonly string[]): string[] =>
  calls.map((call) => `${service}: ${call}`);

const agentStartsAfter = (settled: readonly string[]): string[] => [
  'nunect: open',
  ...settled,
  ...of('nunect', [
    'open_instance agent',
    'set_param command /usr/bin/nunect run',
    'set_param file /usr/lib/nunect/nunect.cjs /usr/bin/nunect',
    ...common,
    'close_instance',
    'add_reload_trigger nunect',
    'close',
  ]),
];
const agentStarts = agentStartsAfter([]);
const agentIdleAfter = (settled: readonly string[]): string[] => [
  'nunect: open',
  ...settled,
  ...of('nunect', ['add_reload_trigger nunect', 'close']),
];
const agentIdle = agentIdleAfter([]);

const leafInstance = (server = 'nats-server'): string[] => [
  'open_instance leaf',
  `set_param command /usr/lib/nunect/leaf /var/run/nunect ${server}`,
  'set_param file /usr/lib/nunect/leaf',
  'set_param limits nofile=70000 70000',
  ...common,
  'close_instance',
];
const leafStarts = of('nunect-leaf', ['open', ...leafInstance(), 'close']);
const leafIdle = of('nunect-leaf', ['open', 'close']);

/** A unit on which both services run by a config that was rendered. */
function runningUnit(t: TestContext): ProcdStage {
  const unit = procdStage(t);
  unit.rendering({ last: 'restart: leaf agent', config: config(), leafConf: true });
  unit.init('nunect', 'start');
  unit.services(['nunect', 'nunect-leaf'], ['nunect', 'nunect-leaf']);
  return unit;
}

describe('start', () => {
  it('renders once for both services, and starts each daemon as user nunect', (t) => {
    const unit = procdStage(t);
    unit.rendering({ last: 'restart: leaf agent', config: config(), leafConf: true });
    assert.deepEqual(unit.init('nunect', 'start'), { calls: agentStarts, log: [], rendered: 1, stdout: '' });
    assert.deepEqual(unit.init('nunect-leaf', 'start'), {
      calls: leafStarts,
      log: [],
      rendered: 0,
      stdout: '',
    });
  });

  const takeover = of('nunect', [
    'open_instance takeover',
    'set_param command /usr/lib/nunect/takeover /var/run/nunect/reload.fifo',
    'set_param file /usr/lib/nunect/takeover',
    'set_param respawn 3600 5 0',
    'set_param stderr 1',
    'close_instance',
  ]);
  for (const [what, rendered] of [
    ['has a token', { config: config(), enrol: { dir: '/etc/nunect/enrol', token: 'nunect-x' } }],
    ['is enrolled', { config: { ...config(), enrolled: { dir: '/etc/nunect/enrol', key: 'U' } } }],
  ] as const)
    it(`of a unit that ${what} makes a folder for its key, and lets the agent ask for a rendering`, (t) => {
      const unit = procdStage(t);
      unit.rendering({ last: 'restart: leaf agent', leafConf: true, ...rendered });
      const { calls } = unit.init('nunect', 'start');
      const own = 'chown nunect:nunect /etc/nunect/enrol';
      const [open = '', ...rest] = agentStarts;
      const ends = rest.splice(-2);
      assert.deepEqual(calls, [open, own, ...rest, ...takeover, ...ends]);
      assert.equal(statSync(join(unit.root, 'etc/nunect/enrol')).mode & 0o777, 0o700);
    });

  it('of a unit that runs makes the folder before the agent hears of its token', (t) => {
    const unit = runningUnit(t);
    const enrol = { dir: '/etc/nunect/enrol', token: 'nunect-x' };
    unit.rendering({ last: 'reload: agent', leafConf: true, config: config(), enrol });
    const { calls } = unit.init('nunect', 'reload');
    const told = ['chown nunect:nunect /etc/nunect/enrol', 'nunect: send_signal nunect agent HUP'];
    assert.deepEqual(
      calls.filter((call) => told.includes(call)),
      told,
    );
  });

  it('of a unit without either has nobody who could be asked', (t) => {
    const unit = procdStage(t);
    unit.rendering({ last: 'restart: leaf agent', config: config(), enrol: { dir: '/d', own: 'x' } });
    assert.ok(!unit.init('nunect', 'start').calls.some((call) => call.includes('takeover')));
    assert.ok(!existsSync(join(unit.root, 'etc/nunect/enrol')));
  });

  it('of the leaf alone renders what is not there yet', (t) => {
    const unit = procdStage(t);
    unit.rendering({ last: 'restart: leaf agent', config: config(), leafConf: true });
    assert.deepEqual(unit.init('nunect-leaf', 'start'), {
      calls: leafStarts,
      log: [],
      rendered: 1,
      stdout: '',
    });
  });

  it('with agent.enabled 0 starts nothing, but hears of the change back', (t) => {
    const unit = procdStage(t);
    unit.rendering({
      last: 'restart: leaf agent',
      config: config({ agent: { enabled: false } }),
      leafConf: true,
    });
    const agent = unit.init('nunect', 'start');
    assert.deepEqual(agent.calls, agentIdle);
    assert.deepEqual(agent.log, ['daemon.notice agent.enabled is 0: nothing is started']);
    assert.deepEqual(unit.init('nunect-leaf', 'start'), {
      calls: leafIdle,
      log: [],
      rendered: 0,
      stdout: '',
    });
  });

  for (const mode of ['external', 'off'])
    it(`with leaf.mode ${mode} starts the agent only, without a complaint`, (t) => {
      const unit = procdStage(t);
      unit.rendering({ last: 'restart: agent', config: config({ leaf: { mode } }) });
      assert.deepEqual(unit.init('nunect', 'start').calls, agentStarts);
      assert.deepEqual(unit.init('nunect-leaf', 'start'), {
        calls: leafIdle,
        log: [],
        rendered: 0,
        stdout: '',
      });
    });

  it('takes the server program from the config, leaves certificates to the agent, and makes the place of the JetStream store', (t) => {
    const unit = procdStage(t);
    const store = join(unit.root, 'var/lib/nunect/jetstream');
    const leaf = {
      server: join(unit.root, 'opt/nats'),
      tls_cert: '/c.pem',
      jetstream: true,
      jetstream_store_dir: store,
    };
    unit.program('opt/nats', 'exit 0');
    unit.rendering({
      last: 'restart: leaf agent',
      config: config({ leaf, hub: { tls_ca: '/my ca.pem' } }),
      leafConf: true,
    });
    const { calls } = unit.init('nunect-leaf', 'start');
    assert.deepEqual(calls, [
      'nunect-leaf: open',
      'chown nunect:nunect /var/lib/nunect',
      ...of('nunect-leaf', [...leafInstance('/opt/nats'), 'close']),
    ]);
    assert.ok(existsSync(dirname(store)));
  });

  it('makes no directory as root where the config says so', (t) => {
    const unit = procdStage(t);
    for (const path of ['etc/hotplug.d/usb', 'var/lib/nunectx/js', 'srv/jetstream']) {
      const leaf = { jetstream: true, jetstream_store_dir: join(unit.root, path) };
      unit.rendering({ last: 'restart: leaf agent', config: config({ leaf }), leafConf: true });
      unit.init('nunect', 'start');
      assert.deepEqual(unit.init('nunect-leaf', 'start').calls, leafStarts, path);
      assert.equal(existsSync(join(unit.root, path)), false, path);
    }
  });

  it('makes the directory on flash that user nunect may write, once', (t) => {
    const unit = procdStage(t);
    rmSync(join(unit.root, 'etc/nunect'), { recursive: true });
    unit.rendering({ last: 'restart: leaf agent', config: config(), leafConf: true });
    assert.ok(unit.init('nunect', 'start').calls.includes('chown nunect:nunect /etc/nunect/spool'));
    assert.equal(statSync(join(unit.root, 'etc/nunect/spool')).mode & 0o777, 0o700);
    assert.deepEqual(unit.init('nunect', 'start').calls, agentStarts);
  });

  it('says in one line that nats-server is missing, and runs the agent', (t) => {
    const unit = procdStage(t);
    const complaint = "/etc/config/nunect: leaf.server: there is no program 'nats-server'\n";
    unit.remove('bin/nats-server');
    unit.rendering({ last: 'restart: agent', config: config(), complaint, code: 1 });
    const agent = unit.init('nunect', 'start');
    assert.deepEqual(agent.calls, agentStarts);
    assert.deepEqual(agent.log, [`daemon.err ${complaint.trimEnd()}`]);
    const leaf = unit.init('nunect-leaf', 'start');
    assert.deepEqual(leaf.calls, leafIdle);
    assert.deepEqual(leaf.log, [
      "daemon.err leaf not started: there is no program 'nats-server'. Install it, then: /etc/init.d/nunect reload",
    ]);
  });

  it('says in one line that there is no node, and still runs the leaf of an earlier rendering', (t) => {
    const unit = runningUnit(t);
    unit.program('usr/bin/nunect', "echo 'nunect: there is no node: install it' >&2; exit 127");
    const agent = unit.init('nunect', 'start');
    assert.deepEqual(agent.calls, agentIdle);
    assert.deepEqual(agent.log, ['daemon.err nunect: there is no node: install it']);
    assert.deepEqual(unit.init('nunect-leaf', 'start').calls, leafStarts);
  });

  it('without node and without a rendering starts nothing', (t) => {
    const unit = procdStage(t);
    unit.program('usr/bin/nunect', "echo 'nunect: there is no node: install it' >&2; exit 127");
    assert.deepEqual(unit.init('nunect', 'start').calls, agentIdle);
    const leaf = unit.init('nunect-leaf', 'start');
    assert.deepEqual(leaf.calls, leafIdle);
    assert.deepEqual(leaf.log, ['daemon.err nunect: there is no node: install it']);
  });

  it('of what runs already acts on what it rendered, as no later reload would hear of it', (t) => {
    const unit = runningUnit(t);
    unit.rendering({ last: 'restart: leaf; reload: agent', config: config(), leafConf: true });
    const settled = ['nunect-leaf: kill', ...leafStarts, 'nunect: send_signal nunect agent HUP'];
    assert.deepEqual(unit.init('nunect', 'start').calls, agentStartsAfter(settled));
  });

  it('tells the first mistake in the config and how many there are, and runs all the same', (t) => {
    const unit = procdStage(t);
    const complaint = 'c:3: warning: a\nnote: not a problem\nc:4: b\nc:5: c\n';
    unit.rendering({ last: 'restart: leaf agent', config: config(), leafConf: true, complaint });
    const { calls, log } = unit.init('nunect', 'start');
    assert.deepEqual(calls, agentStarts);
    assert.deepEqual(log, ['daemon.warn c:3: warning: a (and 2 more: nunect check)']);
  });

  it('that cannot render goes on with what was rendered before', (t) => {
    const unit = runningUnit(t);
    unit.program('usr/bin/nunect', 'exit 3');
    const { calls, log } = unit.init('nunect', 'start');
    assert.deepEqual(calls, agentStartsAfter(leafStarts));
    assert.deepEqual(log, ['daemon.err nunect render failed with code 3']);
  });
});

describe('reload', () => {
  const hup = (service: string): string =>
    `nunect: send_signal ${service} ${service === 'nunect' ? 'agent' : '*'} HUP`;
  const leafRestarts = ['nunect-leaf: kill', ...leafStarts];

  for (const [last, expected] of [
    ['nothing to do', agentStartsAfter([...leafStarts])],
    ['reload: agent', agentStartsAfter([...leafStarts, hup('nunect')])],
    ['reload: leaf', agentStartsAfter([hup('nunect-leaf'), ...leafStarts])],
    ['reload: leaf agent', agentStartsAfter([hup('nunect-leaf'), ...leafStarts, hup('nunect')])],
    ['restart: leaf', agentStartsAfter([...leafRestarts])],
    ['restart: leaf; reload: agent', agentStartsAfter([...leafRestarts, hup('nunect')])],
    ['restart: agent', agentStartsAfter([...leafStarts, 'nunect: kill'])],
    ['restart: agent; reload: leaf', agentStartsAfter([hup('nunect-leaf'), ...leafStarts, 'nunect: kill'])],
    ['restart: leaf agent', agentStartsAfter([...leafRestarts, 'nunect: kill'])],
  ] as const)
    it(`does what '${last}' asks for, and nothing else than procd's comparison`, (t) => {
      const unit = runningUnit(t);
      unit.rendering({ last, config: config(), leafConf: true });
      assert.deepEqual(unit.init('nunect', 'reload'), { calls: expected, log: [], rendered: 1, stdout: '' });
    });

  it('by the name of the leaf is the same', (t) => {
    const unit = runningUnit(t);
    unit.rendering({ last: 'reload: leaf', config: config(), leafConf: true });
    const { calls, rendered } = unit.init('nunect-leaf', 'reload');
    assert.deepEqual(calls, agentStartsAfter([hup('nunect-leaf'), ...leafStarts]));
    assert.equal(rendered, 1);
  });

  it('to agent.enabled 0 takes both instances away without a signal, and keeps the trigger', (t) => {
    const unit = runningUnit(t);
    unit.rendering({ last: 'reload: agent', config: config({ agent: { enabled: false } }), leafConf: true });
    assert.deepEqual(unit.init('nunect', 'reload').calls, agentIdleAfter(leafIdle));
  });

  it('to agent.enabled 1 starts both, and sends no signal to a process that only begins', (t) => {
    const unit = runningUnit(t);
    unit.services(['nunect', 'nunect-leaf'], []);
    unit.rendering({ last: 'reload: agent', config: config(), leafConf: true });
    assert.deepEqual(unit.init('nunect', 'reload').calls, agentStartsAfter(leafStarts));
  });

  it('to leaf.mode external stops the leaf', (t) => {
    const unit = runningUnit(t);
    unit.rendering({ last: 'restart: leaf; reload: agent', config: config({ leaf: { mode: 'external' } }) });
    const { calls } = unit.init('nunect', 'reload');
    assert.deepEqual(calls, agentStartsAfter(['nunect-leaf: kill', ...leafIdle, hup('nunect')]));
  });

  it('of the leaf by hand tries the hub settings again that were asked for', (t) => {
    const unit = runningUnit(t);
    const marker = join(unit.root, 'var/run/nunect/state/fallback');
    mkdirSync(dirname(marker), { recursive: true });
    writeFileSync(marker, 'x\n');
    unit.init('nunect-leaf', 'start');
    assert.ok(existsSync(marker), 'a start that changes nothing keeps it');
    unit.init('nunect-leaf', 'restart');
    assert.equal(existsSync(marker), false);
  });

  it('leaves alone what was stopped by hand', (t) => {
    const unit = runningUnit(t);
    unit.services(['nunect'], ['nunect']);
    unit.rendering({ last: 'restart: leaf; reload: agent', config: config(), leafConf: true });
    assert.deepEqual(unit.init('nunect', 'reload').calls, agentStartsAfter([hup('nunect')]));
    unit.services(['nunect-leaf'], ['nunect-leaf']);
    assert.deepEqual(unit.init('nunect', 'reload').calls, leafRestarts);
  });

  it('that cannot render touches nothing and says so', (t) => {
    const unit = runningUnit(t);
    unit.rendering({ last: '', complaint: 'nunect: no space left on device\n', code: 1, leafConf: true });
    const { calls, log } = unit.init('nunect', 'reload');
    assert.deepEqual(calls, []);
    assert.deepEqual(log, ['daemon.err nunect: no space left on device']);
  });
});

describe('stop', () => {
  it('of the agent waits until the process is gone, as the signal of procd does not', (t) => {
    const unit = runningUnit(t);
    const pid = execFileSync('sh', ['-c', 'sleep 1 >/dev/null 2>&1 & echo $!'], { encoding: 'utf8' }).trim();
    unit.program('bin/ubus', 'exit 0');
    unit.program('bin/jsonfilter', `echo ${pid}`);
    unit.program('bin/sleep', `exec ${need('busybox')} sleep "$1"`);
    assert.deepEqual(unit.init('nunect', 'stop').calls, ['nunect: kill']);
    assert.equal(existsSync(`/proc/${pid}`), false);
  });
});

describe('leaf.interface', () => {
  it('that is no name of a network is not passed on to the functions of OpenWrt', (t) => {
    const unit = runningUnit(t);
    for (const name of ["lan'] ", '$(id)', '../x y']) {
      unit.network(name);
      assert.doesNotMatch(unit.init('nunect', 'reload').calls.join('\n'), /interface_trigger/, name);
    }
  });

  it('is asked of netifd and followed when its address changes', (t) => {
    const unit = runningUnit(t);
    const trigger = 'nunect: add_reload_interface_trigger lan';
    for (const address of [undefined, '192.168.1.1']) {
      unit.network('lan', address);
      const { calls, asked, rendered } = unit.init('nunect', 'reload');
      assert.ok(calls.includes(trigger), calls.join('\n'));
      assert.deepEqual([asked, rendered], [address && [`nunect render --leaf-address ${address}`], 1]);
    }
  });
});

describe('the pause before a start', () => {
  /** Starts what paces itself; gives what became of it: a start, or a pause of that many seconds. */
  const starter = (t: TestContext): ((uptime: number) => string) => {
    const unit = procdStage(t);
    unit.program('bin/sleep', 'echo "pause $1"');
    const state = join(unit.root, 'var/run/nunect/state');
    mkdirSync(state);
    const uptime = join(unit.root, 'uptime');
    const pace = readFileSync(join(projectRoot, 'procd/pace.sh'), 'utf8').replace('/proc/uptime', uptime);
    writeFileSync(join(unit.root, 'pace.sh'), `${pace}\npace leaf\necho started\n`);
    return (at) => {
      writeFileSync(uptime, `${at}.25 1.00\n`);
      const env = { PATH: join(unit.root, 'bin'), NUNECT_PACE: state };
      const ran = spawnSync(need('busybox'), ['ash', join(unit.root, 'pace.sh')], { env, encoding: 'utf8' });
      return ran.stdout.trim();
    };
  };

  it('grows to a minute while the daemon ends soon after each start, and is over once it stays', (t) => {
    const start = starter(t);
    let now = 100;
    const seen = Array.from({ length: 15 }, () => {
      now += 5;
      const said = start(now);
      now += Number(/^pause (\d+)$/.exec(said)?.[1] ?? 0);
      return said;
    });
    assert.deepEqual(seen, [
      ...Array.from({ length: 4 }, () => 'started'),
      ...[15, 30, 45, 60, 60].flatMap((pause) => [`pause ${pause}`, 'started']),
      'pause 60',
    ]);
    assert.equal(start(now + 5), 'started');
    assert.equal(start(now + 70), 'started');
    assert.equal(start(now + 75), 'started');
  });

  it('is not made by what procd does not start', (t) => {
    const unit = procdStage(t);
    const script = `. ${join(projectRoot, 'procd/pace.sh')}; for i in 1 2 3 4 5 6; do pace leaf; done; echo started`;
    const env = { PATH: join(unit.root, 'bin') };
    assert.equal(
      spawnSync(need('busybox'), ['ash', '-c', script], { env, encoding: 'utf8' }).stdout,
      'started\n',
    );
  });
});

describe('the scripts', () => {
  it('have a check command', (t) => {
    const unit = procdStage(t);
    unit.program('usr/bin/nunect', 'echo "asked: $*"');
    assert.equal(unit.init('nunect', 'check').stdout, 'asked: check\n');
  });

  it('are clean by shellcheck', { skip: lacking('shellcheck') }, () => {
    const names = [
      'procd/nunect',
      'procd/nunect-leaf',
      'procd/nunect-time',
      'procd/procd.sh',
      'procd/sysntpd.sh',
      'procd/pace.sh',
      'openwrt/nunect/launcher',
      'openwrt/nunect/postrm',
      'openwrt/nunect/hotplug',
      'openwrt/nunect/sysupgrade.sh',
      'openwrt/nunect/time',
    ];
    execFileSync(need('shellcheck'), names, { cwd: projectRoot, stdio: ['ignore', 'inherit', 'inherit'] });
  });
});

describe('takeover', () => {
  it('reloads nunect for each line in its FIFO, which only its group may write, whatever the line is', async (t) => {
    const unit = procdStage(t);
    const at = (path: string): string => join(unit.root, path);
    unit.program('etc/init.d/nunect', `echo "$*" >>${at('reloads')}`);
    unit.program('bin/sleep', `echo "sleep $*" >>${at('reloads')}`);
    const child = daemon(t, at('usr/lib/nunect/takeover'), [at('var/run/nunect/reload.fifo')], {
      env: { PATH: at('bin') },
    });
    const fifo = at('var/run/nunect/reload.fifo');
    await eventually('the FIFO', () => existsSync(fifo) && (statSync(fifo).mode & 0o777) === 0o620);
    const writer = fifoWriter(fifo);
    for (const line of ['reload', '$(touch hacked); `touch hacked`', 'a\0b']) {
      await eventually('it is written', () => writer.write(line) === undefined);
      writer.close();
    }
    await eventually(
      'three reloads',
      () => (readIfThere(at('reloads')) ?? '') === 'reload\nsleep 10\n'.repeat(3),
    );
    assert.ok(!existsSync('hacked'));
    await child.end('SIGTERM');
  });
});
