import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';

const payload = new Uint8Array(64).fill(120);

/** Round-trip times in microseconds of `count` echo requests to each subject, one at a time and in turn. */
export async function echoInTurn(
  nc: NatsConnection,
  subjects: readonly string[],
  count: number,
): Promise<number[][]> {
  const rtts = subjects.map((): number[] => []);
  for (let i = 0; i < count; i++) {
    for (const [index, subject] of subjects.entries()) {
      const sent = process.hrtime.bigint();
      await nc.request(subject, payload, { timeout: 10_000 });
      rtts[index]?.push(Number(process.hrtime.bigint() - sent) / 1000);
    }
  }
  return rtts;
}

/** What came of many echo requests under way at once. */
export interface AtOnce {
  /** Answered per second. */
  readonly rate: number;
  /** Round-trip times in microseconds, in the order in which the answers came. */
  readonly rtts_us: readonly number[];
}

/**
 * Sends `count` echo requests, at any time `inFlight` of them unanswered. Warm up first: compiled code takes some
 * thousands. The client takes more CPU than what it measures, so compare rates in one run and in turn, and compare the
 * CPU time of the processes besides.
 */
export async function echoAtOnce(
  nc: NatsConnection,
  subject: string,
  inFlight: number,
  count: number,
  { data = payload, headers }: { readonly data?: Uint8Array; readonly headers?: MsgHdrs } = {},
): Promise<AtOnce> {
  const options = { timeout: 30_000, ...(headers === undefined ? {} : { headers }) };
  const rtts_us: number[] = [];
  let left = count;
  const askAgain = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const sent = performance.now();
      await nc.request(subject, data, options);
      rtts_us.push((performance.now() - sent) * 1000);
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: inFlight }, askAgain));
  return { rate: count / ((performance.now() - begun) / 1000), rtts_us };
}

/** Resolves when `subject` is answered; a request before that fails at once, with "no responders". */
export async function untilAnswered(nc: NatsConnection, subject: string): Promise<void> {
  const end = performance.now() + 30_000;
  while (performance.now() < end) {
    const answered = await nc.request(subject, payload, { timeout: 1000 }).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`${subject} was not answered within 30 s`);
}
