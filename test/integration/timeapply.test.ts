// `nunect time` on hosts of all kinds, with real chronyd and ptp4l.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ptp4l } from '../kit/clock/ptp.ts';
import { type TimeSite, timeSite, treeOf } from '../kit/clock/timesite.ts';
import { kernelClock } from '../kit/clock/unsteered.ts';
import { type NetnsEnd, netnsPair, noNetns } from '../kit/net/netns.ts';
import { daemon, eventually, runToEnd, tempDir } from '../kit/process/daemon.ts';
import { need } from '../kit/process/tools.ts';

const skip = noNetns() ?? false;

/** A host at one end of a cable, set up for that by three options. */
function hostOf(t: TestContext): { site: TimeSite; end: NetnsEnd; other: NetnsEnd } {
  const [end, other] = netnsPair(t);
  const site = timeSite(t, end);
  site.configure(`list interface '${end.interface}'`, "list ntp_server '192.0.2.1'");
  return { site, end, other };
}

const fault = (site: TimeSite): unknown => (site.applied()?.['fault'] as { code?: string } | undefined)?.code;
const notes = (site: TimeSite): string[] =>
  ((site.applied()?.['notes'] ?? []) as { code: string }[]).map(({ code }) => code);
const mode = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

/** Nothing of ours is in chronyd's config, and the fault is told. */
async function assertRefused(site: TimeSite, code: string, said: RegExp): Promise<void> {
  const ran = await site.time('apply');
  assert.equal(ran.code, 1, ran.stdout);
  assert.match(ran.stderr, said);
  assert.match(ran.last, /^run: nothing(; restart: chronyd)?$/);
  assert.equal(fault(site), code, ran.stderr);
  assert.equal(existsSync(site.dropIn), false);
  assert.deepEqual(site.applied()?.['runs'], []);
  for (const file of ['ptp4l.conf', 'orders', 'trial'])
    assert.equal(existsSync(join(site.run, 'time', file)), false, file);
}

