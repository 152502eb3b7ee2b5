// The process of all units of a run: test/bench/scale.ts starts it with the file that says who they are.
import { readFileSync } from 'node:fs';
import { connect, credsAuthenticator } from '@nats-io/transport-node';
import type { Traffic } from '../../../agent/config/traffic.ts';
import { type LeafCounts, noCounts, type SimLogin, simLeafs } from '../../kit/hub/simleafs.ts';
import { clientLink, type SimLink } from '../../kit/hub/simlink.ts';
import { type SimUnits, simUnits } from '../../kit/hub/simunits.ts';
import { unitPassword } from './leafserver.ts';

/** What stands in that file. */
export interface SpeakGiven {
  readonly logins: readonly SimLogin[];
  readonly ports: readonly { readonly host: string; readonly port: number }[];
  readonly ca: string;
  readonly traffic: Traffic;
  readonly inFlight: number;
  /** A client of the hub that speaks for all of them: where only the page is looked at. */
  readonly client?: { readonly servers: string; readonly creds: string };
  /** The nats-server that has a leaf link for each of them, as leafserver.ts starts it. */
  readonly leafServer?: string;
}

/** What it answers to any message. */
export interface Spoken extends LeafCounts {
  /** Records that units made, and those of them that a stream has acknowledged. */
  readonly sent: number;
  readonly stored: number;
}

const tell = (counts: () => LeafCounts, sims: SimUnits): void => {
  process.on('message', () =>
    process.send?.({ ...counts(), sent: sims.sent(), stored: sims.stored() } satisfies Spoken),
  );
};

/** Each speaks once it has joined; who comes back says all that it knows. */
function speak({ logins, ports, ca, traffic, inFlight }: SpeakGiven): void {
  const hasJoined = new Set<number>();
  const leafs = simLeafs(logins, {
    ...{ ports, ca, inFlight },
    onJoined(index) {
      const unit = sims.units[index];
      if (hasJoined.has(index)) unit?.set({});
      else unit?.boot();
      hasJoined.add(index);
    },
  });
  const [first, ...others] = leafs.links;
  if (first === undefined) throw new Error('there is no unit');
  const sims = simUnits([first, ...others], {
    ...{ count: logins.length, isApart: true, isSteady: true },
    state: () => ({ traffic }),
  });
  for (const unit of sims.units) unit.kill();
  tell(leafs.counts, sims);
}

/** All speak over one client, from now on. */
async function speakTogether(
  { logins, ca, traffic }: SpeakGiven,
  { servers, creds }: NonNullable<SpeakGiven['client']>,
): Promise<void> {
  const authenticator = credsAuthenticator(new TextEncoder().encode(creds));
  const nc = await connect({ servers, authenticator, tls: { ca } });
  const sims = simUnits([clientLink(nc)], {
    ...{ count: logins.length, isSteady: true, state: () => ({ traffic }) },
  });
  tell(() => ({ ...noCounts(), joined: logins.length }), sims);
}

/** Each speaks over a client of that server, in the account of its own link. */
async function speakThrough({ logins, traffic }: SpeakGiven, servers: string): Promise<void> {
  const links: SimLink[] = [];
  for (const { unit } of logins)
    links.push(
      clientLink(await connect({ servers, user: unit, pass: unitPassword, maxReconnectAttempts: -1 })),
    );
  const [first, ...others] = links;
  if (first === undefined) throw new Error('there is no unit');
  const sims = simUnits([first, ...others], {
    ...{ count: logins.length, isApart: true, isSteady: true, state: () => ({ traffic }) },
  });
  tell(() => ({ ...noCounts(), joined: logins.length }), sims);
}

const [file] = process.argv.slice(2);
if (file !== undefined) {
  const given = JSON.parse(readFileSync(file, 'utf8')) as SpeakGiven;
  if (given.leafServer !== undefined) void speakThrough(given, given.leafServer);
  else if (given.client !== undefined) void speakTogether(given, given.client);
  else speak(given);
}
