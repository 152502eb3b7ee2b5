import type { LinkOptions } from '../nats/session.ts';
import { relayWebsocket } from './wsrelay.ts';

/** How a client of NATS reaches a hub. */
export interface Way extends Pick<LinkOptions, 'servers' | 'tls'> {
  /** Why it does not, where the client itself cannot tell. */
  trouble(): string | undefined;
  stop(): void;
}

/** Whether certificates are checked on the way to an address. */
export const isSecureUrl = (url: string): boolean => /^(tls|wss):/.test(url);

/**
 * The addresses to take: those of NATS itself where there are any, else those for websockets. Where the hub has a CA that is
 * pinned none is taken that goes without TLS; to one that begins with nats:// it is spoken then.
 */
export function usableUrls(urls: readonly string[], isPinned: boolean): string[] {
  const direct = urls.filter((url) => /^(nats|tls):/.test(url));
  return direct.length > 0
    ? direct
    : urls.filter((url) => /^wss:/.test(url) || (!isPinned && /^ws:/.test(url)));
}

/** The way to a hub at `usableUrls`, with its CA where that is known. */
export async function wayTo(urls: readonly string[], ca: string | undefined): Promise<Way> {
  if (!urls.some((url) => /^wss?:/.test(url))) {
    const isSecure = ca !== undefined || urls.some(isSecureUrl);
    return {
      servers: urls,
      ...(isSecure && { tls: ca === undefined ? {} : { ca } }),
      trouble: () => undefined,
      stop: () => {},
    };
  }
  const relays = await Promise.all(urls.map((url) => relayWebsocket(url, ca)));
  return {
    servers: relays.map(({ url }) => url),
    trouble: () => relays.map((relay) => relay.trouble()).find((why) => why !== undefined),
    stop() {
      for (const relay of relays) relay.stop();
    },
  };
}
