/** The words and the codes that OpenSSL and Go have for a certificate outside its time. */
const outsideItsTime =
  /certificate (is not yet valid|has expired)|CERT_NOT_YET_VALID|CERT_HAS_EXPIRED|certificate[_ ]expired/i;

/**
 * What to add to the reason of a failed connection, in the words of whoever gave it: `, ` and the caveat when it failed
 * for the date of a certificate, else nothing. A unit without a battery clock boots years away, and the certificate is
 * then not what is wrong.
 */
export const clockNote = (why: string, clockCaveat: string | undefined): string =>
  clockCaveat !== undefined && outsideItsTime.test(why) ? `, ${clockCaveat}` : '';
