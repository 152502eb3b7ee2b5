import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ChronySource, PtpFacts } from '../../../../agent/clock/facts.ts';
import {
  closedGate,
  type GateEvidence,
  type GateState,
  gateNow,
} from '../../../../agent/clock/orders/gate.ts';
import { absent, fresh, type Reading } from '../../../../agent/lib/reading.ts';
import { chronyFacts, chronySource, properties, ptpFacts, refclock } from '../../../kit/clock/evidence.ts';

const grace_s = 60;
const year_s = 31_557_600;

/** What one moment shows; by default a grandmaster is followed, and chronyd measures it. */
interface Moment {
  readonly gm?: string | undefined;
  /** The grandmaster's UTC offset is not vouched for. */
  readonly isSuspect?: boolean;
  /** Local minus PTP, seconds; undefined where chronyd has no sample. */
  readonly ptp_s?: number | undefined;
  readonly ptpAge_s?: number;
  readonly servers?: readonly Partial<ChronySource>[];
  /** What chronyd thinks of PTP; by default nothing, for it is withheld. */
  readonly state?: ChronySource['state'];
  /** By default the first server. */
  readonly selected?: Partial<ChronySource>;
  readonly set_s?: number;
  readonly chronyd?: 'restarting';
  readonly ptp4l?: Reading<PtpFacts>;
}

const silentServer: Partial<ChronySource> = { state: 'unusable', reach: 0 };
const neverHeard = ({ last_rx_s: _last, ...source }: ChronySource): ChronySource => ({
  ...source,
  reach: 0,
  state: 'unusable',
});

function seenAt(moment: Moment, now_ms: number): GateEvidence {
  const { gm = 'c6fbd5.fffe.c2ee14', ptp_s = 0, ptpAge_s = 1, servers = [{}], set_s = 0 } = moment;
  const isFollowing = !('gm' in moment) || moment.gm !== undefined;
  const facts = ptpFacts(now_ms, 0, { portState: isFollowing ? 'UNCALIBRATED' : 'LISTENING' });
  const ptp: PtpFacts = {
    ...facts,
    timeStatus: { ...facts.timeStatus, gmIdentity: gm },
    timeProperties: properties({ currentUtcOffsetValid: moment.isSuspect !== true }),
  };
  const ptp0 = refclock('PTP0', {
    state: moment.state ?? 'unusable',
    poll: 2,
    offset_s: ptp_s,
    error_margin_s: 1e-4,
    last_rx_s: ptpAge_s,
  });
  const isMeasured = !('ptp_s' in moment) || moment.ptp_s !== undefined;
  const others = servers.map((one, at) => {
    const source = chronySource({ name: `192.0.2.${at + 1}`, ...one });
    return 'last_rx_s' in one && one.last_rx_s === undefined ? neverHeard(source) : source;
  });
  const sources = [isMeasured ? ptp0 : neverHeard(ptp0), ...others];
  const isSynchronised = sources.some(({ state }) => state === 'selected');
  const ntp = chronyFacts(now_ms, isSynchronised ? {} : { leap: 'unsynchronised' }, sources);
  return {
    ptp: moment.ptp4l ?? fresh(ptp, now_ms),
    followsPtp: isFollowing && moment.ptp4l === undefined,
    ntp: moment.chronyd === 'restarting' ? absent('refused') : fresh(ntp, now_ms),
    set_s,
  };
}

/** A gate that is shown a moment each second. */
function timeline() {
  let now_ms = 0;
  let state: GateState = closedGate;
  const play = (seconds: number, moment: Moment): GateState['decision'] => {
    for (let i = 0; i < seconds; i++) {
      now_ms += 1000;
      state = gateNow(state, seenAt(moment, now_ms), now_ms, grace_s);
    }
    return state.decision;
  };
  return { play };
}

const never = { servers: [{ last_rx_s: undefined }] } as unknown as Moment;
const mute: Moment = { servers: [silentServer] };
const decided = (seconds: number, moment: Moment): string => {
  const { order, reason } = timeline().play(seconds, moment);
  return `${order} ${reason}`;
};

