import type { LocalSecrets } from '../../config/agentfile.ts';
import { namingOps, overlap, ownSubjects } from '../../config/checks/subjectoverlap.ts';
import type { Config, Named, SectionValues } from '../../config/options.ts';
import type { OwnerSecrets } from '../../config/secrets.ts';
import type { ConfBlock } from '../../natsserver/syntax.ts';
import { enrolSubjects } from '../../wire/enrol.ts';
import {
  answeredBy,
  echoOf,
  inboxPrefixOf,
  peerInboxPrefixOf,
  publishedBy,
  subjectsOf,
} from '../../wire/subjects.ts';
import { agentUser, monitorUser } from './logins.ts';

/** Passwords that the generated config needs: those of the leaf itself and those the owner gave. */
export type LeafSecrets = OwnerSecrets & Pick<LocalSecrets, 'agent' | 'monitor'>;

type User = Named<SectionValues<'user'>>;

/** Login name of a user section. */
export const loginOf = (user: User): string => user.name ?? user.section;

/** The user section whose rights anonymous clients get. */
export const anonymousUser = (config: Config): User | undefined =>
  config.user.find((user) => loginOf(user) === config.leaf.anonymous);

/** The peers that are probed, without the unit itself. */
const peersOf = (config: Config): string[] =>
  config.probe.map((probe) => probe.unit ?? probe.section).filter((unit) => unit !== config.agent.unit);

const unique = (subjects: readonly string[]): string[] => [...new Set(subjects)];

/** The agent's user: what it publishes, answers and asks, spelled out; wildcards only for replies. */
export function agentLogin(config: Config, password: string): ConfBlock {
  const { enrolled } = config;
  const { unit, role } = config.agent;
  const subjects = subjectsOf(unit, role);
  const replies = [...config.hub.reply_subject, `${inboxPrefixOf(unit)}.>`];
  const echoes = [unit, ...peersOf(config)].map(echoOf);
  return {
    user: agentUser,
    password,
    permissions: {
      publish: unique([
        ...publishedBy(subjects),
        ...echoes,
        ...replies,
        ...(enrolled ? [enrolSubjects.request(enrolled.key)] : []),
      ]),
      subscribe: unique([
        ...answeredBy(subjects),
        `${inboxPrefixOf(unit)}.>`,
        `${peerInboxPrefixOf(unit)}.>`,
        ...(enrolled ? [enrolSubjects.answer(enrolled.key)] : []),
      ]),
    },
  };
}

/** The user of the system account: may ask the server how it and its links are, and nothing else. */
export const monitorLogin = (unit: string, password: string): ConfBlock => ({
  user: monitorUser,
  password,
  permissions: {
    publish: ['VARZ', 'LEAFZ', 'CONNZ'].map((report) => `$SYS.REQ.SERVER.PING.${report}`),
    subscribe: [`${inboxPrefixOf(unit)}.>`],
  },
});

/**
 * What a list of subjects must not reach unless it names it: what the unit itself publishes and answers, and its
 * inboxes. A list that names other subjects of ops allows none of these.
 */
function deniedWithin(allowed: readonly string[], { unit, role }: Config['agent']): string[] {
  const inboxes = [inboxPrefixOf(unit), peerInboxPrefixOf(unit)].map((prefix) => `${prefix}.>`);
  const named = namingOps(allowed);
  const subjects = subjectsOf(unit, role);
  const { echo, timeSync, command } = subjects;
  const reserved = unique([...publishedBy(subjects), ...ownSubjects(unit), echo, timeSync, command]);
  const unnamed = reserved.filter((subject) => !named.some((pattern) => overlap(pattern, subject)));
  const own = [...(named.length === 0 ? ['ops.>'] : unnamed), ...inboxes];
  return own.filter((mine) => allowed.some((pattern) => overlap(pattern, mine)));
}

function permission(allowed: readonly string[], agent: Config['agent']): ConfBlock {
  if (allowed.length === 0) return { deny: ['>'] }; // an empty allow list allows everything
  const deny = deniedWithin(allowed, agent);
  return { allow: unique(allowed), ...(deny.length === 0 ? {} : { deny }) };
}

/**
 * A LAN user with what its section lists, in an array; an empty one when it has nothing to log in with, unless it
 * is the anonymous one, whom everybody may be.
 */
export function lanLogin(config: Config, user: User, secrets: LeafSecrets): ConfBlock[] {
  const permissions = {
    publish: permission(user.publish, config.agent),
    subscribe: permission(user.subscribe, config.agent),
  };
  if (user.nkey !== undefined) return [{ nkey: user.nkey, permissions }];
  const { userPasswords } = secrets;
  // a section may be called `constructor`, which every object seems to have
  const password = Object.hasOwn(userPasswords, user.section) ? userPasswords[user.section] : undefined;
  // a server whose no_auth_user is missing does not start, though `nats-server -t` accepts it
  const isAnonymous = loginOf(user) === config.leaf.anonymous;
  return password === undefined && !isAnonymous ? [] : [{ user: loginOf(user), password, permissions }];
}
