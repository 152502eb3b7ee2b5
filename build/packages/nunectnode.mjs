import { nunect } from './nunect.mjs';

/** For apk, which knows no `node | nunect-javascript`: node as a runtime of nunect. No files. */
export const nunectNode = {
  name: 'nunect-node',
  version: nunect.version,
  architectures: ['all'],
  apkOnly: true,
  maintainer: nunect.maintainer,
  depends: ['node'],
  provides: ['nunect-javascript'],
  source: nunect.source,
  license: nunect.license,
  section: 'net',
  description: 'node as the runtime of nunect',
  files: [],
};
