declare const NUNECT_VERSION: string | undefined;

/** The project's version: from package.json at build time; 'dev' when the sources run unbundled. */
export const version: string = typeof NUNECT_VERSION === 'string' ? NUNECT_VERSION : 'dev';
