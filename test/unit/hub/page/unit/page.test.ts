import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FleetUnit } from '../../../../../agent/hub/fleet/model.ts';
import { type PageFrame, renderHubPage } from '../../../../../agent/hub/page/look/frame.ts';
import type { UnitPageData } from '../../../../../agent/hub/page/unit/data.ts';
import { forgetPage, unitPage, unknownUnitPage } from '../../../../../agent/hub/page/unit/page.ts';
import type { UnitHistory } from '../../../../../agent/hub/page/unit/past/history.ts';
import { recorderPage } from '../../../../../agent/hub/page/unit/recorderpage.ts';
import { fleetUnit, silentUnit } from '../../../../kit/hub/fleetunits.ts';

const at_ms = Date.UTC(2026, 2, 16, 3, 16, 23);
const hour_ms = 3_600_000;
const frame: PageFrame = { hub: 'hub-a', at_ms, firing: 0, notes: [] };
const step_ms = 360_000;

/** A day in which all is well, but for what is given. */
const dayOf = (given: Partial<UnitHistory> = {}): UnitHistory => ({
  ...{
    from_ms: at_ms - 24 * hour_ms,
    to_ms: at_ms,
    step_ms,
    silences: [],
    late: [],
    events: [],
    lines: [],
    unread: 0,
  },
  moments: Array.from({ length: 240 }, (_, i) => ({
    ...{ at_ms: at_ms - (240 - i) * step_ms, heard_ms: at_ms - (240 - i) * step_ms - 2000 },
    ...{ health: 'healthy' as const, hub_rtt_us: 38_000, backlog: 0 },
    clock: { source: 'ntp', quality: 'locked', error_bound_ns: 600_000 },
  })),
  ...{ cost: { requests: 250, bytes: 300_000 }, events_from_ms: at_ms - 24 * hour_ms },
  ...given,
});
const dataOf = (unit: FleetUnit, more: Partial<UnitPageData> = {}): UnitPageData => ({
  ...{ unit, changes: [], canForget: true, limit_ns: 1_000_000, at_ms },
  ...more,
});
const source = (unit: FleetUnit, more: Partial<UnitPageData> = {}): string =>
  renderHubPage(unitPage(dataOf(unit, more)), frame);
const plain = (text: string): string =>
  text
    .replace(/<style>.*?<\/style>|<script>.*?<\/script>/gs, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\u00a0/g, ' ')
    .replaceAll('&#39;', "'")
    .replace(/\s+/g, ' ');
const textOf = (unit: FleetUnit, more: Partial<UnitPageData> = {}): string => plain(source(unit, more));
/** What stands in the part with that id. */
function part(text: string, id: string): string {
  const from = text.indexOf(`id="${id}"`);
  assert.ok(from >= 0, `there is no ${id}`);
  return plain(text.slice(from, text.indexOf('</section>', from)));
}

