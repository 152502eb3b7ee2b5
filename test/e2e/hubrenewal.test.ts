// Logins that end within seconds, at a server as `init` makes it, with the issuer of `up`: an issuer that is away, renewal under
// traffic, a unit that was off for too long, and a copied flash. Only the days of `init` are made short; what ends does end.
import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type NatsConnection, nkeys } from '@nats-io/transport-node';
import { claimsOf, formatCreds, jwtIn } from '../../agent/config/formats/creds.ts';
import type { Book } from '../../agent/hub/book/book.ts';
import { enrolSubjects, tokenText } from '../../agent/wire/enrol.ts';
import { inboxPrefixOf } from '../../agent/wire/subjects.ts';
import { jetstream } from '../kit/hub/fleet.ts';
import { bookOn, issuerOn, newToken, testRouter } from '../kit/hub/issuing.ts';
import { type IssuingHub, issuingHub } from '../kit/hub/issuinghub.ts';
import { account, allStored, readStream } from '../kit/hub/storedids.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { natsServers, withoutNewest } from '../kit/process/tools.ts';
import { type SelfRendering, tokenUnit } from '../kit/unit/selfrendering.ts';
import { nunect } from '../kit/unit/site.ts';
import { until } from '../kit/unit/until.ts';

const program = natsServers().newest ?? '';
const owner = newOwner();
/** Of a login; it is renewed after two thirds of it: at first so late that a unit can be stopped before that. */
let life_s = 16;

let hub: IssuingHub;
let book: Book;
let fleet: NatsConnection;

const startIssuer = () =>
  issuerOn(owner, hub, {
    hub: () => ({ ...hub.issuer, file: { ...hub.issuer.file, days: life_s / 86_400 } }),
  });
const keyOf = ({ keep }: SelfRendering): string =>
  (JSON.parse(readFileSync(join(keep, 'enrol/hub.json'), 'utf8')) as { key: string }).key;
const tokenFor = async (unit: string): Promise<string> => tokenText(await newToken(book, hub, { unit }));
const start = (token: string, keep?: string): Promise<SelfRendering> =>
  tokenUnit(owner, { program, token, ...(keep !== undefined && { keep }) });
const joined = (one: SelfRendering, unit: string) =>
  until(one, `${unit} is joined`, (now) => now.unit === unit && now.link.hub_up === true);
/** How many requests of a key came over the unit's own link, and how many by a login of ENROL. */
async function askedBy(key: string): Promise<{ own: number; apart: number }> {
  const subject = enrolSubjects.request(key);
  const count = async (nc: NatsConnection): Promise<number> => {
    const { state } = await jetstream(nc, 'STREAM.INFO.ENROL', { subjects_filter: subject });
    return (state as { subjects?: Record<string, number> } | undefined)?.subjects?.[subject] ?? 0;
  };
  return { own: await count(fleet), apart: await count(await hub.as('hub-enrol')) };
}
const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;
const loginEnd_ms = ({ keep }: SelfRendering): number =>
  Number(claimsOf(jwtIn(readFileSync(join(keep, 'enrol/unit.creds'), 'utf8')) ?? '')['exp']) * 1000;
/** How often the hub ended the link of a leaf because its login had ended, and how often the link was up. */
const linksOf = (one: SelfRendering) => {
  const said = one.leaf().output();
  return {
    ended: count(said, /User Authentication Expired/gi),
    up: count(said, /Leafnode connection created/gi),
  };
};

