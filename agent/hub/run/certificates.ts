// Certificates of a hub that runs: the own one is renewed long before its end, and whatever was renewed is used.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { Stoppable } from '../../lib/parts.ts';
import type { Ticker } from '../../lib/ticker.ts';
import { watchTlsFiles } from '../../natsserver/tlsfiles.ts';
import { caNames, hubKeysDir } from '../kit/hubdir.ts';
import { ensureServerCertificate, hubAuthority, serverCertificateEnd } from '../kit/tlsfiles.ts';
import type { HubHere } from './hubhere.ts';

export interface CertificateDeps {
  readonly ticker: Ticker;
  readonly log: Log;
  wall_ms(): number;
  /** Has nats-server read its files again. */
  renewed(): void;
}

const day_ms = 86_400_000;
const look_ms = 10_000;
/** Before that there is nothing to do; where it cannot be renewed for so long, that is said every day. */
const soon_days = { renew: 365, warn: 300 } as const;

/** Renews the own certificate where the key of the CA is there; else says so, once it is time. */
function renew({ log, wall_ms }: CertificateDeps, { dir, file }: HubHere): void {
  const keys = hubKeysDir(file, dir);
  const now_ms = wall_ms();
  const days = ((serverCertificateEnd(dir) ?? 0) - now_ms) / day_ms;
  if (days > soon_days.renew) return;
  if (existsSync(join(keys, caNames.key))) {
    if (ensureServerCertificate(dir, hubAuthority(keys, false, now_ms), file.servers, now_ms))
      log.info('the certificate of the server was renewed');
    return;
  }
  if (days < soon_days.warn)
    log.warn(
      `the certificate of the server ends in ${Math.floor(days)} days, and the key of the CA is not in ${keys}: 'nunect-hub init' renews it where that is`,
    );
}

/** Until it is stopped, as where `here` has become another: looks at the files each 10 s, and each day whether the own certificate is to be renewed. */
export function keepCertificates(deps: CertificateDeps, here: HubHere): Stoppable {
  const { ticker, log } = deps;
  const tryRenew = (): void => {
    if (!here.usesOwnCa) return;
    try {
      renew(deps, here);
    } catch (error) {
      log.error(`the certificate of the server cannot be renewed: ${messageOf(error)}`);
    }
  };
  const watch = watchTlsFiles(
    {
      ticker,
      renewed(files) {
        log.info(`${files.join(', ')} ${files.length > 1 ? 'are' : 'is'} new`);
        deps.renewed();
      },
      unfit: (why) => log.warn(`a changed certificate cannot be used yet: ${why}`),
    },
    { blocks: here.tls.map(({ cert, key }) => ({ cert, key })), everyMs: look_ms },
  );
  tryRenew();
  const cancel = ticker.every(day_ms, tryRenew);
  return {
    stop() {
      cancel();
      watch.stop();
    },
  };
}
