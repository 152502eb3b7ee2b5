import type { Config } from '../options.ts';
import type { UnplacedProblem } from '../problem.ts';
import { pathOf } from '../section.ts';
import { namingOps, overlap, ownSubjects } from './subjectoverlap.ts';

type Check = (config: Config) => readonly UnplacedProblem[];

const error = (option: string, message: string): UnplacedProblem => ({ option, message, severity: 'error' });
const warning = (option: string, message: string): UnplacedProblem => ({
  option,
  message,
  severity: 'warning',
});

const schemeOf = (url: string): string => url.slice(0, url.indexOf(':'));
const isWebsocket = (url: string): boolean => ['ws', 'wss'].includes(schemeOf(url));

const hubAuth: Check = ({ hub, leaf }) => {
  const kinds = [
    ...(hub.user === undefined ? [] : ['hub.user']),
    ...(hub.token === undefined ? [] : ['hub.token']),
    ...(hub.token_file === undefined ? [] : ['hub.token_file']),
    ...(hub.creds_file === undefined ? [] : ['hub.creds_file']),
    ...(hub.nkey_file === undefined ? [] : ['hub.nkey_file']),
  ];
  const hasPassword = hub.password !== undefined || hub.password_file !== undefined;
  const found: UnplacedProblem[] = [];
  if (kinds.length > 1) found.push(error(kinds[1] ?? '', `use only one of ${kinds.join(', ')}`));
  if (hub.password !== undefined && hub.password_file !== undefined) {
    found.push(error('hub.password_file', 'use only one of hub.password, hub.password_file'));
  }
  if (hub.user !== undefined && !hasPassword) {
    found.push(error('hub.user', 'needs hub.password or hub.password_file'));
  }
  if (hub.user === undefined && hasPassword) {
    found.push(error(hub.password === undefined ? 'hub.password_file' : 'hub.password', 'needs hub.user'));
  }
  const isJoined = hub.url.length > 0 && leaf.mode !== 'external';
  if (isJoined && kinds.length === 0 && !hasPassword && hub.tls_cert === undefined) {
    found.push(
      warning('hub.url', 'is joined without any credentials: no user, token, creds, nkey or certificate'),
    );
  }
  return found;
};

const certificatePairs: Check = ({ hub, leaf }) =>
  Object.entries({ hub, leaf }).flatMap(([name, { tls_cert, tls_key }]) => {
    if ((tls_cert === undefined) === (tls_key === undefined)) return [];
    return tls_key === undefined
      ? [error(`${name}.tls_cert`, `needs ${name}.tls_key`)]
      : [error(`${name}.tls_key`, `needs ${name}.tls_cert`)];
  });

const clientTls: Check = ({ leaf }) => [
  ...(leaf.tls_verify && leaf.tls_ca === undefined ? [error('leaf.tls_verify', 'needs leaf.tls_ca')] : []),
  ...(leaf.tls_verify && leaf.tls_cert === undefined
    ? [error('leaf.tls_verify', 'needs leaf.tls_cert')]
    : []),
  ...(leaf.websocket_tls && leaf.tls_cert === undefined
    ? [error('leaf.websocket_tls', 'needs leaf.tls_cert')]
    : []),
];

const hubAddresses: Check = ({ hub, leaf }) => {
  const found: UnplacedProblem[] = [];
  if (hub.url.some(isWebsocket) && !hub.url.every(isWebsocket)) {
    found.push(error('hub.url', 'ws and wss cannot be mixed with nats and tls'));
  }
  if (leaf.mode === 'off' && hub.url.length === 0) {
    found.push(error('leaf.mode', 'off needs a hub.url to connect to'));
  }
  if (leaf.mode === 'off' && hub.url.some((url) => !['nats', 'tls'].includes(schemeOf(url)))) {
    found.push(error('hub.url', 'scheme must be nats or tls with leaf.mode off'));
  }
  if (leaf.mode === 'external') {
    // but the url is: it says that there is a hub, which stores records
    for (const name of ['user', 'token', 'token_file', 'creds_file', 'nkey_file', 'tls_cert'] as const)
      if (hub[name] !== undefined)
        found.push(
          warning(`hub.${name}`, 'is not used with leaf.mode external: that server has its own config'),
        );
  }
  if (hub.tls_insecure) found.push(warning('hub.tls_insecure', 'allows a man-in-the-middle attack'));
  return found;
};