describe('with NTP that answers', () => {
  test('PTP that shows the same second is selected at once', () => {
    assert.equal(decided(1, {}), 'select agrees');
    assert.equal(decided(1, { ptp_s: 0.9, servers: [{ error_margin_s: 1 }] }), 'select agrees');
    assert.equal(decided(1, { ptp_s: -2.02, servers: [{ error_margin_s: 2.05 }] }), 'select agrees');
  });

  test('PTP that is 37 s, a second or a year off is never selected, with one server or three', () => {
    for (const servers of [[{}], [{}, {}, {}]])
      for (const ptp_s of [37, -37, 1.2, year_s, -year_s]) {
        const gate = timeline();
        for (let i = 0; i < 300; i++) {
          const { order, reason } = gate.play(1, { ptp_s, servers });
          assert.equal(`${order} ${reason}`, 'withhold disagrees', `${ptp_s} s, ${servers.length} servers`);
        }
      }
  });

  test('both offsets are told, and a TAI mistake is named', () => {
    const { fault } = timeline().play(1, { ptp_s: -37, servers: [{ offset_s: 0.0002 }] });
    assert.equal(
      fault,
      'by PTP this clock is 37.0 s behind, by 192.0.2.1 it is 200.0 us ahead: they are as far apart as TAI and UTC',
    );
    assert.match(
      timeline().play(1, { ptp_s: year_s }).fault ?? '',
      /^by PTP this clock is 31557600\.0 s ahead, by [^:]*$/,
    );
  });

  test('one server of three that lies does not keep PTP away, two do', () => {
    assert.equal(decided(1, { servers: [{}, {}, { offset_s: 50 }] }), 'select agrees');
    assert.equal(decided(1, { servers: [{}, { offset_s: 50 }, { offset_s: -50 }] }), 'withhold disagrees');
    assert.equal(decided(1, { servers: [{}, { offset_s: 50 }] }), 'select agrees', 'PTP and one against one');
  });

  test('what agreed is withheld when it no longer does', () => {
    const gate = timeline();
    gate.play(3600, {});
    assert.equal(gate.play(1, { ptp_s: 37 }).reason, 'disagrees');
    assert.equal(gate.play(64, {}).order, 'select');
  });

  test('a grandmaster that does not vouch for its UTC offset is selected only where NTP agrees', () => {
    assert.equal(decided(1, { isSuspect: true }), 'select agrees');
    assert.equal(decided(1, { isSuspect: true, ptp_s: 37 }), 'withhold disagrees');
    assert.equal(decided(600, { ...never, isSuspect: true }), 'withhold utc_offset');
    assert.equal(decided(600, { servers: [], isSuspect: true }), 'withhold utc_offset', 'an island, too');
    const gate = timeline();
    gate.play(10, { isSuspect: true });
    assert.equal(gate.play(600, { ...mute, isSuspect: true }).reason, 'kept', 'what NTP has agreed to');
  });

  test('chronyd that would follow neither PTP nor NTP is left NTP', () => {
    const apart: Moment = { ptp_s: 0.9, servers: [{ error_margin_s: 0.01 }] };
    const gate = timeline();
    const { order, reason, fault } = gate.play(3, apart);
    assert.deepEqual([order, reason], ['withhold', 'contradicts']);
    assert.match(fault ?? '', /^PTP and 192\.0\.2\.1 are 900\.0 ms apart, too far: .* ptp\.asymmetry_ns$/);
    assert.equal(gate.play(7200, apart).reason, 'contradicts', 'for as long as they contradict each other');
    assert.equal(
      gate.play(1, { ...mute, ptp_s: 0.9 }).reason,
      'settling',
      'the server is gone, and PTP is left',
    );
    assert.equal(gate.play(100, { ...mute, ptp_s: 0.9 }).order, 'select');
    const alone = {
      servers: [{ error_margin_s: 0.01 }, { offset_s: 0.9, error_margin_s: 0.01 }],
      ptp_s: 0.9,
    };
    assert.equal(decided(3, alone), 'select agrees', 'with one of two');
  });

  test('servers that were asked a while ago contradict PTP only by more than the clock may have drifted', () => {
    const apart: Moment = { ptp_s: 0.001, servers: [{ error_margin_s: 1e-5, last_rx_s: 16 }] };
    assert.equal(decided(3, apart), 'withhold contradicts', 'chronyd steers');
    const [first = {}] = apart.servers ?? [];
    const isDisputed = [first, { ...first, offset_s: 5 }].map((one) => ({
      ...one,
      state: 'falseticker' as const,
    }));
    assert.equal(decided(3, { ...apart, servers: isDisputed }), 'select agrees', 'nobody does');
  });

  test('a contradiction that chronyd finds while PTP is selected counts, others do not', () => {
    const gate = timeline();
    gate.play(10, {});
    assert.equal(
      gate.play(10, { ptp_s: 0.9, state: 'selected' }).reason,
      'agrees',
      'a server that is late for once',
    );
    const stuck: Moment = { ptp_s: 0.9, state: 'falseticker', servers: [{ state: 'falseticker' }] };
    assert.equal(gate.play(1, stuck).reason, 'contradicts');
  });

  test('a grandmaster that is put right is selected once chronyd has forgotten its samples of before', () => {
    for (const wrong of [
      { ptp_s: 1.5 },
      { ptp_s: 37 },
      { ptp_s: 0.9, servers: [{ error_margin_s: 0.01 }] },
    ]) {
      const gate = timeline();
      gate.play(3, {});
      gate.play(3, { gm: undefined });
      gate.play(20, wrong);
      assert.equal(gate.play(63, {}).reason, 'settling');
      assert.equal(gate.play(1, {}).reason, 'agrees');
    }
    const gate = timeline();
    gate.play(20, { ptp_s: 37 });
    gate.play(10, { gm: undefined });
    assert.equal(
      gate.play(40, { gm: 'aabbcc.fffe.ddeeff' }).reason,
      'settling',
      'another one, by the same samples',
    );
  });

  test('PTP that is outvoted by two servers is left to chronyd', () => {
    const outvoted: Moment = {
      ptp_s: 0.9,
      state: 'falseticker',
      servers: [{ state: 'selected' }, { state: 'combined' }],
    };
    const gate = timeline();
    gate.play(10, {});
    assert.equal(gate.play(10, outvoted).reason, 'agrees');
  });

  test('by a clock that is years behind seconds cannot be told: NTP sets it first', () => {
    const years = { offset_s: -25 * year_s };
    assert.equal(decided(5, { ptp_s: years.offset_s, servers: [years] }), 'withhold waiting');
    assert.equal(decided(5, { ptp_s: years.offset_s + 30, servers: [years] }), 'withhold waiting');
    assert.equal(decided(5, { ptp_s: years.offset_s + 3600, servers: [years] }), 'withhold disagrees');
    const gate = timeline();
    gate.play(5, { ptp_s: years.offset_s, servers: [years] });
    assert.equal(gate.play(1, { set_s: 25 * year_s }).reason, 'agrees');
  });

  test('GPS beside PTP is a witness, a pulse and the clock of a card are none', () => {
    const gps = { mode: 'refclock', name: 'GPS', offset_s: 37 } as const;
    assert.equal(decided(1, { servers: [gps] }), 'withhold disagrees');
    for (const name of ['PPS0', 'PHC0', 'PTP1'])
      assert.equal(decided(1, { servers: [{ ...gps, name }] }), 'select island');
  });
});

