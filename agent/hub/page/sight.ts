// What the alerts are told of the hub. Pure.
import { known } from '../../lib/known.ts';
import type { AlertHubView, HubFault, StreamRoom } from '../alerts/hubconditions.ts';
import { alike } from '../fleet/causes.ts';
import type { HubFinding, HubServer, HubStreamView, HubView } from '../servers/model.ts';

const conditionOf = ({ key }: HubFinding): string => key.slice(0, key.indexOf(':'));

const faultOf = ({ key: about, text }: HubFinding): HubFault => ({ about, text });

/** It is unwell, and not just behind and coming nearer: that mends itself. */
const isUnwell = ({ state, catching_up }: HubServer): boolean =>
  state === 'degraded' && catching_up?.left_s === undefined;

/** What is wrong with the hub and needs somebody; streams that are full have an alert of their own. */
function faultsOf({ findings, servers }: HubView): HubFault[] {
  const grave = findings.filter((one) => one.weight === 'critical' && conditionOf(one) !== 'stream_full');
  const unwell = servers.filter(isUnwell).map(({ name, why = '' }) => ({
    about: `server:${name}: ${alike(why)}`,
    text: `server ${name}: ${why}`,
  }));
  return [...grave.map(faultOf), ...unwell];
}

function roomOf({ account, name, limit, left, discard }: HubStreamView): StreamRoom[] {
  if (limit === undefined) return [];
  return [
    {
      name: `stream ${name} of ${account}`,
      refuses: discard === 'new' || limit.by === 'store',
      used: limit.share,
      ...known({ days_left: left.kind === 'days' ? left.days : undefined }),
    },
  ];
}

/**
 * The hub as the alerts judge it. What the servers do not tell is missing: then nothing begins, and nothing is over. That they
 * tell nothing is a fault where they did before; that there is no connection is an alert of its own. Of the disk they tell
 * nothing: their store is as large as their streams may become, so that it is full where all is as it should be.
 */
export function alertSightOf(view: HubView): AlertHubView {
  const { trouble, connected, servers, streams, told, findings } = view;
  const areStreamsTold = told.includes('streams');
  const rooms = areStreamsTold ? { streams: streams.flatMap(roomOf) } : {};
  if (trouble !== undefined) {
    const didTell = connected && servers.some(({ heard_ms }) => heard_ms !== undefined);
    const unseen = findings.filter((one) => conditionOf(one) === 'hub_unseen').map(faultOf);
    return didTell ? { ...rooms, faults: unseen } : rooms;
  }
  const missing = servers.filter(({ state }) => state === 'gone').map(({ name }) => name);
  const certificates = servers.flatMap(({ name: server, certificate_days: days_left }) =>
    days_left === undefined ? [] : [{ server, days_left }],
  );
  return { ...rooms, missing, certificates, ...(areStreamsTold ? { faults: faultsOf(view) } : {}) }; // some faults are of streams
}
