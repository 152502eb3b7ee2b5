// The init script nunect-time under busybox ash: what it tells procd, and what it leaves of /etc/config/system.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import {
  assertSettled,
  systemConfig as config,
  timeDaemons as daemons,
  setInterface,
  type TimeStage,
  timeStage,
} from '../kit/openwrt/timestage.ts';
import { need, projectRoot } from '../kit/process/tools.ts';

/** A unit whose clock runs by three options. */
function runningUnit(t: TestContext, runs = daemons): TimeStage {
  const stage = timeStage(t);
  setInterface(stage, 'wan');
  stage.plan(runs);
  stage.run('nunect-time', 'reload');
  return stage;
}

describe('nunect-time without an interface', () => {
  it('runs and changes nothing, and starts no node', (t) => {
    const stage = timeStage(t);
    const before = stage.read(config);
    const { calls, log, asked } = stage.run('nunect-time', 'start');
    assert.deepEqual(calls, [
      'nunect-time: open',
      'nunect-time: add_reload_trigger nunect chrony system',
      'nunect-time: add_raw_trigger nunect.device 1000 /etc/init.d/nunect-time reload',
      'nunect-time: close',
    ]);
    assert.deepEqual([log, asked], [[], []]);
    assertSettled(stage, before, 'started');
  });

  it('or with enabled 0 is the same', (t) => {
    const stage = timeStage(t);
    stage.uci('set', 'nunect.ptp.enabled=0');
    setInterface(stage, 'wan');
    const { calls, asked } = stage.run('nunect-time', 'reload');
    assert.doesNotMatch(calls.join('\n'), /open_instance/);
    assert.deepEqual(asked, []);
  });
});

