import { clockCaveat } from '../clock/trust.ts';
import type { EnrolKeeper } from '../enrol/keeper.ts';
import type { CauseCode } from '../leaf/causes.ts';
import { causeOfLink, linkErrorText } from '../leaf/linkcause.ts';
import { known } from '../lib/known.ts';
import { clockPart } from './clock.ts';
import { linkPart } from './link.ts';
import { part } from './part.ts';
import { supervisorPart } from './supervisor.ts';

/** The hub is there, and lets nobody in with this login. */
const refusals: readonly (CauseCode | undefined)[] = ['auth', 'auth_expired', 'auth_revoked'];

const idle: EnrolKeeper = { trouble: () => undefined, stop: () => {} };

/** Enrols the device by the token of its config, and renews its enrolment. Its code is loaded where there is either. */
export const enrolPart = part({
  name: 'enrol',
  needs: { link: linkPart },
  uses: { clock: clockPart, supervisor: supervisorPart },
  inputs: ({ enrol, config }) => [
    enrol,
    config.enrolled,
    config.agent.role,
    config.leaf.mode,
    config.hub.url.length,
  ],
  async start({ enrol, config }, { link, clock, supervisor, wall, takeOver, ...given }) {
    const { enrolled, leaf, hub, agent } = config;
    if (enrol === undefined || leaf.mode === 'external') return idle;
    if (enrol.token === undefined && enrolled === undefined) return idle;
    const { keepEnrolled } = await import('../enrol/keeper.ts');
    const { dir, own, hardware, unit, token } = enrol;
    const wall_ms = (): number => wall.now_us() / 1000;
    return keepEnrolled(
      {
        ...given,
        link,
        wall_ms,
        takeOver,
        log: given.log.part('enrol'),
        about: { ...known({ unit }), own, hardware, role: agent.role },
        textOf: (error) => linkErrorText(error, clockCaveat(clock().verdict().quality, wall_ms())),
        isRefused() {
          const { lastError, connected } = link.state();
          const own = !connected && lastError ? causeOfLink(lastError) : undefined;
          return refusals.includes(leaf.mode === 'off' ? own : supervisor().trouble()?.code);
        },
      },
      { dir, isFree: hub.url.length === 0, ...known({ token, key: enrolled?.key }) },
    );
  },
});
