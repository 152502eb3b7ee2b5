import { streamInfo } from '../../health/findings.ts';
import type { StatusSnapshot } from '../../status/snapshot.ts';
import { type CheckResult, findingResult, ok, skip, warn } from './checkresult.ts';
import { configOf, type DoctorFacts, findingsOfStep } from './facts.ts';

/** Records of a joined unit that wait for longer are not merely on their way. */
const waits_s = 10;

const hasNoHub = ({ link }: StatusSnapshot): boolean => !link.connected || link.hub_up === false;

/** What the acknowledgements prove of rights and stream. */
function byRecords(what: string, snapshot: StatusSnapshot): CheckResult {
  const { spool } = snapshot;
  if (hasNoHub(snapshot)) return skip(what, 'the hub is not joined');
  if (spool?.state !== 'stored' || spool.stored === 0) return skip(what, 'no record was acknowledged yet');
  return ok(what, `${spool.stored} records were acknowledged through the hub`);
}

/** Records that wait although the hub is there. */
function waiting(what: string, snapshot: StatusSnapshot): CheckResult | undefined {
  const { records, oldest_age_s = 0 } = snapshot.spool ?? {};
  if (hasNoHub(snapshot) || oldest_age_s < waits_s) return undefined;
  return warn(
    what,
    `${records} records wait, the oldest for ${Math.round(oldest_age_s)} s: the hub does not store all`,
    streamInfo,
  );
}

/** Rights and stream, proven by what came back through the hub: a unit cannot ask there for its own echo. */
export function checkRecords(facts: DoctorFacts): CheckResult[] {
  const { snapshot } = facts;
  const hasHub = facts.isBlind
    ? !findingsOfStep(facts, 'hub').some(({ weight }) => weight === 'setup')
    : configOf(facts).hub.url.length > 0;
  if (snapshot === undefined)
    return (hasHub ? ['permissions', 'stream'] : []).map((what) =>
      skip(what, 'only the agent can tell, and it does not answer'),
    );
  const failures = (step: 'permissions' | 'stream'): CheckResult[] =>
    findingsOfStep(facts, step).map((one) => findingResult(step, one));
  const [rights, stream] = [failures('permissions'), failures('stream')];
  if (!hasHub) return [...rights, ...stream];
  return [
    ...(rights.length > 0 ? rights : [byRecords('permissions', snapshot)]),
    ...(stream.length > 0 ? stream : [waiting('stream', snapshot) ?? byRecords('stream', snapshot)]),
  ];
}
