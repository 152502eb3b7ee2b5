import { execFileSync } from 'node:child_process';
import { type Cleanup, undoLater } from '../process/cleanup.ts';

const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8', stdio: 'pipe' });

/** Why this machine lets us make no network namespaces, or undefined where it does. */
export function noNetns(): string | undefined {
  const name = `nunect-try-${process.pid}`;
  try {
    ip('netns', 'add', name);
    ip('netns', 'del', name);
    return undefined;
  } catch (error) {
    return `no network namespaces: ${String((error as { stderr?: string }).stderr ?? error).trim()}`;
  }
}

/** One end of a link: a namespace with one interface. */
export interface NetnsEnd {
  readonly netns: string;
  readonly interface: string;
  readonly address: string;
  /** The words that run a program inside it. */
  readonly exec: readonly string[];
  /** Pulls or plugs the cable at this end. */
  link(state: 'up' | 'down'): void;
  /** Runs a short program inside and gives its output. */
  run(command: string, ...args: string[]): string;
}

let made = 0;

/** A namespace and the name of its interface; the interface is yet to be made. */
function endOf(tag: string, letter: string, address: string): NetnsEnd {
  const netns = `nun${tag}${letter}`;
  const name = `v${letter}${tag}`;
  const exec = ['ip', 'netns', 'exec', netns];
  return {
    netns,
    interface: name,
    address,
    exec,
    link: (state) => ip('-n', netns, 'link', 'set', name, state),
    run: (command, ...args) =>
      execFileSync('ip', ['netns', 'exec', netns, command, ...args], { encoding: 'utf8', stdio: 'pipe' }),
  };
}

const newTag = (): string => {
  made += 1;
  return `${process.pid.toString(36)}${made}`;
};

function addNetns(owner: Cleanup, netns: string): void {
  ip('netns', 'add', netns);
  undoLater(owner, () => ip('netns', 'del', netns));
}

function bringUp({ netns, interface: name, address }: NetnsEnd): void {
  ip('-n', netns, 'addr', 'add', `${address}/24`, 'dev', name);
  ip('-n', netns, 'link', 'set', 'lo', 'up');
  ip('-n', netns, 'link', 'set', name, 'up');
}

/** Namespaces joined by one switch, at most 9. Gone when the owner ends. */
export function netnsSwitch(owner: Cleanup, count: number): readonly NetnsEnd[] {
  const tag = newTag();
  const middle = `nun${tag}sw`;
  addNetns(owner, middle);
  ip('-n', middle, 'link', 'add', 'br0', 'type', 'bridge', 'mcast_snooping', '0');
  ip('-n', middle, 'link', 'set', 'br0', 'up');
  return Array.from({ length: count }, (_, i) => {
    const end = endOf(tag, String(i + 1), `10.99.1.${i + 1}`);
    const { netns, interface: name } = end;
    addNetns(owner, netns);
    const port = `p${i + 1}`;
    ip('link', 'add', name, 'netns', netns, 'type', 'veth', 'peer', 'name', port, 'netns', middle);
    ip('-n', middle, 'link', 'set', port, 'master', 'br0', 'up');
    bringUp(end);
    return end;
  });
}

/** Two namespaces joined by a veth cable. Gone when the owner ends. */
export function netnsPair(owner: Cleanup): readonly [NetnsEnd, NetnsEnd] {
  const tag = newTag();
  const ends = [endOf(tag, 'a', '10.99.0.1'), endOf(tag, 'b', '10.99.0.2')] as const;
  for (const { netns } of ends) addNetns(owner, netns);
  const [a, b] = ends;
  ip(
    'link',
    'add',
    a.interface,
    'netns',
    a.netns,
    'type',
    'veth',
    'peer',
    'name',
    b.interface,
    'netns',
    b.netns,
  );
  ends.forEach(bringUp);
  return ends;
}
