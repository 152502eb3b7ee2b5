import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { status } from '../../../agent/cli/status.ts';
import { statusText } from '../../../agent/cli/statustext.ts';
import { fullSnapshot } from '../../kit/page/snapshot.ts';

const plain = (_: string, text: string): string => text;

test('records: what is stored, lost and waits, and the state of it', () => {
  const { spool } = fullSnapshot;
  assert.ok(spool);
  const lineOf = (changes: Partial<typeof spool>): string | undefined =>
    /^records +(.*)$/m.exec(statusText({ ...fullSnapshot, spool: { ...spool, ...changes } }, plain))?.[1];
  assert.equal(
    lineOf({ stored: 88, records: 0, dropped: 0, state: 'stored' }),
    '88 stored, 0 waiting (state: stored)',
  );
  assert.equal(
    lineOf({ stored: 88, records: 5, bytes: 2048, dropped: 3, state: 'stored' }),
    '88 stored, 3 dropped, 5 waiting (2\u00a0KiB, state: stored)',
  );
});

test('hub: joined for how long, how far away, and how much goes there', () => {
  const text = statusText({ ...fullSnapshot, link: { ...fullSnapshot.link, traffic: 'satellite' } }, plain);
  assert.match(text, /^hub +joined for 59\ss, rtt 1\.25\sms, traffic satellite$/m);
});

test('apps: how many use this leaf, how much they send and take, and that one does not keep up', () => {
  const lineOf = (clients: typeof fullSnapshot.clients): string | undefined => {
    const { clients: _, ...others } = fullSnapshot;
    return /^apps +(.*)$/m.exec(statusText({ ...others, ...(clients && { clients }) }, plain))?.[1];
  };
  assert.equal(
    lineOf(fullSnapshot.clients),
    '3 on this leaf, 42.25 msg/s in, 17 msg/s out, 1 slow since its start',
  );
  assert.equal(lineOf({ count: 0, busiest: [] }), '0 on this leaf');
  assert.equal(lineOf(undefined), undefined);
});

test('a unit that was never rendered is told to be, not shown an error of the system', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'nunect-'));
  t.after(() => rmSync(dir, { recursive: true }));
  let shown = '';
  const io = {
    stdout(text: string) {
      shown += text;
    },
    stderr: () => {},
  };
  assert.equal(await status(['--dir', dir], io, new AbortController().signal), 3);
  assert.match(shown.replace(/\n +/g, ' '), /^rendered +\S+agent\.json is missing: run nunect render\b/m);
});
