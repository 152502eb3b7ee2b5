// nats.js is published as CommonJS that tsc made of ES modules. This makes ES modules of it again, so that esbuild can
// leave out what nobody uses and shorten the names. Saves 30 KB of the bundle.

/** The helpers that tsc writes before imports and exports; each ends with a line that begins with a brace. */
const helper =
  /^var __(?:createBinding|setModuleDefault|importStar|importDefault|exportStar) = [\s\S]*?^\}.*;$/gm;

const onlyLineEnds = (text) => text.replace(/[^\n]/g, ''); // the source map of the file goes by line numbers

/** Pairs of what tsc writes and what was written before; in this order. */
const rewrites = [
  [helper, onlyLineEnds],
  [/^Object\.defineProperty\(exports, "__esModule", .*$/gm, ''],
  [/^(?:exports\.\w+ = )+void 0;$/gm, ''],
  [/^(?:const|var) (\w+) = (?:__import\w+\()?require\(("[^"]+")\)\)?;$/gm, 'import * as $1 from $2;'],
  [/^__exportStar\(require\(("[^"]+")\), exports\);$/gm, 'export * from $1;'],
  [/^module\.exports = require\(("[^"]+")\);$/gm, 'export * from $1;'],
  [/^exports\.(\w+) = __importStar\(require\(("[^"]+")\)\);$/gm, 'export * as $1 from $2;'],
  [/\(exports\.(\w+) = \1 = \{\}\)\);$/gm, '($1 = {})); export { $1 };'], // an enum
  [/^exports\.(\w+) = \1;$/gm, 'export { $1 };'],
  [/^exports\.default = /gm, 'export default '],
  [/^exports\.(\w+) = /gm, 'export const $1 = '],
  [/\bexports\.(\w+)/g, '$1'],
];

const reExport = /^Object\.defineProperty\(exports, "(\w+)", .* return (\w+)\.(\w+); \} \}\);$/gm;

/** The source of a CommonJS file that tsc made, as an ES module. Throws where it finds something that is not tsc's. */
export function esModule(source, path) {
  const made = rewrites.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), source);
  const modules = new Map([...made.matchAll(/^import \* as (\w+) from (.+);$/gm)].map(([, ...pair]) => pair));
  const whole = made.replace(reExport, (_, name, module, member) => {
    return `export { ${member} as ${name} } from ${modules.get(module)};`;
  });
  if (/\bexports\b|\brequire\("/.test(whole))
    throw new Error(`${path} is not what tsc makes of an ES module: extend build/esmodule.mjs`);
  return whole;
}
