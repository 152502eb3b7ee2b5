import { join } from 'node:path';

/**
 * The files of an enrolment, in `enrol` below /etc/nunect: a folder of user nunect, 0700. Root writes nothing in it and
 * follows no link out of it. No secret of it is in any file elsewhere.
 */
export const enrolFiles = {
  /** The seed of the device's nkey, made once. */
  seed: 'seed',
  /** What the hub answered. JSON; the other two are made of it. */
  hub: 'hub.json',
  /** Login of the link: JWT and seed. */
  creds: 'unit.creds',
  /** The hub's own CA. */
  ca: 'ca.pem',
} as const;

/** Where the enrolment of a unit is, by the folder that outlives reboots. */
export const enrolDirOf = (keepDir: string): string => join(keepDir, 'enrol');

/** Whether a creds file is that of an enrolment. */
export const isEnrolledCreds = (path: string): boolean =>
  path.endsWith(`/${enrolDirOf('')}/${enrolFiles.creds}`);
