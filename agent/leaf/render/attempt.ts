import type { LeafState } from '../../config/agentfile.ts';
import { crossCheck } from '../../config/checks/crosscheck.ts';
import { unreadableFiles } from '../../config/checks/machinefiles.ts';
import { tlsFileProblems } from '../../config/checks/tlsfilecheck.ts';
import type { Config } from '../../config/options.ts';
import type { UnplacedProblem } from '../../config/problem.ts';
import type { ReadBytes } from '../../config/secrets.ts';
import type { ServerProgram } from '../../natsserver/program.ts';
import { quoted } from '../../natsserver/syntax.ts';
import { formatVersion, type ServerVersion } from '../../natsserver/version.ts';
import { leafProblems } from '../conf/checks.ts';
import { renderLeaf } from '../conf/server.ts';
import { userinfo } from '../conf/url.ts';
import type { LeafSecrets } from '../conf/users.ts';
import { type LeafFiles, lookAt } from './files.ts';

/** What a leaf.conf is made from. */
export interface LeafJob {
  readonly files: LeafFiles;
  readonly config: Config;
  readonly secrets: LeafSecrets;
  /** Secrets that could not be read. */
  readonly missing: readonly UnplacedProblem[];
  readonly server: ServerProgram;
  /** Reads a file that the config names, as far as it may. */
  readonly readFile: ReadBytes;
  /** Whether the server itself tests the config. */
  readonly test: boolean;
  /** Whether the leaf.conf that is there is one to keep rather than to do without something. */
  readonly hasLastGood: boolean;
}

/** What came of it. */
export interface LeafAttempt {
  readonly state: LeafState;
  /** The config that leaf.conf was made of; what was asked for, where none was made. */
  readonly used: Config;
  readonly server_version?: string;
  readonly notes: readonly string[];
  readonly problems: readonly UnplacedProblem[];
}

/** What makes a config unfit for a leaf. Errors elsewhere leave an option or a user out, which harms nobody. */
function isUnfit(config: Config, version: ServerVersion, { missing, readFile }: LeafJob): boolean {
  const sections = config.hub.url.length > 0 ? ['leaf', 'hub'] : ['leaf'];
  return [
    ...crossCheck(config),
    ...leafProblems(config, version, lookAt),
    ...unreadableFiles(config),
    ...tlsFileProblems(config, readFile),
    ...missing,
  ].some(
    ({ severity, option = '' }) => severity === 'error' && sections.includes(option.split('.')[0] ?? ''),
  );
}

/** The same unit with nothing but what is needed to be reached through the hub. */
const hubOnly = (config: Config): Config => ({
  ...config,
  user: [],
  leaf: {
    ...config.leaf,
    anonymous: undefined,
    jetstream: false,
    websocket_port: 0,
    websocket_tls: false,
    tls_cert: undefined,
    tls_key: undefined,
    tls_ca: undefined,
    tls_verify: false,
  },
});

const localOnly = (config: Config): Config => ({ ...hubOnly(config), hub: { ...config.hub, url: [] } });

/** Keeps passwords out of what a server complains of its config, as they are and as they stand in it. */
function redact(text: string, { userPasswords, ...others }: LeafSecrets): string {
  return [...Object.values(others), ...Object.values(userPasswords)]
    .flatMap((secret) => [secret, quoted(secret).slice(1, -1), userinfo('', secret).slice(1, -1)])
    .sort((a, b) => b.length - a.length)
    .reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
}

/**
 * Writes leaf.conf. When the config cannot be used, the last good one stays; where there is none, the unit gets
 * what can be had of it, so that it can be reached and reports what is wrong.
 */
export async function attemptLeaf(job: LeafJob): Promise<LeafAttempt> {
  const { files, config, secrets, server, hasLastGood } = job;
  const failed = { state: hasLastGood ? 'last_good' : 'none', used: config, notes: [] } as const;
  const version = await server.version();
  if (!('known' in version)) {
    return { ...failed, problems: [{ option: 'leaf.server', message: version.why, severity: 'error' }] };
  }

  const server_version = formatVersion(version.known);
  const problems = leafProblems(config, version.known, lookAt);
  const lesser = [
    ['hub_only', hubOnly(config)],
    ['local_only', localOnly(config)],
  ] as const;
  for (const [state, used] of [['current', config] as const, ...(hasLastGood ? [] : lesser)]) {
    if (isUnfit(used, version.known, job)) continue;
    const { text, notes } = renderLeaf(used, secrets, version.known, files.dir, config);
    const draft = files.writeDraft(text);
    const refused = job.test ? await server.test(draft) : undefined;
    if (refused === undefined) {
      files.acceptDraft();
      return { state, used, server_version, notes, problems };
    }
    files.dropDraft();
    if (state === 'current') {
      const message = `nats-server refuses the leaf.conf made of it: ${redact(refused, secrets)}`;
      problems.push({ message, severity: 'error' });
    }
  }
  return { ...failed, server_version, problems };
}
