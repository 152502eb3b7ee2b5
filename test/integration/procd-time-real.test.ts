// The init script nunect-time with the real 'nunect time', chronyd and ptp4l.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import {
  assertSettled,
  setInterface,
  systemConfig,
  type TimeStage,
  timeStage,
} from '../kit/openwrt/timestage.ts';
import { tempDir } from '../kit/process/daemon.ts';
import { need, projectRoot } from '../kit/process/tools.ts';

const dropIn = 'var/etc/chrony.d/50-nunect-time.conf';

/** A unit whose programs are real, but for procd, sysntpd and uci. */
function realUnit(t: TestContext): { stage: TimeStage; sources(): string; end(): void } {
  const stage = timeStage(t);
  const bundle = tempDir(t, 'bundle');
  execFileSync('node', [join(projectRoot, 'build/bundle.mjs'), '--out', bundle]);
  for (const name of ['chronyd', 'chronyc', 'ptp4l', 'setpriv', 'flock', 'kill'])
    symlinkSync(need(name), stage.at(`bin/${name}`));
  const where = `--config ${stage.at('etc/config/nunect')} --out ${stage.at('var/run/nunect')}`;
  stage.unit.program(
    'usr/bin/nunect',
    `[ "$1" = time ] || exit 0
echo "$*" >>"$RENDERED"
exec ${process.execPath} ${join(bundle, 'nunect.cjs')} "$@" ${where}`,
  );
  const socket = stage.at('var/run/chrony/chronyd.sock');
  mkdirSync(stage.at('var/run/chrony'), { mode: 0o750 });
  mkdirSync(stage.at('var/etc/chrony.d'), { recursive: true });
  const pid = stage.at('var/run/chronyd.pid');
  const lines = [`bindcmdaddress ${socket}`, `pidfile ${pid}`, `confdir ${stage.at('var/etc/chrony.d')}`];
  stage.put('etc/chrony/chrony.conf', `${['port 0', 'cmdport 0', ...lines].join('\n')}\n`);
  const restart = `while read -r pid <${pid} && kill "$pid"; do sleep 1; done 2>/dev/null
chronyd -x -u root -f ${stage.at('etc/chrony/chrony.conf')}
cat ${stage.at(dropIn)} >"$STATE/chronyd.read" 2>/dev/null`;
  stage.unit.program(
    'etc/init.d/chronyd',
    `case $1 in running) exit 0 ;; esac\necho "chronyd: $1" >>"$CALLS"\n${restart}`,
  );
  stage.run('chronyd', 'restart');
  stage.uci('set', `nunect.ptp.chrony_conf=${stage.at('etc/chrony/chrony.conf')}`);
  stage.uci('set', 'nunect.ptp.ntp_server=127.0.0.9');
  return {
    stage,
    end: () => process.kill(Number(readFileSync(pid, 'utf8'))),
    sources: () => execFileSync(need('chronyc'), ['-h', socket, '-c', '-n', 'sources'], { encoding: 'utf8' }),
  };
}

function tryOut({ stage, sources }: ReturnType<typeof realUnit>): void {
  const before = stage.read(systemConfig);
  assert.equal(sources(), '');
  setInterface(stage, 'wire0');
  const { calls, log, asked } = stage.run('nunect-time', 'reload');
  assert.deepEqual(asked, ['time apply', 'time confirm'], log.join('\n'));
  assert.deepEqual(stage.running().instances, ['ptp4l', 'orders'], log.join('\n'));
  assert.match(sources(), /,PTP0,/);
  assert.match(sources(), /,127\.0\.0\.9,/);
  assertSettled(stage, before, 'started');

  // what procd would start
  const [, words = ''] = /set_param command (.*) ptp4l/.exec(calls.join('\n')) ?? [];
  assert.equal(words, '/usr/lib/nunect/time');
  assert.ok(existsSync(stage.at('var/run/nunect/time/ptp4l.conf')));

  assert.deepEqual(stage.run('nunect-time', 'reload').asked, ['time apply']);
  stage.run('nunect-time', 'stop');
  assert.equal(sources(), '');
  assertSettled(stage, before, 'stopped');
  assert.equal(existsSync(stage.at('var/run/nunect/time')), false);
  assert.equal(existsSync(stage.at(dropIn)), false);
}

it('runs chronyd with PTP and the NTP server, and without both once it is stopped', {
  timeout: 120_000,
}, (t) => {
  const unit = realUnit(t);
  try {
    tryOut(unit);
  } finally {
    unit.end();
  }
});
