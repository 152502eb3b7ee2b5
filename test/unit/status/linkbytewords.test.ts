import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusText } from '../../../agent/cli/statustext.ts';
import type { LinkBytes } from '../../../agent/leaf/watch/linkbook.ts';
import { hourWords, shortSums, sumWords } from '../../../agent/status/linkbytewords.ts';
import { fullSnapshot } from '../../kit/page/snapshot.ts';

const { bytes } = fullSnapshot.link;
assert.ok(bytes?.last_month);
const { at_ms } = fullSnapshot;
const words = (text: string): string => text.replaceAll('\u00a0', ' ').replace(/\n +/g, ' ');

test('what was counted is told with what TCP and IP add, what was reckoned as the most that it can be', () => {
  assert.equal(words(sumWords(bytes.hour)), '391 KiB sent, 58.6 KiB received, 684 KiB with TCP/IP');
  assert.equal(
    words(sumWords(bytes.last_month ?? bytes.hour)),
    '858 MiB sent, 85.8 MiB received at most, before compression',
  );
  assert.equal(words(shortSums(bytes, at_ms)), '449 KiB in 1 h, 219 MiB since 1 Nov 00:00 UTC');
  const reckoned: LinkBytes = { ...bytes, hour: { ...bytes.hour, basis: 'messages' } };
  assert.match(words(shortSums(reckoned, at_ms)), /^≤ 449 KiB in 1 h, 219 MiB/);
});

test('the first hour is as long as it is', () => {
  const young = { ...bytes, hour: { ...bytes.hour, since_ms: at_ms - 720_000 } };
  assert.equal(words(hourWords(young, at_ms)), '12 min');
});

test('nunect status has a line of it, where there was a link', () => {
  const lineOf = (link: typeof fullSnapshot.link): string | undefined =>
    /^bytes +(.*)$/m.exec(words(statusText({ ...fullSnapshot, link }, (_, text) => text)))?.[1];
  assert.equal(
    lineOf(fullSnapshot.link),
    '391 KiB sent, 58.6 KiB received, 684 KiB with TCP/IP in 1 h; 191 MiB sent, 28.6 MiB received, 334 MiB with TCP/IP since 1 Nov 00:00 UTC',
  );
  const { bytes: _bytes, ...before } = fullSnapshot.link;
  assert.equal(lineOf(before), undefined);
});