describe('nunect-time with an interface', () => {
  const common = (...files: readonly string[]): string[] => [
    'set_param respawn 3600 5 0',
    'set_param term_timeout 5',
    'set_param stdout 1',
    'set_param stderr 1',
    'set_param file /usr/lib/nunect/time',
    ...(files.length === 0 ? [] : [`append_param file ${files.join(' ')}`]),
  ];

  it('runs what apply says, with the device of the network, and takes the clock from sysntpd', (t) => {
    const stage = timeStage(t);
    setInterface(stage, 'wan');
    stage.network('wan', 'eth1');
    stage.plan('ptp4l phc2sys orders');
    const { calls, log, asked } = stage.run('nunect-time', 'reload');
    assert.deepEqual(asked, ['time apply --device wan=eth1', 'time confirm']);
    assert.deepEqual(log, ['daemon.notice sysntpd is stopped: chronyd and ptp4l keep the clock now']);
    assert.deepEqual(calls, [
      'chronyd: restart',
      'nunect-time: open',
      'sysntpd: stop',
      ...[
        'open_instance ptp4l',
        'set_param command /usr/lib/nunect/time ptp4l /var/run/nunect/time',
        'append_param command ptp4l',
        ...common('/var/run/nunect/time/ptp4l.conf'),
        'set_param netdev eth1',
        'close_instance',
        'open_instance phc2sys',
        'set_param command /usr/lib/nunect/time phc2sys /var/run/nunect/time',
        'append_param command phc2sys',
        ...common('/var/run/nunect/time/phc2sys.args', '/var/run/nunect/time/ptp4l.conf'),
        'close_instance',
        'open_instance orders',
        'set_param command /usr/lib/nunect/time orders /var/run/nunect/time',
        ...common(),
        'close_instance',
        'add_reload_trigger nunect chrony system',
        'add_reload_interface_trigger wan',
        'add_raw_trigger nunect.device 1000 /etc/init.d/nunect-time reload',
        'close',
      ].map((call) => `nunect-time: ${call}`),
    ]);
    assert.match(stage.read(config), /option enabled '0'/);
    assert.equal(statSync(stage.at('etc/nunect/time')).mode & 0o777, 0o700);
  });

  it('restarts chronyd no more when nothing has changed, and says nothing twice', (t) => {
    const stage = timeStage(t);
    setInterface(stage, 'wan');
    stage.plan(daemons, { says: 'note: a steerer\n' });
    assert.ok(stage.run('nunect-time', 'reload').log.includes('daemon.notice note: a steerer'));
    const { calls, log, asked } = stage.run('nunect-time', 'reload');
    assert.deepEqual([log, asked], [[], ['time apply']]);
    assert.doesNotMatch(calls.join('\n'), /chronyd|sysntpd/);
    stage.plan(daemons);
    assert.deepEqual(stage.run('nunect-time', 'reload').log, [
      'daemon.notice nunect time apply: there is nothing to say against it any more',
    ]);
  });

  it('that was stopped stays stopped when the config is loaded anew', (t) => {
    const stage = timeStage(t);
    setInterface(stage, 'wan');
    stage.plan(daemons);
    stage.run('nunect-time', 'start');
    stage.run('nunect-time', 'stop');
    const { calls, asked } = stage.run('nunect-time', 'reload');
    assert.deepEqual([calls, asked, stage.running().instances], [[], [], []]);
  });

  it('passes on no name that is none of an interface', (t) => {
    const stage = timeStage(t);
    for (const name of ['$(id)', '../x', "lan'"]) setInterface(stage, name);
    assert.deepEqual(stage.run('nunect-time', 'reload').asked, []);
  });

  it('starts no program as root that a login of LuCI may have put somewhere', (t) => {
    const stage = runningUnit(t);
    const commandOf = (path: string): string => {
      stage.uci('set', `nunect.ptp.ptp4l=${path}`);
      stage.uci('commit', 'nunect');
      return /append_param command (.*)/.exec(stage.run('nunect-time', 'reload').calls.join('\n'))?.[1] ?? '';
    };
    for (const path of [
      '/bin/sh',
      '/tmp/ptp4l',
      '/etc/nunect/uploads/ptp4l',
      `${stage.at('usr')}/../tmp/ptp4l`, // the stage has its own /usr
      'sh',
      '/usr/bin/env ptp4l',
    ])
      assert.equal(commandOf(path), 'ptp4l', path);
    assert.equal(commandOf('/sbin/ptp4l'), '/sbin/ptp4l');
    assert.equal(commandOf(stage.at('usr/local/sbin/ptp4l')), '/usr/local/sbin/ptp4l');
  });
});

it('what is no name of an interface is not taken for one, nor for a command or files', (t) => {
  const stage = timeStage(t);
  const names = ['*', '/*', '$(touch /tmp/trap)', '`touch /tmp/trap`', 'a;b', 'a"b', '../x', 'wan'];
  stage.put(
    'etc/config/nunect',
    `config ptp 'ptp'\n${names.map((name) => `\tlist interface '${name}'\n`).join('')}`,
  );
  stage.plan(daemons);
  const { calls, log } = stage.run('nunect-time', 'reload');
  const given = calls.filter((line) => /set_param netdev|interface_trigger/.test(line));
  const expected = ['set_param netdev wan', 'add_reload_interface_trigger wan'];
  assert.deepEqual(
    given,
    expected.map((line) => `nunect-time: ${line}`),
    log.join('\n'),
  );
  assert.equal(existsSync('/tmp/trap'), false);
});

