/** onnxruntime-node: the engine of Node that runs what a bundle has for `cpu`, at the speed of Python's. */

import { availableParallelism } from 'node:os';
import { checkThreads, type Engine, entries } from './engine.js';
import { IncompatibleRuntimeError, reason } from './errors.js';

const PACKAGE = 'onnxruntime-node';
const CPU = 'CPUExecutionProvider';

/** Give it to `load` as `engine`; it takes the variants for onnxruntime and its CPU. */
export const native: Engine = {
  name: 'onnxruntime',
  package: PACKAGE,
  async start() {
    const ort = await import('onnxruntime-node').catch((error: unknown) => {
      throw new IncompatibleRuntimeError(`${PACKAGE} cannot be loaded (${reason(error)}); npm install ${PACKAGE}`);
    });
    return {
      ort,
      version: ort.env.versions.node ?? '0',
      providers: [CPU],
      opensPaths: true,
      threads: (asked, measured) => checkThreads(asked) ?? Math.min(measured, availableParallelism()),
      options({ engine, session }, threads) {
        const options = Object.entries(entries(engine.options));
        const spinning = { 'session.intra_op.allow_spinning': String(Number(session?.spinning ?? false)) };
        return {
          executionProviders: ['cpu'],
          intraOpNumThreads: threads,
          interOpNumThreads: 1,
          extra: { ...spinning, ...Object.fromEntries(options.filter(([name]) => !name.startsWith(`${CPU}.`))) },
        };
      },
    };
  },
};
