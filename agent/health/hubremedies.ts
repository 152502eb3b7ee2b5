import { isEnrolledCreds } from '../config/enrolfiles.ts';
import type { Config } from '../config/options.ts';
import type { CauseCode } from '../leaf/causes.ts';
import { splitUrl } from '../leaf/conf/url.ts';
import { statePath } from '../leaf/statefiles.ts';
import { defaultPorts, keepDir, runDir } from '../lib/defaults.ts';
import { shellWord } from '../lib/format.ts';
import type { HostCommands } from './host.ts';

/** The end of the log of a leaf that is ours. */
export const showLeafLog = `tail -n 20 ${statePath(runDir, 'log')}`;

type Hub = Config['hub'];
type HubRemedy = string | ((hub: Hub, host: HostCommands) => string);

const useUrl =
  (url: string): HubRemedy =>
  (_hub, host) =>
    host.setList('hub.url', url);
const set =
  (options: Readonly<Record<string, string>>): HubRemedy =>
  (_hub, host) =>
    host.set(options);
const reloadHub = (once: string): HubRemedy => `nats-server --signal reload # at the hub, once ${once}`;

/** Host of the first hub, without brackets. */
function hostOf({ url: [first = ''] }: Hub): string {
  const host = splitUrl(first)?.host ?? 'HUB';
  return shellWord(host.replace(/^\[|\]$/g, ''));
}

const ping = (hub: Hub): string => `ping -c 3 ${hostOf(hub)}`;
const enrolHere = '# at the hub; then here: nunect enrol TOKEN';
/** For a device that the hub has not let in. */
export const newToken = `nunect-hub token ${enrolHere}`;
/** For one that it no longer lets in as it was enrolled: its id is bound. */
export const tokenAgain = `nunect-hub token --unit UNIT --replace ${enrolHere}`;
const isEnrolled = ({ creds_file }: Hub): boolean => creds_file !== undefined && isEnrolledCreds(creds_file);
/** With the key that it has a copy would be taken for the unit. */
const ofCopy = `nunect-hub token # at the hub; then on the copy: rm -r ${keepDir}/enrol; nunect enrol TOKEN`;
const newCreds = (hub: Hub): string =>
  isEnrolled(hub)
    ? tokenAgain
    : `nsc generate creds --name UNIT # at the hub, and copy it to ${shellWord(hub.creds_file ?? `${keepDir}/hub.creds`)}`;

function newLogin(hub: Hub, host: HostCommands): string {
  if (hub.creds_file !== undefined) return newCreds(hub);
  if (hub.nkey_file !== undefined) return host.set({ 'hub.nkey_file': `${keepDir}/NKEY` });
  if (hub.token !== undefined) return host.set({ 'hub.token': 'TOKEN' });
  const file = hub.password_file ?? hub.token_file;
  if (file !== undefined)
    return `vi ${shellWord(file)}; ${host.reload} # its first line is the ${hub.token_file === file ? 'token' : 'password'}`;
  return host.set({ ...(hub.user === undefined ? { 'hub.user': 'USER' } : {}), 'hub.password': 'PASSWORD' });
}

/** CAPITALS stand for what only the owner knows. */
const remedies: Readonly<Record<CauseCode, HubRemedy>> = {
  creds_file: (_hub, host) => host.check,
  auth_expired: newCreds,
  auth_revoked: newCreds,
  auth_timeout: ping,
  auth: newLogin,
  permission: reloadHub('the unit has the rights of config/hub/hub.conf'),
  loop: 'nats server report leafnodes # at the hub',
  duplicate: (hub, host) => (isEnrolled(hub) ? ofCopy : host.set({ 'agent.unit': 'UNIT' })),
  same_cluster: reloadHub('its cluster has another name'),
  version: (_hub, host) => host.upgrade('nats-server'),
  payload_in: set({ 'leaf.max_payload_kb': 'KIB' }),
  payload_out: set({ 'leaf.max_payload_kb': 'KIB' }),
  control_line: reloadHub('its max_control_line is higher'),
  subscriptions: reloadHub('its max_subscriptions is higher'),
  limit: reloadHub('the account may have more leafs'),
  wrong_port: useUrl(`nats://HUB:${defaultPorts.leafnode}`),
  client_cert: set({ 'hub.tls_cert': 'CERT.pem', 'hub.tls_key': 'KEY.pem' }),
  cert_not_yet: 'date -u # a wrong clock: nunect status',
  cert_expired: reloadHub('it has a new certificate'),
  cert_name: useUrl(`tls://NAME-IN-THE-CERTIFICATE:${defaultPorts.leafnode}`),
  ca: set({ 'hub.tls_ca': 'CA.pem' }),
  tls_missing: useUrl(`nats-leaf://HUB:${defaultPorts.leafnode}`),
  tls_demanded: useUrl(`tls://HUB:${defaultPorts.leafnode}`),
  protocol: useUrl(`nats://HUB:${defaultPorts.leafnode}`),
  tls: set({ 'hub.tls_timeout_s': '20' }),
  dns: useUrl(`nats://HUB:${defaultPorts.leafnode}`),
  refused: 'systemctl restart nats-server # at the hub, if hub.url is right',
  unreachable: ping,
  timeout: ping,
  stale: ping,
  dropped: showLeafLog,
  unjoined: showLeafLog,
};

/** The command that mends a cause, or shows what is wrong. */
export function hubRemedy(cause: CauseCode, hub: Hub, host: HostCommands): string {
  const remedy = remedies[cause];
  return typeof remedy === 'string' ? remedy : remedy(hub, host);
}