describe('sysntpd', () => {
  it('is given back byte for byte, with its rights', (t) => {
    const stage = timeStage(t);
    chmodSync(stage.at(config), 0o640);
    const before = stage.read(config);
    setInterface(stage, 'wan');
    stage.plan(daemons);
    stage.run('nunect-time', 'reload');
    assert.equal(stage.running().sysntpd, false);
    assert.equal(statSync(stage.at(config)).mode & 0o777, 0o640);
    assert.deepEqual(stage.run('nunect-time', 'stop').calls, [
      'nunect-time: kill',
      'chronyd: restart',
      'sysntpd: start',
    ]);
    assertSettled(stage, before, 'stopped');
    assert.equal(statSync(stage.at(config)).mode & 0o777, 0o640);
    assert.equal(existsSync(stage.at('etc/nunect/time')), false);
  });

  it('is given back by a reload without an interface', (t) => {
    const stage = timeStage(t);
    const before = stage.read(config);
    setInterface(stage, 'wan');
    stage.plan(daemons);
    stage.run('nunect-time', 'reload');
    stage.uci('delete', 'nunect.ptp.interface');
    stage.uci('commit', 'nunect');
    assert.deepEqual(stage.run('nunect-time', 'reload').asked, ['time stop']);
    assertSettled(stage, before, 'without an interface');
  });

  it('gets its option alone back where the file was changed since', (t) => {
    const stage = runningUnit(t);
    stage.uci('set', 'system.ntp.server=10.0.0.1');
    stage.uci('commit', 'system');
    stage.run('nunect-time', 'stop');
    assert.match(stage.read(config), /option enabled '1'/);
    assert.match(stage.read(config), /10\.0\.0\.1/);
    assert.ok(stage.running().sysntpd);
  });

  it('loses an option that it did not have', (t) => {
    const stage = timeStage(t);
    stage.put(config, "config timeserver 'ntp'\n\tlist server 'a'\n");
    setInterface(stage, 'wan');
    stage.plan(daemons);
    stage.run('nunect-time', 'reload');
    stage.uci('set', 'system.ntp.use_dhcp=0');
    stage.uci('commit', 'system');
    stage.run('nunect-time', 'stop');
    assert.doesNotMatch(stage.read(config), /enabled/);
    assert.match(stage.read(config), /use_dhcp/);
  });

  it('that its owner has turned on since is stopped again, and stays on in what is given back', (t) => {
    const stage = runningUnit(t);
    stage.uci('set', 'system.ntp.enabled=on');
    stage.uci('commit', 'system');
    const theirs = stage.read(config);
    stage.run('sysntpd', 'start');
    stage.run('nunect-time', 'reload');
    assert.equal(stage.running().sysntpd, false);
    stage.run('nunect-time', 'stop');
    assert.equal(stage.read(config), theirs);
  });

  it('keeps an option that its owner has changed since', (t) => {
    const stage = runningUnit(t);
    for (const value of ['1', 'off']) {
      stage.uci('set', `system.ntp.enabled=${value}`);
      stage.uci('commit', 'system');
      const theirs = stage.read(config);
      stage.run('nunect-time', 'stop');
      assert.equal(stage.read(config), theirs);
      stage.run('nunect-time', 'start');
    }
  });

  it('that was off is left alone', (t) => {
    const stage = timeStage(t);
    stage.put(config, "config timeserver 'ntp'\n\toption enabled 'no' # mine\n");
    const before = stage.read(config);
    setInterface(stage, 'wan');
    stage.plan(daemons);
    stage.run('nunect-time', 'reload');
    assert.equal(stage.read(config), before);
    stage.run('nunect-time', 'stop');
    assert.equal(stage.read(config), before);
  });

  it('that is not there is not missed', (t) => {
    const stage = timeStage(t);
    const before = stage.read(config);
    stage.unit.remove('etc/init.d/sysntpd');
    stage.unit.services(['nunect', 'nunect-time', 'chronyd'], ['chronyd']);
    setInterface(stage, 'wan');
    stage.plan(daemons);
    stage.run('nunect-time', 'reload');
    assert.deepEqual(stage.running().instances, ['ptp4l', 'orders']);
    stage.run('nunect-time', 'stop');
    assert.equal(stage.read(config), before);
  });

  it('has what is staged, but not committed, neither committed nor taken for its own', (t) => {
    const stage = timeStage(t);
    const before = stage.read(config);
    stage.uci('set', 'system.ntp.enabled=0');
    stage.uci('set', 'system.ntp.server=staged');
    setInterface(stage, 'wan');
    stage.plan(daemons);
    stage.run('nunect-time', 'reload');
    assert.doesNotMatch(stage.read(config), /staged/);
    assert.match(stage.read(config), /option enabled '0'/);
    stage.run('nunect-time', 'stop');
    assert.equal(stage.read(config), before);
    stage.uci('commit', 'system');
    assert.match(stage.read(config), /staged/);
  });

  it('is only stopped, and flash not changed, by a service that the next boot does not start', (t) => {
    const stage = timeStage(t);
    const before = stage.read(config);
    stage.run('nunect-time', 'disable');
    setInterface(stage, 'wan');
    stage.plan(daemons);
    stage.run('nunect-time', 'start');
    assert.equal(stage.running().sysntpd, false);
    assert.equal(stage.read(config), before);
    stage.run('nunect-time', 'stop');
    assertSettled(stage, before, 'stopped');
  });

  it('is back at the next boot after the service was disabled, even if the agent is, too', (t) => {
    for (const alsoAgent of [false, true]) {
      const stage = timeStage(t);
      const before = stage.read(config);
      setInterface(stage, 'wan');
      stage.plan(daemons);
      stage.run('nunect-time', 'reload');
      stage.run('nunect-time', 'disable');
      assert.equal(stage.read(config), before);
      assert.equal(stage.running().sysntpd, false, 'the service still runs');
      if (alsoAgent) stage.unit.program('etc/init.d/nunect', 'exit 0');
      stage.powerCycle();
      assert.ok(stage.running().sysntpd);
      assert.equal(stage.read(config), before);
    }
  });

  it('is given back on a full disk, too', (t) => {
    const stage = timeStage(t);
    const before = stage.read(config);
    setInterface(stage, 'wan');
    stage.plan(daemons);
    stage.run('nunect-time', 'reload');
    const full = `for last; do :; done; case $last in "$STATE"/etc/*) exit 1 ;; esac; exec ${need('busybox')} cp "$@"`;
    stage.unit.program('bin/cp', full);
    stage.run('nunect-time', 'stop');
    assertSettled(stage, before, 'stopped');
    stage.run('nunect-time', 'start');
    assert.equal(stage.read(config), before, 'it cannot be changed');
    assert.deepEqual(stage.running(), { instances: ['ptp4l', 'orders'], sysntpd: false, chronyd: daemons });
    stage.run('nunect-time', 'stop');
    assertSettled(stage, before, 'stopped again');
    assert.equal(existsSync(stage.at('etc/nunect/time')), false);
  });

  it('is as it was in what sysupgrade saves, which saves no packages', (t) => {
    const stage = timeStage(t);
    const before = stage.read(config);
    setInterface(stage, 'wan');
    stage.plan(daemons);
    stage.run('nunect-time', 'reload');
    const hook = readFileSync(join(projectRoot, 'openwrt/nunect/sysupgrade.sh'), 'utf8').replaceAll(
      '/etc/',
      `${stage.at('etc')}/`,
    );
    const sysupgrade = (listOnly: string): string[] => {
      const script = `sysupgrade_init_conffiles=add_conffiles; ${hook}\nadd_conffiles() { echo listed; }\nfor one in $sysupgrade_init_conffiles; do $one; done`;
      const files = { CALLS: stage.at('calls'), LOG: stage.at('log'), RENDERED: stage.at('rendered') };
      const env = { PATH: stage.at('bin'), STATE: stage.unit.root, CONF_BACKUP_LIST: listOnly, ...files };
      const { stdout, stderr } = spawnSync(need('busybox'), ['ash', '-c', script], { env, encoding: 'utf8' });
      return [stdout, stderr];
    };
    assert.deepEqual(sysupgrade('1'), ['listed\n', '']);
    assert.notEqual(stage.read(config), before);
    assert.deepEqual(sysupgrade('0'), ['listed\n', '']);
    assert.equal(stage.read(config), before);
    assert.equal(existsSync(stage.at('etc/nunect/time')), false);
    assert.equal(stage.running().sysntpd, false);
    stage.run('nunect-time', 'reload');
    assert.match(stage.read(config), /option enabled '0'/);
  });

  it('stays off in an upgrade of the package', (t) => {
    const stage = runningUnit(t);
    const script = stage.read('etc/init.d/nunect-time');
    stage.put('etc/init.d/nunect-time', script.replace('USE_PROCD=1', 'USE_PROCD=1\nPKG_UPGRADE=1'));
    assert.deepEqual(stage.run('nunect-time', 'stop').calls, ['nunect-time: kill']);
    assert.equal(stage.running().sysntpd, false);
    assert.match(stage.read(config), /option enabled '0'/);
  });
});

