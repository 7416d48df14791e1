/** What a page and the worker that holds its model say to each other. */

import type { LoadOptions } from './load.js';
import type { Model } from './model.js';

/** How many pieces of an answer may wait to be read: a generation that is further ahead of its reader waits. */
export const MOST_AHEAD = 64;

/** The model's verbs that a page asks for; `open` loads it, `took` says that a piece of a call was read, `stop` ends a call. */
export type Verb =
  | ('open' | 'took' | 'stop' | 'close' | 'describe' | 'run' | 'runMany' | 'prepare' | 'labels' | 'forecast' | 'decode')
  | ('predictions' | 'generate' | 'write' | 'generateMany' | 'golden' | 'check' | 'bench');

export type Ask = {
  readonly id: number;
  readonly verb: Verb;
  readonly given?: unknown;
  readonly options?: object;
};

export type Reply =
  | { readonly id: number; readonly kind: 'answer'; readonly value: unknown }
  /** What comes before the answer: progress, a token, a piece of text. */
  | { readonly id: number; readonly kind: 'piece'; readonly value: unknown }
  | { readonly id: number; readonly kind: 'error'; readonly name: string; readonly message: string };

/** What is known of a model once it is open. */
export type Opening = Pick<Model, 'manifest' | 'engine' | 'threads' | 'loadMs'>;

/** What can be said to a worker of how a bundle is loaded. */
export type OpenOptions = Omit<LoadOptions, 'engine'>;
