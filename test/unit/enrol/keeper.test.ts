import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { nkeys } from '@nats-io/transport-node';
import type { EnrolledHub } from '../../../agent/config/enrolled.ts';
import { enrolFolder } from '../../../agent/enrol/folder.ts';
import { keepEnrolled } from '../../../agent/enrol/keeper.ts';
import { logTo } from '../../../agent/lib/log.ts';
import type { Handler, Incoming } from '../../../agent/nats/incoming.ts';
import type { Link } from '../../../agent/nats/link.ts';
import {
  type EnrolAnswer,
  type EnrolRequest,
  parseEnrolRequest,
  sealed,
  tokenText,
} from '../../../agent/wire/enrol.ts';
import { hubAnswer, verifyNkey } from '../../kit/hub/enrolled.ts';
import { fakeTicker } from '../../kit/lib/faketicker.ts';
import { tempDir } from '../../kit/process/daemon.ts';

const day_ms = 86_400_000;
const signer = nkeys.createAccount();
const message = (data: string): Incoming => ({
  subject: 's',
  data: Buffer.from(data),
  size: () => data.length,
});

/** A device that is enrolled, `at_day` of the 90 of its login, and a hub that answers over its link, or does not. */
async function enrolled(
  t: TestContext,
  at_day: number,
  answer?: (request: EnrolRequest, now: EnrolledHub) => object,
) {
  const folder = enrolFolder(tempDir(t, 'keeper'));
  const { publicKey } = folder.key();
  const first = hubAnswer(publicKey, { hub: signer.getPublicKey() });
  folder.keep(first);
  const ticker = fakeTicker();
  const begun_ms = ticker.now_ms();
  const from_ms = first.until_s * 1000 - 90 * day_ms;
  const asked: EnrolRequest[] = [];
  const handlers = new Set<Handler>();
  const seen = { takeOvers: 0, isRefused: false };
  const link = {
    state: () => ({ connected: true, since_ms: 0 }),
    onChange: () => () => {},
    subscribe(_subject: string, handler: Handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    async request(_subject: string, text: string) {
      const read = parseEnrolRequest(text, answer === undefined ? () => true : verifyNkey); // thousands in a month
      assert.ok(read.ok);
      asked.push(read.value);
      const more = answer?.(read.value, first);
      if (more !== undefined) {
        const { key, nonce } = read.value;
        const body = { v: 1, key, nonce, ...more } as EnrolAnswer;
        for (const handler of handlers) void handler(message(sealed(body, signer)));
      }
      return { kind: 'reply', message: message('{"stream":"ENROL","seq":1}') };
    },
  } as unknown as Link;
  const keeper = keepEnrolled(
    {
      about: { own: 'demo-01', role: 'leaf', hardware: 'ab12' },
      ticker,
      log: logTo(() => {}),
      wall_ms: () => from_ms + at_day * day_ms + ticker.now_ms() - begun_ms,
      random: () => 0,
      link,
      isRefused: () => seen.isRefused,
      takeOver() {
        seen.takeOvers += 1;
      },
    },
    { dir: folder.dir, key: publicKey, isFree: true },
  );
  t.after(() => keeper.stop());
  await ticker.pass(5000);
  return { folder, first, ticker, asked, keeper, seen };
}

/** Another process brings a login that has just begun. */
async function enrolAgain({ folder, first, ticker }: Awaited<ReturnType<typeof enrolled>>): Promise<void> {
  const until_s = first.until_s + 60 * 86_400;
  folder.keep(hubAnswer(first.key, { hub: signer.getPublicKey(), until_s }));
  await ticker.pass(21_000);
}

const accepted = (now: EnrolledHub, more: object = {}) => {
  const { hub: _hub, token: _token, ...rest } = now;
  return {
    ...rest,
    state: 'accepted',
    until_s: now.until_s + 60 * 86_400,
    jwt: hubAnswer(now.key).jwt,
    ...more,
  };
};

test('before two thirds of its life nothing is asked; then over the link, by the key, without the token', async (t) => {
  const one = await enrolled(t, 59.9, (_request, now) => accepted(now));
  assert.equal(one.asked.length, 0);
  await one.ticker.pass(0.2 * day_ms);
  assert.equal(one.asked.length, 1);
  const [{ token, key } = assert.fail()] = one.asked;
  assert.deepEqual([token, key], [undefined, one.first.key]);
  assert.equal(one.folder.hub()?.until_s, one.first.until_s + 60 * 86_400);
  assert.equal(one.seen.takeOvers, 0, 'nats-server reads a new login by itself');
  assert.equal(one.keeper.trouble(), undefined);
});

test('where the hub has other addresses now the config is rendered anew', async (t) => {
  const one = await enrolled(t, 61, (_request, now) =>
    accepted(now, { leaf_urls: ['tls://new.example:7422'] }),
  );
  assert.equal(one.seen.takeOvers, 1);
  assert.deepEqual(one.folder.hub()?.leaf_urls, ['tls://new.example:7422']);
});

test('a hub that is silent is told of only when the login has a sixth of its life left', async (t) => {
  const one = await enrolled(t, 61);
  assert.ok(one.asked.length > 0);
  assert.equal(one.keeper.trouble(), undefined);
  await one.ticker.pass(13.9 * day_ms);
  assert.equal(one.keeper.trouble(), undefined, 'day 74.9');
  await one.ticker.pass(0.2 * day_ms);
  const trouble = one.keeper.trouble();
  assert.deepEqual(trouble, { kind: 'failing', why: 'the hub has the request, and has not answered yet' });
});

test('a refusal is told at once, and asked again after a quarter of an hour', async (t) => {
  const one = await enrolled(t, 61, () => ({
    state: 'refused',
    code: 'unit_revoked',
    why: 'demo-01 was revoked',
  }));
  assert.deepEqual(one.keeper.trouble(), { kind: 'failing', why: 'demo-01 was revoked' });
  assert.equal(one.asked.length, 1);
  await one.ticker.pass(890_000);
  assert.equal(one.asked.length, 1);
  await one.ticker.pass(20_000);
  assert.equal(one.asked.length, 2);
  assert.equal(one.folder.hub()?.jwt, one.first.jwt);
});

test('a refusal is over once the device has been enrolled again, by the command or by another token', async (t) => {
  const one = await enrolled(t, 61, () => ({
    state: 'refused',
    code: 'unit_revoked',
    why: 'it was revoked',
  }));
  assert.equal(one.keeper.trouble()?.kind, 'failing');
  await enrolAgain(one);
  assert.equal(one.keeper.trouble(), undefined);
});

test('so is what is asked of a hub that does not answer', async (t) => {
  const one = await enrolled(t, 80);
  assert.equal(one.keeper.trouble()?.kind, 'failing');
  await enrolAgain(one);
  assert.equal(one.keeper.trouble(), undefined);
});

test('a login that the hub refuses is renewed before its time, but not again while the link settles', async (t) => {
  const one = await enrolled(t, 10, (_request, now) => accepted(now));
  assert.equal(one.asked.length, 0);
  one.seen.isRefused = true;
  await one.ticker.pass(25_000);
  assert.equal(one.asked.length, 1, 'as of a unit that was renamed');
  await one.ticker.pass(600_000);
  assert.ok(one.asked.length <= 3, `${one.asked.length} times`);
});

test('an enrolment that nobody has rendered yet is told, and asked for', async (t) => {
  const folder = enrolFolder(tempDir(t, 'keeper'));
  folder.keep(hubAnswer(folder.key().publicKey));
  const ticker = fakeTicker();
  let takeOvers = 0;
  const keeper = keepEnrolled(
    {
      about: { hardware: 'ab12' },
      ticker,
      log: logTo(() => {}),
      wall_ms: Date.now,
      random: () => 0,
      link: {} as Link,
      isRefused: () => false,
      takeOver() {
        takeOvers += 1;
      },
    },
    { dir: folder.dir, isFree: true },
  );
  await ticker.pass(1000);
  assert.deepEqual(keeper.trouble(), { kind: 'untaken' });
  assert.equal(takeOvers, 1);
  await ticker.pass(1_200_000);
  assert.ok(takeOvers >= 2, 'whoever listens may have started later');
  keeper.stop();
});

test('a folder that cannot be made yet is tried again within a minute', async (t) => {
  const dir = join(tempDir(t, 'keeper'), 'enrol');
  writeFileSync(dir, ''); // as root a test can make any folder
  const ticker = fakeTicker();
  const token = tokenText({
    ...{ v: 1, id: 't1', urls: ['nats://127.0.0.1:1'], hub: signer.getPublicKey() },
    ...{ jwt: 'a.b.c', seed: 'SU', until_s: Math.floor(Date.now() / 1000) + 1000 },
  });
  const keeper = keepEnrolled(
    {
      about: { hardware: 'ab12' },
      ticker,
      log: logTo(() => {}),
      wall_ms: Date.now,
      random: () => 0,
      link: {} as Link,
      isRefused: () => false,
      takeOver: () => {},
    },
    { dir, token, isFree: true },
  );
  t.after(() => keeper.stop());
  await ticker.pass(1000);
  assert.equal(keeper.trouble()?.kind, 'failing');
  rmSync(dir);
  await ticker.pass(60_000);
  assert.ok(existsSync(join(dir, 'seed')));
});
