/** The words and the codes that OpenSSL has for a certificate outside its time. */
const outsideItsTime =
  /certificate (is not yet valid|has expired)|CERT_NOT_YET_VALID|CERT_HAS_EXPIRED|certificate[_ ]expired/i;

/**
 * Why a connection failed, with what is to be said of the clock when it fails for the date of a certificate: a unit
 * without a battery clock boots years away, and the certificate is then not what is wrong.
 */
export const blameClock = (why: string, doubt: string | undefined): string =>
  doubt !== undefined && outsideItsTime.test(why) ? `${why}, ${doubt}` : why;