test('three options are enough: chronyd has PTP0, and PTP reaches it', { skip }, async (t) => {
  const clock = kernelClock();
  const { site, other } = hostOf(t);
  const before = treeOf(join(site.dir, 'etc'));
  const shown = await site.time('show');
  assert.equal(shown.code, 0, shown.stderr);
  assert.equal(existsSync(site.run), false, 'show makes nothing');

  const first = await site.time('apply');
  assert.deepEqual([first.code, first.last, first.stderr], [0, 'run: ptp4l orders; restart: chronyd', '']);
  assert.ok(shown.stdout.includes(readFileSync(site.dropIn, 'utf8')));
  assert.ok(shown.stdout.includes(readFileSync(join(site.run, 'time/ptp4l.conf'), 'utf8')));
  const modes = Object.fromEntries(
    ['.', 'time', 'time/ptp4l.conf', 'time/applied.json', 'time/orders', 'time/dropin.json'].map((path) => [
      path,
      mode(join(site.run, path)),
    ]),
  );
  assert.deepEqual(modes, {
    '.': '750',
    time: '2750',
    'time/ptp4l.conf': '640',
    'time/applied.json': '640',
    'time/orders': '620',
    'time/dropin.json': '600',
  });
  assert.ok(statSync(join(site.run, 'time/orders')).isFIFO());
  assert.equal(mode(site.dropIn), '644');
  assert.equal(
    readFileSync(join(site.run, 'time/chronyd.socket'), 'utf8'),
    `${join(site.dir, 'sock/chronyd.sock')}\n`,
  );
  assert.equal((await site.time('apply')).last, 'run: ptp4l orders', 'nothing has changed');

  ptp4l(t, other, { role: 'master', extra: ['network_transport UDPv4'] });
  const [chronyd, slave] = [site.chronyd(), site.ptp4l()];
  const confirmed = await site.time('confirm');
  assert.deepEqual([confirmed.code, confirmed.last], [0, 'nothing to do'], confirmed.stderr);
  await eventually('the socket of ptp4l', () => existsSync(join(site.run, 'time/ptp4l')));
  assert.equal(mode(join(site.run, 'time/ptp4l')), '660');
  const reach = async (): Promise<number> => {
    const where = ['-h', join(site.dir, 'sock/chronyd.sock'), '-c', '-n', 'sources'];
    const { stdout } = await runToEnd(need('chronyc'), where);
    return Number(/^#,.,PTP0,\d+,\d+,(\d+)/m.exec(stdout)?.[1] ?? 0);
  };
  await eventually('samples of PTP0', async () => (await reach()) > 0, 60_000, 500);

  const stopped = await site.time('stop');
  assert.deepEqual([stopped.code, stopped.last], [0, 'restart: chronyd']);
  await Promise.all([chronyd.endGently(), slave.endGently()]);
  assert.deepEqual(treeOf(join(site.dir, 'etc')), before);
  assert.equal(existsSync(join(site.run, 'time')), false);
  assert.equal((await site.time('stop')).last, 'nothing to do');
  assert.deepEqual(kernelClock(), clock);
});

test('the files and the sockets of ptp4l are shared with group nunect', { skip }, async (t) => {
  const { site } = hostOf(t);
  const group = join(site.dir, 'group');
  writeFileSync(group, `${readFileSync('/etc/group', 'utf8')}nunect:x:4711:\n`);
  const [program, ...args] = site.words('apply');
  const inside = ['-m', 'sh', '-c', 'mount --bind "$0" /etc/group && exec "$@"', group, program, ...args];
  for (const last of ['run: ptp4l orders; restart: chronyd', 'run: ptp4l orders']) {
    const ran = await runToEnd('unshare', inside);
    assert.equal(ran.stdout, `${last}\n`, ran.stderr);
  }
  const started = site.ptp4l();
  await eventually('the socket of ptp4l', () => existsSync(join(site.run, 'time/ptp4l')));
  const shared = ['', 'time', 'time/ptp4l.conf', 'time/applied.json', 'time/orders', 'time/ptp4l'];
  for (const path of shared) {
    const { uid, gid } = statSync(join(site.run, path));
    assert.deepEqual([uid, gid], [0, 4711], path);
  }
  assert.equal(mode(join(site.run, 'time')), '2750');
  assert.equal(mode(join(site.run, 'time/ptp4l')), '660');
  assert.equal(statSync(site.dropIn).gid, 0, "chronyd's files are shared with nobody");
  await started.endGently();
});

test('without an interface nothing is made; taken away, nothing is left', { skip }, async (t) => {
  const { site, end } = hostOf(t);
  const before = treeOf(join(site.dir, 'etc'));
  site.configure();
  const off = await site.time('apply');
  assert.deepEqual([off.code, off.last, off.stderr], [0, 'run: nothing', '']);
  assert.equal(existsSync(join(site.run, 'time')), false);
  site.configure(`list interface '${end.interface}'`);
  assert.equal((await site.time('apply')).last, 'run: ptp4l orders; restart: chronyd');
  site.configure(`list interface '${end.interface}'`, 'option enabled 0');
  assert.equal((await site.time('apply')).last, 'run: nothing; restart: chronyd');
  assert.deepEqual(treeOf(join(site.dir, 'etc')), before);
  assert.equal(existsSync(join(site.run, 'time')), false);
});

test('an interface that comes and goes costs chronyd no restart', { skip }, async (t) => {
  const { site, end } = hostOf(t);
  site.configure("list interface 'late0'");
  const none = await site.time('apply');
  assert.deepEqual([none.code, none.last], [0, 'run: nothing; restart: chronyd']);
  assert.deepEqual(notes(site), ['interface_missing']);
  end.run('ip', 'link', 'add', 'late0', 'type', 'veth', 'peer', 'name', 'late1');
  assert.equal((await site.time('apply')).last, 'run: ptp4l orders');
  end.run('ip', 'link', 'del', 'late0');
  assert.equal((await site.time('apply')).last, 'run: nothing');
  const device = await site.time('apply', '--device', `late0=${end.interface}`);
  assert.equal(device.last, 'run: ptp4l orders', 'a network of that name');
});

test('ports: a bridge is refused with its members, which speak L2; what ptp4l refuses is told', {
  skip,
}, async (t) => {
  const { site, end } = hostOf(t);
  for (const words of [
    'link add br-lan type bridge',
    'link add lan1 type veth peer name far1',
    'link set lan1 master br-lan up',
    'link set br-lan up',
    'link add over link br-lan type macvlan',
    'link add lan2 type veth peer name far2',
    'link add mac0 link lan2 type macvlan',
    'tuntap add tun7 mode tun',
  ])
    end.run('ip', ...words.split(' '));
  const use = (...names: readonly string[]): void =>
    site.configure(...names.map((name) => `list interface '${name}'`));
  use('br-lan');
  await assertRefused(site, 'interface_bridge', /br-lan is a bridge, .*: lan1/);
  use('over');
  await assertRefused(site, 'interface_bridge', /over is made of br-lan, a bridge.*: lan1/);
  use('tun7');
  await assertRefused(site, 'interface_kind', /tun7 is no Ethernet port.* such as .*lan1/);
  use('lan1');
  assert.equal((await site.time('apply')).code, 0);
  assert.match(readFileSync(join(site.run, 'time/ptp4l.conf'), 'utf8'), /\[lan1\]\nnetwork_transport L2\n/);
  assert.deepEqual(notes(site), ['bridged_l2']);
  use('mac0', end.interface);
  assert.equal((await site.time('apply')).code, 0, 'a macvlan has the stamps of what it is made of');
  site.configure("list interface 'lan1'", "option transport 'UDPv4'");
  await assertRefused(site, 'bridged_udp', /lan1 is a port of br-lan/);
  site.configure("list interface 'lan1'", "list global_opts 'no_such_option 1'");
  await assertRefused(site, 'ptp4l_refuses', /unknown option no_such_option at line/);
  site.configure("list interface 'lan1'", "list global_opts 'priority1 999'");
  await assertRefused(site, 'ptp4l_refuses', /999 is an out of range value for option priority1/);
  site.configure("list interface 'lan1'", "option timestamping 'hardware'");
  await assertRefused(site, 'no_hardware', /lan1: no PTP hardware clock/);
  assert.equal(
    (await runToEnd('pgrep', ['-f', `${site.run}/time/trial`])).stdout,
    '',
    'no trial is left behind',
  );
});

/** A program that stands before another one, as a version of it that is not at hand. */
function standIn(t: TestContext, name: string, script: string): string {
  const path = join(tempDir(t, name), name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

test('a word that chronyd does not know is left out and told; one that it needs changes nothing', {
  skip,
}, async (t) => {
  const { site, end } = hostOf(t);
  const before = treeOf(join(site.dir, 'etc'));
  const real = need('chronyd');
  const says48 = `case $* in -v) echo "chronyd (chrony) version 4.8 (+CMDMON)"; exit;; esac; exec ${real} "$@"`;
  const both = [
    `list interface '${end.interface}'`,
    "list ntp_server '192.0.2.1'",
    "list ntp_server '192.0.2.2'",
  ];
  site.configure(...both, `option chronyd '${standIn(t, 'chronyd', says48)}'`);
  const lesser = await site.time('apply');
  assert.equal(lesser.code, 0, lesser.stderr);
  assert.match(lesser.stderr, /^note: this chronyd does not take 'maxunreach 8', which was left out/);
  assert.deepEqual(notes(site), ['chrony_option']);
  assert.match(
    readFileSync(site.dropIn, 'utf8'),
    /^server 192\.0\.2\.2 iburst minpoll 4 maxpoll 6 maxsamples 6$/m,
  );
  assert.equal((await site.time('apply')).last, 'run: ptp4l orders');

  // a version that takes no refclock at all
  const refuses = `case $* in *trial*) echo "Fatal error : Could not parse refclock directive at line 4 in file \${3}" >&2; exit 1;; esac; ${says48}`;
  site.configure(...both, `option chronyd '${standIn(t, 'chronyd', refuses)}'`);
  await assertRefused(
    site,
    'chrony_refuses',
    /Could not parse refclock directive: 'refclock SHM 8 refid PTP0 /,
  );
  assert.deepEqual(treeOf(join(site.dir, 'etc')), before);
});

test("an operator's config that chronyd refuses is quoted and left alone", { skip }, async (t) => {
  const { site } = hostOf(t);
  assert.equal((await site.time('apply')).code, 0);
  const own = readFileSync(site.conf, 'utf8');
  writeFileSync(site.conf, `${own}no_such_directive 1\n`);
  await assertRefused(site, 'chrony_refuses', /refuses .*chrony\.conf as it is: Invalid directive at line 9/);
  assert.equal(readFileSync(site.conf, 'utf8'), `${own}no_such_directive 1\n`);
  rmSync(site.conf);
  await assertRefused(site, 'chrony_refuses', /Could not open .*No such file/);
  writeFileSync(site.conf, own);
  assert.equal((await site.time('apply')).last, 'run: ptp4l orders; restart: chronyd');
});

test('a drop-in of ours that chronyd refuses by now is replaced', { skip }, async (t) => {
  const { site } = hostOf(t);
  assert.equal((await site.time('apply')).code, 0);
  const own = readFileSync(site.dropIn, 'utf8');
  writeFileSync(site.dropIn, `${own}no_such_directive 1\n`);
  const ran = await site.time('apply');
  assert.deepEqual([ran.code, ran.last], [0, 'run: ptp4l orders; restart: chronyd'], ran.stderr);
  assert.equal(readFileSync(site.dropIn, 'utf8'), own);
});

test('no folder that chronyd reads: the line to add is told, and then used', { skip }, async (t) => {
  const { site } = hostOf(t);
  const own = readFileSync(site.conf, 'utf8');
  const without = own.replace(/^confdir .*\n/m, '');
  writeFileSync(site.conf, without);
  const line = `confdir ${site.run}/time/chrony.d`;
  await assertRefused(site, 'chrony_confdir', new RegExp(`add the line '${line}' to ${site.conf}`));
  writeFileSync(site.conf, `${without}${line}\n`);
  assert.equal((await site.time('apply')).last, 'run: ptp4l orders; restart: chronyd');
  assert.equal(mode(join(site.run, 'time/chrony.d/50-nunect-time.conf')), '644');
  assert.equal((await site.time('apply')).last, 'run: ptp4l orders');
  assert.equal((await site.time('stop')).last, 'restart: chronyd');
  assert.equal(existsSync(join(site.run, 'time')), false);
});

test('a folder that is named and not there is made, and removed with what was put there', {
  skip,
}, async (t) => {
  const { site } = hostOf(t);
  rmSync(site.confDir, { recursive: true });
  assert.equal((await site.time('apply')).last, 'run: ptp4l orders; restart: chronyd');
  assert.ok(existsSync(site.dropIn));
  assert.equal((await site.time('apply')).last, 'run: ptp4l orders');
  assert.equal((await site.time('stop')).last, 'restart: chronyd');
  assert.equal(existsSync(site.confDir), false);
});

test('a folder that is named and not read: what was put there is removed again', { skip }, async (t) => {
  const { site } = hostOf(t);
  // chronyd reads of two files of one name the first
  const first = join(site.dir, 'etc/first.d');
  mkdirSync(join(first), { recursive: true });
  writeFileSync(site.conf, readFileSync(site.conf, 'utf8').replace('confdir ', `confdir ${first} `));
  const real = need('chronyd');
  const hides = `case $* in *trial*) exec ${real} "$@";; *) ${real} "$@" | grep -v PTP0;; esac`;
  const chronyd = standIn(t, 'chronyd', `[ "$1" != -v ] || exec ${real} -v; ${hides}`);
  site.configure(`list interface '${netIn(site)}'`, `option chronyd '${chronyd}'`);
  await assertRefused(
    site,
    'chrony_confdir',
    /50-nunect-time\.conf was written and removed again, for chronyd does not read it/,
  );
  assert.deepEqual(Object.keys(treeOf(first)), ['.']);
});

/** The interface that a site is configured for. */
const netIn = ({ dir }: TimeSite): string =>
  /list interface '(\S+)'/.exec(readFileSync(join(dir, 'nunect'), 'utf8'))?.[1] ?? '';

test("what stands in chronyd's own config is not said twice, and what disturbs PTP there is named", {
  skip,
}, async (t) => {
  const { site, end } = hostOf(t);
  writeFileSync(join(site.confDir, '20-more.conf'), 'refclock SHM 8 refid GPS\nrefclock PHC /dev/ptp7\n');
  site.configure(
    `list interface '${end.interface}'`,
    "list ntp_server '2.example.pool.invalid'",
    "list ntp_server '192.0.2.1'",
  );
  assert.equal((await site.time('apply')).code, 0);
  assert.deepEqual(notes(site), ['ntp_server_known', 'refclock', 'refclock']);
  const text = readFileSync(site.dropIn, 'utf8');
  assert.match(text, /^refclock SHM 9 refid PTP0 /m);
  assert.deepEqual(text.match(/^server \S+/gm), ['server 192.0.2.1']);
  assert.match(readFileSync(join(site.run, 'time/ptp4l.conf'), 'utf8'), /^ntpshm_segment 9$/m);
});

test('a ptp4l of the operator on the same port is a fault, on another one a note', { skip }, async (t) => {
  const { site, end, other } = hostOf(t);
  end.run('ip', 'link', 'add', 'x0', 'type', 'veth', 'peer', 'name', 'x1');
  ptp4l(t, other, { role: 'master' }); // of another host: it is none of ours
  const own = ptp4l(t, end, { role: 'monitor' });
  await eventually('it runs', () => own.output().includes('port 0'));
  await assertRefused(
    site,
    'ptp4l_runs',
    new RegExp(`runs on ${end.interface} \\(process ${own.pid}: .*ptp4l -f`),
  );
  site.configure("list interface 'x0'");
  assert.equal((await site.time('apply')).code, 0);
  assert.deepEqual(notes(site), ['steerer']);
  await own.endGently();
  const started = site.ptp4l();
  await eventually('ours runs', () => started.output().includes('port 0'));
  assert.equal((await site.time('apply')).code, 0);
  assert.deepEqual(notes(site), [], 'our own is no other');
});

test('chronyd that does not come back, or without PTP0, loses what it was told', { skip }, async (t) => {
  const { site } = hostOf(t);
  assert.equal((await site.time('confirm')).last, 'nothing to do', 'nothing is set up');
  const old = site.chronyd();
  assert.equal((await site.time('apply')).code, 0);
  for (const said of [/chronyd runs without PTP0/, /chronyd does not answer 10 s after/]) {
    const ran = await site.time('confirm');
    assert.deepEqual([ran.code, ran.last], [1, 'restart: chronyd']);
    assert.match(ran.stderr, said);
    assert.equal(fault(site), 'chrony_silent');
    assert.equal(existsSync(site.dropIn), false);
    assert.equal((await site.time('confirm')).last, 'nothing to do');
    await old.endGently();
    assert.equal((await site.time('apply')).last, 'run: ptp4l orders; restart: chronyd');
  }
});

test('without chronyd ptp4l steers, and without ptp4l there is nothing', { skip }, async (t) => {
  const { site, end } = hostOf(t);
  const only = `list interface '${end.interface}'`;
  site.configure(only, "option chronyd '/nonexistent/chronyd'");
  const ran = await site.time('apply');
  assert.deepEqual([ran.code, ran.last], [0, 'run: ptp4l orders'], ran.stderr);
  assert.deepEqual([site.applied()?.['feed'], notes(site)], ['clock', ['no_fallback']]);
  assert.doesNotMatch(readFileSync(join(site.run, 'time/ptp4l.conf'), 'utf8'), /ntpshm/);
  site.configure(only, "option role 'server'", "option chronyd '/nonexistent/chronyd'");
  await assertRefused(site, 'server_without_chronyd', /role server needs chronyd/);
  site.configure(only, "option ptp4l '/nonexistent/ptp4l'");
  await assertRefused(site, 'no_ptp4l', /there is no program '\/nonexistent\/ptp4l': install linuxptp/);
  site.configure(only, `option ptp4l '${standIn(t, 'ptp4l', 'echo what?')}'`);
  await assertRefused(site, 'no_ptp4l', /ptp4l -v' gives no version: 'what\?'/);
});

test('two at once wait for each other; who reads no answer is asked again', { skip }, async (t) => {
  const { site } = hostOf(t);
  const all = await Promise.all([site.time('apply'), site.time('apply'), site.time('apply')]);
  assert.deepEqual(
    all.map(({ last }) => last).sort(),
    ['run: ptp4l orders', 'run: ptp4l orders', 'run: ptp4l orders; restart: chronyd'],
    all.map(({ stderr }) => stderr).join(),
  );
  assert.equal((await site.time('stop')).last, 'restart: chronyd');
  const [program, ...args] = site.words('apply');
  await runToEnd('sh', ['-c', '"$0" "$@" | :', program, ...args]); // as of a script that was killed
  assert.equal((await site.time('apply')).last, 'run: ptp4l orders; restart: chronyd');
  assert.equal((await site.time('apply')).last, 'run: ptp4l orders');
});

test('killed at any time, the next apply completes it and the next stop undoes it', { skip }, async (t) => {
  const { site, end } = hostOf(t);
  const before = treeOf(join(site.dir, 'etc'));
  assert.equal((await site.time('apply')).code, 0);
  const after = treeOf(join(site.dir, 'etc'));
  const afterRun = treeOf(join(site.run, 'time'));
  const begun = performance.now();
  await site.time('stop');
  await site.time('apply');
  const both_ms = performance.now() - begun;
  /** What chronyd was last started with: a script starts it anew whenever that is asked for. */
  let running = readFileSync(site.dropIn, 'utf8');
  const act = (printed: string): void => {
    if (/restart: chronyd$/m.test(printed))
      running = existsSync(site.dropIn) ? readFileSync(site.dropIn, 'utf8') : '';
  };
  const runs = 30;
  let killed = 0;
  for (let n = 0; n < runs; n += 1) {
    const isStop = n % 2 === 0;
    const [program, ...args] = site.words(isStop ? 'stop' : 'apply');
    const child = daemon(t, 'env', ['-u', 'NODE_V8_COVERAGE', program, ...args], { endBy: 'SIGKILL' });
    setTimeout(() => child.kill('SIGKILL'), Math.random() * both_ms * (isStop ? 0.5 : 0.8));
    if ((await child.exited) === null) killed += 1;
    act(child.output());
    if (n % 3 === 0) {
      const { code, stdout, stderr } = await site.time('stop');
      assert.equal(code, 0, stderr);
      act(stdout);
      assert.deepEqual(treeOf(join(site.dir, 'etc')), before, `stop after ${n}`);
      assert.equal(existsSync(join(site.run, 'time')), false);
      assert.equal(running, '', 'chronyd runs without');
    }
    const { code, stdout, stderr } = await site.time('apply');
    assert.equal(code, 0, stderr);
    act(stdout);
    assert.deepEqual(treeOf(join(site.dir, 'etc')), after, `apply after ${n}`);
    assert.deepEqual(treeOf(join(site.run, 'time')), afterRun);
    assert.equal(running, readFileSync(site.dropIn, 'utf8'), 'chronyd runs with it');
  }
  t.diagnostic(`${killed} of ${runs} were killed`);
  assert.ok(killed >= runs / 3, `${killed} were killed`);
  assert.equal((await runToEnd('pgrep', ['-f', `${site.run}/time/trial`])).stdout, '', 'no trial runs on');
  assert.match(end.run('ip', 'link', 'show', end.interface), /UP/);
});
