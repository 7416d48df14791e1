/** A worker whose engine answers every step of conformance's decoder with the same token. */

import { serve } from '../../../runtime/web/dist/worker.js';

const WORDS = 16;
const SPECS = { tokens: 'int64', past_length: 'int64', past_key_0: 'float32', past_value_0: 'float32' };
const OUTPUTS = { logits: 'float32', present_key_0: 'float32', present_value_0: 'float32' };
const metadata = (specs) => Object.entries(specs).map(([name, type]) => ({ name, type, isTensor: true }));

class Tensor {
  constructor(type, data, dims) {
    Object.assign(this, { type, data, dims });
  }
}

const session = {
  inputMetadata: metadata(SPECS),
  outputMetadata: metadata(OUTPUTS),
  async run({ tokens: { dims }, past_key_0, past_value_0 }) {
    const logits = new Tensor('float32', new Float32Array(dims[0] * dims[1] * WORDS), [...dims, WORDS]);
    return { logits, present_key_0: past_key_0, present_value_0: past_value_0 };
  },
  async release() {},
};

const started = {
  ort: { Tensor, InferenceSession: { create: async () => session } },
  version: '99',
  providers: ['CPUExecutionProvider'],
  threads: () => 1,
  options: () => ({}),
};

await serve({ engine: { name: 'onnxruntime', package: 'endless', start: async () => started } });
