// What a run needs: the hub of the kit, its units in a process of their own, the page's process, and who looks at it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { readCreds } from '../../../agent/config/formats/creds.ts';
import type { Traffic } from '../../../agent/config/traffic.ts';
import { hubPaths } from '../../../agent/hub/kit/hubdir.ts';
import { type KitHub, kitHub } from '../../kit/hub/kithub.ts';
import type { Cleanup } from '../../kit/process/cleanup.ts';
import { answering, type Daemon, daemon, eventually, tempDir } from '../../kit/process/daemon.ts';
import { natsServers, need, runtime } from '../../kit/process/tools.ts';
import { hubBundle } from '../../kit/unit/site.ts';
import { startLeafServer } from './leafserver.ts';
import type { SpeakGiven, Spoken } from './speak.ts';

const cluster = '127.0.0.1,127.0.0.2,127.0.0.3';

/** How many units log in a second: what a hub of two cores, which the units share here, takes without falling behind. */
const inFlight = 200;

/** What `nunect-hub init` takes where nothing is said: --store, GB. */
const store = '4';

export interface HubSite {
  readonly kit: KitHub;
  readonly nc: NatsConnection;
  servers(): readonly Daemon[];
  /** Ends all servers and starts them again. */
  restart(): Promise<void>;
}

/** A hub of one server, or of three; isolated: which units are there is not told to other units. */
export async function startHubSite(
  owner: Cleanup,
  { isCluster, isIsolated }: { readonly isCluster: boolean; readonly isIsolated: boolean },
): Promise<HubSite> {
  const kit = await kitHub(owner, join(tempDir(owner, 'scale'), 'hub'), {
    store,
    ...(isCluster ? { cluster } : {}),
    isolate: isIsolated ? 'yes' : 'no',
  });
  const program = natsServers().newest ?? need('nats-server');
  const start = () => Promise.all(kit.dirs.map((dir) => kit.start(program, dir)));
  let servers = await start();
  await kit.makeStreams();
  return {
    kit,
    nc: await kit.as('hub-fleet'),
    servers: () => servers,
    async restart() {
      await Promise.all(servers.map((server) => server.endGently()));
      servers = await start();
    },
  };
}

/** The process of the units. */
export interface SpeakingUnits {
  readonly pid: number;
  counts(): Promise<Spoken>;
}

/** How units are joined: each by a simulated leaf link, or by one of a real nats-server; or all over one client. */
export type Joined = 'leafs' | 'together' | 'off' | 's2_best';

/** Begins to join them; where a real server does it, waits until they are. */
export async function startUnits(
  owner: Cleanup,
  { kit }: HubSite,
  { count, traffic, by }: { readonly count: number; readonly traffic: Traffic; readonly by: Joined },
): Promise<SpeakingUnits> {
  const units = Array.from({ length: count }, (_, index) => {
    const unit = `sim-${String(index).padStart(5, '0')}`;
    return { unit, creds: by === 'together' ? '' : kit.unit(unit).text };
  });
  const logins = units.map(({ unit, creds }) => {
    const read = readCreds(creds);
    return { unit, role: 'leaf', ...(read.ok ? read.value : { jwt: '', seed: '' }) };
  });
  const { servers, server, ports } = kit.hub;
  const paths = hubPaths(kit.dir);
  const creds = readFileSync(paths.issuerCreds('hub-fleet'), 'utf8');
  const given: SpeakGiven = {
    ...{ logins, traffic, inFlight },
    ports: servers.map((host) => ({ host, port: ports.leaf })),
    ca: readFileSync(paths.ca, 'utf8'),
    ...(by === 'together' ? { client: { servers: `${server}:${ports.client}`, creds } } : {}),
    ...(by === 'off' || by === 's2_best'
      ? { leafServer: await startLeafServer(owner, { kit, trust: paths.ca, compression: by }, units) }
      : {}),
  };
  const file = `${kit.dir}-units.json`;
  writeFileSync(file, JSON.stringify(given));
  const program = answering(owner, require.resolve('./speak.ts'), [file]);
  return { pid: program.pid, counts: async () => (await program.ask('counts')) as Spoken };
}

/** Waits until all are in; gives how long that took in seconds. */
export async function joined(units: SpeakingUnits, count: number, most_s: number): Promise<number> {
  const begun = performance.now();
  let seen: Spoken | undefined;
  await eventually(
    'all units are in',
    async () => {
      seen = await units.counts();
      return seen.joined === count;
    },
    most_s * 1000,
    1000,
  ).catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(seen)}`);
  });
  return (performance.now() - begun) / 1000;
}

/** The page's process, as it ships. */
export async function startPageProgram(
  owner: Cleanup,
  { kit }: HubSite,
  bundle = hubBundle,
): Promise<Daemon & { url: string }> {
  const page = daemon(owner, runtime(), [bundle, 'page', '--dir', kit.dir, '--port', '0']);
  const url = await eventually('the page listens', () => /http:\S+/.exec(page.output())?.[0]).catch(
    (error: Error) => {
      throw new Error(`${error.message}: ${page.output()}`);
    },
  );
  return Object.assign(page, { url: url.replace(/\/$/, '') });
}

/** What somebody who looks waited for, ms, and how much came, bytes; how often nothing came, or not all. */
export interface Looked {
  readonly took_ms: number[];
  readonly bytes: number[];
  failed: number;
}

/** Asks for a path again and again until its owner ends, one at a time. */
export function lookAt(owner: Cleanup, url: string, every_s: number): Looked {
  const looked: Looked = { took_ms: [], bytes: [], failed: 0 };
  let isAsking = false;
  const look = async (): Promise<void> => {
    const begun = performance.now();
    const answer = await fetch(url);
    const { byteLength } = await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
    looked.bytes.push(byteLength);
    looked.took_ms.push(performance.now() - begun);
  };
  const timer = setInterval(async () => {
    if (isAsking) return;
    isAsking = true;
    await look().catch(() => {
      looked.failed += 1;
    });
    isAsking = false;
  }, every_s * 1000);
  owner.after(() => clearInterval(timer));
  return looked;
}
