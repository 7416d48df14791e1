/** Answers while one types or draws: one call at a time, and always of the newest input. */

/**
 * Return a function that answers the newest of what it is given, and skips what came while it was busy.
 *
 * @param shown Where the answer is shown; it is aria-busy until the newest is there.
 */
export function latest<Input>(shown: HTMLElement, answer: (input: Input) => Promise<void>): (input: Input) => void {
  let [busy, next] = [false, undefined as { input: Input } | undefined];
  return async function run(input: Input): Promise<void> {
    next = { input };
    if (busy) return;
    busy = true;
    shown.ariaBusy = 'true';
    while (next) {
      const { input: newest } = next;
      next = undefined;
      await answer(newest);
    }
    shown.ariaBusy = 'false';
    busy = false;
  };
}
