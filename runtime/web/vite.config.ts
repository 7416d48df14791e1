import { defineConfig } from 'vite';

/** Leaves out of a schema what only people read: every page would fetch it. */
const schemas = {
  name: 'schemas',
  enforce: 'pre' as const,
  transform(json: string, id: string) {
    if (!id.endsWith('.schema.json')) return null;
    const schema = JSON.parse(json, (key, value) => (key === 'description' ? undefined : value));
    return { code: JSON.stringify(schema), map: null };
  },
};

export default defineConfig({
  plugins: [schemas],
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