describe('logins that end', { skip: withoutNewest() }, () => {
  let first: SelfRendering;
  let off: SelfRendering;
  let tokenFirst: string;
  let tokenOff: string;
  before(async () => {
    hub = await issuingHub(owner, program);
    book = await bookOn(owner, hub);
    fleet = await hub.as('hub-fleet');
  });
  after(() => owner.end());

  it('a router that asks while no issuer is there says so, and is let in when one is', async () => {
    [tokenFirst, tokenOff] = [await tokenFor('first'), await tokenFor('off')];
    [first, off] = await Promise.all([start(tokenFirst), start(tokenOff)]);
    const waits = 'not enrolled yet: the hub has the request, and has not answered yet';
    for (const one of [first, off])
      await until(one, 'it waits for an answer', ({ problems }) => problems.includes(waits));
    const doctor = await nunect(['doctor', '--dir', join(first.dir, 'run')]);
    assert.match(
      doctor.stdout,
      /not enrolled yet: the hub has the request[\s\S]*nunect-hub pending # at the hub/,
    );
    startIssuer();
    for (const [one, unit] of [
      [first, 'first'],
      [off, 'off'],
    ] as const)
      await joined(one, unit);
    await off.end();
    life_s = 10; // a busy machine renews it in time, too
  });

  it('a login is renewed over the link of the unit, which only the end of the old one interrupts, and no record is lost', async () => {
    await eventually('two logins have ended', () => linksOf(first).ended >= 2, 90_000);
    await eventually('the link came back after each end, and was not lost otherwise', () => {
      const { ended, up } = linksOf(first);
      return up === ended + 1;
    });
    const { ended } = linksOf(first);
    const { own, apart } = await askedBy(keyOf(first));
    assert.ok(own >= 2, `${own} renewals`);
    assert.equal(apart, 0);
    const records = (await readStream(fleet, 'NUNECT')).filter(({ id }) => id.startsWith('first-'));
    const boots = new Set(records.map(({ boot }) => boot));
    assert.equal(boots.size, 1, 'it ran all the time');
    const { stored, doubled } = await allStored(fleet, 'NUNECT', [...boots].join());
    assert.equal(doubled, 0);
    console.log(`# ${own} renewals, ${ended} logins ended, ${stored} records`);
  });

  it('a unit whose login ended while it was off renews by the login for nothing else', async () => {
    const key = keyOf(off);
    assert.deepEqual(await askedBy(key), { own: 0, apart: 0 });
    await eventually('its login has ended', () => loginEnd_ms(off) < Date.now());
    off = await start(tokenOff, off.keep);
    await joined(off, 'off');
    assert.equal((await askedBy(key)).apart, 1);
    assert.equal(keyOf(off), key);
  });

  it('a copy of its flash on other hardware: one of both is joined at a time, and only the unit is renewed', {
    skip: process.getuid?.() !== 0 && 'only root can show another machine',
  }, async () => {
    life_s = 20; // a copy that starts while others work has to meet the unit before the login in its flash ends
    await eventually('a login for long enough', () => loginEnd_ms(first) > Date.now() + 15_000);
    const keep = join(tempDir(owner, 'copy'), 'keep');
    cpSync(first.keep, keep, { recursive: true });
    const copy = await tokenUnit(owner, { program, token: tokenFirst, keep, machine: '0123456789abcdef01' });
    const twice = /the hub already has a leaf of this name .* enrol a copied flash anew/;
    for (const one of [first, copy])
      await until(one, 'it is told', ({ problems }) => problems.some((text) => twice.test(text)));
    const waits = 'the enrolment is not renewed: the hub waits for approval by a person';
    await until(copy, 'its login ends', ({ problems }) => problems.includes(waits));
    await book.catchUp();
    const pending = [...book.bindings().pending.values()].map(({ unit, why }) => `${unit} ${why}`);
    assert.deepEqual(pending, ['first other_hardware']);
    const { ended } = linksOf(first);
    await eventually('another login of the unit has ended', () => linksOf(first).ended > ended);
    await joined(first, 'first');
    const records = (await readStream(fleet, 'NUNECT')).filter(({ id }) => id.startsWith('first-'));
    const boots = [...new Set(records.map(({ boot }) => boot))];
    assert.equal(boots.length, 2);
    for (const boot of boots) assert.equal(account(records, boot).doubled, 0);
  });

  it('a copy that says the hardware of the unit is renewed: that keeps nobody out who lies', async () => {
    const kept = JSON.parse(readFileSync(join(first.keep, 'enrol/hub.json'), 'utf8')) as {
      renew_jwt: string;
    };
    const seed = readFileSync(join(first.keep, 'enrol/seed'), 'utf8').trim();
    const pair = nkeys.fromSeed(new TextEncoder().encode(seed));
    const { hardware = assert.fail() } = book.bindings().units.get('first') ?? {};
    const liar = testRouter(hub, hardware, pair);
    const nc = await hub.client(formatCreds({ jwt: kept.renew_jwt, seed }), inboxPrefixOf(liar.key));
    assert.equal((await liar.ask(nc, liar.key)).state, 'accepted');
    assert.equal((await testRouter(hub, 'other', pair).ask(nc, liar.key)).state, 'pending');
  });
});
