// `make soak`: breaks everything at random for SOAK_SECONDS (600), with seed SOAK_SEED. Exits with 1 if the unit did
// something wrong, and then keeps its files.
import { cpSync, lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programApart } from '../kit/process/apart.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { natsServers, need, projectRoot } from '../kit/process/tools.ts';
import { chaos } from './chaos.ts';
import type { Place } from './place.ts';
import { judge } from './verdict.ts';

/** Sockets cannot be copied. */
const isFile = (path: string): boolean => !lstatSync(path).isSocket();

async function main(): Promise<number> {
  const seconds = Number(process.env['SOAK_SECONDS'] ?? 600);
  const seed = Number(process.env['SOAK_SEED'] ?? Date.now() % 1_000_000);
  const lines: string[] = [];
  const log = (line: string): void => {
    lines.push(line);
    console.log(line);
  };
  log(`SOAK_SEED=${seed} SOAK_SECONDS=${seconds}`);
  const kept = join(projectRoot, '.soak', String(seed));
  const owner = newOwner();
  let faults: readonly string[];
  let place: Place | undefined;
  try {
    const server = natsServers().newest ?? need('nats-server');
    const opened = (it: Place): void => {
      place = it;
    };
    const opts = { server, seed, seconds, calm_s: 15, held_s: 45, ptp: true, log, opened };
    const verdict = judge(await chaos(owner, opts));
    log(verdict.table);
    faults = verdict.faults;
  } catch (error) {
    faults = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
  for (const fault of faults) log(`WRONG: ${fault}`);
  if (faults.length > 0) {
    mkdirSync(kept, { recursive: true });
    writeFileSync(join(kept, 'actions.log'), `${lines.join('\n')}\n`);
    if (place !== undefined) {
      const { unit, hub } = place;
      writeFileSync(join(kept, 'agent.log'), unit.agent().output());
      writeFileSync(join(kept, 'hub.log'), hub.server().output());
      cpSync(join(unit.stateDir, '..'), join(kept, 'run'), { recursive: true, filter: isFile });
    }
    log(`files kept in ${kept}; repeat with SOAK_SEED=${seed}`);
  }
  await owner.end();
  return faults.length > 0 ? 1 : 0;
}

programApart(main);
