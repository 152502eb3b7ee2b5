import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { runBuild } from '../openwrt/ipk.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { tempDir } from '../process/daemon.ts';
import { projectRoot } from '../process/tools.ts';

/** A folder in which the client library lies as npm would install it from its tarball, with nats.js and the examples. */
export interface InstalledClient {
  readonly dir: string;
  /** The tarball that it was taken from. */
  readonly tarball: string;
  /** The library as one file, as a page loads it. */
  readonly library: string;
}

/** Builds the tarball and unpacks it where node looks for modules. */
export function installClient(owner: Cleanup): InstalledClient {
  const dir = tempDir(owner, 'client');
  const modules = join(dir, 'node_modules');
  mkdirSync(modules);
  execFileSync(process.execPath, [join(projectRoot, 'build/client.mjs'), '--out', dir]);
  const made = runBuild('packages.mjs', ['--only', 'nunect-client', '--dist', dir, '--out', dir]);
  const [, name = ''] = /([^\s/]+\.tgz) \(/.exec(made.stdout) ?? [];
  const tarball = join(dir, name);
  if (made.status !== 0) throw new Error(`packages.mjs: ${made.stderr}`);
  execFileSync('tar', ['-xzf', tarball, '-C', modules]);
  renameSync(join(modules, 'package'), join(modules, 'nunect-client'));
  for (const name of ['@nats-io', '@types'])
    symlinkSync(join(projectRoot, 'node_modules', name), join(modules, name));
  for (const name of ['client.mjs', 'node.mjs'])
    copyFileSync(join(projectRoot, 'config/clients', name), join(dir, name));
  return { dir, tarball, library: join(modules, 'nunect-client/nunect-client.js') };
}

/** nats.js for browsers as one file, as the example page's comment says to make it. */
export function browserNats(dir: string): string {
  const file = join(dir, 'nats-core.mjs');
  const stdin = {
    contents:
      "export { wsconnect, headers, credsAuthenticator, nkeyAuthenticator } from '@nats-io/nats-core'",
    resolveDir: projectRoot,
  };
  buildSync({ stdin, bundle: true, format: 'esm', outfile: file, logLevel: 'error' });
  return file;
}

/**
 * A page of one file that is a client: told where and who by its address, as `?server=`, `user`, `pass`, `clock` and
 * `client`, which is the id. It logs with each level, and sends heartbeats.
 */
export function clientPage({ dir, library }: InstalledClient): string {
  const source = `
    import * as nats from '@nats-io/nats-core';
    import { openClient } from '${library}';
    const { server: servers, user, pass: password, clock } = Object.fromEntries(new URLSearchParams(location.search));
    const client = openClient(nats, { servers, login: { user, password }, clock, heartbeat_s: 1 });
    client.on((event) => console.log(JSON.stringify(event)));
    for (const level of ['debug', 'info', 'warn', 'error', 'fatal'])
      client.logger[level]('page', { agent: navigator.userAgent, error: new Error(level) });`;
  const stdin = { contents: source, resolveDir: projectRoot };
  const { outputFiles } = buildSync({ stdin, bundle: true, format: 'iife', write: false, logLevel: 'error' });
  const page = join(dir, 'client.html');
  const script = outputFiles[0]?.text.replaceAll('</script', '<\\/script') ?? '';
  writeFileSync(page, `<!doctype html><meta charset="utf-8"><title>client</title><script>${script}</script>`);
  return page;
}
