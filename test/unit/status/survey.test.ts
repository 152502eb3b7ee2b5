import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClockVerdict } from '../../../agent/clock/verdict/judge.ts';
import type { CertFacts, CertSource } from '../../../agent/device/certs.ts';
import type { HubLink } from '../../../agent/leaf/watch/reports.ts';
import type { LeafFacts } from '../../../agent/leaf/watch/watch.ts';
import { absent, fresh, type Reading } from '../../../agent/lib/reading.ts';
import { type SurveyParts, survey } from '../../../agent/status/survey.ts';
import { epoch_s } from '../../kit/clock/evidence.ts';
import { fakeTicker } from '../../kit/lib/faketicker.ts';
import {
  agentFileOf,
  fakeLink,
  fakeWall,
  goodVerdict,
  spoolStats,
  unitStateOf,
} from '../../kit/unit/unitfakes.ts';

const { system, self, rtt, time } = unitStateOf();
const hubLink = (changes: Partial<HubLink> = {}): HubLink => ({ ip: '192.0.2.9', port: 7422, ...changes });
const leafFacts = (links: readonly HubLink[], changes: Partial<LeafFacts> = {}): LeafFacts => ({
  server: { id: 's', name: 'leaf', version: '2.15.2', slow_consumers: 1, remotes: [] },
  links,
  hub: { up: links.length > 0, since_ms: 500, changes: 2, rtt_us: 1250 },
  ...changes,
});

const clockOf = (verdict: ClockVerdict): SurveyParts['clock'] => ({
  look: async () => {},
  hasten: () => {},
  verdict: () => verdict,
  verdictBefore: () => verdict,
  followsPtp: () => true,
  lostMaster: () => undefined,
  wasSteered: () => true,
  summary: () => ({ source: 'ptp', quality: 'locked', error_bound_ns: 180 }),
  ptp: () => time.ptp,
  ntp: () => time.ntp,
  onChange: () => () => {},
  stop: () => {},
});

/** Parts of a healthy unit; a reading of the leaf and certificates as they are given. */
function look(
  leaf: Reading<LeafFacts> = fresh(leafFacts([hubLink()]), 1000),
  certificates: readonly CertFacts[] = [],
  uci = "config hub 'hub'\n list url 'nats://hub.example.org'",
  changes: Partial<SurveyParts> = {},
) {
  const asked: (readonly string[])[] = [];
  const parts = {
    clock: clockOf(goodVerdict()),
    orders: { gate: () => undefined, isSilent: () => false },
    link: fakeLink({ server: { name: 'by the link', version: '2.9.10', max_payload: 1 } }),
    leaf: {
      read: () => leaf,
      hubUp: () => (leaf.kind === 'fresh' ? leaf.value.hub.up : undefined),
      onChange: () => () => {},
      look: async () => {},
      stop: () => {},
    },
    spool: { stats: () => spoolStats() },
    supervisor: {
      trouble: () => undefined,
      lastTrouble: () => undefined,
      rolledBack: () => undefined,
      limits: () => [],
      startFaults: () => [],
      behind_s: () => 0,
    },
    tlsFiles: { unused: () => undefined },
    clients: { read: () => absent('disabled') },
    linkBytes: { read: () => undefined },
    enrol: { trouble: () => undefined },
    events: { recent: () => [{ at_ms: 600, event: 'hub', text: 'hub: the hub answers' }] },
    spoolSnapshot: { trouble: () => undefined },
    rtt: { read: () => rtt, stop: () => {} },
    system: { read: async () => system },
    self: { read: async () => self },
    certs: {
      async read(sources: readonly CertSource[]) {
        asked.push(sources.map(({ file }) => file));
        return [...certificates];
      },
    },
    ...changes,
  } as SurveyParts;
  const ticker = fakeTicker();
  const deps = { ticker, wall: fakeWall(ticker), started_ms: 400 };
  return { state: survey(parts, deps, agentFileOf(uci)), asked };
}

test('one look has the figures of every part', async () => {
  const now = await look().state;
  assert.equal(now.health.status, 'healthy');
  assert.equal(now.uptime_s, 0.6);
  assert.equal(now.nats.hub_rtt_us, 1250);
  assert.equal(now.hub_changes, 2);
  assert.equal(now.at_ms, epoch_s * 1000 + 1000);
  assert.equal(now.nats.server_name, 'leaf');
  assert.equal(now.nats.slow_consumers, 1);
  assert.equal(now.nats.hub_since_ms, epoch_s * 1000 + 500);
  assert.deepEqual(now.nats.agent, { reconnects: 3, dropped: 4, in_msgs: 1, out_msgs: 2 });
  assert.equal(now.system, system);
  assert.deepEqual(now.changes, [
    { at_ms: epoch_s * 1000 + 600, event: 'hub', text: 'hub: the hub answers' },
  ]);
});

test('why chronyd may not select PTP is a finding', async () => {
  const withheld = { order: 'withhold', reason: 'disagrees', fault: 'it is 37 s off' } as const;
  const orders = { gate: () => withheld, isSilent: () => false };
  const { health } = await look(undefined, [], undefined, { orders }).state;
  assert.deepEqual(
    health.findings.map(({ code, text }) => [code, text]),
    [['ptp_withheld', 'PTP is not used: it is 37 s off']],
  );
});

test('who uses the server is not told once the connection is gone by which it was asked', async () => {
  const clients = { read: () => fresh({ count: 2, busiest: [] }, 900) };
  const counted = async (connected: boolean): Promise<number | undefined> =>
    (await look(undefined, [], undefined, { clients, link: fakeLink({ connected }) }).state).clients?.count;
  assert.deepEqual([await counted(true), await counted(false)], [2, undefined]);
});

