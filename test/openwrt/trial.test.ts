import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect } from '@nats-io/transport-node';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { natsServers, need } from '../kit/process/tools.ts';
import { type Hub, startHub } from '../kit/unit/site.ts';
import { bootRouter, type Router } from './router.ts';

const tree = process.env['OPENWRT_TREE'] ?? '';
/** What has to be undone after the last test; hooks that are registered in a hook would run at once. */
const owner = newOwner();
const unit = 'demo-01';

let hub: Hub;
let router: Router;

const sections = { agent: 'nunect', leaf: 'nunect-leaf' } as const;
type Both = Record<keyof typeof sections, number | undefined>;
const pids = async (): Promise<Both> => ({
  agent: await router.pid(sections.agent),
  leaf: await router.pid(sections.leaf),
});

/** Whether the unit answers an echo that is asked for at the hub. */
const answers = async (): Promise<boolean> =>
  hub.nc.request(`ops.echo.${unit}`, 'x', { timeout: 500 }).then(
    (reply) => reply.string() === 'x',
    () => false,
  );
const answered = (): Promise<boolean> => eventually('an echo through the hub', answers, 20_000, 200);

/** Waits until both services run as `expected` says: the process of before, or another one. */
async function settled(was: Both, expected: Record<keyof Both, 'same' | 'other'>): Promise<Both> {
  const fits = (now: Both, name: keyof Both): boolean =>
    now[name] !== undefined && (now[name] === was[name]) === (expected[name] === 'same');
  return eventually(
    `processes as ${JSON.stringify({ was, expected })}`,
    async () => {
      const now = await pids();
      return fits(now, 'agent') && fits(now, 'leaf') && now;
    },
    30_000,
    100,
  );
}

/** Lines of the log that came since the last call. */
let seen = 0;
async function news(): Promise<string[]> {
  const all = await router.log();
  const fresh = all.slice(seen);
  seen = all.length;
  return fresh;
}
const heard = (pattern: RegExp): Promise<string> =>
  eventually(
    `in the log ${pattern}`,
    async () => (await router.log()).find((line) => pattern.test(line)),
    30_000,
    200,
  );

const commit = (...lines: string[]): Promise<string> =>
  router.ok([...lines.map((line) => `uci ${line}`), 'uci commit nunect'].join(' && '));
const reload = (): Promise<string> => router.ok('/etc/init.d/nunect reload');

