// The units of config/systemd: as systemd reads them, and their commands as it would run them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { tempDir } from '../kit/process/daemon.ts';
import { lacking, need, projectRoot } from '../kit/process/tools.ts';

const folder = join(projectRoot, 'config/systemd');
const units = readdirSync(folder).filter((name) => name.endsWith('.service'));

const hubUnit = 'nunect-hub.service';

/** The values of a setting of a unit, in their order. */
const settingsOf = (unit: string, name: string): string[] =>
  readFileSync(join(folder, unit), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`${name}=`))
    .map((line) => line.slice(name.length + 1));

interface Host {
  /** Runs a command of a unit with what it may do; gives its code, and what the stand-ins were asked. */
  run(
    unit: string,
    setting: string,
    longest_ms?: number,
  ): { code: number | null; asked: string[]; stderr: string };
  /** What a program of PATH does from now on. */
  program(name: string, shell: string): void;
  at(path: string): string;
}

/** A directory for /usr/lib/nunect and /run, with stand-ins for what the units call. */
function host(t: TestContext): Host {
  const root = tempDir(t, 'systemd');
  const at = (path: string): string => join(root, path);
  for (const dir of ['bin', 'usr/lib/nunect', 'run/nunect/time']) mkdirSync(at(dir), { recursive: true });
  copyFileSync(join(folder, 'nunect-time'), at('usr/lib/nunect/nunect-time'));
  copyFileSync(join(projectRoot, 'openwrt/nunect/time'), at('usr/lib/nunect/time'));
  for (const name of ['nunect-time', 'time']) chmodSync(at(`usr/lib/nunect/${name}`), 0o755);
  const program = (name: string, shell: string): void => {
    writeFileSync(at(`bin/${name}`), `#!/bin/sh\necho "${name} $*" >>"$ASKED"\n${shell}\n`);
    chmodSync(at(`bin/${name}`), 0o755);
  };
  const rooted = (words: string): string => words.replaceAll(/(?<=^| )\/(?=usr|run)/g, `${root}/`);
  return {
    at,
    program,
    run(unit, setting, longest_ms = 20_000) {
      const [command = ''] = settingsOf(unit, setting);
      const [bounds] = settingsOf(unit, 'CapabilityBoundingSet');
      const kept = (bounds ?? '').split(' ').map((one) => `+${one.replace('CAP_', '').toLowerCase()}`);
      const limit = bounds === undefined ? [] : ['setpriv', `--bounding-set=-all,${kept.join(',')}`];
      writeFileSync(at('asked'), '');
      const env = {
        PATH: `${at('bin')}:${process.env['PATH']}`,
        ASKED: at('asked'),
        NUNECT_CONFIG: '/etc/x.ini',
      };
      const [first = '', ...words] = [...limit, ...rooted(command).split(' ')];
      const { status, stderr } = spawnSync(first, words, { env, encoding: 'utf8', timeout: longest_ms });
      return { code: status, stderr, asked: readFileSync(at('asked'), 'utf8').trimEnd().split('\n') };
    },
  };
}

describe('the units for systemd', () => {
  it('are read by systemd without a complaint', { skip: lacking('systemd-analyze') }, (t) => {
    const { at } = host(t);
    for (const unit of units) {
      const text = readFileSync(join(folder, unit), 'utf8').replaceAll(
        '=/usr/lib/nunect/',
        `=${at('usr/lib/nunect/')}`,
      );
      writeFileSync(at(unit), text);
    }
    const { status, stdout, stderr } = spawnSync(
      need('systemd-analyze'),
      ['verify', '--man=no', ...units.map(at)],
      {
        env: { ...process.env, SYSTEMD_UNIT_PATH: `${at('.')}:` },
        encoding: 'utf8',
      },
    );
    assert.equal(
      `${stdout}${stderr}`
        .split('\n')
        .filter((line) => line.includes('nunect'))
        .join('\n'),
      '',
    );
    assert.equal(status, 0, stderr);
  });

  it('and no other files of that folder are installed by its README', () => {
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    for (const name of [...units, 'nunect-time']) assert.ok(readme.includes(`\`${name}\``), name);
  });

  it('leave the right to set the clock to none that feeds chronyd', () => {
    for (const unit of units.filter((name) => !['nunect-time.service', hubUnit].includes(name))) {
      const [bounds = '', ...more] = settingsOf(unit, 'CapabilityBoundingSet');
      assert.match(bounds, /^CAP_/, unit);
      assert.doesNotMatch(bounds, /SYS_TIME/, unit);
      assert.deepEqual(more, [], unit);
    }
  });

  it('leave no right at all to the hub', () => {
    assert.deepEqual(settingsOf(hubUnit, 'CapabilityBoundingSet'), ['']);
    assert.deepEqual(settingsOf(hubUnit, 'NoNewPrivileges'), ['yes']);
    assert.deepEqual(settingsOf(hubUnit, 'AmbientCapabilities'), []);
  });
});

