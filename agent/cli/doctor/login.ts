import type { AgentFile } from '../../config/agentfile.ts';
import type { CauseCode } from '../../leaf/causes.ts';
import { causeOfLink } from '../../leaf/linkcause.ts';
import { logTo } from '../../lib/log.ts';
import { systemTicker } from '../../lib/ticker.ts';
import { type Link, openLink } from '../../nats/link.ts';
import { inboxPrefixOf } from '../../wire/subjects.ts';
import type { DoctorFacts } from './facts.ts';

const connect_ms = 3000;

/** Connects where the agent connects, as the agent or as another user. */
export const openAs = (
  { connection, config }: AgentFile,
  signal: AbortSignal,
  user: { readonly user?: string; readonly password?: string } = {},
): Link => {
  const { user: name, password } = user;
  const login = name === undefined || password === undefined ? {} : { user: name, password };
  return openLink(
    { ticker: systemTicker(), log: logTo(() => {}) },
    { ...connection, ...login, name: 'nunect doctor', inboxPrefix: inboxPrefixOf(config.agent.unit) },
    signal,
  );
};

/** Why nobody can log in as the agent does, with the cause where it is known; undefined once it was done. */
export async function whyNoLogin({
  file,
  signal,
}: DoctorFacts): Promise<{ readonly detail: string; readonly code: CauseCode | undefined } | undefined> {
  if (file === undefined) return { detail: 'how to log in is not known', code: undefined };
  const { now_ms } = systemTicker();
  const link = openAs(file, signal);
  try {
    const until_ms = now_ms() + connect_ms;
    for (;;) {
      const { connected, lastError } = link.state();
      if (connected) return undefined;
      if (lastError !== undefined) return { detail: lastError.text, code: causeOfLink(lastError) };
      if (now_ms() > until_ms) return { detail: 'no answer in time', code: 'timeout' };
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    await link.stop();
  }
}
