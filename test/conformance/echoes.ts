// What a client answers to echo requests.
import { randomBytes } from 'node:crypto';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import type { PointKey, Verdicts } from './points.ts';
import { machine_us, maxPayload_bytes, timeUnit, unit_us, unitClock } from './site.ts';

/** All points of this file that a client can be held to where it answers. */
export const echoPoints = [
  'echo.payload',
  'echo.headers',
  'echo.unit',
  'echo.times',
  'echo.clock',
  'echo.once',
  'echo.aim',
  'echo.server',
  'echo.large',
] as const satisfies readonly PointKey[];

const timeout_ms = 10_000;
/** Browsers make their clocks coarser on purpose. */
const coarse_us = 100_000;

/** Every name has to come back with all its values; the second one in that case. */
const sentHeaders: readonly (readonly [string, readonly string[]])[] = [
  ['X-Sent-At', ['1234567890']],
  ['x-odd-Case', ['kept']],
  ['Several', ['one', 'two', 'one']],
  ['Text', ['grüße ✓']],
];

function requestHeaders(more: readonly (readonly [string, readonly string[]])[] = []) {
  const made = headers();
  for (const [name, values] of [...sentHeaders, ...more])
    for (const value of values) made.append(name, value);
  return made;
}

const payloads: Readonly<Record<string, Uint8Array>> = {
  'no bytes': new Uint8Array(0),
  'UTF-8': new TextEncoder().encode('ä "quoted" \r\n text'),
  'all bytes': Uint8Array.from({ length: 256 }, (_, i) => i),
  '64 KB': randomBytes(65_536),
};

async function checkPayloads(nc: NatsConnection, subject: string, verdicts: Verdicts): Promise<void> {
  for (const [name, payload] of Object.entries(payloads)) {
    const { data } = await nc.request(subject, payload, { timeout: timeout_ms });
    const isSame = Buffer.from(data).equals(payload);
    verdicts.say(
      'echo.payload',
      isSame ? undefined : `${name}: ${data.length} bytes came back, not the same`,
    );
  }
}

type Told = (name: string) => string;

/** What is wrong with the two stamps, whatever clock they are by. */
function wrongStamps([received = '', sent = '']: readonly string[]): string | undefined {
  if (![received, sent].every((text) => /^\d{16}$/.test(text)))
    return `not in Unix us: ${received} and ${sent}`;
  const early_us = Number(received) - Number(sent);
  return early_us > 0 ? `sent ${early_us} us before it was received` : undefined;
}

/** What is wrong with what the echo says of its clock. */
function wrongClock(told: Told): string | undefined {
  const [source, quality, bound] = ['X-Clock-Source', 'X-Clock-Quality', 'X-Clock-Error-Bound'].map(told);
  const isAsTold = source === unitClock.source && quality === unitClock.quality;
  if (!isAsTold) return `${source} ${quality}, and ${timeUnit} says ${unitClock.source} ${unitClock.quality}`;
  const isBound = bound === '' || (/^\d+$/.test(bound ?? '') && Number(bound) >= unitClock.error_bound_ns);
  return isBound ? undefined : `a bound of '${bound}' ns; that of ${timeUnit} alone is more`;
}

/** Times are those of the unit where the echo says that it has a clock, else those of the machine. */
function checkTimes(told: Told, begun_us: number, verdicts: Verdicts): void {
  const stamps = ['X-Server-Received-At', 'X-Server-Sent-At'].map(told);
  const hasClock = told('X-Clock-Source') !== '';
  const away_us = hasClock ? unit_us() - machine_us() : 0;
  const [received_us = 0, sent_us = 0] = stamps.map((text) => Number(text) - away_us);
  const error_us = coarse_us + Number(told('X-Clock-Error-Bound')) / 1000;
  const isBetween = received_us >= begun_us - error_us && sent_us <= machine_us() + error_us;
  const by = hasClock ? `the clock of ${timeUnit}` : 'this machine';
  const wrongTime = isBetween
    ? undefined
    : `${Math.round(received_us - begun_us)} us after the request by ${by}`;
  verdicts.say('echo.times', wrongStamps(stamps) ?? (hasClock ? undefined : wrongTime));
  if (hasClock) verdicts.say('echo.clock', wrongClock(told) ?? wrongTime);
}