describe('without NTP', () => {
  test('an island is selected at once, also years off', () => {
    assert.equal(decided(1, { servers: [], ptp_s: -25 * year_s }), 'select island');
  });

  test('NTP that is silent is waited for, and no longer than the grace time', () => {
    const gate = timeline();
    assert.equal(gate.play(60, never).reason, 'waiting');
    assert.equal(gate.play(1, never).reason, 'grace');
    assert.equal(gate.play(3600, never).order, 'select');
  });

  test('NTP that answers late decides, either way', () => {
    for (const [ptp_s, reason] of [
      [0, 'agrees'],
      [37, 'disagrees'],
    ] as const) {
      const gate = timeline();
      gate.play(100, never);
      assert.equal(gate.play(1, { ptp_s }).reason, reason);
    }
  });

  test('once NTP has said no, its silence is no yes', () => {
    const gate = timeline();
    gate.play(100, { ptp_s: 37 });
    const { order, reason, fault } = gate.play(7200, { ...mute, ptp_s: 37 });
    assert.deepEqual([order, reason], ['withhold', 'disagrees']);
    assert.match(fault ?? '', /by PTP this clock is 37\.0 s ahead/);
  });

  test('nor is that of a chronyd which was restarted since, however long that is', () => {
    const gate = timeline();
    gate.play(100, { ptp_s: 37 });
    assert.equal(gate.play(7200, { ...never, ptp_s: 37 }).reason, 'disagrees');
  });

  test('what NTP has said stays said where the clock itself says nothing', () => {
    const gate = timeline();
    gate.play(100, { ptp_s: 37, servers: [{ offset_s: -50 }] });
    const { reason, fault } = gate.play(100, { ...mute, ptp_s: 37 });
    assert.equal(reason, 'disagrees');
    assert.match(fault ?? '', /, by 192\.0\.2\.1 it is 50\.0 s behind/);
  });

  test('NTP that is lost after it agreed leaves PTP selected', () => {
    const gate = timeline();
    gate.play(100, {});
    assert.equal(gate.play(1, mute).order, 'select');
    assert.equal(gate.play(86_400, mute).order, 'select');
  });

  test('a grandmaster that goes wrong while NTP is away is found out by the clock that NTP left', () => {
    const gate = timeline();
    gate.play(100, {});
    gate.play(60, mute);
    const { order, reason } = gate.play(1, { ...mute, ptp_s: 37 });
    assert.deepEqual([order, reason], ['withhold', 'disagrees']);
    assert.equal(gate.play(64, mute).order, 'select');
  });

  test('after somebody has set the clock it is no witness: what was decided stays', () => {
    const gate = timeline();
    gate.play(100, {});
    gate.play(10, mute);
    assert.equal(gate.play(1, { ...mute, ptp_s: 3600, set_s: 3600 }).reason, 'kept');
  });

  test('PTP that comes once NTP has gone is judged by the clock that NTP left', () => {
    for (const [ptp_s, order] of [
      [0.2, 'select'],
      [37, 'withhold'],
    ] as const) {
      const gate = timeline();
      gate.play(100, { gm: undefined, ptp_s: undefined });
      gate.play(100, { ...mute, gm: undefined, ptp_s: undefined });
      assert.equal(gate.play(20, { ...mute, ptp_s }).order, order);
    }
  });
});

