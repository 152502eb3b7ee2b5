// Splits a program into a few files, so that a process loads no more than it needs. esbuild finds which modules each thing
// that is imported later reaches: it makes a chunk, an ES module, of each set of modules that go together. This puts the
// chunks together again, as files of CommonJS, since the dependencies are that. What a file takes from another one it takes
// when it is loaded.
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const idOf = (path) => basename(path, '.js');
/** The hash that esbuild gives to a chunk. */
const keyOf = (id) => id.slice(id.lastIndexOf('-') + 1);

/** The chunks of `entry` by their ids; each with its code, what it exports, and what it imports at once and later. */
async function chunksOf(entry, options) {
  const { metafile, outputFiles } = await build({
    ...options,
    entryPoints: [{ in: entry, out: 'main' }],
    outdir: '.',
    format: 'esm',
    splitting: true,
    sourcemap: 'inline',
  });
  const texts = new Map(outputFiles.map(({ path, text }) => [idOf(path), text]));
  const described = Object.entries(metafile.outputs).map(([path, { imports, exports, entryPoint }]) => {
    const of = (kind) =>
      imports.filter((one) => one.kind === kind && !one.external).map((one) => idOf(one.path));
    const id = idOf(path);
    const chunk = { code: texts.get(id), exports, entryPoint };
    return [id, { ...chunk, now: of('import-statement'), later: of('dynamic-import') }];
  });
  return { chunks: new Map(described), inputs: Object.keys(metafile.inputs) };
}

/** The ids of all chunks that are loaded with `id`, itself included. */
function loadedWith(id, chunks, found = new Set()) {
  if (!found.has(id)) {
    found.add(id);
    for (const other of chunks.get(id).now) loadedWith(other, chunks, found);
  }
  return found;
}

/** Which file each chunk goes to: the program itself where that needs it at once, else that of all who reach it. */
function filesOf(chunks, name, partOf) {
  const parts = new Map([...chunks.keys()].map((id) => [id, new Set()]));
  for (const [id, { entryPoint }] of chunks) {
    if (entryPoint === undefined) continue;
    const part = id === 'main' ? '' : partOf(entryPoint);
    for (const reached of loadedWith(id, chunks)) parts.get(reached).add(part);
  }
  const fileOf = (of) => (of.has('') ? name : of.size > 1 ? `${name}-shared` : `${name}-${[...of][0]}`);
  return new Map([...parts].map(([id, of]) => [id, fileOf(of)]));
}

/** Gives esbuild the chunks of one file, and for those of others what is taken from there. */
const chunkSource = (chunks, fileOf, file, root) => ({
  name: 'chunks',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/.*\.js$/ }, ({ path }) => {
      const id = idOf(path);
      // as if it lay there: from there the source map has its paths
      return fileOf.get(id) === file ? { path: join(root, path) } : { path: id, namespace: 'other' };
    });
    onResolve({ filter: /^\.\/.*\.cjs$/ }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /\.js$/, namespace: 'file' }, ({ path }) => {
      const later = (_, id) =>
        `Promise.resolve().then(()=>require("./${fileOf.get(id)}.cjs")["${keyOf(id)}"])`;
      return { contents: chunks.get(idOf(path)).code.replace(/\bimport\("\.\/([\w-]+)\.js"\)/g, later) };
    });
    onLoad({ filter: /./, namespace: 'other' }, ({ path }) => {
      const from = `require("./${fileOf.get(path)}.cjs")["${keyOf(path)}"]`;
      return { contents: `export const {${chunks.get(path).exports}}=${from}` };
    });
  },
});

/** The text that a file is built of: what others take from it, and the program itself. */
function entryOf(chunks, fileOf, file, made) {
  const taken = new Set();
  for (const [id, { now, later }] of chunks)
    for (const other of [...(fileOf.get(id) === file ? [] : now), ...later])
      if (fileOf.get(other) === file) taken.add(other);
  const exported = [...taken].sort().map((id) => `export * as "${keyOf(id)}" from "./${id}.js";`);
  if (fileOf.get('main') !== file) return exported.join('\n');
  return [...exported, `export const made="${made}";`, 'import "./main.js";'].join('\n');
}

/** A file of a program that is replaced while it runs does not fit to it. */
const guard = (name, made) =>
  `if(require("./${name}.cjs").made!=="${made}")throw new Error("${name} was replaced while it ran: start it again");`;

/**
 * Builds `entry` as `name`.cjs and what is imported later, in files that `partOf` names by the source that is imported:
 * `name`-PART.cjs, or `name`-shared.cjs for what several need. Gives them as esbuild's outputFiles, with all `inputs`.
 */
export async function buildSplit(entry, name, partOf, options) {
  const { banner, outdir, sourcemap, ...common } = options;
  const { chunks, inputs } = await chunksOf(entry, { ...common, banner: {} });
  const fileOf = filesOf(chunks, name, partOf);
  const made = createHash('sha256')
    .update([...chunks.values()].map(({ code }) => code).join())
    .digest('hex')
    .slice(0, 8);
  const files = [...new Set(fileOf.values())].sort();
  const built = await Promise.all(
    files.map((file) =>
      build({
        ...common,
        stdin: { contents: entryOf(chunks, fileOf, file, made), resolveDir: common.absWorkingDir },
        outfile: `${outdir}/${file}.cjs`,
        sourcemap,
        banner: { js: file === name ? banner : guard(name, made) },
        plugins: [chunkSource(chunks, fileOf, file, common.absWorkingDir)],
      }),
    ),
  );
  return { inputs, outputFiles: built.flatMap(({ outputFiles }) => outputFiles) };
}
