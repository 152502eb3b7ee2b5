import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { nkeys } from '@nats-io/transport-node';
import { startServer } from '../leaf/leafdaemon.ts';
import { type Daemon, daemon, eventually, tempDir } from '../process/daemon.ts';
import { reservePort } from '../process/ports.ts';
import { runtime } from '../process/tools.ts';
import { bundle, nunect } from '../unit/site.ts';
import { type AuthHub, type HubKind, type HubUser, permissionsOf, unitPassword } from './authhub.ts';
import { seedOf } from './jwt.ts';

/** What these tests read of status.json. */
export interface Status {
  readonly status: string;
  readonly problems: string[];
  readonly link: { connected: boolean; hub_up?: boolean };
  readonly certificates: { file: string; days_left?: number; kind?: string }[];
}

/** A unit that runs. */
export interface Unit {
  readonly agent: Daemon;
  readonly dir: string;
  readonly warnings: string;
  status(): Promise<Status>;
  render(): Promise<void>;
}

/** `leaf.mode`. */
export type Mode = 'managed' | 'off' | 'external';

/** A unit by the lines of its hub and leaf sections: rendered, with a leaf when that is ours, and the agent. */
export async function startUnit(
  t: TestContext,
  program: string,
  { unit, mode, hub, leaf, dir }: { unit: string; mode: Mode; hub: string[]; leaf: string[]; dir: string },
): Promise<Unit> {
  const [port, statusPort, chronyPort] = [await reservePort(), await reservePort(), await reservePort()];
  const section = (name: string, lines: readonly string[]): string =>
    [`config ${name} '${name}'`, ...lines.map((line) => `\t${line}`), ''].join('\n');
  const config = join(dir, 'nunect');
  const sections = [
    section('agent', [`option unit '${unit}'`, "option host 'openwrt'", `option interval_s '1'`]),
    section('hub', hub),
    section('leaf', [
      `option mode '${mode}'`,
      `option server '${program}'`,
      `option port '${port}'`,
      ...leaf,
    ]),
    section('status', [`option port '${statusPort}'`]),
    section('time', [`option chrony_port '${chronyPort}'`, `list ptp_socket '${dir}/none'`]),
  ];
  writeFileSync(config, sections.join('\n'), { mode: 0o600 });
  const render = async (): Promise<string> => {
    const { code, stderr } = await nunect(['render', '--config', config, '--out', dir]);
    assert.equal(code, 0, stderr);
    return stderr;
  };
  const warnings = await render();
  if (mode === 'managed') await startServer(t, program, join(dir, 'leaf.conf'));
  const agent = daemon(t, runtime(), [bundle, 'run', '--dir', dir]);
  return {
    agent,
    dir,
    warnings,
    render: async () => void (await render()),
    // an echo is answered before the page is served
    status: () =>
      eventually('its status', async () => {
        const answer = await fetch(`http://127.0.0.1:${statusPort}/status.json`).catch(() => undefined);
        return answer && ((await answer.json()) as Status);
      }),
  };
}

/** A unit of a scenario, before it runs. */
export interface Planned {
  readonly user: HubUser;
  readonly mode: Mode;
  readonly hub: string[];
  readonly leaf: string[];
  readonly dir: string;
}

/** Writes a file that only its owner reads, and gives its path. */
export const secretFile = (dir: string, name: string, text: string): string => {
  const file = join(dir, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
};

/** Every kind of credentials that a hub of that kind knows, in every mode that has it. */
export function planned(t: TestContext, hub: AuthHub, kind: HubKind, hasNkey: boolean): Planned[] {
  const plan = (
    mode: Mode,
    name: string,
    login: (unit: string, dir: string) => { user: HubUser; lines: string[] },
  ): Planned => {
    const unit = `${mode}-${name}`;
    const dir = tempDir(t, unit);
    const { user: known, lines } = login(unit, dir);
    const user = { ...known, isClient: mode !== 'managed' };
    const port = mode === 'off' ? hub.port : hub.leafPort;
    const url = `list url '${kind === 'certificate' ? 'tls' : 'nats'}://127.0.0.1:${port}'`;
    if (mode !== 'external')
      return { user, mode, dir, hub: [url, `option reconnect_s '1'`, ...lines], leaf: [] };
    const ofServer = lines.map((line) => line.replace('option ', 'option external_'));
    return {
      user,
      mode,
      dir,
      hub: [url],
      leaf: [`option external_url 'nats://127.0.0.1:${hub.port}'`, ...ofServer],
    };
  };
  const password = (unit: string) => ({
    user: { unit, by: 'password' } as const,
    lines: [`option user '${unit}'`, `option password '${unitPassword}'`],
  });
  const passwordFile = (unit: string, dir: string) => ({
    user: { unit, by: 'password' } as const,
    lines: [`option user '${unit}'`, `option password_file '${secretFile(dir, 'pw', `${unitPassword}\n`)}'`],
  });
  const nkey = (unit: string, dir: string) => {
    const pair = nkeys.createUser();
    const file = secretFile(dir, 'seed', `# of ${unit}\n${seedOf(pair)}\n`);
    return {
      user: { unit, by: 'nkey', nkey: pair.getPublicKey() } as const,
      lines: [`option nkey_file '${file}'`],
    };
  };
  const creds = (unit: string, dir: string) => {
    const text = hub.operator.creds(unit, { permissions: permissionsOf(unit, !unit.startsWith('managed')) });
    return {
      user: { unit, by: 'password' } as const,
      lines: [`option creds_file '${secretFile(dir, 'unit.creds', text)}'`],
    };
  };
  const certificate = (unit: string) => {
    const { cert, key } = hub.issue(unit, `/CN=${unit}/O=nunect`);
    return {
      user: { unit, by: 'certificate', name: `O=nunect,CN=${unit}` } as const,
      lines: [`option tls_ca '${hub.ca}'`, `option tls_cert '${cert}'`, `option tls_key '${key}'`],
    };
  };
  if (kind === 'jwt')
    return (['managed', 'off', 'external'] as const).map((mode) => plan(mode, 'creds', creds));
  if (kind === 'certificate')
    return (['managed', 'off'] as const).map((mode) => plan(mode, 'mtls', certificate));
  return [
    ...(['managed', 'off', 'external'] as const).flatMap((mode) => [
      plan(mode, 'password', password),
      plan(mode, 'file', passwordFile),
    ]),
    ...(hasNkey ? [plan('managed', 'nkey', nkey)] : []),
    plan('off', 'nkey', nkey),
  ];
}
