/** What is shown of words: how likely each is now, and those that were heard. */

import type { Word } from './hearing.js';

const ODD = ['another word', 'no word'];

export class Words {
  readonly #meters: ReadonlyMap<string, HTMLElement>;

  constructor(
    list: HTMLElement,
    private readonly heard: HTMLElement,
    private readonly none: HTMLElement,
    names: readonly string[],
  ) {
    const shown = names.filter((name) => !ODD.includes(name));
    this.#meters = new Map(
      shown.map((name) => [name, Object.assign(document.createElement('li'), { textContent: name })]),
    );
    list.replaceChildren(...this.#meters.values());
  }

  /** Show how likely each word is. */
  tell(odds: ReadonlyMap<string, number>): void {
    for (const [name, meter] of this.#meters) meter.style.setProperty('--share', String(odds.get(name) ?? 0));
  }

  /** Add a word that was heard, the newest first. */
  add({ name, second }: Word): void {
    const item = document.createElement('li');
    const time = Object.assign(document.createElement('time'), { textContent: `${second.toFixed(1)} s` });
    item.append(Object.assign(document.createElement('b'), { textContent: name }), time);
    this.heard.prepend(item);
    this.none.hidden = true;
    const meter = this.#meters.get(name);
    meter?.animate([{ scale: 1.12 }, { scale: 1 }], { duration: 350, easing: 'ease-out' });
  }

  clear(): void {
    this.heard.replaceChildren();
    this.none.hidden = false;
    this.tell(new Map());
  }
}
