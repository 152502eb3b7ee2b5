import { randomBytes } from 'node:crypto';
import { watchRtt } from '../peers/rtt.ts';
import { lookEvery_ms } from '../status/pacing.ts';
import { echoOf, peerInboxPrefixOf } from '../wire/subjects.ts';
import { clockPart } from './clock.ts';
import { linkPart } from './link.ts';
import { type AgentInput, checkedNow_us, part, subjectsIn } from './part.ts';

/** As often as the unit is looked at; where its server is the hub itself, its link would pay for that. */
const ownInterval_ms = ({ config: { agent, leaf } }: AgentInput): number =>
  leaf.mode === 'off' ? agent.interval_s * 1000 : lookEvery_ms(agent.interval_s);

/** Round trips to the local server, to the unit's own echo, and to peers. */
export const rttPart = part({
  name: 'rtt',
  needs: { link: linkPart },
  uses: { clock: clockPart },
  inputs: ({ config: { agent, leaf, probe } }) => [agent.unit, agent.interval_s, leaf.mode === 'off', probe],
  start: (file, { link, clock, ticker, wall }, signal) =>
    watchRtt(
      {
        link,
        ticker,
        now_us: checkedNow_us(wall),
        clock: () => clock().summary(),
        token: () => randomBytes(9).toString('base64url'),
      },
      {
        echoSubject: subjectsIn(file).echo,
        peerInbox: peerInboxPrefixOf(file.config.agent.unit), // never the boot id: ids of records are made of it
        interval_ms: ownInterval_ms(file),
        peers: file.config.probe.map(({ unit, section, interval_s }) => ({
          unit: unit ?? section,
          subject: echoOf(unit ?? section),
          interval_ms: interval_s * 1000,
        })),
      },
      signal,
    ),
});
