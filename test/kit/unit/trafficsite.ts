import type { Traffic } from '../../../agent/config/traffic.ts';
import { type Chronyd, chronyd } from '../clock/chrony.ts';
import { type CountingProxy, countingProxy } from '../hub/countingproxy.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { eventually, tempDir } from '../process/daemon.ts';
import { natsServers, need } from '../process/tools.ts';
import { type Hub, type RunningUnit, startHub, startUnit, type UnitOptions } from './site.ts';

/** A real unit whose bytes on the link to its real hub are counted. */
export interface TrafficSite {
  readonly hub: Hub;
  readonly proxy: CountingProxy;
  readonly unit: RunningUnit;
  /** What steers its clock. */
  readonly chrony: Chronyd;
}

/** A chronyd that follows the best of four servers, as most units do; its records are longer for each. */
async function chronyOfFour(owner: Cleanup): Promise<Chronyd> {
  const servers = await Promise.all(
    ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5'].map((address) =>
      chronyd(owner, { serve: true, address, steering: true, lines: ['local stratum 2'] }),
    ),
  );
  const lines = servers.map(
    ({ ntpPort }, at) => `server 127.0.0.${at + 2} port ${ntpPort} minpoll 0 maxpoll 4 iburst`,
  );
  const client = await chronyd(owner, { steering: true, lines });
  await eventually('chronyd is synchronised', async () =>
    client.chronyc('sources').then(
      (text) => text.includes('^,*,'),
      () => false, // not up yet
    ),
  );
  return client;
}

/** Starts hub, proxy, clock and unit, all real; the unit is as it comes but for `options`. */
export async function trafficSite(
  owner: Cleanup,
  traffic: Traffic,
  options: Partial<UnitOptions> = {},
): Promise<TrafficSite> {
  const server = natsServers().newest ?? need('nats-server');
  const dir = tempDir(owner, `traffic-${traffic}`);
  const hub = await startHub(owner, dir, server);
  const proxy = await countingProxy(owner, hub.leafPort);
  const chrony = await chronyOfFour(owner);
  const unit = await startUnit(owner, {
    dir,
    unit: 'demo-01',
    server,
    hubPort: proxy.port,
    traffic,
    alone: true,
    time: [`option chrony_port '${chrony.cmdport}'`],
    ...options,
  });
  return { hub, proxy, unit, chrony };
}
