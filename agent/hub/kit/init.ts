import { resolve } from 'node:path';
import { numberFlag, readFlags } from '../../cli/flags.ts';
import { type CommandIo, UsageError } from '../../cli/io.ts';
import { isImplausible } from '../../clock/trust.ts';
import { type Traffic, traffics } from '../../config/traffic.ts';
import { lockFile, spawnWith } from '../../device/lock.ts';
import { formatShortSpan, formatUtc, shellWord, visible } from '../../lib/format.ts';
import { givenTlsFault } from './given.ts';
import {
  clientUrls,
  defaultHubDir,
  type HubFile,
  hubKeysDir,
  hubPaths,
  leafUrls,
  localUrl,
  trustedCa,
} from './hubdir.ts';
import { makeHub, readHub } from './hubfiles.ts';
import { keptSpan_s, neededBytes } from './keep.ts';
import { makePrivateFolder, refuseForeign } from './keys.ts';
import { type HubPlan, hubPlan, planFlags } from './plan.ts';

/** Interest that each is told of all others grows by the square: docs/scale.md. */
const manyUnits = 300;

const usage = `usage: nunect-hub init --host HOST [--dir DIR] [--keys DIR] [--cluster A,B,C]
                       [--behind-proxy | --tls-cert FILE --tls-key FILE] [--tls-ca FILE]
                       [--keep DAYS] [--store GIB] [--units N] [--traffic PROFILE] [--days DAYS]
                       [--isolate yes|no] [--port NAME=NUMBER]...

Makes a hub's folder: keys, accounts, certificates, the config of nats-server. Run again it mends what is missing,
changes what is given, and leaves the rest as it is; then 'nunect-hub up' makes the change known to what runs.
  --host HOST      the name or address by which units reach the hub
  --dir DIR        default: ${defaultHubDir}
  --keys DIR       where the keys lie that make the hub yours; default: DIR/keys. Only init needs
                   them, and what shuts units out: keep them on another disk, and a copy of them
  --cluster A,B,C  the hub is three servers with these hosts; --host is the one of them that runs here, by default the
                   first. 'nunect-hub export' has the folders of the others
  --behind-proxy   a proxy at HOST ends TLS and passes websockets on to port 8443 of this machine
  --tls-cert FILE  certificate of the hub with its chain, and --tls-key its key, in place of those of an own CA; give
                   --tls-ca where no router's system knows the CA. --own-ca goes back to the own one
  --keep DAYS      how long records are kept, if they fit into --store; default 30
  --store GIB      what the records may take; default 4
  --units N        for how many units, at which --traffic (default standard), it is said what fits; default 100
  --isolate yes    for more than ${manyUnits} units: nats-server does not tell each of all others; default no. Echoes between
                   units work all the same. Needs nats-server 2.12.7 or newer on all servers
  --days DAYS      how long the JWT of a unit is valid; it is renewed at two thirds; default 90
  --port N=NUMBER  another port: client, leaf, websocket, cluster, monitor or proxy
  --new-issuer     new keys and logins in DIR/issuer, as after its theft: what was signed by the old ones, the logins of all
                   units and tokens too, is void once 'nunect-hub up' has taken it over. Needs the keys
`;

const flags = {
  ...planFlags,
  dir: { type: 'string', default: defaultHubDir },
  units: { type: 'string', default: '100' },
  traffic: { type: 'string', default: 'standard' },
  'new-issuer': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
} as const;

/** More than one that runs beside it takes. */
const longestWait_ms = 30_000;

function trafficOf(text: string): Traffic {
  const found = traffics.find((one) => one === text);
  if (found !== undefined) return found;
  throw new UsageError(`--traffic '${text}' must be one of ${traffics.join(', ')}`);
}

const gib = 1024 ** 3;

/** What the store holds, and what it would have to be. */
function keepText({ kept }: HubFile, units: number, traffic: Traffic): string {
  const asked_s = kept.days * 86_400;
  const fits_s = keptSpan_s(kept.bytes, units, traffic);
  const fleet = `${units} unit${units === 1 ? '' : 's'} at ${traffic}`;
  const full = `keeps the records of ${fleet} for ${formatShortSpan(Math.min(asked_s, fits_s))}`;
  if (fits_s >= asked_s) return `${full}\n`;
  const needed = Math.ceil(neededBytes(kept.days, units, traffic) / gib);
  return `${full}: ${Number((kept.bytes / gib).toFixed(2))} GiB hold no more. For ${kept.days} days: --store ${needed}\n`;
}

