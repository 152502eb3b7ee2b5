import { known } from '../lib/known.ts';
import { freshValue } from '../lib/reading.ts';
import { clockStep } from '../status/events.ts';
import { clockPart } from './clock.ts';
import { eventsPart, recorderPart } from './events.ts';
import { leafPart } from './leaf.ts';
import { part } from './part.ts';
import { publisherPart } from './publisher.ts';
import { spoolPart } from './spool.ts';
import { supervisorPart } from './supervisor.ts';

/** A smaller step may be the difference of two good servers. */
const largeStep_us = 1e6;

/** Turns changes of the clock, of the hub and of the system time into events, and has spool and recorder act on them. */
export const changesPart = part({
  name: 'changes',
  needs: { events: eventsPart, clock: clockPart, leaf: leafPart, recorder: recorderPart, spool: spoolPart },
  uses: { supervisor: supervisorPart, publisher: publisherPart },
  inputs: () => [],
  start(_file, { events, clock, leaf, recorder, spool, supervisor, publisher, wall, trust, ticker }) {
    let hub = leaf.hubUp();
    const ends = [
      clock.onChange((change, { evidence }) => {
        events.publish({ evidence, ...change });
        if (change.event !== 'clock') return;
        recorder.changed({ evidence, ...change });
        publisher().changed();
      }),
      leaf.onChange((reading) => {
        const now = leaf.hubUp();
        spool.kick();
        if (now === hub) return;
        const evidence = supervisor().trouble()?.text ?? freshValue(reading)?.hub_trouble;
        events.publish({ event: 'hub', ...known({ before: hub, after: now, evidence }) });
        hub = now;
        publisher().changed();
      }),
      wall.onStep((step_us) => {
        // how the clock was when the waiting records were made; what is judged of it now tells of the step
        trust.see({ quality: clock.verdictBefore().quality, mono_ms: ticker.now_ms() });
        const provenUntil_ms = trust.provenUntil_ms();
        if (Math.abs(step_us) > largeStep_us) spool.correctTimes({ provenUntil_ms, by_ms: step_us / 1000 });
        events.publish(clockStep(step_us, wall.now_us()));
      }),
    ];
    return {
      stop() {
        for (const end of ends) end();
      },
    };
  },
});
