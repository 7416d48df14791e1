/** What is pushed into a stream, answered in its order. */

import { checkInput, LIMITS } from './limits.js';

export class PushQueue {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0; // numbers, whose answers have not come

  /**
   * Answer numbers behind all that was pushed before them.
   *
   * @throws InputError where more than `LIMITS.waiting` would wait.
   */
  push<Answer>(numbers: number, answer: () => Promise<Answer>): Promise<Answer> {
    const waiting = this.#waiting + numbers;
    checkInput('numbers of a stream that wait', waiting, LIMITS.waiting, 'await its answers before you push more');
    this.#waiting = waiting;
    const answered = this.#last.then(answer).finally(() => {
      this.#waiting -= numbers;
    });
    this.#last = answered.catch(() => {});
    return answered;
  }

  /** Begin anew behind what was pushed. */
  reset(clear: () => void): void {
    this.#last = this.#last.then(clear);
  }
}
