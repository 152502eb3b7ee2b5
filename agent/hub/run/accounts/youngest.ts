// Which JWT of an account counts. Pure.

import { claimsOf } from '../../../config/formats/creds.ts';
import { verifyNkey } from '../../../enrol/ask.ts';
import { madeAt_s } from '../../kit/jwt.ts';

/** Whether that key made the JWT: nats-server stores any that the user of the system account brings. */
function isSignedBy(jwt: string, key: string): boolean {
  const [head = '', body = '', signature = ''] = jwt.split('.');
  return (
    claimsOf(jwt)['iss'] === key &&
    verifyNkey(key, Buffer.from(`${head}.${body}`), Buffer.from(signature, 'base64url'))
  );
}

/** The last one that the operator has signed; undefined where none is theirs. */
export function youngestOf(jwts: readonly string[], operatorSigning: string): string | undefined {
  let best: string | undefined;
  for (const jwt of jwts)
    if ((best === undefined || madeAt_s(jwt) > madeAt_s(best)) && isSignedBy(jwt, operatorSigning))
      best = jwt;
  return best;
}
