import { execFileSync } from 'node:child_process';
import { type Cleanup, undoLater } from './cleanup.ts';

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

/** Two namespaces joined by a veth cable. Gone when the owner ends. */
export function netnsPair(owner: Cleanup): readonly [NetnsEnd, NetnsEnd] {
  made += 1;
  const tag = `nun${process.pid.toString(36)}${made}`;
  const end = (letter: 'a' | 'b'): NetnsEnd => {
    const netns = `${tag}${letter}`;
    const name = `v${letter}${process.pid.toString(36)}${made}`;
    const exec = ['ip', 'netns', 'exec', netns];
    return {
      netns,
      interface: name,
      address: letter === 'a' ? '10.99.0.1' : '10.99.0.2',
      exec,
      link: (state) => ip('-n', netns, 'link', 'set', name, state),
      run: (command, ...args) =>
        execFileSync('ip', ['netns', 'exec', netns, command, ...args], { encoding: 'utf8', stdio: 'pipe' }),
    };
  };
  const ends = [end('a'), end('b')] as const;
  for (const { netns } of ends) {
    ip('netns', 'add', netns);
    undoLater(owner, () => ip('netns', 'del', netns));
  }
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
  for (const { netns, interface: name, address } of ends) {
    ip('-n', netns, 'addr', 'add', `${address}/24`, 'dev', name);
    ip('-n', netns, 'link', 'set', 'lo', 'up');
    ip('-n', netns, 'link', 'set', name, 'up');
  }
  return ends;
}
