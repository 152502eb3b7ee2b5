import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type LinkBytesDeps, watchLinkBytes } from '../../../../agent/leaf/watch/linkbytes.ts';
import type { HubLink } from '../../../../agent/leaf/watch/reports.ts';
import type { TcpSocket } from '../../../../agent/leaf/watch/sockets.ts';
import type { LeafFacts } from '../../../../agent/leaf/watch/watch.ts';
import { absent, fresh, type Reading } from '../../../../agent/lib/reading.ts';
import { tempDir } from '../../../kit/process/daemon.ts';

const minute = 60_000;
const boot_ms = Date.parse('2026-11-10T00:00:00Z');

/** A leaf whose link has sent so much by its server and by the kernel, and the agent's count of it. */
function unit(t: TestContext, changes: Partial<LinkBytesDeps> = {}) {
  const file = join(tempDir(t, 'bytes'), 'link.bytes');
  const world = {
    now_ms: 1000,
    out_bytes: 0,
    id: 5,
    sockets: [] as TcpSocket[] | undefined,
    isDated: true,
    isUp: true,
    asked: 0,
    boot_ms,
    boot: 'b',
  };
  let looker = (_reading: Reading<LeafFacts>): void => {};
  const link = (): HubLink => ({
    ip: '192.0.2.1',
    port: 7422,
    id: world.id,
    rtt_us: 5,
    in_msgs: 0,
    in_bytes: 0,
    out_msgs: 0,
    out_bytes: world.out_bytes,
  });
  const facts = (): Reading<LeafFacts> =>
    fresh(
      {
        server: { id: 'S', remotes: [] },
        links: world.isUp ? [link()] : [],
        hub: { up: world.isUp, since_ms: 0, changes: 0 },
      },
      world.now_ms,
    );
  const start = () =>
    watchLinkBytes(
      {
        leaf: {
          onLook(listener) {
            looker = listener;
            return () => {
              looker = () => {};
            };
          },
        },
        async askSockets() {
          world.asked += 1;
          return world.sockets;
        },
        ticker: { now_ms: () => world.now_ms },
        wall_ms: (mono_ms) => world.boot_ms + mono_ms,
        isDated: () => world.isDated,
        ...changes,
      },
      { file, boot: world.boot, ping_s: 1e9, lookEvery_ms: 5000 },
    );
  let watch = start();
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    world,
    file,
    read: () => watch.read(),
    sent: () => watch.read()?.month.sent_bytes,
    /** Time passes with a look every 5 s. */
    async pass(ms: number, each = (): void => {}): Promise<void> {
      for (const end = world.now_ms + ms; world.now_ms < end; ) {
        world.now_ms += 5000;
        each();
        looker(facts());
        await settle();
      }
    },
    async silence(): Promise<void> {
      looker(absent('refused'));
      await settle();
    },
    carried(sent: number): void {
      world.sockets = [{ local: '192.0.2.9:5', ip: '192.0.2.1', port: 7422, sent, received: 0, headers: 0 }];
    },
    stop: () => watch.stop(),
    start(): void {
      watch = start();
    },
  };
}

test('there is nothing to tell before there is a link', async (t) => {
  const one = unit(t);
  one.world.isUp = false;
  await one.pass(minute);
  await one.silence();
  assert.equal(one.read(), undefined);
  assert.equal(one.world.asked, 0);
  await one.stop();
  assert.throws(() => statSync(one.file), /ENOENT/);
});

test('in an hour on which nothing changes the kernel is asked at the start, a minute later and each five minutes, and the figure is its own', async (t) => {
  const one = unit(t);
  one.carried(500);
  let wire = 500;
  await one.pass(60 * minute, () => {
    one.world.out_bytes += 1000;
    wire += 300;
    one.carried(wire);
  });
  assert.equal(one.world.asked, 2 + 12);
  const off = (one.sent() ?? 0) / (wire - 800) - 1; // what was there at the first look does not count
  assert.ok(Math.abs(off) < 0.01, `${off}`);
  assert.equal(one.read()?.hour.basis, 'wire');
  assert.equal(one.read()?.counted_ms, boot_ms + one.world.now_ms - 3 * minute + 5000);
});

test('where ss tells nothing it is asked thrice, then hourly', async (t) => {
  const one = unit(t);
  one.world.sockets = undefined;
  await one.pass(5 * 60 * minute, () => {
    one.world.out_bytes += 1000;
  });
  assert.equal(one.world.asked, 3 + 4);
  await one.pass(60 * minute, () => {
    one.world.id += 1;
  });
  assert.equal(one.world.asked, 3 + 5, 'also where links come and go');
  assert.equal(one.read()?.month.basis, 'messages');
  assert.equal(one.read()?.counted_ms, undefined);
  assert.ok((one.sent() ?? 0) >= one.world.out_bytes - 1000);
});

