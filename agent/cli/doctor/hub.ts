import type { Config } from '../../config/options.ts';
import { hubRemedy } from '../../health/hubremedies.ts';
import { type CauseCode, causeOf, causes, causeText } from '../../leaf/causes.ts';
import { type HubProbe, isReached } from '../../leaf/watch/hubprobe.ts';
import { type CheckResult, fail, ok, skip } from './checkresult.ts';

/** The steps to the hub, in the order in which they are gone. */
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
export interface HubWay {
  readonly hub: Config['hub'];
  /** Undefined: nobody can say. */
  readonly joined: boolean | undefined;
  /** What the agent says of it, with its command. */
  readonly trouble?: { readonly text: string; readonly remedy?: string | undefined } | undefined;
  /** What the agent, or the leaf's log, names as the cause. */
  readonly cause?: { readonly code: string; readonly detail: string } | undefined;
  readonly knocks: readonly HubProbe[];
  /** How it was found out that it is joined. */
  readonly evidence: string;
}

/** Whether it is the name of a cause. */
export const isCause = (code: string): code is CauseCode => Object.hasOwn(causes, code);

/** What keeps the unit from its hub: the door that is shut says more than a link that just ends. */
function causeOfWay({
  cause,
  knocks,
}: HubWay): { readonly code: CauseCode; readonly detail: string } | undefined {
  const told = cause !== undefined && isCause(cause.code) ? { ...cause, code: cause.code } : undefined;
  if (told !== undefined && causes[told.code].kind === 'refused') return told;
  if (knocks.some(({ step }) => step === 'open') || knocks.length === 0) return told;
  const [furthest] = knocks.toSorted((a, b) => Number(isReached(b)) - Number(isReached(a)));
  const code = furthest?.step === 'dns' ? 'dns' : causeOf(furthest?.why ?? '');
  if (code === undefined) return told;
  return { code, detail: `${furthest?.why} at ${furthest?.address ?? furthest?.url}` };
}

/** Name, TCP, TLS and login of the hub: what comes before the fault is well, what comes after it cannot be said. */
export function judgeHub(way: HubWay): CheckResult[] {
  const { hub, joined, trouble, evidence, knocks } = way;
  if (hub.url.length === 0) return [skip('hub', 'no hub.url is set: the leaf is local only')];
  const found = joined === true && trouble === undefined ? undefined : causeOfWay(way);
  if (found === undefined) {
    if (joined === true && trouble === undefined) return steps.map((step) => ok(step, evidence));
    if (joined === undefined && trouble === undefined && knocks.some(({ step }) => step === 'open'))
      return steps.map((step) =>
        step === 'hub login' ? skip(step, 'only leaf and agent can say') : ok(step, 'its address answers'),
      );
    return [
      fail('hub login', trouble?.text ?? 'the hub is not joined', trouble?.remedy ?? hubRemedy('', hub)),
    ];
  }
  const at = steps.indexOf(stepOfCause[found.code] ?? 'hub login');
  const isTold = trouble !== undefined && found.code === way.cause?.code;
  const text = isTold ? trouble.text : `${causeText(found)}; ${causes[found.code].todo}`;
  const mend = (isTold ? trouble.remedy : undefined) ?? hubRemedy(found.code, hub);
  return steps.map((step, index) => {
    if (index < at) return ok(step, 'no fault up to here');
    return index === at ? fail(step, text, mend) : skip(step, `comes after ${steps[at]}`);
  });
}
