/** Runs edgeattn bundles on onnxruntime-web, in browsers and in Node. */

export type { Benchmark, BenchOptions, Latency, Timing } from './bench.js';
export type { Progress } from './bundle.js';
export { readCsv } from './csv.js';
export type { CallOptions } from './deadline.js';
export type { Engine } from './engine.js';
export {
  BundleError,
  DeadlineError,
  EdgeAttnError,
  IncompatibleRuntimeError,
  InputError,
  ResourceError,
} from './errors.js';
export type { GenerateManyOptions, GenerateOptions } from './generate.js';
export type { Beams, GenerationOptions, Sampling } from './generation-options.js';
export { GenerationSession } from './generation-session.js';
export { compare, type Excerpt, type GoldenResult, type GoldenVectors, type Likeness, type Sample } from './golden.js';
export type { ImageInput } from './image.js';
export { readImage } from './image-file.js';
export { clearCache } from './kept.js';
export { type LoadOptions, load } from './load.js';
export type { Machine } from './machine.js';
export type { Dtype, Graph, Manifest, Processing, TensorSpec, Variant } from './manifest.js';
export type { Model, RunOptions, WriteOptions } from './model.js';
export type { Box, Prediction, PredictionSource } from './prediction.js';
export type { Raw, ScoredLabel } from './processing.js';
export type { Prompt, Tokens } from './prompt.js';
export type { Hypothesis } from './search.js';
export type { SeriesInput } from './series.js';
export type { SoundInput } from './sound.js';
export { type Content, type OnBytes, type Source, UrlSource } from './source.js';
export { StepStream } from './step-stream.js';
export { type Moment, Stream, type Streamed, type StreamOptions, type Values } from './stream.js';
export { type Tensor, type TensorOf, type Tensors, tensor } from './tensor.js';
export { readWav } from './wav.js';
export { web } from './web.js';
