/** The page, and beside it the bundle that it loads: $BUNDLE, copied into what is built. */

import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from 'node:process';
import { defineConfig } from 'vite';

const OUT = '../../build/keywords';
const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  build: { outDir: OUT, emptyOutDir: true, target: 'es2022' },
  worker: { format: 'es' },
  preview: { headers: ISOLATION }, // without them there is one thread
  plugins: [
    {
      name: 'bundle',
      closeBundle: async () => {
        if (env.BUNDLE) await cp(env.BUNDLE, join(import.meta.dirname, OUT, 'bundle'), { recursive: true });
      },
    },
  ],
});
