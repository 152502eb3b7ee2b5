import { rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { readFlags } from '../../cli/flags.ts';
import { type CommandIo, UsageError } from '../../cli/io.ts';
import { namesIn, readIfThere, writeAtomic } from '../../lib/files.ts';
import { visible } from '../../lib/format.ts';
import { defaultHubDir, type HubFile, hubFileText, hubPaths } from './hubdir.ts';
import { readHub } from './hubfiles.ts';
import { makePrivateFolder } from './keys.ts';
import { natsConf } from './natsconf.ts';
import { streamsOf } from './streams.ts';

const usage = `usage: nunect-hub export --out DIR [--dir DIR] [--at DIR] [--issuer]

Writes a folder for each server of the hub, OUT/HOST: for the other machines of a cluster, or for a nats-server that
something else runs. Each has the config, the accounts as they are now, the hub's own certificate with its key, and in
streams/ the streams that have to be made. A certificate of --tls-cert has to lie there under the same path. Accounts that change later are pushed to all servers by 'nunect-hub up' and 'revoke'.
  --out DIR  where to write; what is there is replaced
  --dir DIR  folder of the hub; default: ${defaultHubDir}
  --at DIR   where the folder will lie on the machine of the server; default: that of --dir
  --issuer   also what 'nunect-hub up' needs on that machine: the keys that sign units and tokens, and creds
`;

const flags = {
  out: { type: 'string' },
  dir: { type: 'string', default: defaultHubDir },
  at: { type: 'string' },
  issuer: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Who may read a copy: of what is public everybody who gets that far. */
const modeOf = (name: string): number => (/\.jwt$|ca\.pem$|server\.pem$/.test(name) ? 0o644 : 0o600);

/** Writes the folder of one server. */
function exportServer(dir: string, out: string, at: string, hub: HubFile, withIssuer: boolean): void {
  const from = hubPaths(dir);
  for (const folder of [
    out,
    ...['jwt', 'tls', 'run', 'jetstream', 'streams', ...(withIssuer ? ['issuer'] : [])].map((name) =>
      join(out, name),
    ),
  ])
    makePrivateFolder(folder);
  const to = hubPaths(out);
  if (!withIssuer)
    for (const path of [to.issuer, to.operatorCreds]) rmSync(path, { recursive: true, force: true });
  const inFolder = (path: string): string[] => namesIn(path).map((name) => join(path, name));
  const copies = [
    from.operatorJwt,
    from.ca,
    from.cert,
    from.certKey,
    ...inFolder(from.jwt).filter((path) => path.endsWith('.jwt')),
    ...(withIssuer ? [from.operatorCreds, ...inFolder(from.issuer)] : []),
  ];
  for (const path of copies) {
    const text = readIfThere(path);
    if (text === undefined) throw new Error(`${path} is missing: 'nunect-hub init' makes it`);
    const copy = join(out, relative(dir, path));
    writeAtomic(copy, text, { mode: modeOf(copy), durable: true });
  }
  const write = (path: string, text: string): void => writeAtomic(path, text, { durable: true });
  for (const { account, config } of streamsOf(hub.kept, hub.servers.length))
    write(join(out, 'streams', `${account}-${config.name}.json`), `${JSON.stringify(config, null, 2)}\n`);
  write(to.conf, natsConf(hub, at, readIfThere(from.operatorJwt) ?? ''));
  write(to.hub, hubFileText(hub));
}

/** `nunect-hub export`: gives the exit code; wrong arguments throw a UsageError. */
export function exportHub(args: readonly string[], io: CommandIo): number {
  const given = readFlags(args, flags);
  if (given.help === true) {
    io.stdout(usage);
    return 0;
  }
  if (given.out === undefined) throw new UsageError('--out is missing: the folder to write to');
  const dir = resolve(given.dir);
  const hub = readHub(dir);
  if (hub === undefined) throw new Error(`there is no hub in ${dir}: 'nunect-hub init' makes one`);
  const outs = hub.servers.map((server) => resolve(given.out ?? '', server));
  if (outs.includes(dir)) throw new UsageError(`--out: ${dir} is the hub itself, which must not be replaced`);
  for (const [at, server] of hub.servers.entries()) {
    const out = outs[at] ?? '';
    exportServer(dir, out, resolve(given.at ?? dir), { ...hub, server }, given.issuer);
    io.stdout(`${visible(out)}${given.issuer ? ': with keys that sign units' : ''}\n`);
  }
  return 0;
}