describe('the verdict', () => {
  const verdict = (unit: FleetUnit, more?: Partial<UnitPageData>): string =>
    part(source(unit, more), 'verdict');

  test('of a healthy unit says what it has to show for it', () => {
    assert.match(
      verdict(fleetUnit('u')),
      /healthy Everything works Clock within 100 µs of true time, linked to the hub, nothing waits/,
    );
  });

  test('of a bad one is its gravest problem, in its own words, with the rest below', () => {
    const problems = ['the hub is not joined: no route', 'records wait: the hub does not answer'];
    const said = verdict(fleetUnit('u', { state: 'critical', problems }));
    assert.match(said, /critical The hub is not joined No route .* Records wait The hub does not answer/);
  });

  test('has the remedies that the unit answered, and says how old they are', () => {
    const unit = fleetUnit('u', { state: 'degraded', problems: ['PTP is not used: x'] });
    const told = {
      at_ms: at_ms - 20_000,
      problems: [
        {
          text: 'PTP is not used: x',
          weight: 'degraded' as const,
          remedy: 'chronyc -n sources # at the hub',
        },
      ],
    };
    const said = verdict(unit, { told });
    assert.match(said, /PTP is not used X chronyc -n sources Copy at the hub, not on the unit/);
    assert.match(said, /as the unit answered 20 s ago/);
    assert.match(verdict(unit, { told: { at_ms, why: 'it is busy' } }), /Remedies are not known: it is busy/);
  });

  test('of one whose clock contradicts what was measured says so, though it calls itself healthy', () => {
    const measured = {
      at_ms,
      offset_us: 9000,
      path_us: 300,
      against: 'utc',
      verdict: 'contradicts',
      runs: 5,
    } as const;
    const said = source(
      fleetUnit('u', {
        measured: { ...measured, why: 'claims 400.0 us and is 19675.9 days further ahead at least' },
      }),
    );
    assert.match(
      part(said, 'verdict'),
      /wrong clock Its clock is not where it says it is Claims 400\.0 µs and is 19675\.9 days further ahead at least\./,
    );
    assert.doesNotMatch(part(said, 'verdict'), /healthy/);
    assert.match(said, /id="verdict" class="card verdict bad"/);
  });

  test('of one above a limit that somebody has set says so, and of one above the usual limit does not', () => {
    const clock = { source: 'ntp', quality: 'locked', error_bound_ns: 5e6, limit_ns: 1e6, share: 5 };
    assert.match(
      verdict(fleetUnit('u', { clock: { ...clock, limit_is_set: true } })),
      /Its clock may be off by 5 ms Its limit is 1 ms/,
    );
    assert.match(verdict(fleetUnit('u', { clock })), /Everything works/);
  });

  test('a bound against the grandmaster is marked', () => {
    const clock = {
      source: 'ptp',
      quality: 'locked',
      error_rel_ns: 5e6,
      limit_ns: 1e6,
      share: 5,
      limit_is_set: true,
    } as const;
    const text = source(fleetUnit('u', { clock }));
    assert.match(part(text, 'verdict'), /off by 5 ms vs GM/);
    assert.match(part(text, 'tile-clock'), /± 5 ms vs GM/);
  });

  test('says who is silent, since when, and its last words as such', () => {
    const unit = silentUnit('u', at_ms - 20 * hour_ms, { problems: ['mobile signal -117 dBm'] });
    const said = verdict(unit);
    assert.match(
      said,
      /offline Silent since 15 Mar 07:16 UTC It was last heard .* 20 h ago\. Its last words: mobile signal/,
    );
    const stopped = silentUnit('u', at_ms - hour_ms, { state: 'stopped' });
    assert.match(verdict(stopped), /Stopped on purpose since 02:16 UTC/);
    const enrolment = { state: 'revoked', bound_ms: 0, until_ms: 9e12 } as const;
    assert.match(verdict({ ...stopped, enrolment }), /Its login is revoked/);
    assert.match(
      verdict(silentUnit('u', at_ms, { state: 'away', kind: 'client' })),
      /An app that is silent is no fault/,
    );
  });

  test('says who was let in and never heard', () => {
    const { heard_ms: _heard, age_s: _age, ...unit } = silentUnit('u', 0, { state: 'invited' });
    const enrolment = { state: 'invited', bound_ms: at_ms - hour_ms, until_ms: at_ms + hour_ms } as const;
    assert.match(verdict({ ...unit, enrolment }), /never heard The invitation ends 04:16 UTC/);
    assert.match(textOf({ ...unit, enrolment }), /never heard/);
  });

  test('what the hub finds of a unit stands with what it says itself', () => {
    const found = { claims: 'v', two_speak: true as const, expires: [{ what: 'unit.pem', days_left: -2 }] };
    const link = { up: true, dropped: 7 };
    const said = verdict(fleetUnit('u', { ...found, link }));
    assert.match(said, /unit\.pem has ended 2 d ago/);
    assert.match(said, /Its records name another unit: v/);
    const revoked = { state: 'revoked', bound_ms: 1, until_ms: 2 } as const;
    assert.match(verdict(fleetUnit('u', { enrolment: revoked })), /Its login is revoked, and it is heard/);
    assert.match(said, /Two agents speak under this id What is shown here is of the one heard last/);
    assert.match(
      source(fleetUnit('u', { two_speak: true })),
      /<section id="verdict" class="card verdict bad">/,
    );
    assert.match(said, /7 records lost since its agent started/);
  });
});

