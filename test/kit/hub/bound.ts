// Bindings to which requests and orders are put one after the other, as the issuer does it, without a hub.
import {
  applyRecord,
  type Bindings,
  type BoundRecord,
  boundSubject,
  noBindings,
  parseBoundRecord,
  type TokenRecord,
} from '../../../agent/hub/book/bindings.ts';
import { type Decision, decideEnrol, type EnrolAsked } from '../../../agent/hub/enrol/decide.ts';
import { orderToken, type TokenWish } from '../../../agent/hub/enrol/orders.ts';
import type { ParseResult } from '../../../agent/lib/parse.ts';
import type { EnrolRequest } from '../../../agent/wire/enrol.ts';

export const day_ms = 86_400_000;
/** Of a login. */
export const life_ms = 90 * day_ms;

/** A public user nkey, as far as its letters go. */
export const fakeKey = (n: number): string =>
  `U${[...n.toString(6)].map((digit) => digit.replace(/[01]/, (d) => 'YZ'[Number(d)] ?? '')).join('')}`.padEnd(
    56,
    'A',
  );

/** What is asked besides a token and a key. */
export type Wish = Partial<EnrolRequest> & Partial<Pick<EnrolAsked, 'by' | 'account' | 'at_ms'>>;

/** Bindings, their time, and every record that was written to their stream. */
export function board() {
  const bindings: Bindings = noBindings();
  const written = new Map<string, { readonly text: string; readonly seq: number }>();
  let now_ms = 1_800_000_000_000;
  let seq = 0;
  const put = (record: BoundRecord): void => {
    seq += 1;
    written.set(boundSubject(record), { text: JSON.stringify(record), seq });
    applyRecord(bindings, record, seq);
  };
  return {
    bindings,
    now_ms: () => now_ms,
    moment: () => ({ now_ms, life_ms }),
    pass(ms: number) {
      now_ms += ms;
    },
    put,
    count: () => seq,
    /** Asks with a token, or where it is undefined for a renewal. */
    ask(token: string | undefined, key: number, wish: Wish = {}): Decision {
      const { by, account = 'ENROL', at_ms = now_ms, ...more } = wish;
      const request: EnrolRequest = {
        v: 1,
        ...(token === undefined ? {} : { token }),
        key: fakeKey(key),
        hardware: `machine-${key}`,
        nonce: 'n1',
        ...more,
      };
      const asked = { request, by: by ?? token ?? request.key, account, at_ms };
      const decision = decideEnrol(bindings, asked, { now_ms, life_ms });
      if (decision.record !== undefined) put(decision.record);
      return decision;
    },
    token(id: string, wish: Partial<TokenWish> = {}): TokenRecord {
      const whole = {
        id,
        login: `L${id}`,
        uses: 1,
        life_ms: 7 * day_ms,
        auto: true,
        replace: false,
        ...wish,
      };
      const made = orderToken(bindings, whole, now_ms);
      if (!made.ok) throw new Error(made.why);
      put(made.value);
      return made.value;
    },
    /** Puts what an order gave. */
    order<T>(outcome: ParseResult<T>, records: (value: T) => readonly BoundRecord[]): T {
      if (!outcome.ok) throw new Error(outcome.why);
      for (const record of records(outcome.value)) put(record);
      return outcome.value;
    },
    /** As the commands and the issuer do after what they have written. */
    clear() {
      for (const gone of bindings.left.values()) put(gone);
    },
    /** What another issuer knows that reads the stream from its begin: the last record of each subject, in order. */
    reread(): Bindings {
      const fresh = noBindings();
      for (const { text, seq: at } of [...written.values()].sort((a, b) => a.seq - b.seq)) {
        const record = parseBoundRecord(text);
        if (!record.ok) throw new Error(record.why);
        applyRecord(fresh, record.value, at);
      }
      return fresh;
    },
  };
}
