// What is rendered for set-ups of all kinds, accepted by every chronyd and ptp4l at hand.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { planOf } from '../kit/clock/timehost.ts';
import { type TimePrograms, timeSite } from '../kit/clock/timesite.ts';
import { withoutClock } from '../kit/clock/unsteered.ts';
import { type NetnsEnd, netnsPair, noNetns } from '../kit/net/netns.ts';
import { daemon, eventually, runToEnd } from '../kit/process/daemon.ts';
import { chronyds, linuxptps } from '../kit/process/timetools.ts';

const skip = noNetns() ?? false;

/** The lines of a set-up, with PORT for its port, and what it must lead to. */
const setUps: Readonly<Record<string, { readonly lines: readonly string[]; readonly has?: RegExp }>> = {
  'three options': {
    lines: ["list ntp_server '192.0.2.1'", "list ntp_server '2001:db8::1'", 'option domain 7'],
  },
  UDPv6: { lines: ['option transport UDPv6'], has: /^network_transport UDPv6$/m },
  'peer delay': { lines: ['option delay_mechanism P2P'], has: /^delay_mechanism P2P$/m },
  server: {
    lines: ['option role server'],
    has: /^(serverOnly|masterOnly) 1\nfree_running 1$|free_running 1/m,
  },
  auto: { lines: ['option role auto', "list ntp_server '192.0.2.1'"], has: /^clockClass 248$/m },
  'G.8275.1': { lines: ['option profile G.8275.1'], has: /^domainNumber 24$/m },
  'G.8275.2': {
    lines: ['option profile G.8275.2', "list unicast_server '10.99.0.2'"],
    has: /^unicast_master_table 1$/m,
  },
  'G.8275.2 as a server': {
    lines: ['option profile G.8275.2', 'option role server'],
    has: /^unicast_listen 1$/m,
  },
  gPTP: { lines: ['option profile gPTP'], has: /^transportSpecific 1$/m },
  power: { lines: ['option profile power'], has: /^network_transport L2$/m },
  unicast: {
    lines: ["list unicast_server '10.99.0.2'", "list unicast_server '10.99.0.3'"],
    has: /^UDPv4 10\.99\.0\.3$/m,
  },
  'two ports': { lines: ["list interface 'two0'", 'option profile G.8275.1'], has: /^\[two0\]$/m },
  'two ports, unicast': {
    lines: ["list interface 'two0'", "list unicast_server '10.99.0.2'"],
    has: /^unicast_master_table 2$/m,
  },
  'options of its own': {
    lines: ["list global_opts 'priority1 120'", "list global_opts 'tx_timestamp_timeout 100'"],
    has: /^tx_timestamp_timeout 100$/m,
  },
};

/** Each pair of versions that a router may have: every one of either, with the oldest or newest of the other. */
function pairs(): (TimePrograms & { readonly name: string })[] {
  const [chronies, ptps] = [chronyds(), linuxptps()];
  return chronies.map((chrony, at) => {
    const ptp = ptps[Math.min(at, ptps.length - 1)];
    assert.ok(ptp);
    return { ...chrony, ...ptp, name: `chronyd ${chrony.version}, ptp4l ${ptp.version}` };
  });
}

async function assertTaken(
  t: TestContext,
  end: NetnsEnd,
  programs: TimePrograms,
  name: string,
): Promise<void> {
  const { lines, has } = setUps[name] ?? { lines: [] };
  const site = timeSite(t, end, programs);
  site.configure(`list interface '${end.interface}'`, ...lines);
  const ran = await site.time('apply');
  assert.deepEqual([ran.code, ran.stdout.startsWith('run: ptp4l orders')], [0, true], ran.stderr);
  const conf = readFileSync(join(site.run, 'time/ptp4l.conf'), 'utf8');
  if (has !== undefined) assert.match(conf, has);
  assert.doesNotMatch(ran.stderr, /this chronyd does not take/);
  // as it is, not as it was tried: it must come as far as that
  const ptp4l = site.ptp4l();
  await eventually('the socket of ptp4l', () => existsSync(join(site.run, 'time/ptp4l')), 10_000);
  await ptp4l.endGently(); // 4.4 says only then what it has to say
  assert.match(ptp4l.output(), /port 1.*: INITIALIZING to LISTENING/);
  assert.doesNotMatch(ptp4l.output(), /FAULTY/);
}

for (const { name, ...programs } of skip ? [] : pairs()) {
  test(`${name}: every set-up is taken`, async (t) => {
    for (const setUp of Object.keys(setUps))
      await t.test(setUp, async (t) => {
        const [end] = netnsPair(t);
        for (const words of [
          'link add two0 type veth peer name two1',
          'link set two0 up',
          'link set two1 up',
        ])
          end.run('ip', ...words.split(' '));
        end.run('ip', 'address', 'add', '10.99.7.1/24', 'dev', 'two0');
        end.run('ip', 'address', 'add', 'fd00::1/64', 'dev', end.interface, 'nodad');
        await assertTaken(t, end, programs, setUp);
      });
  });

  test(`${name}: phc2sys takes its arguments`, async (t) => {
    const [end] = netnsPair(t);
    for (const profile of ['default', 'gPTP']) {
      const { files } = planOf(['list interface eth8', `option profile ${profile}`]);
      assert.ok(files?.phc2sysArgs);
      const words = [...withoutClock(), programs.phc2sys, ...files.phc2sysArgs];
      const [ip = 'ip', ...exec] = end.exec;
      const phc2sys = daemon(t, ip, [...exec, ...words]);
      const ended = await Promise.race([phc2sys.exited, pause(1000, 'it waits for ptp4l')]);
      assert.equal(ended, 'it waits for ptp4l', phc2sys.output());
    }
  });

  test(`${name}: chronyd runs with the drop-in, and holds PTP0 back where it can`, async (t) => {
    const [end] = netnsPair(t);
    const site = timeSite(t, end, programs);
    site.configure(`list interface '${end.interface}'`, "list ntp_server '192.0.2.1'");
    assert.equal((await site.time('apply')).code, 0);
    const chronyd = site.chronyd();
    const confirmed = await site.time('confirm');
    assert.deepEqual(
      [confirmed.code, confirmed.last],
      [0, 'nothing to do'],
      confirmed.stderr + chronyd.output(),
    );
    const gate = site.applied()?.['gate'];
    const isNew = !name.startsWith('chronyd 4.3');
    assert.equal(gate, isNew ? 'selectopts' : 'start');
    const where = ['-h', join(site.dir, 'sock/chronyd.sock'), '-n'];
    if (isNew) {
      const released = await runToEnd(programs.chronyc, [...where, 'selectopts', 'PTP0', '-noselect']);
      assert.equal(released.code, 0, released.stdout);
    }
    const { stdout } = await runToEnd(programs.chronyc, [...where, '-c', 'sources']);
    assert.match(stdout, /^#,.,PTP0,/m);
    assert.match(stdout, /^\^,.,192\.0\.2\.1,/m);
  });
}