describe('chronyd', () => {
  it('that is not there is not asked for: ptp4l steers, without sysntpd', (t) => {
    const stage = timeStage(t);
    stage.unit.remove('etc/init.d/chronyd');
    stage.unit.services(['nunect', 'nunect-time', 'sysntpd'], ['sysntpd']);
    setInterface(stage, 'wan');
    stage.plan(daemons);
    const { asked, log } = stage.run('nunect-time', 'reload');
    assert.deepEqual(asked, ['time apply']);
    assert.equal(log.length, 1);
    const { instances, sysntpd } = stage.running();
    assert.deepEqual([instances, sysntpd], [['ptp4l', 'orders'], false]);
  });

  it('that is off is not turned on, and nothing runs that would feed it', (t) => {
    const stage = timeStage(t);
    const before = stage.read(config);
    rmSync(stage.at('etc/rc.d/S98chronyd'));
    stage.unit.services(['nunect', 'nunect-time', 'sysntpd'], ['sysntpd']);
    setInterface(stage, 'wan');
    stage.plan(daemons);
    const { calls, log } = stage.run('nunect-time', 'reload');
    assert.ok(
      log.some((line) => line.includes('chronyd is off')),
      log.join('\n'),
    );
    assert.doesNotMatch(calls.join('\n'), /chronyd/);
    assert.deepEqual(stage.running().instances, []);
    assert.equal(stage.read(config), before);
  });

  it('that does not run with the drop-in gets back what it had, and sysntpd its clock', (t) => {
    const stage = timeStage(t);
    const before = stage.read(config);
    setInterface(stage, 'wan');
    stage.plan(daemons, { confirms: false });
    const { calls, log, asked } = stage.run('nunect-time', 'reload');
    assert.deepEqual(asked, ['time apply', 'time confirm']);
    assert.deepEqual(
      calls.filter((call) => call.startsWith('chronyd')),
      ['chronyd: restart', 'chronyd: restart'],
    );
    assert.ok(log.includes('daemon.err chronyd does not answer'));
    assertSettled(stage, before, 'refused');
  });

  it('gets back what it had where confirm crashes', (t) => {
    const stage = timeStage(t);
    const before = stage.read(config);
    setInterface(stage, 'wan');
    stage.plan(daemons);
    stage.breakConfirm();
    const { asked, log } = stage.run('nunect-time', 'reload');
    assert.deepEqual(asked, ['time apply', 'time confirm', 'time stop']);
    assert.ok(log.includes('daemon.err nunect time confirm failed with code 3'));
    assertSettled(stage, before, 'not confirmed');
  });
});

