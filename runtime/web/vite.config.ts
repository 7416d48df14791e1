import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    target: 'es2022',
    minify: false, // the app's build does that
    sourcemap: true,
    lib: {
      entry: ['index', 'folder', 'native', 'remote', 'worker', 'platform.browser', 'platform.node'].map(
        (name) => `src/${name}.ts`,
      ),
      formats: ['es'],
    },
    rolldownOptions: {
      external: /^[^./]/, // packages, and what each platform has of its own
      output: { chunkFileNames: 'shared/[name].js' },
    },
  },
});
