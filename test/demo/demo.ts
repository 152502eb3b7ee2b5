// `make demo`: a hub, a leaf joined to it, clocks and the agent, all real, all on this machine; until Ctrl-C, or
// for DEMO_SECONDS. Ends with the number of messages of each kind at the hub; exit code 1 if a kind is missing.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { chronyPair } from '../kit/clock/chrony.ts';
import { ptpPair } from '../kit/clock/ptp.ts';
import { noNetns } from '../kit/net/netns.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { daemon, eventually } from '../kit/process/daemon.ts';
import { takeFolder } from '../kit/process/folder.ts';
import { natsServers, projectRoot, runtime, tool } from '../kit/process/tools.ts';
import { bundle, hubBundle, operator, startHub, startUnit } from '../kit/unit/site.ts';
import { kindOf, lineOf } from './lines.ts';

const unit = 'demo-01';
const expected = [
  'heartbeat',
  'metric.rtt',
  'metric.time',
  'metric.system',
  'metric.nats',
  'status',
  'log',
  'time.config',
];
const dir = join(projectRoot, '.demo');
const width = process.stdout.columns ?? 160;

const owner = newOwner();
const say = (text = ''): void => void process.stdout.write(`${text}\n`);

/** Runs one step; prints its name before it, and its duration after it. */
async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  process.stdout.write(`  ${what.padEnd(58)}`);
  const begun = performance.now();
  const dots = setInterval(() => process.stdout.write('.'), 2000);
  try {
    return await work();
  } finally {
    clearInterval(dots);
    say(` ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  }
}

const stopAsked = new Promise<string>((resolve) => {
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve(name));
});

/** Does not touch the clock of this machine: these daemons only measure, or steer a clock that they may not set. */
async function startClocks(): Promise<readonly string[]> {
  const { client } = await chronyPair(owner);
  const lines = [`option chrony_port '${client.cmdport}'`];
  const without = noNetns();
  if (without !== undefined) {
    say(`\n    PTP is not available: ${without}`);
    return lines;
  }
  const { slave } = ptpPair(owner);
  const pmc = tool('pmc');
  return [
    ...lines,
    `list ptp_socket '${slave.socket}'`,
    ...(pmc === undefined ? [] : [`option pmc '${pmc}'`]),
  ];
}

/** Counts and prints the messages at the hub. */
function watch(nc: NatsConnection, counts: Map<string, number>, show: () => boolean): void {
  nc.subscribe('ops.>', {
    callback: (error, message) => {
      if (error !== null) return;
      const kind = kindOf(message.subject);
      if (!expected.includes(kind)) return; // echo requests and the like
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      const header = (name: string): string => message.headers?.get(name) ?? '';
      if (show()) say(lineOf({ subject: message.subject, body: message.json(), header }, width));
    },
  });
}

const loginAt = (hubUrl: string): Record<string, string> => ({
  NATS_URL: hubUrl,
  NATS_USER: operator.user,
  NATS_PASSWORD: operator.password,
});

/** The fleet as a web page; gives its address. */
async function startPage(hubUrl: string): Promise<string> {
  const state = join(dir, 'alerts');
  mkdirSync(state, { recursive: true });
  const env = { ...process.env, ...loginAt(hubUrl) };
  const page = daemon(owner, runtime(), [hubBundle, 'page', '--port', '0', '--state', state], { env });
  return eventually('the page of the fleet', () => /^http:\S+$/m.exec(page.output())?.[0]);
}

/** Writes DIR/env, by which a shell has the commands of the README: `nunect` of this unit, `nunect-hub`, `nats`, a login. */
function writeEnv(config: string, hubUrl: string): void {
  const bin = join(dir, 'bin');
  mkdirSync(bin, { recursive: true });
  const program = (name: string, lines: readonly string[]): void => {
    writeFileSync(join(bin, name), ['#!/bin/sh', ...lines, ''].join('\n'));
    chmodSync(join(bin, name), 0o755);
  };
  const at = [`--config ${config}`, `--dir ${dir}`];
  program('nunect', [
    'command=$1',
    '[ $# -eq 0 ] || shift',
    'case $command in',
    `status) set -- ${at[1]} "$@" ;;`,
    `check) set -- ${at[0]} "$@" ;;`,
    `doctor) set -- ${at.join(' ')} "$@" ;;`,
    'esac',
    `[ -z "$command" ] || set -- "$command" "$@"`,
    `exec node ${bundle} "$@"`,
  ]);
  program('nunect-hub', [`exec node ${hubBundle} "$@"`]);
  program('nats', [`exec ${tool('nats') ?? 'nats'} "$@"`]);
  const lines = Object.entries({ ...loginAt(hubUrl), PATH: `${bin}:$PATH` }).map(
    ([name, value]) => `export ${name}="${value}"`,
  );
  writeFileSync(join(dir, 'env'), `${lines.join('\n')}\n`, { mode: 0o600 });
}

async function main(): Promise<number> {
  const other = takeFolder(dir);
  if (other !== undefined)
    throw new Error(`a demo already runs in ${dir}, as process ${other}: end it first`);
  const { debian, newest } = natsServers();
  const server = newest ?? debian ?? tool('nats-server');
  if (server === undefined)
    throw new Error('no nats-server: install the Debian package nats-server, or Go, and run make tools');
  const seconds = process.env['DEMO_SECONDS'] === undefined ? undefined : Number(process.env['DEMO_SECONDS']);
  if (seconds !== undefined && !(seconds > 0))
    throw new Error(`DEMO_SECONDS '${process.env['DEMO_SECONDS']}' must be a number`);

  say(`nunect demo: everything runs on loopback and under ${dir}\n`);
  const hub = await step('hub (config/hub/hub.conf) and its stream', () => startHub(owner, dir, server));
  const time = await step('chronyd -x pair and a ptp4l pair in namespaces', startClocks);
  const counts = new Map<string, number>();
  let running = false;
  watch(hub.nc, counts, () => running);
  const site = await step('UCI file, nunect render, leaf, nunect run until READY', () =>
    startUnit(owner, { dir, unit, server, hubPort: hub.leafPort, host: 'auto', time }),
  );
  const asked = await step(`echo of ${unit} through the hub`, () =>
    hub.nc.request(`ops.echo.${unit}`, 'hello', { timeout: 5000 }),
  );
  const fleetUrl = await step('nunect-hub page', () => startPage(hub.url));
  writeEnv(site.config, hub.url);
  say(`