describe('apply', () => {
  it('with a fault stops what ran, and gives sysntpd back', (t) => {
    const stage = timeStage(t);
    const before = stage.read(config);
    setInterface(stage, 'br-lan');
    stage.plan(daemons);
    stage.run('nunect-time', 'reload');
    stage.plan('nothing', { says: 'br-lan is a bridge\n' });
    assert.deepEqual(stage.run('nunect-time', 'reload').log, ['daemon.err br-lan is a bridge']);
    assertSettled(stage, before, 'with a fault');
  });

  it('that crashes leaves a reload without any effect, and a start without anything that runs', (t) => {
    const stage = timeStage(t);
    const before = stage.read(config);
    setInterface(stage, 'wan');
    stage.plan(daemons);
    stage.run('nunect-time', 'reload');
    stage.breakApply();
    const { calls, log } = stage.run('nunect-time', 'reload');
    assert.deepEqual([calls, log], [[], ['daemon.err nunect time apply failed with code 3']]);
    assert.deepEqual(stage.running().instances, ['ptp4l', 'orders']);
    stage.powerCycle();
    assertSettled(stage, before, 'booted');
  });
});

describe('an interface that appears later', () => {
  const hotplug = (stage: TimeStage, action: string, device: string): string => {
    rmSync(stage.at('calls'), { force: true });
    const env = {
      PATH: stage.at('bin'),
      STATE: stage.unit.root,
      CALLS: stage.at('calls'),
      ACTION: action,
      INTERFACE: device,
    };
    const { stderr } = spawnSync(need('busybox'), ['ash', join(projectRoot, 'openwrt/nunect/hotplug')], {
      env,
      encoding: 'utf8',
    });
    return stderr + (existsSync(stage.at('calls')) ? stage.read('calls') : '');
  };

  it('makes procd reload the service, if the config names it', (t) => {
    const stage = timeStage(t);
    setInterface(stage, 'eth7');
    const event = 'ubus call service event {"type":"nunect.device","data":{}}\n';
    assert.equal(hotplug(stage, 'add', 'eth7'), event);
    assert.equal(hotplug(stage, 'move', 'eth7'), event);
    assert.equal(hotplug(stage, 'remove', 'eth7'), '');
    assert.equal(hotplug(stage, 'add', 'eth'), '');
  });

  it('writes nothing to flash when it goes and comes back, as long as chronyd keeps the clock', (t) => {
    const stage = timeStage(t);
    const before = stage.read(config);
    setInterface(stage, 'eth7');
    stage.plan(daemons);
    stage.run('nunect-time', 'reload');
    const { ino } = statSync(stage.at(config));
    stage.plan('waiting');
    stage.powerCycle();
    assert.deepEqual([stage.running().instances, stage.running().sysntpd], [[], false]);
    stage.plan(daemons);
    stage.run('nunect-time', 'reload');
    assert.equal(statSync(stage.at(config)).ino, ino);
    stage.run('nunect-time', 'stop');
    assertSettled(stage, before, 'stopped');
  });

  it('gives the clock back to sysntpd when it goes, where there is no chronyd', (t) => {
    const stage = timeStage(t);
    const before = stage.read(config);
    stage.unit.remove('etc/init.d/chronyd');
    stage.unit.services(['nunect', 'nunect-time', 'sysntpd'], ['sysntpd']);
    setInterface(stage, 'eth7');
    stage.plan(daemons);
    stage.run('nunect-time', 'reload');
    assert.equal(stage.running().sysntpd, false);
    stage.plan('waiting');
    stage.run('nunect-time', 'reload');
    assert.deepEqual([stage.running().instances, stage.running().sysntpd], [[], true]);
    assert.equal(stage.read(config), before);
  });

  it('leaves the clock to sysntpd until then', (t) => {
    const stage = timeStage(t);
    const before = stage.read(config);
    setInterface(stage, 'eth7');
    stage.unit.program('usr/bin/nunect', 'echo "note: there is no eth7 yet" >&2; echo "run: nothing"');
    const { log } = stage.run('nunect-time', 'reload');
    assert.deepEqual(log, ['daemon.notice note: there is no eth7 yet']);
    assert.deepEqual(stage.running().instances, []);
    assert.equal(stage.read(config), before);
  });
});
