// What the hub's own server is asked over $SYS, as the user of the system account.

import { isObject } from '../../lib/parse.ts';
import type { Link } from '../../nats/link.ts';
import { parseServerVersion } from '../../natsserver/version.ts';
import { type ApiAnswer, askOver, serverPing } from '../asks/api.ts';
import { soWithin } from './ending.ts';
import type { HubHere } from './hubhere.ts';
import { canBeHub, hubMinimum } from './minimum.ts';

const askOwn = (sys: Link, { server }: HubHere, question: 'HEALTHZ' | 'VARZ'): Promise<ApiAnswer> =>
  askOver(sys)(serverPing(question), { server_name: server });

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Why the server is not well, by its own health check; undefined when it is. */
export async function healthFault(sys: Link, here: HubHere): Promise<string | undefined> {
  const { connected, server, lastError } = sys.state();
  if (!connected) return `no connection to nats-server: ${lastError?.text ?? 'it has not answered yet'}`;
  if (server?.name !== here.server)
    return `${here.connect.servers.join(', ')} is answered by another server, '${server?.name}'`;
  const version = parseServerVersion(server.version);
  if (version !== undefined && !canBeHub(version))
    return `nats-server is version ${server.version}, which does not check what units send: a hub needs ${hubMinimum}`;
  const answer = await askOwn(sys, here, 'HEALTHZ');
  if (!answer.ok) return `nats-server gives no health: ${answer.why}`;
  const { data } = answer.value;
  if (isObject(data) && data['status'] === 'ok') return undefined;
  const why = text(isObject(data) ? data['error'] : undefined) ?? 'without a reason';
  const majority = Math.floor(here.cluster.length / 2) + 1;
  const needs = here.cluster.length > 1 ? `; ${majority} of ${here.cluster.length} servers must run` : '';
  return `nats-server is not healthy: ${why}${needs}`;
}

/** For a link that comes back by itself. */
const patience_ms = 15_000;

/** What the server says of itself, once there is a connection. */
async function ownVarz(sys: Link, here: HubHere) {
  await soWithin(patience_ms, () => sys.state().connected);
  const own = await askOwn(sys, here, 'VARZ');
  if (!own.ok) return own;
  const { server, data } = own.value;
  const id = text(isObject(server) ? server['id'] : undefined);
  return { ok: true, id, loaded: text(isObject(data) ? data['config_load_time'] : undefined) } as const;
}

/**
 * Has the server read its config and certificates again; gives why it goes on with the old ones. Up to 2.14 it then ends the
 * connections of clients, ours too, before it answers: when it has read its config last says whether it did. `taken` is called
 * as soon as it may have: from then on it is reached by what is new.
 */
export async function reloadServer(sys: Link, here: HubHere, taken: () => void): Promise<string | undefined> {
  const before = await ownVarz(sys, here);
  if (!before.ok) return `nats-server cannot be asked to read its config again: ${before.why}`;
  const answer = await askOver(sys)(`$SYS.REQ.SERVER.${before.id}.RELOAD`);
  if (answer.ok || answer.code === undefined) taken();
  if (answer.ok) return undefined;
  if (answer.code !== undefined)
    return `nats-server goes on with the config that it was started with, as it must be restarted for the new one: ${answer.why}`;
  const after = await ownVarz(sys, here);
  if (after.ok && after.loaded !== before.loaded) return undefined;
  return `nats-server does not say whether it has read its config again (${answer.why}); its log does: ${here.logFile}`;
}