test('of a silent unit nothing is told as of now', () => {
  const measured = {
    at_ms: at_ms - 21 * hour_ms,
    offset_us: 77,
    path_us: 300,
    against: 'utc',
    verdict: 'holds',
    runs: 0,
  } as const;
  const unit = silentUnit('u', at_ms - 20 * hour_ms, { measured, uptime_s: 4242 });
  const text = source(unit, { history: dayOf({ silences: [{ from_ms: at_ms - 20 * hour_ms }] }) });
  for (const id of ['tile-clock', 'tile-measured', 'tile-hub', 'tile-waiting'])
    assert.match(part(text, id), /^.*>? [^–]*– /, id);
  assert.match(part(text, 'tile-measured'), /last \+ 77 µs ± 300 µs, 15 Mar 06:16 UTC/);
  assert.doesNotMatch(text, /Agent up/);
  assert.doesNotMatch(text, /· <b>/); // no figure of now beside a curve
});

test('of a silent unit nothing is told as of now, though a row still had it', () => {
  const text = source(fleetUnit('u', { state: 'offline' }), { history: dayOf() });
  for (const id of ['tile-clock', 'tile-hub', 'tile-waiting']) assert.match(part(text, id), / – not /, id);
  assert.doesNotMatch(text, / · <b>/);
});

describe('the curves', () => {
  const day = (history: Partial<UnitHistory>, more: Partial<UnitPageData> = {}): string =>
    source(fleetUnit('u'), { history: dayOf(history), ...more });

  test('tell in words what is drawn', () => {
    const dots = [{ at_ms: at_ms - hour_ms, offset_us: -31_000, path_us: 1 }];
    assert.match(
      day({}, { dots }).replaceAll('\u00a0', ' '),
      /aria-label="It claims to be within 600 µs to 600 µs, and within 600 µs at the end; the hub measured at most 31 ms; the usual limit is 1 ms"/,
    );
    const clock = { source: 'ntp', quality: 'locked', limit_ns: 1e6, limit_is_set: true } as const;
    assert.match(source(fleetUnit('u', { clock }), { history: dayOf() }), /ms, its limit</);
  });

  test('say that what is beyond their scale stands at its edge', () => {
    const dot = (offset_us: number) => [{ at_ms: at_ms - hour_ms, offset_us, path_us: 1 }];
    assert.match(day({}, { dots: dot(1.7e15) }), /What is beyond the scale stands at its edge/);
    assert.doesNotMatch(day({}, { dots: dot(31_000) }), /beyond the scale/);
  });

  test('stop where it was silent, and are not drawn across what is not read', () => {
    const lines = (text: string): string => /<path class="ln" d="([^"]*)"/.exec(text)?.[1] ?? '';
    assert.equal(lines(day({})).match(/M/g)?.length, 1);
    const silence = { from_ms: at_ms - 10 * hour_ms, to_ms: at_ms - 9 * hour_ms };
    const moments = dayOf().moments.filter(
      (one) => one.at_ms <= silence.from_ms || one.at_ms > silence.to_ms,
    );
    assert.equal(lines(day({ moments, silences: [silence] })).match(/M/g)?.length, 2);
    assert.equal(lines(day({ moments })).match(/M/g)?.length, 2);
    const brief = { from_ms: at_ms - 10 * hour_ms, to_ms: at_ms - 10 * hour_ms + 60_000 };
    assert.equal(lines(day({ silences: [brief] })).match(/M/g)?.length, 2);
  });

  test('have what waited in a silence, which was told later', () => {
    const silences = [{ from_ms: at_ms - 10 * hour_ms, to_ms: at_ms - 9 * hour_ms }];
    const late = [{ at_ms: at_ms - 9.5 * hour_ms, backlog: 112 }];
    assert.match(plain(day({ silences, late })), /Records waiting most 112 · 0/);
  });

  test('say what is missing: nothing read yet, no record, moments to be read, trouble, a stream too large', () => {
    assert.match(part(source(fleetUnit('u')), 'day'), /Being read/);
    assert.match(
      part(day({ moments: [] }), 'day'),
      /no record of it at the moments that are looked at, each 6 min/,
    );
    assert.match(part(day({ unread: 3 }), 'day'), /3 moments of the day are still to be read/);
    assert.match(
      part(day({ trouble: 'stream NUNECT does not answer' }), 'day'),
      /not all here: stream NUNECT/,
    );
    const { events_from_ms: _from, ...rest } = dayOf({ isLarge: true });
    const large = source(fleetUnit('u'), { history: rest });
    assert.doesNotMatch(large, /Records waiting<\/h3><span>/);
    assert.match(part(large, 'changes'), /more than 2 GiB in a day/);
  });

  test('no style attribute, no handler, nothing from elsewhere', () => {
    const text = day(
      { silences: [{ from_ms: at_ms - hour_ms }] },
      { dots: [{ at_ms, offset_us: 1, path_us: 1 }] },
    );
    assert.doesNotMatch(text, /\sstyle=|\son\w+=|https?:\/\/(?!www\.w3\.org)/);
  });
});

