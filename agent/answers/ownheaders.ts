import type { ClockSummary } from '../clock/types.ts';
import { writeNumber } from '../wire/bytes.ts';
import { headerNames } from '../wire/headers.ts';

/** Of Unix time in µs from 2001 to 2286. */
export const stampDigits = 16;
/** Whether a time in µs is written with as many digits as a stamp has. */
export const isStamp = (us: number): boolean => us >= 1e15 && us < 1e16;

/** Writes a time in µs, with leading zeros if need be. */
export function writeStamp(into: Buffer, at: number, us: number): void {
  let high = Math.floor(us / 1e8);
  let low = us - high * 1e8; // two halves that are small integers to V8
  for (let i = 7; i >= 0; i--) {
    into[at + i] = 48 + (high % 10);
    into[at + 8 + i] = 48 + (low % 10);
    high = (high / 10) | 0;
    low = (low / 10) | 0;
  }
}

const noStamp = '0'.repeat(stampDigits);
const absolute = Buffer.from(`${headerNames.clockErrorBound}: `);
const relative = Buffer.from(`${headerNames.clockErrorRel}: `);
const alwaysThere = [
  headerNames.unitId,
  headerNames.serverReceivedAt,
  headerNames.serverSentAt,
  headerNames.clockSource,
  headerNames.clockQuality,
];

/** By which of the two bounds there are. */
const names = [[], [headerNames.clockErrorBound], [headerNames.clockErrorRel]].map((some) => [
  ...alwaysThere,
  ...some,
]);
names.push([...alwaysThere, headerNames.clockErrorBound, headerNames.clockErrorRel]);

const [cr, lf] = [13, 10];
const isKnown = (bound_ns: number | undefined): bound_ns is number => Number.isFinite(bound_ns);

/** Our own headers, encoded, with the empty line that ends a block. What has not changed is not encoded again. */
export class OwnHeaders {
  /** Those that there are. */
  names: readonly string[] = alwaysThere;
  /** All of them. */
  view: Buffer;
  /** Where in it the time of sending is to be written. */
  readonly sentAt: number;
  readonly #bytes: Buffer;
  readonly #begin: string;
  readonly #receivedAt: number;
  #source: ClockSummary['source'] | undefined;
  #quality: ClockSummary['quality'] | undefined;
  #fixedEnd = 0;

  constructor(unit: string) {
    const received = `${headerNames.unitId}: ${unit}\r\n${headerNames.serverReceivedAt}: `;
    const sent = `${received}${noStamp}\r\n${headerNames.serverSentAt}: `;
    this.#receivedAt = received.length;
    this.sentAt = sent.length;
    this.#begin = `${sent}${noStamp}\r\n`;
    this.#bytes = Buffer.allocUnsafeSlow(this.#begin.length + 256);
    this.view = this.#bytes;
  }

  /** What is true of requests that were received then. */
  set(clock: ClockSummary, received_us: number): void {
    const { source, quality, error_bound_ns, error_rel_ns } = clock;
    if (this.#source !== source || this.#quality !== quality) {
      this.#source = source;
      this.#quality = quality;
      const { clockSource, clockQuality } = headerNames;
      const text = `${this.#begin}${clockSource}: ${source}\r\n${clockQuality}: ${quality}\r\n`;
      this.#fixedEnd = this.#bytes.write(text, 0, 'latin1');
    }
    writeStamp(this.#bytes, this.#receivedAt, received_us);
    let at = this.#writeBound(absolute, error_bound_ns, this.#fixedEnd);
    at = this.#writeBound(relative, error_rel_ns, at);
    this.#bytes[at++] = cr;
    this.#bytes[at++] = lf;
    if (at !== this.view.length) this.view = this.#bytes.subarray(0, at);
    this.names = names[(isKnown(error_bound_ns) ? 1 : 0) + (isKnown(error_rel_ns) ? 2 : 0)] as string[];
  }

  #writeBound(label: Buffer, bound_ns: number | undefined, at: number): number {
    if (!isKnown(bound_ns)) return at;
    label.copy(this.#bytes, at);
    const end = writeNumber(this.#bytes, at + label.length, Math.ceil(bound_ns));
    this.#bytes[end] = cr;
    this.#bytes[end + 1] = lf;
    return end + 2;
  }
}
