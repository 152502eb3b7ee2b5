import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cleanup, undoLater } from '../kit/process/cleanup.ts';
import { type Daemon, daemon, eventually, runToEnd, tempDir } from '../kit/process/daemon.ts';
import { projectRoot } from '../kit/process/tools.ts';

const feed = join(projectRoot, 'dist/feed');

/** How a command on the router ended. */
export interface Ended {
  readonly code: number | null;
  /** What it printed, on either channel. */
  readonly said: string;
  readonly took_ms: number;
}

/** A router: procd as PID 1 over OpenWrt's own scripts, in namespaces. Its network is that of this process. */
export interface Router {
  /** Its root directory, as seen from here. */
  readonly root: string;
  /** Runs a line of shell on it. */
  sh(command: string): Promise<Ended>;
  /** The same, for a line that must end with 0; gives what it said. */
  ok(command: string): Promise<string>;
  /** The process of a service, or of one instance of it, as procd knows it, by the router's numbers; undefined where none runs. */
  pid(service: string, instance?: string): Promise<number | undefined>;
  /** Takes the power away and boots again: /var is empty then. */
  powerCycle(): Promise<void>;
  /** Lines of the system log, without those of the kernel. */
  log(): Promise<string[]>;
}

/** What stands where an image has its preinit: mounts and the network device of the LAN. */
const preinit = `
set -eu
root=$0
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sys "$root/sys"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
mount -t tmpfs dev "$root/dev"
mkdir -m 755 "$root/tmp/run" "$root/tmp/lock" "$root/tmp/state" "$root/tmp/log"
mknod -m 666 "$root/dev/null" c 1 3
mknod -m 666 "$root/dev/zero" c 1 5
mknod -m 666 "$root/dev/random" c 1 8
mknod -m 666 "$root/dev/urandom" c 1 9
: >"$root/dev/console"
hostname OpenWrt
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=trial chroot "$root" /sbin/procd -S
`;

/** Boots a router from a tree of its root file system, with the feed in /feed; it is gone when the owner ends. */
export async function bootRouter(owner: Cleanup, tree: string): Promise<Router> {
  const root = join(tempDir(owner, 'router'), 'root');
  execFileSync('cp', ['-a', tree, root]);
  cpSync(feed, join(root, 'feed'), { recursive: true });
  execFileSync('ip', ['link', 'add', 'lan0', 'type', 'veth', 'peer', 'name', 'lanport']);
  undoLater(owner, () => execFileSync('ip', ['link', 'del', 'lan0'])); // the next router has its own
  for (const name of ['lan0', 'lanport']) execFileSync('ip', ['link', 'set', name, 'up']);
  execFileSync('ip', ['addr', 'add', '192.168.1.1/24', 'dev', 'lan0']);
  const words = ['--mount', '--pid', '--uts', '--ipc', '--fork', '--kill-child', 'sh', '-c', preinit, root];
  let starter: Daemon;
  let init = '';

  const sh = async (command: string): Promise<Ended> => {
    const env = ['env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root'];
    const enter = ['-t', init, '-m', '-p', '-u', '-i', '-r', '-w', ...env, '/bin/sh', '-c', command];
    const began = performance.now();
    const { code, stdout, stderr } = await runToEnd('nsenter', enter);
    return { code, said: stdout + stderr, took_ms: performance.now() - began };
  };
  const ok = async (command: string): Promise<string> => {
    const { code, said } = await sh(command);
    if (code !== 0) throw new Error(`'${command}' ended with ${code}: ${said}`);
    return said;
  };
  const boot = async (): Promise<void> => {
    starter = daemon(owner, 'unshare', words, { endBy: 'SIGKILL' }); // unshare hears no SIGTERM
    const { pid } = starter;
    const children = `/proc/${pid}/task/${pid}/children`;
    init = await eventually('procd', () => readFileSync(children, 'utf8').trim() || undefined);
    const isUp = async (): Promise<boolean> =>
      (await sh('ubus -S list service network system')).said.split('\n').length > 3;
    await eventually('the end of the boot', isUp).catch((error: Error) => {
      throw new Error(`${error.message}\n${starter.output()}`);
    });
  };
  await boot();
  return {
    async powerCycle() {
      await starter.end('SIGKILL');
      await boot();
    },
    root,
    sh,
    ok,
    async pid(service, instance) {
      const all = JSON.parse(await ok(`ubus -S call service list '{"name":"${service}"}'`)) as Record<
        string,
        { instances?: Record<string, { running: boolean; pid?: number }> } | undefined
      >;
      const there = Object.entries(all[service]?.instances ?? {});
      const ofThat = there.filter(([name, { running }]) => running && (instance ?? name) === name);
      return ofThat[0]?.[1].pid;
    },
    log: async () => (await ok('logread')).split('\n').filter((line) => !/ kern\.|^$/.test(line)),
  };
}

/** Installs nunect from the feed, as its docs say. */
export async function installNunect(router: Router): Promise<void> {
  await router.ok('echo "src/gz nunect file:///feed/x86_64" >>/etc/opkg/customfeeds.conf');
  await router.ok('opkg-key add /feed/nunect.pub && opkg update && opkg install nunect');
}