describe('what changed', () => {
  const unit = fleetUnit('u');
  const clock = {
    ...{ at_ms: at_ms - 2 * hour_ms, event: 'clock', evidence: 'no server answers' },
    ...{ before: { source: 'ntp', quality: 'locked' }, after: { source: 'unsynced', quality: 'freerun' } },
  };
  const list = (more: Partial<UnitPageData>): string => part(source(unit, more), 'changes');

  test('is told by the unit, the newest first, with a way to the recorder of a clock', () => {
    const hub = { at_ms: at_ms - hour_ms, event: 'hub', before: true, after: false, evidence: 'closed' };
    const said = source(unit, { history: dayOf({ events: [clock, hub] }) });
    assert.match(
      part(said, 'changes'),
      /02:16 Hub lost: closed 01:16 Clock NTP locked → not synchronised: no server answers recorder/,
    );
    assert.ok(said.includes(`href="/units/u/recorder?at=${clock.at_ms}"`));
    assert.equal(said.match(/recorder\?at/g)?.length, 1);
  });

  test('has each silence with its end, and not the same thing twice', () => {
    const silence = { from_ms: at_ms - 3 * hour_ms, to_ms: at_ms - 2 * hour_ms };
    const back = { at_ms: silence.to_ms - 500, event: 'hub', before: false, after: true };
    const change = (then_ms: number, before: string, after: string) =>
      ({ at_ms: then_ms, unit: 'u', what: 'state', before, after }) as const;
    const said = list({
      history: dayOf({ silences: [silence], events: [back] }),
      changes: [
        change(silence.from_ms + 20_000, 'healthy', 'offline'),
        change(silence.to_ms, 'offline', 'healthy'),
      ],
    });
    assert.match(said, /01:16 Heard again after 1 h\. 00:16 Silent\./);
    assert.doesNotMatch(said, /Hub joined|→/);
  });

  test('is what the hub has seen where nothing else is known, and of this unit only', () => {
    const one = {
      at_ms: at_ms - hour_ms,
      unit: 'u',
      what: 'version',
      before: '0.9.3',
      after: '0.9.4',
    } as const;
    const said = list({
      changes: [one, { ...one, unit: 'v', after: '7' }, { ...one, at_ms: 5, after: '6' }],
    });
    assert.match(said, /02:16 Updated 0\.9\.3 → 0\.9\.4/);
    const silence = { ...one, what: 'state', before: 'healthy', after: 'offline' } as const;
    assert.match(
      list({ changes: [{ ...silence, found_ms: at_ms - hour_ms / 2 }] }),
      /02:16 Healthy → offline, found 02:46 UTC/,
    );
    assert.doesNotMatch(said, /→ [67]/);
  });

  test('of a clock is told by the unit where its events are known, else by what the hub has seen', () => {
    const seen = {
      at_ms: clock.at_ms + 400_000,
      unit: 'u',
      what: 'clock',
      before: 'ntp locked',
      after: 'x',
    } as const;
    const history = dayOf({ events: [clock] });
    assert.doesNotMatch(list({ history, changes: [seen] }), /→ x/);
    assert.match(list({ changes: [seen] }), /01:23 Clock ntp locked → x recorder/);
    const later = { ...history, events_from_ms: seen.at_ms + 1 };
    assert.match(list({ history: later, changes: [seen] }), /→ x .*Its events from 01:23 UTC on/);
  });

  test('is seen in the looks of each step where events are not searched for', () => {
    const { events_from_ms: _from, ...history } = dayOf({ isLarge: true });
    const moments = history.moments.map((one, i) =>
      i < 200 ? one : { ...one, health: 'critical' as const },
    );
    assert.match(list({ history: { ...history, moments } }), /23:16 Healthy → critical, seen then/);
  });
});

