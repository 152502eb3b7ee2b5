import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const { version, license, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const types = readdirSync(join(root, 'config/clients/nunect-client/src')).map((name) => {
  const path = `types/${name.replace('.ts', '.d.ts')}`;
  return [path, 0o644, `dist/nunect-client/${path}`];
});

/** The client library for apps as an npm package; which library of nats.js connects is the app's choice. */
export const nunectClient = {
  name: 'nunect-client',
  version,
  description: "An app on a nunect backbone: connection, log records, echoes, and a unit's time",
  license,
  engines,
  type: 'module',
  sideEffects: false,
  exports: { '.': { types: './types/index.d.ts', default: './nunect-client.js' } },
  // path in the package, mode, path in the project
  sources: [
    ['LICENSE', 0o644, 'LICENSE'],
    ['README.md', 0o644, 'build/packages/nunect-client/README.md'],
    ['nunect-client.js', 0o644, 'dist/nunect-client/nunect-client.js'],
    ...types,
  ],
};
