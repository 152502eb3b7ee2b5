// The issuer as a part of `nunect-hub up`.

import { openBook } from '../book/book.ts';
import type { HubPart } from '../run/runninghub.ts';
import { startIssuer } from './issuer.ts';
import { accountSigner, readIssuerHub } from './issuerhub.ts';
import { bringRevocations } from './revoking.ts';

const stillHold = "void logins still hold, call 'nunect-hub revoke'";
/** The keys may be there again, or an operator may have done it. */
const look_ms = 10_000;

/** Answers routers that want to enrol or to renew, as long as the hub runs. */
export const issuerPart: HubPart = {
  name: 'issuer',
  start({ here, links, ticker, log, tell }) {
    const hub = readIssuerHub(here);
    const book = openBook(links.book);
    let said: string | undefined = '';
    const voided = async (): Promise<void> => {
      const signer = () => accountSigner(here);
      const outcome = await bringRevocations(links.sys, here.file, book, signer, Date.now());
      if (outcome.state === 'failed' && !outcome.isDue) return; // it is looked at again
      const trouble = outcome.state === 'failed' ? `${stillHold}: ${outcome.why}` : undefined;
      if (trouble === said) return;
      if (trouble !== undefined) log.warn(trouble);
      tell(trouble);
      said = trouble;
    };
    const cancel = ticker.every(look_ms, () => void voided());
    const issuer = startIssuer({
      ticker,
      log,
      now_ms: Date.now,
      links: { ENROL: links.enrol, FLEET: links.fleet, book: links.book },
      hub: () => hub, // with a reload that changes it this part is started anew
      voided: () => void voided(),
    });
    return {
      async stop() {
        cancel();
        await issuer.stop();
      },
    };
  },
};
