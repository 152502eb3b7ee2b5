import { defaultHubPorts, type HubFile, hubKeys } from '../../../agent/hub/kit/hubdir.ts';

/** What hub.json of a hub of one server says; its keys are no real ones. */
export const hubFile: HubFile = {
  v: 1,
  servers: ['hub.example.org'],
  server: 'hub.example.org',
  tls: { by: 'own' },
  ports: defaultHubPorts,
  keysDir: '/mnt/keys',
  days: 90,
  kept: { days: 30, bytes: 1024 ** 3 },
  publicKeys: Object.fromEntries(
    Object.keys(hubKeys).map((key) => [key, `A${key}`]),
  ) as HubFile['publicKeys'],
};
