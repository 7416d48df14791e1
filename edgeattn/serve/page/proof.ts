/** The steps of the proof, each with what came of it. */

import type { GoldenResult, Manifest, Progress } from 'edgeattn-web';
import { card, make } from './dom.js';
import { count, errorText, megabytes } from './words.js';

/** Each step while it lasts, and once it ended well. */
const STEPS = {
  download: ['Downloads the model', 'Downloaded the model'],
  golden: ['Answers as it did in PyTorch', 'Answered as it did in PyTorch'],
  time: ['Measures how fast it answers', 'Measured how fast it answers'],
  send: ['Sends the result to the terminal', 'Sent the result to the terminal'],
} as const;

export type Step = keyof typeof STEPS;

/** Return the largest error; null where one of them has no number. */
const worstOf = (golden: readonly GoldenResult[]): number | null =>
  golden.reduce<number | null>(
    (most, { error }) => (most === null || error === null ? null : Math.max(most, error)),
    0,
  );

/** The list of steps, and the verdict below it. */
export class Proof {
  readonly #bar = make('progress', { max: 1, value: 0, 'aria-label': 'Download' });
  readonly #rows = new Map<Step, { row: HTMLLIElement; title: HTMLElement; said: HTMLElement }>();
  readonly #verdict = make('p', { className: 'verdict', role: 'status' });

  constructor() {
    const list = make('ol', { className: 'steps' });
    for (const step of Object.keys(STEPS) as Step[]) {
      const title = make('span', {}, STEPS[step][0]);
      const said = make('span', { className: 'said' });
      const row = make('li', {}, title, said);
      this.#rows.set(step, { row, title, said });
      list.append(row);
    }
    this.#rows.get('download')?.row.append(this.#bar);
    card('Proof', list, this.#verdict);
  }

  /** Show that a step has begun. */
  begin(step: Step): void {
    this.#mark(step, 'doing', '');
  }

  /** Show how far the download is. */
  progress({ loaded, total }: Progress): void {
    this.#bar.value = loaded / Math.max(total, 1);
    const doing = loaded < total ? `${megabytes(loaded)} of ${megabytes(total)}` : `${megabytes(total)}, opening it`;
    this.say('download', doing);
  }

  /** Show what a step is doing. */
  say(step: Step, words: string): void {
    const { said } = this.#rows.get(step) as { said: HTMLElement };
    said.textContent = words;
  }

  /** Show that a step ended well, or not. */
  end(step: Step, words: string, ok = true): void {
    if (step === 'download') this.#bar.remove();
    this.#mark(step, ok ? 'done' : 'failed', words);
  }

  /** Show what the golden vectors came to, and the verdict. */
  judge(golden: readonly GoldenResult[], { variants }: Manifest): boolean {
    const ok = golden.every((result) => result.ok);
    const worst = errorText(worstOf(golden));
    const allowed = variants.find(({ engine }) => engine.name === 'onnxruntime-web')?.tolerance ?? {};
    const most = Object.entries(allowed).map(([output, error]) => `${error} of ${output}`);
    const failed = golden.filter((result) => !result.ok);
    const which = failed.map((result) => `${result.output} of sample ${result.sample} (${errorText(result.error)})`);
    this.end('golden', `${count(golden.length, 'output')}, largest error ${worst}`, ok);
    this.#show(
      ok,
      ok ? 'Pass' : 'Fail',
      `The largest error against PyTorch's answers is ${worst} of their spread; allowed: ${most.join(', ')}.` +
        (ok ? '' : ` ${count(failed.length, 'output')} of ${golden.length} missed it: ${which.join(', ')}.`),
    );
    return ok;
  }

  /** Show that it ended before its end. */
  stop(reason: string): void {
    for (const [step, { row }] of this.#rows) if (row.className === 'doing') this.end(step, 'stopped', false);
    this.#show(false, 'Stopped', reason);
    const again = make('button', { type: 'button' }, 'Try again');
    again.addEventListener('click', () => location.reload());
    this.#verdict.after(again);
  }

  #show(ok: boolean, word: string, words: string): void {
    this.#verdict.classList.add(ok ? 'pass' : 'fail');
    this.#verdict.replaceChildren(make('strong', {}, word), make('span', {}, words));
  }

  #mark(step: Step, state: 'doing' | 'done' | 'failed', words: string): void {
    const { row, title } = this.#rows.get(step) as { row: HTMLLIElement; title: HTMLElement };
    row.className = state;
    title.textContent = STEPS[step][state === 'done' ? 1 : 0];
    this.say(step, words);
  }
}
