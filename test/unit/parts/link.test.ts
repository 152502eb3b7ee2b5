import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClockSummary } from '../../../agent/clock/types.ts';
import { defaultsOf } from '../../../agent/config/options.ts';
import type { Incoming } from '../../../agent/nats/incoming.ts';
import type { PublishOptions } from '../../../agent/nats/outgoing.ts';
import { agentLinkOptions, echoPart, linkPart } from '../../../agent/parts/link.ts';
import type { AgentContext, AgentInput } from '../../../agent/parts/part.ts';

test('a hub that the agent itself is a client of is asked for a sign of life as seldom as the profile says', () => {
  const fileOf = (mode: string, ping_interval_s: number) =>
    ({
      connection: { servers: ['nats://h:4222'] },
      config: { agent: { unit: 'u1' }, leaf: { mode, ping_interval_s } },
    }) as unknown as AgentInput;
  assert.equal(agentLinkOptions(fileOf('off', 120)).ping_ms, 120_000);
  assert.ok(!('ping_ms' in agentLinkOptions(fileOf('managed', 120))));
  assert.notDeepEqual(linkPart.inputs(fileOf('off', 120)), linkPart.inputs(fileOf('off', 30)));
  assert.deepEqual(linkPart.inputs(fileOf('managed', 120)), linkPart.inputs(fileOf('managed', 30)));
});

test('an echo says what is known of the clock: nothing before it is judged, its verdict from then on', async () => {
  const sent: PublishOptions[] = [];
  let ask = (): void => {};
  const link = {
    state: () => ({ connected: true, since_ms: 0 }),
    publish(_subject: string, _payload: unknown, options: PublishOptions = {}) {
      sent.push(options);
      return true;
    },
    subscribe(subject: string, handler: (message: Incoming) => void) {
      const request = {
        subject,
        reply: '_INBOX.nunect.u1.x',
        data: new Uint8Array(0),
        size: () => subject.length + 18,
      };
      ask = () => handler(request as unknown as Incoming);
      return () => {};
    },
  };
  let keeper: { summary(): ClockSummary } | undefined;
  const given = { link, clock: () => keeper, wall: { check() {}, now_us: () => 1000 } };
  const agent = { ...defaultsOf('agent'), unit: 'u1' };
  const file = { config: { agent, hub: { ...defaultsOf('hub'), reply_subject: ['_INBOX.>'] } } };
  await echoPart.start(
    file as unknown as AgentInput,
    given as unknown as AgentContext,
    new AbortController().signal,
  );
  ask();
  keeper = { summary: () => ({ source: 'ntp', quality: 'tracking', error_bound_ns: 7 }) };
  ask();
  const told = sent.map(({ headers }) =>
    Object.fromEntries(Object.entries(headers ?? {}).filter(([name]) => name.startsWith('X-Clock'))),
  );
  assert.deepEqual(told, [
    { 'X-Clock-Source': ['unsynced'], 'X-Clock-Quality': ['freerun'] },
    { 'X-Clock-Source': ['ntp'], 'X-Clock-Quality': ['tracking'], 'X-Clock-Error-Bound': ['7'] },
  ]);
});
