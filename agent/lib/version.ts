declare const NUNECT_VERSION: string | undefined;

/** The project's version: from package.json at build time; 'dev' when the sources run unbundled. */
export const version: string = typeof NUNECT_VERSION === 'string' ? NUNECT_VERSION : 'dev';

const { node, bun } = process.versions as { node: string; bun?: string };

/** What runs it. Under Bun, `node` is the release that Bun takes itself for. */
export const runtime: { readonly node: string; readonly bun?: string } =
  bun === undefined ? { node: `v${node}` } : { node: `v${node}`, bun };
