import { isForHub, spoolOptions } from '../records/budget.ts';
import { openSpool } from '../records/spool.ts';
import { statusRecord } from '../status/events.ts';
import { leafPart } from './leaf.ts';
import { linkPart } from './link.ts';
import { part } from './part.ts';

/** The records that wait for the hub. They outlive restarts of the leaf's watch, which knows whether it is joined. */
export const spoolPart = part({
  name: 'spool',
  needs: { link: linkPart },
  uses: { leaf: leafPart },
  inputs: (file) => {
    const { agent, leaf, spool } = file.config;
    return [agent.traffic, isForHub(file), leaf.mode === 'off', spool.memory_kb, spool.window];
  },
  start(file, { link, leaf, ticker, wall, boot, random, ...given }) {
    const { unit, role } = file.config.agent;
    const log = given.log.part('spool');
    const wall_ms = (): number => wall.now_us() / 1000;
    const spool = openSpool(
      {
        link,
        hubUp: () => leaf().hubUp(),
        ticker,
        random,
        log,
        wall_ms,
        gapRecord: (gap) =>
          statusRecord({ unit, role }, wall_ms(), {
            event: 'records_dropped',
            after: gap,
            evidence: gap.why,
          }),
      },
      { unit, boot, ...spoolOptions(file, log) },
    );
    return { ...spool, log };
  },
  adapt: (spool, file) => spool.configure(spoolOptions(file, spool.log)),
});
