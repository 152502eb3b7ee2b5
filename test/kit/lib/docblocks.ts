import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../process/tools.ts';

/** The fenced blocks of one language in a Markdown file of the project. */
export const blocksOf = (file: string, language: string): string[] =>
  [...readFileSync(join(projectRoot, file), 'utf8').matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(
    ([, name, text = '']) => (name === language ? [text] : []),
  );
