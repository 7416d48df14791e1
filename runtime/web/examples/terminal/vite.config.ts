/** The examples for Node, scripts on the package in dist/, as an app has it. */

import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: '../../build/terminal',
    emptyOutDir: true,
    target: 'es2022',
    ssr: true,
    rolldownOptions: { input: ['dictation', 'keywords', 'story'].map((name) => `${import.meta.dirname}/${name}.ts`) },
  },
});
