/** What the page asks of the worker that holds the model, and what it answers. */

import type { Benchmark, GoldenVectors, Manifest, Progress, Raw, ScoredLabel, Tensors } from 'edgeattn-web';

/** How a bundle is run: by which execution providers, those that it names where none are said. */
export type Way = { readonly threads: number; readonly providers?: readonly string[] };

export type Opened = {
  readonly manifest: Manifest;
  readonly loadMs: number;
  readonly golden: GoldenVectors;
  /** The golden inputs' texts, where they are text. */
  readonly texts: readonly string[];
};

export type Writing = { readonly prompt: string; readonly start: readonly number[]; readonly most: number };

/** The calls; those that take a while tell how far they are. */
export type Calls = {
  open(way: Way, tell: (progress: Progress) => void): Promise<Opened>;
  bench(): Promise<Benchmark>;
  /** Generate behind a golden sample: tokens a second; null of a model that is no decoder. */
  pace(): Promise<number | null>;
  run(inputs: Tensors): Promise<Tensors>;
  answer(raw: Raw): Promise<Tensors>;
  name(outputs: Tensors): Promise<readonly ScoredLabel[]>;
  write(writing: Writing, tell: (text: string) => void): Promise<void>;
  /** Have `write` end at its next token. */
  stop(): Promise<void>;
};

export type Verb = keyof Calls;
export type Request = { readonly id: number; readonly verb: Verb; readonly given: readonly unknown[] };
export type Reply =
  | { readonly id: number; readonly told: unknown }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string };
