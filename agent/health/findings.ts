import { formatProblem, type Problem } from '../config/problem.ts';
import { formatUtc, shellWord } from '../lib/format.ts';
import { known } from '../lib/known.ts';
import { type DropReason, dropWords } from '../records/gap.ts';
import { askPtp4l, clockRemedy, remedyOfSilence, sayPort } from './clockremedies.ts';
import type {
  DatedFile,
  DoctorStep,
  Finding,
  FindingCode,
  FindingData,
  RemedyContext,
  Shared,
  Unstored,
  Weight,
} from './finding.ts';
import { unsynchronisedWords } from './finding.ts';
import type { HostCommands } from './host.ts';
import { hubRemedy, newToken, showLeafLog, tokenAgain } from './hubremedies.ts';
import { setupRemedy } from './setupremedies.ts';

/** What there is to know of one kind of finding. */
interface Kind<D extends Shared> {
  /** Its name in `problem` events and status.json, before what it is about. */
  readonly name: string | ((data: D) => string);
  readonly weight: Weight | ((data: D) => Weight);
  readonly text: string | ((data: D) => string);
  readonly stage?: (data: D) => string;
  readonly remedy: string | ((data: D, context: RemedyContext) => string);
  readonly step: DoctorStep;
}

const serverOf = { managed: 'the local server', external: 'the external server', off: 'the hub' } as const;
const partNames = {
  jetstream: 'JetStream',
  websocket: 'its websocket listener',
  listen: 'its listener on leaf.listen, for this device only',
} as const;
/** Shows what the stream of the hub takes. */
export const streamInfo = 'nats stream info NUNECT # at the hub';
const largestSpool_kb = 1_048_576;
const largestPayload_kb = 65_536;
/** A date that is wrong by a clock that may itself be wrong cuts nobody off for sure. */
const weightOfDate = ({ clockCaveat }: DatedFile): Weight =>
  clockCaveat === undefined ? 'critical' : 'degraded';
const sayDate = ({ kind, about, clockCaveat }: DatedFile, text: string): string =>
  `${kind} ${about} ${text}${clockCaveat === undefined ? '' : `, ${clockCaveat}`}`;

/** What mends the way to the hub. */
function remedyOfWay({ cause }: Shared, { config: { hub, leaf }, host }: RemedyContext): string {
  if (cause !== undefined) return hubRemedy(cause, hub, host);
  return leaf.mode === 'managed' ? showLeafLog : host.log('nunect');
}

/** For the server that the agent is a client of. */
function remedyOfServer(data: Shared, context: RemedyContext): string {
  const { host, config } = context;
  if (config.leaf.mode === 'managed') return host.restart('nunect-leaf');
  if (config.leaf.mode === 'off') return remedyOfWay(data, context);
  return data.cause === 'auth' ? host.set({ 'leaf.external_password': 'PASSWORD' }) : host.log('nunect');
}

const weightOfUnstored = ({ isNearEnd }: Unstored): Weight => (isNearEnd ? 'critical' : 'degraded');
const stageOfUnstored = ({ isNearEnd }: Unstored): string => (isNearEnd ? 'memory nearly full' : 'waiting');
const sayUnstored = ({ why, isNearEnd }: Unstored): string =>
  `${why}${isNearEnd ? '; the memory for waiting records is nearly full' : ''}`;

type Dropped = FindingData['records_dropped'];
const byCount = (reasons: Dropped['reasons']): [DropReason, number][] =>
  (Object.entries(reasons) as [DropReason, number][]).sort(([, a], [, b]) => b - a);

function sayReasons(reasons: Dropped['reasons']): string {
  const counted = byCount(reasons);
  return counted
    .map(([reason, count]) => `${counted.length > 1 ? `${count}: ` : ''}${dropWords[reason]}`)
    .join('; ');
}