describe('the grandmaster', () => {
  test('its loss withholds PTP at once, also after hours; its return needs a new sample', () => {
    const gate = timeline();
    gate.play(20_000, {});
    assert.deepEqual(gate.play(1, { gm: undefined }), { order: 'withhold', reason: 'lost' });
    gate.play(20, { gm: undefined });
    assert.equal(gate.play(1, { ptpAge_s: 30 }).reason, 'unmeasured');
    gate.play(5, { ptpAge_s: 2 });
    assert.equal(gate.play(3, { ptpAge_s: 1 }).reason, 'agrees');
  });

  test('a Sync that is late does not make chronyd measure anew', () => {
    const gate = timeline();
    gate.play(100, {});
    gate.play(2, { gm: undefined });
    assert.equal(gate.play(1, { ptpAge_s: 4 }).reason, 'agrees');
  });

  test('another one is measured before it is believed', () => {
    const gate = timeline();
    gate.play(100, {});
    assert.equal(gate.play(3, { gm: 'aabbcc.fffe.ddeeff', ptpAge_s: 2 }).reason, 'unmeasured');
    assert.equal(gate.play(8, { gm: 'aabbcc.fffe.ddeeff', ptpAge_s: 1 }).reason, 'agrees');
  });

  test('a sample is wholly of it after a poll of 4 s, and the second by which chronyd rounds its age', () => {
    const gate = timeline();
    gate.play(100, {});
    assert.equal(gate.play(7, { gm: 'aabbcc.fffe.ddeeff' }).reason, 'unmeasured');
    assert.equal(gate.play(1, { gm: 'aabbcc.fffe.ddeeff' }).reason, 'agrees');
  });

  test('that chronyd does not measure it becomes a fault after a minute', () => {
    const gate = timeline();
    const { reason, fault } = gate.play(30, { ptp_s: undefined });
    assert.deepEqual([reason, fault], ['unmeasured', undefined]);
    assert.equal(
      gate.play(40, { ptp_s: undefined }).fault,
      'ptp4l follows a grandmaster, but chronyd gets no samples from it',
    );
  });
});