describe('on OpenWrt', { concurrency: false }, () => {
  before(async () => {
    const { newest } = natsServers();
    hub = await startHub(owner, tempDir(owner, 'hub'), newest ?? need('nats-server'));
    router = await bootRouter(owner, tree);
  });
  after(async () => {
    if (process.env['NUNECT_LOG'] !== undefined) console.log((await router.log()).join('\n'));
    await owner.end();
  });

  it('opkg installs from the signed feed, and refuses one that was tampered with', async () => {
    await router.ok('echo "src/gz nunect file:///feed/x86_64" >>/etc/opkg/customfeeds.conf');
    assert.match((await router.sh('opkg update')).said, /Signature check failed/);
    await router.ok('opkg-key add /feed/nunect.pub');
    assert.match(await router.ok('opkg update'), /Signature check passed/);
    const { said, code, took_ms } = await router.sh('opkg install nunect');
    assert.equal(code, 0, said);
    console.log(`opkg install took ${took_ms.toFixed(0)} ms`);
    assert.match(said, /Configuring nats-server\.\s+Configuring nunect\./);
    assert.equal(await router.ok('opkg list-changed-conffiles'), '');
  });

  it('both services are enabled and run as user nunect', async () => {
    await router.ok('/etc/init.d/nunect enabled && /etc/init.d/nunect-leaf enabled');
    await eventually('both', async () => Object.values(await pids()).every((pid) => pid !== undefined));
    const { agent, leaf } = await pids();
    for (const pid of [agent, leaf])
      assert.match(
        await router.ok(`grep -E '^(Uid|Gid)' /proc/${pid}/status`),
        /Uid:(\s+4222){4}\nGid:(\s+4222){4}/,
      );
    assert.match(await router.ok('ubus call service list'), /"nofile": "70000 70000"/); // this machine may not grant it
    assert.match(await router.ok(`tr '\\0' ' ' </proc/${agent}/cmdline`), /nunect\.cjs run/);
    assert.equal(statSync(join(router.root, 'etc/config/nunect')).mode & 0o777, 0o600);
    await heard(/daemon\.info nunect\[\d+\]: READY/);
  });

  it('a hub is joined after uci commit and reload, and an echo is answered through it', async () => {
    const was = await pids();
    await commit(
      `set nunect.agent.unit=${unit}`,
      `add_list nunect.hub.url=nats://127.0.0.1:${hub.leafPort}`,
      `set nunect.hub.user=${unit}`,
      `set nunect.hub.password=change-me-${unit}`,
      'set nunect.hub.reconnect_s=1',
      'set nunect.agent.interval_s=1',
    );
    await reload();
    await settled(was, { agent: 'same', leaf: 'other' });
    await answered();
    const before = await hub.stored();
    await eventually('records in the stream', async () => (await hub.stored()) > before);
  });

  it('what is killed comes back, and the unit with it', async () => {
    for (const name of ['agent', 'leaf'] as const) {
      const was = await pids();
      const began = performance.now();
      await router.ok(`kill -KILL ${was[name]}`);
      await settled(was, {
        agent: name === 'agent' ? 'other' : 'same',
        leaf: name === 'leaf' ? 'other' : 'same',
      });
      const back_ms = performance.now() - began;
      await answered();
      console.log(
        `${name}: back after ${back_ms.toFixed(0)} ms, echo after ${(performance.now() - began).toFixed(0)} ms`,
      );
    }
  });

  const same = { agent: 'same', leaf: 'same' } as const;
  for (const [what, lines, expected, said] of [
    [
      'an option of the agent',
      ['set nunect.agent.log_level=debug'],
      same,
      /daemon\.\w+ nunect\[\d+\]: \w+ agent: config/,
    ],
    [
      'a new user',
      [
        'set nunect.radio=user',
        'set nunect.radio.password=geheim-1',
        'add_list nunect.radio.publish="radio.>"',
      ],
      same,
      undefined,
    ],
    ['leaf.log_debug', ['set nunect.leaf.log_debug=1'], same, undefined],
    ['the hub', ['set nunect.hub.reconnect_s=2'], { agent: 'same', leaf: 'other' }, undefined],
    ['nothing', [], same, undefined],
  ] as const)
    it(`a change of ${what} restarts nothing more than it must`, async () => {
      await answered();
      const was = await pids();
      await news();
      await commit(...lines);
      await reload();
      await settled(was, expected);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await settled(was, expected);
      await answered();
      const lines_ = await news();
      if (said !== undefined)
        assert.ok(
          lines_.some((line) => said.test(line)),
          lines_.join('\n'),
        );
      if (what === 'a new user') {
        const login = { servers: '127.0.0.1:4222', user: 'radio', pass: 'geheim-1' };
        const nc = await connect(login); // SIGHUP was enough for it
        await nc.close();
        await assert.rejects(connect({ ...login, pass: 'other' }));
      }
    });

  it('reload_config and LuCI (rpcd) reach it without a word from the owner', async () => {
    await router.ok('reload_config'); // takes note of a file that was installed since the boot
    let was = await pids();
    await commit('set nunect.hub.reconnect_s=3');
    await router.ok('reload_config');
    was = await settled(was, { agent: 'same', leaf: 'other' });
    await router.ok(`uci set nunect.hub.reconnect_s=4 && ubus call uci commit '{"config":"nunect"}'`);
    await settled(was, { agent: 'same', leaf: 'other' });
    await answered();
  });

  it('agent.enabled 0 stops both, 1 starts them', async () => {
    await commit('set nunect.agent.enabled=0');
    await reload();
    await eventually('both gone', async () => Object.values(await pids()).every((pid) => pid === undefined));
    await commit('set nunect.agent.enabled=1');
    await router.ok('reload_config');
    await answered();
  });

  it('mistakes in the config are told in one line, and the rest runs', async () => {
    const was = await pids();
    await commit('set nunect.agent.interval_s=never');
    await news();
    await reload();
    await settled(was, same);
    await answered();
    const lines = (await news()).filter((line) => /nunect: /.test(line));
    assert.equal(lines.length, 1, lines.join('\n'));
    assert.match(lines[0] ?? '', /daemon\.warn nunect: \/etc\/config\/nunect:\d+: .*agent\.interval_s/);
    await commit('set nunect.agent.interval_s=1');
    await reload();
  });

  it('leaf.interface: the leaf moves to the address of the LAN, and with it', async () => {
    let was = await pids();
    await commit('set nunect.leaf.interface=lan');
    await reload();
    was = await settled(was, { agent: 'same', leaf: 'other' });
    const listens = (address: string): Promise<unknown> =>
      eventually(`leaf at ${address}`, async () =>
        (await router.ok('netstat -ltn')).includes(`${address}:4222 `),
      );
    await listens('192.168.1.1');
    await answered();
    await router.ok('ifconfig lan0:1 192.168.1.2 netmask 255.255.255.0');
    await router.ok(
      'uci set network.lan.ipaddr=192.168.1.2 && uci commit network && ubus call network reload',
    );
    was = await settled(was, { agent: 'same', leaf: 'other' }); // by the trigger alone
    await listens('192.168.1.2');
    await answered();
    await commit('delete nunect.leaf.interface');
    await reload();
    await settled(was, { agent: 'same', leaf: 'other' });
    await answered();
  });

  it('a leaf that ends at each start is started ever more slowly, and at once when that is mended', async () => {
    const squatter = createServer((socket) => socket.destroy()).listen(4333, '127.0.0.1'); // the network is shared
    owner.after(() => squatter.close());
    await commit('set nunect.leaf.port=4333');
    await reload();
    await heard(/ended 4 times within a minute of its start: the next one in 20 s/);
    const before = await router.ok('ps w');
    assert.match(before, /sleep 15/);
    squatter.close();
    await commit('delete nunect.leaf.port');
    await reload();
    await answered();
  });

  it('without nats-server, or with an old node, one line says so and the rest runs', async () => {
    await news();
    await router.ok('mv /usr/sbin/nats-server /tmp/kept 2>/dev/null || mv /usr/bin/nats-server /tmp/kept');
    const where = (await router.ok('opkg files nats-server'))
      .split('\n')
      .find((path) => path.endsWith('/nats-server'));
    await reload().catch(() => undefined);
    await router.sh('/etc/init.d/nunect-leaf restart');
    console.log((await news()).filter((line) => / nunect: /.test(line)).join('\n'));
    assert.notEqual(await router.pid('nunect'), undefined);
    assert.equal(await router.pid('nunect-leaf'), undefined);
    await router.ok(`mv /tmp/kept ${where}`);
    await reload();
    await answered();

    await news();
    const was = await pids();
    await router.ok(
      'mv /usr/bin/node /tmp/node && printf "#!/bin/sh\\necho v18.20.4\\n" >/usr/bin/node && chmod 755 /usr/bin/node',
    );
    try {
      await router.sh('/etc/init.d/nunect reload');
      const told = (await news()).filter((line) => / nunect: /.test(line));
      console.log(told.join('\n'));
      assert.equal(told.length, 1);
      assert.match(
        told[0] ?? '',
        /daemon\.err nunect: nunect: \S+ is node 18\.20\.4, which is too old: install node 20 or newer/,
      );
      assert.deepEqual(await pids(), was);
    } finally {
      await router.ok('rm /usr/bin/node && mv /tmp/node /usr/bin/node');
    }
    await reload();
    await answered();
  });

  it('an upgrade keeps the edited config, the unit id and what is enabled', async () => {
    await router.ok('/etc/init.d/nunect-leaf disable');
    const kept = await router.ok('cat /etc/config/nunect /etc/nunect/unit');
    const packed = join(router.root, 'feed/x86_64/nunect_0.1.0-r1_all.ipk');
    const work = tempDir(owner, 'upgrade');
    const repack = `cd ${work} && mkdir o c d && tar xzf ${packed} -C o && tar xzf o/control.tar.gz -C c && tar xzf o/data.tar.gz -C d &&
      sed -i 's/^Version: .*/Version: 9.9.9-r1/' c/control && echo '# newer default' >>d/etc/config/nunect &&
      tar czf o/control.tar.gz -C c . && tar czf o/data.tar.gz --numeric-owner --owner=0 --group=0 -C d . &&
      tar czf ${router.root}/feed/newer.ipk -C o ./debian-binary ./data.tar.gz ./control.tar.gz`;
    execFileSync('sh', ['-c', repack]);
    const was = await pids();
    const said = await router.ok('opkg install /feed/newer.ipk');
    assert.match(said, /Upgrading nunect on root from 0\.1\.0-r1 to 9\.9\.9-r1/);
    assert.equal(await router.ok('cat /etc/config/nunect /etc/nunect/unit'), kept);
    assert.match(await router.ok('tail -n 1 /etc/config/nunect-opkg'), /newer default/);
    assert.notEqual((await router.sh('/etc/init.d/nunect-leaf enabled')).code, 0);
    await router.ok('/etc/init.d/nunect enabled');
    await settled(was, { agent: 'other', leaf: 'other' });
    await answered();
    await router.ok('rm /etc/config/nunect-opkg');
  });

  it('after a power cut it is there again, rendered anew', async () => {
    await router.ok('/etc/init.d/nunect-leaf enable');
    await router.powerCycle();
    seen = 0;
    await answered();
    for (const name of ['nunect', 'nunect-leaf']) assert.notEqual(await router.pid(name), undefined, name);
  });

  it('both stop within 5 s and leave no process', async () => {
    for (const name of ['nunect', 'nunect-leaf']) {
      const { took_ms, code } = await router.sh(
        `/etc/init.d/${name} stop; while ubus -S call service list '{"name":"${name}"}' | grep -q '"pid"'; do sleep 1; done`,
      );
      assert.equal(code, 0);
      console.log(`${name}: stopped after ${took_ms.toFixed(0)} ms`);
      assert.ok(took_ms < 5000, `${name}: ${took_ms} ms`);
    }
    assert.doesNotMatch(await router.ok('ps w'), /nunect|nats-server/);
  });

  it('removal leaves nothing but the edited config', async () => {
    await router.ok('/etc/init.d/nunect start && /etc/init.d/nunect-leaf start');
    await answered();
    const said = await router.ok('opkg remove nunect nats-server');
    console.log(said);
    assert.match(said, /Not deleting modified conffile \/etc\/config\/nunect/);
    assert.doesNotMatch(await router.ok('ps w'), /nunect|nats-server/);
    const places = '/etc /usr /lib /bin /sbin /root /overlay /tmp/run';
    const left = await router.ok(`find ${places} -name '*nunect*' -o -name '*nats*'`);
    assert.equal(left.trim(), '/etc/config/nunect');
    assert.doesNotMatch(await router.ok('ubus -S call service list'), /nunect/);
  });
});
