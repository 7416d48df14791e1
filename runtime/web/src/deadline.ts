/** When a call ends without an answer: at an AbortSignal, or after so many seconds. */

import { DeadlineError, InputError } from './errors.js';
import { turn } from './turn.js';

const LONGEST_TIMER = 2 ** 31 - 1; // ms: what timers hold

export type CallOptions = {
  /** Ends the call with a DeadlineError. */
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

  /** @throws DeadlineError where it is over. */
  check(): void {
    if (this.#signal?.aborted || performance.now() >= this.#end) throw this.#error();
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
      const end = (): void => reject(this.#error());
      const timer = this.#seconds === undefined ? undefined : setTimeout(end, left);
      this.#signal?.addEventListener('abort', end);
      const settled = (): void => {
        clearTimeout(timer);
        this.#signal?.removeEventListener('abort', end);
      };
      promise.then(resolve, reject).finally(settled);
    });
  }

  #error(): DeadlineError {
    const why = this.#signal?.aborted ? 'cancelled' : `not done within ${this.#seconds} s`;
    const error = new DeadlineError(`the call was ${why}; give it more time, or smaller inputs`);
    error.cause = this.#signal?.reason;
    return error;
  }
}
