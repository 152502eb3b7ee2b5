import { type AgentFile, agentFileSchema, type LeafInfo, withoutSecrets } from '../../config/agentfile.ts';
import { loadConfigFile } from '../../config/file.ts';
import type { Config } from '../../config/options.ts';
import type { UnplacedProblem } from '../../config/problem.ts';
import { type ReadText, readSecrets } from '../../config/secrets.ts';
import { connectionOf, monitorOf } from '../conf/connection.ts';
import { attemptLeaf, type LeafAttempt } from './attempt.ts';
import { type LeafFiles, newLocalSecrets, type Rendered } from './files.ts';
import { type AddressOf, onInterface } from './interface.ts';
import { hubGood } from './lastgood.ts';
import type { LeafServer } from './server.ts';

/** What a rendering starts from. */
export interface RenderInput {
  readonly configFile: string;
  readonly boot: string;
  /** Whether the server itself tests the config. */
  readonly test: boolean;
  readonly serverOf: (program: string) => LeafServer;
  readonly readText: ReadText;
  /** Whether a derived unit id is kept for ever. */
  readonly keepUnit: boolean;
  /** Where the hub settings that last joined outlive a reboot. */
  readonly keepDir?: string;
  readonly addressOf: AddressOf;
}

const isGood = (leaf: LeafInfo | undefined): boolean =>
  leaf?.state === 'current' || leaf?.state === 'last_good';

/** Writes leaf.conf and agent.json, and gives the agent.json that is there now. */
export async function renderInto(files: LeafFiles, before: Rendered, input: RenderInput): Promise<AgentFile> {
  const last = before.agentFile;
  const local = last?.local ?? newLocalSecrets(input.boot);
  const { keepUnit, configFile } = input;
  const lastGood = last === undefined ? {} : { lastGood: last.config };
  const loaded = loadConfigFile(configFile, { keepUnit, ...lastGood });
  const { problems } = loaded;
  let { config } = loaded;

  const mentioned = new Set(problems.map(({ option, severity }) => `${severity} ${option ?? ''}`));
  const problemsAnd = (findings: readonly UnplacedProblem[]): AgentFile['problems'] => [
    ...problems,
    ...findings
      .filter(({ option, severity }) => option === undefined || !mentioned.has(`${severity} ${option}`))
      .map((finding) => ({ file: configFile, ...finding })),
  ];
  const write = (file: AgentFile): AgentFile => {
    files.writeAgentFile(file);
    return file;
  };
  // a file that cannot be read at all: what runs goes on, for its secrets are not known here
  if (last !== undefined && config === last.config) return write({ ...last, problems: problemsAnd([]) });

  const listening = onInterface(config, input.addressOf);
  config = listening.config;
  const { secrets: owner, findings: unread } = readSecrets(config, input.readText);
  const findings = [...unread, ...listening.findings];
  const writeNew = (used: Config, found: readonly UnplacedProblem[], leaf: { leaf?: LeafInfo }): AgentFile =>
    write({
      schema: agentFileSchema,
      config: withoutSecrets(config),
      problems: problemsAnd([...findings, ...found]),
      connection: connectionOf(used, local, owner),
      ...monitorOf(used, local),
      ...leaf,
      local,
    });
  if (config.leaf.mode !== 'managed') {
    files.removeConf();
    files.removeFallback();
    return writeNew(config, [], {});
  }
  const good = hubGood(files, input.keepDir);
  const unkept = good.learn(files.readConf());

  const {
    used,
    problems: found,
    ...outcome
  }: LeafAttempt = await attemptLeaf({
    files,
    config,
    secrets: { ...owner, agent: local.agent, monitor: local.monitor },
    missing: findings,
    server: input.serverOf(config.leaf.server),
    test: input.test,
    hasLastGood: before.conf !== undefined && isGood(last?.leaf),
  });
  if (outcome.state === 'last_good' && last?.leaf !== undefined) {
    const leaf: LeafInfo = { ...last.leaf, state: 'last_good' };
    return write({ ...last, leaf, problems: problemsAnd([...findings, ...found]) });
  }
  if (outcome.state === 'none') files.removeConf();
  const isHubWrong = [...problems, ...findings, ...found].some(
    ({ option = '', severity }) => severity === 'error' && option.startsWith('hub.'),
  );
  const server = input.serverOf(config.leaf.server);
  const { adopted, ...hub } = await good.settle({ config, isHubWrong, server, test: input.test });
  if (adopted !== undefined) config = { ...config, hub: { ...config.hub, url: adopted } };
  const state = adopted !== undefined && outcome.state === 'local_only' ? 'hub_only' : outcome.state;
  const leaf: LeafInfo = { ...outcome, state, conf: files.conf, state_dir: files.state, ...hub };
  return writeNew(used, [...found, ...unkept], { leaf });
}
