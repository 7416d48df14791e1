/** How fast it answers: a row for each way to run it, the fastest marked. */

import type { Benchmark } from 'edgeattn-web';
import { card, make } from './dom.js';
import { count, figure } from './words.js';

/** One way, its median times in ms by golden sample, and the tokens a second of a decoder. */
type Row = {
  readonly way: string;
  readonly times: readonly number[];
  readonly pace: number | null;
  readonly ok: boolean;
};

export class Speed {
  readonly #rows: Row[] = [];
  readonly #best = make('p', { className: 'figure' });
  readonly #pace = make('p', { className: 'figure', hidden: true });
  readonly #chart = make('div', { className: 'bars' });
  readonly #note = make('p', { className: 'note' });
  readonly #card = card('Speed', this.#best, this.#pace, this.#chart, this.#note);

  constructor() {
    this.#card.hidden = true;
  }

  /** Show what was measured of one way to run it. */
  add(way: string, { runs, golden }: Benchmark, pace: number | null): void {
    const times = runs.flatMap(({ timings }) => timings.map(({ latency_ms }) => latency_ms.p50));
    this.#rows.push({ way, times, pace, ok: golden.every(({ ok }) => ok) });
    this.#card.hidden = false;
    this.#draw(runs[0]?.timings ?? []);
  }

  /** The median of the fastest way, in ms, on the first golden sample. */
  get fastest(): number {
    return Math.min(...this.#rows.map(typical));
  }

  /** Say why there is no other way. */
  explain(words: string): void {
    this.#note.textContent = words;
  }

  #draw(timings: Benchmark['runs'][number]['timings']): void {
    const slowest = Math.max(...this.#rows.map(typical));
    const best = this.#rows.reduce((a, b) => (typical(b) < typical(a) ? b : a));
    const shape = Object.entries(timings[0]?.shape ?? {}).map(([symbol, size]) => `${symbol} ${size}`);
    const sample = shape.length ? `, first golden sample (${shape.join(', ')})` : '';
    this.#best.replaceChildren(
      make('strong', {}, `${figure(typical(best))} ms`),
      ` a call: the median with ${best.way}${sample}`,
    );
    const fluent = this.#rows.reduce((a, b) => ((b.pace ?? 0) > (a.pace ?? 0) ? b : a));
    if (fluent.pace !== null) {
      this.#pace.hidden = false;
      this.#pace.replaceChildren(make('strong', {}, `${figure(fluent.pace)} tokens`), ` a second with ${fluent.way}`);
    }
    const bars = this.#rows.map(({ way, times, ok }) => {
      const [time = 0] = times;
      const bar = make('span', { className: way === best.way ? 'bar best' : 'bar' });
      bar.style.setProperty('--share', `${time / slowest}`);
      const failed = ok ? [] : [make('em', {}, ' fails the golden vectors')];
      return make('div', {}, make('span', {}, way, ...failed), bar, make('span', {}, `${figure(time)} ms`));
    });
    this.#chart.replaceChildren(...bars);
  }
}

const typical = ({ times }: Row): number => times[0] ?? 0;

/** Name a number of threads. */
export const threadsWay = (threads: number): string => count(threads, 'thread');