/** For what most of them were dropped for. */
function remedyOfDropped(
  { reasons, budget_bytes }: Dropped,
  { config: { leaf }, host }: RemedyContext,
): string {
  switch (byCount(reasons)[0]?.[0]) {
    case 'max_msg_size':
      return 'nats stream edit NUNECT --max-msg-size=-1 # at the hub';
    case 'max_payload':
      return leaf.mode === 'managed'
        ? host.set({ 'leaf.max_payload_kb': String(Math.min(largestPayload_kb, 2 * leaf.max_payload_kb)) })
        : 'nats server report connections # at the server that the unit is a client of: its max_payload is too small';
    default:
      return host.set({ 'spool.memory_kb': String(Math.min(largestSpool_kb, (2 * budget_bytes) / 1024)) });
  }
}

/** For a certificate or user JWT that ran out, or soon will. */
function renewal({ about }: DatedFile, { config: { hub, leaf }, host }: RemedyContext): string {
  const isJwt = about === hub.creds_file || about === leaf.external_creds_file;
  return isJwt
    ? hubRemedy('auth_expired', hub, host)
    : `scp NEW.pem root@UNIT:${shellWord(about)} # at the hub`;
}

/** How a mistake in the config is put right, and how that is noticed. */
function editOf({ file, line, mend }: Problem, host: HostCommands): string {
  const edit = `vi${line === undefined ? '' : ` -c ${line}`} ${shellWord(file)}`;
  return `${mend ?? edit}; ${host.reload}`;
}

const folderOf = (file: string): string => shellWord(file.replace(/\/[^/]*$/, '') || '/');

type Enrolment = FindingData['enrolment'];

function sayEnrolment(data: Enrolment): string {
  switch (data.kind) {
    case 'waiting':
      return `not enrolled yet: ${data.why}`;
    case 'refused':
      return `the hub refuses to enrol this device: ${data.why}`;
    case 'failing':
      return `${data.hasHub ? 'the enrolment is not renewed' : 'this device cannot enrol'}: ${data.why}`;
    case 'untaken':
      return 'this device is enrolled, but its config was not rendered since';
  }
}

const remediesOfStep: Readonly<Record<Extract<Enrolment, { kind: 'waiting' }>['step'], string>> = {
  time: 'date -u # a wrong clock: nunect status',
  connecting: 'nunect-hub status # at the hub',
  not_taken: 'nunect-hub status # at the hub',
  asked: 'nunect-hub pending # at the hub',
  pending: 'nunect-hub pending # at the hub; then: nunect-hub approve UNIT',
};

function remedyOfEnrolment(data: Enrolment, { host }: RemedyContext): string {
  if (data.kind === 'waiting') return remediesOfStep[data.step];
  if (data.kind === 'untaken') return host.reload;
  return data.kind === 'failing' ? tokenAgain : newToken;
}