test('messages over several hub links are added; a link that does not tell makes the sum unknown', async () => {
  const links = [hubLink({ in_msgs: 2, out_msgs: 1 }), hubLink({ in_msgs: 3 })];
  const { nats } = await look(fresh(leafFacts(links), 1000)).state;
  assert.equal(nats.in_msgs, 5);
  assert.ok(!('out_msgs' in nats));
  assert.ok(!('in_bytes' in nats));
});

test('the record has the sums of the month, and how they are known', async () => {
  const sum = { since_ms: 5, basis: 'wire' as const, sent_bytes: 700, received_bytes: 30 };
  const sums = { hour: { ...sum, sent_bytes: 70 }, month: sum, total: sum };
  const { nats, link_bytes } = await look(undefined, [], undefined, { linkBytes: { read: () => sums } })
    .state;
  assert.equal(link_bytes, sums);
  assert.deepEqual(nats.link_bytes, {
    basis: 'wire',
    since_ms: 5,
    sent_bytes: 700,
    received_bytes: 30,
    hour_bytes: 100,
  });
  assert.ok(!('link_bytes' in (await look().state).nats));
});

test('a server that cannot be asked leaves its figures out; what the connection knows stays', async () => {
  const { nats, health } = await look(absent('refused')).state;
  assert.equal(nats.server_name, 'by the link');
  for (const key of ['hub_up', 'hub_since_ms', 'hub_rtt_us', 'in_msgs', 'slow_consumers'])
    assert.ok(!(key in nats), key);
  assert.equal(health.status, 'healthy');
});

test('of a hub that has not been able to answer yet nothing is told, nor since when', async () => {
  const young = leafFacts([hubLink()], { hub: { up: undefined, since_ms: 500, changes: 0 } });
  const { nats, health } = await look(fresh(young, 1000)).state;
  assert.deepEqual([nats.hub_up, nats.hub_since_ms, health.status], [undefined, undefined, 'healthy']);
});

test('a hub that is not joined is a trouble, with what the server says of it', async () => {
  const facts = leafFacts([], { hub_trouble: 'no link to the hub' });
  const { health, nats } = await look(fresh(facts, 1000)).state;
  assert.equal(health.status, 'degraded');
  assert.match(health.findings[0]?.text ?? '', /no link to the hub/);
  assert.equal(nats.last_error, 'no link to the hub');
});

test('our own words for what the server reports are never taken for a cause', async () => {
  const hub_trouble = 'no link to the hub (tls://timeout.example.org:7422)';
  const { health, nats } = await look(fresh(leafFacts([], { hub_trouble }), 1000)).state;
  assert.match(health.findings[0]?.text ?? '', /timeout\.example/);
  assert.equal(health.findings[0]?.cause, undefined);
  assert.equal(nats.last_error, hub_trouble);
  assert.equal(nats.cause, undefined);
});

test('at a cold boot a certificate that is not valid yet has its cause and its remedy, and the clock is named', async () => {
  const lastError = { text: 'certificate is not yet valid', code: 'CERT_NOT_YET_VALID' };
  const uci = "config leaf 'leaf'\n option mode off\nconfig hub 'hub'\n list url 'tls://hub.example.org'";
  const { health, nats } = await look(absent('disabled'), [], uci, {
    link: fakeLink({ connected: false, lastError }),
    clock: clockOf({ ...goodVerdict(), quality: 'freerun' }),
  }).state;
  const [finding] = health.findings;
  assert.equal(finding?.cause, 'cert_not_yet');
  assert.match(finding.remedy, /^date -u/);
  for (const text of [finding.text, nats.last_error])
    assert.match(
      text ?? '',
      /certificate is not yet valid, by a clock that is not synchronised and shows 20/,
    );
  assert.equal(nats.cause, 'cert_not_yet');
});

test('the certificates that could cut the unit off are looked at, and the first to expire counts', async () => {
  const cert = (file: string, days_left: number): CertFacts => ({
    file,
    subject: 'CN=u',
    not_before_ms: 0,
    not_after_ms: epoch_s * 1000 + days_left * 86_400_000,
    days_left,
  });
  const uci =
    "config hub 'hub'\n option tls_ca '/ca.pem'\n option tls_cert '/unit.pem'\n option tls_key '/k.pem'";
  const certificates = [cert('/ca.pem', 400), cert('/unit.pem', 12.5), { file: '/x', error: 'ENOENT' }];
  const { state, asked } = look(fresh(leafFacts([]), 1000), certificates, uci);
  const now = await state;
  assert.deepEqual(asked, [['/unit.pem', '/ca.pem']]);
  assert.equal(now.nats.certificate_days_left, 12.5);
  assert.deepEqual(now.nats.certificates, [
    { file: '/ca.pem', days_left: 400 },
    { file: '/unit.pem', days_left: 12.5 },
  ]);
  assert.equal(now.certificates.length, 3);
});

test('what is looked at is what the leaf mode uses', async () => {
  const hub = "config hub 'hub'\n list url tls://h\n option tls_ca '/ca' \n option creds_file '/u.creds'\n";
  const leaf = "config leaf 'leaf'\n option tls_cert '/l' \n option tls_key '/lk' \n option tls_ca '/lca'\n";
  const asked = async (mode: string): Promise<unknown> => {
    const seen = look(undefined, [], `${hub}${leaf} option mode ${mode}\n option external_tls_ca '/xca'\n`);
    await seen.state;
    return seen.asked[0];
  };
  assert.deepEqual(await asked('managed'), ['/ca', '/l', '/lca', '/u.creds']);
  assert.deepEqual(await asked('external'), ['/xca']);
  assert.deepEqual(await asked('off'), ['/ca', '/u.creds']);
});
