import { after, before } from 'node:test';
import type { Msg } from '@nats-io/transport-node';
import { newOwner } from '../process/cleanup.ts';
import { eventually, tempDir } from '../process/daemon.ts';
import { type Hub, type RunningUnit, startHub, startUnit } from '../unit/site.ts';
import { type RawLeaf, rawLeaf } from './rawleaf.ts';

/** The unit whose password is known, and the one that is attacked with it; both of config/hub. */
export const thief = 'demo-01';
export const victim = 'demo-02';

/** A hub as it ships with the victim on it, and a way in for the thief. */
export interface AttackSite {
  hub(): Hub;
  unit(): RunningUnit;
  /** All that the operator heard in the account. */
  readonly heard: Msg[];
  /** A leaf without rules, logged in as the thief; `claims` are further fields of its CONNECT. */
  attacker(password?: string, claims?: Readonly<Record<string, unknown>>): Promise<RawLeaf>;
}

/** Starts it before the tests of the suite that calls this, and ends it after them. */
export function attackSite(program: string): AttackSite {
  const owner = newOwner();
  const heard: Msg[] = [];
  let hub: Hub;
  let unit: RunningUnit;
  before(async () => {
    const dir = tempDir(owner, 'attacks');
    hub = await startHub(owner, dir, program);
    hub.nc.subscribe('>', { callback: (_error, message) => void heard.push(message) });
    await hub.nc.flush();
    const more = `config probe 'thief'\n\toption unit '${thief}'\n\toption interval_s '1'\n`;
    const site = {
      dir,
      unit: victim,
      server: program,
      hubPort: hub.leafPort,
      interval_s: 1,
      traffic: 'lan' as const,
      more,
    };
    unit = await startUnit(owner, site);
    await eventually('records of the victim', async () => (await hub.stored()) > 3);
  });
  after(() => owner.end());
  return {
    hub: () => hub,
    unit: () => unit,
    heard,
    attacker: (password = `change-me-${thief}`, claims = {}) =>
      rawLeaf(owner, { port: hub.leafPort, user: thief, password, name: thief, claims }),
  };
}
