/** What a model says an input is: its labels, the surest first. */

import type { ScoredLabel } from 'edgeattn-web';
import { make } from '../dom.js';

const MOST = 5; // labels that are shown

/** An element that shows labels, and says the first aloud. */
export class Labels {
  readonly element = make('div', { className: 'answer' });
  readonly #best = make('output', { className: 'figure', 'aria-live': 'polite' });
  readonly #bars = make('div', { className: 'bars' });

  constructor(private readonly nothing: string) {
    this.element.append(this.#best, this.#bars);
    this.clear();
  }

  /** Show that there is no input yet. */
  clear(): void {
    this.#best.textContent = this.nothing;
    this.#bars.replaceChildren();
  }

  /** Show labels, the largest first. */
  show(labels: readonly ScoredLabel[]): void {
    const shares = softmax(labels.map(({ value }) => value));
    this.#best.replaceChildren(make('strong', {}, labels[0]?.name ?? ''));
    const rows = labels.slice(0, MOST).map(({ name }, i) => {
      const share = shares[i] as number;
      const bar = make('span', { className: i === 0 ? 'bar best' : 'bar' });
      bar.style.setProperty('--share', `${share}`);
      return make('div', {}, make('span', {}, name), bar, make('span', {}, `${Math.round(100 * share)} %`));
    });
    this.#bars.replaceChildren(...rows);
  }
}

/** Return shares of 1; what are shares already stay. */
function softmax(values: readonly number[]): readonly number[] {
  const sum = values.reduce((a, b) => a + b, 0);
  if (values.every((value) => value >= 0) && Math.abs(sum - 1) < 1e-3) return values;
  const largest = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - largest));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}