test('the log of a unit is folded below, the newest first, and not shown where there is none', () => {
  const line = (level: string, text: string, ago_ms: number) => ({ level, text, at_ms: at_ms - ago_ms });
  const lines = [line('WARN', 'leaf: link lost', 9e6), line('ERROR', 'spool: full', 6e6)];
  const text = source(fleetUnit('u'), { history: dayOf({ lines }) });
  assert.match(
    part(text, 'log'),
    /Its log 2 lines of WARN or worse, 24 h 01:36 ERROR spool: full 00:46 WARN leaf: link lost/,
  );
  assert.doesNotMatch(source(fleetUnit('u'), { history: dayOf() }), /id="log"/);
});

describe('the cards', () => {
  test('what it answered, with its age; one-way times only where both clocks allow them', () => {
    const summary = {
      asked: 8,
      answered: 7,
      rtt_us: { min: 38_100, median: 38_900, max: 44_000 },
      offset_us: -31_000,
      path_us: 4200,
    };
    const asked = { at_ms: at_ms - 93_000, summary };
    const said = part(source(fleetUnit('u'), { asked }), 'ask');
    assert.match(said, /answer of 1 min 33 s ago/);
    assert.match(said, /7 of 8 .*38\.1 ms, median 38\.9 ms, most 44 ms .*− 31 ms ± 4\.20 ms/);
    assert.doesNotMatch(said, /One way/);
    const ways = { forward_us: 19_200, back_us: 18_900, one_way_error_us: 700 };
    const both = { asked: { ...asked, summary: { ...summary, ...ways } } };
    assert.match(
      part(source(fleetUnit('u'), both), 'ask'),
      /One way, to it \/ back 19\.2 ms \/ 18\.9 ms ± 700 µs/,
    );
    const none = { asked: { at_ms, summary: { asked: 2, answered: 0 } } };
    assert.match(
      part(source(fleetUnit('u'), none), 'ask'),
      /asked 0 s ago No answer that can be used to 2 questions\./,
    );
  });

  test('a clock in holdover is named as on the page of the fleet: after whom it followed last', () => {
    const held = { source: 'unsynced', quality: 'tracking', holdover: true, grandmaster: 'gm' } as const;
    const clock = { ...held, limit_ns: 1e6 };
    assert.match(part(source(fleetUnit('u', { clock })), 'tile-clock'), /not bounded PTP holdover/);
  });

  test('of the clock stands whom it follows, and not whom it sees besides', () => {
    const seen = { quality: 'locked', grandmaster: 'gm', ntp_server: 'ntp-a', limit_ns: 1e6 } as const;
    const tile = (from: string): string =>
      part(source(fleetUnit('u', { clock: { ...seen, source: from } })), 'tile-clock');
    assert.match(tile('ntp'), /NTP locked · ntp-a/);
    assert.match(tile('ptp'), /PTP locked · gm/);
    assert.doesNotMatch(tile('unsynced'), /ntp-a|gm/);
  });

  test('certificates and login, by days left', () => {
    const enrolment = { state: 'bound', bound_ms: at_ms, until_ms: at_ms + 11.5 * 24 * hour_ms } as const;
    const expires = [{ what: 'unit.pem', days_left: 28.7 }];
    const said = source(fleetUnit('u', { enrolment, expires }));
    assert.match(
      part(said, 'certificates'),
      /unit\.pem as the unit told 28 d left login by the hub 11 d left/,
    );
    assert.match(said, /st-degraded">11 d left/);
    assert.match(part(source(fleetUnit('u')), 'certificates'), /No record that has come here names any/);
  });

  test('forget is offered only where this page may', () => {
    assert.match(source(fleetUnit('u')), /href="\/units\/u\/forget"/);
    assert.doesNotMatch(source(fleetUnit('u'), { canForget: false }), /forget/);
    const enrolment = { state: 'bound', bound_ms: at_ms, until_ms: at_ms + hour_ms } as const;
    const asking = renderHubPage(forgetPage({ unit: fleetUnit('u', { enrolment }), canForget: true }), frame);
    assert.match(asking, /<form [^>]*method="post" action="\/units\/u\/forget">/);
    assert.match(plain(asking), /It is heard now, and would lose the hub/);
    const cannot = renderHubPage(forgetPage({ unit: silentUnit('u', 1), canForget: false }), frame);
    assert.doesNotMatch(cannot, /<form|heard now/);
    assert.match(plain(cannot), /nunect-hub forget u/);
  });

  test('forgetting promises only what becomes true: without a login of its own nobody is shut out', () => {
    const asked = (unit: FleetUnit, more = {}): string =>
      plain(renderHubPage(forgetPage({ unit, canForget: true, ...more }), frame));
    const enrolled = (state: 'bound' | 'revoked' | 'forgotten' | 'invited') =>
      ({ enrolment: { state, bound_ms: at_ms, until_ms: at_ms + hour_ms } }) as const;
    assert.match(
      asked(fleetUnit('u', enrolled('bound'))),
      /Its login is revoked: the hub lets it in no more/,
    );
    const keyless = asked(fleetUnit('u', enrolled('bound')), { lackingKeys: 'no such file' });
    assert.match(
      keyless,
      /the present one holds until its end, .* \(no such file\)\. Where they are, nunect-hub revoke/,
    );
    assert.doesNotMatch(keyless, /Its login is revoked/);
    assert.match(
      asked(fleetUnit('u'), { canForget: false }),
      /whether it has a login .* cannot be seen from here/,
    );
    assert.match(asked(fleetUnit('u', enrolled('revoked'))), /Its login is revoked already/);
    assert.match(asked(fleetUnit('u')), /Nothing shuts it out: the hub knows no login of its own/);
    assert.match(asked(fleetUnit('u', enrolled('forgotten'))), /forgotten before: .* nunect-hub revoke/);
    for (const unit of [fleetUnit('u'), fleetUnit('u', enrolled('forgotten'))]) {
      assert.match(asked(unit), /back there with its next record: it is heard now/);
      assert.doesNotMatch(asked(unit), /lets it in no more|would lose the hub/);
      assert.doesNotMatch(textOf(unit), /revokes its login/);
    }
    assert.match(asked(silentUnit('u', 1)), /back there if it is heard again/);
    assert.match(textOf(fleetUnit('u', enrolled('bound'))), /takes it off the roster and revokes its login/);
    const invited = { ...fleetUnit('u', enrolled('invited')), state: 'invited' } as const;
    const pages = [source(invited), renderHubPage(forgetPage({ unit: invited, canForget: true }), frame)];
    for (const page of pages) {
      assert.match(plain(page), /nunect-hub token --withdraw ID/);
      assert.doesNotMatch(page, /action="[^"]*\/forget"|href="[^"]*\/forget"/);
    }
  });

  test('a unit that is not known is said not to be', () => {
    assert.match(plain(renderHubPage(unknownUnitPage('engine-99'), frame)), /engine-99 is not known here/);
  });
});

test('headings stand in order, and each id once', () => {
  const event = { at_ms: at_ms - hour_ms, event: 'hub', before: true, after: false };
  const text = source(fleetUnit('u'), { history: dayOf({ events: [event, event] }) });
  const levels = [...text.matchAll(/<h(\d)/g)].map(([, level]) => Number(level));
  assert.deepEqual(levels.slice(0, 3), [1, 2, 3]);
  assert.ok(levels.every((level, i) => level <= (levels[i - 1] ?? 0) + 1));
  const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length);
});

