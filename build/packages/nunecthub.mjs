import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const { version, license, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** What the records of units look like, for programs that read them. */
const schemas = readdirSync(join(root, 'docs/schema')).map((name) => [
  `schema/${name}`,
  0o644,
  `docs/schema/${name}`,
]);

/** The operator's program as an npm package; it depends on no other. */
export const nunectHub = {
  name: 'nunect-hub',
  version,
  description:
    "Operator's commands for a NATS backbone of nunect units: all of them at a glance, and their echoes",
  license,
  engines,
  bin: { 'nunect-hub': 'nunect-hub.cjs' },
  man: ['nunect-hub.1'],
  // path in the package, mode, path in the project
  sources: [
    ['LICENSE', 0o644, 'LICENSE'],
    ['README.md', 0o644, 'build/packages/nunect-hub/README.md'],
    ['THIRD_PARTY.txt', 0o644, 'dist/THIRD_PARTY-hub.txt'],
    ['nunect-hub.1', 0o644, 'docs/man/nunect-hub.1'],
    ['nunect-hub.bash', 0o644, 'config/completion/nunect-hub.bash'],
    ['nunect-hub.cjs', 0o755, 'dist/nunect-hub.cjs'],
    ['nunect-hub.service', 0o644, 'config/systemd/nunect-hub.service'],
    ...schemas,
  ],
};
