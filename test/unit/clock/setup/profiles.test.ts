import assert from 'node:assert/strict';
import { test } from 'node:test';
import { confOf, planOf } from '../../../kit/clock/timehost.ts';

/** The first option of ptp4l.conf by this name; of several the last one counts. */
const value = (lines: readonly string[], name: string): string | undefined =>
  lines.findLast((line) => line.startsWith(`${name} `))?.slice(name.length + 1);

test('each profile has the domain, transport, delay mechanism and rates of its standard', () => {
  const names = ['domainNumber', 'network_transport', 'delay_mechanism', 'transportSpecific'];
  const rates = ['logAnnounceInterval', 'logSyncInterval'];
  for (const [profile, ...wanted] of [
    ['default', '0', 'UDPv4', 'E2E', '0', undefined, undefined],
    ['G.8275.1', '24', 'L2', 'E2E', '0', '-3', '-4'],
    ['G.8275.2', '44', 'UDPv4', 'E2E', '0', '0', undefined],
    ['gPTP', '0', 'L2', 'P2P', '1', '0', '-3'],
    ['power', '0', 'L2', 'P2P', '0', '0', '0'],
  ] as const) {
    const conf = confOf(['list interface wan', `option profile ${profile}`]);
    assert.deepEqual(
      [...names, ...rates].map((name) => value(conf, name)),
      wanted,
      profile,
    );
    const { domain, transportSpecific } = planOf(['list interface wan', `option profile ${profile}`]);
    assert.deepEqual([String(domain), String(transportSpecific)], [wanted[0], wanted[3]]);
  }
});

test('a server of 802.1AS is neither before nor behind the others of its kind', () => {
  const conf = confOf(['list interface wan', 'option profile gPTP', 'option role server']);
  assert.deepEqual([value(conf, 'priority1'), value(conf, 'priority2')], ['248', '248']);
});

test('what an option says counts where the profile says otherwise', () => {
  const conf = confOf([
    ...['list interface wan', 'option profile G.8275.1', 'option domain 30', 'option transport UDPv4'],
    ...['option delay_mechanism P2P', "list global_opts 'logSyncInterval 0'"],
  ]);
  assert.deepEqual(
    ['domainNumber', 'network_transport', 'delay_mechanism', 'logSyncInterval'].map((name) =>
      value(conf, name),
    ),
    ['30', 'UDPv4', 'P2P', '0'],
  );
  assert.equal(planOf(['list interface wan', 'option profile G.8275.1', 'option domain 0']).domain, 0);
});
