/** What runs the cases: `--mode node` and `--mode chromium` a script, `--mode page` a page; of the package in dist/, as an app has it. */

import { defineConfig } from 'vite';

export default defineConfig(({ mode }) => ({
  root: import.meta.dirname,
  base: './',
  build: {
    outDir: `../build/conformance-${mode}`,
    emptyOutDir: true,
    target: 'es2022',
    ...(mode === 'page' ? { rolldownOptions: { input: 'conformance/page.html' } } : { ssr: `${mode}.ts` }),
  },
}));
