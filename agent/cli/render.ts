import { spawn } from 'node:child_process';
import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { resolve } from 'node:path';
import type { LeafState } from '../config/agentfile.ts';
import { fileReader, runAs, secretReader } from '../config/checks/trust.ts';
import { enrolDirOf } from '../config/enrolfiles.ts';
import { loadConfigFile } from '../config/file.ts';
import type { Config } from '../config/options.ts';
import { formatProblem } from '../config/problem.ts';
import { addressOf } from '../device/address.ts';
import { bootId } from '../device/bootid.ts';
import { lockFile, spawnWith } from '../device/lock.ts';
import { renderLeaf } from '../leaf/conf/server.ts';
import type { LeafSecrets } from '../leaf/conf/users.ts';
import { type LeafFiles, leafFiles } from '../leaf/render/files.ts';
import { type AddressOf, onInterface } from '../leaf/render/interface.ts';
import { leafProgram } from '../leaf/render/leafprogram.ts';
import { formatOutcome, type Outcome } from '../leaf/render/outcome.ts';
import { renderInto } from '../leaf/render/render.ts';
import { statePath } from '../leaf/statefiles.ts';
import { spawnSafely } from '../lib/child.ts';
import { defaultConfigFile, keepDir, runDir } from '../lib/defaults.ts';
import { known } from '../lib/known.ts';
import type { ServerProgram } from '../natsserver/program.ts';
import { datesOf } from './doctor/device.ts';
import { readFlags } from './flags.ts';
import { type CommandIo, UsageError } from './io.ts';

const usage = `usage: nunect render [--config FILE] [--out DIR] [--keep DIR] [--stdout] [--no-test]
                     [--leaf-address IPV4]

Makes leaf.conf and agent.json from the config and says what must restart. The last line is for scripts:
'nothing to do', or 'restart: ...' and 'reload: ...' with 'leaf', 'agent' or both, separated by '; '.
Exit code 1: the config could not be used as it is; what is running stays.
  --config FILE  default: ${defaultConfigFile}
  --out DIR      default: ${runDir}
  --keep DIR     directory for hub.good (last working hub settings, kept across reboots) and of the
                 enrolment; default ${keepDir}, with --out for the enrolment only
  --stdout       show leaf.conf with every secret masked, and write nothing
  --no-test      skip 'nats-server -t'
  --leaf-address the address of leaf.interface, which OpenWrt's init script knows; default: that of the interface
`;

const flags = {
  config: { type: 'string', default: defaultConfigFile },
  out: { type: 'string', default: runDir },
  keep: { type: 'string' },
  stdout: { type: 'boolean', default: false },
  'no-test': { type: 'boolean', default: false },
  'leaf-address': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

const consequence: Readonly<Record<Exclude<LeafState, 'current'>, string>> = {
  last_good: 'the config cannot be used, the last good leaf.conf stays',
  hub_only: 'the config cannot be used, the leaf only joins the hub: no users, websocket, JetStream or TLS',
  local_only: 'the config cannot be used, the leaf runs without its hub and without users',
  none: 'there is no leaf.conf',
};

const masked = '***';

/** The secrets that the config would have, without knowing one. */
function maskedSecrets({ hub, user }: Config): LeafSecrets {
  const withPassword = user.filter(({ password, password_file }) => password ?? password_file);
  return {
    agent: masked,
    monitor: masked,
    ...((hub.password ?? hub.password_file) ? { hubPassword: masked } : {}),
    ...((hub.token ?? hub.token_file) ? { hubToken: masked } : {}),
    ...(hub.nkey_file ? { hubNkeySeed: masked } : {}),
    userPasswords: Object.fromEntries(withPassword.map(({ section }) => [section, masked])),
  };
}

/** leaf.conf as it would be, for the eyes of anybody. */
async function show(configFile: string, out: string, address: AddressOf, io: CommandIo): Promise<number> {
  const { config: asked, problems } = loadConfigFile(configFile);
  const { config, findings } = onInterface(asked, address);
  for (const problem of [...problems, ...findings.map((finding) => ({ file: configFile, ...finding }))])
    io.stderr(`${formatProblem(problem)}\n`);
  if (config.leaf.mode !== 'managed') {
    io.stderr(`leaf.mode is ${config.leaf.mode}: there is no leaf.conf\n`);
    return 0;
  }
  const version = await serverOf(configFile)(config.leaf.server).version();
  const { text, notes } = renderLeaf(
    config,
    maskedSecrets(config),
    'known' in version ? version.known : undefined,
    out,
  );
  io.stdout(text);
  for (const note of notes) io.stderr(`note: ${note}\n`);
  return 0;
}

const serverOf =
  (configFile: string) =>
  (program: string): ServerProgram =>
    leafProgram(
      spawnSafely((command, args) => spawn(command, [...args], runAs(configFile))),
      program,
    );

/** More than a rendering takes in which nats-server does not answer. */
const longestWait_ms = 120_000;

/** Does what a rendering asks for, where no script reads it. */
type Act = (outcome: Outcome) => void;

/** `nunect render`: gives the exit code; wrong arguments throw a UsageError. */
export async function render(args: readonly string[], io: CommandIo, act?: Act): Promise<number> {
  const given = readFlags(args, flags);
  if (given.help === true) {
    io.stdout(usage);
    return 0;
  }
  const address = given['leaf-address'];
  if (address !== undefined && !isIPv4(address))
    throw new UsageError(`--leaf-address '${address}' is no IPv4 address`);
  const addressNow: AddressOf = (network) => address ?? addressOf(network, networkInterfaces);
  if (given.stdout) return show(given.config, given.out, addressNow, io);

  const files = leafFiles(given.out);
  const lock = await lockFile(spawnWith, statePath(files.dir, 'renderLock'), longestWait_ms);
  try {
    if (lock.lacking !== undefined) io.stderr(`note: ${lock.lacking}\n`);
    return await renderLocked(files, given, addressNow, io, act);
  } finally {
    lock.release();
  }
}

async function renderLocked(
  files: LeafFiles,
  given: {
    readonly config: string;
    readonly out: string;
    readonly keep?: string;
    readonly 'no-test': boolean;
  },
  address: AddressOf,
  io: CommandIo,
  act?: Act,
): Promise<number> {
  const isRoot = process.getuid?.() === 0;
  const installed = given.out === runDir && isRoot ? keepDir : undefined;
  const boot = bootId();
  const readFile = fileReader(given.config);
  const after = await renderInto(files, files.begin(boot), {
    configFile: given.config,
    boot,
    test: !given['no-test'],
    serverOf: serverOf(given.config),
    readSecret: secretReader(given.config),
    readFile,
    keepUnit: isRoot,
    addressOf: address,
    ...known({
      keepDir: given.keep === undefined ? installed : resolve(given.keep),
      enrolDir: given.keep && enrolDirOf(resolve(given.keep)),
    }),
  });
  for (const problem of after.problems) io.stderr(`${formatProblem(problem)}\n`);
  for (const date of await datesOf(after, readFile)) io.stderr(`${given.config}: warning: ${date}\n`);
  for (const note of after.leaf?.notes ?? []) io.stderr(`note: ${note}\n`);
  const state = after.leaf?.state;
  if (state !== undefined && state !== 'current') io.stderr(`nunect render: ${consequence[state]}\n`);
  io.stdout(formatOutcome(files.outcome()));
  act?.(files.outcome());
  await new Promise(setImmediate); // by then it is known, and ends the process, that nobody reads: it stays due
  files.settle();
  return state === undefined || state === 'current' ? 0 : 1;
}
