import { resolve } from 'node:path';
import {
  type AgentFile,
  agentFileSchema,
  type EnrolSetup,
  type LeafInfo,
  type LocalSecrets,
  withoutSecrets,
} from '../../config/agentfile.ts';
import { loadConfigFile } from '../../config/file.ts';
import type { Config } from '../../config/options.ts';
import type { Problem, UnplacedProblem } from '../../config/problem.ts';
import { type OwnerSecrets, type ReadBytes, readSecrets } from '../../config/secrets.ts';
import { known } from '../../lib/known.ts';
import type { ServerProgram } from '../../natsserver/program.ts';
import { connectionOf, monitorOf } from '../conf/connection.ts';
import { statePath } from '../statefiles.ts';
import { attemptLeaf, type LeafAttempt } from './attempt.ts';
import { type LeafFiles, newLocalSecrets } from './files.ts';
import { type HandedOver, handOver } from './handover.ts';
import { type AddressOf, onInterface } from './interface.ts';
import { lastGoodHub } from './lastgood.ts';
import type { Rendered } from './outcome.ts';

/** What a rendering starts from. */
export interface RenderInput {
  readonly configFile: string;
  readonly boot: string;
  /** Whether the server itself tests the config. */
  readonly test: boolean;
  readonly serverOf: (program: string) => ServerProgram;
  /** Read a secret, and any file, that the config names: as far as it may name it. */
  readonly readSecret: ReadBytes;
  readonly readFile: ReadBytes;
  /** Whether a derived unit id is kept for ever. */
  readonly keepUnit: boolean;
  /** Where the hub settings that last joined outlive a reboot. */
  readonly keepDir?: string;
  /** Folder of the enrolment. */
  readonly enrolDir?: string;
  readonly addressOf: AddressOf;
}

/** What one run of render knows and does not change. */
interface Run {
  readonly files: LeafFiles;
  readonly input: RenderInput;
  readonly before: Rendered;
  readonly local: LocalSecrets;
  /** Of reading the config. */
  readonly problems: readonly Problem[];
  readonly enrol: EnrolSetup;
}

/** The config as it is used, with the secrets that its options name, and with what nats-server is given of its files. */
interface Asked {
  readonly config: Config;
  readonly handed: HandedOver;
  readonly secrets: OwnerSecrets;
  readonly findings: readonly UnplacedProblem[];
}

/** The problems of the config and these, without what is mentioned twice. */
function problemsAnd({ problems, input }: Run, findings: readonly UnplacedProblem[]): Problem[] {
  const mentioned = new Set(problems.map(({ option, severity }) => `${severity} ${option ?? ''}`));
  const isNew = ({ option, severity }: UnplacedProblem): boolean =>
    option === undefined || !mentioned.has(`${severity} ${option}`);
  return [...problems, ...findings.filter(isNew).map((finding) => ({ file: input.configFile, ...finding }))];
}

/** Writes agent.json for `config`; the agent connects by the config that leaf.conf was made of. */
function commitNew(
  run: Run,
  { config, handed, secrets, findings }: Asked,
  { used = handed.config, leaf }: { readonly used?: Config; readonly leaf?: LeafInfo } = {},
): AgentFile {
  return run.files.commit({
    schema: agentFileSchema,
    config: withoutSecrets(config),
    problems: problemsAnd(run, findings),
    connection: connectionOf(used, run.local, secrets),
    ...monitorOf(used, run.local),
    ...known({ leaf, copies: handed.copies }),
    local: run.local,
    enrol: run.enrol,
    config_file: resolve(run.input.configFile),
  });
}

const isGood = (leaf: LeafInfo | undefined): boolean =>
  leaf?.state === 'current' || leaf?.state === 'last_good';

const hasHubError = (findings: readonly UnplacedProblem[]): boolean =>
  findings.some(({ option = '', severity }) => severity === 'error' && option.startsWith('hub.'));

/** Makes leaf.conf, and the hub settings to fall back to. */
async function renderManaged(run: Run, asked: Asked): Promise<AgentFile> {
  const { files, input, before, local } = run;
  const { config, handed, secrets } = asked;
  const lastGood = lastGoodHub(files, input.keepDir);
  const unkept = lastGood.keepJoined();
  const server = input.serverOf(config.leaf.server);
  const { used, problems, ...attempt }: LeafAttempt = await attemptLeaf({
    files,
    config: handed.config,
    secrets: { ...secrets, agent: local.agent, monitor: local.monitor },
    missing: asked.findings,
    server,
    readFile: input.readFile,
    test: input.test,
    hasLastGood: before.conf !== undefined && isGood(before.agentFile?.leaf),
  });
  const findings = [...asked.findings, ...problems];
  const last = before.agentFile;
  if (attempt.state === 'last_good' && last?.leaf !== undefined) {
    const leaf: LeafInfo = { ...last.leaf, state: 'last_good' };
    return files.commit({ ...last, leaf, problems: problemsAnd(run, findings) });
  }
  if (attempt.state === 'none') files.removeConf();
  const isHubWrong = hasHubError([...run.problems, ...findings]);
  const inUse = await lastGood.apply({ config, isHubWrong, server, test: input.test });
  const { adopted, problems: unkeptNow, ...hub } = inUse;
  const state = adopted !== undefined && attempt.state === 'local_only' ? 'hub_only' : attempt.state;
  const paths = {
    conf: statePath(files.dir, 'conf'),
    state_dir: statePath(files.dir, 'state'),
    ...known({ keep_dir: input.keepDir }),
  };
  return commitNew(
    run,
    {
      config: adopted === undefined ? config : { ...config, hub: { ...config.hub, url: adopted } },
      handed,
      secrets,
      findings: [...findings, ...unkept, ...unkeptNow],
    },
    { used, leaf: { ...attempt, state, ...paths, ...hub } },
  );
}

/** Writes leaf.conf and agent.json, and gives the agent.json that is there now. */
export async function renderInto(files: LeafFiles, before: Rendered, input: RenderInput): Promise<AgentFile> {
  const last = before.agentFile;
  const local = last?.local ?? newLocalSecrets(input.boot);
  const {
    config: loaded,
    problems,
    enrol,
  } = loadConfigFile(input.configFile, {
    keepUnit: input.keepUnit,
    ...known({ lastGood: last?.config, enrolDir: input.enrolDir }),
  });
  const run: Run = { files, input, before, local, problems, enrol };
  // a file that cannot be read at all: what runs goes on, for its secrets are not known here
  if (last !== undefined && loaded === last.config)
    return files.commit({ ...last, problems: problemsAnd(run, []) });

  const { config, findings } = onInterface(loaded, input.addressOf);
  const { secrets, findings: unread } = readSecrets(config, input.readSecret);
  const asked: Asked = {
    config,
    handed: handOver(files, config, input.readFile),
    secrets,
    findings: [...unread, ...findings],
  };
  if (config.leaf.mode === 'managed') return renderManaged(run, asked);
  files.removeConf();
  files.removeFallback();
  return commitNew(run, asked);
}
