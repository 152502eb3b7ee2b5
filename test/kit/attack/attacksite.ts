import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import {
  credsAuthenticator,
  type Msg,
  type NatsConnection,
  type NodeConnectionOptions,
  nkeys,
} from '@nats-io/transport-node';
import { jwtIn } from '../../../agent/config/formats/creds.ts';
import { hubPaths } from '../../../agent/hub/kit/hubdir.ts';
import { serversToTest } from '../hub/fleet.ts';
import { hubProgram } from '../hub/hubprogram.ts';
import { type Cleanup, newOwner } from '../process/cleanup.ts';
import { eventually, tempDir } from '../process/daemon.ts';
import { hubServers } from '../process/tools.ts';
import { type RunningUnit, startHub, startUnit, type UnitOptions } from '../unit/site.ts';
import { type RawLeaf, rawLeaf } from './rawleaf.ts';

/** The unit whose login is known, and the one that is attacked with it; both of config/hub. */
export const thief = 'demo-01';
export const victim = 'demo-02';

/** A kind of hub, and the server that runs it. */
export interface AttackedHub {
  readonly name: string;
  readonly program: string;
  /** By `nunect-hub init` and `up`, its units enrolled by a token; else by config/hub, its units with passwords. */
  readonly isMade: boolean;
  /** Its server checks what a leaf sends. */
  readonly isChecked: boolean;
}

/** Each kind with each server that may run it; `up` refuses those that do not check. */
export const hubsToAttack = (): AttackedHub[] => [
  ...serversToTest().map((one) => ({ ...one, isMade: false, isChecked: one.name === 'newest' })),
  ...hubServers().map((program, at) => ({
    name: at === 0 ? 'nunect-hub' : `nunect-hub ${program.split('/').at(-1)}`,
    program,
    isMade: true,
    isChecked: true,
  })),
];

/** How a leaf or client logs in as the thief. */
interface Login {
  readonly leafPort: number;
  readonly ca?: string;
  /** `isWrong`: with what belongs to another unit. */
  leaf(isWrong: boolean): (nonce: string) => object;
  /** As a client. */
  readonly client: Pick<NodeConnectionOptions, 'servers' | 'tls' | 'user' | 'pass' | 'authenticator'>;
}

/** What a kind of hub gives. */
interface Made extends Login {
  /** All rights in the account of the fleet. */
  readonly nc: NatsConnection;
  /** How the victim joins. */
  readonly victim: Pick<UnitOptions, 'hubPort' | 'plainHub' | 'keep'>;
}

async function exampleSite(owner: Cleanup, dir: string, program: string): Promise<Made> {
  const { nc, url, leafPort } = await startHub(owner, dir, program);
  const pass = (unit: string): object => ({ user: thief, pass: `change-me-${unit}` });
  return {
    nc,
    leafPort,
    leaf: (isWrong) => () => pass(isWrong ? victim : thief),
    client: { servers: url, ...pass(thief) },
    victim: { hubPort: leafPort },
  };
}

async function madeSite(owner: Cleanup, program: string): Promise<Made> {
  const hub = await hubProgram(owner, program);
  await hub.up();
  const enrolled = async (unit: string): Promise<string> => {
    const token = await hub.done('token', '--unit', unit, '--auto');
    const { code, keep, stdout, stderr } = await hub.enrol(unit, token, unit);
    if (code !== 0) throw new Error(`${unit}: ${stdout}${stderr}`);
    return keep;
  };
  const keeps: Record<string, string> = {};
  for (const unit of [thief, victim]) keeps[unit] = await enrolled(unit);
  const creds = (unit: string): Buffer => readFileSync(join(keeps[unit] ?? '', 'enrol/unit.creds'));
  const jwt = (unit: string): string => jwtIn(creds(unit).toString()) ?? '';
  const seed = readFileSync(join(keeps[thief] ?? '', 'enrol/seed'), 'utf8').trim();
  const ca = readFileSync(hubPaths(hub.dir).ca, 'utf8');
  return {
    nc: await hub.connect(),
    leafPort: hub.ports.leaf,
    ca,
    leaf: (isWrong) => (nonce) => ({
      jwt: jwt(isWrong ? victim : thief),
      sig: Buffer.from(nkeys.fromSeed(Buffer.from(seed)).sign(Buffer.from(nonce))).toString('base64url'),
    }),
    client: { servers: hub.url, tls: { ca }, authenticator: credsAuthenticator(creds(thief)) },
    victim: { hubPort: 0, plainHub: false, keep: keeps[victim] ?? '' },
  };
}

/** A hub with the victim on it, and a way in for the thief. */
export interface AttackSite {
  /** The operator of the hub. */
  nc(): NatsConnection;
  unit(): RunningUnit;
  /** All that the operator heard in the account. */
  readonly heard: Msg[];
  /** A leaf without rules, logged in as the thief; `claims` are further fields of its CONNECT. */
  attacker(how?: {
    readonly isWrong?: boolean;
    readonly claims?: Readonly<Record<string, unknown>>;
  }): Promise<RawLeaf>;
  /** How the thief logs in as a client. */
  client(): Login['client'];
}

/** Starts it before the tests of the suite that calls this, and ends it after them. */
export function attackSite({ program, isMade }: AttackedHub): AttackSite {
  const owner = newOwner();
  const heard: Msg[] = [];
  let made: Made;
  let unit: RunningUnit;
  before(async () => {
    const dir = tempDir(owner, 'attacks');
    made = isMade ? await madeSite(owner, program) : await exampleSite(owner, dir, program);
    made.nc.subscribe('>', { callback: (_error, message) => void heard.push(message) });
    await made.nc.flush();
    const more = `config probe 'thief'\n\toption unit '${thief}'\n\toption interval_s '1'\n`;
    const site = { dir, unit: victim, server: program, interval_s: 1, traffic: 'lan' as const, more };
    unit = await startUnit(owner, { ...site, ...made.victim });
    const own = (message: Msg): boolean => message.subject.endsWith(`.${victim}`);
    await eventually('records of the victim', () => heard.filter(own).length > 3);
  });
  after(() => owner.end());
  return {
    nc: () => made.nc,
    unit: () => unit,
    heard,
    attacker: ({ isWrong = false, claims = {} } = {}) =>
      rawLeaf(owner, {
        port: made.leafPort,
        ...(made.ca !== undefined && { ca: made.ca }),
        login: made.leaf(isWrong),
        name: thief,
        claims,
      }),
    client: () => made.client,
  };
}