/** Every kind of finding. */
export const findings: { readonly [C in FindingCode]: Kind<FindingData[C]> } = {
  not_set_up: {
    name: 'not set up',
    weight: 'setup',
    text: 'not set up: no hub is given, nothing leaves this device',
    remedy: (_data, { host }) =>
      host.set({ 'hub.url': 'nats://HUB:7422', 'hub.user': 'USER', 'hub.password': 'PASSWORD' }),
    step: 'hub',
  },
  enrolment: {
    name: 'enrolment',
    weight: ({ kind, hasHub }) =>
      kind === 'refused' || kind === 'failing' ? 'degraded' : hasHub ? 'note' : 'setup',
    text: sayEnrolment,
    remedy: remedyOfEnrolment,
    step: 'hub',
  },
  server_down: {
    name: 'local server',
    weight: 'critical',
    text: ({ mode, why }) => `not connected to ${serverOf[mode]}${why === undefined ? '' : `: ${why}`}`,
    remedy: remedyOfServer,
    step: 'leaf',
  },
  hub_down: {
    name: 'hub',
    weight: 'degraded',
    text: ({ why }) => `the hub is not joined${why}`,
    remedy: remedyOfWay,
    step: 'hub',
  },
  hub_silent: {
    name: 'hub silent',
    weight: 'degraded',
    text: 'records wait: the hub does not answer',
    remedy: streamInfo,
    step: 'stream',
  },
  hub_settings: {
    name: 'hub settings',
    weight: 'degraded',
    text: ({ why }) => why,
    remedy: remedyOfWay,
    step: 'hub',
  },
  hub_limit: {
    name: 'limit',
    weight: 'degraded',
    text: ({ why }) => why,
    remedy: remedyOfWay,
    step: 'unit',
  },
  leaf_part: {
    name: 'leaf part',
    weight: 'degraded',
    text: ({ about, why }) => `the leaf runs without ${partNames[about]}: ${why}`,
    remedy({ about }, { config: { leaf } }) {
      if (about === 'jetstream') return `ls -ld ${shellWord(leaf.jetstream_store_dir)}; df -h`;
      const port = about === 'websocket' ? leaf.websocket_port : leaf.port;
      return `netstat -tlnp | grep :${port}`;
    },
    step: 'unit',
  },
  leaf_config: {
    name: 'leaf config',
    weight: ({ state }) => (state === 'none' ? 'critical' : 'degraded'),
    text: ({ state }) => `the leaf does not run the configured settings: ${state}`,
    remedy: (_data, { host }) => host.check,
    step: 'rendered',
  },
  leaf_behind: {
    name: 'leaf behind',
    weight: 'degraded',
    text: 'the leaf still runs the hub settings of before: it was not restarted after they were changed',
    remedy: (_data, { host }) => host.restart('nunect-leaf'),
    step: 'leaf',
  },
  clock_unsynchronised: {
    name: 'clock',
    weight: ({ weight }) => weight,
    text: ({ evidence }) => `${unsynchronisedWords}: ${evidence}`,
    remedy: ({ reasons }, context) => clockRemedy(reasons, context) ?? 'nunect status --watch',
    step: 'clock',
  },
  ptp_lost: {
    name: 'PTP lost',
    weight: 'note',
    text: ({ gmIdentity, until_ms }) =>
      `PTP lost its grandmaster ${gmIdentity} at ${formatUtc(until_ms)}: NTP has taken over`,
    remedy: (_data, context) => askPtp4l(context),
    step: 'clock',
  },
  ptp_withheld: {
    name: 'PTP withheld',
    weight: 'degraded',
    text: ({ why }) => `PTP is not used: ${why}`,
    remedy: 'chronyc -n sources',
    step: 'clock',
  },
  ptp_silent: {
    name: 'no grandmaster',
    weight: 'degraded',
    text: ({ ports, domain }) =>
      `no grandmaster is heard on ${ports.map(sayPort).join(' or ')} in domain ${domain}`,
    remedy: ({ ports }, { host }) => remedyOfSilence(ports, host),
    step: 'clock',
  },
  time_setup: {
    name: ({ code }) => `time set-up ${code}`,
    weight: ({ isFault }) => (isFault ? 'degraded' : 'note'),
    text: ({ text, isFault }) => (isFault ? `PTP is not set up: ${text}` : text),
    remedy: ({ code }, context) => setupRemedy(code, context),
    step: 'clock',
  },
  not_permitted: {
    name: 'permission',
    weight: 'degraded',
    text: ({ about }) => `not permitted: ${about}`,
    remedy: (_data, { config, host }) =>
      config.leaf.mode === 'managed'
        ? host.restart('nunect-leaf')
        : 'nats-server --signal reload # at the hub, after granting the permission',
    step: 'permissions',
  },
  no_stream: {
    name: 'no stream',
    weight: weightOfUnstored,
    text: ({ published, ...data }) =>
      `the hub stores no records: ${sayUnstored(data)}${published === 0 ? '' : `; ${published} were published without being stored`}`,
    stage: stageOfUnstored,
    remedy: 'nats stream add NUNECT --config stream.json # at the hub',
    step: 'stream',
  },
  records_refused: {
    name: 'hub refuses records',
    weight: weightOfUnstored,
    text: (data) => `the hub's stream takes no records: ${sayUnstored(data)}`,
    stage: stageOfUnstored,
    remedy: streamInfo,
    step: 'stream',
  },
  subject_unstored: {
    name: 'unstored',
    weight: weightOfUnstored,
    text: (data) => `records of ${data.about} are not stored: ${sayUnstored(data)}`,
    stage: stageOfUnstored,
    remedy: ({ about }) =>
      `nats stream edit NUNECT --config stream.json # at the hub; its hub.conf must let the unit publish ${about}`,
    step: 'unit',
  },
  snapshot_failed: {
    name: 'spool snapshot',
    weight: 'degraded',
    text: ({ why }) => why,
    remedy(_data, { config }) {
      const folder = folderOf(config.spool.snapshot_file ?? '/');
      return `ls -ld ${folder}; df -h ${folder}`;
    },
    step: 'unit',
  },
  records_dropped: {
    name: 'records dropped',
    weight: 'degraded',
    text: ({ count, reasons }) => `${count} records were dropped since the start: ${sayReasons(reasons)}`,
    remedy: remedyOfDropped,
    step: 'unit',
  },
  duplicate_ids: {
    name: 'duplicate_id',
    weight: 'degraded',
    text: ({ count }) =>
      `${count} records since the start are not stored: the stream already had other records with the same Nats-Msg-Id; a copy of this unit or an attacker sends as this unit`,
    // ids have a random part that is new at each start; whoever learns that too has the login of the unit
    remedy: (_data, { host }) =>
      `${host.restart('nunect')} # a restart creates new ids; if the problem returns, give the unit a new login at the hub`,
    step: 'unit',
  },
  certificate_unreadable: {
    name: 'certificate',
    weight: 'degraded',
    text: ({ about, error }) => `certificate ${about}: ${error}`,
    remedy: ({ about }) => `ls -l ${shellWord(about)}`,
    step: 'certificates',
  },
  certificate_early: {
    name: 'certificate',
    weight: weightOfDate,
    text: (data) => sayDate(data, `is valid only from ${new Date(data.from_ms).toISOString()}`),
    stage: () => 'early',
    remedy: 'date -u # a wrong clock: nunect status',
    step: 'certificates',
  },
  certificate_expired: {
    name: 'certificate',
    weight: weightOfDate,
    text: (data) => sayDate(data, 'has expired'),
    stage: () => 'expired',
    remedy: renewal,
    step: 'certificates',
  },
  certificate_expiring: {
    name: 'certificate',
    // with a month to go nothing is broken yet, and a unit that is amber for weeks is soon overlooked
    weight: ({ stage_days }) => (stage_days > 7 ? 'note' : 'degraded'),
    text: (data) => sayDate(data, `expires in ${data.days_left} days`),
    stage: ({ stage_days }) => `${stage_days} days`,
    remedy: renewal,
    step: 'certificates',
  },
  file_unused: {
    name: 'renewed file',
    weight: 'degraded',
    text: ({ about, why }) => `${about} was renewed, but is not in use: ${why}`,
    remedy: (_data, { host }) => `${host.check}; ${host.reload}`,
    step: 'certificates',
  },
  config_problem: {
    name: ({ problem }) => formatProblem(problem),
    weight: ({ problem }) => (problem.severity === 'error' ? 'degraded' : 'note'),
    text: ({ problem }) => formatProblem(problem),
    remedy: ({ problem }, { host }) => editOf(problem, host),
    step: 'config',
  },
};

/** One finding of that kind, with its sentence and its remedy on this host. */
export function findingOf<C extends FindingCode>(
  code: C,
  data: FindingData[C],
  context: RemedyContext,
): Finding {
  const kind: Kind<FindingData[C]> = findings[code];
  const { name, weight, text, stage, remedy } = kind;
  const { about, cause }: Shared = data;
  return {
    code,
    key: typeof name === 'function' ? name(data) : about === undefined ? name : `${name} ${about}`,
    weight: typeof weight === 'function' ? weight(data) : weight,
    text: typeof text === 'function' ? text(data) : text,
    ...known({ stage: stage?.(data), about, cause }),
    remedy: typeof remedy === 'function' ? remedy(data, context) : remedy,
  };
}
