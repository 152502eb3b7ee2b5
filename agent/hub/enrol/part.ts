// The issuer as a part of `nunect-hub up`.
import type { Ticker } from '../../lib/ticker.ts';
import { type HubHere, loadHub } from '../run/hubhere.ts';
import type { HubPart } from '../run/runninghub.ts';
import type { IssuerHub } from './answers.ts';
import type { Book } from './book.ts';
import { startIssuer } from './issuer.ts';
import { accountSigner, readIssuerHub } from './issuerhub.ts';
import { bringRevocations } from './revoking.ts';

/** What init changes of a hub that runs holds from then on. */
const reread_ms = 10_000;

/** The hub of a folder as it is, or as it was where it cannot be read. */
function hubNow(here: HubHere, ticker: Ticker): () => IssuerHub {
  let hub = readIssuerHub(here);
  let read_ms = ticker.now_ms();
  return () => {
    if (ticker.now_ms() - read_ms < reread_ms) return hub;
    read_ms = ticker.now_ms();
    try {
      hub = readIssuerHub(loadHub(here.dir));
    } catch {
      // it is being written, or status says what is wrong with it
    }
    return hub;
  };
}

/** Answers routers that want to enrol or to renew, as long as the hub runs. */
export const issuerPart: HubPart = {
  name: 'issuer',
  start({ here, links, ticker, log }) {
    const hub = hubNow(here, ticker);
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
      links: { ENROL: links.enrol, FLEET: links.fleet },
      hub,
      voided: (book) => void voided(book),
    });
  },
};
