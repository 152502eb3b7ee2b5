// The issuer as a part of `nunect-hub up`.
import type { HubPart } from '../run/runninghub.ts';
import type { Book } from './book.ts';
import { startIssuer } from './issuer.ts';
import { accountSigner, readIssuerHub } from './issuerhub.ts';
import { bringRevocations } from './revoking.ts';

/** Answers routers that want to enrol or to renew, as long as the hub runs. */
export const issuerPart: HubPart = {
  name: 'issuer',
  start({ here, links, ticker, log }) {
    const hub = readIssuerHub(here);
    let said = '';
    const voided = async (book: Book): Promise<void> => {
      const signer = () => accountSigner(here);
      const outcome = await bringRevocations(links.sys, here.file, book, signer, Date.now());
      const why = outcome.state === 'failed' ? outcome.why : '';
      if (why !== '' && why !== said)
        log.warn(
          "a router was replaced, and its login still holds: call 'nunect-hub revoke' with the keys at hand",
          {
            why,
          },
        );
      said = why;
    };
    return startIssuer({
      ticker,
      log,
      now_ms: Date.now,
      links: { ENROL: links.enrol, FLEET: links.fleet, book: links.book },
      hub: () => hub, // with a reload that changes it this part is started anew
      voided: (book) => void voided(book),
    });
  },
};
