// nats.js in the bundle: CommonJS made by tsc becomes ES modules again, and what is not understood stops the build.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { projectRoot } from '../../kit/process/tools.ts';

let esModule: (source: string, path: string) => string;
before(async () => {
  ({ esModule } = await import(join(projectRoot, 'build/esmodule.mjs'))); // a plain program without types
});

const head = '"use strict";\nObject.defineProperty(exports, "__esModule", { value: true });\n';
/** What remains of a file after its head, without empty lines. */
const body = (source: string): string[] =>
  esModule(head + source, 'some.js')
    .split('\n')
    .slice(2)
    .filter((line) => line !== '');

test('imports and exports of every form that tsc has', () => {
  assert.deepEqual(
    body(`exports.Pair = exports.size = void 0;
exports.make = make;
const codec_1 = require("./codec");
const nacl_1 = __importDefault(require("nacl"));
exports.size = 32;
class Pair {
    bytes = exports.size + codec_1.size;
}
exports.Pair = Pair;
function make() { return nacl_1.default; }
exports.default = nacl_1.default;
`),
    [
      'export { make };',
      'import * as codec_1 from "./codec";',
      'import * as nacl_1 from "nacl";',
      'export const size = 32;',
      'class Pair {',
      '    bytes = size + codec_1.size;',
      '}',
      'export { Pair };',
      'function make() { return nacl_1.default; }',
      'export default nacl_1.default;',
    ],
  );
  assert.deepEqual(
    body(`var codec_1 = require("./codec");
Object.defineProperty(exports, "encode", { enumerable: true, get: function () { return codec_1.encode; } });
__exportStar(require("./more"), exports);
exports.nkeys = __importStar(require("nkeys"));
var Prefix;
(function (Prefix) {
    Prefix[Prefix["User"] = 160] = "User";
})(Prefix || (exports.Prefix = Prefix = {}));
`).filter((line) => !line.startsWith('    ')),
    [
      'import * as codec_1 from "./codec";',
      'export { encode as encode } from "./codec";',
      'export * from "./more";',
      'export * as nkeys from "nkeys";',
      'var Prefix;',
      '(function (Prefix) {',
      '})(Prefix || (Prefix = {})); export { Prefix };',
    ],
  );
});

test('lines keep their numbers, by which the source map goes', () => {
  const source = `${head}var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
exports.a = void 0;
exports.a = 1;
`;
  assert.equal(esModule(source, 'some.js').split('\n').indexOf('export const a = 1;'), 6);
});

test('what is not understood stops the build and names the file', () => {
  for (const line of ['if (late) require("./b");', 'exports[name] = 1;', 'module.exports = make();'])
    assert.throws(() => body(`${line}\n`), /^Error: some\.js is not what tsc makes/);
});

test('every file of nats.js that is installed is understood', () => {
  const folder = join(projectRoot, 'node_modules/@nats-io');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.js'),
  );
  assert.ok(files.length > 40);
  for (const path of files) esModule(readFileSync(join(folder, path), 'utf8'), path);
});
