import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { nkeys } from '@nats-io/transport-node';
import type { Cleanup } from '../process/cleanup.ts';

/** Secrets by what they are for. */
export type Planted = Readonly<Record<string, string>>;

/** What is left of a text in base64 wherever it stands in the encoded bytes: the edges depend on what is around. */
const base64Of = (text: string): string[] =>
  [0, 1, 2].map((shift) => {
    const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]);
    const whole = bytes.subarray(0, bytes.length - (bytes.length % 3)).toString('base64');
    return whole.slice(shift === 0 ? 0 : 4);
  });

/** The forms in which a secret could show itself. */
function formsOf(secret: string): string[] {
  const escaped = JSON.stringify(secret).slice(1, -1);
  const encoded = encodeURIComponent(secret);
  return [
    secret,
    escaped,
    JSON.stringify(escaped).slice(1, -1),
    encoded,
    encoded.toLowerCase(),
    ...base64Of(secret),
  ];
}

/** Names of the secrets that a text holds in whatever form. */
export const leaksIn = (text: string, planted: Planted): string[] =>
  Object.entries(planted).flatMap(([name, secret]) =>
    formsOf(secret).some((form) => text.includes(form)) ? [name] : [],
  );

/** A file and what is in it. */
interface FileText {
  readonly path: string;
  readonly text: string;
}

function pathsIn(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return pathsIn(path);
    return entry.isFile() ? [path] : [];
  });
}

/** Files in a directory and below that everybody may read, with their contents. */
export const openFiles = (dir: string): FileText[] =>
  pathsIn(dir)
    .filter((path) => (statSync(path).mode & 0o004) !== 0)
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));

/** All files in a directory and below, each byte as one character. */
export const allFiles = (dir: string): FileText[] =>
  pathsIn(dir).flatMap((path) => {
    try {
      return [{ path, text: readFileSync(path, 'latin1') }];
    } catch {
      return []; // a server has removed it meanwhile
    }
  });

/** The seed of an nkey as text, and as the bytes that it stands for. */
export const seedForms = (name: string, seed: string): Planted => {
  const text = seed.trim();
  const pair = nkeys.fromSeed(Buffer.from(text)) as unknown as { getRawSeed(): Uint8Array };
  const raw = Buffer.from(pair.getRawSeed());
  const encoded = (['hex', 'base64', 'base64url'] as const).map((encoding) => [
    `${name} in ${encoding}`,
    raw.toString(encoding).slice(0, 42), // the last digit depends on what follows
  ]);
  return { [name]: text, [`${name} in bytes`]: raw.toString('latin1'), ...Object.fromEntries(encoded) };
};

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

/** What everybody sees of a process and its children, and its environment. */
export function processText(pid: number): string {
  const read = (file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8');
  return [read('cmdline'), read('environ'), read('comm'), ...childrenOf(pid).map(processText)].join('\n');
}

const lookEvery_ms = 20;

/** Looks at all that runs below this process until its owner ends; gives what was seen. */
export function watchProcesses(owner: Cleanup): () => string {
  const seen = new Set<string>();
  const look = (pid: number): void => {
    try {
      for (const child of childrenOf(pid)) {
        look(child);
        for (const file of ['cmdline', 'environ']) seen.add(readFileSync(`/proc/${child}/${file}`, 'utf8'));
      }
    } catch {
      // one has ended: the next look tells
    }
  };
  const timer = setInterval(() => look(process.pid), lookEvery_ms);
  owner.after(() => clearInterval(timer));
  return () => [...seen].join('\n');
}