const thresholds: Check = ({ time }) => {
  const below = (
    locked: 'locked_sw_ns' | 'locked_hw_ns' | 'locked_ntp_us',
    tracking: 'tracking_ns' | 'tracking_ntp_us',
  ) =>
    time[locked] < time[tracking]
      ? []
      : [
          error(
            `time.${locked}`,
            `must be below time.${tracking} (${time[locked]} and ${time[tracking]} given)`,
          ),
        ];
  return [
    ...below('locked_sw_ns', 'tracking_ns'),
    ...below('locked_hw_ns', 'tracking_ns'),
    ...below('locked_ntp_us', 'tracking_ntp_us'),
  ];
};

const wildcardAddress = (address: string): boolean => ['0.0.0.0', '::'].includes(address);

/** Two listeners collide on one port unless both addresses are known and different. */
const listeners: Check = ({ leaf, status }) => {
  const all = [
    ...(leaf.mode === 'managed'
      ? [
          {
            option: 'leaf.port',
            port: leaf.port,
            address: leaf.interface === undefined ? leaf.listen : '0.0.0.0',
          },
        ]
      : []),
    ...(leaf.mode === 'managed' && leaf.websocket_port > 0
      ? [{ option: 'leaf.websocket_port', port: leaf.websocket_port, address: leaf.websocket_listen }]
      : []),
    ...(status.enabled
      ? [
          {
            option: 'status.port',
            port: status.port,
            // the address of an OpenWrt network is not known here
            address: status.interface === undefined ? status.listen : '0.0.0.0',
          },
        ]
      : []),
  ];
  return all.flatMap((one, index) => {
    const other = all
      .slice(0, index)
      .find(
        ({ port, address }) =>
          port === one.port &&
          (address === one.address || wildcardAddress(address) || wildcardAddress(one.address)),
      );
    return other === undefined ? [] : [error(one.option, `${one.port} is taken by ${other.option}`)];
  });
};

const jetstream: Check = ({ leaf }) =>
  leaf.jetstream && leaf.jetstream_max_memory_mb === 0 && leaf.jetstream_max_storage_mb === 0
    ? [error('leaf.jetstream', 'has neither memory nor storage to use')]
    : [];

const anonymousUser: Check = ({ leaf, user }) =>
  leaf.anonymous === undefined || user.some(({ name }) => name === leaf.anonymous)
    ? []
    : [error('leaf.anonymous', `there is no usable user section named '${leaf.anonymous}'`)];

const userSecrets: Check = ({ user }) =>
  user.flatMap(({ section, password, password_file, nkey }) => {
    const given = Object.entries({ password, password_file, nkey })
      .filter(([, value]) => value !== undefined)
      .map(([name]) => name);
    return given.length < 2
      ? []
      : [error(`${pathOf('user', section)}.${given[1]}`, `use only one of ${given.join(', ')}`)];
  });

const impostors: Check = ({ agent, user }) =>
  user.flatMap(({ section, publish }) =>
    namingOps(publish)
      .filter((pattern) => ownSubjects(agent.unit).some((subject) => overlap(pattern, subject)))
      .map((pattern) => ({
        ...warning(
          `${pathOf('user', section)}.publish`,
          `lets this user publish as the unit (${agent.unit})`,
        ),
        value: pattern,
      })),
  );

const checks: readonly Check[] = [
  hubAuth,
  certificatePairs,
  hubAddresses,
  clientTls,
  thresholds,
  listeners,
  jetstream,
  anonymousUser,
  userSecrets,
  impostors,
];

/** What is wrong between options that are each fine by themselves. */
export const crossCheck: Check = (config) => checks.flatMap((check) => check(config));