/** Headers and times of one echo. */
export async function checkHeaders(nc: NatsConnection, id: string, verdicts: Verdicts): Promise<void> {
  const begun_us = machine_us();
  const given = { timeout: timeout_ms, headers: requestHeaders([['Nats-Expected-Stream', ['NUNECT']]]) };
  const message = await nc.request(`ops.echo.${id}`, 'x', given);
  const back = message.headers ?? headers();
  const lost = sentHeaders.find(([name, values]) => back.values(name).join('|') !== values.join('|'));
  verdicts.say('echo.headers', lost && `${lost[0]}: '${back.values(lost[0])}' in place of '${lost[1]}'`);
  const unit = back.get('X-Unit-ID');
  verdicts.say('echo.unit', unit === id ? undefined : `X-Unit-ID is '${unit}', not '${id}'`);
  checkTimes((name) => back.get(name), begun_us, verdicts);
  const acted = back.keys().find((name) => /^Nats-Expected/i.test(name));
  verdicts.say('echo.server', acted && `${acted} came back`);
}

/** Sends them all at once, and looks for a reply too many until one that was asked for later is there. */
export async function checkOnce(
  nc: NatsConnection,
  subject: string,
  count: number,
  point: PointKey,
  verdicts: Verdicts,
): Promise<void> {
  const inbox = `_INBOX.once-${randomBytes(6).toString('hex')}`;
  const replies: string[] = [];
  const sub = nc.subscribe(`${inbox}.*`, {
    callback: (_error, message) => void replies.push(`${message.subject} ${message.string()}`),
  });
  for (let i = 0; i < count; i++) nc.publish(subject, `payload ${i}`, { reply: `${inbox}.${i}` });
  await nc.request(subject, 'the last', { timeout: timeout_ms });
  await nc.flush();
  sub.unsubscribe();
  const times = Array.from({ length: count }, (_, i) => {
    const own = `${inbox}.${i} payload ${i}`;
    return replies.filter((one) => one === own).length;
  });
  const wrong = times.filter((one) => one !== 1);
  const first = wrong[0] === 0 ? 'were not answered' : `were answered ${wrong[0]} times`;
  verdicts.say(point, wrong.length === 0 ? undefined : `${wrong.length} of ${count} ${first}`);
}

async function checkAim(nc: NatsConnection, subject: string, verdicts: Verdicts): Promise<void> {
  const victim = `conformance.victim.${randomBytes(6).toString('hex')}`;
  let hits = 0;
  const sub = nc.subscribe(victim, {
    callback: () => {
      hits += 1;
    },
  });
  nc.publish(subject, 'aimed', { reply: victim });
  await nc.request(subject, 'later', { timeout: timeout_ms });
  await nc.flush();
  sub.unsubscribe();
  verdicts.say('echo.aim', hits === 0 ? undefined : 'it published to the subject that a requester named');
}

/** Last, as a client may fail on it for good. */
async function checkLarge(nc: NatsConnection, subject: string, verdicts: Verdicts): Promise<void> {
  try {
    await nc.request(subject, new Uint8Array(maxPayload_bytes), { timeout: 2000 });
    verdicts.pass('echo.large');
  } catch {
    verdicts.fail('echo.large', 'there was no answer');
  }
}

/** Holds the echo of a client to its points. */
export async function checkEchoes(nc: NatsConnection, id: string, verdicts: Verdicts): Promise<void> {
  const subject = `ops.echo.${id}`;
  try {
    await checkPayloads(nc, subject, verdicts);
    await checkHeaders(nc, id, verdicts);
    await checkOnce(nc, subject, 100, 'echo.once', verdicts);
    await checkAim(nc, subject, verdicts);
    await checkLarge(nc, subject, verdicts);
  } catch (error) {
    verdicts.rest(
      echoPoints.filter((point) => point !== 'echo.clock'),
      'FAIL',
      `no answer at ${subject}: ${error}`,
    );
  }
}
