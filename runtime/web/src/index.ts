/** Runs edgeattn bundles on onnxruntime-web, in browsers and in Node. */

export type { Benchmark, Latency, Timing } from './bench.js';
export type { Progress } from './bundle.js';
export { BundleError, EdgeAttnError, IncompatibleRuntimeError, InputError } from './errors.js';
export type { GenerateOptions, Prompt } from './generate.js';
export type { GoldenResult, Sample } from './golden.js';
export type { Pixels } from './image.js';
export { clearCache } from './kept.js';
export { type LoadOptions, load } from './load.js';
export type { Machine } from './machine.js';
export type { Dtype, Graph, Manifest, Processing, TensorSpec, Variant } from './manifest.js';
export type { Model } from './model.js';
export type { Label, Raw } from './processing.js';
export type { Series } from './series.js';
export { compare } from './similarity.js';
export type { Sound } from './sound.js';
export { type Content, type OnBytes, type Source, UrlSource } from './source.js';
export { type Tensor, type Tensors, tensor } from './tensor.js';
