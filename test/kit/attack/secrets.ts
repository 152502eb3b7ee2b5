import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

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

/** Files in a directory and below that everybody may read, with their contents. */
export function openFiles(dir: string): { readonly path: string; readonly text: string }[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return openFiles(path);
    if (!entry.isFile() || (statSync(path).mode & 0o004) === 0) return [];
    return [{ path, text: readFileSync(path, 'utf8') }];
  });
}

/** What everybody sees of a process and its children, and its environment. */
export function processText(pid: number): string {
  const read = (file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8');
  const children = read(`task/${pid}/children`).trim().split(' ').filter(Boolean).map(Number);
  return [read('cmdline'), read('environ'), read('comm'), ...children.map(processText)].join('\n');
}
