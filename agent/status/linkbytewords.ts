// What the links to the hub have carried, as people read it.
import type { LinkBytes, LinkSum } from '../leaf/watch/linkbook.ts';
import { prettyBytes, prettyMoment, prettySpan } from '../lib/format.ts';

/** Both ways, and how that is known where it is not counted. */
export const sumWords = ({ sent_bytes, received_bytes, with_headers_bytes, basis }: LinkSum): string =>
  [
    `${prettyBytes(sent_bytes)} sent, ${prettyBytes(received_bytes)} received`,
    basis === 'messages' ? ' at most, before compression' : '',
    with_headers_bytes === undefined ? '' : `, ${prettyBytes(with_headers_bytes)} with TCP/IP`,
  ].join('');

/** The time that the sum of the hour is of: `1 h`, less in the first one. */
export const hourWords = ({ hour }: LinkBytes, at_ms: number): string =>
  prettySpan(Math.min(3600, (at_ms - hour.since_ms) / 1000));

/** `1.20 MiB in 1 h, 310 MiB since 1 Nov 00:00 UTC`. */
export function shortSums(bytes: LinkBytes, at_ms: number): string {
  const both = ({ sent_bytes, received_bytes, basis }: LinkSum): string =>
    `${basis === 'messages' ? '≤ ' : ''}${prettyBytes(sent_bytes + received_bytes)}`;
  const since = prettyMoment(bytes.month.since_ms, at_ms);
  return `${both(bytes.hour)} in ${hourWords(bytes, at_ms)}, ${both(bytes.month)} since ${since}`;
}
