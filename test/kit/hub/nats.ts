import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { startServer } from '../leaf/leafdaemon.ts';
import { newOwner } from '../process/cleanup.ts';
import { type Daemon, eventually, tempDir } from '../process/daemon.ts';
import { reservePort } from '../process/ports.ts';

export interface NatsProcess {
  readonly url: string;
  readonly port: number;
  /** What it has logged so far. */
  log(): string;
  /** Writes a new config, if one is given, and starts; resolves when clients can connect. */
  start(config?: string): Promise<void>;
  kill(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT' | 'SIGHUP'): Promise<void>;
  /** Writes a new config and has it reloaded. */
  reload(config: string): Promise<void>;
}

/** Whether every thread of a process is stopped: a signal reaches them one by one, and each can still answer. */
function standsStill(pid: number | undefined): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) =>
      /\) T /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')),
    );
  } catch {
    return false; // a thread ended meanwhile
  }
}

/** Real nats-servers of one test, all killed and their files removed by `stop`. */
export interface NatsFleet {
  readonly dir: string;
  /** A server whose config is `config`, with a port of its own put in front of it. Not started yet. */
  server(name: string, config: string): Promise<NatsProcess>;
  stop(): Promise<void>;
}

export function natsFleet(program: string): NatsFleet {
  const owner = newOwner();
  const dir = tempDir(owner, 'nats');
  return {
    dir,
    async server(name, firstConfig) {
      const port = await reservePort();
      const file = join(dir, `${name}.conf`);
      let config = firstConfig;
      let running: Daemon | undefined;
      const log = (): string => running?.output() ?? '';
      const write = (): void =>
        writeFileSync(file, `listen: "127.0.0.1:${port}"\nserver_name: "${name}"\n${config}\n`);
      return {
        port,
        url: `nats://127.0.0.1:${port}`,
        log,
        async start(next) {
          config = next ?? config;
          write();
          running = await startServer(owner, program, file);
        },
        async kill(signal) {
          const target = running;
          if (target === undefined) return;
          if (signal === 'SIGKILL' || signal === 'SIGTERM') return target.end(signal);
          target.kill(signal);
          if (signal === 'SIGSTOP') await eventually(`${name} stands still`, () => standsStill(target.pid));
        },
        async reload(next) {
          config = next;
          write();
          const before = log().length;
          running?.kill('SIGHUP');
          await eventually(`${name} reloaded`, () => {
            const since = log().slice(before);
            if (since.includes('Failed to reload')) throw new Error(since);
            return since.includes('Reloaded server configuration');
          });
        },
      };
    },
    stop: () => owner.end(),
  };
}

/** Accepts connections and says nothing, until `stop`: a server that hangs. */
export async function silentServer(port = 0): Promise<{
  readonly port: number;
  open(): number;
  accepted(): number;
  stop(): Promise<void>;
}> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server = createServer((socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    open: () => sockets.size,
    accepted: () => accepted,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Unit ids, users and passwords of the small fleets below. */
export const unitId = 'u1';
export const agentLogin = { user: 'agent', password: 'agent-secret' };
export const operatorLogin = { user: 'ops', password: 'ops-secret' };

/** A hub with JetStream, a leafnode listener on `leafPort`, and users for one leaf and one operator. */
export const hubConfig = (leafPort: number, storeDir: string): string => `
jetstream { store_dir: "${storeDir}", max_mem: 64M, max_file: 256M }
leafnodes { listen: "127.0.0.1:${leafPort}" }
accounts { FLEET {
  jetstream: enabled
  users: [ { user: "leaf-u1", password: "leaf-secret" }, { user: "ops", password: "ops-secret" } ]
} }
`;

/** A leaf joined to the hub at `leafPort`; `agentPermissions` is the permissions block of the agent's user. */
export const leafConfig = (
  leafPort: number,
  agentPermissions = '',
  password = agentLogin.password,
): string => `
leafnodes { reconnect: 1, remotes: [ { url: "nats://leaf-u1:leaf-secret@127.0.0.1:${leafPort}", account: APP } ] }
accounts { APP { users: [
  { user: "agent", password: "${password}"${agentPermissions} }
  { user: "ops", password: "ops-secret" }
] } }
`;
