// Which packages went into a bundle, and under which terms.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const rule = '='.repeat(78);
const isTerms = (file) => /^(licen[cs]e|copying|notice)/i.test(file);

/** Folder of the package that a bundled file belongs to, or undefined for a file of our own. */
const packageOf = (input) => input.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0];

/** The licence texts that lie in a folder, in the order of their names. */
export const termsIn = (folder) =>
  readdirSync(folder)
    .filter(isTerms)
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trimEnd());

/** One part of a THIRD_PARTY.txt: a title and the texts below it; without any it throws. */
export function termsPart(title, texts) {
  if (texts.length === 0) throw new Error(`${title} ships no licence text: it cannot be packaged`);
  return `${rule}\n${title}\n${rule}\n\n${texts.join('\n\n')}\n`;
}

/** The text of THIRD_PARTY.txt for the inputs of a bundle (paths in esbuild's metafile, from `root`). */
export function thirdParty(root, inputs) {
  const folders = [...new Set(inputs.map(packageOf))].filter((folder) => folder !== undefined).sort();
  const titles = new Map(); // by their texts: most of the packages share one
  for (const folder of folders.map((path) => join(root, path))) {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const text = termsIn(folder).join('\n\n');
    titles.set(text, [...(titles.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  const parts = [...titles].map(([text, names]) => termsPart(names.join('\n'), text === '' ? [] : [text]));
  return ['nunect contains these packages, each under the terms below its name.\n', ...parts].join('\n');
}
