// `make truth-mutations`: undoes each mend of the clock's judgment in turn, in a copy of the sources, and demands that
// the unit tests of the clock fail without it. Exits with 1 when they do not.
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newOwner } from '../kit/process/cleanup.ts';
import { runToEnd, tempDir } from '../kit/process/daemon.ts';
import { projectRoot } from '../kit/process/tools.ts';
import { mutations } from './mutationlist.ts';

/** A copy of the checkout of which only agent/ is its own. */
function copyOf(dir: string): string {
  for (const name of readdirSync(projectRoot)) {
    if (name === '.git' || name === 'agent' || name === 'test') continue;
    symlinkSync(join(projectRoot, name), join(dir, name));
  }
  for (const name of ['agent', 'test']) cpSync(join(projectRoot, name), join(dir, name), { recursive: true });
  return dir;
}

async function main(): Promise<number> {
  const owner = newOwner();
  const copy = copyOf(tempDir(owner, 'mutations'));
  const unseen: string[] = [];
  const passes = async (): Promise<boolean> =>
    (await runToEnd('test/run.sh', ['test/unit/clock'], { cwd: copy, env: process.env })).code === 0;
  if (!(await passes())) throw new Error('the tests fail with all mends in place');
  for (const { mend, file, code, without } of mutations) {
    const path = join(copy, 'agent/clock', file);
    const source = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      source.replace(code, () => without),
    );
    const isUnseen = await passes();
    writeFileSync(path, source);
    console.log(`${isUnseen ? 'UNSEEN' : 'seen  '} without: ${mend}`);
    if (isUnseen) unseen.push(mend);
  }
  await owner.end();
  return unseen.length;
}

main().then(
  (unseen) => process.exit(unseen === 0 ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
