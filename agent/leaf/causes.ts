import { defaultPorts } from '../lib/defaults.ts';
import { stateFiles } from './statefiles.ts';

/** What a cause is: how certain it is, its sentence, and what to do. */
interface CauseEntry {
  /**
   * `refused`: hub or unit refuse, and will again. `lost`: the link ends without a reason given.
   * `unreached`: nobody answers at the address. A graver one hides a lesser one of the same time.
   */
  readonly kind: 'refused' | 'lost' | 'unreached';
  /** The sentence, without its end. */
  readonly text: string;
  /** What to do about it. */
  readonly todo: string;
  /** It depends on the date: a clock that is wrong may be to blame. */
  readonly isDated?: true;
  /** A limit of hub or leaf, which does harm while the hub is joined, too. */
  readonly isLimit?: true;
  /** What servers, OpenSSL and node write for it; the first entry that fits is it. */
  readonly match?: RegExp;
}

const network = 'check the network and hub.url';
const dates = 'check the clock of the unit, then the certificate of the hub';
const sameLimit = 'set leaf.max_payload_kb to the max_payload of the hub';

// in this order: of causes of one kind, and of entries that fit a text, the first is taken, which is the most precise
const table = {
  creds_file: {
    kind: 'refused',
    text: 'the credentials file cannot be used',
    todo: 'check hub.creds_file: it must be there, whole, and readable for the user nunect',
    match: /credentials file|no seed|\.creds: (no such|permission)/i,
  },
  auth_expired: {
    kind: 'refused',
    text: 'the credentials of the unit have expired',
    todo: 'get new credentials for the unit and put them into hub.creds_file',
    match: /(user|account) authentication expired/i,
  },
  auth_revoked: {
    kind: 'refused',
    text: 'the credentials of the unit were revoked',
    todo: 'ask the operator of the hub for new credentials',
    match: /authentication revoked/i,
  },
  auth_timeout: {
    kind: 'lost',
    text: 'the hub received no login in time',
    todo: 'the path to the hub is slow, or loses what is sent',
    match: /authentication timeout/i,
  },
  auth: {
    kind: 'refused',
    text: 'the hub refuses the credentials',
    todo: 'check hub.user and hub.password, hub.token, hub.creds_file or hub.nkey_file, and that the hub knows the unit',
    match: /authorization violation|authentication (error|failed)/i,
  },
  permission: {
    kind: 'refused',
    text: 'the hub does not permit what the unit sends',
    todo: "compare the unit's permissions at the hub with config/hub/hub.conf",
    match: /permissions violation/i,
  },
  loop: {
    kind: 'refused',
    text: 'the leaf is connected in a loop',
    todo: 'one of the servers leads back to this unit: check the remotes of the hub',
    match: /loop detected/i,
  },
  duplicate: {
    kind: 'refused',
    text: 'the hub already has a leaf of this name',
    todo: 'give each unit an agent.unit of its own, and enrol a copied flash anew; after a change of network it passes by itself',
    match: /duplicate (remote leafnode )?connection/i,
  },
  same_cluster: {
    kind: 'refused',
    text: 'hub and leaf have the same cluster name',
    todo: 'give the hub another cluster name',
    match: /same cluster name/i,
  },
  version: {
    kind: 'refused',
    text: 'the hub accepts only newer servers',
    todo: 'install a newer nats-server on the unit',
    match: /minimum version/i,
  },
  payload_in: {
    kind: 'lost',
    text: 'a message from the hub is larger than the leaf takes, which cuts the link',
    todo: sameLimit,
    match: /maximum payload exceeded/i,
    isLimit: true,
  },
  payload_out: {
    kind: 'lost',
    text: 'a message from the unit is larger than the hub takes, which cuts the link',
    todo: `${sameLimit} or of its account`,
    match: /maximum payload violation/i,
    isLimit: true,
  },
  control_line: {
    kind: 'lost',
    text: 'a subject is longer than the hub takes, which cuts the link',
    todo: 'use shorter subjects, or raise max_control_line at the hub',
    match: /maximum control line exceeded/i,
    isLimit: true,
  },
  subscriptions: {
    kind: 'lost',
    text: 'the hub takes no more subscriptions of the unit: it sends nothing on the others',
    todo: 'raise max_subscriptions of the account, the user or the server at the hub',
    match: /maximum subscriptions exceeded/i,
    isLimit: true,
  },
  limit: {
    kind: 'refused',
    text: 'the hub has reached a limit',
    todo: 'raise the limit of leaf connections of the account at the hub',
    match: /maximum (account|connections|leaf|active)[^']*exceeded/i,
  },
  wrong_port: {
    kind: 'refused',
    text: 'the address is not that of a leafnode listener',
    todo: `hub.url must name the port of the hub's leafnodes block, usually ${defaultPorts.leafnode}`,
    match: /wrong port|incorrect port/i,
  },
  client_cert: {
    kind: 'refused',
    text: 'the hub refuses the client certificate, or requires one',
    todo: 'check hub.tls_cert and hub.tls_key: issued by the CA of the hub, and in their time',
    match:
      /tls: (bad certificate|certificate required|expired certificate|unknown certificate)|ALERT_(CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA|ACCESS|HANDSHAKE)/i,
  },
  cert_not_yet: {
    kind: 'refused',
    text: 'the certificate of the hub is not valid yet',
    todo: dates,
    isDated: true,
    match: /not yet valid: current time \S+ is before|CERT_NOT_YET_VALID|certificate is not yet valid/i,
  },
  cert_expired: {
    kind: 'refused',
    text: 'the certificate of the hub has expired',
    todo: dates,
    isDated: true,
    match: /certificate has expired|CERT_HAS_EXPIRED/i,
  },
  cert_name: {
    kind: 'refused',
    text: 'the certificate of the hub is for another name',
    todo: 'use a name in hub.url that the certificate has',
    match:
      /certificate is (valid for|not valid for any)|cannot validate certificate for|ALTNAME_INVALID|match certificate's altnames/i,
  },
  ca: {
    kind: 'refused',
    text: 'the certificate of the hub is of an authority that is not trusted',
    todo: 'check hub.tls_ca',
    match: /unknown authority|SELF_SIGNED|unable.to.(verify|get.(local.)?issuer)|self.signed certificate/i,
  },
  tls_missing: {
    kind: 'refused',
    text: 'the hub does not offer TLS',
    todo: 'use nats-leaf:// without tls options in hub.url, or switch TLS on at the hub',
    match:
      /does not look like a TLS handshake|'tls' is not available|WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|TLS_RECORD/i,
  },
  tls_demanded: {
    kind: 'refused',
    text: 'the hub requires TLS',
    todo: 'use tls:// in hub.url',
    match: /(requires|demands) TLS|secure connection.*required/i,
  },
  protocol: {
    kind: 'refused',
    text: 'the server at the address is not a NATS hub',
    todo: 'check hub.url: scheme and port',
    match: /parser error|soliciting websocket|malformed HTTP/i,
  },
  tls: {
    kind: 'lost',
    text: 'the TLS handshake with the hub fails',
    todo: 'check that the hub speaks TLS, and hub.tls_timeout_s on a slow path',
    match: /tls handshake/i,
  },
  dns: {
    kind: 'unreached',
    text: 'the name of the hub cannot be resolved',
    todo: 'check hub.url and the DNS of the unit',
    match:
      /lookup (for host )?\S+|query[A-Z]\w* E|no such host|ENOTFOUND|EAI_AGAIN|ENODATA|ESERVFAIL|EREFUSED|ETIMEOUT/,
  },
  refused: {
    kind: 'unreached',
    text: 'nobody listens at the address of the hub',
    todo: 'check that the hub runs, and hub.url',
    match: /connection refused|ECONNREFUSED/,
  },
  unreachable: {
    kind: 'unreached',
    text: 'there is no route to the hub',
    todo: network,
    match: /(network is|host is) unreachable|no route to host|ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL/,
  },
  timeout: {
    kind: 'unreached',
    text: 'the hub does not answer in time',
    todo: network,
    match: /i\/o timeout|ETIMEDOUT|timed out|TIMEOUT/i,
  },
  stale: {
    kind: 'lost',
    text: 'the hub has stopped answering',
    todo: network,
    match: /stale connection/i,
  },
  dropped: {
    kind: 'lost',
    text: 'the connection to the hub is closed without a reason',
    todo: "look into the hub's log; with TLS it may want a client certificate",
    match: /connection closed: (read|write) error|client closed|ECONNRESET|EPIPE|connection reset/i,
  },
  unjoined: {
    kind: 'lost',
    text: 'the hub can be reached, but the leaf has not joined it',
    todo: `look into the leaf's log, ${stateFiles.log}`,
  },
} as const satisfies Record<string, CauseEntry>;

/** Stable names of what keeps a unit from its hub. */
export type CauseCode = keyof typeof table;

/** All causes by code: for whoever explains one. */
export const causes: Readonly<Record<CauseCode, CauseEntry>> = table;

/** The cause that a text of a server, of OpenSSL or of node stands for; undefined when none is known. */
export const causeOf = (text: string): CauseCode | undefined =>
  (Object.entries(causes) as [CauseCode, CauseEntry][]).find(([, { match }]) => match?.test(text))?.[0];

/** One report of a cause. */
export interface Sign {
  readonly code: CauseCode;
  /** In the words of the server, of OpenSSL or of node. */
  readonly detail: string;
}

/** A cause that holds, with the monotonic ms since when. */
export interface Cause extends Sign {
  readonly since_ms: number;
}

/** Causes of one outage. Give it back to `withSign` for the next sign. */
export interface Outage {
  readonly seen: readonly (Cause & { readonly last_ms: number })[];
}

export const noOutage: Outage = { seen: [] };

/** A cause without a new sign for so long is over: a break is followed by what keeps the link broken. */
const forgotten_ms = { refused: 120_000, lost: 10_000, unreached: 120_000 } as const;
const rank = { refused: 2, lost: 1, unreached: 0 } as const;

/** The outage with one more sign; a cause that was known keeps its `since_ms`. */
export function withSign(before: Outage, sign: Sign, now_ms: number): Outage {
  const old = before.seen.find(({ code }) => code === sign.code);
  const others = before.seen.filter(
    ({ code, last_ms }) => code !== sign.code && now_ms - last_ms <= forgotten_ms[causes[code].kind],
  );
  return { seen: [...others, { ...sign, since_ms: old?.since_ms ?? now_ms, last_ms: now_ms }] };
}

const order = Object.keys(table);

/** The cause to show: the gravest, of those the most precise. */
export const causeIn = ({ seen }: Outage): Cause | undefined =>
  seen.toSorted(
    (a, b) =>
      rank[causes[b.code].kind] - rank[causes[a.code].kind] || order.indexOf(a.code) - order.indexOf(b.code),
  )[0];

/** In a sentence without its end: `the hub refuses the credentials (Authorization Violation)`. */
export const causeText = ({ code, detail }: Sign): string => `${causes[code].text} (${detail})`;
