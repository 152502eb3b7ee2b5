import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isClientId } from '../../../../agent/hub/fleet/clients.ts';
import { clientId } from '../../../../config/clients/nunect-client/src/id.ts';

test("an app is known by the id that nunect's library gives it, on each kind of device", () => {
  const agents = [
    'Windows NT 10.0',
    'Macintosh',
    'X11; Linux',
    'iPhone Mobile',
    'iPad',
    'Android Mobile',
    'Android',
  ];
  for (const userAgent of agents) {
    const id = clientId({ navigator: { userAgent } });
    assert.ok(isClientId(id), id);
  }
});

test('a unit is none, whatever it is called', () => {
  for (const id of [
    'nats-ui',
    'nats-ui-laptop-linux-a7b',
    'nats-ui-laptop-linux-a7b3x',
    'nats-ui-router-linux-a7b3',
    'x-nats-ui-laptop-mac-a7b3',
    'demo-01',
    '',
  ])
    assert.equal(isClientId(id), false, id);
});