describe('nunect-time.service', () => {
  const unit = 'nunect-time.service';
  const withNunect = (t: TestContext, answers: Readonly<Record<string, string>>): Host => {
    const made = host(t);
    const cases = Object.entries(answers).map(([word, answer]) => `${word}) ${answer} ;;`);
    made.program('nunect', `case $2 in ${cases.join(' ')} esac`);
    made.program('systemctl', '[ "$1" != is-active ] || [ "$3" = chrony.service ]');
    return made;
  };
  const config = '--config /etc/x.ini';
  const restart = [
    'systemctl is-active --quiet chronyd.service',
    'systemctl is-active --quiet chrony.service',
    'systemctl restart chrony.service',
  ];

  it('restarts chronyd for a new drop-in, and has it confirmed', (t) => {
    const answers = { apply: "echo 'run: ptp4l orders; restart: chronyd'", confirm: "echo 'nothing to do'" };
    const { code, asked } = withNunect(t, answers).run(unit, 'ExecStart');
    assert.equal(code, 0);
    assert.deepEqual(asked, [`nunect time apply ${config}`, ...restart, `nunect time confirm ${config}`]);
  });

  it('restarts nothing where nothing has changed', (t) => {
    const { code, asked } = withNunect(t, { apply: "echo 'run: nothing'" }).run(unit, 'ExecStart');
    assert.deepEqual([code, asked], [0, [`nunect time apply ${config}`]]);
  });

  it('fails with a fault, so that what needs it does not start, and gives chronyd what it had', (t) => {
    const answers = { apply: "echo 'br-lan is a bridge' >&2; echo 'run: nothing; restart: chronyd'; exit 1" };
    const { code, asked, stderr } = withNunect(t, answers).run(unit, 'ExecStart');
    assert.deepEqual([code, asked], [1, [`nunect time apply ${config}`, ...restart]]);
    assert.match(stderr, /br-lan is a bridge/);
  });

  it('fails where chronyd does not run with the drop-in, and restarts it without', (t) => {
    const answers = {
      apply: "echo 'run: ptp4l orders; restart: chronyd'",
      confirm: "echo 'restart: chronyd'; exit 1",
    };
    const { code, asked } = withNunect(t, answers).run(unit, 'ExecStart');
    assert.equal(code, 1);
    assert.deepEqual(asked, [
      `nunect time apply ${config}`,
      ...restart,
      `nunect time confirm ${config}`,
      ...restart,
    ]);
  });

  it('takes all back when it is stopped', (t) => {
    const { code, asked } = withNunect(t, { stop: "echo 'restart: chronyd'" }).run(unit, 'ExecStop');
    assert.deepEqual([code, asked], [0, [`nunect time stop ${config}`, ...restart]]);
  });

  it('says that chronyd does not run where it has to be restarted', (t) => {
    const made = withNunect(t, {
      apply: "echo 'run: nothing; restart: chronyd'",
      confirm: "echo 'nothing to do'",
    });
    made.program('systemctl', 'exit 3');
    assert.match(made.run(unit, 'ExecStart').stderr, /does not run/);
  });
});

describe('the units of the daemons', () => {
  const sysTime = 25n; // CAP_SYS_TIME
  const applied = (feed: string): string =>
    JSON.stringify({ feed, gate: 'none', hardware: false, grace_s: 60 });

  for (const name of ['ptp4l', 'phc2sys'])
    it(`run ${name} with the files of nunect-time, and without the right to set the clock`, (t) => {
      const made = host(t);
      writeFileSync(made.at('run/nunect/time/ptp4l.conf'), '[global]\n');
      writeFileSync(made.at('run/nunect/time/phc2sys.args'), '-a\n-r\n');
      for (const feed of ['chronyd', 'clock']) {
        writeFileSync(made.at('run/nunect/time/applied.json'), applied(feed));
        made.program(
          'chronyc',
          'echo C0000201,192.0.2.1,2,1700000000.0,0.000010,0,0,1,0,0.1,0.001,0.001,64.0,Normal',
        );
        made.program(name, `grep CapBnd /proc/self/status >>"$ASKED"`);
        const { code, asked, stderr } = made.run(`nunect-${name}.service`, 'ExecStart');
        assert.equal(code, 0, stderr);
        const [called, bound = ''] = asked.filter((line) => !line.startsWith('chronyc ')); // it has been waited for
        const words = name === 'ptp4l' ? `-f ${made.at('run/nunect/time/ptp4l.conf')}` : '-a -r';
        assert.equal(called, `${name} ${words}`);
        assert.equal((BigInt(`0x${bound.split(/\s+/)[1]}`) >> sysTime) & 1n, 0n, bound);
        assert.doesNotMatch(stderr, /keeps the right/);
      }
    });

  it('start only once there is something to run', () => {
    for (const [unit, file] of [
      ['nunect-ptp4l.service', 'ptp4l.conf'],
      ['nunect-phc2sys.service', 'phc2sys.args'],
      ['nunect-time-orders.service', 'orders'],
    ] as const)
      assert.deepEqual(settingsOf(unit, 'ConditionPathExists'), [`/run/nunect/time/${file}`]);
  });

  it('hand the orders of the agent to chronyd', (t) => {
    const made = host(t);
    const fifo = made.at('run/nunect/time/orders');
    assert.equal(spawnSync('mkfifo', [fifo]).status, 0);
    made.program('chronyc', '');
    const [writer, words] = ['sh', ['-c', `echo 'ptp select' >'${fifo}'`]] as const;
    const ordering = spawnSync('sh', ['-c', `${writer} ${words[0]} "${words[1]}" >/dev/null 2>&1 & echo $!`]);
    assert.equal(ordering.status, 0);
    const { asked } = made.run('nunect-time-orders.service', 'ExecStart', 4000); // it goes on for ever
    assert.deepEqual(asked, ['chronyc -n selectopts PTP0 -noselect']);
    assert.ok(existsSync(fifo));
  });
});
