/** The manifest: what a bundle holds and promises, as runtime/README.md specifies it. */

import type { Json } from './json.js';
import type { Truncation } from './pair-template.js';

type Table<Value> = Readonly<Record<string, Value>>;

export type Dtype =
  | ('bool' | 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'uint64')
  | ('float16' | 'float32' | 'float64');

/**
 * An input or output: each of its dims is a size or a symbol's name.
 *
 * The values of an input with `table_rows` are indices into a lookup table of so many rows. Those of one with
 * `lengths_of` are lengths along this symbol, the longest of which is its size.
 */
export type TensorSpec = {
  readonly name: string;
  readonly dtype: Dtype;
  readonly dims: readonly (number | string)[];
  readonly table_rows?: number;
  readonly lengths_of?: string;
};

export type Graph = { readonly inputs: readonly TensorSpec[]; readonly outputs: readonly TensorSpec[] };

/** The sizes that a symbol may take, both ends included; a max of null is unbounded. */
export type Bounds = { readonly min: number; readonly max: number | null };

/** What generation takes where a caller says nothing, by the names of generation.schema.json. */
export type GenerationDefaults = {
  readonly start?: readonly number[];
  readonly stop?: readonly number[];
  readonly num_beams?: number;
  readonly [other: string]: unknown;
};

export type Generation = {
  readonly kind: 'decoder' | 'encoder-decoder';
  readonly decoder: string;
  readonly encoder?: string;
  readonly sources?: readonly string[];
  readonly carried?: readonly string[];
  readonly tokens: string;
  readonly logits: string;
  readonly length: string;
  readonly cache: readonly { readonly past: string; readonly present: string }[];
  readonly positions: number | null;
  readonly defaults?: GenerationDefaults;
};

/** How a sequence is answered a hop at a time, by a graph that keeps its state. */
export type Streaming = {
  readonly step: string;
  readonly input: string;
  readonly axis: number;
  readonly hop: number;
  readonly outputs: readonly string[];
  readonly states: readonly { readonly past: string; readonly present: string }[];
};

export type Rows = {
  readonly batch: string;
  readonly padding: { readonly mask: string; readonly masked_out: number } | null;
};

export type TextProcessing = {
  readonly tokenizer: string;
  readonly ids: string;
  readonly mask: string | null;
  readonly types: string | null;
  readonly longest: number | null;
  /** Absent where single texts are taken. */
  readonly pair?: { readonly truncation: Truncation };
  /** What may be put before a text, by name. */
  readonly prompts?: Readonly<Record<string, string>>;
  readonly default_prompt?: string;
};

/** What size an image is made before it is laid into the input: by its shorter side, or by a box. */
export type Resize =
  | { readonly shorter: number; readonly longer?: number; readonly multiple?: number }
  | { readonly shorter?: never; readonly height: number; readonly width: number; readonly fit?: 'contain' | 'cover' };

export type ImageProcessing = {
  readonly input: string;
  readonly height: number | null; // null: the resized image's own
  readonly width: number | null;
  readonly channels: 'RGB' | 'BGR' | 'L';
  readonly layout: 'NCHW' | 'NHWC';
  readonly resample: 'nearest' | 'box' | 'bilinear' | 'hamming' | 'bicubic' | 'lanczos';
  readonly scale: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly resize?: Resize;
  readonly align?: 'start' | 'center' | 'center-even';
  readonly border?: readonly number[];
};

/** How sound becomes tokens: frames of so many samples, each a hop behind the one before it. */
export type LogMel = {
  readonly frame: number;
  readonly hop: number;
  readonly bands: number;
  readonly stack: number;
  readonly floor: number;
};

export type AudioProcessing = {
  readonly input: string;
  readonly rate: number;
  readonly channels: number;
  readonly log_mel?: LogMel;
};

export type SeriesProcessing = {
  readonly input: string;
  readonly output: string | null;
  readonly names: readonly string[];
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly missing: 'refuse' | 'hold';
};