test('what others wrote stays text, wherever it stands', () => {
  const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(1)> javascript:alert(1)`;
  const expiry = { what: evil, days_left: 3 };
  const clock = {
    source: evil,
    quality: evil,
    reason: evil,
    grandmaster: evil,
    ntp_server: evil,
    evidence: evil,
    limit_ns: 1,
    share: 9,
    error_bound_ns: 9,
    limit_is_set: true,
  } as const;
  const measured = {
    at_ms,
    offset_us: 1,
    path_us: 1,
    against: 'utc',
    verdict: 'contradicts',
    why: evil,
    runs: 9,
  } as const;
  const unit = fleetUnit(evil, {
    state: 'critical',
    problems: [evil, evil],
    claims: evil,
    tenant: evil,
    role: evil,
    version: evil,
    expires: [expiry],
    clock,
    measured,
  });
  const change = { at_ms: at_ms - 1000, unit: evil, before: evil, after: evil, evidence: evil } as const;
  const changes = (['state', 'clock', 'grandmaster', 'version', 'joined', 'measured'] as const).map(
    (what) => ({ ...change, what }),
  );
  const device = { at_ms, board: evil, firmware: evil };
  const events = [{ at_ms, event: evil, before: evil, after: { [evil]: evil }, evidence: evil }];
  const moments = dayOf().moments.map((one) => ({ ...one, clock: { source: evil, quality: evil } }));
  const lines = [{ at_ms, level: evil, text: evil }];
  const history = dayOf({ device, events, lines, moments, trouble: evil });
  const told = { at_ms, problems: [{ text: evil, weight: 'note' as const, remedy: evil }] };
  const summary = { asked: 1, answered: 1, source: evil, quality: evil };
  const more = { changes, history, told, asked: { at_ms, summary }, leaf: { server: evil, address: evil } };
  const second = {
    wall_ms: at_ms,
    mono_ms: 1,
    source: evil,
    quality: evil,
    holdover: true,
    port_state: evil,
    ntp_source: evil,
  };
  const recording = { changes: [{ mono_ms: 1, evidence: evil }], seconds: [second], bytes: 1, at_ms };
  const pages = [
    unitPage(dataOf(unit, more)),
    unitPage(dataOf(unit, { ...more, told: { at_ms, why: evil } })),
    unitPage(dataOf({ ...unit, state: 'offline' }, more)),
    forgetPage({ unit, canForget: true }),
    forgetPage({ unit, canForget: false }),
    unknownUnitPage(evil),
    recorderPage(unit, at_ms, { ok: true, value: recording }),
    recorderPage(unit, at_ms, { ok: false, why: evil }),
  ];
  for (const page of pages) {
    const text = renderHubPage(page, frame);
    assert.doesNotMatch(text, /<script>alert|<img|"'>/);
    for (const [, link] of text.matchAll(/(?:href|action)="([^"]*)"/g))
      assert.match(link ?? '', /^(\/|data:image)/);
  }
});
