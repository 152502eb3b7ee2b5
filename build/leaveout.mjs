// What the bundles leave out, as plugins of esbuild.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { esModule } from './esmodule.mjs';

const require = createRequire(import.meta.url);
require('./register.cjs'); // for sources in TypeScript

const natsModules = {
  name: 'nats-modules',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/@nats-io\/.*\.js$/ }, ({ path }) => ({
      contents: esModule(readFileSync(path, 'utf8'), path),
    })),
};

/** The help of the options goes into documents and forms, which are made from the sources; no program shows it. */
const optionHelp = {
  name: 'option-help',
  setup({ onLoad }) {
    onLoad({ filter: /\/agent\/config\/options\.ts$/ }, ({ path }) => {
      const { sections } = require(path);
      const helps = Object.values(sections).flatMap(({ help, options }) => [
        help,
        ...Object.values(options).map((option) => option.help),
      ]);
      const quoted = (text) => (text.includes("'") ? `"${text}"` : `'${text}'`);
      const source = readFileSync(path, 'utf8');
      return {
        loader: 'ts',
        contents: helps.reduce((left, text) => left.replace(quoted(text), "''"), source),
      };
    });
  },
};

export const leaveOut = [natsModules, optionHelp];
