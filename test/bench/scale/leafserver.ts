// One nats-server that joins the hub with a leaf link for each unit, each of an account of its own: its links are the real thing, with
// the compression that nunect renders. It holds simulated links to the truth, and tells what compression costs the hub.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KitHub } from '../../kit/hub/kithub.ts';
import { startServer } from '../../kit/leaf/leafdaemon.ts';
import type { Cleanup } from '../../kit/process/cleanup.ts';
import { tempDir } from '../../kit/process/daemon.ts';
import { reservePort } from '../../kit/process/ports.ts';
import { natsServers, need } from '../../kit/process/tools.ts';

/** Password of the client of each unit, whose user is its id. */
export const unitPassword = 'unit';

/** Starts it; gives where the units' agents find it. `trust` is the file of the CA. */
export async function startLeafServer(
  owner: Cleanup,
  { kit, trust, compression }: { readonly kit: KitHub; readonly trust: string; readonly compression: string },
  units: readonly { readonly unit: string; readonly creds: string }[],
): Promise<string> {
  const dir = tempDir(owner, 'scaleleafs');
  const port = await reservePort();
  const { server, ports } = kit.hub;
  const accounts = units.map(
    ({ unit }) => `"${unit}": { users: [{ user: "${unit}", password: "${unitPassword}" }] }\n`,
  );
  const remotes = units.map(({ unit, creds }) => {
    const file = join(dir, `${unit}.creds`);
    writeFileSync(file, creds, { mode: 0o600 });
    const where = `url: "tls://${server}:${ports.leaf}", tls: { ca_file: "${trust}" }`;
    return `{ ${where}, account: "${unit}", credentials: "${file}", compression: "${compression}" }\n`;
  });
  const conf = join(dir, 'leafs.conf');
  writeFileSync(
    conf,
    `listen: "127.0.0.1:${port}"\nserver_name: "leafs"\naccounts { ${accounts.join('')} }\nleafnodes { reconnect: "2s", remotes: [ ${remotes.join('')} ] }\n`,
  );
  await startServer(owner, natsServers().newest ?? need('nats-server'), conf);
  return `nats://127.0.0.1:${port}`;
}
