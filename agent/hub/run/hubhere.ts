// What `up`, `status` and `down` need to know of a hub's directory; agent/hub/kit, which lays it out, gives it.
import type { LinkOptions } from '../../nats/session.ts';
import type { WantedStream } from './streams/plan.ts';

/** The accounts in which the hub has users of its own. */
type OwnAccount = 'fleet' | 'enrol' | 'sys';

/** A hub, or one server of a cluster, on this machine. */
export interface HubHere {
  readonly dir: string;
  /** `server_name` in the config. */
  readonly server: string;
  /** The config of nats-server, and the files that it names for its pid and its log. */
  readonly conf: string;
  readonly pidFile: string;
  readonly logFile: string;
  /** Names of all servers of the cluster; empty where there is one server. */
  readonly cluster: readonly string[];
  /** How a user of this machine connects to that server, without its login. */
  readonly connect: Pick<LinkOptions, 'servers' | 'tls'>;
  /** Credentials files. */
  readonly creds: Readonly<Record<OwnAccount, string>>;
  /** Those that `up` makes, each behind those that it sources. */
  readonly streams: readonly (WantedStream & { readonly account: 'fleet' | 'enrol' })[];
  /** Certificate files of the server and its CA, to be watched for renewals. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}
