import { shellWord } from '../config/checks/access.ts';
import type { Config } from '../config/options.ts';
import type { CauseCode } from '../leaf/causes.ts';
import { splitUrl } from '../leaf/conf/url.ts';
import { statePath } from '../leaf/statefiles.ts';
import { defaultPorts, keepDir, runDir } from '../lib/defaults.ts';

/** Takes over what was changed in the config. */
export const apply = 'uci commit nunect; /etc/init.d/nunect reload';
/** The end of the log of a leaf that is ours. */
export const showLeafLog = `tail -n 20 ${statePath(runDir, 'log')}`;

type Hub = Config['hub'];

const set = (option: string, value: string): string => `uci set nunect.hub.${option}='${value}'; ${apply}`;
const setUrl = (url: string): string =>
  `uci delete nunect.hub.url; uci add_list nunect.hub.url='${url}'; ${apply}`;

/** Host of the first hub, without brackets. */
function hostOf({ url: [first = ''] }: Hub): string {
  const host = splitUrl(first)?.host ?? 'HUB';
  return shellWord(host.replace(/^\[|\]$/g, ''));
}

const ping = (hub: Hub): string => `ping -c 3 ${hostOf(hub)}`;
const newCreds = ({ creds_file }: Hub): string =>
  `nsc generate creds --name UNIT # at the hub, and copy it to ${shellWord(creds_file ?? `${keepDir}/hub.creds`)}`;

function newLogin(hub: Hub): string {
  if (hub.creds_file !== undefined) return newCreds(hub);
  if (hub.nkey_file !== undefined) return set('nkey_file', `${keepDir}/NKEY`);
  if (hub.password_file !== undefined)
    return `vi ${shellWord(hub.password_file)}; /etc/init.d/nunect reload # its first line is the password`;
  const password = set('password', 'PASSWORD');
  return hub.user === undefined ? `uci set nunect.hub.user='USER'; ${password}` : password;
}

/** CAPITALS stand for what only the owner knows. */
const remedies: Readonly<Record<CauseCode, string | ((hub: Hub) => string)>> = {
  creds_file: 'nunect check',
  auth_expired: newCreds,
  auth_revoked: newCreds,
  auth_timeout: ping,
  auth: newLogin,
  permission: 'nats-server --signal reload # at the hub, once the unit has the rights of config/hub/hub.conf',
  loop: 'nats server report leafnodes # at the hub',
  duplicate: `uci set nunect.agent.unit='UNIT'; ${apply}`,
  same_cluster: 'nats-server --signal reload # at the hub, once its cluster has another name',
  version: 'opkg update; opkg upgrade nats-server # or: apk upgrade nats-server',
  limit: 'nats-server --signal reload # at the hub, once the account may have more leafs',
  wrong_port: setUrl(`nats://HUB:${defaultPorts.leafnode}`),
  client_cert: `uci set nunect.hub.tls_cert='CERT.pem'; ${set('tls_key', 'KEY.pem')}`,
  cert_not_yet: 'date -u # a wrong clock: nunect status',
  cert_expired: 'nats-server --signal reload # at the hub, once it has a new certificate',
  cert_name: setUrl(`tls://NAME-IN-THE-CERTIFICATE:${defaultPorts.leafnode}`),
  ca: set('tls_ca', 'CA.pem'),
  tls_missing: setUrl(`nats-leaf://HUB:${defaultPorts.leafnode}`),
  tls_demanded: setUrl(`tls://HUB:${defaultPorts.leafnode}`),
  protocol: setUrl(`nats://HUB:${defaultPorts.leafnode}`),
  tls: set('tls_timeout_s', '20'),
  dns: setUrl(`nats://HUB:${defaultPorts.leafnode}`),
  refused: 'systemctl restart nats-server # at the hub, if hub.url is right',
  unreachable: ping,
  timeout: ping,
  stale: ping,
  dropped: showLeafLog,
  unjoined: showLeafLog,
};

/** The command that mends a cause, or shows what is wrong. */
export function hubRemedy(cause: string, hub: Hub): string {
  const remedy = Object.hasOwn(remedies, cause) ? remedies[cause as CauseCode] : showLeafLog;
  return typeof remedy === 'string' ? remedy : remedy(hub);
}