test('a link that has ended went on for half a look, however long the server was silent', async (t) => {
  for (const silence_ms of [0, 600_000]) {
    const one = unit(t);
    one.carried(500);
    await one.pass(10 * minute, () => {
      one.world.out_bytes += 1000;
      one.carried(500 + one.world.out_bytes);
    });
    const before = one.sent() ?? 0;
    one.world.now_ms += silence_ms;
    one.world.id += 1;
    one.world.out_bytes = 0;
    one.world.sockets = undefined;
    await one.pass(5000);
    const opening = 4000;
    assert.ok(Math.abs((one.sent() ?? 0) - before - opening - 500) < 50, `${one.sent()} ${before}`);
    await one.stop();
  }
});

test('before ss has told anything a figure is called reckoned', async (t) => {
  const one = unit(t);
  one.world.sockets = undefined;
  await one.pass(2 * minute, () => {
    one.world.out_bytes += 1000;
  });
  assert.equal(one.read()?.hour.basis, 'messages');
  await one.stop();
});

test('links that come and go have it asked once a minute at most', async (t) => {
  const one = unit(t);
  one.carried(500);
  await one.pass(10 * minute, () => {
    one.world.id += 1;
  });
  assert.ok(one.world.asked <= 11, String(one.world.asked));
});

test('sums are kept each ten minutes, read again at a start, and of this boot alone', async (t) => {
  const one = unit(t);
  one.carried(500);
  await one.pass(11 * minute, () => {
    one.world.out_bytes += 1000;
    one.carried(500 + one.world.out_bytes);
  });
  assert.equal(statSync(one.file).mode & 0o777, 0o600);
  const early = readFileSync(one.file, 'utf8');
  await one.pass(5 * minute);
  assert.equal(readFileSync(one.file, 'utf8'), early);
  await one.stop();
  const before = one.sent();
  one.start();
  assert.equal(one.sent(), before);
  await one.stop();

  writeFileSync(one.file, early); // killed: what came since then is made up for at the next look at the kernel
  one.start();
  await one.pass(6 * minute);
  assert.ok(Math.abs((one.sent() ?? 0) - (before ?? 0)) < 100, `${one.sent()} ${before}`);

  one.world.boot = 'c';
  one.start();
  assert.equal(one.read(), undefined);
});

test('a file that is broken, a pipe or a link is passed over', async (t) => {
  const one = unit(t);
  one.carried(500);
  await one.pass(minute);
  for (const text of ['', 'x', '{"boot":"b"}', '\0'.repeat(300_000)]) {
    writeFileSync(one.file, text);
    one.start();
    assert.equal(one.read(), undefined);
  }
});

test('a month turns once its clock is believed', async (t) => {
  const one = unit(t);
  one.carried(500);
  one.world.isDated = false;
  one.world.boot_ms = Date.parse('2001-01-31T23:59:00Z');
  await one.pass(3 * minute, () => {
    one.world.out_bytes += 1000;
    one.carried(500 + one.world.out_bytes);
  });
  assert.equal(one.read()?.last_month, undefined);
  one.world.boot_ms = Date.parse('2026-11-30T23:50:00Z');
  one.world.isDated = true;
  await one.pass(2 * minute);
  assert.equal(one.read()?.last_month, undefined);
  await one.pass(10 * minute);
  assert.equal(one.read()?.last_month?.sent_bytes, one.world.out_bytes - 1000);
  assert.equal(one.read()?.month.since_ms, Date.parse('2026-12-01T00:00:01Z'));
});

test('without a leaf the agent counts its own connection, which may be another', async (t) => {
  const own = { sent: 700, received: 70 };
  const one = unit(t, { own: () => ({ ...own }) });
  await one.pass(5000, () => {
    own.sent = 1700;
  });
  assert.equal(one.sent(), 1000);
  await one.pass(5000, () => {
    own.sent = 300;
    own.received = 20;
  });
  assert.deepEqual([one.sent(), one.read()?.month.received_bytes], [1300, 20]);
  own.sent = 350;
  await one.stop();
  assert.equal(one.sent(), 1350);
  assert.equal(one.read()?.month.basis, 'wire');
  assert.equal(one.world.asked, 0);
});
