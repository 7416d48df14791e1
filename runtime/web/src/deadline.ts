/** When a call ends without an answer: at an AbortSignal, or after so many seconds. */

import { DeadlineError, type EdgeAttnError, InputError, owned } from './errors.js';
import { turn } from './turn.js';

const LONGEST_TIMER = 2 ** 31 - 1; // ms: what timers hold

export type CallOptions = {
  /** Ends the call with the signal's reason, an AbortError unless it was given another. */
  readonly signal?: AbortSignal;
  /** Seconds after which the call ends with a DeadlineError. */
  readonly deadline?: number;
};

/**
 * The end of one call, seen before and behind every run of a graph. No engine here stops inside of a run on its own
 * thread: what must end at once runs in a worker, which can be terminated.
 */
export class Deadline {
  readonly #signal: AbortSignal | undefined;
  readonly #seconds: number | undefined;
  readonly #end: number;

  /** @throws InputError where an option is none. */
  constructor({ signal, deadline }: CallOptions = {}) {
    if (deadline !== undefined && !(typeof deadline === 'number' && deadline > 0 && Number.isFinite(deadline)))
      throw new InputError(`deadline: ${deadline} found, seconds above 0 expected`);
    if (signal !== undefined && !(signal instanceof AbortSignal))
      throw new InputError(`signal: ${typeof signal} found, an AbortSignal expected`);
    this.#signal = signal;
    this.#seconds = deadline;
    this.#end = deadline === undefined ? Number.POSITIVE_INFINITY : performance.now() + deadline * 1e3;
  }

  /** @throws DeadlineError where it is over, or the signal's reason where that has ended it. */
  check(): void {
    this.#signal?.throwIfAborted();
    if (performance.now() >= this.#end) throw this.#late();
  }

  /** Let a signal be heard, which waits as a click or a message while one run follows the other; then `check`. */
  async heard(): Promise<void> {
    if (this.#signal) await turn();
    this.check();
  }

  /** Return what comes of a promise, unless the end comes before. */
  async race<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => {}); // where the end comes first, nobody else hears of its failure
    this.check();
    const found = await this.#raced(promise);
    this.check();
    return found;
  }

  async #raced<T>(promise: Promise<T>): Promise<T> {
    if (!this.#signal && this.#seconds === undefined) return promise;
    const left = Math.min(this.#end - performance.now(), LONGEST_TIMER);
    return new Promise<T>((resolve, reject) => {
      const aborted = (): void => reject(this.#signal?.reason);
      const timer = this.#seconds === undefined ? undefined : setTimeout(() => reject(this.#late()), left);
      this.#signal?.addEventListener('abort', aborted);
      const settled = (): void => {
        clearTimeout(timer);
        this.#signal?.removeEventListener('abort', aborted);
      };
      promise.then(resolve, reject).finally(settled);
    });
  }

  #late(): DeadlineError {
    return new DeadlineError(`the call was not done within ${this.#seconds} s; give it more time, or smaller inputs`);
  }
}

/** Return what a call throws for what was thrown in it: the reason of its signal, else an error of the tree. */
export function thrown(
  kind: new (message: string) => EdgeAttnError,
  found: string,
  error: unknown,
  { signal }: CallOptions,
): unknown {
  return signal?.aborted && error === signal.reason ? error : owned(kind, found, error);
}