describe('a clock that is set', () => {
  test('stays with PTP until a server has been asked anew: what it said before is of the clock before', () => {
    const gate = timeline();
    gate.play(100, {});
    const set = { set_s: 20, ptp_s: 20 };
    for (let age_s = 1; age_s < 30; age_s++)
      assert.equal(
        gate.play(1, { ...set, servers: [{ last_rx_s: age_s + 10 }] }).order,
        'select',
        `${age_s} s`,
      );
    const asked = { ...set, servers: [{ offset_s: 20, last_rx_s: 1 }] };
    assert.deepEqual(gate.play(5, asked), { order: 'select', reason: 'agrees' });
    const wrong = { ...set, ptp_s: 57, servers: [{ offset_s: 20, last_rx_s: 1 }] };
    assert.equal(gate.play(1, wrong).order, 'withhold');
  });
});

describe('what is restarted', () => {
  test('a chronyd that has forgotten all is judged anew, and not told to withhold while it is away', () => {
    const gate = timeline();
    gate.play(100, {});
    assert.equal(gate.play(5, { chronyd: 'restarting' }).order, 'select');
    const empty = { ptp_s: undefined, servers: [{ last_rx_s: undefined }] } as unknown as Moment;
    assert.equal(gate.play(4, empty).reason, 'unmeasured');
    assert.equal(gate.play(1, {}).reason, 'agrees');
  });

  test('an island whose chronyd is restarted needs no other proof than its own clock', () => {
    const gate = timeline();
    gate.play(100, never);
    const held = { servers: [{ state: 'unusable', last_rx_s: undefined }] } as unknown as Moment;
    assert.equal(gate.play(1, held).order, 'select');
  });

  test('an agent that is restarted leaves an island to PTP, which chronyd follows', () => {
    assert.equal(decided(1, { ...never, state: 'selected' }), 'select kept');
    assert.equal(decided(1, { ...never, state: 'selected', ptp_s: 37 }), 'withhold waiting');
  });

  test('an agent that is restarted while NTP is silent goes by what chronyd has heard of it last', () => {
    const { reason, fault } = timeline().play(600, { ...mute, ptp_s: 37 });
    assert.equal(reason, 'disagrees');
    assert.match(fault ?? '', /^by PTP this clock is 37\.0 s ahead, by 192\.0\.2\.1 it is /);
    assert.equal(decided(600, { servers: [{ ...silentServer, offset_s: 37 }], ptp_s: 37 }), 'select grace');
    const weekAgo = { servers: [{ ...silentServer, last_rx_s: 604_800 }] };
    assert.equal(decided(600, { ...weekAgo, ptp_s: 37 }), 'select grace', 'the clock may be off by so much');
  });

  test('an agent that is restarted says nothing before it has seen both', () => {
    const gate = timeline();
    assert.deepEqual(gate.play(3, { ptp4l: absent('not_yet') }), { reason: 'starting' });
    assert.equal(gate.play(1, {}).order, 'select');
  });

  test('a ptp4l that is not there is one that is lost', () => {
    assert.equal(decided(1, { ptp4l: absent('no_socket') }), 'withhold lost');
  });

  test('a chronyd that never answers becomes a fault', () => {
    const { order, fault } = timeline().play(70, { chronyd: 'restarting' });
    assert.equal(order, 'withhold');
    assert.equal(fault, 'ptp4l follows a grandmaster, but chronyd does not answer');
  });
});
