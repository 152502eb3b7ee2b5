// Leafs of units at a hub of the kit: real ones, with a client behind each, and what simulated ones are told.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { readCreds } from '../../../agent/config/formats/creds.ts';
import { trustedCa } from '../../../agent/hub/kit/hubdir.ts';
import { echoOf, inboxPrefixOf, peerInboxPrefixOf } from '../../../agent/wire/subjects.ts';
import { startServer } from '../leaf/leafdaemon.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { eventually } from '../process/daemon.ts';
import { reservePort } from '../process/ports.ts';
import type { IssuedCreds, KitHub } from './kithub.ts';
import { simLeafs } from './simleafs.ts';

/** A leaf of that hub with a client of it, whose inbox is that of `unit`; `at`: by that server of the hub only. */
export async function leafOf(
  owner: Cleanup,
  program: string,
  kit: KitHub,
  creds: IssuedCreds,
  { unit, at }: { readonly unit?: string; readonly at?: string | undefined } = {},
): Promise<NatsConnection> {
  const port = await reservePort();
  const conf = join(kit.dir, `leaf-${port}.conf`);
  const remote = kit.remote(creds);
  const there =
    at === undefined
      ? remote
      : remote.replace(/urls: \[.*?\]/, `urls: ["tls://${at}:${kit.hub.ports.leaf}"]`);
  writeFileSync(conf, `listen: "127.0.0.1:${port}"\nserver_name: "leaf-${port}"\n${there}`);
  const leaf = await startServer(owner, program, conf);
  await eventually('the leaf has joined', () => leaf.output().includes('Leafnode connection created'));
  const nc = await connect({ port, ...(unit === undefined ? {} : { inboxPrefix: inboxPrefixOf(unit) }) });
  owner.after(() => nc.close());
  return nc;
}

/** A unit that answers its echo and asks peers as the agent does: each time by another token. */
async function peer(nc: NatsConnection, unit: string) {
  nc.subscribe(echoOf(unit), { callback: (_error, message) => void message.respond(`${unit} hears`) });
  const inbox = peerInboxPrefixOf(unit);
  const answers: string[] = [];
  nc.subscribe(`${inbox}.*`, { callback: (_error, message) => void answers.push(message.string()) });
  await nc.flush();
  let asked = 0;
  return {
    ask: (other: string): Promise<string> =>
      eventually(`${unit} is answered by ${other}`, async () => {
        asked += 1;
        nc.publish(echoOf(other), 'are you there?', { reply: `${inbox}.${asked}` });
        await nc.flush();
        return answers.find((text) => text !== ''); // an empty one: the server, nobody listens there
      }),
  };
}

/**
 * Of two units, each asks the other and is answered; the hub reaches both, stores, and knows at once who is not there. `at`: the
 * servers that they are at.
 */
export async function holdsPeers(
  owner: Cleanup,
  program: string,
  kit: KitHub,
  fleet: NatsConnection,
  at: readonly (string | undefined)[] = [],
): Promise<void> {
  const join = (unit: string, server: string | undefined) =>
    leafOf(owner, program, kit, kit.unit(unit), { unit, at: server });
  const [one, other] = [await join('one', at[0]), await join('other', at[1])];
  const [first, second] = [await peer(one, 'one'), await peer(other, 'other')];
  assert.equal(await first.ask('other'), 'other hears');
  assert.equal(await second.ask('one'), 'one hears');
  for (const unit of ['one', 'other'])
    assert.equal((await fleet.request(echoOf(unit), '', { timeout: 5000 })).string(), `${unit} hears`);
  const ack = await one.request('ops.heartbeat.one', 'beat', { timeout: 5000 });
  assert.equal(ack.json<{ stream: string }>().stream, 'NUNECT');
  await assert.rejects(fleet.request(echoOf('nobody'), '', { timeout: 5000 }), /no responders/);
  await Promise.all([one.close(), other.close()]);
}

/** Joins so many simulated leafs; gives how many lines of interest each was told, once each has said its last word to all. */
export async function linesTold(
  owner: Cleanup,
  kit: KitHub,
  fleet: NatsConnection,
  count: number,
): Promise<number> {
  const units = Array.from({ length: count }, (_, at) => `sim-${count}-${at}`);
  const logins = units.map((unit) => {
    const creds = readCreds(kit.unit(unit).text);
    if (!creds.ok) throw new Error(creds.why);
    return { unit, role: 'leaf', jwt: creds.value.jwt, seed: creds.value.seed };
  });
  const leafs = simLeafs(logins, {
    ports: [{ host: kit.hub.server, port: kit.hub.ports.leaf }],
    ca: readFileSync(trustedCa(kit.hub, kit.dir) ?? '', 'utf8'),
    inFlight: 10,
  });
  owner.after(() => leafs.end());
  for (const [at, unit] of units.entries())
    leafs.links[at]?.hear(echoOf(unit), (message) => message.respond(message.text));
  await eventually('all have joined', () => leafs.counts().joined === count);
  // whoever answers has had all that was said to him before: of the last one that joined, too
  for (const unit of units) await fleet.request(echoOf(unit), '', { timeout: 10_000 });
  const told = leafs.counts().interest_lines / count;
  leafs.end();
  await eventually('all have left', () => leafs.counts().joined === 0);
  return told;
}
