/** onnxruntime-web: the engine of browsers, and of Node where nothing else is installed. */

import { cores, hasWebGpu, importEngine } from '#platform';
import { checkThreads, type Engine, entries } from './engine.js';
import { IncompatibleRuntimeError, InputError, reason } from './errors.js';

const NAME = 'onnxruntime-web';
const EMPTY = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]); // a module of WebAssembly that holds nothing
let pool: number | undefined; // threads of this page or worker: fixed with its first session

export const web: Engine = {
  name: NAME,
  package: NAME,
  async start(wanted) {
    checkPolicy();
    const webgpu = wanted.includes('webgpu') && (await hasWebGpu());
    const ort = await importEngine(webgpu).catch((error: unknown) => {
      throw new IncompatibleRuntimeError(`${NAME} cannot be loaded (${reason(error)}); npm install ${NAME}`);
    });
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

/** Check that this page may compile WebAssembly, before it fetches any; throws IncompatibleRuntimeError. */
function checkPolicy(): void {
  try {
    new WebAssembly.Module(EMPTY);
  } catch (error) {
    throw new IncompatibleRuntimeError(
      `${NAME}: WebAssembly is refused here (${reason(error)}); add 'wasm-unsafe-eval' to script-src in the page's Content-Security-Policy`,
    );
  }
}
