import type { Finding, RemedyContext } from '../../health/finding.ts';
import { findingOf } from '../../health/findings.ts';
import { hubRemedy } from '../../health/hubremedies.ts';
import type { CauseCode } from '../../leaf/causes.ts';
import { causes, causeText, type Sign } from '../../leaf/causes.ts';
import { hubTls } from '../../leaf/conf/hubtls.ts';
import { causeOfProbe, type HubProbe, isReached } from '../../leaf/watch/probed.ts';
import { type CheckResult, findingResult, ok, skip } from './checkresult.ts';

/** The steps to the hub, in the order in which they are taken. */
const steps = ['hub name', 'hub TCP', 'hub TLS', 'hub login'] as const;
type Step = (typeof steps)[number];

const stepOfCause: Partial<Record<CauseCode, Step>> = {
  dns: 'hub name',
  refused: 'hub TCP',
  unreachable: 'hub TCP',
  timeout: 'hub TCP',
  wrong_port: 'hub TCP',
  protocol: 'hub TCP',
  client_cert: 'hub TLS',
  cert_not_yet: 'hub TLS',
  cert_expired: 'hub TLS',
  cert_name: 'hub TLS',
  ca: 'hub TLS',
  tls_missing: 'hub TLS',
  tls_demanded: 'hub TLS',
  tls: 'hub TLS',
};

/** What is known of the way to the hub. */
export interface HubEvidence {
  /** Undefined: nobody can say. */
  readonly joined: boolean | undefined;
  /** What the agent finds wrong with it. */
  readonly finding?: Finding | undefined;
  /** What a login of our own, or the leaf's log, gives as the cause. */
  readonly sign?: Sign | undefined;
  readonly probes: readonly HubProbe[];
  /** How it was found out that it is joined. */
  readonly proof?: string;
}

export const isAnswered = ({ step }: HubProbe): boolean => step === 'open';

/** The cause that the probe shows that came furthest. */
function signOfProbes(probes: readonly HubProbe[]): Sign | undefined {
  const [furthest] = probes.toSorted((a, b) => Number(isReached(b)) - Number(isReached(a)));
  if (furthest === undefined || probes.some(isAnswered)) return undefined;
  const { why, address, url } = furthest;
  const code = causeOfProbe(furthest);
  return code && { code, detail: `${why} at ${address ?? url}` };
}

/** Whether that cause comes from somebody who says no: then no probe can say more. */
export const isRefusal = (code: CauseCode | undefined): boolean =>
  code !== undefined && causes[code].kind === 'refused';

type Fault = Pick<Finding, 'weight' | 'text' | 'remedy'> & { readonly code?: CauseCode };

/** What keeps the unit from its hub: an address that does not answer says more than a link that just ends. */
function faultOf({ finding, sign, probes }: HubEvidence, context: RemedyContext): Fault {
  const known = finding?.cause ?? sign?.code;
  const probed = isRefusal(known) ? undefined : signOfProbes(probes);
  const found = probed?.code === known ? undefined : probed;
  const shown = found ?? (finding?.cause === undefined ? sign : undefined);
  const { text, cause, weight, remedy } = finding ?? findingOf('hub_down', { why: '' }, context);
  if (shown === undefined) return { ...(cause && { code: cause }), weight, text, remedy };
  const more = `${causeText(shown)}; ${causes[shown.code].todo}`;
  return {
    weight,
    code: shown.code,
    text: finding === undefined ? more : `${text}; ${more}`,
    remedy: hubRemedy(shown.code, context.config.hub, context.host),
  };
}

/** A step that is well; without TLS there is none to be well. */
const passed = (step: Step, detail: string, { config }: RemedyContext): CheckResult =>
  step === 'hub TLS' && !hubTls(config) ? skip(step, 'hub.url uses no TLS') : ok(step, detail);

/** Name, TCP, TLS and login of the hub: all before the fault is well, and what comes after it is not judged. */
export function judgeHub(evidence: HubEvidence, context: RemedyContext): CheckResult[] {
  const { joined, finding, sign, probes, proof = '' } = evidence;
  if (joined === true && finding === undefined) return steps.map((step) => passed(step, proof, context));
  if (joined === undefined && finding === undefined && sign === undefined && probes.some(isAnswered))
    return steps.map((step) =>
      step === 'hub login'
        ? skip(step, 'only leaf or agent can tell')
        : passed(step, 'its address answers', context),
    );
  const { code, ...fault } = faultOf(evidence, context);
  if (code === undefined) return [findingResult('hub login', fault)];
  const at = steps.indexOf(stepOfCause[code] ?? 'hub login');
  return steps.map((step, index) => {
    if (index < at) return passed(step, 'no fault up to here', context);
    return index === at ? findingResult(step, fault) : skip(step, `comes after ${steps[at]}`);
  });
}
