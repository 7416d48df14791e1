/** A model in a worker, called as if it were here. */

import type { Benchmark, BenchOptions } from './bench.js';
import type { Ask, Opening, OpenOptions, Reply, Verb } from './calls.js';
import { type CallOptions, Deadline } from './deadline.js';
import * as errors from './errors.js';
import type { GenerateManyOptions, GenerateOptions } from './generate.js';
import type { GoldenResult, Sample } from './golden.js';
import type { Manifest } from './manifest.js';
import type { RunOptions, WriteOptions } from './model.js';
import type { Prediction, PredictionSource } from './prediction.js';
import type { Raw, ScoredLabel } from './processing.js';
import type { Prompt, Tokens } from './prompt.js';
import type { Hypothesis } from './search.js';
import type { Tensors } from './tensor.js';

/** A browser's worker, or one of Node's worker_threads, that runs `serve` of edgeattn-web/worker. */
export type WorkerLike = {
  postMessage(message: unknown): void;
  terminate(): unknown;
  addEventListener?(type: 'message', listener: (event: { data: unknown }) => void): void;
  on?(type: 'message', listener: (data: unknown) => void): unknown;
};

type Piece = (value: unknown, call: number) => void;
type Waiting = { resolve(value: never): void; reject(error: Error): void; readonly piece: Piece };

/** Its calls are a Model's, and each is a promise. One that ends by its deadline or signal ends here at once. */
export class RemoteModel {
  readonly #worker: WorkerLike;
  readonly #waiting = new Map<number, Waiting>();
  #opened: Opening | undefined;
  #last = 0;
  #terminated = false;

  private constructor(worker: WorkerLike) {
    this.#worker = worker;
    const take = (data: unknown): void => this.#take(data as Reply);
    if (worker.addEventListener) worker.addEventListener('message', ({ data }) => take(data));
    else worker.on?.('message', take);
  }

  /** Load a bundle in a worker. @param address That of its folder; in Node its path. */
  static async open(worker: WorkerLike, address: string | URL, options: OpenOptions = {}): Promise<RemoteModel> {
    const { onProgress = () => {}, ...how } = options;
    const model = new RemoteModel(worker);
    model.#opened = await model.#ask<Opening>('open', String(address), how, onProgress as Piece);
    return model;
  }

  /** What the bundle holds and promises, what runs it, and how long loading took. */
  get opened(): Opening {
    return this.#opened as Opening;
  }

  get manifest(): Manifest {
    return this.opened.manifest;
  }

  run = (inputs: Tensors, options: RunOptions = {}): Promise<Tensors> => this.#ask('run', inputs, options);
  runMany = (samples: readonly Tensors[], options: CallOptions = {}): Promise<Tensors[]> =>
    this.#ask('runMany', samples, options);
  prepare = (raw: Raw): Promise<Tensors> => this.#ask('prepare', raw);
  labels = (outputs: Tensors): Promise<ScoredLabel[][]> => this.#ask('labels', outputs);
  predictions = (outputs: Tensors, source: PredictionSource = {}): Promise<Prediction[][]> =>
    this.#ask('predictions', { outputs, source });
  forecast = (outputs: Tensors): Promise<Float64Array[][]> => this.#ask('forecast', outputs);
  decode = (ids: Tokens): Promise<string> => this.#ask('decode', ids);
  describe = (): Promise<string> => this.#ask('describe');
  golden = (): Promise<readonly Sample[]> => this.#ask('golden');
  check = (options: CallOptions = {}): Promise<GoldenResult[]> => this.#ask('check', undefined, options);
  bench = (options: BenchOptions = {}): Promise<Benchmark> => this.#ask('bench', undefined, options);
  generate = (prompt: Prompt, options: Omit<GenerateOptions, 'session'> = {}): AsyncGenerator<number, void> =>
    this.#pieces('generate', prompt, options);
  write = (prompt: Prompt, options: Omit<WriteOptions, 'session'> = {}): AsyncGenerator<string, void> =>
    this.#pieces('write', prompt, options);
  generateMany = (
    prompts: readonly Prompt[] | Tensors,
    options: GenerateManyOptions = {},
  ): Promise<(readonly Hypothesis[])[]> => this.#ask('generateMany', prompts, options);
  close = (): Promise<void> => this.#ask('close');

  /** End the worker now, also inside of a run: what was asked ends with an AbortError, and later calls are refused. */
  terminate(): void {
    this.#terminated = true;
    this.#worker.terminate();
    const error = new DOMException('the worker was terminated; open the bundle in another', 'AbortError');
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }

  async #ask<T>(verb: Verb, given?: unknown, how: CallOptions = {}, piece: Piece = () => {}): Promise<T> {
    if (this.#terminated) throw new errors.InputError('a terminated worker; open the bundle in another');
    const { signal: _, deadline: __, ...options } = how;
    const deadline = new Deadline(how);
    const id = ++this.#last;
    const answer = new Promise<T>((resolve, reject) => this.#waiting.set(id, { resolve, reject, piece }));
    this.#worker.postMessage({ id, verb, given, options } satisfies Ask);
    try {
      return await deadline.race(answer);
    } finally {
      if (this.#waiting.delete(id)) this.#worker.postMessage({ id, verb: 'stop' } satisfies Ask);
    }
  }

  async *#pieces<T>(verb: Verb, prompt: Prompt, options: CallOptions): AsyncGenerator<T, void> {
    if ('session' in options) throw new errors.InputError('session: none goes to a worker; generate without');
    const stop = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
    const pieces: T[] = [];
    let [id, ended, wake] = [0, false, (): void => {}];
    const came: Piece = (value, call) => {
      id = call;
      pieces.push(value as T);
      wake();
    };
    const end = this.#ask<void>(verb, prompt, { ...options, signal }, came).finally(() => {
      ended = true;
      wake();
    });
    end.catch(() => {}); // told below
    try {
      for (;;) {
        while (pieces.length) {
          options.signal?.throwIfAborted();
          yield pieces.shift() as T;
          if (!ended) this.#worker.postMessage({ id, verb: 'took' } satisfies Ask);
        }
        if (ended) return await end;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      stop.abort(); // a caller that stops listening ends it
    }
  }

  #take(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    if (reply.kind === 'piece') waiting?.piece(reply.value, reply.id);
    else this.#waiting.delete(reply.id);
    if (reply.kind === 'answer') waiting?.resolve(reply.value as never);
    if (reply.kind === 'error') waiting?.reject(errorOf(reply.name, reply.message));
  }
}

function errorOf(name: string, message: string): Error {
  const kinds: Readonly<Record<string, unknown>> = errors;
  const Kind = (kinds[name] ?? errors.EdgeAttnError) as typeof errors.EdgeAttnError;
  return new Kind(message);
}
