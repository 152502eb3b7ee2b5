import type { LinkError, LinkFault } from '../nats/linkerror.ts';
import { type CauseCode, causeOf } from './causes.ts';
import { clockNote } from './causetext.ts';

const causeOfFault = {
  not_nats: 'protocol',
  closed: 'dropped',
} as const satisfies Record<LinkFault, CauseCode>;

/** What keeps a client from the server that it connects to; undefined where no cause is known for it. */
export const causeOfLink = ({ text, code = '', fault }: LinkError): CauseCode | undefined =>
  fault === undefined ? (causeOf(code) ?? causeOf(text)) : causeOfFault[fault];

/** The error for a person, with `clockCaveat` where the date of a certificate is the cause. */
export const linkErrorText = (error: LinkError, clockCaveat: string | undefined): string =>
  `${error.text}${clockNote(causeOfLink(error), clockCaveat)}`;
