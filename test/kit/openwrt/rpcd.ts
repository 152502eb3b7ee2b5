import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Cleanup } from '../process/cleanup.ts';
import { runToEnd, tempDir } from '../process/daemon.ts';
import { need, projectRoot } from '../process/tools.ts';

/** rpcd's plugin `nunect` under busybox ash, in a directory that stands for the root of a router. */
export interface RpcdStage {
  /** What /var/run/nunect is: a directory with an agent.json, or nothing. */
  rendered(dir: string | undefined): void;
  /** Makes a program of this shell text, such as `usr/bin/nunect` or `etc/init.d/nunect`. */
  program(path: string, text: string): void;
  /** Runs the plugin as rpcd does. */
  run(
    words: readonly string[],
    input?: string,
  ): Promise<{ code: number | null; stdout: string; stderr: string }>;
}

const source = 'openwrt/luci-app-nunect/root/usr/libexec/rpcd/nunect';

/** OpenWrt's has these expressions and more: a path, in a file or in what comes in. */
const jsonfilter = `
  const [first, file] = process.argv.slice(2);
  const text = require('fs').readFileSync(first === '-i' ? file : 0, 'utf8');
  const path = process.argv.at(-1);
  let value;
  try {
    value = path.split('.').slice(1).reduce((at, name) => at?.[name], JSON.parse(text));
  } catch {
    process.exit(126);
  }
  if (value === undefined) process.exit(1);
  console.log(String(value));`;

/** OpenWrt's wget is uclient-fetch, which this machine has not; busybox's own, linked statically, dies of -T. */
const wget = `
  const [quiet, limit, seconds, output, to, url] = process.argv.slice(2);
  if (quiet + limit + output + to !== '-q-T-O-') process.exit(2);
  const signal = AbortSignal.timeout(Number(seconds) * 1000);
  fetch(url, { signal }).then((reply) => reply.text()).then((text) => process.stdout.write(text), () => process.exit(4));`;

/** Every program but those of busybox is a stand-in that a test gives. */
export function rpcdStage(owner: Cleanup): RpcdStage {
  const root = tempDir(owner, 'rpcd');
  const at = (path: string): string => join(root, path);
  for (const dir of ['var/run', 'bin', 'usr/bin']) mkdirSync(at(dir), { recursive: true });
  for (const name of ['sh', 'sed', 'awk', 'tr', 'head', 'ip'])
    symlinkSync(need('busybox'), at(`bin/${name}`));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text);
    chmodSync(at(path), 0o755);
  };
  const program = (path: string, text: string): void => write(path, `#!${at('bin/sh')}\n${text}\n`);
  for (const [name, text] of Object.entries({ jsonfilter, wget })) {
    write(`${name}.cjs`, text);
    program(`bin/${name}`, `exec ${process.execPath} ${at(`${name}.cjs`)} "$@"`);
  }
  write(
    'plugin',
    readFileSync(join(projectRoot, source), 'utf8')
      .replace('#!/bin/sh', `#!${at('bin/sh')}`)
      .replace(/(?<![\w/$}"])\/(?=(var|etc)\/)/g, `${root}/`),
  );
  const rendered = at('var/run/nunect');
  return {
    program,
    rendered(dir) {
      rmSync(rendered, { force: true });
      if (dir !== undefined) symlinkSync(dir, rendered);
    },
    run: (words, input = '{}') =>
      runToEnd(at('plugin'), words, { env: { PATH: `${at('bin')}:${at('usr/bin')}` }, input }),
  };
}
