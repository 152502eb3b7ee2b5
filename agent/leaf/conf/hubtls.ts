import type { Config } from '../../config/options.ts';
import type { ProbeTls } from '../watch/probed.ts';
import { isTls, splitUrl } from './url.ts';

/** Whether the link to the hub is encrypted: by its scheme, or because an option is about TLS. */
export function hubTls(config: Pick<Config, 'hub'>): boolean {
  const { url, tls_ca, tls_cert, tls_insecure, handshake_first } = config.hub;
  return (
    url.some((one) => isTls(splitUrl(one)?.scheme ?? '')) ||
    tls_ca !== undefined ||
    tls_cert !== undefined ||
    tls_insecure ||
    handshake_first
  );
}

/** How TLS is spoken with the hub by probes; undefined where none is configured. */
export function probeTls(config: Config): ProbeTls | undefined {
  const { hub } = config;
  if (!hubTls(config)) return undefined;
  return {
    caFile: hub.tls_ca,
    certFile: hub.tls_cert,
    keyFile: hub.tls_key,
    handshakeFirst: hub.handshake_first,
    insecure: hub.tls_insecure,
  };
}
