/** What runs the cases: `--mode node` a script, `--mode page` a page. Both take the package as an app does, from dist. */

import { defineConfig } from 'vite';

export default defineConfig(({ mode }) => ({
  root: import.meta.dirname,
  build: {
    outDir: `../build/conformance-${mode}`,
    emptyOutDir: true,
    target: 'es2022',
    ...(mode === 'node' && { ssr: 'node.ts' }),
  },
}));