READY. ${unit} answered '${asked.string()}'; its clock: ${asked.headers?.get('X-Clock-Source')}/${asked.headers?.get('X-Clock-Quality')}.

  status page   ${site.statusUrl}
  fleet page    ${fleetUrl}
  in a second terminal
                . ${join(dir, 'env')}
  as operator   nats req ops.echo.${unit} hello
                nats sub 'ops.>'
                nats micro ls
                nunect-hub echo ${unit} -c 5
                nunect-hub top
  on the unit   nunect status
                nunect doctor

Messages at the hub${seconds === undefined ? ', until Ctrl-C' : `, for ${seconds} s`}. PTP needs about 30 s to lock:
`);
  running = true;
  let stored = 0;
  const count = async (): Promise<void> => {
    stored = await hub.stored();
  };
  setInterval(() => void count().catch(() => {}), 1000).unref();
  const ended = await Promise.race([
    stopAsked,
    ...(seconds === undefined
      ? []
      : [new Promise<string>((resolve) => setTimeout(resolve, seconds * 1000, 'time'))]),
  ]);
  say(`\n${ended === 'time' ? `after ${seconds} s` : ended}: stopping`);
  await site.agent().end('SIGTERM');
  if (ended === 'time') await count(); // Ctrl-C ends the hub as well
  say(`\nmessages at the hub; ${stored} records are stored in stream NUNECT:`);
  for (const kind of expected) say(`  ${kind.padEnd(14)} ${counts.get(kind) ?? 0}`);
  const missing = expected.filter((kind) => !counts.has(kind));
  if (missing.length > 0) say(`\nMISSING: ${missing.join(', ')}`);
  return missing.length === 0 && stored > 0 ? 0 : 1;
}

main().then(
  (code) => finish(code),
  (error: unknown) => {
    say(`\ndemo failed: ${error instanceof Error ? error.message : error}`);
    return finish(1);
  },
);

async function finish(code: number): Promise<never> {
  await owner.end();
  process.exit(code);
}
