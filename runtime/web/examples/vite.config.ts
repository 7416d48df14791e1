/** The page $EXAMPLE, and beside it the bundle that it loads: $BUNDLE, copied into what is built. */

import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from 'node:process';
import { defineConfig } from 'vite';

const { EXAMPLE = 'search', BUNDLE } = env;
const HERE = import.meta.dirname;
const OUT = join(HERE, '..', 'build', EXAMPLE);
const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

export default defineConfig({
  root: join(HERE, EXAMPLE),
  base: './',
  build: { outDir: OUT, emptyOutDir: true, target: 'es2022' },
  worker: { format: 'es' },
  preview: { headers: ISOLATION }, // without them there is one thread
  plugins: [
    {
      name: 'bundle',
      closeBundle: async () => {
        if (BUNDLE) await cp(BUNDLE, join(OUT, 'bundle'), { recursive: true });
      },
    },
  ],
});
