import type { Config } from '../../../agent/config/options.ts';
import type { LeafSecrets } from '../../../agent/leaf/conf/users.ts';
import { loadUci } from '../unit/config.ts';

/** What a UCI text means, for a unit of that id; mistakes in it fail the test. */
export function configOf(uci: string, unit = 'demo-01'): Config {
  const stat = () => ({ kind: 'unknown' }) as const;
  const { config, problems } = loadUci(uci, { unit, stat });
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(`the config of a test has errors: ${JSON.stringify(errors)}`);
  return config;
}

/** The defaults with some options set otherwise. */
export const withOptions = (
  changes: { readonly [S in 'agent' | 'hub' | 'leaf' | 'time' | 'ptp' | 'status']?: Partial<Config[S]> },
  more: Partial<Pick<Config, 'user' | 'probe'>> = {},
): Config => {
  const base = configOf('');
  return {
    ...base,
    ...more,
    agent: { ...base.agent, ...changes.agent },
    hub: { ...base.hub, ...changes.hub },
    leaf: { ...base.leaf, ...changes.leaf },
    time: { ...base.time, ...changes.time },
    ptp: { ...base.ptp, ...changes.ptp },
    status: { ...base.status, ...changes.status },
  };
};

/** A user section with its defaults. */
export const userSection = (
  section: string,
  options: Partial<Config['user'][number]> = {},
): Config['user'][number] => ({
  section,
  name: section,
  password: undefined,
  password_file: undefined,
  nkey: undefined,
  publish: [],
  subscribe: [],
  ...options,
});

/** Secrets that are the same in every run. */
export const secretsOf = (config: Config): LeafSecrets => ({
  agent: 'agent-password',
  monitor: 'monitor-password',
  ...(config.hub.password === undefined ? {} : { hubPassword: config.hub.password }),
  ...(config.hub.nkey_file === undefined ? {} : { hubNkeySeed: 'SUAEXAMPLE' }),
  userPasswords: Object.fromEntries(
    config.user.flatMap(({ section, password }) => (password === undefined ? [] : [[section, password]])),
  ),
});
