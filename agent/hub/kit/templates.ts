// What those may do who log in at the hub with a JWT of a scoped signing key: from the wire contract. Pure.
import { enrolSubjects, longestEnrolText } from '../../wire/enrol.ts';
import {
  answeredBy,
  echoOf,
  inboxPrefixOf,
  peerInboxPrefixOf,
  publishedBy,
  subjectsOf,
} from '../../wire/subjects.ts';
import type { Template } from './jwt.ts';

/** What the server puts in place of these: the name in the JWT, its public key, and its tag `role:...`. */
const name = '{{name()}}';
const publicKey = '{{subject()}}';
const role = '{{tag(role)}}';

const client = ['STANDARD', 'WEBSOCKET'];
const leaf = ['LEAFNODE', 'LEAFNODE_WS'];

/** The tag of a unit's JWT that has its role. */
export const roleTag = (of: string): string => `role:${of}`;

/** A unit, whose id is the name: by its leaf, or itself a client of the hub. Its own subjects, any peer's echo, its renewal. */
export const unitTemplate: Template = (() => {
  const own = subjectsOf(name, role);
  const inbox = `${inboxPrefixOf(name)}.>`;
  return {
    publish: [
      ...publishedBy(own),
      echoOf('*'), // at the end, where it hides nothing: facts of nats-server say that of one in the middle
      '_INBOX.>',
      inbox, // as a client of the hub it answers its own echo
      enrolSubjects.request(publicKey),
    ],
    subscribe: [...answeredBy(own), inbox, `${peerInboxPrefixOf(name)}.>`, enrolSubjects.answer(publicKey)],
    by: [...client, ...leaf],
    payload: -1,
    subs: -1,
  };
})();

const asks = (subscribe: string): Template => ({
  publish: [enrolSubjects.request(name)],
  subscribe: [`${inboxPrefixOf(name)}.>`, subscribe],
  by: client,
  payload: longestEnrolText,
  subs: 8, // more than it needs
});

/** A token, whose id is the name: asks, and hears the answer for whichever key the router has made. */
export const tokenTemplate: Template = asks(enrolSubjects.answer('*'));

/** A unit whose JWT has run out; the name is its public key. */
export const renewTemplate: Template = asks(enrolSubjects.answer(name));
