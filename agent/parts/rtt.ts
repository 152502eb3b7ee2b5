import { randomBytes } from 'node:crypto';
import { watchRtt } from '../peers/rtt.ts';
import { echoOf, peerInboxPrefixOf } from '../wire/subjects.ts';
import { clockPart } from './clock.ts';
import { linkPart } from './link.ts';
import { checkedNow_us, part, subjectsIn } from './part.ts';

/** Round trips to the local server, to the unit's own echo, and to peers. */
export const rttPart = part({
  name: 'rtt',
  needs: { link: linkPart },
  uses: { clock: clockPart },
  inputs: ({ config: { agent, probe } }) => [agent.unit, agent.interval_s, probe],
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
        interval_ms: file.config.agent.interval_s * 1000,
        peers: file.config.probe.map(({ unit, section, interval_s }) => ({
          unit: unit ?? section,
          subject: echoOf(unit ?? section),
          interval_ms: interval_s * 1000,
        })),
      },
      signal,
    ),
});
