// Which packages went into a bundle, and under which terms.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const rule = '='.repeat(78);
const isTerms = (file) => /^(licen[cs]e|copying|notice)/i.test(file);

/** Folder of the package that a bundled file belongs to, or undefined for a file of our own. */
const packageOf = (input) => input.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0];

function termsOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const texts = readdirSync(folder)
    .filter(isTerms)
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trimEnd());
  if (texts.length === 0) throw new Error(`${folder} ships no licence text: it cannot be bundled`);
  return `${rule}\n${name} ${version} (${license})\n${rule}\n\n${texts.join('\n\n')}\n`;
}

/** The text of THIRD_PARTY.txt for the inputs of a bundle (paths in esbuild's metafile, from `root`). */
export function thirdParty(root, inputs) {
  const folders = [...new Set(inputs.map(packageOf))].filter((folder) => folder !== undefined).sort();
  const parts = folders.map((folder) => termsOf(join(root, folder)));
  return ['nunect contains these packages, each under its own terms.\n', ...parts].join('\n');
}