export type Labels = { readonly output: string; readonly names: readonly string[] };

/** What an output's numbers become; `none`: they are scores already. */
export type Scores = 'softmax' | 'sigmoid' | 'none';

/** The text of frames, by connectionist temporal classification; both are labels by their places. */
export type Transcript = { readonly kind: 'ctc'; readonly blank: number; readonly delimiter: number | null };

/** What a detector sees. */
export type Objects = {
  readonly kind: 'objects';
  readonly boxes: string;
  readonly form: 'center' | 'corners';
  readonly scores: Scores;
  readonly background: number | null;
  readonly threshold: number;
};

/** The labels of words, or of the entities that they make up where there is a label of those outside of any. */
export type Tags = { readonly kind: 'tags'; readonly outside: number | null };

/** The part of a pair's second text that answers the first, of at most so many tokens, by two outputs of a number a token. */
export type AnswerSpan = {
  readonly kind: 'span';
  readonly start: string;
  readonly end: string;
  readonly longest: number;
};

export type PredictionReader =
  | { readonly kind: 'classes'; readonly scores: Scores }
  | Transcript
  | Objects
  | AnswerSpan
  | Tags;

export type Processing = {
  readonly text?: TextProcessing;
  readonly image?: ImageProcessing;
  readonly audio?: AudioProcessing;
  readonly series?: SeriesProcessing;
  readonly labels?: Labels;
  readonly prediction?: PredictionReader;
};

export type Variant = {
  readonly target: string;
  readonly engine: {
    readonly name: string;
    readonly version: string;
    readonly providers: readonly string[];
    readonly options: Table<string | number | boolean>;
  };
  readonly files: Table<string>;
  readonly sizes: Table<number>;
  readonly session?: {
    readonly threads: number;
    readonly spinning: boolean;
    readonly arena: boolean;
    readonly memory_pattern: boolean;
  };
  readonly stacks: readonly { readonly sizes: Table<number>; readonly rows: number }[];
  readonly tolerance: Table<number>;
  readonly scores: Table<number>;
  readonly verdict: 'pass' | 'fail';
  readonly measured: string | null;
};

export type Manifest = {
  readonly name: string;
  readonly graphs: Table<Graph>;
  readonly symbols: Table<Bounds>;
  readonly generation?: Generation;
  readonly streaming?: Streaming;
  readonly rows?: Rows;
  readonly processing?: Processing;
  readonly variants: readonly Variant[];
  readonly files: Table<{ readonly sha256: string; readonly size: number }>;
  /** Left out where it was packed without golden vectors. */
  readonly golden?: { readonly file: string; readonly samples: number };
  readonly budget: Table<number>;
  readonly provenance: Table<Json>;
  readonly signature?: { readonly scheme: 'ed25519'; readonly key: string };
};

/** Return the name of the graph that an app calls and that the golden vectors prove. */
export const mainGraph = ({ graphs }: Manifest): string =>
  'model' in graphs ? 'model' : (Object.keys(graphs)[0] as string);

/** Write an input or output as "mask: int64[batch, sequence]". */
export const written = ({ name, dtype, dims }: TensorSpec): string => `${name}: ${dtype}[${dims.join(', ')}]`;

/** The symbols of tensors, once each, in order of appearance. */
export const symbolsOf = (tensors: readonly TensorSpec[]): string[] => [
  ...new Set(tensors.flatMap(({ dims }) => dims.filter((dim) => typeof dim === 'string'))),
];

/** Say whether a symbol may have this size. */
export const allows = ({ min, max }: Bounds, size: number): boolean => min <= size && (max === null || size <= max);

/** Write bounds in words. */
export const range = ({ min, max }: Bounds): string => (max === null ? `at least ${min}` : `${min} to ${max}`);

/** Return the tensor of a name that is known to be there. */
export const named = (tensors: readonly TensorSpec[], name: string): TensorSpec =>
  tensors.find((tensor) => tensor.name === name) as TensorSpec;