/** What so many units should have. */
const isolateText = ({ isolated }: HubFile, units: number): string =>
  units <= manyUnits || isolated
    ? ''
    : `note: as it is, nats-server tells each of ${units} units of all others: with nats-server 2.12.7 or newer better --isolate yes\n`;

/** How `nats` and `nunect-hub top` find this hub from this machine: a context of the nats command, made by it. */
function contextCommand(dir: string, hub: HubFile): string {
  const isBehind = hub.tls.by === 'proxy'; // whose websockets nunect-hub does not speak
  const ca = isBehind ? undefined : trustedCa(hub, dir);
  const servers = isBehind ? [localUrl(hub)] : clientUrls(hub);
  const words = [
    ...['nats', 'context', 'save', hub.server, '--select', '--server', servers.join(',')],
    ...(ca === undefined ? [] : ['--tlsca', ca]),
    ...['--creds', hubPaths(dir).operatorCreds],
  ];
  return words.map(shellWord).join(' ');
}

function report(dir: string, hub: HubFile, changed: readonly string[], io: CommandIo): void {
  const keysDir = hubKeysDir(hub, dir);
  const done = changed.length === 0 ? 'nothing to do, all is as asked' : `made: ${changed.join(', ')}`;
  const lines = [
    `hub ${hub.servers.join(', ')} in ${dir}: ${done}`,
    `units join ${leafUrls(hub).join(' ')}`,
    `clients and routers that enrol join ${clientUrls(hub).join(' ')}`,
    `keys in ${keysDir}: who has them owns the hub. Only init needs them, and what shuts units out. Keep a copy elsewhere`,
    `once it runs, for nats and nunect-hub top: ${contextCommand(dir, hub)}`,
  ];
  io.stdout(lines.map((line) => `${visible(line)}\n`).join(''));
  if (keysDir.startsWith(`${dir}/`))
    io.stdout('note: the keys lie on the same disk as the hub; --keys names a folder on another one\n');
}

/** What is left to do for the old keys to be of no use to anybody. */
const newIssuerText = ({ servers }: HubFile): string =>
  [
    'keys and logins of the hub are new. The old ones are void once the servers know:',
    ...(servers.length > 1
      ? ["  'nunect-hub export --issuer', and copy its folders to the other servers"]
      : []),
    "  have 'nunect-hub up' read all again (SIGHUP, systemctl reload nunect-hub), or start it",
    "  units stay out until they have a new token: one without --auto will do for all that are in 'nunect-hub units'",
    '  copies of the keys folder are of no use any more: make new ones',
    '',
  ].join('\n');

/** `nunect-hub init`: gives the exit code; wrong arguments throw a UsageError. */
export async function init(args: readonly string[], io: CommandIo, now_ms = Date.now()): Promise<number> {
  const given = readFlags(args, flags);
  if (given.help === true) {
    io.stdout(usage);
    return 0;
  }
  const [units, traffic] = [numberFlag(given.units, 'units', [1, 1e6]), trafficOf(given.traffic)];
  const dir = resolve(given.dir);
  // certificates and accounts that were made at a wrong time would be void at the right one
  if (isImplausible(now_ms))
    throw new Error(`the clock of this machine shows ${formatUtc(now_ms)}: set it first`);
  const planned = (): HubPlan => {
    const plan = hubPlan(given, readHub(dir));
    const fault = givenTlsFault(plan.tls, plan.servers, now_ms);
    if (fault !== undefined) throw new Error(fault);
    return plan;
  };
  planned(); // before anything is made
  refuseForeign(dir);
  makePrivateFolder(dir);
  makePrivateFolder(hubPaths(dir).run);
  const lock = await lockFile(spawnWith, hubPaths(dir).lock, longestWait_ms);
  try {
    if (lock.lacking !== undefined) io.stderr(`note: ${lock.lacking}\n`);
    const { hub, changed } = makeHub(dir, planned(), now_ms, given['new-issuer']);
    report(dir, hub, changed, io);
    if (given['new-issuer']) io.stdout(newIssuerText(hub));
    io.stdout(keepText(hub, units, traffic) + isolateText(hub, units));
    return 0;
  } finally {
    lock.release();
  }
}
