/** Each fuzzer in one file with all that it reads, packages too: Jazzer.js instruments nothing in node_modules. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = import.meta.dirname;

export default {
  root: folder,
  build: {
    outDir: 'build',
    target: 'es2022',
    minify: false,
    ssr: true,
    rolldownOptions: {
      input: readdirSync(folder)
        .filter((name) => /^fuzz_.*\.ts$/.test(name))
        .map((name) => join(folder, name)),
      output: { entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' },
    },
  },
  ssr: { noExternal: true },
};
