// Faults at random against the truth that this test holds: never once `locked` while the source is dead for longer
// than it takes to notice. SOAK_SECONDS makes it long, SOAK_SEED another one.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chronyd } from '../kit/clock/chrony.ts';
import { type ClockSite, clockSite } from '../kit/clock/clocksite.ts';
import { ptp4l, quickServo } from '../kit/clock/ptp.ts';
import { kernelClock } from '../kit/clock/unsteered.ts';
import { netnsPair, noNetns } from '../kit/net/netns.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { type Daemon, eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, need } from '../kit/process/tools.ts';
import { type Hub, startHub } from '../kit/unit/site.ts';

const soak_s = Number(process.env['SOAK_SECONDS'] ?? 75);
const seed = Number(process.env['SOAK_SEED'] ?? 1);
const server = natsServers().newest ?? need('nats-server');
const skip = noNetns() ?? false;
const owner = newOwner();
const kernelBefore = kernelClock();
const figures: string[] = [`seed ${seed}, ${soak_s} s`];
const quickAnnounce = ['logAnnounceInterval 0'];
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function randomOf(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Something that can be broken and mended. */
interface Fault {
  readonly name: string;
  /** Which claims are false with it, and how long they may outlive it. */
  readonly forbids: readonly { readonly source: 'ptp' | 'ntp'; readonly after_ms: number }[];
  breakIt(): void | Promise<void>;
  mend(): void | Promise<void>;
}

/** A time in which something was broken for certain, in Unix ms. */
interface Outage {
  readonly fault: Fault;
  readonly from_ms: number;
  until_ms: number;
}

/** A claim and the time in which it was made. */
interface Claim {
  readonly source: string;
  readonly quality: string;
  readonly from_ms: number;
  readonly until_ms: number;
}

/** A daemon that is killed and started anew. */
function killed(
  name: string,
  forbids: Fault['forbids'],
  get: () => Daemon,
  restart: () => void,
  signal: NodeJS.Signals = 'SIGKILL',
): Fault {
  return { name, forbids, breakIt: () => get().end(signal), mend: restart };
}

/** A daemon that hangs for a while. */
const stopped = (name: string, forbids: Fault['forbids'], get: () => Daemon): Fault => ({
  name,
  forbids,
  breakIt: () => get().kill('SIGSTOP'),
  mend: () => get().kill('SIGCONT'),
});

/** Breaks and mends at random, now and then two things at once. Faults of one group exclude each other. */
async function runFaults(
  site: ClockSite,
  groups: readonly (readonly Fault[])[],
  random: () => number,
): Promise<Outage[]> {
  const outages: Outage[] = [];
  const until = performance.now() + soak_s * 1000;
  const between = (low: number, high: number): number => low + random() * (high - low);
  const pick = <T>(from: readonly T[]): T => {
    const found = from[Math.floor(random() * from.length)];
    assert.ok(found);
    return found;
  };
  const strike = async (group: readonly Fault[], hold_ms: number): Promise<void> => {
    const fault = pick(group);
    await fault.breakIt();
    const outage = { fault, from_ms: Date.now(), until_ms: Number.POSITIVE_INFINITY };
    outages.push(outage);
    await pause(hold_ms);
    outage.until_ms = Date.now();
    await fault.mend();
  };
  while (performance.now() < until) {
    if (random() < 0.5)
      await eventually('locked', async () => (await site.clock()).quality === 'locked', 60_000, 200);
    await pause(between(100, 2500));
    const first = pick(groups);
    const others = groups.filter((group) => group !== first);
    const second = others.length > 0 && random() < 0.3 ? pick(others) : undefined;
    const holds = [between(200, 9000), between(200, 9000)] as const;
    await Promise.all([
      strike(first, holds[0]),
      ...(second === undefined ? [] : [pause(between(0, 2000)).then(() => strike(second, holds[1]))]),
    ]);
  }
  await eventually('locked in the end', async () => (await site.clock()).quality === 'locked', 60_000, 200);
  return outages;
}

/** All that the unit claimed: each record, and what its status server said four times a second. */
function collectClaims(site: ClockSite): { end(): Claim[] } {
  const polled: Claim[] = [];
  let ended = false;
  const firstMetric = site.metrics.length;
  const poll = async (): Promise<void> => {
    while (!ended) {
      const from_ms = Date.now();
      const { source, quality } = await site.clock();
      polled.push({ source, quality, from_ms, until_ms: Date.now() });
      await pause(250);
    }
  };
  void poll().catch(() => {});
  return {
    end() {
      ended = true;
      const told = site.metrics.slice(firstMetric).map(({ body }): Claim => {
        const ts = Number(body['ts']);
        return {
          source: String(body['active_source']),
          quality: String(body['clock_quality']),
          from_ms: ts,
          until_ms: ts + 50, // made just after its stamp was
        };
      });
      return [...told, ...polled];
    },
  };
}

/** Fails when a lock was claimed in vain; also when nothing was tested by that. */
function checkClaims(what: string, claims: readonly Claim[], outages: readonly Outage[]): void {
  const locked = claims.filter(({ quality }) => quality === 'locked');
  const inVain: string[] = [];
  let dark = 0;
  for (const { fault, from_ms, until_ms } of outages) {
    for (const { source, after_ms } of fault.forbids) {
      const during = claims.filter(
        (claim) => claim.from_ms > from_ms + after_ms && claim.until_ms < until_ms,
      );
      dark += during.length;
      const wrong = during.filter((claim) => claim.quality === 'locked' && claim.source === source);
      const first = wrong[0];
      if (first) inVain.push(`${fault.name}: ${source} locked ${first.from_ms - from_ms} ms later`);
    }
  }
  const kinds = new Set(outages.map(({ fault }) => fault.name));
  figures.push(
    `${what}: ${claims.length} claims, ${locked.length} locked, ${dark} checked in ${outages.length} outages of ${kinds.size} kinds, ${inVain.length} in vain`,
  );
  assert.deepEqual(inVain, []);
  assert.ok(locked.length > 5 && dark > 5 && outages.length > 2, 'too little was tested');
}

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
const quantile = (values: readonly number[], q: number): number =>
  sorted(values)[Math.min(values.length - 1, Math.floor(q * values.length))] ?? Number.NaN;

/**
 * Both ends of every path here share one clock, so the true offset is 0: whatever offset is told must be no larger
 * than the bound that is told with it.
 */
function checkBounds(what: string, site: ClockSite): void {
  const pairs = site.metrics.flatMap(({ body }) => {
    const { active_source, ptp_offset_ns, ntp_offset_ms, reasons } = body;
    // the grandmaster of the lab says itself that its time is not traceable: then the bound is against it
    const bound = body['error_bound_ns'] ?? body['error_rel_ns'];
    if (typeof bound !== 'number' || active_source === 'unsynced') return [];
    const byChrony =
      active_source === 'ntp' || (Array.isArray(reasons) && reasons.includes('refclock_via_chrony'));
    const offset_ns = byChrony ? Number(ntp_offset_ms) * 1e6 : Number(ptp_offset_ns);
    return [{ bound, offset: Math.abs(offset_ns), source: String(active_source) }];
  });
  // a verdict outlives the daemon that told the offset for a moment: then only its bound is told
  const shown = pairs.filter(({ offset }) => Number.isFinite(offset));
  for (const { bound, offset } of shown) assert.ok(offset <= bound, `${offset} ns outside ${bound} ns`);
  for (const source of ['ptp', 'ntp']) {
    const own = shown.filter((pair) => pair.source === source);
    if (own.length === 0) continue;
    const bounds = own.map(({ bound }) => bound);
    const offsets = own.map(({ offset }) => offset);
    const ratios = own.map(({ bound, offset }) => bound / Math.max(1, offset));
    figures.push(
      `${what}, ${source}: ${own.length} samples, all within the bound; bound p50 ${quantile(bounds, 0.5)} ns, |offset| p50 ${quantile(offsets, 0.5).toFixed(0)} p99 ${quantile(offsets, 0.99).toFixed(0)} ns, ratio p50 ${quantile(ratios, 0.5).toFixed(1)} least ${quantile(ratios, 0).toFixed(2)}`,
    );
  }
  assert.ok(pairs.length > 5);
}

let hub: Hub;

before(async () => {
  if (skip === false) hub = await startHub(owner, tempDir(owner, 'hub'), server);
});
after(async () => {
  await owner.end();
  for (const line of figures) console.log(`figure: ${line}`);
});

describe('never locked while the source is dead', { skip, concurrency: 2 }, () => {
  test('PTP that steers the clock itself', { timeout: (soak_s + 150) * 1000 }, async () => {
    const socket = join(tempDir(owner, 'soak'), 'ptp4l');
    const [far, near] = netnsPair(owner);
    let gm = ptp4l(owner, far, { role: 'master', extra: quickAnnounce });
    let slave = ptp4l(owner, near, { role: 'slave', socket, extra: quickServo });
    const time = [`list ptp_socket '${socket}'`, `option chrony_port '${await reservePort()}'`];
    const site = await clockSite(owner, hub, { unit: 'demo-01', server, time });
    await site.becomes('ptp locked', 0, 60_000);
    const within = (after_ms: number): Fault['forbids'] => [{ source: 'ptp', after_ms }];
    const restartGm = (): void => {
      gm = gm.restart();
    };
    const restartSlave = (): void => {
      slave = slave.restart();
    };
    const claims = collectClaims(site);
    const outages = await runFaults(
      site,
      [
        [
          killed('grandmaster killed', within(3600), () => gm, restartGm),
          stopped('grandmaster hung', within(3600), () => gm),
        ],
        [
          killed('ptp4l killed', within(4500), () => slave, restartSlave),
          killed('ptp4l ended', within(2500), () => slave, restartSlave, 'SIGTERM'),
          stopped('ptp4l hung', within(4500), () => slave),
        ],
        [
          {
            name: 'link down',
            forbids: within(2000),
            breakIt: () => near.link('down'),
            mend: () => near.link('up'),
          },
          {
            name: 'pmc killed',
            forbids: [], // no source is harmed
            breakIt: () => {
              const pid = site.pmc();
              if (pid !== undefined) process.kill(pid, 'SIGKILL');
            },
            mend: () => {},
          },
        ],
      ],
      randomOf(seed),
    );
    checkClaims('ptp4l', claims.end(), outages);
    checkBounds('ptp4l', site);
  });

  test('chronyd with a refclock of PTP and a server', { timeout: (soak_s + 150) * 1000 }, async () => {
    const socket = join(tempDir(owner, 'soak'), 'ptp4l');
    const segment = 20_000 + (process.pid % 10_000);
    owner.after(() => execFileSync('ipcrm', ['-M', `0x${(0x4e545030 + segment).toString(16)}`]));
    const [far, near] = netnsPair(owner);
    let gm = ptp4l(owner, far, { role: 'master', extra: quickAnnounce });
    ptp4l(owner, near, { role: 'ntpshm', shm: segment, socket });
    let ntp = await chronyd(owner, { serve: true, steering: true, lines: ['local stratum 2'] });
    const lines = [
      `refclock SHM ${segment} poll 0 refid PTP0 prefer`,
      `server 127.0.0.1 port ${ntp.ntpPort} minpoll 0 maxpoll 0 maxsamples 6 iburst`,
    ];
    let client = await chronyd(owner, { steering: true, lines });
    const time = [`list ptp_socket '${socket}'`, `option chrony_port '${client.cmdport}'`];
    const site = await clockSite(owner, hub, { unit: 'demo-02', server, time });
    await site.becomes('ptp locked', 0, 60_000);
    const ptp = (after_ms: number): Fault['forbids'] => [{ source: 'ptp', after_ms }];
    const both = (after_ms: number): Fault['forbids'] => [...ptp(after_ms), { source: 'ntp', after_ms }];
    const claims = collectClaims(site);
    const outages = await runFaults(
      site,
      [
        [
          killed(
            'grandmaster killed',
            ptp(6500),
            () => gm,
            () => {
              gm = gm.restart();
            },
          ),
          {
            name: 'link down',
            forbids: ptp(6500),
            breakIt: () => near.link('down'),
            mend: () => near.link('up'),
          },
        ],
        [
          killed(
            'chronyd killed',
            both(2500),
            () => client,
            () => {
              client = client.restart();
            },
          ),
          stopped('chronyd hung', both(4500), () => client),
        ],
        [
          killed(
            'NTP server killed',
            [{ source: 'ntp', after_ms: 9000 }],
            () => ntp,
            () => {
              ntp = ntp.restart();
            },
          ),
        ],
      ],
      randomOf(seed + 1),
    );
    checkClaims('chronyd', claims.end(), outages);
    checkBounds('chronyd', site);
  });
});

test('frequency and status of the kernel clock are as before', () => {
  assert.deepEqual(kernelClock(), kernelBefore);
});
