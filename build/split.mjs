// Splits a program into a few files, so that a process loads no more than it needs. esbuild finds what each module that is
// imported later needs: it makes a chunk, an ES module, of each set of modules that go together. This puts the chunks together
// again, as files of CommonJS, since the dependencies are that. What a file takes from another one it takes when it is loaded.
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const nameOf = (path) => basename(path, '.js');

/**
 * The chunks of `entry` by their ids; each with its code, and what it imports at once and later. esbuild's own names of
 * chunks depend on their source maps: they are numbered by what they are made of.
 */
async function chunksOf(entry, options) {
  const { metafile, outputFiles } = await build({
    ...options,
    entryPoints: [{ in: entry, out: 'main' }],
    outdir: '.',
    format: 'esm',
    splitting: true,
    minify: false,
    minifySyntax: true,
    minifyIdentifiers: true, // not yet the line breaks: what is put in place of an import must not shift the map of what follows
    sourcemap: 'inline',
  });
  const texts = new Map(outputFiles.map(({ path, text }) => [nameOf(path), text]));
  const made = Object.entries(metafile.outputs)
    .map(([path, output]) => ({
      ...output,
      name: nameOf(path),
      of: [output.entryPoint, ...Object.keys(output.inputs)].join(),
    }))
    .sort((a, b) => (a.of < b.of ? -1 : 1));
  const ids = new Map(made.map(({ name }, index) => [name, name === 'main' ? name : `c${index}`]));
  const described = made.map(({ name, imports, entryPoint }) => {
    const of = (kind) =>
      imports
        .filter((one) => one.kind === kind && !one.external)
        .map(({ path }) => ids.get(nameOf(path)))
        .sort();
    const code = texts.get(name).replace(/"\.\/([\w-]+)\.js"/g, (_, other) => `"./${ids.get(other)}.js"`);
    return [ids.get(name), { code, entryPoint, now: of('import-statement'), later: of('dynamic-import') }];
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

/** Which file each chunk goes to: the program itself where that needs it at once, else that of all who need it. */
function filesOf(chunks, name, { partOf, partFor }) {
  const parts = new Map([...chunks.keys()].map((id) => [id, new Set()]));
  for (const [id, { entryPoint }] of chunks) {
    if (entryPoint === undefined) continue;
    const part = id === 'main' ? '' : partOf(entryPoint);
    for (const reached of loadedWith(id, chunks)) parts.get(reached).add(part);
  }
  const fileOf = (of) => (of.has('') ? name : `${name}-${partFor([...of])}`);
  return new Map([...parts].map(([id, of]) => [id, fileOf(of)]));
}

/** What the code of a chunk imports at once, as [id, names]; esbuild has written it. */
const importsOf = (code) =>
  [...code.matchAll(/\bimport\s*\{([^}]*)\}\s*from\s*"\.\/([\w-]+)\.js"/g)].map(([, names, id]) => [
    id,
    names.split(',').map((one) => one.trim().split(/\s+as\s+/)[0]),
  ]);

/** What files take from each other: of each name in a chunk who takes it, and a short key that stands for it. */
function takenNames(chunks, fileOf) {
  const taken = new Map();
  for (const [by, { code }] of chunks)
    for (const [id, names] of importsOf(code))
      if (fileOf.get(id) !== fileOf.get(by))
        for (const name of names) {
          const entry = taken.get(`${id} ${name}`) ?? { id, name, by: new Set() };
          taken.set(`${id} ${name}`, entry);
          entry.by.add(fileOf.get(by));
        }
  return [...taken.values()].map((entry, index) => ({ ...entry, key: `_${index.toString(36)}` }));
}

/** Gives what another file of the program exports; see `loader`. */
const loadIn = (name, file) =>
  file === name ? `require("./${name}.cjs")` : `require("./${name}.cjs").load("./${file}.cjs")`;

/** Gives esbuild the chunks of one file, and for those of others what is taken from there. */
const chunkSource = (chunks, fileOf, taken, name, file, root) => ({
  name: 'chunks',
  setup({ onResolve, onLoad }) {
    const takenHere = taken.filter(({ by }) => by.has(file));
    onResolve({ filter: /^\.\/.*\.js$/ }, ({ path }) => {
      const id = nameOf(path);
      // as if it lay there: from there the source map has its paths
      return fileOf.get(id) === file ? { path: join(root, path) } : { path: id, namespace: 'other' };
    });
    onResolve({ filter: /\.cjs$/ }, ({ path, kind }) =>
      kind === 'require-call' ? { path, external: true } : { path, namespace: 'from' },
    );
    onLoad({ filter: /\.js$/, namespace: 'file' }, ({ path }) => {
      const later = (_, id) => `Promise.resolve().then(()=>${loadIn(name, fileOf.get(id))}.${id})`;
      return { contents: chunks.get(nameOf(path)).code.replace(/\bimport\("\.\/([\w-]+)\.js"\)/g, later) };
    });
    onLoad({ filter: /./, namespace: 'other' }, ({ path }) => {
      const names = takenHere.filter(({ id }) => id === path).map(({ name, key }) => `${key} as ${name}`);
      return { contents: `export {${names}} from "./${fileOf.get(path)}.cjs"` };
    });
    onLoad({ filter: /./, namespace: 'from' }, ({ path }) => {
      const keys = takenHere.filter(({ id }) => `./${fileOf.get(id)}.cjs` === path).map(({ key }) => key);
      return { contents: `export const {${keys}}=${loadIn(name, nameOf(path).replace('.cjs', ''))}` };
    });
  },
});

/** The text that a file is built of: what others take from it, and the program itself. */
function entryOf(chunks, fileOf, taken, file, made) {
  const names = taken
    .filter(({ id }) => fileOf.get(id) === file)
    .map(({ id, name, key }) => `export {${name} as ${key}} from "./${id}.js";`);
  const later = [...new Set([...chunks.values()].flatMap((chunk) => chunk.later))]
    .filter((id) => fileOf.get(id) === file)
    .map((id) => `export * as ${id} from "./${id}.js";`);
  const exported = [...names, ...later.sort(), `export const made="${made}";`].join('');
  return fileOf.get('main') === file ? `${exported}${loader(file)}import "./main.js";` : exported;
}

/** A file that is not there, or not whole, as a loss of power leaves it: which one it is, and what to do, is said. */
const loader = (name) => `export const load=(file)=>{
  try{
    const loaded=require(file);
    if(loaded.made===made)return loaded;
    throw Error("it is empty");
  }catch({message}){
    if(message.endsWith("again"))throw Error(message);
    throw Error(__dirname+file.slice(1)+" cannot be loaded ("+message.split("\\n",1)+"): install ${name} again");
  }
};`;

/** A file of a program that is replaced while it runs does not fit to it. */
const guard = (name, made) =>
  `if(require("./${name}.cjs").made!=="${made}")throw new Error("${name} was replaced while it ran: start it again");`;

/**
 * Builds `entry` as `name`.cjs and what is imported later, in files `name`-PART.cjs: `partOf` gives the
 * part by the source that is imported, `partFor` that whose file has what several of them need. Gives them as esbuild's outputFiles, with all `inputs`.
 * An exported variable that changes after its module was loaded would not be seen in another file; there is none.
 */
export async function buildSplit(entry, name, parts, options) {
  const { banner, outdir, sourcemap, ...common } = options;
  const { chunks, inputs } = await chunksOf(entry, common);
  const fileOf = filesOf(chunks, name, parts);
  const taken = takenNames(chunks, fileOf);
  const codes = [...chunks.values()].map(({ code }) => code.replace(/^\/\/# source.*$/gm, ''));
  const made = createHash('sha256').update(codes.join()).digest('hex').slice(0, 8);
  const files = [...new Set(fileOf.values())].sort();
  const built = await Promise.all(
    files.map((file) =>
      build({
        ...common,
        stdin: {
          contents: entryOf(chunks, fileOf, taken, file, made),
          resolveDir: common.absWorkingDir,
        },
        outfile: `${outdir}/${file}.cjs`,
        sourcemap,
        banner: { js: file === name ? banner : guard(name, made) },
        plugins: [chunkSource(chunks, fileOf, taken, name, file, common.absWorkingDir)],
      }),
    ),
  );
  return { inputs, outputFiles: built.flatMap(({ outputFiles }) => outputFiles) };
}
