import type { NatsConnection } from '@nats-io/transport-node';

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

/** Echoes per second with so many asked for at once, by a client of nats.js, which costs as much as who answers. */
export async function echoAtOnce(
  nc: NatsConnection,
  subject: string,
  count: number,
  inFlight: number,
): Promise<number> {
  let asked = 0;
  const ask = async (): Promise<void> => {
    while (asked < count) {
      asked += 1;
      await nc.request(subject, payload, { timeout: 10_000 });
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: inFlight }, ask));
  return (count * 1000) / (performance.now() - begun);
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
