import { nkeys } from '@nats-io/transport-node';

export type KeyPair = ReturnType<typeof nkeys.createUser>;

/** What a user may say and hear, as literal subjects. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

const base64url = (data: object | Uint8Array): string =>
  Buffer.from(data instanceof Uint8Array ? data : JSON.stringify(data)).toString('base64url');

/** A JWT of version 2 as nsc writes them: signed by an nkey, times in Unix seconds. */
export function encodeJwt(
  issuer: KeyPair,
  subject: Pick<KeyPair, 'getPublicKey'>,
  claims: { nats: object; exp?: number; iat?: number; name: string },
): string {
  const body = {
    jti: nkeys.createUser().getPublicKey(), // any unique text
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    ...claims,
  };
  const signed = `${base64url({ typ: 'JWT', alg: 'ed25519-nkey' })}.${base64url(body)}`;
  return `${signed}.${base64url(issuer.sign(new TextEncoder().encode(signed)))}`;
}

/** The text of an nkey seed. */
export const seedOf = (pair: KeyPair): string => new TextDecoder().decode(pair.getSeed());

const unlimited = { subs: -1, data: -1, payload: -1 };
const accountLimits = { ...unlimited, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
const streams = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };

/** An operator with an account for the fleet and one for the system, with fresh keys. */
export interface Operator {
  /**
   * The lines of a server config that trust this operator; without `fleet` the account of the units is not known
   * to the server.
   */
  config(fleet: boolean): string;
  /** Content of a creds file of the account. Without permissions the user may do everything, without `exp` for ever. */
  creds(name: string, options?: { readonly permissions?: Permissions; readonly exp?: number }): string;
}

export function newOperator(): Operator {
  const operator = nkeys.createOperator();
  const [fleet, system] = [nkeys.createAccount(), nkeys.createAccount()];
  const accountJwt = (account: KeyPair, name: string, more: object): string =>
    encodeJwt(operator, account, {
      name,
      nats: { limits: { ...accountLimits, ...more }, type: 'account', version: 2 },
    });
  const preloaded = [
    { account: system, jwt: accountJwt(system, 'SYS', {}) },
    { account: fleet, jwt: accountJwt(fleet, 'FLEET', streams) },
  ];
  const operatorJwt = encodeJwt(operator, operator, { name: 'test', nats: { type: 'operator', version: 2 } });
  return {
    config(withFleet) {
      const known = withFleet ? preloaded : preloaded.slice(0, 1);
      const lines = known.map(({ account, jwt }) => `  ${account.getPublicKey()}: "${jwt}"`);
      return `operator: "${operatorJwt}"
system_account: ${system.getPublicKey()}
resolver: MEMORY
resolver_preload: {\n${lines.join('\n')}\n}`;
    },
    creds(name, { permissions, exp } = {}) {
      const user = nkeys.createUser();
      const allowed =
        permissions === undefined
          ? {}
          : { pub: { allow: permissions.publish }, sub: { allow: permissions.subscribe } };
      const nats = { ...allowed, ...unlimited, type: 'user', version: 2 };
      const jwt = encodeJwt(fleet, user, { name, nats, ...(exp === undefined ? {} : { exp }) });
      const key = seedOf(user);
      return `-----BEGIN NATS USER JWT-----\n${jwt}\n------END NATS USER JWT------\n
-----BEGIN USER NKEY SEED-----\n${key}\n------END USER NKEY SEED------\n`;
    },
  };
}
