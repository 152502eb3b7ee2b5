// Lets node load the project's .ts files directly: tests and generators run the sources, not a build.
// What esbuild made of a file is kept under node_modules/.cache, so that a run starts esbuild for changed files only.
const { createHash, randomUUID } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { version } = require('esbuild/package.json');

const cache = join(__dirname, '../node_modules/.cache/nunect');

const options = {
  loader: 'ts',
  format: 'cjs',
  target: 'node20',
  supported: { 'dynamic-import': false }, // node would load by itself what is imported later
  sourcemap: 'inline',
  sourcesContent: false,
};
const made = `${version} ${JSON.stringify(options)}`;

const transform = (source, filename) =>
  require('esbuild').transformSync(source, { ...options, sourcefile: filename }).code;

function load(filename) {
  const source = readFileSync(filename, 'utf8');
  const key = createHash('sha256').update(`${made}\n${filename}\n${source}`).digest('hex');
  const kept = join(cache, `${key}.js`);
  try {
    return readFileSync(kept, 'utf8');
  } catch {
    const code = transform(source, filename);
    const draft = `${kept}.${randomUUID()}`; // no pid: test files run in pid namespaces, where two have the same
    mkdirSync(cache, { recursive: true });
    writeFileSync(draft, code);
    renameSync(draft, kept); // test files run side by side: never show half a file
    return code;
  }
}

require.extensions['.ts'] = (module, filename) => module._compile(load(filename), filename);
