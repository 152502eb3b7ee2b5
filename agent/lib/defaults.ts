// Ports and places that several programs have to agree on, each spelled here and nowhere else in agent/.

/** Ports that are meant where none is given. */
export const defaultPorts = {
  /** NATS clients. */
  client: 4222,
  /** Leaf nodes, at the hub. */
  leafnode: 7422,
  /** HTTP monitoring of nats-server. */
  monitoring: 8222,
  /** Status page of the unit. */
  status: 8224,
  /** Page of the hub. */
  hubPage: 8480,
  /** chronyd's command port, UDP. */
  chrony: 323,
} as const;

/** Where OpenWrt keeps the config. */
export const defaultConfigFile = '/etc/config/nunect';

/** Where `nunect render` and the agent keep their files, in RAM. */
export const runDir = '/var/run/nunect';

/** Where the unit keeps what must survive a reboot, on flash. */
export const keepDir = '/etc/nunect';
/** What is uploaded in LuCI: files of root, of which none is a program. */
export const uploadDir = `${keepDir}/uploads`;
