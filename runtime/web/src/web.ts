/** onnxruntime-web: the engine of browsers, and of Node where nothing else is installed. */

import { cores, hasWebGpu, importEngine } from '#platform';
import { checkThreads, type Engine, entries } from './engine.js';
import { InputError } from './errors.js';

const NAME = 'onnxruntime-web';
let pool: number | undefined; // threads of this page or worker: fixed with its first session

export const web: Engine = {
  name: NAME,
  package: NAME,
  async start(wanted) {
    const webgpu = wanted.includes('webgpu') && (await hasWebGpu());
    const ort = await importEngine(webgpu);
    return {
      ort,
      version: ort.env.versions.web ?? '0',
      providers: webgpu ? ['webgpu', 'wasm'] : ['wasm'],
      threads(asked, measured) {
        const threads = Math.min(checkThreads(asked) ?? pool ?? measured, cores());
        if (pool !== undefined && threads !== pool)
          throw new InputError(
            `threads: ${threads} found, ${pool} expected: ${NAME} keeps those of its first session; use another worker`,
          );
        pool = threads;
        ort.env.wasm.numThreads = threads;
        return threads;
      },
      options: ({ engine }) => ({ executionProviders: [...engine.providers], extra: entries(engine.options) }),
    };
  },
};
